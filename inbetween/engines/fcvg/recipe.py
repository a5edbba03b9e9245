"""FCVG (arXiv 2412.11755): both directions are averaged at every step, and steered by condition pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from inbetween.diffusion.denoiser import DENOISER
from inbetween.diffusion.program import FORWARD
from inbetween.diffusion.sampling import Row
from inbetween.diffusion.steering import Count, Run
from inbetween.diffusion.svd import Config
from inbetween.diffusion.svd_engine import Method, Parts
from inbetween.engines.fcvg import Options
from inbetween.engines.fcvg.conditions import condition_times, conditions, network_input
from inbetween.engines.fcvg.inject import Control, controlled, prepared
from inbetween.engines.fcvg.network import ControlNeXt
from inbetween.motion.search import Search, found_motion
from inbetween.networks.networks import Part
from inbetween.networks.session import Session
from inbetween.pictures import like
from inbetween.types import Gap, Motion, Report, Settings
from inbetween.weights import store

CONTROL = "controlnext"
"""The name of the network ControlNeXt."""
COUNTED = "ControlNeXt"
"""Its name in notes."""
NUMBERS = 130
"""The most numbers that ControlNeXt's activations have for every pixel of the pictures of a call. Counted from the
tensors that are alive at the same time."""
AT_ONCE = 4
"""The number of condition pictures in a call of ControlNeXt, which computes them independently; chosen by eye."""


def parts(base: Parts, own: Mapping[str, Path], unet_config: Config) -> dict[str, Part]:
    """SVD's UNet with FCVG's tensors, and ControlNeXt, whose features are added to the first block's hidden states."""
    make = partial(ControlNeXt, unet_config["block_out_channels"][0])
    return {
        DENOISER: replace(base[DENOISER], over=own["unet"]),
        CONTROL: Part(make, own["controlnext"], base[DENOISER].dtype),
    }


def passing(size: tuple[int, int], frames: int) -> int:
    """The most numbers that ControlNeXt's activations have, for frames of the size (H, W)."""
    return NUMBERS * AT_ONCE * size[0] * size[1]


@dataclass(frozen=True, eq=False)
class ConditionPictures:
    """The condition pictures that steer a gap; see `steering.Steering`."""

    pictures: Tensor
    """(F, 3, H, W) in [0, 1], in natural order of the frames."""
    weight: float
    """The strength of the steering; 1 as in training."""

    @contextmanager
    def begun(self, session: Session, run: Run, size: tuple[int, int], count: Count) -> Iterator[Hints]:
        """See `steering.Steering`."""
        with session.use(CONTROL) as network:
            # The first block of the denoiser halves the size of the latents.
            hidden = (size[0] + 1) // 2, (size[1] + 1) // 2
            yield Hints(self.pictures, network, hidden, session, run, count, Control(self.weight))


@dataclass(eq=False)
class Hints:
    """Adds features of the condition pictures to rows with a key; see `steering.Guide`."""

    pictures: Tensor
    """(F, 3, H, W) in [0, 1], in natural order of the frames."""
    network: nn.Module
    """ControlNeXt, on the device."""
    size: tuple[int, int]
    """(h, w) of the hidden states that features are added to."""
    session: Session
    run: Run
    count: Count
    control: Control
    """The features for the next call of the denoiser."""
    _last: dict[int, Tensor] = field(default_factory=dict)
    """The features of the last level, by the level."""

    def attached(self, denoiser: nn.Module) -> AbstractContextManager[None]:
        """See `steering.Guide`."""
        return controlled(denoiser.get_submodule("down_blocks.0"), self.control)

    def before(self, rows: Sequence[Row], level: int) -> None:
        """Set the features for the rows of the next call. They are computed once for each level, because the backward
        direction sees the same pictures in reversed order."""
        features = self._features(level)
        self.control.rows = {
            i: features if row.side == FORWARD else features.flip(0) for i, row in enumerate(rows) if row.conditional
        }

    def after(self, level: int, clean: Tensor) -> None:
        """Do nothing: the pictures stay the same for all levels."""

    def _features(self, level: int) -> Tensor:
        """The prepared features (F, C, h, w) for a level, in natural order of the frames."""
        if level not in self._last:
            self._last.clear()
            c_noise, dtype = float(self.run.levels.c_noise[level]), self.session.dtype(CONTROL)
            outputs = (
                self.network(pictures.to(self.session.device, dtype), c_noise)
                for pictures in torch.split(self.pictures, AT_ONCE)
            )
            self._last[level] = torch.cat([prepared(features, self.size) for features in outputs])
            self.count.others[COUNTED] += 1
        return self._last[level]


def steering(gap: Gap, frames: int, options: Options, settings: Settings, report: Report) -> ConditionPictures | None:
    """The condition pictures of a gap; None where the option `control` is 0."""
    if options.control == 0:
        return None
    size = gap.start.shape[0], gap.start.shape[1]
    motion = gap.motion or _found(gap, size, options, settings, report)
    times = condition_times(frames, even=options.even)
    pictures = conditions(motion, times, size, report, seed=gap.seed % 2**32)
    return ConditionPictures(torch.from_numpy(network_input(pictures)[0]), options.control)


def _found(gap: Gap, size: tuple[int, int], options: Options, settings: Settings, report: Report) -> Motion:
    """The motion that matchers find between the keys of a gap, in pixels of `size` (H, W)."""
    matcher = options.matcher
    if matcher == "auto":
        installed = all(store.find(name, settings.weights) for name in ("superpoint", "gluestick"))
        matcher = "gluestick" if installed else "sift"
        report.note("matcher", f"lines are matched by {matcher}", detail=True, matcher=matcher)
    search = Search(None if matcher == "none" else matcher, settings.weights, poses=options.poses)
    report.progress("match", 0, 0)
    keys = [like(key, 3, np.uint8) for key in (gap.start, gap.end)]
    # Matchers run on the CPU, where there is room for them beside the networks of the engine.
    return found_motion(keys, size, search, Settings("cpu", settings.threads, settings.weights), report)


METHOD = Method(weights="fcvg", parts=parts, steering=steering, passing=passing, counted=(COUNTED,))
