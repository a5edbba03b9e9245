"""The arrays that engines warp and mix: 8-bit RGB as it is, everything else as float32 with premultiplied alpha."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inbetween.types import Picture


def to_working(picture: Picture) -> NDArray[np.integer | np.floating]:
    """A picture as such an array: 8-bit RGB itself, else (H, W, C) float32 in 0..255, RGB premultiplied by alpha."""
    if picture.dtype == np.uint8 and picture.shape[2] == 3:
        return picture
    out = picture.astype(np.float32)
    if picture.dtype == np.uint16:
        out /= 257
    if picture.shape[2] == 4:
        out[..., :3] *= out[..., 3:] / 255
    return out


def from_working(array: NDArray[np.integer | np.floating], like: Picture) -> Picture:
    """Such an array as a picture of the same depth as `like`, rounded to nearest. Fully transparent pixels are black.

    Args:
        array: (H, W, C), see `to_working`.
        like: a picture of the wanted dtype.
    """
    if array.dtype == np.uint8:
        return np.asarray(array, np.uint8)
    out = array.astype(np.float32)
    if out.shape[2] == 4:
        alpha = np.maximum(out[..., 3:], 1e-6) / 255
        out[..., :3] /= alpha
        out[out[..., 3] <= 0] = 0
    top = np.iinfo(like.dtype).max
    rounded: Picture = np.clip(out * (top / 255) + 0.5, 0, top).astype(like.dtype)
    return rounded
