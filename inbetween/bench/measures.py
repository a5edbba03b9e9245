"""Measures of how much a made frame differs from the true one."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from inbetween.types import Picture

Plane = NDArray[np.float64]

BEST_PSNR = 100.0
"""The PSNR in dB that equal frames are given, for which it would be infinite; chosen by eye."""
_WINDOW, _SIGMA = 11, 1.5
"""The side of SSIM's window and the standard deviation of its Gaussian, in pixels (Wang et al. 2004)."""
_BORDER = _WINDOW // 2
_KERNEL = cv2.getGaussianKernel(_WINDOW, _SIGMA, cv2.CV_64F)
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
"""SSIM's constants against division by zero, from K1 and K2 (Wang et al. 2004)."""


def psnr(true: Picture, made: Picture) -> float:
    """The peak signal-to-noise ratio in dB, over all pixels and channels together; at most `BEST_PSNR`.

    Args:
        true, made: (H, W, 3) uint8.
    """
    error = cv2.norm(true, made, cv2.NORM_L2SQR) / true.size
    return BEST_PSNR if error == 0 else min(BEST_PSNR, 10 * math.log10(255**2 / error))


def ssim(true: Picture, made: Picture) -> float:
    """The structural similarity, as the mean over R, G and B: 1 for equal frames, less for others.

    Gaussian window 11x11 of sigma 1.5, K1 0.01, K2 0.03, L 255, population covariance, the 5 border pixels
    left out: Wang et al. 2004, as scikit-image's structural_similarity has it with gaussian_weights=True,
    sigma=1.5, use_sample_covariance=False, data_range=255, channel_axis=2.

    Args:
        true, made: (H, W, 3) uint8, no side below 11.
    """
    # One channel at a time, because the intermediate maps of a large picture take many times its own memory.
    return float(np.mean([_plane_ssim(true[..., c], made[..., c]) for c in range(3)]))


def _plane_ssim(true: Picture, made: Picture) -> float:
    x, y = true.astype(np.float64), made.astype(np.float64)
    mean_x, mean_y = _local_mean(x), _local_mean(y)
    product, squares = mean_x * mean_y, mean_x * mean_x + mean_y * mean_y
    covariance = _local_mean(x * y) - product
    variances = _local_mean(x * x + y * y) - squares
    likeness = (2 * product + _C1) * (2 * covariance + _C2) / ((squares + _C1) * (variances + _C2))
    return float(np.mean(likeness))


def _local_mean(plane: Plane) -> Plane:
    """The mean in the window around each pixel, where the window lies inside: (H, W) to (H - 10, W - 10)."""
    mean = cv2.sepFilter2D(plane, cv2.CV_64F, _KERNEL, _KERNEL)
    return np.asarray(mean[_BORDER:-_BORDER, _BORDER:-_BORDER])


def repeats(whole: Sequence[Picture], keys: set[int]) -> int:
    """How many made frames are equal, bit for bit, to the frame before them or to the key after them.

    Args:
        whole: the restored sequence of frames.
        keys: the numbers of the frames that were not made.
    """
    return sum(
        np.array_equal(whole[i], whole[i - 1]) or (i + 1 in keys and np.array_equal(whole[i], whole[i + 1]))
        for i in range(len(whole))
        if i not in keys
    )
