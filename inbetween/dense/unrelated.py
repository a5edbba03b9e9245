"""Whether two keys have anything to do with each other: a cut is never morphed."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from inbetween.dense.dis import Grey, dis, disagreement, grey
from inbetween.dense.homography import Points, matched, points
from inbetween.dense.warp import Field, Image
from inbetween.types import Picture

SIDE, FINE_SIDE = 256, 640
"""The longer side of the pictures that the flow, and then points, are looked for in."""
WRONG_LEVELS = 15
WRONG_SHARE = 0.5
"""Share of pixels wrong after the flow, both ways, from which points are asked."""
LEAST_POINTS = 10
"""Points on one epipolar geometry that make two pictures related, each the other's best match: of 390 pairs of
pictures of different films, plain or darkened to 15 %, none has more than 7; the best match one way alone gives 24."""
CONTRAST, MOST_GAIN = 45.0, 10.0
"""Grey levels of standard deviation, about what pictures have, to which they are brought so that as much is seen of
dark ones; not by more than this factor, or noise would be seen."""


def related(start: Picture, end: Picture) -> bool:
    """False for two pictures with no relation: most pixels are wrong after optical flow, and hardly any
    points of theirs agree on a camera's or an object's motion.

    start, end: (H, W, C) of one size. A few milliseconds; whatever the flow can follow, in the same light or in
    another, is never called a cut.
    """
    own = grey(start), grey(end)
    (light, contrast), (other_light, other_contrast) = map(_levels, own)
    least = CONTRAST / MOST_GAIN
    gain, middle = CONTRAST / max(contrast, other_contrast, least), (light + other_light) / 2
    one, other = own if gain <= 1 else (_evened(image, middle, gain) for image in own)
    if _followed(one, other):
        return True
    # Each for itself: the light may have changed.
    gains = CONTRAST / max(contrast, least), CONTRAST / max(other_contrast, least)
    one, other = map(_evened, own, (light, other_light), gains)
    if max(gains) < MOST_GAIN and _followed(one, other):
        return True
    from_a, to_b = _mutual(points(one, FINE_SIDE), points(other, FINE_SIDE))
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


def _followed(one: Grey, other: Grey) -> bool:
    """Whether most pixels are right where they stand, or after the flow, both ways."""
    a, b = _small(one), _small(other)
    if _wrong_share(a, b, np.zeros((*a.shape, 2), np.float32)) <= WRONG_SHARE:
        return True
    return max(_wrong_share(x, y, dis(x, y)) for x, y in ((a, b), (b, a))) <= WRONG_SHARE


def _levels(image: Grey) -> tuple[float, float]:
    """Mean and standard deviation."""
    mean, spread = cv2.meanStdDev(image)
    return float(mean[0, 0]), float(spread[0, 0])


def _evened(image: Grey, middle: float, gain: float) -> Grey:
    table: Grey = np.clip((np.arange(256) - middle) * gain + 128, 0, 255).astype(np.uint8)
    return np.asarray(table[image])


def _mutual(a: Points, b: Points) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The points of a and of b that are each other's best match: two arrays (N, 2)."""
    there, back = matched(a, b), matched(b, a)
    both = {*map(tuple, np.hstack(there).tolist())} & {*map(tuple, np.hstack(back[::-1]).tolist())}
    found = np.array(sorted(both), np.float32).reshape(-1, 4)
    return found[:, :2], found[:, 2:]


def _wrong_share(a: Grey, b: Grey, flow: Field | None) -> float:
    if flow is None:
        return 1.0
    return float(np.mean(disagreement(a, b, flow, 1.5) > WRONG_LEVELS))


def _small(picture: Grey) -> Grey:
    image: Image = picture
    height, width = image.shape
    scale = SIDE / max(height, width)
    if scale < 1:
        size = max(1, round(width * scale)), max(1, round(height * scale))
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA))
    return np.asarray(image, np.uint8)
