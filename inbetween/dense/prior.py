"""The homography prior: a camera that pans faster than DIS can follow is taken out first."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inbetween.dense.dis import Grey, dis, disagreement, halved
from inbetween.dense.warp import Field, grid, pull

LEAST_MATCHES = 20
LEAST_INLIERS = 15
LEAST_SHARE = 0.3


def with_homography(
    a: Grey,
    b: Grey,
    forward: Field,
    backward: Field,
    sigma: float,
    both: Callable[..., Iterable[Any]] = map,
) -> tuple[Field, Field]:
    """Both flows, per pixel the better of the given one and the one found on top of a homography.

    a, b: (h, w) grey; sigma: of the Gaussian over the grey error, in pixels; `both` is `map`, or a pool's.
    A wrong homography alone would cost more than a right one gains, hence the choice per pixel.
    """
    model = homography(a, b)
    if model is None:
        return forward, backward

    def better(x: Grey, y: Grey, flow: Field, matrix: NDArray[np.float64]) -> Field:
        moved = homography_flow(matrix, *x.shape)
        residual = None if moved is None else dis(x, np.asarray(pull(y, moved), np.uint8))
        if moved is None or residual is None:
            return flow
        candidate = residual + np.asarray(pull(moved, residual), np.float32)
        gain = disagreement(x, y, candidate, sigma) < disagreement(x, y, flow, sigma)
        return np.where(gain[..., None], candidate, flow)

    forward, backward = both(better, (a, b), (b, a), (forward, backward), (model, np.linalg.inv(model)))
    return forward, backward


def matches(a: Grey, b: Grey) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """SIFT points of a and b that pass the ratio test: two arrays (N, 2), in pixels of a and b.

    Found on the half picture: as good for a global model, at a quarter of the time.
    """
    half = [np.asarray(halved(x), np.uint8) for x in (a, b)]
    none = np.zeros((0, 2), np.float32)
    sift = cv2.SIFT.create(nfeatures=1500)
    (points_a, features_a), (points_b, features_b) = (sift.detectAndCompute(x, None) for x in half)
    if len(points_a) < 2 or len(points_b) < 2:
        return none, none
    pairs = cv2.BFMatcher(cv2.NORM_L2).knnMatch(features_a, features_b, k=2)
    kept = [first for first, second in pairs if first.distance < 0.75 * second.distance]
    if not kept:
        return none, none
    # Pixel centres at integers: the middle of half pixel 0 lies between full pixels 0 and 1.
    return (
        np.array([points_a[m.queryIdx].pt for m in kept], np.float32) * 2 + 0.5,
        np.array([points_b[m.trainIdx].pt for m in kept], np.float32) * 2 + 0.5,
    )


def homography(a: Grey, b: Grey) -> NDArray[np.float64] | None:
    """(3, 3) from a to b by SIFT and MAGSAC++ (Barath et al. 2020), or None where no model is sure."""
    from_a, to_b = matches(a, b)
    if len(from_a) < LEAST_MATCHES:
        return None
    model, inliers = cv2.findHomography(from_a, to_b, cv2.USAC_MAGSAC, 3.0)
    found = 0 if model is None or inliers is None else int(inliers.sum())
    if found < max(LEAST_INLIERS, LEAST_SHARE * len(from_a)) or abs(np.linalg.det(model)) < 1e-9:
        return None
    return np.asarray(model, np.float64)


def homography_flow(matrix: NDArray[np.float64], height: int, width: int) -> Field | None:
    """(h, w, 2): Hx - x; None if it is not finite (a horizon in the picture) or longer than the picture."""
    points = grid(height, width).astype(np.float64)
    with np.errstate(all="ignore"):
        flow = cv2.perspectiveTransform(points, matrix) - points
    # DIS with numbers that are not finite kills the process: never let one through.
    if not np.isfinite(flow).all() or np.abs(flow).max() > max(height, width):
        return None
    return np.asarray(flow, np.float32)
