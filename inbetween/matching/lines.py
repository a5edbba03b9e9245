"""Lines that are in both pictures, and lines that are carried into the second one.

All lengths are in pixels of pictures of about 1024x576, see `scaled`. The limits of a partner were chosen on three
photographs with known motion.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inbetween.dense.dis import Grey
from inbetween.dense.warp import Field
from inbetween.matching.consistency import Floats, LocalMotion
from inbetween.matching.predictions import Guesses, by_flow, by_lines, by_points, joined, no_guesses
from inbetween.matching.segments import strip

MOST_OFF, MOST_TURNED, LEAST_OVERLAP = 3.0, float(np.sin(np.deg2rad(5))), 0.5
"""Limits of a partner: pixels from a guess to its straight line (and as many more as the guess is unsure), the sine of
the angle between them, and the share of the shorter one that lies beside the longer one."""
MOST_UNSURE = 6.0
"""Most pixels by which an unsure guess widens a limit."""
MOST_COST = 1.5
"""The highest cost of a partner. Chosen by eye."""
ALONG = np.linspace(0.04, 0.96, 12)
"""At which shares of a line, from end 0 to end 1, its surroundings are compared."""
ACROSS = np.array([-7.0, -5, -3, -1.5, 1.5, 3, 5, 7])
"""At how many pixels beside a line its surroundings are compared; negative on its left."""
UNLIKE = 0.8
"""Difference of the surroundings, in local standard deviations, from which they are not the same thing. Chosen by
eye."""
LEAST_WITNESSES, WITNESS_OFF = 2, 4.0
"""How many guesses must agree with a line, and by how many pixels they may be off it (and as many times their spread
more)."""
SHORTEST = 8.0
"""Pixels that must be left of a line in both pictures."""
MOST = 300
"""Most lines that are kept."""
FEW, MADE = 40, 100
"""With fewer lines than the first number, others are made until there are as many as the second one."""
MADE_UNLIKE = 0.4
"""Like `UNLIKE`, for the mean difference along a made line. Chosen by eye."""
MADE_SPREAD = 2.0
"""Pixels by which the flow along a made line may deviate from a straight line."""

Indices = NDArray[np.intp]
Looks = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Both pictures (h, w) as `normalised` gives them."""


@dataclass(frozen=True, eq=False)
class Lines:
    """M lines of the start picture and where they are in the end picture."""

    index: NDArray[np.intp]
    """(M,): which of the start picture's lines they are."""
    a: Floats
    b: Floats
    """Both (M, 2, 2), pixels. The ends in `b` are those of `a` carried over, not those that were detected there."""
    cost: Floats
    """(M,): near 0 a partner is sure, near `MOST_COST` doubtful; above that the line was made."""

    def only(self, kept: NDArray[np.bool_] | NDArray[np.intp] | slice) -> Lines:
        """Some of them, by a mask, indices or a slice."""
        return Lines(self.index[kept], self.a[kept], self.b[kept], self.cost[kept])


def normalised(grey: Grey) -> NDArray[np.float32]:
    """(h, w): grey minus its local mean, divided by its local deviation: independent of gain and of most of gamma."""
    image = grey.astype(np.float32)
    mean = cv2.GaussianBlur(image, (0, 0), 16)
    deviation = cv2.sqrt(cv2.GaussianBlur((image - mean) ** 2, (0, 0), 16))
    return np.asarray((cv2.GaussianBlur(image, (0, 0), 1) - mean) / (deviation + 4), np.float32)


