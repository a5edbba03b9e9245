"""Whether two neighbouring frames of a clip belong to one shot: a cut is never morphed."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from inbetween.dense.dis import dis, grey
from inbetween.dense.warp import length, pull
from inbetween.types import Picture

Small = NDArray[np.float32]

SIDE = 192
"""The longer side, in pixels, of the reduced frames that are compared."""
DETAIL = 8.0
"""Standard deviation, in pixels of the reduced frame, of the Gaussian whose result is subtracted: coarse light and
shade do not count."""
ALIKE = 0.45
"""Least correlation of details, after the motion is undone, within one shot. Measured on 13 clips and 624 pairs of
frames from two different clips, half of those darkened to 15 %: neighbours have 0.84 and more, frames four apart 0.53,
frames of two clips 0.11 at most; smooth ones of drawn textures 0.4."""
CONTRAST = 45
"""Standard deviation, in grey levels, to which frames are brought for the flow; see `unrelated.CONTRAST`."""
AGREED = 1.5
"""Pixels of the reduced frame by which the flow there and back may differ. Chosen by eye."""
STILL = 1.0
"""Mean difference in grey levels below which two frames count as one shot: nothing could be seen of a morph."""


def reduced(picture: Picture) -> Small:
    """A frame as `same_shot` takes it: (h, w) grey levels 0..255, its longer side at most `SIDE`.

    It is reduced by area means, which also removes noise.
    """
    image = grey(picture).astype(np.float32)
    height, width = image.shape
    scale = SIDE / max(height, width)
    if scale < 1:
        size = max(1, round(width * scale)), max(1, round(height * scale))
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.float32)
    return image


def same_shot(start: Small, end: Small) -> bool:
    """False for a cut: the details of neither frame are found in the other one, even after their motion is undone.

    Brightness and contrast may change within a shot.

    Args:
        start, end: of `reduced`.
    """
    a, b = _details(start), _details(end)
    if float(np.mean(np.abs(start - end))) < STILL or _correlation(a, b) > ALIKE:
        return True
    one, other = _even_contrast(start), _even_contrast(end)
    there, back = dis(one, other), dis(other, one)
    # There is no flow between frames that are too small: nothing is known about a cut.
    if there is None or back is None:
        return True
    for first, second, flow, way_back in ((a, b, there, back), (b, a, back, there)):
        # Between smooth frames a flow can turn anything into anything, but not consistently both ways.
        agreed = length(flow + pull(way_back, flow)) < AGREED
        if _correlation(first, np.asarray(pull(second, flow), np.float32), agreed) > ALIKE:
            return True
    return False


def _even_contrast(image: Small) -> NDArray[np.uint8]:
    """The frame at a mean of 128 and a standard deviation of `CONTRAST`, so that the flow sees as much in a dark frame
    as in any.
    """
    scale = CONTRAST / max(1.0, float(np.std(image)))
    return np.clip((image - np.mean(image)) * scale + 128, 0, 255).astype(np.uint8)


def _details(image: Small) -> Small:
    """(h, w): the frame less its own smoothed version."""
    return image - np.asarray(cv2.GaussianBlur(image, (0, 0), DETAIL), np.float32)


def _correlation(a: Small, b: Small, where: NDArray[np.bool_] | None = None) -> float:
    """The correlation of the details of two frames, -1..1; pixels outside `where` count as unlike."""
    both = a * b if where is None else a * b * where
    return float(np.sum(both) / max(1e-6, np.sqrt(float(np.sum(a * a)) * float(np.sum(b * b)))))
