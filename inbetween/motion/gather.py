"""What was found in two keys, as Motion."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inbetween.motion.people import people_tracks
from inbetween.types import Matches, Motion, People, Track


def motion_of(
    matches: Matches,
    size: tuple[int, int],
    people: tuple[People, People] | None = None,
    *,
    path: str = "straight",
    pace: str = "linear",
) -> Motion:
    """One track per matched point, per matched line and per person, in this order; source "match".

    Args:
        size: (H, W) of both keys, in whose pixels everything is.
        people: those of the start and of the end key; None where nobody was looked for.
        path, pace: of every track, see `Track`.
    """

    def tracks(kind: str, a: NDArray[np.float32], b: NDArray[np.float32]) -> list[Track]:
        ends = np.array([0.0, 1.0])
        there = np.ones((2, a.shape[1]))
        return [Track(kind, ends, np.stack(places), there, path, pace, "match") for places in zip(a, b, strict=True)]

    found = tracks("point", matches.points_a[:, None], matches.points_b[:, None])
    found += tracks("line", matches.lines_a, matches.lines_b)
    if people is not None:
        found += people_tracks(*people, size, path=path, pace=pace)
    return Motion(tuple(found), size)
