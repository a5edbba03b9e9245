"""Pictures at the size at which they are matched, and what was found there as `Matches` of the pictures themselves.

That is about the size of the pictures that networks see, for which all limits in pixels were chosen.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from inbetween.dense.dis import Grey, dis, grey, halved
from inbetween.matching.consistency import Floats, LocalMotion
from inbetween.matching.lines import matched_lines, normalised
from inbetween.matching.segments import segments
from inbetween.types import IN_TURN, Map, Matches, Picture

AREA, MOST_ENLARGED = 1024 * 576, 3.0
"""Pixels of a scaled picture, and how many times a small one is enlarged at most."""
DARK, MOST_GAIN = 48, 5.0
"""A picture whose grey levels span less than the first number is stretched to all levels, by at most the second one as
factor."""
LINES = 600
"""How many of the longest lines of each picture are looked at."""


@dataclass(frozen=True, eq=False)
class Scaled:
    """A grey picture at matching resolution, and its scale."""

    grey: Grey
    """(h, w)."""
    scale: Floats
    """(2,): pixels of the scaled picture per pixel of the original, in x and y."""

    def to_picture(self, places: Floats) -> NDArray[np.float32]:
        """Places (..., 2) of the scaled picture in pixels of the original."""
        # Pixel centres lie at integers in both.
        return np.asarray((places + 0.5) / self.scale - 0.5, np.float32)


@dataclass(frozen=True, eq=False)
class Points:
    """N verified points of both pictures, in pixels of the scaled pictures."""

    a: Floats
    b: Floats
    """Both (N, 2)."""
    scores: NDArray[np.float32]
    """(N,), 0..1."""
    motion: LocalMotion
    """How the picture moves around each of them."""


def scaled(picture: Picture) -> Scaled:
    """A picture (H, W, C) in grey, at most 1024 * 576 pixels; small ones are enlarged, dark ones stretched."""
    image = grey(picture)
    height, width = image.shape
    ratio = min(MOST_ENLARGED, float(np.sqrt(AREA / (height * width))))
    size = max(1, round(width * ratio)), max(1, round(height * ratio))
    if size != (width, height):
        way = cv2.INTER_AREA if ratio < 1 else cv2.INTER_CUBIC
        image = np.asarray(cv2.resize(image, size, interpolation=way), np.uint8)
    low, high = (float(level) for level in np.percentile(image, (1, 99)))
    if 0 < high - low < DARK:
        gain = min(MOST_GAIN, 255 / (high - low))
        image = np.asarray(np.clip((image - low) * gain + 0.5, 0, 255), np.uint8)
    return Scaled(image, np.array(size) / (width, height))


def with_lines(sides: tuple[Scaled, Scaled], points: Points, both: Map = IN_TURN) -> Matches:
    """The points, and the lines that move with them, in pixels of the pictures, which are of one size."""
    greys = sides[0].grey, sides[1].grey
    small = [np.asarray(halved(image), np.uint8) for image in greys]
    there, back = both(dis, small, small[::-1])
    a, b = both(partial(segments, most=LINES), greys)
    first, second = both(normalised, greys)
    flow = None if there is None or back is None else (there, back)
    lines = matched_lines(a, b, (first, second), points.motion, points.b - points.a, flow)
    return Matches(
        sides[0].to_picture(points.a),
        sides[1].to_picture(points.b),
        points.scores,
        sides[0].to_picture(lines.a),
        sides[1].to_picture(lines.b),
        np.asarray(np.exp(-lines.cost), np.float32),
    )
