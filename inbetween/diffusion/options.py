"""The options of every method that samples with Stable Video Diffusion. Reading this imports no network."""

from __future__ import annotations

from dataclasses import dataclass

from inbetween.engine import frames_option, option, size_option


@dataclass(frozen=True)
class SvdOptions:
    """What changes the pixels in each of these methods; an engine inherits it, and overrides defaults as it needs."""

    steps: int = option(25, "steps of denoising", 1, 200)
    guidance: float = option(3.0, "how much more the keys count than chance; 1 takes half the time", 1, 20)
    frames: int = frames_option()
    size: str = size_option()
    fps: int = option(7, "the frame rate that the network is told, not that of the film", 1, 60)
    motion_bucket: int = option(127, "how much motion the network is told that there is", 0, 255)
    noise: float = option(0.02, "noise on the keys before they are encoded", 0, 1)
    decode_chunk: int = option(8, "frames that are decoded together: more is steadier and takes more memory", 1, 25)
    precision: str = option(
        "auto",
        "of the networks: auto is float16 on a GPU and float32 on a CPU, where bfloat16 may be faster",
        choices=("auto", "float32", "float16", "bfloat16"),
    )
    match_colour: bool = option(False, "bring the brightness and contrast of each colour to that of the keys")
    legacy_context: bool = option(False, "contexts in the order of the authors' library, a defect: as they had it")
