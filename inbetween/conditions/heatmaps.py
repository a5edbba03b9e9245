"""Spots of light along tracks, as Framer's network was trained on them (arXiv 2410.18978), exactly.

Their oddities are part of that: a spot moves by whole pixels; one that the picture's border cuts is squeezed into what
is left; a later spot replaces an earlier one, its black corners included; rows and columns at the border are never lit.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from inbetween.motion.tracks import sampled, weights_at
from inbetween.pictures.fit import fit_map
from inbetween.types import Motion

Grey = NDArray[np.uint8]

RADIUS, SIGMA = 100, 40
"""Radius and standard deviation of the spot that all others are reduced from, in its own pixels."""
SIDE = 20
"""How far a spot reaches from its point, in pixels, whatever the size of the picture."""


@cache
def template() -> Grey:
    """The large spot: (200, 200), 0..255, a Gaussian that is cut off beyond its radius. Do not write to it."""
    square = np.arange(-RADIUS, RADIUS, dtype=np.float64) ** 2
    distance = square[:, None] + square
    spot = np.floor(255 * np.exp(-distance / (2 * SIGMA**2)))
    return np.where(distance <= RADIUS**2, spot, 0).astype(np.uint8)


def heatmaps(tracks: NDArray[np.floating], size: tuple[int, int], side: int = SIDE) -> Grey:
    """The spots of every frame: (F, H, W), 0..255.

    Args:
        tracks: (F, P, 2), pixels. The arithmetic is in their dtype, so float16 tracks land where Framer's demo puts
            them. A point outside the picture, or at NaN, has no spot.
        size: (H, W).
        side: how far a spot reaches, in pixels.
    """
    height, width = size
    end = np.array([width, height], np.float64)
    seen = np.all((tracks >= 0) & (tracks.astype(np.float64) < end), axis=-1)
    places = np.where(seen[..., None], tracks, 0)
    low = np.maximum(places - side, 1).astype(int)
    high = np.minimum((places + side).astype(np.float64), end - 1).astype(int)
    seen = seen & np.all(low < high, axis=-1)
    pictures = np.zeros((len(tracks), height, width), np.uint8)
    for frame, point in np.argwhere(seen):
        (x1, y1), (x2, y2) = low[frame, point], high[frame, point]
        pictures[frame, y1:y2, x1:x2] = _spot(int(x2 - x1), int(y2 - y1))
    return pictures


def heatmap_pictures(motion: Motion, times: Sequence[float], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Grey pictures of the points of a motion, one per time: (F, H, W, 3). A point whose weight is 0 has no spot.

    Args:
        motion: of a picture of any size; it is stretched to `size`, as Framer stretches the keys.
        times: in [0, 1].
        size: (H, W).
    """
    tracks = [track for track in motion.tracks if track.kind == "point"]
    places = sampled(tracks, times)
    for i, track in enumerate(tracks):
        places[weights_at(track, times)[:, 0] == 0, i] = np.nan
    scale, offset = fit_map(motion.size, size, "stretch")
    return np.repeat(heatmaps(places * scale + offset, size)[..., None], 3, axis=-1)


@cache
def _spot(width: int, height: int) -> Grey:
    """(height, width): the template at this size."""
    return np.asarray(cv2.resize(template(), (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)
