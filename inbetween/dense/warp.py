"""Backward warping: a picture or a field read where a flow points."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Image: TypeAlias = NDArray[np.integer[Any] | np.floating[Any]]
"""(h, w) or (h, w, C), whatever OpenCV takes: uint8, uint16 or float32."""
Field: TypeAlias = NDArray[np.float32]
"""(h, w) or (h, w, C); flow fields are (h, w, 2), x and y in pixels of their own grid."""


@lru_cache(maxsize=8)
def grid(height: int, width: int) -> Field:
    """(h, w, 2): every pixel's own (x, y)."""
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    out = np.dstack([x, y])
    out.flags.writeable = False
    return out


def pull(image: Image, flow: Field, interpolation: int = cv2.INTER_LINEAR) -> Image:
    """image(x + flow(x)), of image's dtype, the border repeated."""
    return pull_at(image, np.asarray(cv2.add(grid(*flow.shape[:2]), flow), np.float32), interpolation)


def pull_at(image: Image, where: Field, interpolation: int = cv2.INTER_LINEAR) -> Image:
    """image(where(x)), of image's dtype, the border repeated. where: (h, w, 2), x and y."""
    # The stubs want a second map; with both coordinates in the first there is none.
    none: Any = None
    return np.asarray(cv2.remap(image, where, none, interpolation, borderMode=cv2.BORDER_REPLICATE))


def inside(flow: Field, margin: float = 0.5) -> NDArray[np.bool_]:
    """(h, w): whether x + flow(x) lies within the picture, or no more than `margin` pixels beyond it."""
    height, width = flow.shape[:2]
    where = grid(height, width) + flow
    x, y = where[..., 0], where[..., 1]
    return np.asarray((x >= -margin) & (y >= -margin) & (x <= width - 1 + margin) & (y <= height - 1 + margin))
