"""A picture between two keys: where each of its pixels lies in either key, and the two keys merged there."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from inbetween.dense.holes import push_pull
from inbetween.dense.pair import Flows
from inbetween.dense.splat import splat
from inbetween.dense.warp import Field, inside, pull

GHOST_LEVELS = (30.0, 60.0)
"""Difference of the two warped keys, in grey levels, from which a cross-fade takes over, and where it is all."""


def flow_at(t: float, flows: Flows, accelerations: tuple[Field, Field]) -> tuple[Field, Field]:
    """Flow from the picture at time t to the start and to the end key, (h, w, 2) each, by forward splatting.

    t in [0, 1]. Both keys' pixels are carried to t, pooled by their consistency, and holes are filled from
    around them.
    """
    u, bend = np.float32(1 - t), np.float32(t * (1 - t) / 2)
    t = np.float32(t)
    pooled = total = covered = None
    for flow, error, acceleration, share, near, far in (
        (flows.forward, flows.forward_error, accelerations[0], u, slice(0, 2), slice(2, 4)),
        (flows.backward, flows.backward_error, accelerations[1], t, slice(2, 4), slice(0, 2)),
    ):
        motion = (1 - share) * flow - bend * acceleration
        values = np.empty((*flow.shape[:2], 4), np.float32)
        values[..., near] = -motion
        values[..., far] = flow - motion
        carried, weight, ones = splat(motion, np.exp(-np.minimum(0.3 * error, 6)), values)
        pooled = share * carried if pooled is None else pooled + share * carried
        total = share * weight if total is None else total + share * weight
        covered = ones if covered is None else np.maximum(covered, ones)
    assert pooled is not None and total is not None and covered is not None
    # Holes are decided by the unweighted coverage: by the weights, every inconsistent region would be one.
    trust = np.where(total > 1e-8, np.clip(covered / 0.3, 0, 1), 0).astype(np.float32)
    both = push_pull(pooled / np.maximum(total, 1e-8)[..., None], trust)
    return np.ascontiguousarray(both[..., :2]), np.ascontiguousarray(both[..., 2:])


def merged(
    start: NDArray[np.generic],
    end: NDArray[np.generic],
    to_start: Field,
    to_end: Field,
    t: float,
    interpolation: int = cv2.INTER_LINEAR,
    fallback: bool = True,
) -> NDArray[np.generic]:
    """Both keys warped to time t and mixed by it, leaving out what would be read from outside a picture.

    start, end: (H, W, C) uint8, or float32 in 0..255; the flows on the coarse grid. With `fallback` the two
    are cross-faded where they disagree beyond hope: a ghost is less of an eyesore than torn strips.
    """
    warped, masks = [], []
    seen = inside(to_start), inside(to_end)
    for key, flow, share, there in ((start, to_start, 1 - t, seen[0]), (end, to_end, t, seen[1])):
        mask = np.where(there, np.float32(share), np.float32(share * 1e-3))
        warped.append(pull(key, _enlarged(flow, key.shape[:2]), interpolation))
        masks.append(_resized(mask, key.shape[:2]))
    out = cv2.blendLinear(warped[0], warped[1], masks[0], masks[1])
    if fallback:
        doubt = _ghosting(warped[0], warped[1], seen[0] & seen[1])
        if doubt.max() > 0:
            doubt = _resized(doubt, start.shape[:2])
            crossfade = cv2.addWeighted(start, 1 - t, end, t, 0)
            out = cv2.blendLinear(crossfade, out, doubt, 1 - doubt)
    return np.asarray(out)


def _ghosting(a: NDArray[np.generic], b: NDArray[np.generic], both: NDArray[np.bool_]) -> Field:
    """(h, w) on the coarse grid: 0 where the two warped keys agree, 1 where they have nothing in common.

    both: (h, w), where neither key is read from outside its picture; elsewhere there is nothing to compare.
    """
    difference = cv2.absdiff(a, b)
    mean = difference[..., :3].mean(axis=2, dtype=np.float32)
    coarse = cv2.resize(mean, both.shape[::-1], interpolation=cv2.INTER_AREA) * both
    smooth = cv2.GaussianBlur(coarse, (0, 0), 3 * both.shape[1] / a.shape[1])
    low, high = GHOST_LEVELS
    return np.asarray(np.clip((smooth - low) / (high - low), 0, 1), np.float32)


def _enlarged(flow: Field, size: tuple[int, int]) -> Field:
    scale = np.array([size[1] / flow.shape[1], size[0] / flow.shape[0]], np.float32)
    return _resized(flow, size) * scale


def _resized(field: Field, size: tuple[int, int]) -> Field:
    return np.asarray(cv2.resize(field, size[::-1], interpolation=cv2.INTER_LINEAR), np.float32)
