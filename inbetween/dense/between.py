"""A picture between two keys: where each of its pixels lies in either key, and the two keys merged there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from inbetween.dense.follow import Handles, towards
from inbetween.dense.invert import arriving
from inbetween.dense.pair import Flows
from inbetween.dense.warp import Field, Image, doubled, grid, inside, pull, pull_at

GHOST_LEVELS = (40.0, 120.0)
"""Difference of the two warped keys, in grey levels, from which a cross-fade takes over, and where it is all."""
SOFT_OFF, SOFT_SHARE = (0.25, 0.72, 1.8), (0.0, 0.36, 1.0)
"""By how many pixels the two warped keys are out of register, and the share of the softened picture there."""
LARGEST_DOUBLED = 8192
"""Pixels of a side; twice as many are still within what OpenCV's remap takes."""
SOFT_SIGMA = 1.0
"""Of the Gaussian that softens, in pixels."""
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
    # A pixel that has come from the start key knows its whole way to the end key, and the other way round.
    whole_forward = np.asarray(pull(flows.forward, -from_start), np.float32)
    whole_backward = np.asarray(pull(flows.backward, -from_end), np.float32)
    trust_start = np.float32(1 - t) * _trust(pull(flows.forward_error, -from_start), start_off)
    trust_end = np.float32(t) * _trust(pull(flows.backward_error, -from_end), end_off)
    share = (trust_start / (trust_start + trust_end))[..., None]
    to_start = share * -from_start + (1 - share) * (whole_backward - from_end)
    to_end = share * (whole_forward - from_start) + (1 - share) * -from_end
    return np.asarray(to_start, np.float32), np.asarray(to_end, np.float32)


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
    return np.asarray(1 - near * (1 - np.exp(-cv2.magnitude(off[..., 0], off[..., 1]))), np.float32)


def _trust(error: Image, off: Field) -> Field:
    return np.asarray(np.exp(-np.minimum(np.float32(0.1) * error + off, 6)), np.float32)


@dataclass(frozen=True, eq=False)
class Source:
    """A key as it is read while it is warped."""

    picture: Image
    """(H, W, C) uint8, or float32 in 0..255."""
    sharp: bool
    """Read with a bicubic kernel, not a bilinear one."""
    fine: Image | None
    """See `warp.doubled`."""


def source(picture: Image, sampling: str) -> Source:
    """A key, for all the pictures in which it is read. sampling: see `merged`."""
    sharp = sampling != "bilinear"
    if not sharp or picture.dtype != np.uint8 or max(picture.shape) > LARGEST_DOUBLED:
        return Source(picture, sharp, None)
    return Source(picture, sharp, doubled(np.asarray(picture, np.uint8)))


def merged(
    start: Source,
    end: Source,
    way: Way,
    t: float,
    sampling: str = "adaptive",
    fallback: bool = True,
) -> Image:
    """Both keys warped to time t and mixed by it, leaving out what would be read from outside a picture.

    sampling: "bilinear", "bicubic", or "adaptive": bicubic, softened where the keys are seen to be out of register,
    so that sharpness does not show a wrong edge twice. With `fallback` the two are cross-faded where they disagree
    beyond hope: a ghost is less of an eyesore than torn strips. Returns (H, W, C), of the keys' dtype.
    """
    coarse = way.to_start.shape[:2]
    from_start, from_end = _warped(start, way.to_start), _warped(end, way.to_end)
    there: list[Field] = [np.asarray(inside(flow), np.float32) for flow in (way.to_start, way.to_end)]
    if way.seen is not None:
        there = [own * seen for own, seen in zip(there, way.seen, strict=True)]
    shares = [share * np.maximum(seen, 1e-3) for seen, share in zip(there, (1 - t, t), strict=True)]
    out = _mixed(from_start, from_end, np.asarray(shares[0] / (shares[0] + shares[1]), np.float32))
    seen_grey = _grey(from_start)
    # Where one key is read from outside its picture, or is not to be seen, there is nothing to compare.
    levels = _smooth(cv2.absdiff(seen_grey, _grey(from_end)), coarse, there[0] * there[1])
    if sampling == "adaptive":
        # A difference over a gradient is a distance.
        off = levels / (_smooth(_gradient(seen_grey), coarse) + 1)
        soft = np.interp(off, SOFT_OFF, SOFT_SHARE).astype(np.float32)
        if soft.any():
            out = _mixed(cv2.GaussianBlur(out, (5, 5), SOFT_SIGMA), out, soft)
    low, high = GHOST_LEVELS
    ghost = np.asarray(np.clip((levels - low) / (high - low), 0, 1), np.float32)
    if fallback and ghost.any():
        out = _mixed(cv2.addWeighted(start.picture, 1 - t, end.picture, t, 0), out, ghost)
    return out


def _warped(key: Source, flow: Field) -> Image:
    """The key (H, W, C) read where the coarse flow points."""
    height, width = key.picture.shape[:2]
    times = 1 if key.fine is None else 2
    scale = times * np.array([width / flow.shape[1], height / flow.shape[0]], np.float32)
    where = np.asarray(cv2.resize(flow * scale, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
    cv2.add(where, grid(height, width, times), where)
    if key.fine is not None:
        return np.asarray(cv2.cvtColor(pull_at(key.fine, where), cv2.COLOR_RGBA2RGB))
    return pull_at(key.picture, where, cv2.INTER_CUBIC if key.sharp else cv2.INTER_LINEAR)


def _grey(image: Image) -> Image:
    code = cv2.COLOR_RGB2GRAY if image.shape[2] == 3 else cv2.COLOR_RGBA2GRAY
    return np.asarray(cv2.cvtColor(image, code))


def _gradient(grey: Image) -> Image:
    """(H, W): |d/dx| and |d/dy|, averaged."""
    across, down = np.zeros_like(grey), np.zeros_like(grey)
    cv2.absdiff(grey[:, 1:], grey[:, :-1], across[:, 1:])
    cv2.absdiff(grey[1:], grey[:-1], down[1:])
    return np.asarray(cv2.addWeighted(across, 0.5, down, 0.5, 0))


def _smooth(grey: Image, size: tuple[int, int], where: Field | None = None) -> Field:
    """(h, w) on the coarse grid, smoothed by a Gaussian of 3 px of the full picture; times `where`."""
    coarse = cv2.resize(grey.astype(np.float32), size[::-1], interpolation=cv2.INTER_AREA)
    if where is not None:
        coarse = coarse * where
    return np.asarray(cv2.GaussianBlur(coarse, (0, 0), 3 * size[1] / grey.shape[1]), np.float32)


def _mixed(a: Image, b: Image, share: Field) -> Image:
    """share * a + (1 - share) * b, of a's dtype; share: (h, w) on the coarse grid."""
    full = cv2.resize(share, a.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    if a.dtype == np.uint8:
        return np.asarray(cv2.blendLinear(a, b, full, 1 - full))
    # OpenCV adds 1e-5 to the sum of the weights: too much for 16 bits.
    return np.asarray(b + full[..., None] * (a - b), np.float32)
