"""A picture between two keys: where each of its pixels lies in either key."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from inbetween.dense.flows import Flows
from inbetween.dense.follow import Handles, towards
from inbetween.dense.invert import arriving
from inbetween.dense.warp import Field, Image, length, pull, pull_known, weighted

RIM_SIGMA = 1.5
"""Of the Gaussian that makes one rim out of crumbs, in pixels of the coarse grid."""


class Way(NamedTuple):
    """From a picture between two keys to either of them; all on the coarse grid."""

    to_start: Field
    to_end: Field
    """(h, w, 2)."""
    seen: tuple[Field, Field] | None = None
    """(h, w), 0..1: how far what is read in the start key, and in the end key, is to be seen at all; None is 1."""


def flow_at(
    t: float, flows: Flows, accelerations: tuple[Field, Field], told: tuple[Flows, Handles] | None = None
) -> Way:
    """Flow from the picture at time t to both keys.

    t in [0, 1]. What arrives at t from either key is pooled by its consistency and by how surely it arrives
    there, the nearer key counting for more. told: the same flows as they follow handles, and the handles, which go
    their own way at their own pace.
    """
    motions = _motions(t, flows, accelerations)
    plain = _pooled(t, flows, *(arriving(motion) for motion in motions))
    if told is None:
        return Way(*plain)
    bent, handles = told
    now = handles.between(t)
    sides = [
        _told(motion, places, now, handles)
        for motion, places in zip(_motions(t, bent, accelerations), (handles.start, handles.end), strict=True)
    ]
    ways = _pooled(t, bent, *((side.found, side.off) for side in sides))
    near = np.maximum(sides[0].near, sides[1].near)
    # At the rim of what was told, what is read goes elsewhere in both keys: there all is as untold.
    seen = np.maximum(*(_here(side, way, near) for side, way in zip(sides, ways, strict=True)))
    lost = cv2.GaussianBlur(seen, (0, 0), RIM_SIGMA) < 0.5
    to_start, to_end = (np.where(lost[..., None], old, way) for old, way in zip(plain, ways, strict=True))
    # What is read in a key but goes elsewhere is not to be seen: its old place shows the other key.
    return Way(to_start, to_end, (_here(sides[0], to_start, near), _here(sides[1], to_end, near)))


def _motions(t: float, flows: Flows, accelerations: tuple[Field, Field]) -> tuple[Field, Field]:
    """How far everything has gone from the start key, and from the end key."""
    way, bend = np.float32(t), np.float32(t * (1 - t) / 2)
    return way * flows.forward - bend * accelerations[0], (1 - way) * flows.backward - bend * accelerations[1]


def _pooled(t: float, flows: Flows, start: tuple[Field, Field], end: tuple[Field, Field]) -> tuple[Field, Field]:
    """Flow to the start and to the end key, of what arrives from either: see `arriving`."""
    (from_start, start_off), (from_end, end_off) = start, end
    to_start, to_end = -from_start, -from_end
    # A pixel that has come from the start key knows its whole way to the end key, and the other way round.
    whole_forward, forward_error = pull_known(flows.forward, flows.forward_error, to_start)
    whole_backward, backward_error = pull_known(flows.backward, flows.backward_error, to_end)
    trust_start = np.float32(1 - t) * _trust(forward_error, start_off)
    trust_end = np.float32(t) * _trust(backward_error, end_off)
    share = np.asarray(trust_start / (trust_start + trust_end), np.float32)
    by_end = whole_backward + to_end
    by_start = whole_forward + to_start
    return by_end + weighted(to_start - by_end, share), to_end + weighted(by_start - to_end, share)


class _Told(NamedTuple):
    motion: Field
    """From the key, with the handles."""
    found: Field
    off: Field
    """See `arriving`."""
    near: Field
    """(h, w), 0..1: near where a handle was, or is."""


def _told(motion: Field, places: Field, now: Field, handles: Handles) -> _Told:
    """What arrives by a motion in which the handles go from `places` to where they are `now`."""
    bent, there = towards(motion, places, now - places, handles)
    found, off = arriving(bent)
    # Where a handle arrives something else may have been before.
    found, here = towards(found, now, now - places, handles)
    near = np.minimum(4 * np.maximum(there, here), 1)
    return _Told(bent, found, np.asarray(off * (1 - here), np.float32), np.asarray(near, np.float32))


def _here(side: _Told, to_key: Field, near: Field) -> Field:
    """(h, w), 0..1: how far what is read in a key comes here by its own motion; asked near the handles only."""
    off = np.asarray(pull(side.motion, to_key), np.float32) + to_key
    return np.asarray(1 - near * (1 - np.exp(-length(off))), np.float32)


def _trust(error: Image, off: Field) -> Field:
    return np.asarray(np.exp(-np.minimum(np.float32(0.1) * error + off, 6)), np.float32)
