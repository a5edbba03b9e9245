"""Depth and alpha of pictures: making them alike, and alpha multiplied in and out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import DTypeLike, NDArray

from inbetween.types import Picture


def like(picture: Picture, channels: int, dtype: DTypeLike) -> Picture:
    """The picture with 3 or 4 channels and this dtype; the same object where it has them.

    A new alpha is opaque; an alpha that goes is laid over black. 8 to 16 bits is × 257, back is rounded.

    Args:
        picture: (H, W, 3 or 4), uint8 or uint16.
        dtype: uint8 or uint16, as numpy names or writes it.
    """
    dtype = np.dtype(dtype)
    if channels == 3:
        picture = flattened(picture)
    if picture.dtype != dtype:
        picture = to_8_bit(picture) if dtype == np.uint8 else picture.astype(np.uint16) * np.uint16(257)
    if channels == 4 and picture.shape[2] == 3:
        opaque = np.full((*picture.shape[:2], 1), np.iinfo(picture.dtype).max, picture.dtype)
        picture = np.concatenate([picture, opaque], axis=2)
    return picture


def unify(pictures: Sequence[Picture]) -> list[Picture]:
    """The pictures with the alpha and the depth of those that have most; sizes are left alone."""
    channels = max((picture.shape[2] for picture in pictures), default=3)
    deep = any(picture.dtype == np.uint16 for picture in pictures)
    return [like(picture, channels, np.uint16 if deep else np.uint8) for picture in pictures]


def premultiplied(picture: Picture) -> NDArray[np.float32]:
    """(H, W, 3 or 4) of uint8 or uint16 to (H, W, 4) in 0..1, colours multiplied by alpha."""
    top = np.float32(np.iinfo(picture.dtype).max)
    result = np.ones((*picture.shape[:2], 4), np.float32)
    np.divide(picture, top, out=result[..., : picture.shape[2]], casting="unsafe")
    result[..., :3] *= result[..., 3:]
    return result


def straight(array: NDArray[np.floating], dtype: np.dtype[np.uint8] | np.dtype[np.uint16]) -> Picture:
    """(H, W, 4) premultiplied, in 0..1, to RGBA of uint8 or uint16, rounded to nearest.

    Values outside 0..1, and colours above their alpha, are clipped. Where alpha comes out as 0 so do the
    colours.
    """
    top = np.float32(np.iinfo(dtype).max)
    alpha = np.clip(array[..., 3:], 0, 1)
    result = np.empty(array.shape, dtype)
    result[..., 3:] = np.rint(alpha * top)
    visible = result[..., 3:] > 0
    colour = np.divide(array[..., :3], alpha, where=visible, out=np.zeros_like(array[..., :3]))
    result[..., :3] = np.rint(np.clip(colour, 0, 1) * top)
    return result


def flattened(picture: Picture) -> Picture:
    """RGBA over black, as RGB of the same dtype, rounded to nearest; RGB is given back as it is."""
    if picture.shape[2] == 3:
        return picture
    bits = 8 * picture.itemsize
    product = picture[..., :3].astype(np.uint32) * picture[..., 3:]
    # Division by 2 ** bits - 1, rounded, exact and without overflow for all products of two values.
    product += np.uint32(1 << (bits - 1))
    product += product >> np.uint32(bits)
    product >>= np.uint32(bits)
    return product.astype(np.uint8) if bits == 8 else product.astype(np.uint16)


def to_8_bit(picture: Picture) -> Picture:
    """uint16 to uint8, x / 257 rounded to nearest; uint8 is given back as it is."""
    if picture.dtype == np.uint8:
        return picture
    # x / 257 + 1 / 2, exact for all 65536 values.
    return ((picture * np.uint32(255) + np.uint32(32_895)) >> np.uint32(16)).astype(np.uint8)
