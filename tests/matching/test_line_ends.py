"""Which end of a line is which."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from inbetween.matching.line_ends import paired_ends
from support.views import line

coordinates = st.floats(-500, 500, width=32)


@given(st.lists(st.lists(coordinates, min_size=8, max_size=8), max_size=5))
@settings(max_examples=60, deadline=None)
def test_ends_go_the_shorter_way(rows: list[list[float]]) -> None:
    a, b = np.float32(rows).reshape(-1, 2, 2, 2).transpose(1, 0, 2, 3)
    paired = paired_ends(a, b)
    way = np.linalg.norm(paired - a, axis=2).sum(1)
    other = np.linalg.norm(paired[:, ::-1] - a, axis=2).sum(1)
    assert (way <= other).all()
    assert all((p == x).all() or (p == x[::-1]).all() for p, x in zip(paired, b, strict=True))


def test_a_tie_of_ends_crosses() -> None:
    a, b = np.float32([line(0, 0, 2, 0)]), np.float32([line(1, 5, 1, -5)])
    np.testing.assert_array_equal(paired_ends(a, b), b[:, ::-1])
