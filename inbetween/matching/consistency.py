"""Which matches move as their neighbours do; and how the picture moves at any place, according to those.

Motion is taken to be affine nearby, not everywhere: things that move on their own keep their matches, which a
homography or a fundamental matrix of the whole picture would discard. No random numbers are drawn.

All lengths are in pixels of pictures of about 1024x576, see `scaled`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

Floats = NDArray[np.float64]
Number = TypeVar("Number", np.float64, np.intp)

NEIGHBOURS = 16
"""How many of the nearest matches a match is compared with. Chosen by eye."""
RIDGE = 20.0
"""Added to the covariance of the neighbours' places, in square pixels: few or crowded neighbours give a shift, not a
shear."""
ROUNDS = 3
"""How often a fit is repeated with new weights."""
LEAST_SUPPORT = 5
"""Neighbours that must move as a match does, where a matcher asks for no other number."""
LEAST_MATCHES = 6
"""With fewer matches nothing is judged, and none is kept."""
NEAR, STRETCH = 6.0, 0.35
"""Two matches likely belong to one thing if their motions differ by less than NEAR pixels + STRETCH * their
distance."""


@dataclass(frozen=True, eq=False)
class LocalMotion:
    """The affine motion around M places: x goes to x + shift + gradient (x - place)."""

    places: Floats
    """(M, 2), pixels of the start key."""
    shift: Floats
    """(M, 2), pixels."""
    gradient: Floats
    """(M, 2, 2): d shift / d place."""
    spread: Floats
    """(M,): by how many pixels, in the median, the matches that it was fitted to are off it."""


def consistent(a: Floats, b: Floats, least: int = LEAST_SUPPORT) -> tuple[NDArray[np.bool_], LocalMotion]:
    """Which matches move as their neighbours do, (N,), and how those that are kept move.

    A match is judged by an affine fit to its neighbours without itself. Two fits are tried: one begins with the
    neighbours whose motion is like its own, so that two things keep their matches where they meet; the other with all
    of them, because in a large rotation none is like it. The better supported one counts.

    Args:
        a, b: (N, 2), pixels of the start and of the end key.
        least: how many of its neighbours must move as a match does.
    """
    kept = np.arange(len(a))
    for _ in range(2):
        if len(kept) < LEAST_MATCHES:
            break
        motion, support = _own_motion(a[kept], b[kept])
        off = np.linalg.norm(b[kept] - a[kept] - motion.shift, axis=1)
        # A thing is never seen mirrored.
        unmirrored = np.linalg.det(np.eye(2) + motion.gradient) > 0
        kept = kept[(support >= least) & (off <= tolerance(motion.spread)) & unmirrored]
    mask = np.zeros(len(a), bool)
    if len(kept) < LEAST_MATCHES:
        return mask, LocalMotion(np.zeros((0, 2)), np.zeros((0, 2)), np.zeros((0, 2, 2)), np.zeros(0))
    mask[kept] = True
    return mask, _own_motion(a[kept], b[kept])[0]


def tolerance(spread: Floats) -> Floats:
    """By how many pixels a match may be off a fit whose own matches are off by `spread`."""
    return 2 + 2 * np.minimum(spread, 4)


def _own_motion(a: Floats, b: Floats) -> tuple[LocalMotion, NDArray[np.intp]]:
    """The motion of the neighbours that move like each match, and how many these are."""
    near = neighbours(a)
    moves = b - a
    steps = a[near] - a[:, None]
    apart = np.linalg.norm(moves[near] - moves[:, None], axis=2)
    alike = 1 / (1 + (apart / (NEAR + STRETCH * np.linalg.norm(steps, axis=2))) ** 4)
    found = []
    for prior in (alike, np.ones_like(alike)):
        shift, gradient, residual, weight = fit(steps, moves[near], prior)
        spread = weighted_median(residual, weight)
        support = np.sum(residual <= tolerance(spread)[:, None], axis=1)
        off = np.linalg.norm(moves - shift, axis=1)
        found.append((shift, gradient, spread, np.where(off <= tolerance(spread), support, 0)))
    all_better = found[1][3] > found[0][3]

    def chosen(own: NDArray[Number], plain: NDArray[Number]) -> NDArray[Number]:
        return np.where(all_better.reshape(-1, *[1] * (own.ndim - 1)), plain, own)

    shift, gradient, spread, support = (chosen(x, y) for x, y in zip(*found, strict=True))
    return LocalMotion(a, shift, gradient, spread), support


def neighbours(places: Floats) -> NDArray[np.intp]:
    """(N, K): the nearest others of each of N >= 2 places, nearest first."""
    count = min(NEIGHBOURS, len(places) - 1)
    _, near = cKDTree(places).query(places, count + 1)
    # Matches may share a place: the match itself does not always come first.
    itself = near == np.arange(len(places))[:, None]
    itself[~itself.any(axis=1), -1] = True
    return np.asarray(near[~itself].reshape(len(places), count), np.intp)


def fit(steps: Floats, moves: Floats, prior: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """M affine fits to K moves each, reweighted by their residuals: w = prior / (1 + (r / sigma)^2).

    Args:
        steps: (M, K, 2), places relative to where the fit is wanted, in pixels.
        moves: (M, K, 2), pixels.
        prior: (M, K), the first weights.

    Returns:
        The shift (M, 2), the gradient (M, 2, 2), the residuals (M, K) and the last weights (M, K).
    """
    weight, gradient = prior, np.zeros((len(steps), 2, 2))
    for last in range(ROUNDS, -1, -1):
        share = (weight / weight.sum(axis=1, keepdims=True))[..., None]
        middle, mean = np.sum(share * steps, axis=1), np.sum(share * moves, axis=1)
        x, y = steps - middle[:, None], moves - mean[:, None]
        covariance = np.swapaxes(share * x, 1, 2) @ x + RIDGE * np.eye(2)
        # The ridge pulls towards the last round's gradient: what all agree on is not shrunk in the end.
        rest = y - x @ np.swapaxes(gradient, 1, 2)
        gradient = gradient + np.swapaxes(np.linalg.solve(covariance, np.swapaxes(share * x, 1, 2) @ rest), 1, 2)
        residual = np.linalg.norm(y - x @ np.swapaxes(gradient, 1, 2), axis=2)
        if last:
            sigma = 1.5 * weighted_median(residual, prior)[:, None] + 1
            weight = prior / (1 + (residual / sigma) ** 2)
    shift = mean - (gradient @ middle[..., None])[..., 0]
    return shift, gradient, residual, weight


def weighted_median(values: Floats, weights: Floats) -> Floats:
    """(M,): the weighted median of each row of (M, K)."""
    order = np.argsort(values, axis=1, kind="stable")
    below = np.cumsum(np.take_along_axis(weights, order, 1), axis=1)
    at = np.argmax(below >= 0.5 * below[:, -1:], axis=1)
    return np.take_along_axis(values, np.take_along_axis(order, at[:, None], 1), 1)[:, 0]
