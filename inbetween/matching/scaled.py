"""Pictures as the matchers see them, and what they found as `Matches` of the pictures themselves.

All work is done at about the size of the pictures that networks see, for which every limit in pixels was chosen.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from inbetween.dense.dis import Grey, dis, grey, halved
from inbetween.dense.warp import Map
from inbetween.matching.consistency import Floats, LocalMotion
from inbetween.matching.lines import matched_lines, normalised
from inbetween.matching.segments import segments
from inbetween.types import Matches, Picture

AREA, MOST_ENLARGED = 1024 * 576, 3.0
"""Pixels of the pictures that are worked at, and how much smaller ones are enlarged at most."""
DARK, MOST_GAIN = 48, 5.0
"""A picture whose grey levels span less is stretched to all of them, by so much at most."""
LINES = 600
"""The longest lines of each picture that are looked at."""


@dataclass(frozen=True, eq=False)
class Scaled:
    """A picture as it is worked at."""

    grey: Grey
    """(h, w)."""
    scale: Floats
    """(2,): its pixels per pixel of the picture, in x and y."""

    def to_picture(self, places: Floats) -> NDArray[np.float32]:
        """Places (..., 2) in pixels of the picture."""
        # Pixel centres lie at integers in both.
        return np.asarray((places + 0.5) / self.scale - 0.5, np.float32)


@dataclass(frozen=True, eq=False)
class Points:
    """N points of both pictures that have been verified, in pixels of the pictures as they are worked at."""

    a: Floats
    b: Floats
    """(N, 2)."""
    scores: NDArray[np.float32]
    """(N,), 0..1."""
    motion: LocalMotion
    """Of what is around each of them."""


def scaled(picture: Picture) -> Scaled:
    """A picture (H, W, C) in grey, of at most 1024 * 576 pixels; a small one is enlarged, a dark one stretched."""
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


def with_lines(sides: tuple[Scaled, Scaled], points: Points, both: Map = map) -> Matches:
    """The points, and the lines that go with them, in pixels of the pictures, which are of one size."""
    greys = sides[0].grey, sides[1].grey
    small = [np.asarray(halved(image), np.uint8) for image in greys]
    there, back = both(dis, small, small[::-1])
    a, b = both(partial(segments, most=LINES), greys)
    looks = tuple(both(normalised, greys))
    flow = None if there is None or back is None else (there, back)
    lines = matched_lines(a, b, looks, points.motion, points.b - points.a, flow)
    return Matches(
        sides[0].to_picture(points.a),
        sides[1].to_picture(points.b),
        points.scores,
        sides[0].to_picture(lines.a),
        sides[1].to_picture(lines.b),
        np.asarray(np.exp(-lines.cost), np.float32),
    )
