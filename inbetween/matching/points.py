"""Points that are in both pictures: SIFT (Lowe 2004) as RootSIFT (Arandjelovic and Zisserman 2012)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inbetween.dense.dis import Grey

LAYERS = 3
"""Layers of an octave; OpenCV's default."""
BLOCK = 256
"""Rows of descriptors that are compared at a time: bounds the memory."""
CELL = 32
"""Side, in pixels, of the cells that take turns when points are chosen."""


@dataclass(frozen=True, eq=False)
class Features:
    """N points of one picture."""

    places: NDArray[np.float64]
    """(N, 2), pixels."""
    descriptors: NDArray[np.float32]
    """(N, 128): whole numbers, of length 512 except for rounding, so that their products are exact in float32 in any
    order."""


def detected(grey: Grey, contrast: float) -> tuple[cv2.KeyPoint, ...]:
    """The SIFT points of a picture (h, w) that have at least this contrast, 0..1."""
    sift = cv2.SIFT.create(contrastThreshold=contrast, nOctaveLayers=LAYERS)
    return tuple(sift.detect(grey, np.empty(0, np.uint8)))


def described(grey: Grey, found: Sequence[cv2.KeyPoint], contrast: float, most: int) -> Features:
    """At most `most` of the points found in a picture, with descriptors, spread over the picture.

    Args:
        grey: (h, w).
        found: of `detected`.
        contrast: the least that a point must have, 0..1.
    """
    # OpenCV compares the response with the threshold divided by the number of layers.
    found = [point for point in found if point.response * LAYERS >= contrast]
    places = np.array([point.pt for point in found], np.float64).reshape(-1, 2)
    chosen = spread(places, np.array([point.response for point in found]), most)
    if not len(chosen):
        return Features(places, np.zeros((0, 128), np.float32))
    _, raw = cv2.SIFT.create().compute(grey, [found[i] for i in chosen])
    root = np.sqrt(raw / np.maximum(raw.sum(axis=1, keepdims=True), 1e-6))
    return Features(places[chosen], np.asarray(np.rint(512 * root), np.float32))


def spread(places: NDArray[np.float64], strength: NDArray[np.float64], most: int) -> NDArray[np.intp]:
    """Indices of at most `most` points: the strongest one of every cell, then the second of every cell, and so on.

    Args:
        places: (N, 2), pixels.
        strength: (N,).
    """
    column, row = np.floor(places / CELL).astype(int).T
    cell = row * 100_000 + column
    order = np.lexsort((-strength, cell))
    first = np.searchsorted(cell[order], cell[order], side="left")
    turn = np.arange(len(order)) - first
    return order[np.lexsort((-strength[order], turn))][:most]


def matched(a: Features, b: Features, ratio: float) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """The matches that are best both ways and pass Lowe's ratio test.

    Args:
        ratio: the largest distance of a match, relative to the distance to the second best.

    Returns:
        Indices into a, indices into b, and scores: 1 - ratio of distances, 0..1.
    """
    if min(len(a.places), len(b.places)) < 2:
        return np.zeros(0, np.intp), np.zeros(0, np.intp), np.zeros(0, np.float32)
    square_a, square_b = (np.sum(x.descriptors**2, axis=1) for x in (a, b))
    to_b, shares = np.zeros(len(square_a), np.intp), np.zeros(len(square_a), np.float32)
    to_a, best_of_b = np.zeros(len(square_b), np.intp), np.full(len(square_b), np.inf, np.float32)
    for row in range(0, len(square_a), BLOCK):
        part = slice(row, row + BLOCK)
        apart = square_a[part, None] + square_b - 2 * (a.descriptors[part] @ b.descriptors.T)
        nearest, least = np.argmin(apart, axis=0), apart.min(axis=0)
        to_a = np.where(least < best_of_b, row + nearest, to_a)
        best_of_b = np.minimum(best_of_b, least)
        to_b[part] = np.argmin(apart, axis=1)
        two = np.partition(apart, 1, axis=1)[:, :2]
        shares[part] = np.sqrt(two[:, 0] / np.maximum(two[:, 1], 1e-6))
    kept = np.flatnonzero((to_a[to_b] == np.arange(len(to_b))) & (shares < ratio))
    return kept, to_b[kept], np.asarray(1 - shares[kept], np.float32)
