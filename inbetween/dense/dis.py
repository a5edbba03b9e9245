"""DIS optical flow, and the grey pictures that it is computed on."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from inbetween.dense.warp import Field, Image, pull
from inbetween.types import Picture

Grey = NDArray[np.uint8]

MOST_PIXELS = 700_000
"""Most pixels of the picture that DIS sees: larger ones (1024x576 is not) are halved until they have no more. At half
the size DIS takes a quarter of the time and reaches twice as far."""


GRADIENT_WEIGHT = 20.0
"""Weight of gradient constancy in DIS's variational refinement (OpenCV's default is 10): it is less misled by changing
light."""
REFINEMENTS = 3
"""Iterations of the variational refinement on each scale (OpenCV's default is 5, which looks no better)."""
PREFILTER_SIGMA = 0.7
"""Standard deviation, in pixels, of the Gaussian over the picture that DIS sees: noise and codec blocks are not
followed."""


def grey(picture: Picture) -> Grey:
    """The (H, W) grey picture on which the flow is computed.

    Transparency is mixed in, so that a shape differs from its surroundings whatever its colour: a transparent pixel is
    64, an opaque one 127 to 255.

    Args:
        picture: (H, W, 3 or 4), uint8 or uint16.
    """
    eight = picture if picture.dtype == np.uint8 else (picture >> 8).astype(np.uint8)
    out = np.asarray(cv2.cvtColor(np.ascontiguousarray(eight[..., :3]), cv2.COLOR_RGB2GRAY), np.uint8)
    if picture.shape[2] == 3 or eight[..., 3].min() == 255:
        return out
    alpha = eight[..., 3].astype(np.float32) / 255
    over_grey = out * alpha + 128 * (1 - alpha)
    return np.asarray(0.5 * over_grey + 127.5 * alpha, np.uint8)


def halved(image: Image, times: int = 1) -> Image:
    """Both sides halved `times` times, rounded up, by area averaging."""
    for _ in range(times):
        height, width = image.shape[:2]
        size = ((width + 1) // 2, (height + 1) // 2)
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA))
    return image


def halved_flow(flow: Field) -> Field:
    """A flow (h, w, 2) on the halved grid, its vectors in pixels of that grid."""
    half = np.asarray(halved(flow), np.float32)
    return half * np.array([half.shape[1] / flow.shape[1], half.shape[0] / flow.shape[0]], np.float32)


def halvings(height: int, width: int, most: int = MOST_PIXELS) -> int:
    """How often the picture is halved before DIS, until it has no more than `most` pixels."""
    times = 0
    while height * width > most:
        height, width, times = (height + 1) // 2, (width + 1) // 2, times + 1
    return times


def dis(a: Grey, b: Grey, begin: Field | None = None, fine: bool = False) -> Field | None:
    """DIS optical flow from a to b (Kroeger et al. 2016) by OpenCV's medium preset; None where it fails.

    Sides below 12 make OpenCV fail, and very slim pictures may give numbers that are not finite.

    Args:
        a, b: (h, w).
        begin: (h, w, 2): where the search begins on the coarsest scale.
        fine: go on to the full resolution, with patches one pixel farther apart. That is a second opinion, two and a
            half times as slow, which is right and wrong in other places.
    """
    # DIS with numbers that are not finite kills the process: never let one through.
    if begin is None or not np.isfinite(begin).all():
        begin = np.zeros((*a.shape, 2), np.float32)
    engine = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    engine.setVariationalRefinementGamma(GRADIENT_WEIGHT)
    engine.setVariationalRefinementIterations(REFINEMENTS)
    if fine:
        engine.setFinestScale(0)
        engine.setPatchStride(4)
    try:
        flow = engine.calc(a, b, begin.copy())
    except cv2.error:
        return None
    return np.asarray(flow, np.float32) if np.isfinite(flow).all() else None


def disagreement(a: Grey, b: Grey, flow: Field, sigma: float) -> Field:
    """(h, w): |a - b pulled by flow| in grey levels, smoothed by a Gaussian of `sigma` pixels."""
    difference = cv2.absdiff(a, np.asarray(pull(b, flow), np.uint8)).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(difference, (0, 0), sigma), np.float32)
