"""What steers a denoiser besides the keys: the seam between the sampling and a method's own networks."""

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
    program: Program
    guidance: Tensor
    """(F,), see `sampling.predictor`."""
    ids: Tensor
    """(3,), see `svd.time_ids`."""
    paired: bool = False
    """Whether both halves of a direction are evaluated, and in one call, even where one would be enough."""
    legacy_context: bool = False
    """See `legacy.legacy_context`; it needs the halves in one call."""

    @property
    def together(self) -> bool:
        """Whether the halves of a direction must never be parted."""
        return self.paired or self.legacy_context

    @property
    def halves(self) -> tuple[bool, ...]:
        """Whether the key is shown, for each half of a direction that is evaluated."""
        return (False, True) if self.together or bool((self.guidance != 1).any()) else (True,)

    @property
    def rows(self) -> int:
        """Rows that the program evaluates."""
        return len(self.halves) * sum(len(step.sides) for step in self.program if isinstance(step, Denoise))


@dataclass(eq=False)
class Count:
    """Evaluations of networks in one call of a maker."""

    unet: int = 0
    """Rows: one direction, with or without its key."""
    seconds: float = 0.0
    """Wall time that they took."""
    others: dict[str, int] = field(default_factory=dict)
    """Evaluations of the method's own networks, by the name that notes use."""


class Guide(Protocol):
    """Steers the denoiser while one gap is sampled. Frames are in natural order unless said otherwise."""

    def attached(self, denoiser: nn.Module) -> AbstractContextManager[None]:
        """Hook it to a denoiser, before the sampling begins."""

    def before(self, rows: Sequence[Row], level: int) -> None:
        """Prepare for one call of the denoiser; `rows` are its batch, each in its own direction's order of frames."""

    def after(self, level: int, clean: Tensor) -> None:
        """See the clean latents (F, 4, h, w) that were predicted at a level; what steers may change for the next."""


class Steering(Protocol):
    """What one gap is steered by. It may begin more than once, where a gap has to be sampled once more."""

    def begun(self, session: Session, run: Run, size: tuple[int, int], count: Count) -> AbstractContextManager[Guide]:
        """Put the method's networks on the device.

        Args:
            session: of the gap.
            run: how the gap is sampled.
            size: (h, w) of the latents.
            count: where evaluations of the method's networks are counted.
        """
