"""Push-pull: a field is filled where it is not trusted, from coarser and coarser averages of where it is."""

from __future__ import annotations

import cv2
import numpy as np

from inbetween.dense.warp import Field, weighted


def push_pull(field: Field, trust: Field) -> Field:
    """Fill a field where its trust is low (Gortler et al. 1996, section 3.4).

    Args:
        field: (h, w, C).
        trust: (h, w), 0..1. Where it is 1 the field stays as it is.
    """
    height, width = trust.shape
    if min(height, width) <= 4 or trust.min() >= 1:
        return field
    size = ((width + 1) // 2, (height + 1) // 2)
    trusted = np.asarray(cv2.resize(weighted(field, trust), size, interpolation=cv2.INTER_AREA), np.float32)
    weight = np.asarray(cv2.resize(trust, size, interpolation=cv2.INTER_AREA), np.float32)
    mean = weighted(trusted, np.asarray(1 / np.maximum(weight, 1e-12), np.float32))
    coarse = push_pull(mean, np.minimum(2 * weight, 1))
    filled = np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
    return filled + weighted(field - filled, trust)
