"""Consistency of matches."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from inbetween.matching import consistency
from support.views import about_centre, moved


# The same cases each time: a stray may move with its neighbours by chance, once in hundreds of cases.
@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(0, 10_000), st.integers(6, 120), st.floats(0.5, 2), st.floats(-180, 180))
def test_an_affine_motion_is_consistent_and_noise_is_not(seed: int, count: int, scale: float, degrees: float) -> None:
    random = np.random.default_rng(seed)
    a = random.uniform(0, 600, (count, 2))
    truth = about_centre(576, 1024, degrees, scale, (random.uniform(-50, 50), 30))
    b = moved(a, truth)
    strays = random.uniform(0, 1000, (count // 5, 2)), random.uniform(0, 1000, (count // 5, 2))
    kept, motion = consistency.consistent(np.concatenate([a, strays[0]]), np.concatenate([b, strays[1]]))
    far = np.linalg.norm(moved(strays[0], truth) - strays[1], axis=1) > 60
    assert not kept[count:][far].any()
    assert len(motion.places) == kept.sum()
    if count >= 40:
        assert kept[:count].mean() > 0.9
