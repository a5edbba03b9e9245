"""Whether two keys are related at all: unrelated ones, as at a cut, are never morphed."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from inbetween.dense.dis import Grey, dis, disagreement, grey
from inbetween.dense.homography import Points, matched, points
from inbetween.dense.warp import Field, Image
from inbetween.types import Picture

SIDE, FINE_SIDE = 256, 640
"""The longer side, in pixels, of the pictures in which the flow, and then points, are looked for."""
WRONG_LEVELS = 15
"""Smoothed error, in grey levels, above which a pixel counts as wrong after the flow; as in `flows`."""
WRONG_SHARE = 0.5
"""Share of pixels that are wrong after the flow, both ways, above which points decide."""
LEAST_POINTS = 10
"""Points on one epipolar geometry, each the other's best match, that make two pictures related. Of 390 pairs of
pictures from different films, plain or darkened to 15 %, none has more than 7; with best matches one way alone, up to
24."""
CONTRAST, MOST_GAIN = 45.0, 10.0
"""Standard deviation, in grey levels, to which pictures are brought so that as much is seen in dark ones (most pictures
have about that much), and the largest factor for it: with more, noise would be seen."""


def are_related(start: Picture, end: Picture) -> bool:
    """False for two pictures that have nothing in common.

    That is, most pixels are wrong after optical flow, and hardly any points agree on the motion of a camera or an
    object. Whatever the flow can follow, in the same light or in another, is related. It takes a few milliseconds.

    Args:
        start, end: (H, W, C) of one size.
    """
    own = grey(start), grey(end)
    (light, contrast), (other_light, other_contrast) = map(_levels, own)
    least = CONTRAST / MOST_GAIN
    gain, middle = CONTRAST / max(contrast, other_contrast, least), (light + other_light) / 2
    one, other = own if gain <= 1 else (_evened(image, middle, gain) for image in own)
    if _followed(one, other):
        return True
    # Each by its own contrast: the light may have changed.
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
    """Whether most pixels are right where they are, or after the flow both ways."""
    a, b = _small(one), _small(other)
    if _wrong_share(a, b, np.zeros((*a.shape, 2), np.float32)) <= WRONG_SHARE:
        return True
    return max(_wrong_share(x, y, dis(x, y)) for x, y in ((a, b), (b, a))) <= WRONG_SHARE


def _levels(image: Grey) -> tuple[float, float]:
    """Mean and standard deviation, in grey levels."""
    mean, spread = cv2.meanStdDev(image)
    return float(mean[0, 0]), float(spread[0, 0])


def _evened(image: Grey, middle: float, gain: float) -> Grey:
    """The picture with the level `middle` moved to 128 and its contrast multiplied by `gain`."""
    table: Grey = np.clip((np.arange(256) - middle) * gain + 128, 0, 255).astype(np.uint8)
    return np.asarray(table[image])


def _mutual(a: Points, b: Points) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The points of a and of b that are each other's best match: two arrays (N, 2)."""
    there, back = matched(a, b), matched(b, a)
    both = {*map(tuple, np.hstack(there).tolist())} & {*map(tuple, np.hstack(back[::-1]).tolist())}
    found = np.array(sorted(both), np.float32).reshape(-1, 4)
    return found[:, :2], found[:, 2:]


def _wrong_share(a: Grey, b: Grey, flow: Field | None) -> float:
    """The share of pixels that are wrong after the flow, 0..1; 1 where there is no flow."""
    if flow is None:
        return 1.0
    return float(np.mean(disagreement(a, b, flow, 1.5) > WRONG_LEVELS))


def _small(picture: Grey) -> Grey:
    """The picture with its longer side reduced to `SIDE`."""
    image: Image = picture
    height, width = image.shape
    scale = SIDE / max(height, width)
    if scale < 1:
        size = max(1, round(width * scale)), max(1, round(height * scale))
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA))
    return np.asarray(image, np.uint8)
