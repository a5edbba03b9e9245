"""Steering of the denoiser by a method's own networks: the types that connect them with the sampling."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from torch import Tensor, nn

from inbetween.diffusion.program import Denoise, Program
from inbetween.diffusion.sampling import Row
from inbetween.diffusion.schedule import Schedule
from inbetween.networks.session import Session


@dataclass(frozen=True, eq=False)
class Run:
    """How one gap is sampled."""

    levels: Schedule
    """The noise levels."""
    program: Program
    """The steps."""
    guidance: Tensor
    """(F,), the strength of the guidance in each frame; see `sampling.predictor`."""
    ids: Tensor
    """(3,), facts about the clip for the network; see `svd.time_ids`."""
    paired: bool = False
    """Whether each direction is evaluated without and with its key, in one call, even where the second is enough."""
    legacy_context: bool = False
    """Whether to repeat the defect of `legacy.legacy_context`, which needs both evaluations in one call."""

    @property
    def together(self) -> bool:
        """Whether both evaluations of a direction must be in the same call."""
        return self.paired or self.legacy_context

    @property
    def halves(self) -> tuple[bool, ...]:
        """The evaluations of a direction: False for the one without its key, True for the one with it."""
        return (False, True) if self.together or bool((self.guidance != 1).any()) else (True,)

    @property
    def rows(self) -> int:
        """The number of rows that the program evaluates."""
        return len(self.halves) * sum(len(step.sides) for step in self.program if isinstance(step, Denoise))


@dataclass(eq=False)
class Count:
    """Counts the evaluations of networks in one call of a maker."""

    unet: int = 0
    """The number of rows that the denoiser evaluated; a row is one direction, with or without its key."""
    seconds: float = 0.0
    """The wall time of these evaluations, in seconds."""
    others: dict[str, int] = field(default_factory=dict)
    """The numbers of evaluations of the method's own networks, by the names that notes use."""


class Guide(Protocol):
    """Steers the denoiser while one gap is sampled. Frames are in natural order unless a method says another one."""

    def attached(self, denoiser: nn.Module) -> AbstractContextManager[None]:
        """Hook this guide to a denoiser while the sampling lasts."""

    def before(self, rows: Sequence[Row], level: int) -> None:
        """Prepare for one call of the denoiser at a level; `rows` are its batch, each in its own direction's order of
        frames."""

    def after(self, level: int, clean: Tensor) -> None:
        """Look at the clean latents (F, 4, h, w) that were predicted at a level, and perhaps steer the next one
        differently."""


class Steering(Protocol):
    """The steering of one gap. It may begin more than once, because a gap may have to be sampled again."""

    def begun(self, session: Session, run: Run, size: tuple[int, int], count: Count) -> AbstractContextManager[Guide]:
        """Put the method's networks on the device, while the sampling lasts.

        Args:
            session: the networks, for this gap.
            run: how the gap is sampled.
            size: (h, w) of the latents.
            count: evaluations of the method's networks are counted there.
        """
