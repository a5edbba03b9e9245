"""The optical flow between two neighbouring keys, both ways, and how far it can be believed.

Everything after DIS is computed on a coarse grid, half the sides of the picture that DIS sees: DIS's own finest scale
is no finer, and every step costs a quarter there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from inbetween.dense.dis import (
    MOST_PIXELS,
    PREFILTER_SIGMA,
    Grey,
    dis,
    disagreement,
    grey,
    halved,
    halved_flow,
    halvings,
)
from inbetween.dense.holes import push_pull
from inbetween.dense.homography import Points, homography, points, with_homography
from inbetween.dense.invert import motion_on_arrival
from inbetween.dense.warp import Field, length, pull
from inbetween.types import IN_TURN, Map, Picture

WRONG_LEVELS = 15
"""Smoothed error, in grey levels, above which a pixel counts as wrong."""


@dataclass(frozen=True, eq=False)
class Flows:
    """The flow between keys A and B on the coarse grid (h, w)."""

    forward: Field
    """(h, w, 2): pixel x of A is at x + forward(x) in B."""
    backward: Field
    """(h, w, 2): pixel x of B is at x + backward(x) in A."""
    forward_error: Field
    """(h, w): |forward + backward there|, in pixels of the full picture."""
    backward_error: Field
    """(h, w): the same for B."""
    doubt: float
    """The share of pixels, 0..1, that are wrong by more than `WRONG_LEVELS` after the flow. Measured on eleven pairs of
    keys: below 0.1 the result is fine or has small local ghosts, to 0.3 it fails visibly in places, above 0.3 it is
    broken everywhere."""


@dataclass(frozen=True, eq=False)
class View:
    """A key as the flow sees it."""

    size: tuple[int, int]
    """(H, W) of the key."""
    grey: Grey
    """(h, w): the key in grey, halved until it is small enough for DIS, and smoothed."""
    small: Grey
    """(h, w): `grey` before it was smoothed."""

    @cached_property
    def points(self) -> Points:
        """SIFT points, computed when they are first asked for."""
        return points(self.small)


def view(key: Picture, most: int = MOST_PIXELS) -> View:
    """A key as the flow sees it, made once for all the pairs that the key is in.

    Args:
        key: (H, W, 3 or 4), uint8 or uint16.
        most: pixels of the view at most.
    """
    height, width = key.shape[:2]
    small = np.asarray(halved(grey(key), halvings(height, width, most)), np.uint8)
    smooth = np.asarray(cv2.GaussianBlur(small, (0, 0), PREFILTER_SIGMA), np.uint8)
    return View((height, width), smooth, small)


def flows(
    start: View,
    end: View,
    before: tuple[Flows, float] | None = None,
    both: Map = IN_TURN,
    fine: bool = False,
) -> Flows | None:
    """DIS both ways, then the homography prior, then holes are filled where the two ways disagree.

    Args:
        start, end: views of keys of one size.
        before: the flows from the key before to the start key, and that key's time (< 0) in units of this pair. What
            moved goes on moving, and the search begins there.
        both: `map`, or a pool's, which does both directions at once.
        fine: see `dis`.

    Returns:
        None where DIS cannot work: keys that are very small or slim.
    """
    a, b = start.grey, end.grey
    begin: Iterable[Field | None] = (None, None) if before is None else _going_on(*before, a.shape)
    forward, backward = both(dis, (a, b), (b, a), begin, (fine, fine))
    if forward is None or backward is None:
        return None
    # A Gaussian of 3 pixels of the full picture.
    sigma = 3 * a.shape[1] / start.size[1]
    ways = forward, backward
    forward, backward = with_homography(a, b, ways, lambda: homography(start.points, end.points), sigma, both)
    doubt = float(np.mean(disagreement(a, b, forward, sigma) > WRONG_LEVELS))
    forward, backward = halved_flow(forward), halved_flow(backward)
    scale = np.float32(start.size[1] / forward.shape[1])
    forward_error = scale * length(forward + pull(backward, forward))
    backward_error = scale * length(backward + pull(forward, backward))
    return Flows(
        push_pull(forward, np.exp(-forward_error / 2)),
        push_pull(backward, np.exp(-backward_error / 2)),
        forward_error,
        backward_error,
        doubt,
    )


def _going_on(before: Flows, time: float, size: tuple[int, ...]) -> tuple[Field, Field]:
    """Both flows if every pixel keeps its velocity, on a grid of `size` (h, w)."""
    height, width = size[:2]
    coarse = before.backward / np.float32(time)
    scale = np.array([width / coarse.shape[1], height / coarse.shape[0]], np.float32)

    def enlarged(flow: Field) -> Field:
        return np.asarray(cv2.resize(flow * scale, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)

    return enlarged(coarse), enlarged(-motion_on_arrival(coarse)[0])
