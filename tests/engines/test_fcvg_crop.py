"""The crop."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbetween.engines.fcvg.crop import crop_box, crop_map, cropped

SIZE = (48, 64)
SIDES = st.integers(1, 3000)


@given(SIDES, SIDES, SIDES, SIDES)
def test_the_crop_is_the_largest_middle_part_of_that_ratio(h: int, w: int, height: int, width: int) -> None:
    left, top, right, bottom = crop_box((h, w), (height, width))
    assert 0 <= left < right <= w
    assert 0 <= top < bottom <= h
    assert w - right - left in (0, 1)
    assert h - bottom - top in (0, 1)
    assert right - left == w or bottom - top == h
    if right - left > 1 and bottom - top > 1:
        # What is cut is short of the ratio by less than a pixel.
        ideal_width, ideal_height = min(w, h * width / height), min(h, w * height / width)
        assert ideal_width - 1 - 1e-6 < right - left <= ideal_width + 1e-6
        assert ideal_height - 1 - 1e-6 < bottom - top <= ideal_height + 1e-6


@pytest.mark.parametrize(("size", "target"), [((90, 200), (30, 40)), ((40, 30), (96, 160)), ((64, 64), (64, 64))])
def test_points_go_where_the_pixels_go(size: tuple[int, int], target: tuple[int, int]) -> None:
    """A picture whose red is x and whose green is y, read back at the mapped places."""
    y, x = np.mgrid[: size[0], : size[1]]
    made = cropped(np.dstack([x, y, 0 * x]).astype(np.uint8), target).astype(float)
    (across, down), (right, below) = crop_map(size, target)
    there_y, there_x = np.mgrid[: target[0], : target[1]]
    # Bicubic weights are lopsided at the rim.
    inner = np.s_[6:-6, 6:-6]
    np.testing.assert_allclose(made[..., 0][inner], ((there_x - right) / across)[inner], atol=0.8)
    np.testing.assert_allclose(made[..., 1][inner], ((there_y - below) / down)[inner], atol=0.8)


@pytest.mark.parametrize("size", [(1, 1), (1, 2000), (700, 2)])
def test_any_picture_can_be_cropped(size: tuple[int, int]) -> None:
    deep = np.full((*size, 4), 0x8080, np.uint16)
    deep[..., 3] = 0xFFFF
    made = cropped(deep, SIZE)
    assert made.shape == (*SIZE, 3)
    assert made.dtype == np.uint8
    assert np.all(made == 0x80)
