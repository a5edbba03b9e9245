"""The matcher that needs no weights: SIFT points that move as their neighbours do, and lines that move with them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from inbetween.matching.consistency import Floats, consistent
from inbetween.matching.points import described, detected, matched
from inbetween.matching.scaled import Points, Scaled, scaled, with_lines
from inbetween.types import IN_TURN, Map, Matches, Picture


class Pass(NamedTuple):
    """One way to look for points."""

    most: int
    """Most points per picture."""
    contrast: float
    """The least that a point must have, 0..1."""
    ratio: float
    """Of Lowe's ratio test."""
    least: int
    """Neighbours that must move as a point does, see `consistent`."""


PASSES = Pass(2000, 0.01, 0.85, 5), Pass(4000, 0.004, 0.9, 6)
"""The usual way, and one that finds weaker points for pictures with few."""
MANY_POINTS = 150
"""With fewer points the next pass is tried; the pass that finds most counts."""
MODELS: dict[str, tuple[Callable[..., Any], float]] = {
    "homography": (cv2.findHomography, 3.0),
    "fundamental": (cv2.findFundamentalMat, 1.5),
}
"""Models of the whole picture by name: OpenCV's function, and by how many pixels a match may be off."""


def match(start: Picture, end: Picture, threads: int = 1, model: str | None = None) -> Matches:
    """The points and lines that are in both pictures; the same for any number of threads.

    Points need neighbours that move alike, and nothing more unless a model of the whole picture is requested: that is
    surer where only the camera moves, and loses whatever moves by itself. Where hardly any lines are found some are
    made, see `matched_lines`. If nothing is found the arrays are empty; `matchers.enough` says whether it will do.

    Args:
        start, end: (H, W, C) of one size.
        threads: two are of use.
        model: one of `MODELS`, or None.
    """
    with ThreadPoolExecutor(min(threads, 2)) as pool:
        first, second = pool.map(scaled, (start, end))
        return with_lines((first, second), find_points((first, second), model, pool.map), pool.map)


def find_points(sides: tuple[Scaled, Scaled], model: str | None = None, both: Map = IN_TURN) -> Points:
    """The verified SIFT points of both pictures."""
    greys = [own.grey for own in sides]
    keypoints = list(both(partial(detected, contrast=PASSES[-1].contrast), greys))
    tries: list[Points] = []
    for way in PASSES:
        left, right = both(partial(described, contrast=way.contrast, most=way.most), greys, keypoints)
        in_a, in_b, scores = matched(left, right, way.ratio)
        tries.append(verify_points(left.places[in_a], right.places[in_b], scores, way.least, model))
        if len(tries[-1].a) >= MANY_POINTS:
            break
    return max(tries, key=lambda points: len(points.a))


def verify_points(a: Floats, b: Floats, scores: NDArray[np.floating], least: int, model: str | None = None) -> Points:
    """The matches that move as `least` of their neighbours do and, if a model is requested, lie on it.

    Args:
        a, b: (N, 2), pixels of the scaled pictures.
        scores: (N,), 0..1.
        model: one of `MODELS`, or None.
    """
    # SIFT gives a point with two directions twice; here it would vouch for itself.
    _, single = np.unique(np.rint(100 * np.hstack([a, b])), axis=0, return_index=True)
    single.sort()
    a, b, scores = a[single], b[single], scores[single]
    kept, motion = consistent(a, b, least)
    if model and kept.sum() >= 8:
        a, b, scores = a[kept], b[kept], scores[kept]
        find, off = MODELS[model]
        try:
            _, inliers = find(a, b, cv2.USAC_MAGSAC, off)
        except cv2.error as error:
            if error.code != cv2.Error.StsAssert:
                raise
            # Where no sample of them has a model, OpenCV fails an assertion of its own.
            inliers = None
        on = np.zeros(len(a), bool) if inliers is None else inliers.ravel() > 0
        a, b, scores = a[on], b[on], scores[on]
        kept, motion = consistent(a, b, least)
    return Points(a[kept], b[kept], scores[kept].astype(np.float32), motion)
