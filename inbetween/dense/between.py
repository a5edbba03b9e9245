"""A picture between two keys: where each of its pixels lies in either key, and the two keys merged there."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from inbetween.dense.invert import arriving
from inbetween.dense.pair import Flows
from inbetween.dense.warp import Field, Image, inside, pull

GHOST_LEVELS = (30.0, 60.0)
"""Difference of the two warped keys, in levels, from which a cross-fade takes over, and where it is all."""
SOFTENING = ((0.3, 0.8, 0.5), (0.8, 2.0, 1.0))
"""From how far, and to how far, the two warped keys are out of register for the picture to be softened, and
the Gaussian's sigma; all in pixels."""


def flow_at(t: float, flows: Flows, accelerations: tuple[Field, Field]) -> tuple[Field, Field]:
    """Flow from the picture at time t to the start and to the end key, (h, w, 2) each.

    t in [0, 1]. What arrives at t from either key is pooled by its consistency and by how surely it arrives
    there, the nearer key counting for more.
    """
    u, bend = np.float32(1 - t), np.float32(t * (1 - t) / 2)
    way = np.float32(t)
    from_start, start_off = arriving(way * flows.forward - bend * accelerations[0])
    from_end, end_off = arriving(u * flows.backward - bend * accelerations[1])
    # A pixel that has come from the start key knows its whole way to the end key, and the other way round.
    whole_forward = np.asarray(pull(flows.forward, -from_start), np.float32)
    whole_backward = np.asarray(pull(flows.backward, -from_end), np.float32)
    trust_start = u * _trust(pull(flows.forward_error, -from_start), start_off)
    trust_end = way * _trust(pull(flows.backward_error, -from_end), end_off)
    share = (trust_start / (trust_start + trust_end))[..., None]
    to_start = share * -from_start + (1 - share) * (whole_backward - from_end)
    to_end = share * (whole_forward - from_start) + (1 - share) * -from_end
    return np.asarray(to_start, np.float32), np.asarray(to_end, np.float32)


def _trust(error: Image, off: Field) -> Field:
    return np.asarray(np.exp(-np.minimum(np.float32(0.3) * error + off, 6)), np.float32)


def merged(
    start: Image,
    end: Image,
    to_start: Field,
    to_end: Field,
    t: float,
    sampling: str = "adaptive",
    fallback: bool = True,
) -> Image:
    """Both keys warped to time t and mixed by it, leaving out what would be read from outside a picture.

    start, end: (H, W, C) uint8, or float32 in 0..255; the flows on the coarse grid. sampling: "bilinear",
    "bicubic", or "adaptive": bicubic, softened where the keys are seen to be out of register, so that
    sharpness does not show a wrong edge twice. With `fallback` the two are cross-faded where they disagree
    beyond hope: a ghost is less of an eyesore than torn strips.
    """
    warped, masks = [], []
    seen = inside(to_start), inside(to_end)
    interpolation = cv2.INTER_LINEAR if sampling == "bilinear" else cv2.INTER_CUBIC
    for key, flow, share, there in ((start, to_start, 1 - t, seen[0]), (end, to_end, t, seen[1])):
        mask = np.where(there, np.float32(share), np.float32(share * 1e-3))
        warped.append(pull(key, _enlarged(flow, key.shape[:2]), interpolation))
        masks.append(_resized(mask, key.shape[:2]))
    out = _blended(warped[0], warped[1], masks[0], masks[1])
    # Where a key is read from outside its picture there is nothing to compare.
    levels = _coarse(cv2.absdiff(warped[0], warped[1]), to_start.shape[:2], seen[0] & seen[1])
    if sampling == "adaptive":
        # A difference over a gradient is a distance.
        off = levels / (_coarse(_gradient(out), to_start.shape[:2]) + 1)
        for low, high, sigma in SOFTENING:
            soft = _ramp(off, low, high)
            if soft.any():
                out = _mixed(cv2.GaussianBlur(out, (0, 0), sigma), out, soft)
    ghost = _ramp(levels, *GHOST_LEVELS)
    if fallback and ghost.any():
        out = _mixed(cv2.addWeighted(start, 1 - t, end, t, 0), out, ghost)
    return out


def _coarse(image: Image, size: tuple[int, int], where: NDArray[np.bool_] | None = None) -> Field:
    """(h, w): the mean of the colours, smoothed by a Gaussian of 3 px of the full picture; 0 but `where`."""
    weights = np.array([[1 / 3, 1 / 3, 1 / 3, 0][: image.shape[2]]], np.float32)
    mean = cv2.transform(image, weights).astype(np.float32)
    coarse = cv2.resize(mean, size[::-1], interpolation=cv2.INTER_AREA)
    if where is not None:
        coarse = coarse * where
    return np.asarray(cv2.GaussianBlur(coarse, (0, 0), 3 * size[1] / image.shape[1]), np.float32)


def _gradient(image: Image) -> Image:
    """(H, W, C): |d/dx| and |d/dy|, averaged."""
    across, down = np.zeros_like(image), np.zeros_like(image)
    cv2.absdiff(image[:, 1:], image[:, :-1], across[:, 1:])
    cv2.absdiff(image[1:], image[:-1], down[1:])
    return np.asarray(cv2.addWeighted(across, 0.5, down, 0.5, 0))


def _ramp(values: Field, low: float, high: float) -> Field:
    return np.asarray(np.clip((values - low) / (high - low), 0, 1), np.float32)


def _mixed(image: Image, other: Image, share: Field) -> Image:
    """share * image + (1 - share) * other; share: (h, w) on the coarse grid."""
    full = _resized(share, image.shape[:2])
    return _blended(image, other, full, 1 - full)


def _blended(a: Image, b: Image, weight_a: Field, weight_b: Field) -> Image:
    """The weighted mean; the weights are (H, W)."""
    if a.dtype == np.uint8:
        return np.asarray(cv2.blendLinear(a, b, weight_a, weight_b))
    # OpenCV adds 1e-5 to the sum of the weights: too much for 16 bits.
    share = (weight_a / (weight_a + weight_b))[..., None]
    return np.asarray(b + share * (a - b), np.float32)


def _enlarged(flow: Field, size: tuple[int, int]) -> Field:
    scale = np.array([size[1] / flow.shape[1], size[0] / flow.shape[0]], np.float32)
    return _resized(flow, size) * scale


def _resized(field: Field, size: tuple[int, int]) -> Field:
    return np.asarray(cv2.resize(field, size[::-1], interpolation=cv2.INTER_LINEAR), np.float32)
