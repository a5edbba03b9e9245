"""The homography prior: a camera that pans faster than DIS can follow is taken out first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inbetween.dense.dis import Grey, dis, disagreement
from inbetween.dense.warp import Field, grid, pull

POINTS_SIDE = 400
"""The longer side of the pictures in which points are looked for: enough for a global model."""
LEAST_MOTION = 4.0
"""Pixels; a camera that moves by less is followed by DIS anyway."""
LEAST_MATCHES = 40
LEAST_INLIERS = 15
LEAST_SHARE = 0.3
WORSE_LEVELS, WORSE_SHARE = 1.0, 0.01
"""The flow must be worse than the homography alone by so many levels in so large a part of the picture;
otherwise it has followed the camera already, and the second search is saved."""

LEVELS_PER_PIXEL, MOST_APART = 1.0, 20.0
"""What a pixel of forward-backward error weighs in grey levels, and the error beyond which all are alike."""


def with_homography(
    a: Grey,
    b: Grey,
    flows: tuple[Field, Field],
    model: NDArray[np.float64] | None,
    sigma: float,
    both: Callable[..., Iterable[Any]] = map,
) -> tuple[Field, Field]:
    """Both flows, per pixel the better of the given one and the one found on top of a homography.

    a, b: (h, w) grey; flows: from a to b and back; model: (3, 3) from a to b; sigma: of the Gaussian over the
    errors, in pixels; `both` is `map`, or a pool's. A wrong homography alone would cost more than a right one
    gains, hence the choice per pixel: by grey error and by forward-backward error, for grey alone is often
    right by luck.
    """
    if model is None:
        return flows

    def found(x: Grey, y: Grey, flow: Field, matrix: NDArray[np.float64]) -> Field | None:
        moved = homography_flow(matrix, *x.shape)
        if moved is None:
            return None
        worse = disagreement(x, y, moved, sigma) + WORSE_LEVELS < disagreement(x, y, flow, sigma)
        if np.mean(worse) < WORSE_SHARE:
            return None
        residual = dis(x, np.asarray(pull(y, moved), np.uint8))
        return None if residual is None else residual + np.asarray(pull(moved, residual), np.float32)

    def score(x: Grey, y: Grey, flow: Field, back: Field) -> Field:
        apart = np.minimum(np.linalg.norm(flow + pull(back, flow), axis=2), MOST_APART)
        smooth = np.asarray(cv2.GaussianBlur(apart, (0, 0), sigma), np.float32)
        return disagreement(x, y, flow, sigma) + np.float32(LEVELS_PER_PIXEL) * smooth

    there, back = both(found, (a, b), (b, a), flows, (model, np.linalg.inv(model)))
    if there is None or back is None:
        return flows
    first = score(a, b, there, back) < score(a, b, *flows)
    second = score(b, a, back, there) < score(b, a, *flows[::-1])
    return np.where(first[..., None], there, flows[0]), np.where(second[..., None], back, flows[1])


Points = tuple[NDArray[np.float32], NDArray[np.float32]]
"""(N, 2) in pixels of the full picture, and their descriptors (N, 128)."""


def points(image: Grey) -> Points:
    """SIFT points of a picture, looked for at `POINTS_SIDE`."""
    height, width = image.shape
    scale = min(1.0, POINTS_SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA) if scale < 1 else image
    found, features = cv2.SIFT.create(nfeatures=1000).detectAndCompute(small, np.empty(0, np.uint8))
    if not found:
        return np.zeros((0, 2), np.float32), np.zeros((0, 128), np.float32)
    # Pixel centres lie at integers in both.
    ratio = np.array([width / size[0], height / size[1]], np.float32)
    places = np.array([point.pt for point in found], np.float32)
    return (places + 0.5) * ratio - 0.5, np.asarray(features, np.float32)


def matched(a: Points, b: Points) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The points of a and of b that pass the ratio test: two arrays (N, 2)."""
    none = np.zeros((0, 2), np.float32)
    if len(a[0]) < 2 or len(b[0]) < 2:
        return none, none
    pairs: Sequence[Any] = cv2.BFMatcher(cv2.NORM_L2).knnMatch(a[1], b[1], k=2)
    kept = [first for first, second in pairs if first.distance < 0.75 * second.distance]
    if not kept:
        return none, none
    return a[0][[m.queryIdx for m in kept]], b[0][[m.trainIdx for m in kept]]


def homography(a: Points, b: Points) -> NDArray[np.float64] | None:
    """(3, 3) from a to b by MAGSAC++ (Barath et al. 2020), or None where no model is sure, or hardly moves."""
    from_a, to_b = matched(a, b)
    if len(from_a) < LEAST_MATCHES:
        return None
    model, inliers = cv2.findHomography(from_a, to_b, cv2.USAC_MAGSAC, 3.0)
    on_model = np.zeros(len(from_a), bool) if inliers is None else inliers.ravel() > 0
    if model is None or on_model.sum() < max(LEAST_INLIERS, LEAST_SHARE * len(from_a)):
        return None
    if np.median(np.linalg.norm(to_b - from_a, axis=1)[on_model]) < LEAST_MOTION or abs(np.linalg.det(model)) < 1e-9:
        return None
    return np.asarray(model, np.float64)


def homography_flow(matrix: NDArray[np.float64], height: int, width: int) -> Field | None:
    """(h, w, 2): Hx - x; None if it is not finite (a horizon in the picture) or longer than the picture."""
    places = grid(height, width).astype(np.float64)
    with np.errstate(all="ignore"):
        flow = cv2.perspectiveTransform(places, matrix) - places
    # DIS with numbers that are not finite kills the process: never let one through.
    if not np.isfinite(flow).all() or np.abs(flow).max() > max(height, width):
        return None
    return np.asarray(flow, np.float32)
