"""Accelerated motion from the keys outside the gap.

Two keys know a straight motion at constant speed; a third one before or after knows how it changes. What the
two sides know is pooled by how far their flows can be believed.
"""

from __future__ import annotations

import numpy as np

from inbetween.dense.flows import Flows
from inbetween.dense.warp import Field, pull_known, weighted


def accelerations(
    flows: Flows, before: tuple[Flows, float] | None, after: tuple[Flows, float] | None, edge: float
) -> tuple[Field, Field]:
    """Second derivative of the motion by the gap's time, (h, w, 2), seen from its start and from its end.

    before: the flows from the key before to the start, and that key's time (< 0) in units of the gap; after:
    the flows from the end to the key after, and its time (> 1). `edge` scales what one side alone knows.
    A pixel then moves by t F - (t (1 - t) / 2) a, which is exact at both keys.
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
    """How far the first and the last gap of a clip, which know one neighbour only, trust it.

    missing: pictures to be made in the gap. Measured best: three quarters up to 3, nothing at 7; a line between.
    """
    return float(np.interp(missing, (3, 7), (0.75, 0)))


def _second_derivative(near: Field, far: Field, time: float) -> Field:
    # Newton's divided difference of the positions at `time` < 0, 0 and 1, times two.
    return np.asarray(2 * (near - far / np.float32(time)) / np.float32(1 - time), np.float32)


def _pooled(here: tuple[Field, Field] | None, there: tuple[Field, Field] | None, flow: Field, error: Field) -> Field:
    """The accelerations known on this side, and on the other one as `flow` sees it, by their confidence."""
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
    return np.asarray(np.exp(-error / 2) + np.float32(1e-3), np.float32)
