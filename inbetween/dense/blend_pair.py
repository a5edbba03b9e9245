"""The frame between two keys: both of them are warped to its time and blended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from inbetween.dense.flow_at import KeyFlows
from inbetween.dense.warp import Field, Image, doubled, inside, pull_at

GHOST_LEVELS = (40.0, 120.0)
"""Smoothed difference of the two warped keys, in grey levels: from the first on a cross-fade of the unwarped keys
begins to replace them, from the second on there is nothing else. Chosen by eye."""
SOFT_OFF, SOFT_SHARE = (0.25, 0.72, 1.8), (0.0, 0.36, 1.0)
"""By how many pixels the two warped keys are out of register, and the share of the softened frame there (linear
between). Chosen by eye."""
LARGEST_DOUBLED = 8192
"""The longest side, in pixels, of a key that is read from a doubled copy: OpenCV's remap takes sides below 32768."""
SOFT_SIGMA, SOFT_REACH = 1.0, 2
"""Standard deviation and radius, in pixels, of the Gaussian that softens. Chosen by eye."""
STRIP_PIXELS = 40_000
"""About so many pixels are warped and blended at a time: what that needs stays in the processor's cache."""


@dataclass(frozen=True, eq=False)
class PreparedKey:
    """A key, ready to be read while it is warped."""

    picture: Image
    """(H, W, C) uint8, or float32 in 0..255."""
    sharp: bool
    """Whether it is read with a bicubic kernel; else with a bilinear one."""
    fine: Image | None
    """The key at twice its size, see `warp.doubled`; None where it is read from `picture`."""


def prepared(picture: Image, sampling: str) -> PreparedKey:
    """A key, ready for all the frames that it is blended into.

    Args:
        picture: (H, W, C) uint8, or float32 in 0..255.
        sampling: see `blend`.
    """
    sharp = sampling != "bilinear"
    if not sharp or picture.dtype != np.uint8 or max(picture.shape) > LARGEST_DOUBLED:
        return PreparedKey(picture, sharp, None)
    return PreparedKey(picture, sharp, doubled(np.asarray(picture, np.uint8)))


def blend(
    start: PreparedKey, end: PreparedKey, way: KeyFlows, t: float, sampling: str = "adaptive", fallback: bool = True
) -> Image:
    """Both keys warped to time t and mixed by it. What would be read from outside a key is left out where possible.

    Args:
        way: the flow from the frame to both keys, on the coarse grid.
        t: time of the frame, 0 (start) to 1 (end).
        sampling: "bilinear"; "bicubic"; or "adaptive": bicubic, softened where the keys are seen to be out of register,
            so that sharpness does not show a wrong edge twice.
        fallback: cross-fade the unwarped keys where the warped ones differ by more than `GHOST_LEVELS`: a ghost
            disturbs less than torn strips.

    Returns:
        (H, W, C), of the keys' dtype.
    """
    a, b = start.picture, end.picture
    size, coarse = a.shape[:2], way.to_start.shape[:2]
    there: list[Field] = [np.asarray(inside(flow), np.float32) for flow in (way.to_start, way.to_end)]
    if way.seen is not None:
        there = [own * seen for own, seen in zip(there, way.seen, strict=True)]
    shares = [share * np.maximum(seen, 1e-3) for seen, share in zip(there, (1 - t, t), strict=True)]
    share = shares[0] / (shares[0] + shares[1])
    # Nearly everywhere time alone decides; a key counts for more only where the other one cannot be seen.
    only_start = _weight(np.maximum(share - (1 - t), 0) / max(t, 1e-6), a)
    only_end = _weight(np.maximum(1 - t - share, 0) / max(1 - t, 1e-6), a)
    at_start, at_end = _reader(start, way.to_start), _reader(end, way.to_end)
    plain, grey, apart = np.empty_like(a), np.empty(size, a.dtype), np.empty(size, a.dtype)
    for rows in _strips(size):
        one, other = at_start(rows), at_end(rows)
        cv2.addWeighted(one, 1 - t, other, t, 0, plain[rows])
        _lay_over(plain[rows], only_start, rows, lambda columns: one[:, columns])  # noqa: B023
        _lay_over(plain[rows], only_end, rows, lambda columns: other[:, columns])  # noqa: B023
        grey[rows] = _grey(one)
        cv2.absdiff(grey[rows], _grey(other), apart[rows])
    # Where one key is read from outside its border, or cannot be seen, there is nothing to compare.
    levels = _smooth(apart, coarse, there[0] * there[1])
    soft = ghost = np.zeros_like(levels)
    if sampling == "adaptive":
        # A difference of grey levels, divided by the gradient, is a distance in pixels.
        off = levels / (_smooth(_gradient(grey), coarse) + 1)
        soft = np.interp(off, SOFT_OFF, SOFT_SHARE)
    if fallback:
        low, high = GHOST_LEVELS
        ghost = np.clip((levels - low) / (high - low), 0, 1)
    softly, ghostly, out = _weight(soft, a), _weight(ghost, a), plain.copy()
    for rows in _strips(size):
        _lay_over(out[rows], softly, rows, lambda columns: _softened(plain, rows, columns))  # noqa: B023
        _lay_over(
            out[rows],
            ghostly,
            rows,
            lambda columns: np.asarray(cv2.addWeighted(a[rows, columns], 1 - t, b[rows, columns], t, 0)),  # noqa: B023
        )
    return out


