"""The noise levels of Stable Video Diffusion, and one step of sampling, as plain arrays and functions.

They follow Karras et al. 2022 (arXiv 2206.00364), section 3 and equation 5, with v-prediction and sigma_data 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

SIGMA_MAX, SIGMA_MIN, RHO = 700.0, 0.002, 7
"""The largest and the smallest noise level and the exponent between them, from SVD's published scheduler config."""

Array = TypeVar("Array")
"""A tensor of torch or an array of NumPy."""


@dataclass(frozen=True, eq=False)
class Schedule:
    """The noise levels of a program. Level 0 is the noisiest one, and the last one has no noise."""

    sigmas: NDArray[np.float32]
    """(N + 1,), the standard deviation of the noise at each level, descending to 0."""
    c_noise: NDArray[np.float32]
    """(N,), the input by which the networks know a level: 0.25 ln sigma."""


def schedule(steps: int) -> Schedule:
    """The schedule of `steps` noise levels and the clean one after them, computed in float64 and stored in float32."""
    ramp = np.linspace(0, 1, steps)
    high, low = SIGMA_MAX ** (1 / RHO), SIGMA_MIN ** (1 / RHO)
    sigmas = ((high + ramp * (low - high)) ** RHO).astype(np.float32)
    return Schedule(np.append(sigmas, np.float32(0)), np.float32(0.25) * np.log(sigmas))


def start_scale(sigma: float) -> float:
    """The factor that turns a standard normal draw into latents at a noise level, as SVD was trained."""
    return float(np.float32((np.float32(sigma) ** 2 + 1) ** 0.5))


def network_scale(sigma: float) -> float:
    """The factor by which latents at a noise level are multiplied before a network sees them."""
    return float((sigma**2 + 1) ** -0.5)


def denoised(x: Array, v: Array, sigma: float) -> Array:
    """The clean latents that follow from latents x at the noise level sigma and the prediction v (v-prediction with
    sigma_data 1)."""
    # Both kinds of array have arithmetic, but a TypeVar cannot say so.
    return x / (sigma**2 + 1) - v * (sigma / (sigma**2 + 1) ** 0.5)  # type: ignore[operator,no-any-return]


def stepped(x: Array, clean: Array, sigma: float, to: float) -> Array:
    """The latents at the noise level `to`: one Euler step from latents x at the noise level sigma, along the
    probability flow."""
    # In this order of operations the rounding is that of diffusers, which the loop is compared with.
    return x + (x - clean) / sigma * (to - sigma)  # type: ignore[operator,no-any-return]
