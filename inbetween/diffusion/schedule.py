"""Noise levels of Stable Video Diffusion, and one step of sampling; plain arrays and functions.

After Karras et al. 2022 (arXiv 2206.00364), section 3 and equation 5; v-prediction with sigma_data 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

SIGMA_MAX, SIGMA_MIN, RHO = 700.0, 0.002, 7
"""As in the config of SVD's published scheduler."""

Array = TypeVar("Array")
"""A tensor of torch or an array of NumPy."""


@dataclass(frozen=True, eq=False)
class Schedule:
    """The levels that a program walks over, from the noisiest one, 0, to the last one, which is free of noise."""

    sigmas: NDArray[np.float32]
    """(N + 1,), descending to 0."""
    c_noise: NDArray[np.float32]
    """(N,), the number that the networks are given for a level: 0.25 ln sigma."""


def schedule(steps: int) -> Schedule:
    """`steps` levels and the clean one after them; computed in float64, kept in float32."""
    ramp = np.linspace(0, 1, steps)
    high, low = SIGMA_MAX ** (1 / RHO), SIGMA_MIN ** (1 / RHO)
    sigmas = ((high + ramp * (low - high)) ** RHO).astype(np.float32)
    return Schedule(np.append(sigmas, np.float32(0)), np.float32(0.25) * np.log(sigmas))


def start_scale(sigma: float) -> float:
    """The factor that makes a standard normal draw latents at a level, as SVD was trained."""
    return float(np.float32((np.float32(sigma) ** 2 + 1) ** 0.5))


def network_scale(sigma: float) -> float:
    """The factor on latents at a level before a network is given them."""
    return float((sigma**2 + 1) ** -0.5)


def denoised(x: Array, v: Array, sigma: float) -> Array:
    """The clean latents that follow from latents x at a level and their prediction v (v-prediction, sigma_data 1)."""
    # TypeVars know no arithmetic; both kinds of array do.
    return x / (sigma**2 + 1) - v * (sigma / (sigma**2 + 1) ** 0.5)  # type: ignore[operator,no-any-return]


def stepped(x: Array, clean: Array, sigma: float, to: float) -> Array:
    """Latents at level `to`, by Euler's step along the probability flow."""
    # In this order of operations the rounding is that of diffusers, which the loop is compared with.
    return x + (x - clean) / sigma * (to - sigma)  # type: ignore[operator,no-any-return]
