"""`fcvg`: Stable Video Diffusion from both keys at once, every frame steered by matched lines and poses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inbetween.diffusion.options import SvdOptions
from inbetween.engine import Engine, Sizes, Steps, option
from inbetween.matching import matchers
from inbetween.types import Maker, Motion, Report, Settings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Options(SvdOptions):
    """The options of `fcvg`; the defaults are those of its authors' demo."""

    control: float = option(1.0, "how strongly lines and poses steer; 0 does without them", 0, 5)
    matcher: str = option(
        "auto",
        "the matcher that finds lines: auto is gluestick if its weights are installed, else sift; none finds no lines",
        choices=("auto", "none", *matchers.MATCHERS),
    )
    poses: bool = option(True, "steer by poses of people too, if DWPose's files are installed")
    even: bool = option(False, "space the condition pictures evenly in time; the authors show either key twice")


def load(options: Options, settings: Settings) -> Maker:
    """The maker of this engine, see `Engine.load`; it keeps the networks."""
    from inbetween.diffusion.svd_engine import svd_maker
    from inbetween.engines.fcvg.recipe import METHOD

    return svd_maker(METHOD, options, settings)


def draw_conditions(
    motion: Motion,
    frames: int,
    size: tuple[int, int],
    report: Report,
    *,
    even: bool = False,
    seed: int = 0,
    thickness: int = 1,
) -> NDArray[np.uint8]:
    """Draw the pictures that steer the engine; see `engine.DrawConditions` for the arguments."""
    from inbetween.engines.fcvg.conditions import condition_times, conditions

    times = condition_times(frames, even=even)
    return conditions(motion, times, size, report, seed=seed, thickness=thickness)


ENGINE = Engine(
    name="fcvg",
    title="video diffusion from both keys, steered by matched lines and poses",
    load=load,
    conditions=draw_conditions,
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
