"""Makes a dense motion follow handles: smoothly, and only near them.

A handle is something drawn or matched, with its place in the start key, in the end key and at any time between. Around
a handle everything moves with it, less and less; from one and a half times its reach on, nothing does.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from inbetween.dense.flows import Flows
from inbetween.dense.warp import Field, pull_at

Places = NDArray[np.float32]
"""(N, 2), x and y in pixels of the coarse grid."""
SURE_OFF = (1.0, 3.0)
"""By how many pixels of the coarse grid the flow and a matched handle differ where the handle begins to count, and
where it counts fully. What optical flow has seen itself is more exact than matched points. Chosen by eye."""

NEIGHBOURS = 6
"""Nearest matched handles that must, in the median, differ from the flow as well. Chosen by eye."""
SHIFT_SHARE = 0.25
"""Added to the spread of the handles' places, as a share of the squared reach: handles must lie apart by about that
much to turn or scale what is between them. Chosen by eye."""


@dataclass(frozen=True, eq=False)
class Handles:
    """N things whose motion is known."""

    start: Places
    end: Places
    between: Callable[[float], Places]
    """Their places at a time in 0..1."""
    reach: NDArray[np.float32]
    """(N,), pixels of the coarse grid: the distance at which half of a handle's motion is taken over."""
    weight: NDArray[np.float32]
    """(N,), 0..1: how much each counts."""
    found: NDArray[np.bool_]
    """(N,): it was found by a matcher, and counts only where the flow differs from it."""


def follow_handles(flows: Flows, handles: Handles) -> tuple[Flows, Handles]:
    """The flows with the handles' motion in them, and the handles that count, with their weights against these flows.

    Args:
        flows: the motion between both keys without handles.
        handles: in pixels of the flows' grid.
    """
    way = handles.end - handles.start
    off = np.linalg.norm(_read(flows.forward, handles.start) - way, axis=1)
    off_back = np.linalg.norm(_read(flows.backward, handles.end) + way, axis=1)
    low, high = SURE_OFF
    counts = np.clip((np.maximum(off, off_back) - low) / (high - low), 0, 1)
    weight = np.asarray(np.where(handles.found, _agreed(handles, counts), 1) * handles.weight, np.float32)
    on = weight > 0
    between = handles.between
    handles = Handles(
        handles.start[on],
        handles.end[on],
        lambda t: between(t)[on],
        handles.reach[on],
        weight[on],
        handles.found[on],
    )
    way = way[on]
    forward, sure = bend_towards(flows.forward, handles.start, way, handles)
    backward, sure_back = bend_towards(flows.backward, handles.end, -way, handles)
    bent = replace(
        flows,
        forward=forward,
        backward=backward,
        forward_error=flows.forward_error * (1 - sure),
        backward_error=flows.backward_error * (1 - sure_back),
    )
    return bent, handles


def _agreed(handles: Handles, counts: NDArray[np.floating]) -> NDArray[np.floating]:
    """(N,), 0..1: each handle's count, but at most the median of its neighbours', and 0 where these are far.

    A flow that is smeared along an edge is wrong at the outermost points of a thing; one that has lost the thing is
    wrong at all of them. A few scattered points would cut islands out of the thing that they lie on.

    Args:
        counts: (N,), 0..1: by how much each handle differs from the flow, see `SURE_OFF`.
    """
    if len(handles.start) <= NEIGHBOURS:
        return np.zeros_like(counts)
    # Imported here so that a run without matches does not load SciPy.
    from scipy.spatial import cKDTree

    far, near = cKDTree(handles.start).query(handles.start, NEIGHBOURS + 1)
    dense = np.median(far[:, 1:], axis=1) <= handles.reach
    return np.asarray(np.where(dense, np.minimum(counts, np.median(counts[near[:, 1:]], axis=1)), 0))


def bend_towards(field: Field, places: Places, values: Places, handles: Handles) -> tuple[Field, Field]:
    """The field (h, w, 2) with the handles' values around their places, and how far it is theirs, (h, w) in 0..1.

    Between handles that turn or grow together everything turns and grows with them: moving least squares with
    similarities (Schaefer et al. 2006, section 2.2), which becomes a plain shift where handles are few or close
    together.

    Args:
        places: (N, 2), where the values hold.
        values: (N, 2).
        handles: their reach and weight.
    """
    height, width = field.shape[:2]
    # Weighted sums over the handles, seen from each pixel, of: 1, place, value, |place|^2, place . value, place x
    # value, reach^2.
    sums = np.zeros((height, width, 9), np.float32)
    for place, value, reach, weight in zip(places, values, handles.reach, handles.weight, strict=True):
        left, top = (max(0, math.ceil(c - 1.5 * reach)) for c in place)
        right, bottom = (min(n, math.floor(c + 1.5 * reach) + 1) for n, c in zip((width, height), place, strict=True))
        if left >= right or top >= bottom:
            continue
        x, y = np.meshgrid(place[0] - np.arange(left, right), place[1] - np.arange(top, bottom))
        near = np.clip(1.5 - np.hypot(x, y) / reach, 0, 1)
        share = weight * near * near * (3 - 2 * near)
        u, v = np.broadcast_to(value[0], x.shape), np.broadcast_to(value[1], x.shape)
        one, size = np.ones_like(x), np.full_like(x, reach * reach)
        moments = np.stack([one, x, y, u, v, x * x + y * y, x * u + y * v, x * v - y * u, size], axis=2)
        sums[top:bottom, left:right] += share[..., None] * moments
    taken = np.minimum(sums[..., 0], 1)
    mean = sums / np.maximum(sums[..., :1], 1e-6)
    x, y, u, v, square, dot, cross, size = np.moveaxis(mean, 2, 0)[1:]
    spread = np.maximum(square - x * x - y * y, 0) + SHIFT_SHARE * size + 1e-6
    grow, turn = (dot - x * u - y * v) / spread, (cross - x * v + y * u) / spread
    theirs = np.stack([u - grow * x + turn * y, v - turn * x - grow * y], axis=2)
    return np.asarray(field + taken[..., None] * (theirs - field), np.float32), np.asarray(taken, np.float32)


def _read(field: Field, places: Places) -> Places:
    """(N, 2): the field at places, bilinearly; beyond the border as at the border."""
    if len(places) == 0:
        return np.zeros((0, 2), np.float32)
    # A row of points for OpenCV, which takes no more than 32766 of them.
    rows = [
        pull_at(field, part[None])[0]
        for part in np.array_split(np.asarray(places, np.float32), 1 + len(places) // 30_000)
    ]
    return np.asarray(np.concatenate(rows), np.float32)
