"""Line and overlay drawing as FCVG's condition network knows it (arXiv 2412.11755, released code)."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Canvas = NDArray[np.uint8]
"""(H, W, 3) RGB on black."""

FARTHEST = 2**20
"""Pixels from the origin at which coordinates are cut off, well within what OpenCV draws to."""


def draw_lines(
    lines: NDArray[np.float32] | NDArray[np.float64],
    colours: Sequence[tuple[int, int, int]],
    size: tuple[int, int],
    thickness: int = 1,
) -> Canvas:
    """The picture of size (H, W) with one line per row of `lines` (N, 2, 2); later ones lie on top.

    Ends are truncated to whole pixels, may lie outside, and are drawn without antialiasing. A line without length is
    one pixel. Colours are RGB, 0..255. Thicker lines differ between versions of OpenCV.
    """
    canvas = np.zeros((*size, 3), np.uint8)
    for (a, b), colour in zip(whole_pixels(lines).tolist(), colours, strict=True):
        cv2.line(canvas, a, b, colour, thickness)
    return canvas


def whole_pixels(places: NDArray[np.float32] | NDArray[np.float64]) -> NDArray[np.int64]:
    """Coordinates as nested lists of integers, truncated towards zero, as OpenCV takes them; of the same shape."""
    return np.clip(places, -FARTHEST, FARTHEST).astype(np.int64)


def overlaid(lines: Canvas, poses: Canvas) -> Canvas:
    """`poses` over `lines`, any equal shapes: each channel value of a pose that is not 0 replaces that of the lines."""
    return np.where(poses != 0, poses, lines)
