"""Bringing pictures of one size to another."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from inbetween.errors import UnknownName, UsageError
from inbetween.pictures.formats import premultiplied, straight
from inbetween.types import Picture

WAYS = ("crop", "pad", "stretch")
"""Values of `how` in `fit`, and of the command's --fit."""


def fit(picture: Picture, size: tuple[int, int], how: str) -> Picture:
    """The picture at another size; the same object where it has that size already.

    It is reduced by area means and enlarged by bicubic interpolation; RGBA with premultiplied colours.

    - crop: scaled until it covers the size; the middle is kept.
    - pad: scaled until it lies within the size; around it is black, or transparent black for RGBA.
    - stretch: width and height are scaled independently.

    The scale is exact for the side that fits; the other side is rounded to whole pixels, halves up, at least 1. Where
    an odd number of pixels is cut off or added, the larger part is at the bottom and on the right.

    Args:
        picture: (H, W, 3 or 4), uint8 or uint16.
        size: (H, W), both at least 1.
        how: one of `WAYS`.

    Raises:
        UnknownName: there is no such `how`.
        UsageError: a side of the size is less than 1.
    """
    if how not in WAYS:
        raise UnknownName("way to fit", how, WAYS)
    if min(size) < 1:
        raise UsageError(f"a picture of {size[1]}×{size[0]} has no pixels", "give a width and height of 1 or more")
    if picture.shape[:2] == tuple(size):
        return picture
    if how == "stretch":
        return _resized(picture, size)
    if how == "pad":
        return _padded(picture, size)
    return _cropped(picture, size)


def fit_map(old: tuple[int, int], size: tuple[int, int], how: str) -> tuple[tuple[float, float], tuple[float, float]]:
    """The map from places in a picture of size `old` to places in the picture that `fit` makes of it.

    Args:
        old, size: (H, W).
        how: see `fit`.

    Returns:
        (scale, offset), each (x, y): a place (x, y) goes to (x, y) * scale + offset. Pixel centres lie at integers.
    """
    if old == size:
        return (1.0, 1.0), (0.0, 0.0)
    (height, width), (new_height, new_width) = old, size
    # For each axis: the first pixel that is kept, how many are kept, how many they become, and where these begin.
    across, down = (0, width, new_width, 0), (0, height, new_height, 0)
    if how == "pad":
        inner = _inner(old, size)
        across, down = (
            (0, width, inner[1], (new_width - inner[1]) // 2),
            (0, height, inner[0], (new_height - inner[0]) // 2),
        )
    elif how == "crop" and new_height * width >= new_width * height:
        left, kept, scaled = _window(width, height, new_width, new_height)
        across = left, kept, scaled, -((scaled - new_width) // 2)
    elif how == "crop":
        top, kept, scaled = _window(height, width, new_height, new_width)
        down = top, kept, scaled, -((scaled - new_height) // 2)
    scale = across[2] / across[1], down[2] / down[1]
    offset = ((0.5 - axis[0]) * s - 0.5 + axis[3] for axis, s in zip((across, down), scale, strict=True))
    return scale, (next(offset), next(offset))


def _inner(old: tuple[int, int], size: tuple[int, int]) -> tuple[int, int]:
    """(H, W) of the picture scaled until it lies within the size."""
    height, width = old
    if size[0] * width <= size[1] * height:
        return size[0], max(1, _rounded(width * size[0], height))
    return max(1, _rounded(height * size[1], width)), size[1]


def _padded(picture: Picture, size: tuple[int, int]) -> Picture:
    height, width = picture.shape[:2]
    inner = _inner((height, width), size)
    result = np.zeros((*size, picture.shape[2]), picture.dtype)
    top, left = (size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2
    result[top : top + inner[0], left : left + inner[1]] = _resized(picture, inner)
    return result


def _cropped(picture: Picture, size: tuple[int, int]) -> Picture:
    height, width = picture.shape[:2]
    if size[0] * width >= size[1] * height:
        left, kept, scaled = _window(width, height, size[1], size[0])
        picture, inner = picture[:, left : left + kept], (size[0], scaled)
    else:
        top, kept, scaled = _window(height, width, size[0], size[1])
        picture, inner = picture[top : top + kept], (scaled, size[1])
    top, left = (inner[0] - size[0]) // 2, (inner[1] - size[1]) // 2
    result: Picture = _resized(picture, inner)[top : top + size[0], left : left + size[1]]
    return result if result.flags.c_contiguous else result.copy()


def _window(side: int, other: int, new_side: int, new_other: int) -> tuple[int, int, int]:
    """(first pixel, pixels, pixels after scaling) of the middle part of a side that is cropped.

    The part is the shortest one that covers the new side at the scale new_other / other and leaves equally much on both
    ends, so that a long strip is not scaled whole only to be thrown away.
    """
    kept = -(-new_side * other // new_other)
    kept += (side - kept) % 2
    return (side - kept) // 2, kept, max(new_side, _rounded(kept * new_other, other))


def _rounded(numerator: int, denominator: int) -> int:
    """The quotient, rounded to nearest, halves up."""
    return (2 * numerator + denominator) // (2 * denominator)


def _resized(picture: Picture, size: tuple[int, int]) -> Picture:
    """(h, w, 3 or 4) to (H, W, 3 or 4), with premultiplied colours where it has transparency."""
    if picture.shape[:2] == size:
        return picture
    if picture.shape[2] == 3 or picture[..., 3].min() == np.iinfo(picture.dtype).max:
        return _scaled(picture, size)
    return straight(_scaled(premultiplied(picture), size), picture.dtype)


def _scaled(array: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    """(h, w, C) to (H, W, C): first the sides that get smaller, then those that get larger."""
    import cv2

    array = np.ascontiguousarray(array)
    smaller = (min(size[0], array.shape[0]), min(size[1], array.shape[1]))
    if smaller != array.shape[:2]:
        array = cv2.resize(array, smaller[::-1], interpolation=cv2.INTER_AREA)
    if smaller != size:
        array = cv2.resize(array, size[::-1], interpolation=cv2.INTER_CUBIC)
    return array