def _softened(image: Image, rows: slice, columns: slice) -> Image:
    """(h, w, C): a part of the picture, smoothed by a Gaussian."""
    top, left = max(0, rows.start - SOFT_REACH), max(0, columns.start - SOFT_REACH)
    around = image[top : rows.stop + SOFT_REACH, left : columns.stop + SOFT_REACH]
    soft = cv2.GaussianBlur(around, (2 * SOFT_REACH + 1, 2 * SOFT_REACH + 1), SOFT_SIGMA)
    return np.asarray(soft[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left])


def _reader(key: PreparedKey, flow: Field) -> Callable[[slice], Image]:
    """A function that gives rows of the warped key, (h, W, C): the key read where the coarse flow points."""
    height, width = key.picture.shape[:2]
    times = 1 if key.fine is None else 2
    # x and y apart are read in less time than together.
    x, y = (
        np.asarray(cv2.resize(cv2.extractChannel(flow, number) * np.float32(times * side / coarse), (width, height)))
        for number, side, coarse in ((0, width, flow.shape[1]), (1, height, flow.shape[0]))
    )
    across, down = (times * np.arange(side, dtype=np.float32) for side in (width, height))

    def read(rows: slice) -> Image:
        where = x[rows] + across, y[rows] + down[rows, None]
        if key.fine is not None:
            return np.asarray(cv2.cvtColor(pull_at(key.fine, where), cv2.COLOR_RGBA2RGB))
        return pull_at(key.picture, where, cv2.INTER_CUBIC if key.sharp else cv2.INTER_LINEAR)

    return read


def _grey(image: Image) -> Image:
    """(h, w): the grey of RGB or RGBA, of the same dtype."""
    code = cv2.COLOR_RGB2GRAY if image.shape[2] == 3 else cv2.COLOR_RGBA2GRAY
    return np.asarray(cv2.cvtColor(image, code))


def _gradient(grey: Image) -> Image:
    """(H, W): the mean of |d/dx| and |d/dy|, in grey levels per pixel."""
    across, down = np.zeros_like(grey), np.zeros_like(grey)
    cv2.absdiff(grey[:, 1:], grey[:, :-1], across[:, 1:])
    cv2.absdiff(grey[1:], grey[:-1], down[1:])
    return np.asarray(cv2.addWeighted(across, 0.5, down, 0.5, 0))


def _smooth(grey: Image, size: tuple[int, int], where: Field | None = None) -> Field:
    """A grey picture on the coarse grid of `size` (h, w), times `where`, smoothed by a Gaussian of 3 pixels of the full
    picture.
    """
    coarse = cv2.resize(grey.astype(np.float32), size[::-1], interpolation=cv2.INTER_AREA)
    if where is not None:
        coarse = coarse * where
    return np.asarray(cv2.GaussianBlur(coarse, (0, 0), 3 * size[1] / grey.shape[1]), np.float32)


def _weight(share: Image, picture: Image) -> Image | None:
    """A share (h, w) in 0..1, enlarged to (H, W) as `_lay_over` takes it; None if it is 0 everywhere."""
    if not share.any():
        return None
    # In steps of 1/128: finer ones do not fit into 16 bits with a difference of 255.
    steps = np.rint(share * 128).astype(np.int16) if picture.dtype == np.uint8 else share.astype(np.float32)
    return np.asarray(cv2.resize(steps, picture.shape[1::-1], interpolation=cv2.INTER_LINEAR))


def _lay_over(strip: Image, weight: Image | None, rows: slice, other: Callable[[slice], Image]) -> None:
    """Blend `other` over the strip, in place: weight * other + (1 - weight) * strip.

    `other` is called with the range of columns in which its weight is not 0, and gives these columns.
    """
    if weight is None:
        return
    seen = np.flatnonzero(weight[rows].any(axis=0))
    if not len(seen):
        return
    columns = slice(int(seen[0]), int(seen[-1]) + 1)
    under, over, share = strip[:, columns], other(columns), _repeated(weight[rows, columns], strip.shape[2])
    if strip.dtype != np.uint8:
        under += share * (over - under)
        return
    apart = np.subtract(over, under, dtype=np.int16)
    apart *= share
    apart += 64
    apart >>= 7
    apart += under
    under[:] = apart


def _strips(size: tuple[int, int]) -> Iterator[slice]:
    """Ranges of rows of about `STRIP_PIXELS` pixels each, at least 8 rows, that cover a picture of `size` (H, W)."""
    height, width = size
    step = max(8, STRIP_PIXELS // width)
    for top in range(0, height, step):
        yield slice(top, min(top + step, height))


def _repeated(weight: Image, channels: int) -> Image:
    """A weight (h, w) as (h, w, channels)."""
    if channels == 3 and weight.dtype == np.int16:
        # Half the time of `merge`.
        return np.asarray(cv2.cvtColor(weight.view(np.uint16), cv2.COLOR_GRAY2RGB)).view(np.int16)
    return np.asarray(cv2.merge([weight] * channels))
