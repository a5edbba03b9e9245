"""The line segments of one picture: LSD (Grompone von Gioi et al. 2010), each with a direction."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from inbetween.dense.dis import Grey
from inbetween.dense.warp import pull_at

SCALE = 0.8
"""The scale at which LSD works, one for both pictures: the bias of its places depends on it, and would count as
motion."""
SHORTEST = 15.0
"""The shortest line, in pixels."""


def segments(grey: Grey, most: int) -> NDArray[np.float64]:
    """The longest lines of a picture (h, w): (M, 2, 2), pixels.

    Seen from end 0, the brighter side is on the left: in a picture with y downwards, the side of smaller y for a line
    that goes to the right.
    """
    # OpenCV gives None where nothing is found; a picture too small for the detector has no lines either.
    found = cv2.createLineSegmentDetector(cv2.LSD_REFINE_STD, SCALE).detect(grey)[0] if min(grey.shape) >= 8 else None
    if found is None:
        return np.zeros((0, 2, 2))
    # OpenCV's places are too small by this much where pixel centres lie at integers.
    lines = found.reshape(-1, 2, 2).astype(np.float64) + (0.5 / SCALE - 0.5)
    length = np.linalg.norm(lines[:, 1] - lines[:, 0], axis=1)
    order = np.argsort(-length, kind="stable")
    return directed(grey, lines[order[length[order] >= SHORTEST][:most]])


def directed(grey: Grey, lines: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same lines, with their ends in the order of `segments`."""
    sides = strip(grey, lines, np.linspace(0.1, 0.9, 9), np.array([-2.0, 2.0]), np.ones(len(lines))).mean(axis=1)
    return np.where((sides[:, 0] >= sides[:, 1])[:, None, None], lines, lines[:, ::-1])


def strip(
    image: NDArray[np.uint8] | NDArray[np.float32],
    lines: NDArray[np.float64],
    along: NDArray[np.float64],
    across: NDArray[np.float64],
    widths: NDArray[np.float64],
) -> NDArray[np.float32]:
    """(M, S, T): samples of a picture beside M lines.

    Args:
        image: (h, w).
        lines: (M, 2, 2), pixels.
        along: (S,), shares of the way from end 0 to end 1.
        across: (T,), pixels beside the line; negative on the left.
        widths: (M,), factors of `across` for each line.
    """
    if not len(lines):
        return np.zeros((0, len(along), len(across)), np.float32)
    way = lines[:, 1] - lines[:, 0]
    right = np.stack([-way[:, 1], way[:, 0]], 1) / np.maximum(np.linalg.norm(way, axis=1), 1e-9)[:, None]
    on = lines[:, None, 0] + along[:, None] * way[:, None]
    where = on[:, :, None] + (widths[:, None] * across)[:, None, :, None] * right[:, None, None]
    # One row of samples per line: OpenCV takes no picture with a side of 32768.
    flat = where.reshape(len(lines), -1, 2).astype(np.float32)
    return np.asarray(pull_at(image, flat), np.float32).reshape(len(lines), len(along), len(across))
