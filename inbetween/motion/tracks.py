"""Where the points of a track are at any time.

Between two places a track goes on a path:

straight  on a line, at constant speed.
spline    on a curve that is smooth in time and never swings beyond its places: PCHIP (Fritsch & Carlson 1980, "Monotone
          piecewise cubic interpolation") of x and of y, as Framer's drags do (arXiv 2410.18978).
arc       on a circle or a spiral. A line or a skeleton turns and grows evenly about one fixed point, as the
          least-squares similarity of its two places says (Umeyama 1991); what that does not explain is added evenly.
          A single point turns by the mean of two circles, through the place before both and through the place after
          both, so places on one circle give that circle. With no third place, or where it would turn by more than
          half a circle, it goes straight.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import PchipInterpolator

from inbetween.timeline.easing import parse_easing
from inbetween.types import Track

Places: TypeAlias = NDArray[np.floating]
Numbers: TypeAlias = NDArray[np.float64]
Complex: TypeAlias = NDArray[np.complex128]

PATHS = ("straight", "spline", "arc")
"""How a track goes from place to place, see above."""
FARTHEST = 1e6
"""Pixels from the picture's corner; a place beyond is taken for a typing error, and arithmetic stays exact within."""
STILL = 1e-9
"""The share of a whole path below which a step counts as none."""
SIMILAR = 0.5
"""The share of the variance that a similarity must explain; otherwise the places have no turn, as a skeleton that is
seen from the other side."""


def places_at(track: Track, t: ArrayLike) -> Places:
    """Where the points of a track are at some times.

    A straight path is a + (b - a) f in the dtype of `track.places`: at t = 1 it is off by at most one rounding in that
    dtype, and exact at the other places.

    Args:
        t: one time in [0, 1], or (T,) of them; what lies beyond counts as 0 or 1. An easing that goes beyond its ends
            takes the track beyond its places.

    Returns:
        (P, 2) or (T, P, 2), pixels, in the dtype of `track.places`.

    Raises:
        UnknownName, UsageError: the track's pace is not an easing.
    """
    times = _paced(track, t)
    dtype = track.places.dtype
    if track.path == "spline":
        return _splined(track, times).astype(dtype)
    segment, f = _segments(track, times)
    if track.path == "arc":
        return _turned(track, segment, f).astype(dtype)
    return _between(track.places, segment, f[..., None, None].astype(dtype))


def weights_at(track: Track, t: ArrayLike) -> Numbers:
    """How visible the points of a track are at some times: (P,) or (T, P) in [0, 1], linear between its places.

    Args:
        t: as in `places_at`.

    Raises:
        UnknownName, UsageError: the track's pace is not an easing.
    """
    segment, f = _segments(track, _paced(track, t))
    return np.asarray(np.clip(_between(track.weights, segment, f[..., None]), 0, 1), np.float64)


def sampled(tracks: Sequence[Track], times: ArrayLike) -> Numbers:
    """The points of all tracks at (T,) times: (T, P, 2) in pixels, where P counts the points of all tracks in their
    order.
    """
    if not tracks:
        return np.zeros((np.size(times), 0, 2))
    return np.concatenate([np.asarray(places_at(track, times), np.float64) for track in tracks], axis=1)


def equal_times(count: int) -> Numbers:
    """(count,) times from 0 to 1, equally far apart."""
    return np.linspace(0, 1, count)


def arc_length_times(places: ArrayLike) -> Numbers:
    """The times of a motion at constant speed along the straight lines between places: (K,), strictly ascending from 0
    to 1.

    A place given twice is rested at for 1 / (K - 1) of the time, as with equal times.

    Args:
        places: (K, 2), or (K, P, 2), whose points' paths are averaged; K >= 2.
    """
    steps = np.linalg.norm(np.diff(np.asarray(places, np.float64), axis=0), axis=-1)
    lengths = steps.reshape(len(steps), -1).mean(1)
    rests = lengths <= STILL * lengths.sum()
    shares = np.full(len(lengths), 1 / len(lengths))
    if not rests.all():
        shares[~rests] = lengths[~rests] / lengths[~rests].sum() * (1 - shares[rests].sum())
    times = np.concatenate([[0.0], np.cumsum(shares)])
    times[-1] = 1
    return times


