"""Guesses where the lines of the start picture lie in the end picture: several for each of them.

Nearby points may belong to different things. Each of them says on its own where a line would move with it; what the
pictures look like there decides (`lines.py`). All lengths are in pixels of pictures of about 1024x576.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from inbetween.dense.warp import Field, pull_at
from inbetween.matching.consistency import Floats, LocalMotion, fit, weighted_median

POOLED, SINGLE, BY_LINES = 10, 8, 6
"""Of the points nearest to a line, how many are pooled to one guess, and how many give one guess each; and how many of
the nearest lines do."""
FARTHEST = 120.0
"""Pixels from a line up to which points and lines give guesses for it."""
OTHER_PRICE, LINE_PRICE = 0.3, 0.6
"""Costs of guesses by single points or the flow, and by lines. The pooled guess costs nothing: where all agree, it is
used. Guesses by lines cost most, as short lines turn at random. Chosen by eye."""
SAMPLES = 7
"""At how many places along a line the flow is read."""
MOST_APART = 3.0
"""Pixels by which the flow there and back may differ, in the median over a line, for a guess."""


@dataclass(frozen=True, eq=False)
class Guesses:
    """K guesses for each of M lines."""

    ends: Floats
    """(M, K, 2, 2): the line in the end picture."""
    widths: Floats
    """(M, K): how many pixels one pixel across the line becomes."""
    spread: Floats
    """(M, K): how unsure a guess is, in pixels; infinite where there is none."""
    price: Floats
    """(K,): added to the cost of a partner that is found by the guess."""


def by_points(lines: Floats, motion: LocalMotion, moves: Floats) -> Guesses:
    """Guesses from verified points: first one pooled from those nearby, then one by each of them.

    Args:
        lines: (M, 2, 2).
        motion: around each of N points.
        moves: (N, 2), of the points themselves.
    """
    if not len(lines) or len(motion.places) < POOLED:
        return no_guesses(len(lines))
    middle = lines.mean(axis=1)
    distance, near = cKDTree(motion.places).query(middle, POOLED)
    steps = motion.places[near] - middle[:, None]
    weight = np.exp(-0.5 * (distance / np.maximum(np.median(distance, axis=1), 1)[:, None]) ** 2)
    shift, gradient, residual, weight = fit(steps, moves[near], weight)
    single = near[:, :SINGLE]
    own = motion.gradient[single]
    shifts = motion.shift[single] - (own @ steps[:, :SINGLE, :, None])[..., 0]
    spread = np.concatenate([weighted_median(residual, weight)[:, None], motion.spread[single]], axis=1)
    spread[distance[:, 0] > FARTHEST] = np.inf
    return _carried(
        lines,
        np.concatenate([shift[:, None], shifts], axis=1),
        np.concatenate([gradient[:, None], own], axis=1),
        spread,
        np.array([0] + [OTHER_PRICE] * SINGLE),
    )


def by_lines(lines: Floats, index: NDArray[np.intp], a: Floats, b: Floats) -> Guesses:
    """Guesses from lines that were matched before, one by each of those nearby, by how they shift, turn and grow.

    Args:
        lines: (M, 2, 2).
        index: (L,), which of `lines` the matched ones are; none gives a guess for itself.
        a, b: (L, 2, 2), the matched lines in both pictures.
    """
    if not len(lines) or len(a) < 2:
        return no_guesses(len(lines))
    middle, from_ = lines.mean(axis=1), a.mean(axis=1)
    count = min(BY_LINES, len(a))
    distance, near = cKDTree(from_).query(middle, range(1, count + 1))
    itself = index[near] == np.arange(len(lines))[:, None]
    # As complex numbers, the quotient of both vectors is turn and growth.
    turn = _complex(b[:, 1] - b[:, 0]) / _complex(a[:, 1] - a[:, 0])
    rows = np.stack([turn.real, -turn.imag], axis=1), np.stack([turn.imag, turn.real], axis=1)
    gradient = (np.stack(rows, axis=1) - np.eye(2))[near]
    steps = middle[:, None] - from_[near]
    shift = (b.mean(axis=1) - from_)[near] + (gradient @ steps[..., None])[..., 0]
    spread = np.where(itself | (distance > FARTHEST), np.inf, 0)
    return _carried(lines, shift, gradient, spread, np.full(count, LINE_PRICE))


def by_flow(lines: Floats, there: Field, back: Field) -> Guesses:
    """One guess from the optical flow between the halved pictures, where it agrees there and back.

    Args:
        lines: (M, 2, 2).
        there, back: (h, w, 2), in pixels of the halved pictures.
    """
    if not len(lines):
        return no_guesses(0)
    share = np.linspace(-0.5, 0.5, SAMPLES)
    middle, way = lines.mean(axis=1), lines[:, 1] - lines[:, 0]
    on = middle[:, None] + share[:, None] * way[:, None]
    moves = _sampled(there, on)
    apart = np.linalg.norm(moves + _sampled(back, on + moves), axis=2)
    # One axis is enough: the one along the line.
    steps = np.broadcast_to(np.stack([share, 0 * share], axis=1) * 100, moves.shape)
    shift, gradient, residual, weight = fit(steps, moves, np.ones(apart.shape))
    spread = np.where(np.median(apart, axis=1) <= MOST_APART, weighted_median(residual, weight), np.inf)
    half = way / 2 + 50 * gradient[..., 0]
    ends = np.stack([middle + shift - half, middle + shift + half], axis=1)
    grown = np.linalg.norm(half, axis=1) / np.maximum(np.linalg.norm(way, axis=1) / 2, 1e-9)
    return Guesses(ends[:, None], np.clip(grown, 0.25, 4)[:, None], spread[:, None], np.array([OTHER_PRICE]))


def joined(guesses: list[Guesses]) -> Guesses:
    """All guesses, for the same lines."""
    ends, widths, spread = (
        np.concatenate(x, axis=1) for x in zip(*((g.ends, g.widths, g.spread) for g in guesses), strict=True)
    )
    return Guesses(ends, widths, spread, np.concatenate([g.price for g in guesses]))


def _carried(lines: Floats, shift: Floats, gradient: Floats, spread: Floats, price: Floats) -> Guesses:
    """The guesses of K affine motions per line, given at the lines' middles: shifts (M, K, 2) and gradients (M, K, 2,
    2).
    """
    middle, half = lines.mean(axis=1)[:, None], ((lines[:, 1] - lines[:, 0]) / 2)[:, None]
    moved = half + (gradient @ half[..., None])[..., 0]
    area = np.abs(np.linalg.det(gradient + np.eye(2)))
    grown = np.linalg.norm(moved, axis=2) / np.maximum(np.linalg.norm(half, axis=2), 1e-9)
    ends = np.stack([middle + shift - moved, middle + shift + moved], axis=2)
    return Guesses(ends, np.clip(area / np.maximum(grown, 1e-9), 0.25, 4), spread, price)


def _sampled(flow: Field, places: Floats) -> Floats:
    """(M, S, 2), pixels: the flow between halved pictures, read at places (M, S, 2) of the whole pictures."""
    return np.asarray(2 * pull_at(flow, np.asarray(places / 2 - 0.25, np.float32)), np.float64)


def _complex(ways: Floats) -> NDArray[np.complex128]:
    return np.asarray(ways[:, 0] + 1j * ways[:, 1])


def no_guesses(count: int) -> Guesses:
    """No guess at all for `count` lines."""
    return Guesses(np.zeros((count, 0, 2, 2)), np.zeros((count, 0)), np.zeros((count, 0)), np.zeros(0))
