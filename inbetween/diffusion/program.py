"""Programs: the steps from pure noise to clean latents, as a flat list.

The state between two steps is latents x at a level of the schedule. Both directions look at the same x, the backward
one with the frames in reversed order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FORWARD, BACKWARD = "forward", "backward"
"""The names of the two directions: from the start key on, and from the end key back."""


@dataclass(frozen=True, eq=False)
class Denoise:
    """One step of denoising, from level `at` to level `to`, by a mean of both directions' predictions."""

    at: int
    to: int
    weight: NDArray[np.float32]
    """(F,), in [0, 1]: the weight of the forward direction in each frame; the backward one has the rest. A direction
    whose weight is 0 everywhere is not evaluated."""

    @property
    def sides(self) -> tuple[str, ...]:
        """The directions that have any weight."""
        return (FORWARD,) * bool(self.weight.any()) + (BACKWARD,) * bool((self.weight != 1).any())


@dataclass(frozen=True)
class Renoise:
    """Add fresh noise, from level `start` up to level `to`, which is noisier."""

    start: int
    to: int


Program = Sequence[Denoise | Renoise]
"""The steps in order."""


def ramp(frames: int) -> NDArray[np.float32]:
    """Weights (F,) from 1 to 0 in equal steps: near a key, the direction that starts from it has the larger weight."""
    return np.linspace(1, 0, frames, dtype=np.float32)


def average(steps: int, weight: NDArray[np.float32]) -> list[Denoise]:
    """A program in which every step averages both directions with the same weights (F,): that of FCVG (arXiv
    2412.11755), without its windows."""
    return [Denoise(k, k + 1, weight) for k in range(steps)]
