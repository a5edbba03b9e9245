"""Holes, filled."""

from __future__ import annotations

import numpy as np

from inbetween.dense import holes


def test_push_pull_fills_holes_and_keeps_the_rest() -> None:
    y, x = np.mgrid[0:40, 0:56].astype(np.float32)
    plane = np.dstack([0.1 * x, 0.2 * y])
    trust = np.ones((40, 56), np.float32)
    trust[12:24, 20:34] = 0
    broken = plane * trust[..., None] + 99 * (1 - trust[..., None])
    filled = holes.push_pull(broken, trust)
    np.testing.assert_allclose(filled[trust == 1], plane[trust == 1], atol=1e-6)
    assert np.abs(filled - plane).max() < 1.0
