"""A picture between two keys: where each of its pixels lies in either key, and the two keys merged there."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from inbetween.dense.holes import push_pull
from inbetween.dense.pair import Flows
from inbetween.dense.splat import splat
from inbetween.dense.warp import Field, Image, inside, pull

GHOST_LEVELS = (30.0, 60.0)
"""Difference of the two warped keys, in levels, from which a cross-fade takes over, and where it is all."""


def flow_at(t: float, flows: Flows, accelerations: tuple[Field, Field]) -> tuple[Field, Field]:
    """Flow from the picture at time t to the start and to the end key, (h, w, 2) each, by forward splatting.

    t in [0, 1]. Both keys' pixels are carried to t, pooled by their consistency, the nearer key counting for
    more, and holes are filled from around them.
    """
    u, bend = np.float32(1 - t), np.float32(t * (1 - t) / 2)
    way = np.float32(t)
    from_start = way * flows.forward - bend * accelerations[0]
    from_end = u * flows.backward - bend * accelerations[1]
    # What a pixel knows, wherever it arrives: where to find itself in the start key, and in the end key.
    start_knows = np.dstack([-from_start, flows.forward - from_start])
    end_knows = np.dstack([flows.backward - from_end, -from_end])
    sums_a, weight_a, cover_a = splat(from_start, _weight(flows.forward_error), start_knows)
    sums_b, weight_b, cover_b = splat(from_end, _weight(flows.backward_error), end_knows)
    total = u * weight_a + way * weight_b
    both = (u * sums_a + way * sums_b) / np.maximum(total, 1e-8)[..., None]
    # Holes are decided by the unweighted coverage: by the weights, every inconsistent region would be one.
    trust = np.where(total > 1e-8, np.clip(np.maximum(cover_a, cover_b) / 0.3, 0, 1), 0)
    filled = push_pull(np.asarray(both, np.float32), np.asarray(trust, np.float32))
    return np.ascontiguousarray(filled[..., :2]), np.ascontiguousarray(filled[..., 2:])


def _weight(error: Field) -> Field:
    return np.asarray(np.exp(-np.minimum(0.3 * error, 6)), np.float32)


def merged(
    start: Image,
    end: Image,
    to_start: Field,
    to_end: Field,
    t: float,
    interpolation: int = cv2.INTER_LINEAR,
    fallback: bool = True,
) -> Image:
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


def _ghosting(a: Image, b: Image, both: NDArray[np.bool_]) -> Field:
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
