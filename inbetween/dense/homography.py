"""The homography prior: a camera pan that is faster than DIS can follow is removed before the search."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from inbetween.dense.dis import Grey, dis, disagreement, halved, halved_flow
from inbetween.dense.warp import Field, grid, length, pull
from inbetween.types import IN_TURN, Map

POINTS_SIDE = 256
"""The longer side, in pixels, of the pictures in which points are looked for: enough for a model of the whole
picture."""
LEAST_MOTION = 4.0
"""Median motion of the points, in pixels of the view, below which the model is not used: DIS follows such a camera by
itself."""
STANDS, LOST_LEVELS, LOST_SHARE = 2.0, 5.0, 0.3
"""The camera hardly moves if half of the flow is shorter than so many pixels, unless more than this share of the
picture is wrong by so many grey levels. Then points, which take longer than all else here, are not looked for."""
LEAST_MATCHES = 40
LEAST_INLIERS = 15
LEAST_SHARE = 0.3
"""A model needs so many matches, and so many of them on the model, as a number and as a share. Chosen by eye."""
WORSE_LEVELS, WORSE_SHARE = 1.0, 0.01
"""The flow must be worse than the homography alone by so many grey levels in so large a share of the picture; otherwise
it has followed the camera already, and the second search is saved. Chosen by eye."""

LEVELS_PER_PIXEL, MOST_APART = 1.0, 10.0
"""What one pixel of forward-backward error counts in grey levels, and the error, in pixels of the halved picture, above
which all errors count alike. Chosen by eye."""


def with_homography(
    a: Grey,
    b: Grey,
    flows: tuple[Field, Field],
    model: Callable[[], NDArray[np.float64] | None],
    sigma: float,
    both: Map = IN_TURN,
) -> tuple[Field, Field]:
    """Both flows, per pixel the better one of the given flow and one that is found on top of a homography.

    A wrong homography alone would cost more than a right one gains; hence the choice per pixel. It is made by grey
    error and forward-backward error together, as the grey error alone is often small by luck.

    Args:
        a, b: (h, w) grey.
        flows: from a to b, and from b to a.
        model: gives the homography (3, 3) from a to b, or None; it is called only where the camera may move.
        sigma: standard deviation of the Gaussian over the errors, in pixels.
        both: `map`, or a pool's, which does both directions at once.
    """
    # Errors are compared on halved pictures: they are smoothed anyway.
    small_a, small_b = (np.asarray(halved(x), np.uint8) for x in (a, b))
    own = halved_flow(flows[0]), halved_flow(flows[1])
    by_flow = disagreement(small_a, small_b, own[0], sigma / 2)
    if 2 * np.median(length(own[0])) < STANDS and np.mean(by_flow > LOST_LEVELS) < LOST_SHARE:
        return flows
    matrix = model()
    if matrix is None:
        return flows
    moved = homography_flow(matrix, *a.shape)
    moved_back = homography_flow(np.asarray(np.linalg.inv(matrix), np.float64), *a.shape)
    if moved is None or moved_back is None:
        return flows
    by_model = disagreement(small_a, small_b, halved_flow(moved), sigma / 2)
    if np.mean(by_model + WORSE_LEVELS < by_flow) < WORSE_SHARE:
        return flows

    def found(x: Grey, y: Grey, way: Field) -> Field | None:
        residual = dis(x, np.asarray(pull(y, way), np.uint8))
        return None if residual is None else residual + np.asarray(pull(way, residual), np.float32)

    there, back = both(found, (a, b), (b, a), (moved, moved_back))
    if there is None or back is None:
        return flows
    new = halved_flow(there), halved_flow(back)
    first = _score(small_a, small_b, *new, sigma / 2) < _score(small_a, small_b, *own, sigma / 2)
    second = _score(small_b, small_a, *new[::-1], sigma / 2) < _score(small_b, small_a, *own[::-1], sigma / 2)
    return _chosen(first, there, flows[0]), _chosen(second, back, flows[1])


def _score(a: Grey, b: Grey, flow: Field, back: Field, sigma: float) -> Field:
    """(h, w): how wrong `flow` is, in grey levels: the grey error and the forward-backward error together."""
    apart = np.minimum(length(flow + pull(back, flow)), MOST_APART)
    smooth = np.asarray(cv2.GaussianBlur(apart, (0, 0), sigma), np.float32)
    # The errors are in pixels of the halved picture.
    return disagreement(a, b, flow, sigma) + np.float32(2 * LEVELS_PER_PIXEL) * smooth


def _chosen(where: NDArray[np.bool_], flow: Field, other: Field) -> Field:
    """(H, W, 2): the flow where the mask of the halved picture says so, else the other one."""
    full = cv2.resize(where.astype(np.uint8), flow.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    return np.where(full[..., None] > 0, flow, other)


Points = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Places (N, 2) in pixels of the view, and their descriptors (N, 128)."""


def points(image: Grey, side: int = POINTS_SIDE) -> Points:
    """SIFT points of a picture (h, w), looked for in it after its longer side is reduced to `side` pixels."""
    height, width = image.shape
    scale = min(1.0, side / max(height, width))
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
    """The points of a, and their partners in b, that pass Lowe's ratio test: two arrays (N, 2)."""
    none = np.zeros((0, 2), np.float32)
    if len(a[0]) < 2 or len(b[0]) < 2:
        return none, none
    pairs: Sequence[Sequence[cv2.DMatch]] = cv2.BFMatcher(cv2.NORM_L2).knnMatch(a[1], b[1], k=2)
    kept = [first for first, second in pairs if first.distance < 0.75 * second.distance]
    if not kept:
        return none, none
    return a[0][[m.queryIdx for m in kept]], b[0][[m.trainIdx for m in kept]]


def homography(a: Points, b: Points) -> NDArray[np.float64] | None:
    """The model (3, 3) from a to b by MAGSAC++ (Barath et al. 2020); None where none is sure, or where it hardly
    moves."""
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
    """(h, w, 2): Hx - x. None if it is not finite (the horizon lies in the picture) or longer than the picture."""
    places = grid(height, width).astype(np.float64)
    with np.errstate(all="ignore"):
        flow = cv2.perspectiveTransform(places, matrix) - places
    # DIS with numbers that are not finite kills the process: never let one through.
    if not np.isfinite(flow).all() or np.abs(flow).max() > max(height, width):
        return None
    return np.asarray(flow, np.float32)
