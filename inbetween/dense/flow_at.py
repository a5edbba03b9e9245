"""For a frame between two keys: where each of its pixels lies in either key."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from inbetween.dense.flows import Flows
from inbetween.dense.follow import Handles, bend_towards
from inbetween.dense.invert import motion_on_arrival
from inbetween.dense.warp import Field, Image, length, pull, pull_known, weighted

RIM_SIGMA = 1.5
"""Standard deviation, in pixels of the coarse grid, of the Gaussian that joins scattered pixels into one rim. Chosen by
eye."""


class KeyFlows(NamedTuple):
    """The flow from a frame between two keys to either of them, on the coarse grid."""

    to_start: Field
    to_end: Field
    """Both (h, w, 2), in pixels of the coarse grid."""
    seen: tuple[Field, Field] | None = None
    """Two of (h, w), 0..1: how far what is read in the start key, and in the end key, can be seen in the frame at all.
    None means 1 everywhere."""


def flow_at(
    t: float, flows: Flows, accelerations: tuple[Field, Field], guided: tuple[Flows, Handles] | None = None
) -> KeyFlows:
    """The flow from the frame at time t to both keys.

    What arrives at time t from either key is averaged, weighted by its consistency and by how surely it arrives there;
    the nearer key counts for more.

    Args:
        t: 0 (start) to 1 (end).
        accelerations: see `acceleration.accelerations`.
        guided: the same flows after they were made to follow handles, and these handles, which move on their own paths
            at their own pace. None where there are no handles.
    """
    motions = _motions(t, flows, accelerations)
    plain = _pooled(t, flows, *(motion_on_arrival(motion) for motion in motions))
    if guided is None:
        return KeyFlows(*plain)
    bent, handles = guided
    now = handles.between(t)
    sides = [
        _guided(motion, places, now, handles)
        for motion, places in zip(_motions(t, bent, accelerations), (handles.start, handles.end), strict=True)
    ]
    ways = _pooled(t, bent, *((side.found, side.off) for side in sides))
    near = np.maximum(sides[0].near, sides[1].near)
    # At the rim of the guided regions, what is read goes somewhere else in both keys: there the flow without handles is
    # used.
    seen = np.maximum(*(_here(side, way, near) for side, way in zip(sides, ways, strict=True)))
    lost = cv2.GaussianBlur(seen, (0, 0), RIM_SIGMA) < 0.5
    to_start, to_end = (np.where(lost[..., None], old, way) for old, way in zip(plain, ways, strict=True))
    # What is read in a key but moves somewhere else cannot be seen here: its old place shows the other key.
    return KeyFlows(to_start, to_end, (_here(sides[0], to_start, near), _here(sides[1], to_end, near)))


def _motions(t: float, flows: Flows, accelerations: tuple[Field, Field]) -> tuple[Field, Field]:
    """How far everything has moved at time t: (h, w, 2) on the start key's grid, and the same on the end key's grid."""
    way, bend = np.float32(t), np.float32(t * (1 - t) / 2)
    return way * flows.forward - bend * accelerations[0], (1 - way) * flows.backward - bend * accelerations[1]


def _pooled(t: float, flows: Flows, start: tuple[Field, Field], end: tuple[Field, Field]) -> tuple[Field, Field]:
    """The flow from the frame at time t to the start and to the end key.

    Args:
        start, end: what arrives from that key, and how far off it is: see `motion_on_arrival`.
    """
    (from_start, start_off), (from_end, end_off) = start, end
    to_start, to_end = -from_start, -from_end
    # A pixel that has come from the start key has its whole way to the end key in that key's flow, and the other way
    # round.
    whole_forward, forward_error = pull_known(flows.forward, flows.forward_error, to_start)
    whole_backward, backward_error = pull_known(flows.backward, flows.backward_error, to_end)
    trust_start = np.float32(1 - t) * _trust(forward_error, start_off)
    trust_end = np.float32(t) * _trust(backward_error, end_off)
    share = np.asarray(trust_start / (trust_start + trust_end), np.float32)
    by_end = whole_backward + to_end
    by_start = whole_forward + to_start
    return by_end + weighted(to_start - by_end, share), to_end + weighted(by_start - to_end, share)


class _Guided(NamedTuple):
    """One key's motion, with the handles in it."""

    motion: Field
    """(h, w, 2): how far everything has moved, on the key's grid."""
    found: Field
    off: Field
    """What arrives at each pixel of the frame, and by how many pixels it is off: see `motion_on_arrival`."""
    near: Field
    """(h, w), 0..1: 1 near the places where a handle was in the key, or is in the frame."""


def _guided(motion: Field, places: Field, now: Field, handles: Handles) -> _Guided:
    """What arrives by a motion in which the handles go from `places` in the key to where they are `now`."""
    bent, there = bend_towards(motion, places, now - places, handles)
    found, off = motion_on_arrival(bent)
    # Where a handle arrives, something else may have been before.
    found, here = bend_towards(found, now, now - places, handles)
    near = np.minimum(4 * np.maximum(there, here), 1)
    return _Guided(bent, found, np.asarray(off * (1 - here), np.float32), np.asarray(near, np.float32))


def _here(side: _Guided, to_key: Field, near: Field) -> Field:
    """(h, w), 0..1: how far what is read in a key arrives here by its own motion. It is 1 away from the handles."""
    off = np.asarray(pull(side.motion, to_key), np.float32) + to_key
    return np.asarray(1 - near * (1 - np.exp(-length(off))), np.float32)


def _trust(error: Image, off: Field) -> Field:
    """(h, w): falls with the forward-backward error in pixels of the picture, and with how far the arrival is off. The
    weight of the first, 0.1, and the bound are chosen by eye.
    """
    return np.asarray(np.exp(-np.minimum(np.float32(0.1) * error + off, 6)), np.float32)
