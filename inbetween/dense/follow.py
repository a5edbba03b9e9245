"""A dense motion that goes where it is told: smoothly, and only near the places that were told of.

What was drawn or matched is a set of handles, each with its place in the start key, in the end key and at any time
between. Around a handle everything moves with it; at one and a half times its reach nothing does any more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from inbetween.dense.pair import Flows
from inbetween.dense.warp import Field

Places = NDArray[np.float32]
"""(N, 2), x and y in pixels of the coarse grid."""
SURE_OFF = (1.0, 3.0)
"""By how many pixels of the coarse grid a flow and a found handle differ where the handle begins to count, and where
it counts all: what optical flow has seen itself it knows better than points do."""


@dataclass(frozen=True, eq=False)
class Handles:
    """Things whose motion is known."""

    start: Places
    end: Places
    between: Callable[[float], Places]
    """At t in [0, 1]."""
    reach: NDArray[np.float32]
    """(N,), pixels of the coarse grid: to where half of the motion is taken over."""
    weight: NDArray[np.float32]
    """(N,), 0..1."""
    found: NDArray[np.bool_]
    """(N,): found by a matcher, so that it only counts where the flow says otherwise."""


def followed(flows: Flows, handles: Handles) -> tuple[Flows, Handles]:
    """The flows with the handles' motion, and the handles with the weights that they have against these flows."""
    way = handles.end - handles.start
    off = np.linalg.norm(_read(flows.forward, handles.start) - way, axis=1)
    off_back = np.linalg.norm(_read(flows.backward, handles.end) + way, axis=1)
    low, high = SURE_OFF
    counts = np.clip((np.maximum(off, off_back) - low) / (high - low), 0, 1)
    weight = np.asarray(np.where(handles.found, counts, 1) * handles.weight, np.float32)
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
    forward, sure = towards(flows.forward, handles.start, way, handles)
    backward, sure_back = towards(flows.backward, handles.end, -way, handles)
    bent = replace(
        flows,
        forward=forward,
        backward=backward,
        forward_error=flows.forward_error * (1 - sure),
        backward_error=flows.backward_error * (1 - sure_back),
    )
    return bent, handles


def towards(field: Field, places: Places, values: Places, handles: Handles) -> tuple[Field, Field]:
    """The field (h, w, 2) with the handles' values (N, 2) around their places, and how far it is theirs (h, w)."""
    height, width = field.shape[:2]
    sums, shares = np.zeros_like(field), np.zeros((height, width), np.float32)
    for (x, y), value, reach, weight in zip(places, values, handles.reach, handles.weight, strict=True):
        far = 1.5 * reach
        left, top = max(0, int(np.ceil(x - far))), max(0, int(np.ceil(y - far)))
        right, bottom = min(width, int(x + far) + 1), min(height, int(y + far) + 1)
        if left >= right or top >= bottom:
            continue
        apart = np.hypot(np.arange(left, right) - x, np.arange(top, bottom)[:, None] - y) / reach
        near = np.clip(1.5 - apart, 0, 1)
        share = np.asarray(weight * near * near * (3 - 2 * near), np.float32)
        shares[top:bottom, left:right] += share
        sums[top:bottom, left:right] += share[..., None] * value
    taken = np.minimum(shares, 1)[..., None]
    theirs = sums / np.maximum(shares, np.float32(1e-6))[..., None]
    return np.asarray(field + taken * (theirs - field), np.float32), taken[..., 0]


def _read(field: Field, places: Places) -> Places:
    """(N, 2): the field at places, the border repeated."""
    if len(places) == 0:
        return np.zeros((0, 2), np.float32)
    # A row of points for OpenCV; it takes no more than 32766 of them.
    rows = [
        cv2.remap(field, part[None], np.empty(0), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[0]
        for part in np.array_split(np.asarray(places, np.float32), 1 + len(places) // 30_000)
    ]
    return np.asarray(np.concatenate(rows), np.float32)
