"""The centre crop and resize by which keys are brought to the size of FCVG's networks, for pictures and for points.

The rule is that of FCVG's released demo (arXiv 2412.11755).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from inbetween.pictures import like
from inbetween.types import Picture

Box = tuple[int, int, int, int]
"""(left, top, right, bottom) in whole pixels; the column `right` and the row `bottom` are outside."""


def crop_box(size: tuple[int, int], target: tuple[int, int]) -> Box:
    """The middle part of a picture of `size` that has the aspect ratio of `target`, both (H, W).

    The shortened side is truncated to whole pixels, at least 1. Where an odd number of pixels is cut off, one more is
    cut at the right or at the bottom.
    """
    height, width = size
    ratio = target[1] / target[0]
    if width / height > ratio:
        kept = max(1, int(height * ratio))
        left = (width - kept) // 2
        return left, 0, left + kept, height
    kept = max(1, int(width / ratio))
    top = (height - kept) // 2
    return 0, top, width, top + kept


def cropped(picture: Picture, target: tuple[int, int]) -> NDArray[np.uint8]:
    """Crop a picture to its `crop_box`, and resize it with Pillow's antialiased bicubic filter.

    Args:
        picture: any picture; alpha is laid over black.
        target: the size (H, W) in pixels.

    Returns:
        (H, W, 3) uint8.
    """
    left, top, right, bottom = crop_box((picture.shape[0], picture.shape[1]), target)
    eight = like(picture[top:bottom, left:right], 3, np.uint8)
    # One axis in each call: which axis is first depends on the version of Pillow, and the pixels depend on that.
    across = Image.fromarray(eight).resize((target[1], eight.shape[0]), Image.Resampling.BICUBIC)
    return np.asarray(across.resize((target[1], target[0]), Image.Resampling.BICUBIC), np.uint8)


def crop_map(size: tuple[int, int], target: tuple[int, int]) -> tuple[tuple[float, float], tuple[float, float]]:
    """The scale and the offset, each (x, y), from pixels of a picture of `size` to those of `cropped`; they are the
    arguments of `Motion.mapped`."""
    left, top, right, bottom = crop_box(size, target)
    across, down = target[1] / (right - left), target[0] / (bottom - top)
    return (across, down), ((0.5 - left) * across - 0.5, (0.5 - top) * down - 0.5)
