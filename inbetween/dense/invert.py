"""Turns a motion that is known where things are into the motion of what arrives at each pixel."""

from __future__ import annotations

import cv2
import numpy as np

from inbetween.dense.dis import halved
from inbetween.dense.warp import Field, grid, length, pull_at

COARSE_STEPS, FINE_STEPS = 4, 2
"""Steps of the fixed-point iteration on the halved grid, where most of the distance is covered at a quarter of the
cost, and then on the grid itself."""


def motion_on_arrival(motion: Field) -> tuple[Field, Field]:
    """The motion of what arrives at each pixel: m with m(y) = motion(x) where x + motion(x) = y.

    By fixed-point iteration (Chen et al. 2008, "A simple fixed-point approach to invert a deformation field"). What
    follows is as good as with a forward splat, which has holes; and all of it is in OpenCV.

    Args:
        motion: (h, w, 2).

    Returns:
        m (h, w, 2); and by how many pixels it is still off, (h, w), which is large where nothing or several things
            arrive.
    """
    height, width = motion.shape[:2]
    small = np.asarray(halved(motion), np.float32)
    scale = np.array([width / small.shape[1], height / small.shape[0]], np.float32)
    coarse, _ = _stepped(small / scale, small / scale, COARSE_STEPS)
    begin = cv2.resize(coarse * scale, (width, height), interpolation=cv2.INTER_LINEAR)
    return _stepped(motion, np.asarray(begin, np.float32), FINE_STEPS)


def _stepped(motion: Field, found: Field, steps: int) -> tuple[Field, Field]:
    """The iteration's result after some steps from `found`, and the length of its last step."""
    here = grid(*motion.shape[:2])
    for _ in range(steps):
        before = found
        found = np.asarray(pull_at(motion, np.asarray(cv2.subtract(here, found), np.float32)), np.float32)
    return found, length(found - before)
