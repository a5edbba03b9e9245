"""Backward warping: a picture or a field read where a flow points."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]
"""(h, w) or (h, w, C); flow fields are (h, w, 2), x and y in pixels of their own grid."""


@lru_cache(maxsize=8)
def grid(height: int, width: int) -> Field:
    """(h, w, 2): every pixel's own (x, y)."""
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    out = np.dstack([x, y])
    out.flags.writeable = False
    return out


def pull(image: NDArray[np.generic], flow: Field, interpolation: int = cv2.INTER_LINEAR) -> NDArray[np.generic]:
    """image(x + flow(x)), of image's dtype, the border repeated. image: (h, w) or (h, w, C), uint8 or float32."""
    where = grid(*flow.shape[:2]) + flow
    return np.asarray(cv2.remap(image, where, None, interpolation, borderMode=cv2.BORDER_REPLICATE))


def inside(flow: Field, margin: float = 0.5) -> NDArray[np.bool_]:
    """(h, w): whether x + flow(x) lies within the picture, or no more than `margin` pixels beyond it."""
    height, width = flow.shape[:2]
    where = grid(height, width) + flow
    x, y = where[..., 0], where[..., 1]
    return np.asarray(
        (x >= -margin) & (y >= -margin) & (x <= width - 1 + margin) & (y <= height - 1 + margin)
    )
