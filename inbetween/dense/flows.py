"""What is known of two neighbouring keys: the flow both ways, and how far to believe it.

Everything after DIS lives on a coarse grid (half the sides of the picture that DIS sees): DIS's own finest scale is
no finer, and every step costs a quarter there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

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
from inbetween.dense.invert import arriving
from inbetween.dense.warp import Field, length, pull
from inbetween.types import Picture

WRONG_LEVELS = 15
"""Smoothed grey error, in levels, above which a pixel counts as wrong."""


@dataclass(frozen=True, eq=False)
class Flows:
    """Flow between keys A and B on the coarse grid (h, w)."""

    forward: Field
    """(h, w, 2): pixel x of A is at x + forward(x) in B."""
    backward: Field
    """(h, w, 2): pixel x of B is at x + backward(x) in A."""
    forward_error: Field
    """(h, w): |forward + backward there|, in pixels of the full picture."""
    backward_error: Field
    doubt: float
    """Share of pixels that are wrong by more than `WRONG_LEVELS` after the flow, 0..1. Below 0.1 fine, or
    small local ghosts; to 0.3 visible local failure; above it broken everywhere."""


@dataclass(frozen=True, eq=False)
class View:
    """What the flow sees of a key."""

    size: tuple[int, int]
    """(H, W) of the key."""
    grey: Grey
    """(h, w): halved until DIS can do with it."""
    small: Grey
    """(h, w): `grey` before it was smoothed."""

    @cached_property
    def points(self) -> Points:
        """Looked for when they are first asked for."""
        return points(self.small)


def view(key: Picture, most: int = MOST_PIXELS) -> View:
    """Look at a key, once for all the pairs that it is in; at no more than `most` of its pixels."""
    height, width = key.shape[:2]
    small = np.asarray(halved(grey(key), halvings(height, width, most)), np.uint8)
    smooth = np.asarray(cv2.GaussianBlur(small, (0, 0), PREFILTER_SIGMA), np.uint8)
    return View((height, width), smooth, small)


def flows(
    start: View,
    end: View,
    before: tuple[Flows, float] | None = None,
    both: Callable[..., Iterable[Any]] = map,
    fine: bool = False,
) -> Flows | None:
    """DIS both ways with the homography prior and the confidence diffusion.

    start, end: of keys of one size; before: the flows from the key before to the start, and that key's time
    (< 0) in units of this pair: what moved goes on moving, and the search begins there. `both` is `map`, or a
    pool's, for the two directions at once; `fine`: see `dis`. None where DIS cannot work: very small or slim pictures.
    """
    a, b = start.grey, end.grey
    begin: Iterable[Field | None] = (None, None) if before is None else _going_on(*before, a.shape)
    forward, backward = both(dis, (a, b), (b, a), begin, (fine, fine))
    if forward is None or backward is None:
        return None
    # A Gaussian of 3 px of the full picture.
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
    """The flow both ways if every pixel keeps its velocity, on a grid of `size` (h, w)."""
    height, width = size[:2]
    coarse = before.backward / np.float32(time)
    scale = np.array([width / coarse.shape[1], height / coarse.shape[0]], np.float32)

    def enlarged(flow: Field) -> Field:
        return np.asarray(cv2.resize(flow * scale, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)

    return enlarged(coarse), enlarged(-arriving(coarse)[0])
