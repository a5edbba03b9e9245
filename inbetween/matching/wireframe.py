"""Line segments, and the wireframe they make: ends that lie together become one junction.

As the published GlueStick does it (Pautrat, Suarez et al. 2023, arXiv 2304.02008, section 3.1), with OpenCV's
detector (von Gioi et al. 2010) in place of the original one, which is under another licence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

Floats = NDArray[np.float32]

SCALES = (0.3, 0.4, 0.5, 0.7, 0.8, 1.0)
"""Of the picture in which lines are looked for, tried in this order until there are enough."""
MOST_LINES = 300
LEAST_LENGTH = 15.0
"""Pixels."""
APART = 3.0
"""Pixels; ends that are no farther from each other are one junction."""
CLEAR = 4.0
"""Pixels around an end of a line in which no other point stays."""


def segments(grey: NDArray[np.uint8], scale: float) -> Floats:
    """(N, 5): the ends x, y, x, y in pixels, and the angle precision p (0.125 or less; less is surer).

    grey: (H, W); scale: of the picture in which they are looked for.
    """
    # NFA tests on, density refinement off: nearest to the detector that the published networks were trained with.
    detector = cv2.createLineSegmentDetector(cv2.LSD_REFINE_ADV, scale, 0.6, 2.0, 22.5, 0.0, 0.0)
    lines, _, precision, _ = detector.detect(grey)
    if lines is None:
        return np.zeros((0, 5), np.float32)
    # OpenCV divides by the scale as if pixel corners lay at integers; our pixel centres do.
    places = lines.reshape(-1, 4) + (0.5 / scale - 0.5)
    return np.concatenate([places, precision.reshape(-1, 1)], axis=1).astype(np.float32)


def at_common_scale(detect: Callable[[float], Sequence[Floats]], most: int = MOST_LINES) -> Sequence[Floats]:
    """What `detect` finds in each of its pictures at the first of `SCALES` at which all have `most`, else at the last.

    One scale for all pictures: the places of lines are biased by up to a pixel, unlike at unlike scales.
    """
    found: Sequence[Floats] = ()
    for scale in SCALES:
        found = detect(scale)
        if all(len(raw) >= most for raw in found):
            break
    return found


def selected(raw: Floats, most: int = MOST_LINES, least: float = LEAST_LENGTH) -> tuple[Floats, Floats]:
    """The best `most` lines (N, 2, 2) of `raw` (see `segments`) that are not shorter than `least` pixels.

    With their scores (N,), best first. The score is p times the root of the length, so that a line that is surer
    of its angle counts less: what the published networks were trained with.
    """
    lines = raw[:, :4].reshape(-1, 2, 2)
    lengths = np.linalg.norm(lines[:, 1] - lines[:, 0], axis=1)
    kept = lengths >= least
    scores = raw[kept, 4] * np.sqrt(lengths[kept])
    order = np.argsort(-scores, kind="stable")[:most]
    return lines[kept][order], scores[order]


def normalised(scores: Floats) -> Floats:
    """Scores (N,) with the best at 1."""
    return np.asarray(scores / (np.float32(1e-8) + scores.max(initial=0)), np.float32)


@dataclass(frozen=True, eq=False)
class Wireframe:
    """The points of a picture, the first of which are junctions of lines, and the lines between these."""

    places: Floats
    """(J + n, 2), pixels: J junctions, then the points that are no junctions."""
    scores: Floats
    """(J + n,): of a junction, the mean of the lines that meet there."""
    ends: NDArray[np.int64]
    """(N, 2): which junctions a line joins."""
    line_scores: Floats
    """(N,), 0..1."""

    @property
    def lines(self) -> Floats:
        """(N, 2, 2), pixels: their ends are junctions."""
        return self.places[self.ends]


def wireframe(lines: Floats, line_scores: Floats, places: Floats, scores: Floats) -> Wireframe:
    """Joins lines (N, 2, 2), which have scores (N,), at their ends, and adds the points (n, 2), with scores (n,).

    All in pixels. Several lines may come to join the same two junctions, see `distinct_lines`.
    """
    raw_ends = lines.reshape(-1, 2)
    label = _together(raw_ends)
    count = np.bincount(label)
    weights = normalised(line_scores)
    mean = np.stack([np.bincount(label, of) / count for of in (*raw_ends.T, weights.repeat(2))], axis=1)
    clear = ~(np.linalg.norm(places[:, None] - raw_ends, axis=2) < CLEAR).any(1)
    return Wireframe(
        np.concatenate([mean[:, :2], places[clear]]).astype(np.float32),
        np.concatenate([mean[:, 2], scores[clear]]).astype(np.float32),
        label.reshape(-1, 2),
        weights,
    )


def distinct_lines(frame: Wireframe) -> Wireframe:
    """The wireframe without lines that join a junction with itself, or two that a line before joins already.

    They would tie with each other in every comparison. The authors' code keeps them.
    """
    pairs, rows = np.unique(np.sort(frame.ends, axis=1), axis=0, return_index=True)
    kept = np.sort(rows[pairs[:, 0] != pairs[:, 1]])
    return replace(frame, ends=frame.ends[kept], line_scores=frame.line_scores[kept])


def _together(ends: Floats) -> NDArray[np.int64]:
    """(2N,): the number of the junction of each end (2N, 2), counted by first appearance.

    Ends that are joined by a chain of steps up to `APART` are together: DBSCAN in which one makes a cluster.
    """
    if not len(ends):
        return np.zeros(0, np.int64)
    first, second = KDTree(ends).query_pairs(APART, output_type="ndarray").T
    near = coo_array((np.ones(len(first), bool), (first, second)), shape=(len(ends), len(ends)))
    _, label = connected_components(near, directed=False)
    _, appeared, label = np.unique(label, return_index=True, return_inverse=True)
    return np.asarray(appeared.argsort().argsort()[label], np.int64)
