"""The options of every method that samples with Stable Video Diffusion. Importing this module imports no torch."""

from __future__ import annotations

from dataclasses import dataclass

from inbetween.engine import frames_option, option, size_option


@dataclass(frozen=True)
class SvdOptions:
    """The options that change pixels in all of these methods. An engine inherits them, and overrides defaults where it
    needs others."""

    steps: int = option(25, "steps of denoising", 1, 200)
    guidance: float = option(3.0, "how strongly the keys guide the frames; 1 takes half the time", 1, 20)
    frames: int = frames_option()
    size: str = size_option()
    fps: int = option(7, "the frame rate that is given to the network as an input, not that of the film", 1, 60)
    motion_bucket: int = option(127, "the amount of motion that is given to the network as an input", 0, 255)
    noise: float = option(0.02, "the noise that is added to the keys before they are encoded", 0, 1)
    decode_chunk: int = option(8, "frames that are decoded together: more is steadier and takes more memory", 1, 25)
    precision: str = option(
        "auto",
        "number type of the networks: auto is float16 on a GPU and float32 on a CPU, where bfloat16 may be faster",
        choices=("auto", "float32", "float16", "bfloat16"),
    )
    match_colour: bool = option(False, "match the brightness and contrast of each colour to those of the keys")
    legacy_context: bool = option(False, "repeat a defect of the authors' library (the order of contexts), as they did")
