"""Push-pull: a field filled in where it is not trusted, from coarser and coarser averages of where it is."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]


def push_pull(field: Field, trust: Field) -> Field:
    """Fill `field` (h, w, C) where `trust` (h, w), in [0, 1], is low (Gortler et al. 1996, section 3.4).

    Where trust is 1 the field is kept as it is.
    """
    height, width = trust.shape
    if min(height, width) <= 4 or trust.min() >= 1:
        return field
    size = ((width + 1) // 2, (height + 1) // 2)
    trusted = cv2.resize(field * trust[..., None], size, interpolation=cv2.INTER_AREA)
    weight = cv2.resize(trust, size, interpolation=cv2.INTER_AREA)
    mean = trusted / np.maximum(weight, 1e-12)[..., None]
    coarse = push_pull(np.asarray(mean, np.float32), np.minimum(2 * np.asarray(weight, np.float32), 1))
    filled = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(filled + (field - filled) * trust[..., None], np.float32)
