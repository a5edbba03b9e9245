"""Heatmaps."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from inbetween.conditions.heatmaps import heatmaps, template


def test_a_spot_is_brightest_at_its_point_and_the_last_one_wins() -> None:
    made = heatmaps(np.array([[[40.7, 30.2]]]), (64, 96))[0]
    assert np.unravel_index(made.argmax(), made.shape) == (30, 40)
    assert made.max() == 254
    both = heatmaps(np.array([[[40.0, 30.0], [50.0, 30.0]]]), (64, 96))[0]
    alone = heatmaps(np.array([[[50.0, 30.0]]]), (64, 96))[0]
    np.testing.assert_array_equal(both[10:50, 30:70], alone[10:50, 30:70])
    assert both[:, 20:30].any()


@settings(deadline=None)
@given(
    hnp.arrays(np.float64, (2, 3, 2), elements=st.floats(-30, 130) | st.just(np.nan)),
    st.integers(1, 70),
    st.integers(1, 70),
)
def test_spots_keep_off_the_border_and_absent_points_have_none(
    made: NDArray[np.float64], height: int, width: int
) -> None:
    pictures = heatmaps(made, (height, width))
    assert pictures.shape == (2, height, width)
    assert not pictures[:, [0, -1]].any()
    assert not pictures[:, :, [0, -1]].any()
    outside = ~((made >= 0) & (made < (width, height))).all(-1)
    assert not pictures[outside.all(1)].any()


def test_no_points_are_black() -> None:
    assert not heatmaps(np.zeros((3, 0, 2)), (20, 30)).any()
    assert template()[100, 100] == 255
