"""Motion known where things are, asked for where they arrive."""

from __future__ import annotations

import numpy as np

from inbetween.dense.warp import Field, pull

ITERATIONS = 5


def arriving(motion: Field) -> tuple[Field, Field]:
    """What moves to each pixel: m with m(y) = motion(x) where x + motion(x) = y, by a fixed point.

    motion: (h, w, 2). Returns m (h, w, 2), and by how many pixels it is still off (h, w): large where nothing
    arrives, or several things do (Chen et al. 2008, "A simple fixed-point approach to invert a deformation
    field"). As good as a forward splat in what follows, without its holes, and all of it in OpenCV.
    """
    found = motion
    for _ in range(ITERATIONS):
        before, found = found, np.asarray(pull(motion, -found), np.float32)
    return found, np.asarray(np.linalg.norm(found - before, axis=2), np.float32)
