"""A red ball over grey."""

from __future__ import annotations

import cv2
import numpy as np

from inbetween.types import Picture
from support.pictures import texture

SIZE = (180, 320)


def ball(x: float, y: float) -> Picture:
    """A red ball over a still grey texture."""
    grey = cv2.cvtColor(texture(*SIZE, 3).astype(np.uint8), cv2.COLOR_RGB2GRAY) // 2 + 60
    out = np.dstack([grey] * 3)
    cv2.circle(out, (round(x), round(y)), 12, (230, 30, 20), -1, cv2.LINE_AA)
    return out


def centre(picture: Picture) -> tuple[float, float]:
    """Of what is red."""
    red = np.clip(picture[..., 0].astype(float) - picture[..., 1], 40, None) - 40
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    return float((x * red).sum() / red.sum()), float((y * red).sum() / red.sum())
