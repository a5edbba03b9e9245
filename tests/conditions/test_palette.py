"""Colours of lines."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from inbetween.conditions.palette import line_colours, palette


@given(st.integers(0, 400), st.integers(-(2**70), 2**70))
def test_the_seed_deals_out_the_same_colours(count: int, seed: int) -> None:
    dealt = line_colours(count, seed)
    assert np.array_equal(dealt, line_colours(count, seed))
    assert sorted(map(tuple, dealt)) == sorted(map(tuple, (palette(count) * 255).astype(int)))
    assert np.all((dealt >= 0) & (dealt <= 255))


def test_colours_differ_and_so_do_seeds() -> None:
    dealt = line_colours(50, 0)
    assert len({tuple(colour) for colour in dealt}) == 50
    assert not np.array_equal(dealt, line_colours(50, 1))
