"""Which end of a line in one key corresponds to which end of its partner in the other key."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def paired_ends(lines_a: NDArray[np.float32], lines_b: NDArray[np.float32]) -> NDArray[np.float32]:
    """`lines_b` with the ends of each line in the order in which they move least from `lines_a`; in a tie, reversed.

    For matchers that give lines without direction. A line that turns by more than 90 degrees is thereby taken the short
    way round (FCVG, arXiv 2412.11755).

    Args:
        lines_a, lines_b: (N, 2, 2): line, end, x and y. So is the result.
    """

    def path(to: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(np.linalg.norm(lines_a - to, axis=2).sum(1))

    crossed = lines_b[:, ::-1]
    return np.where((path(lines_b) < path(crossed))[:, None, None], lines_b, crossed)