def matched_lines(
    a: Floats, b: Floats, looks: Looks, motion: LocalMotion, moves: Floats, flow: tuple[Field, Field] | None
) -> Lines:
    """The lines of a that are in both pictures, longest first.

    Where these are few, lines without a partner are added (made lines): those that the flow alone carries to a place
    that looks the same. Their cost is above that of all others.

    Args:
        a, b: (M, 2, 2) and (N, 2, 2), the lines of the start and of the end picture, in pixels, longest first.
        motion: around the verified points.
        moves: of the verified points, in pixels.
        flow: there and back, between the halved pictures; None where there is none.
    """
    carried = by_flow(a, *flow) if flow else no_guesses(len(a))
    direct = joined([by_points(a, motion, moves), carried])
    found = _witnessed(_associated(a, b, direct, looks), direct, a)
    # A second time, with the guesses by lines as well: a thing without points has lines.
    more = joined([direct, by_lines(a, found.index, found.a, found.b)])
    found = _trimmed(_witnessed(_associated(a, b, more, looks), direct, a), looks)
    if len(found.index) < FEW and carried.price.size:
        rest = np.setdiff1d(np.arange(len(a)), found.index)
        found = _witnessed(_both(found, _made(a, rest, carried, looks)), direct, a).only(slice(None, MADE))
    return found.only(np.argsort(found.index)[:MOST])


def _associated(a: Floats, b: Floats, guesses: Guesses, looks: Looks) -> Lines:
    """The lines of a that have a partner among b, where each is the cheapest one of the other.

    The ends of a partner are not used: LSD cuts the same edge at other places in each picture. The ends of the guess,
    projected onto the partner's straight line, are an order of magnitude nearer.
    """
    line, guess, other, cost = _candidates(guesses, b)
    ends = _projected(guesses.ends[line, guess], b[other])
    differ = _unlikeness(a[line], ends, guesses.widths[line, guess], looks)
    cost = cost + differ.mean(axis=1) + guesses.price[guess]
    order = np.argsort(cost, kind="stable")
    order = order[cost[order] <= MOST_COST]
    _, first = np.unique(line[order], return_index=True)
    mine = order[first]
    best = np.full(len(b), -1)
    best[other[order[::-1]]] = line[order[::-1]]
    kept = mine[best[other[mine]] == line[mine]]
    return Lines(line[kept], a[line[kept]], ends[kept], cost[kept])


def _candidates(guesses: Guesses, b: Floats) -> tuple[Indices, Indices, Indices, Floats]:
    """Indices (P,) of lines, guesses and partners that lie near each other, and the cost (P,) of each such pair."""
    way = b[:, 1] - b[:, 0]
    length = np.maximum(np.linalg.norm(way, axis=1), 1e-9)
    along = way / length[:, None]
    across = np.stack([-along[:, 1], along[:, 0]], axis=1)
    line, guess = np.nonzero(np.isfinite(guesses.spread))
    ends = guesses.ends[line, guess]
    limit = (MOST_OFF + np.minimum(guesses.spread[line, guess], MOST_UNSURE))[:, None]
    own = ends[:, 1] - ends[:, 0]
    own_length = np.maximum(np.linalg.norm(own, axis=1), 1e-9)[:, None]
    sine = np.abs(own @ across.T) / own_length
    row, other = np.nonzero((sine < MOST_TURNED) & (own @ along.T > 0))
    # The rest is computed only for those few that are parallel.
    steps = ends[row] - b[other, :1]
    off = np.abs(np.sum(steps * across[other, None], axis=2)).mean(axis=1)
    from_, to = np.sum(steps * along[other, None], axis=2).T
    overlap = (np.minimum(to, length[other]) - np.maximum(from_, 0)) / np.minimum(own_length[row, 0], length[other])
    share = off / limit[row, 0]
    cost = share + 0.5 * sine[row, other] / MOST_TURNED + 1 - np.minimum(overlap, 1)
    near = (share < 1) & (overlap > LEAST_OVERLAP)
    return line[row[near]], guess[row[near]], other[near], cost[near]


def _projected(ends: Floats, onto: Floats) -> Floats:
    """Ends (M, 2, 2) moved to the nearest places on the straight lines through `onto` (M, 2, 2)."""
    way = onto[:, 1] - onto[:, 0]
    way = way / np.maximum(np.linalg.norm(way, axis=1), 1e-9)[:, None]
    along = np.sum((ends - onto[:, :1]) * way[:, None], axis=2)
    return np.asarray(onto[:, :1] + along[..., None] * way[:, None])


