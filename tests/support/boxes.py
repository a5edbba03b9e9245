"""A picture with lines."""

from __future__ import annotations

import cv2
import numpy as np

from support.pictures import scene

SIZE = (144, 192)


def drawn(t: float, size: tuple[int, int] = SIZE) -> np.ndarray:
    """The scene with boxes that move with its disc: something with lines."""
    picture = np.ascontiguousarray(scene(t, size))
    for i in range(14):
        x, y = (round(16 * place) for place in (12 + 26 * (i % 7) + 12 * t, 20 + 66 * (i // 7) + 4 * t))
        colour = np.random.default_rng(i).integers(0, 255, 3).tolist()
        cv2.rectangle(picture, (x, y), (x + 18 * 16, y + 40 * 16), colour, -1, cv2.LINE_AA, 4)
    return picture
