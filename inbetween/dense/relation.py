"""Whether two keys have anything to do with each other: a cut is never morphed."""

from __future__ import annotations

import cv2
import numpy as np

from inbetween.dense.dis import Grey, dis, disagreement, grey
from inbetween.dense.prior import matched, points
from inbetween.dense.warp import Field, Image
from inbetween.types import Picture

SIDE, FINE_SIDE = 256, 640
"""The longer side of the pictures that the flow, and then points, are looked for in."""
WRONG_LEVELS = 15
WRONG_SHARE = 0.5
"""Share of pixels wrong after the flow, both ways, from which points are asked."""
LEAST_POINTS = 10
"""Points on one epipolar geometry that make two pictures related; eight fit by chance."""


def related(start: Picture, end: Picture) -> bool:
    """False for two pictures with no relation: most pixels are wrong after optical flow, and hardly any
    points of theirs agree on a camera's or an object's motion.

    start, end: (H, W, C) of one size. A few milliseconds; whatever the flow can follow is never called a cut.
    """
    a, b = _small(start), _small(end)
    still = np.zeros((*a.shape, 2), np.float32)
    if _wrong_share(a, b, still) <= WRONG_SHARE:
        return True
    if max(_wrong_share(x, y, dis(x, y)) for x, y in ((a, b), (b, a))) <= WRONG_SHARE:
        return True
    from_a, to_b = matched(points(grey(start), FINE_SIDE), points(grey(end), FINE_SIDE))
    if len(from_a) < LEAST_POINTS:
        return False
    try:
        _, inliers = cv2.findFundamentalMat(from_a, to_b, cv2.USAC_MAGSAC, 2.0, 0.999, 2000)
    except cv2.error as error:
        if error.code != cv2.Error.StsAssert:
            raise
        # Where no sample of the points has a geometry, OpenCV fails an assertion of its own.
        return False
    return inliers is not None and int(np.sum(inliers)) >= LEAST_POINTS


def _wrong_share(a: Grey, b: Grey, flow: Field | None) -> float:
    if flow is None:
        return 1.0
    return float(np.mean(disagreement(a, b, flow, 1.5) > WRONG_LEVELS))


def _small(picture: Picture) -> Grey:
    image: Image = grey(picture)
    height, width = image.shape
    scale = SIDE / max(height, width)
    if scale < 1:
        size = max(1, round(width * scale)), max(1, round(height * scale))
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA))
    return np.asarray(image, np.uint8)
