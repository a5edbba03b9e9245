"""Which of many matches to follow: Framer's rules (arXiv 2410.18978 and its demo)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inbetween.errors import UnknownName
from inbetween.types import Matches

METHODS = ("random", "max_dist", "max_score", "max_score_even")
"""See `select`."""
APART = 50
"""Pixels of the start key that `max_score_even` keeps between points."""
Indices = NDArray[np.intp]


def select(
    method: str,
    start: NDArray[np.floating],
    end: NDArray[np.floating],
    distances: ArrayLike,
    count: int,
    *,
    threshold: float = 0.5,
    seed: int = 0,
) -> Indices:
    """Indices of at most `count` matches.

    random          any of those whose best distance is below `threshold` times the second best.
    max_dist        of the same, those that move farthest, the farthest last.
    max_score       those with the smallest best / second best distance, the smallest first.
    max_score_even  of `max_score`, without any whose start is less than 50 pixels from one kept before.

    Args:
        method: one of `METHODS`.
        start, end: (n, 2), pixels.
        distances: (n, 2), of each descriptor to the best and to the second best one in the end key. Where the second is
            0 nothing can be said, and the match is left out.
        threshold: see `random`.
        seed: for `random`.

    Raises:
        UnknownName: there is no such method.
    """
    if method not in METHODS:
        raise UnknownName("selection", method, METHODS)
    best, second = np.asarray(distances, np.float64).reshape(-1, 2).T
    if method in ("random", "max_dist"):
        accepted = np.flatnonzero(best < threshold * second)
        way = np.linalg.norm(end[accepted] - start[accepted], axis=-1)
        order = accepted[np.argsort(way, kind="stable")]
        if method == "max_dist":
            return order[max(len(order) - count, 0) :]
        draw = np.random.RandomState(seed).choice(len(order), min(count, len(order)), replace=False)
        return order[draw]
    known = np.flatnonzero(second > 0)
    surest = known[np.argsort(best[known] / second[known], kind="stable")][:count]
    return surest if method == "max_score" else _spread(start, surest)


def select_points(matches: Matches, method: str, count: int, *, threshold: float = 0.5, seed: int = 0) -> Indices:
    """Indices of at most `count` points of `matches`, by `select`; 1 - score stands for the ratio of distances."""
    distances = np.stack([1 - matches.point_scores, np.ones_like(matches.point_scores)], axis=-1)
    return select(method, matches.points_a, matches.points_b, distances, count, threshold=threshold, seed=seed)


def _spread(start: NDArray[np.floating], order: Indices) -> Indices:
    kept: list[np.intp] = []
    for index in order:
        if (np.linalg.norm(start[kept] - start[index], axis=-1) >= APART).all():
            kept.append(index)
    return np.array(kept, np.intp)
