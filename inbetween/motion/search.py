"""Matching two keys, and what was found as a motion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inbetween.matching import matchers
from inbetween.matching.people import people_tracks
from inbetween.matching.selection import select_points
from inbetween.types import NO_MATCHES, Matches, Motion, People, Picture, Report, Settings, Track
from inbetween.weights import store

TOP = 20
"""Points that are kept by default where not all are."""


@dataclass(frozen=True)
class Search:
    """What to look for in two keys."""

    matcher: str | None = matchers.DEFAULT
    """A name in `matchers`; None matches nothing."""
    weights: Path | None = None
    """The folder of the networks' weights; None for the usual one."""
    points: str = "all"
    """A method of `selection`, or "all"."""
    top: int = TOP
    """Most points that are kept, unless all are."""
    seed: int = 0
    """For points that are chosen at random."""
    poses: bool = True
    """Whether to look for people."""


def matches_of(start: Picture, end: Picture, search: Search, settings: Settings, report: Report) -> Matches:
    """What the search's matcher, which must not be None, finds in two keys of one size.

    Args:
        report: gets the note `few-matches` if too little was found to rely on.

    Raises:
        UnknownName: there is no such matcher or selection.
        InbetweenError: weights that it needs are missing or broken.
    """
    found = matchers.get(search.matcher or "")(start, end, search.weights, settings)
    few = matchers.enough(found)
    if few is not None:
        report.note("few-matches", few, points=len(found.points_a), lines=len(found.lines_a))
    if search.points == "all":
        return found
    kept = select_points(found, search.points, search.top, seed=search.seed)
    return replace(
        found,
        points_a=found.points_a[kept],
        points_b=found.points_b[kept],
        point_scores=found.point_scores[kept],
    )


def found_motion(
    keys: Sequence[Picture], size: tuple[int, int], search: Search, settings: Settings, report: Report
) -> Motion:
    """Everything that the search finds in two keys, as a motion.

    Args:
        keys: the start and the end key. They are only read where something is looked for.
        size: (H, W) of both.

    Raises:
        UnknownName, InbetweenError: see `matches_of`.
    """
    matches, people = NO_MATCHES, None
    if search.matcher is not None:
        matches = matches_of(keys[0], keys[1], search, settings, report)
    if search.poses:
        from inbetween.matching.dwpose import people_of_both

        files = store.find("yolox", search.weights), store.find("dwpose", search.weights)
        people = people_of_both(keys[0], keys[1], files, report, settings.threads)
    return motion_of(matches, size, people)


def motion_of(matches: Matches, size: tuple[int, int], people: tuple[People, People] | None = None) -> Motion:
    """One track per matched point, per matched line and per person, in this order, all with the source "match".

    Args:
        size: (H, W) of both keys, in whose pixels everything is.
        people: those of the start and of the end key; None where nobody was looked for.
    """

    def tracks(kind: str, a: NDArray[np.float32], b: NDArray[np.float32]) -> list[Track]:
        ends = np.array([0.0, 1.0])
        there = np.ones((2, a.shape[1]))
        return [Track(kind, ends, np.stack(places), there, source="match") for places in zip(a, b, strict=True)]

    found = tracks("point", matches.points_a[:, None], matches.points_b[:, None])
    found += tracks("line", matches.lines_a, matches.lines_b)
    if people is not None:
        found += people_tracks(*people, size)
    return Motion(tuple(found), size)
