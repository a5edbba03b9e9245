"""Accelerated motion, from the keys outside the gap.

Two keys tell a straight motion at constant speed; a third one before or after them tells how it changes. Where there is
one on both sides, both estimates are averaged, each weighted by how consistent its flows are.
"""

from __future__ import annotations

import numpy as np

from inbetween.dense.flows import Flows
from inbetween.dense.warp import Field, pull_known, weighted


def accelerations(
    flows: Flows, before: tuple[Flows, float] | None, after: tuple[Flows, float] | None, edge: float
) -> tuple[Field, Field]:
    """The second derivative of the motion by the gap's time, (h, w, 2), on the grids of its start and of its end key.

    A pixel moves by t F - (t (1 - t) / 2) a, with its flow F and acceleration a, which is exact at both keys.

    Args:
        flows: those of the gap.
        before: the flows from the key before to the start key, and that key's time (< 0) in units of the gap.
        after: the flows from the end key to the key after, and that key's time (> 1) in units of the gap.
        edge: factor of the result where only one of `before` and `after` is given, see `edge_factor`.
    """
    at_start = at_end = None
    if before is not None:
        pair, time = before
        at_start = _second_derivative(flows.forward, pair.backward, time), pair.backward_error
    if after is not None:
        pair, time = after
        at_end = _second_derivative(flows.backward, pair.forward, 1 - time), pair.forward_error
    scale = np.float32(edge if at_start is None or at_end is None else 1)
    return (
        scale * _pooled(at_start, at_end, flows.forward, flows.forward_error),
        scale * _pooled(at_end, at_start, flows.backward, flows.backward_error),
    )


def edge_factor(missing: int) -> float:
    """How much the acceleration counts in the first and the last gap of a clip, which have a neighbour on one side
    only.

    Measured best: 0.75 for up to 3 frames, 0 from 7 frames on; linear between.

    Args:
        missing: frames to be made in the gap.
    """
    return float(np.interp(missing, (3, 7), (0.75, 0)))


def _second_derivative(near: Field, far: Field, time: float) -> Field:
    # Newton's divided difference of the positions at `time` < 0, 0 and 1, times two.
    return np.asarray(2 * (near - far / np.float32(time)) / np.float32(1 - time), np.float32)


def _pooled(here: tuple[Field, Field] | None, there: tuple[Field, Field] | None, flow: Field, error: Field) -> Field:
    """The acceleration known on this side, and the one known on the other side as `flow` sees it, weighted by trust.

    Each of both is (acceleration, forward-backward error in pixels), or None where that side has no neighbour.
    """
    if here is None and there is None:
        return np.zeros_like(flow)
    known = []
    if here is not None:
        known.append((here[0], _trust(here[1])))
    if there is not None:
        seen, apart = pull_known(*there, flow)
        known.append((seen, _trust(apart + error)))
    if len(known) == 1:
        return known[0][0]
    (one, trust), (other, trust_other) = known
    return other + weighted(one - other, trust / (trust + trust_other))


def _trust(error: Field) -> Field:
    """(h, w), 0.001..1: falls with the forward-backward error in pixels. The floor keeps the sum of two above 0."""
    return np.asarray(np.exp(-error / 2) + np.float32(1e-3), np.float32)
