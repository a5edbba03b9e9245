"""Where flow arrives."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from inbetween.dense import invert, warp


@settings(deadline=None, max_examples=25)
@given(st.floats(-9, 9), st.floats(-9, 9), st.floats(0.9, 1.1))
def test_what_arrives_is_found(dx: float, dy: float, zoom: float) -> None:
    """A zoom about the middle and a shift: both are known exactly the other way round."""
    height, width = 48, 64
    middle = np.float32([width / 2, height / 2])
    here = warp.grid(height, width) - middle
    motion = (here * np.float32(zoom - 1) + np.float32([dx, dy])).astype(np.float32)
    found, off = invert.motion_on_arrival(motion)
    source = here - found
    inner = (np.abs(source) < middle - 2).all(axis=2)
    assert inner.any()
    exact = (here - np.float32([dx, dy])) / np.float32(zoom)
    np.testing.assert_allclose(source[inner], exact[inner], atol=0.02)
    assert off[inner].max() < 0.02


def test_where_nothing_arrives_is_known() -> None:
    """The left half goes left and the right half right: in the gap between them nothing arrives."""
    motion = np.zeros((40, 80, 2), np.float32)
    motion[:, :40, 0], motion[:, 40:, 0] = -8, 8
    _, off = invert.motion_on_arrival(motion)
    assert off[:, 36:44].min() > 4
    assert max(off[:, :30].max(), off[:, 50:].max()) < 1e-3
