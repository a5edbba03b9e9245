"""Forward splatting: values carried along their own motion, to where they arrive."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inbetween.dense.warp import Field, grid


def splat(motion: Field, weight: Field, values: Field) -> tuple[Field, Field, Field]:
    """Every pixel x goes to x + motion(x), shared bilinearly among the four neighbours there.

    motion: (h, w, 2) in pixels of this grid; weight: (h, w); values: (h, w, C).
    Returns the sums of weight * values (h, w, C), of weight (h, w), and of ones (h, w): the coverage. What
    leaves the grid is dropped (summation splatting of Niklaus and Liu 2020, with the weights as importance).
    """
    height, width = weight.shape
    # A frame of one pixel all around takes what leaves the grid, so that no index needs a test.
    where = grid(height, width) + motion + 1
    x = np.clip(where[..., 0], 0, width + 1).ravel()
    y = np.clip(where[..., 1], 0, height + 1).ravel()
    left, top = np.minimum(x.astype(np.intp), width), np.minimum(y.astype(np.intp), height)
    fx, fy = x - left, y - top
    corner = top * (width + 2) + left
    carried = [weight.ravel(), *(weight * values[..., c] for c in range(values.shape[2]))]
    total = np.zeros((2 + values.shape[2], (height + 2) * (width + 2)))
    for step, share in (
        (0, (1 - fx) * (1 - fy)),
        (1, fx * (1 - fy)),
        (width + 2, (1 - fx) * fy),
        (width + 3, fx * fy),
    ):
        at = corner + step
        total[0] += np.bincount(at, share, total.shape[1])
        for row, what in zip(total[1:], carried, strict=True):
            row += np.bincount(at, share * what.ravel(), total.shape[1])
    return _parts(total, height, width)


def _parts(total: NDArray[np.float64], height: int, width: int) -> tuple[Field, Field, Field]:
    framed = total.reshape(-1, height + 2, width + 2)[:, 1:-1, 1:-1].astype(np.float32)
    return np.ascontiguousarray(framed[2:].transpose(1, 2, 0)), framed[1], framed[0]
