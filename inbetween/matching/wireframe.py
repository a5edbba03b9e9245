"""The wireframe of a picture: line segments, whose ends become one junction where they lie together.

As in the published GlueStick (Pautrat, Suarez et al. 2023, arXiv 2304.02008, section 3.1), whose constants are used,
but with OpenCV's detector (von Gioi et al. 2010) in place of the original one, which is under another licence.
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
"""Scales of the picture in which lines are looked for, tried in this order until there are enough lines."""
MOST_LINES = 300
"""Most lines per picture."""
LEAST_LENGTH = 15.0
"""The shortest line, in pixels."""
APART = 3.0
"""Ends that are at most so many pixels apart are one junction."""
CLEAR = 4.0
"""Pixels around the end of a line in which there are no other points."""


def segments(grey: NDArray[np.uint8], scale: float) -> Floats:
    """(N, 5): the ends x, y, x, y in pixels, and the angle precision p: 0.125 or less, and less is surer.

    Args:
        grey: (H, W).
        scale: of the picture in which they are looked for.
    """
    # NFA tests on, density refinement off: measured nearest to the detector that the published networks were trained
    # with.
    detector = cv2.createLineSegmentDetector(cv2.LSD_REFINE_ADV, scale, 0.6, 2.0, 22.5, 0.0, 0.0)
    lines, _, precision, _ = detector.detect(grey)
    if lines is None:
        return np.zeros((0, 5), np.float32)
    # OpenCV divides by the scale as if pixel corners lay at integers; here pixel centres do.
    places = lines.reshape(-1, 4) + (0.5 / scale - 0.5)
    return np.concatenate([places, precision.reshape(-1, 1)], axis=1).astype(np.float32)


def at_common_scale(detect: Callable[[float], Sequence[Floats]], most: int = MOST_LINES) -> Sequence[Floats]:
    """What `detect` finds in each of its pictures at the first of `SCALES` where all have `most` lines, else at the
    last.

    One scale serves all pictures: the places of lines are biased by up to a pixel, differently at different scales.

    Args:
        detect: called with a scale, gives the lines of each picture, see `segments`.
    """
    found: Sequence[Floats] = ()
    for scale in SCALES:
        found = detect(scale)
        if all(len(raw) >= most for raw in found):
            break
    return found


def selected(raw: Floats, most: int = MOST_LINES, least: float = LEAST_LENGTH) -> tuple[Floats, Floats]:
    """The best lines (N, 2, 2), with their scores (N,), best first.

    The score is p times the root of the length, so that a line that is surer of its angle counts less: the published
    networks were trained so.

    Args:
        raw: see `segments`.
        most: how many at most.
        least: the shortest length, in pixels.
    """
    lines = raw[:, :4].reshape(-1, 2, 2)
    lengths = np.linalg.norm(lines[:, 1] - lines[:, 0], axis=1)
    kept = lengths >= least
    scores = raw[kept, 4] * np.sqrt(lengths[kept])
    order = np.argsort(-scores, kind="stable")[:most]
    return lines[kept][order], scores[order]


def normalised(scores: Floats) -> Floats:
    """Scores (N,), divided by the best one."""
    return np.asarray(scores / (np.float32(1e-8) + scores.max(initial=0)), np.float32)


@dataclass(frozen=True, eq=False)
class Wireframe:
    """The points of a picture, the first of which are junctions of lines; and the lines between these."""

    places: Floats
    """(J + n, 2), pixels: J junctions, then n points that are not junctions."""
    scores: Floats
    """(J + n,): for a junction, the mean of the lines that meet there."""
    ends: NDArray[np.int64]
    """(N, 2): the junctions that each line joins."""
    line_scores: Floats
    """(N,), 0..1."""

    @property
    def lines(self) -> Floats:
        """(N, 2, 2), pixels: the lines from junction to junction."""
        return self.places[self.ends]


def wireframe(lines: Floats, line_scores: Floats, places: Floats, scores: Floats) -> Wireframe:
    """Joins lines at their ends, and adds points. Several lines may come to join the same junctions, see
    `distinct_lines`.

    Args:
        lines: (N, 2, 2), pixels.
        line_scores: (N,).
        places: (n, 2), pixels; those near the end of a line are left out.
        scores: (n,).
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
    """(2N,): the number of each end's junction, counted by first appearance.

    Ends are together if a chain of steps of at most `APART` joins them, which is DBSCAN with clusters of one or more.
    """
    if not len(ends):
        return np.zeros(0, np.int64)
    first, second = KDTree(ends).query_pairs(APART, output_type="ndarray").T
    near = coo_array((np.ones(len(first), bool), (first, second)), shape=(len(ends), len(ends)))
    _, label = connected_components(near, directed=False)
    _, appeared, label = np.unique(label, return_index=True, return_inverse=True)
    return np.asarray(appeared.argsort().argsort()[label], np.int64)