def _paced(track: Track, t: ArrayLike) -> Numbers:
    """Times as the track's easing bends them; 0 and 1 stay."""
    times = np.clip(np.asarray(t, np.float64), 0, 1)
    if track.pace == "linear":
        return times
    easing = parse_easing(track.pace)
    bent = [easing(float(x)) if 0 < x < 1 else float(x) for x in times.flat]
    return np.array(bent, np.float64).reshape(times.shape)


def _segments(track: Track, times: Numbers) -> tuple[NDArray[np.intp], Numbers]:
    """The number of the place before each time, and the share of the time to the next place that has passed."""
    segment = np.clip(np.searchsorted(track.times, times, side="right") - 1, 0, len(track.times) - 2)
    begin, end = track.times[segment], track.times[segment + 1]
    return segment, (times - begin) / (end - begin)


def _between(values: Places, segment: NDArray[np.intp], f: Places) -> Places:
    a, b = values[segment], values[segment + 1]
    return np.asarray(a + (b - a) * f, values.dtype)


def _splined(track: Track, times: Numbers) -> Numbers:
    # SciPy divides by the slopes: with the tiniest ones that overflows, and becomes 0 in the next step, which is right.
    with np.errstate(over="ignore"):
        curve = PchipInterpolator(track.times, track.places.astype(np.float64), axis=0)
    inner = np.clip(times, 0, 1)
    made = curve(inner)
    if not np.array_equal(inner, times):
        made = made + curve(inner, 1) * (times - inner)[..., None, None]
    return np.asarray(made)


def _turned(track: Track, segment: NDArray[np.intp], f: Numbers) -> Numbers:
    """Places on arcs, in complex numbers: x + iy."""
    z = track.places[..., 0].astype(np.float64) + 1j * track.places[..., 1]
    if z.shape[1] == 1:
        turns, aims = 1j * _turns_of_a_point(z[:, 0]), z[1:]
    else:
        turns, aims = _similarities(z, track.weights)
    begin, aim, end = z[segment], aims[segment], z[segment + 1]
    turn, f = turns[segment, None], f[..., None]
    # (A^f - 1) / (A - 1) with A = exp(turn), which is f where nothing turns.
    whole = np.expm1(turn)
    way = np.where(whole == 0, f, np.expm1(f * turn) / np.where(whole == 0, 1, whole))
    made = begin + (aim - begin) * way + (end - aim) * f
    return np.stack([made.real, made.imag], axis=-1)


def _turns_of_a_point(z: Complex) -> Numbers:
    """By how much a point turns from each of its places z (K,) to the next: (K - 1,) radians."""
    begin, end = z[:-1], z[1:]
    circles = np.zeros((2, len(begin)))
    # The angle at which a third place sees the step is half the step's turn on the circle through all three.
    circles[0, 1:] = 2 * np.angle((end[1:] - z[:-2]) * np.conj(begin[1:] - z[:-2]))
    circles[1, :-1] = 2 * np.angle((end[:-1] - z[2:]) * np.conj(begin[:-1] - z[2:]))
    circles[np.abs(circles) > np.pi + STILL] = 0
    known = np.array([np.arange(len(begin)) > 0, np.arange(len(begin)) < len(begin) - 1])
    return np.asarray(circles.sum(0) / np.maximum(known.sum(0), 1))


def _similarities(z: Complex, weights: Numbers) -> tuple[Complex, Complex]:
    """For each pair of neighbouring places: the logarithm of turn and growth as one complex number, (K - 1,), and where
    they take the points, (K - 1, P).
    """
    weight = weights[:-1] * weights[1:]
    # What fades in or out moves as well.
    weight = np.where(weight.any(1, keepdims=True), weight, 1)
    weight = weight / weight.sum(1, keepdims=True)
    centres = [(weight * side).sum(1, keepdims=True) for side in (z[:-1], z[1:])]
    a, b = z[:-1] - centres[0], z[1:] - centres[1]
    both = (weight * np.conj(a) * b).sum(1)
    spread_a, spread_b = ((weight * np.abs(side) ** 2).sum(1) for side in (a, b))
    alike = np.abs(both) ** 2 > SIMILAR * spread_a * spread_b
    factor = np.where(alike, both / np.where(alike, spread_a, 1), 1)
    return np.log(factor), centres[1] + factor[:, None] * a
