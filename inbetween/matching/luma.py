"""The grey pictures that the networks see."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inbetween.types import Picture

BEHIND = 128
"""The grey that transparent pictures lie on."""


def luma(picture: Picture) -> NDArray[np.uint8]:
    """(H, W): ITU-R 601 luma by Pillow's integer formula for "L"; OpenCV's differs by up to 1."""
    eight = picture if picture.dtype == np.uint8 else picture >> 8
    red, green, blue = np.moveaxis(eight[..., :3].astype(np.uint32), 2, 0)
    grey = (19595 * red + 38470 * green + 7471 * blue + 0x8000) >> 16
    if eight.shape[2] == 4:
        alpha = eight[..., 3].astype(np.uint32)
        grey = (alpha * grey + (255 - alpha) * BEHIND + 127) // 255
    return np.asarray(grey, np.uint8)
