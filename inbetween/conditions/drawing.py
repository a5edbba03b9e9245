"""Drawing of lines, and of poses over them, as FCVG's condition network was trained on it (arXiv 2412.11755, released
code).
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Canvas = NDArray[np.uint8]
"""(H, W, 3) uint8 RGB, on black."""

FARTHEST = 2**20
"""Pixels from the origin to which coordinates are limited; well within what OpenCV can draw to."""


def draw_lines(
    lines: NDArray[np.float32] | NDArray[np.float64],
    colours: Sequence[tuple[int, int, int]],
    size: tuple[int, int],
    thickness: int = 1,
) -> Canvas:
    """A picture with one line per row of `lines`; later ones lie on top.

    Ends are truncated to whole pixels, may lie outside, and are drawn without antialiasing. A line without length is
    one pixel.

    Args:
        lines: (N, 2, 2): line, end, x and y, in pixels.
        colours: one RGB in 0..255 per line.
        size: (H, W) of the picture.
        thickness: in pixels. Lines thicker than 1 differ between versions of OpenCV.
    """
    canvas = np.zeros((*size, 3), np.uint8)
    for (a, b), colour in zip(whole_pixels(lines).tolist(), colours, strict=True):
        cv2.line(canvas, a, b, colour, thickness)
    return canvas


def whole_pixels(places: NDArray[np.float32] | NDArray[np.float64]) -> NDArray[np.int64]:
    """Coordinates truncated towards zero, as OpenCV takes them; of the same shape."""
    return np.clip(places, -FARTHEST, FARTHEST).astype(np.int64)


def overlaid(lines: Canvas, poses: Canvas) -> Canvas:
    """`poses` over `lines`, of equal shapes: each channel value of a pose that is not 0 replaces that of the lines."""
    return np.where(poses != 0, poses, lines)
