"""The depth and the channels of pictures: converting them, and multiplying colours by alpha and back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import DTypeLike, NDArray

from inbetween.types import Picture


def like(picture: Picture, channels: int, dtype: DTypeLike) -> Picture:
    """The picture with 3 or 4 channels and this dtype; the same object where it has them already.

    A new alpha is opaque everywhere; an alpha that is dropped is laid over black. From 8 to 16 bits values are
    multiplied by 257, from 16 to 8 bits they are rounded.

    Args:
        picture: (H, W, 3 or 4), uint8 or uint16.
        channels: 3 or 4.
        dtype: uint8 or uint16.
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
    """The pictures with the largest number of channels and the largest depth among them; sizes may differ."""
    channels = max((picture.shape[2] for picture in pictures), default=3)
    deep = any(picture.dtype == np.uint16 for picture in pictures)
    return [like(picture, channels, np.uint16 if deep else np.uint8) for picture in pictures]


def premultiplied(picture: Picture) -> NDArray[np.float32]:
    """A picture as (H, W, 4) float32 in 0..1, its colours multiplied by alpha."""
    top = np.float32(np.iinfo(picture.dtype).max)
    result = np.ones((*picture.shape[:2], 4), np.float32)
    np.divide(picture, top, out=result[..., : picture.shape[2]], casting="unsafe")
    result[..., :3] *= result[..., 3:]
    return result


def straight(array: NDArray[np.floating], dtype: np.dtype[np.uint8] | np.dtype[np.uint16]) -> Picture:
    """A premultiplied array as RGBA with straight alpha, rounded to nearest.

    Values outside 0..1, and colours above their alpha, are clipped. Where alpha is rounded to 0 the colours are 0.

    Args:
        array: (H, W, 4), in 0..1.
        dtype: uint8 or uint16.
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
    """RGBA laid over black, as RGB of the same dtype, rounded to nearest; RGB is returned as it is."""
    if picture.shape[2] == 3:
        return picture
    bits = 8 * picture.itemsize
    product = picture[..., :3].astype(np.uint32) * picture[..., 3:]
    # Division by 2 ** bits - 1, rounded; exact and without overflow for all products of two values.
    product += np.uint32(1 << (bits - 1))
    product += product >> np.uint32(bits)
    product >>= np.uint32(bits)
    return product.astype(np.uint8) if bits == 8 else product.astype(np.uint16)


def to_8_bit(picture: Picture) -> Picture:
    """uint16 as uint8: x / 257, rounded to nearest; uint8 is returned as it is."""
    if picture.dtype == np.uint8:
        return picture
    # The same as x / 257 + 1 / 2, rounded down; exact for all 65536 values.
    return ((picture * np.uint32(255) + np.uint32(32_895)) >> np.uint32(16)).astype(np.uint8)
