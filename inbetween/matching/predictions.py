"""Where lines of the start picture may lie in the end picture: several guesses for each of them.

Nearby points may belong to different things. Each of them says on its own where a line would go with it; what the
pictures look like there decides (`lines.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from inbetween.dense.warp import Field, pull_at
from inbetween.matching.consistency import Floats, LocalMotion, fit, weighted_median

POOLED, SINGLE, BY_LINES = 10, 8, 6
"""Points nearest to a line: so many are pooled to one guess, and so many make one each; and so do lines nearby."""
FARTHEST = 120.0
"""px from a line to whatever says where it goes."""
OTHER_PRICE, LINE_PRICE = 0.3, 0.6
"""What other guesses than the pooled one cost: where all agree that one is taken. Short lines turn at random."""
SAMPLES = 7
MOST_APART = 3.0
"""px between the flow there and back, median over a line, up to which it is asked."""


@dataclass(frozen=True, eq=False)
class Guesses:
    """K guesses for each of M lines."""

    ends: Floats
    """(M, K, 2, 2): the line in the end picture."""
    widths: Floats
    """(M, K): what a pixel across the line becomes, in pixels."""
    spread: Floats
    """(M, K): how unsure it is, in pixels; infinite where there is no guess."""
    price: Floats
    """(K,)."""


def by_points(lines: Floats, motion: LocalMotion, moves: Floats) -> Guesses:
    """From N verified points and what each knows of its surroundings: one guess pooled, then one by each point nearby.

    lines: (M, 2, 2); moves: (N, 2), the points' own.
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
    """From lines a -> b (L, 2, 2) that were found before: one guess by each of those nearby, as they shift, turn, grow.

    index: (L,), which of `lines` those are; none says anything about itself.
    """
    if not len(lines) or len(a) < 2:
        return no_guesses(len(lines))
    middle, from_ = lines.mean(axis=1), a.mean(axis=1)
    count = min(BY_LINES, len(a))
    distance, near = cKDTree(from_).query(middle, range(1, count + 1))
    itself = index[near] == np.arange(len(lines))[:, None]
    # As complex numbers: the quotient of the two ways turns and grows.
    turn = _complex(b[:, 1] - b[:, 0]) / _complex(a[:, 1] - a[:, 0])
    rows = np.stack([turn.real, -turn.imag], axis=1), np.stack([turn.imag, turn.real], axis=1)
    gradient = (np.stack(rows, axis=1) - np.eye(2))[near]
    steps = middle[:, None] - from_[near]
    shift = (b.mean(axis=1) - from_)[near] + (gradient @ steps[..., None])[..., 0]
    spread = np.where(itself | (distance > FARTHEST), np.inf, 0)
    return _carried(lines, shift, gradient, spread, np.full(count, LINE_PRICE))


def by_flow(lines: Floats, there: Field, back: Field) -> Guesses:
    """From the optical flow between the halved pictures (h, w, 2): one guess, where there and back agree."""
    if not len(lines):
        return no_guesses(0)
    share = np.linspace(-0.5, 0.5, SAMPLES)
    middle, way = lines.mean(axis=1), lines[:, 1] - lines[:, 0]
    on = middle[:, None] + share[:, None] * way[:, None]
    moves = _sampled(there, on)
    apart = np.linalg.norm(moves + _sampled(back, on + moves), axis=2)
    # One axis is enough: along the line.
    steps = np.broadcast_to(np.stack([share, 0 * share], axis=1) * 100, moves.shape)
    shift, gradient, residual, weight = fit(steps, moves, np.ones(apart.shape))
    spread = np.where(np.median(apart, axis=1) <= MOST_APART, weighted_median(residual, weight), np.inf)
    half = way / 2 + 50 * gradient[..., 0]
    ends = np.stack([middle + shift - half, middle + shift + half], axis=1)
    grown = np.linalg.norm(half, axis=1) / np.maximum(np.linalg.norm(way, axis=1) / 2, 1e-9)
    return Guesses(ends[:, None], np.clip(grown, 0.25, 4)[:, None], spread[:, None], np.array([OTHER_PRICE]))


def joined(guesses: list[Guesses]) -> Guesses:
    """All of them, for the same lines."""
    ends, widths, spread = (
        np.concatenate(x, axis=1) for x in zip(*((g.ends, g.widths, g.spread) for g in guesses), strict=True)
    )
    return Guesses(ends, widths, spread, np.concatenate([g.price for g in guesses]))


def _carried(lines: Floats, shift: Floats, gradient: Floats, spread: Floats, price: Floats) -> Guesses:
    """Lines (M, 2, 2) moved by K affine motions each, (M, K, 2) and (M, K, 2, 2), given at their middles."""
    middle, half = lines.mean(axis=1)[:, None], ((lines[:, 1] - lines[:, 0]) / 2)[:, None]
    moved = half + (gradient @ half[..., None])[..., 0]
    area = np.abs(np.linalg.det(gradient + np.eye(2)))
    grown = np.linalg.norm(moved, axis=2) / np.maximum(np.linalg.norm(half, axis=2), 1e-9)
    ends = np.stack([middle + shift - moved, middle + shift + moved], axis=2)
    return Guesses(ends, np.clip(area / np.maximum(grown, 1e-9), 0.25, 4), spread, price)


def _sampled(flow: Field, places: Floats) -> Floats:
    """(M, S, 2) px: a flow between halved pictures at places (M, S, 2) of the whole ones."""
    return np.asarray(2 * pull_at(flow, np.asarray(places / 2 - 0.25, np.float32)), np.float64)


def _complex(ways: Floats) -> NDArray[np.complex128]:
    return np.asarray(ways[:, 0] + 1j * ways[:, 1])


def no_guesses(count: int) -> Guesses:
    """No guess at all for `count` lines."""
    return Guesses(np.zeros((count, 0, 2, 2)), np.zeros((count, 0)), np.zeros((count, 0)), np.zeros(0))
