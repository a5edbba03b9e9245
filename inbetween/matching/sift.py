"""The matcher that needs no weights: SIFT points that move as their neighbours do, and lines that go with them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from inbetween.dense.warp import Map
from inbetween.matching.consistency import Floats, consistent
from inbetween.matching.points import described, detected, matched
from inbetween.matching.scaled import Points, Scaled, scaled, with_lines
from inbetween.types import Matches, Picture


class Pass(NamedTuple):
    """How points are looked for."""

    most: int
    """Points per picture."""
    contrast: float
    ratio: float
    least: int
    """Neighbours that must move alike."""


PASSES = Pass(2000, 0.01, 0.85, 5), Pass(4000, 0.004, 0.9, 6)
MANY_POINTS = 150
"""Fewer, and the next pass is tried; the one that finds most counts."""
MODELS: dict[str, tuple[Callable[..., Any], float]] = {
    "homography": (cv2.findHomography, 3.0),
    "fundamental": (cv2.findFundamentalMat, 1.5),
}
"""Global models by name: OpenCV's function, and px that a match may be off."""


def match(start: Picture, end: Picture, threads: int = 1, model: str | None = None) -> Matches:
    """Points and lines that are in both pictures; the same for any number of threads.

    Points need neighbours that move alike, nothing more, unless a `model` of the whole picture is asked for
    ("homography", "fundamental"): that is surer where only the camera moves, and loses whatever moves by itself.
    Where hardly a line is found some are made, see `matched_lines`. Nothing found is empty arrays; `enough` of
    `matchers.py` says whether that will do.

    Args:
        start, end: (H, W, C) of one size.
        threads: two are of use.
    """
    with ThreadPoolExecutor(min(threads, 2)) as pool:
        first, second = pool.map(scaled, (start, end))
        return with_lines((first, second), find_points((first, second), model, pool.map), pool.map)


def find_points(sides: tuple[Scaled, Scaled], model: str | None = None, both: Map = map) -> Points:
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
    """The matches a (N, 2) -> b (N, 2) that move as `least` neighbours do, and lie on the model if one is asked for."""
    # A point with two directions is two for SIFT; here it would vouch for itself.
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
