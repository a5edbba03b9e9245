"""Programs: the steps from pure noise to clean latents, as a flat list.

State: latents x at a level of the schedule. Both directions look at the same x, one of them backwards in time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FORWARD, BACKWARD = "forward", "backward"


@dataclass(frozen=True, eq=False)
class Denoise:
    """One step of denoising, from level `at` to level `to`, by a mean of both directions' predictions."""

    at: int
    to: int
    weight: NDArray[np.float32]
    """(F,), in [0, 1]: the forward direction's share in each frame. A direction whose share is 0 everywhere is not
    evaluated."""

    @property
    def sides(self) -> tuple[str, ...]:
        """The directions that have a share in any frame."""
        return (FORWARD,) * bool(self.weight.any()) + (BACKWARD,) * bool((self.weight != 1).any())


@dataclass(frozen=True)
class Renoise:
    """Add fresh noise, from level `start` up to level `to`, which is noisier."""

    start: int
    to: int


Program = Sequence[Denoise | Renoise]


def ramp(frames: int) -> NDArray[np.float32]:
    """Shares (F,) from 1 to 0 in equal steps: near a key, that key's own direction decides."""
    return np.linspace(1, 0, frames, dtype=np.float32)


def average(steps: int, weight: NDArray[np.float32]) -> list[Denoise]:
    """Every step by both directions with the same shares: FCVG (arXiv 2412.11755), without windows."""
    return [Denoise(k, k + 1, weight) for k in range(steps)]
