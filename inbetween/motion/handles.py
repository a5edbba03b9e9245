"""A motion as the handles that a dense flow is made to follow."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inbetween.dense.follow import Handles, Places
from inbetween.motion.tracks import places_at
from inbetween.types import Motion, Track

FOUND_SHARE = 0.5
"""The reach of a matched handle as a share of the reach of a drawn one: there are more of them. Chosen by eye."""
LEAST_REACH = 1.0
"""The shortest reach, in pixels of the coarse grid."""


def handles(motion: Motion, size: tuple[int, int], reach: float) -> Handles:
    """The handles of a motion: every point and joint, points along every drawn line, and the middle of every matched
    line.

    Args:
        motion: of the same picture at any size. A thing counts as far as it is visible in both keys.
        size: (h, w) of the flow's grid over the picture.
        reach: of a drawn handle, in percent of the grid's shorter side; see `follow.Handles.reach`.
    """
    scale = np.array([size[1] / motion.size[1], size[0] / motion.size[0]])
    motion = motion.mapped((scale[0], scale[1]), tuple((scale - 1) / 2), size)
    drawn = max(LEAST_REACH, reach / 100 * min(size))
    reaches = {"drag": drawn, "match": max(LEAST_REACH, FOUND_SHARE * drawn)}
    shares = [_shares(track, reaches[track.source]) for track in motion.tracks]
    counts = [len(share) for share in shares]

    def between(t: float) -> Places:
        there = [
            share @ np.asarray(places_at(track, t), np.float64)
            for track, share in zip(motion.tracks, shares, strict=True)
        ]
        return np.asarray(np.concatenate(there) if there else np.zeros((0, 2)), np.float32)

    def each(values: list[float]) -> NDArray[np.float32]:
        return np.repeat(np.asarray(values, np.float32), counts)

    weight = [share @ track.weights[[0, -1]].min(axis=0) for track, share in zip(motion.tracks, shares, strict=True)]
    return Handles(
        between(0.0),
        between(1.0),
        between,
        each([reaches[track.source] for track in motion.tracks]),
        np.asarray(np.concatenate(weight) if weight else np.zeros(0), np.float32),
        each([track.source == "match" for track in motion.tracks]).astype(bool),
    )


def _shares(track: Track, reach: float) -> NDArray[np.float64]:
    """(n, P): how n handles are weighted means of the track's P points."""
    points = track.places.shape[1]
    if track.kind != "line":
        return np.eye(points)
    if track.source == "match":
        # A matched line counts once, however long it is.
        return np.full((1, 2), 0.5)
    longest = np.linalg.norm(np.diff(track.places, axis=1), axis=2).max()
    along = np.linspace(0, 1, 2 + int(longest / reach))
    return np.column_stack([1 - along, along])
