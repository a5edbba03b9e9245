"""`fcvg`: Stable Video Diffusion from both keys at once, every frame steered by matched lines and poses."""

from __future__ import annotations

from dataclasses import dataclass

from inbetween.engine import Engine, Sizes, Steps, frames_option, option, size_option
from inbetween.matching import matchers
from inbetween.types import Maker, Settings


@dataclass(frozen=True)
class Options:
    """What changes the pictures of `fcvg`; the defaults are those of its authors' demo."""

    steps: int = option(25, "steps of denoising", 1, 200)
    guidance: float = option(3.0, "how much more the keys count than chance; 1 takes half the time", 1, 20)
    control: float = option(1.0, "how strongly lines and poses steer; 0 does without them", 0, 5)
    frames: int = frames_option()
    size: str = size_option()
    matcher: str = option(
        "auto",
        "who finds the lines: auto takes gluestick where its weights are, else sift; no lines without a matcher",
        choices=("auto", "none", *matchers.MATCHERS),
    )
    poses: bool = option(True, "poses of people too, where DWPose's files are")
    even: bool = option(False, "conditions in equal steps of time; the authors' show either key twice")
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


def load(options: Options, settings: Settings) -> Maker:
    """The maker; it keeps the networks."""
    from inbetween.engines.fcvg.recipe import maker

    return maker(options, settings)


ENGINE = Engine(
    name="fcvg",
    title="video diffusion from both keys, steered by matched lines and poses",
    load=load,
    Options=Options,
    licence="Apache-2.0",
    commercial=True,
    needs=("svd-xt-1.1", "fcvg"),
    devices=("cuda", "mps", "cpu"),
    follows=("line", "skeleton"),
    previews=True,
    lengths=Steps(2, 25, native=25),
    sizes=Sizes(64, 128, native=(576, 1024)),
    shapes={
        "svd-xt-1.1:unet": "inbetween.diffusion.svd:unet_shapes",
        "svd-xt-1.1:vae": "inbetween.diffusion.svd:vae_shapes",
        "svd-xt-1.1:image_encoder": "inbetween.diffusion.svd:image_encoder_shapes",
        "fcvg:unet": "inbetween.diffusion.svd:unet_shapes",
        "fcvg:controlnext": "inbetween.engines.fcvg.network:controlnext_shapes",
    },
    paper="Zhu et al. 2024 (arXiv 2412.11755); Blattmann et al. 2023 (arXiv 2311.15127)",
)