def _unlikeness(a: Floats, b: Floats, widths: Floats, looks: Looks) -> Floats:
    """(M, 12): how much the surroundings of lines a and b differ along them, in local standard deviations.

    What lies behind an edge may have changed, so the side that differs less counts for more.
    """
    there = strip(looks[0], a, ALONG, ACROSS, np.ones(len(a)))
    here = strip(looks[1], b, ALONG, ACROSS, widths)
    apart = np.abs(there - here)
    half = len(ACROSS) // 2
    left, right = apart[..., :half].mean(axis=2), apart[..., half:].mean(axis=2)
    better = np.where((left.mean(axis=1) <= right.mean(axis=1))[:, None], left, right)
    return np.asarray(0.7 * better + 0.3 * (left + right - better), np.float64)


def _witnessed(lines: Lines, direct: Guesses, a: Floats) -> Lines:
    """The lines that move as points, the flow or other lines near them say. One of these witnesses must not be a
    line."""

    def agreeing(guesses: Guesses) -> Indices:
        off = np.linalg.norm(guesses.ends[lines.index] - lines.b[:, None], axis=3).mean(axis=2)
        spread = guesses.spread[lines.index]
        near = off <= WITNESS_OFF * (1 + np.minimum(spread, MOST_UNSURE))
        # The pooled guess, whose price is 0, is made of the others.
        return np.asarray(np.sum(near & np.isfinite(spread) & (guesses.price > 0), axis=1))

    own = agreeing(direct)
    return lines.only((own > 0) & (own + agreeing(by_lines(a, lines.index, lines.a, lines.b)) >= LEAST_WITNESSES))


def _trimmed(lines: Lines, looks: Looks) -> Lines:
    """The lines without the ends that something hides in one of the pictures; these are cut off in both."""
    like = _unlikeness(lines.a, lines.b, _growth(lines.a, lines.b), looks) < UNLIKE
    count = like.shape[1]
    run, best, stop = (np.zeros(len(like), int) for _ in range(3))
    for i in range(count):
        run = np.where(like[:, i], run + 1, 0)
        stop = np.where(run > best, i + 1, stop)
        best = np.maximum(best, run)
    shares = np.stack([stop - best, stop], axis=1)[..., None] / count
    a, b = (x[:, :1] + shares * (x[:, 1:] - x[:, :1]) for x in (lines.a, lines.b))
    long = [np.linalg.norm(x[:, 1] - x[:, 0], axis=1) >= SHORTEST for x in (a, b)]
    return Lines(lines.index, a, b, lines.cost).only((2 * best >= count) & long[0] & long[1])


def _made(a: Floats, rest: Indices, guesses: Guesses, looks: Looks) -> Lines:
    """The lines `rest` of a where the flow carries them, if they look the same there and lie inside the picture."""
    ends, spread = guesses.ends[rest, 0], guesses.spread[rest, 0]
    size = np.array(looks[1].shape[::-1])
    differ = _unlikeness(a[rest], ends, guesses.widths[rest, 0], looks)
    inside = np.all((ends >= 0) & (ends <= size - 1), axis=(1, 2))
    long = np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1) >= SHORTEST
    lines = Lines(rest, a[rest], ends, MOST_COST + differ.mean(axis=1))
    return lines.only(
        inside & long & (spread < MADE_SPREAD) & (differ.max(axis=1) < UNLIKE) & (differ.mean(axis=1) < MADE_UNLIKE)
    )


def _both(first: Lines, second: Lines) -> Lines:
    """All lines of both sets."""
    pairs = zip(*((x.index, x.a, x.b, x.cost) for x in (first, second)), strict=True)
    return Lines(*(np.concatenate(pair) for pair in pairs))


def _growth(a: Floats, b: Floats) -> Floats:
    """(M,): how many times longer the lines b are, 0.25 to 4."""
    before, after = (np.linalg.norm(x[:, 1] - x[:, 0], axis=1) for x in (a, b))
    return np.asarray(np.clip(after / np.maximum(before, 1e-9), 0.25, 4))
