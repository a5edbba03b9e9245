"""Pictures fitted to another size."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inbetween import pictures
from inbetween.errors import UnknownName, UsageError
from support.pictures import noise

QUICK = settings(max_examples=80, deadline=None, database=None)
DEPTHS = (np.uint8, np.uint16)


sizes = st.tuples(st.integers(1, 40), st.integers(1, 40))


@QUICK
@given(
    size=sizes,
    target=sizes,
    how=st.sampled_from(["crop", "pad", "stretch"]),
    colour=st.lists(st.integers(0, 65535), min_size=3, max_size=4),
    dtype=st.sampled_from(DEPTHS),
)
def test_fit_gives_the_size_and_keeps_a_constant_picture(
    size: tuple[int, int], target: tuple[int, int], how: str, colour: list[int], dtype: Any
) -> None:
    pixel = np.array(colour).astype(dtype)
    if len(pixel) == 4 and pixel[3] == 0:
        pixel[:] = 0
    picture = np.broadcast_to(pixel, (*size, len(pixel)))
    result = pictures.fit(picture, target, how)
    assert result.shape == (*target, len(pixel))
    assert result.dtype == dtype
    if size == target:
        assert result is picture
        return
    assert result.flags.c_contiguous
    top = left = 0
    if how == "pad":
        # The inner part fills one side and is rounded half up on the other, in the middle.
        scale = min((target[0] * size[1], 0), (target[1] * size[0], 1))[1]
        inner = list(target)
        other = 1 - scale
        inner[other] = max(1, (2 * size[other] * target[scale] + size[scale]) // (2 * size[scale]))
        top, left = (target[0] - inner[0]) // 2, (target[1] - inner[1]) // 2
        mask = np.zeros(target, bool)
        mask[top : top + inner[0], left : left + inner[1]] = True
        assert not result[~mask].any()
        result = result[top : top + inner[0], left : left + inner[1]]
    # One step of 16-bit straight alpha may go when colours are divided by a small alpha.
    assert np.abs(result.astype(int) - pixel).max() <= (1 if len(pixel) == 4 and dtype == np.uint16 else 0)


@QUICK
@given(size=sizes, target=sizes)
def test_crop_keeps_the_middle_and_the_aspect(size: tuple[int, int], target: tuple[int, int]) -> None:
    # Ramps: cubic and area scaling keep straight lines away from the borders.
    y, x = np.mgrid[: size[0], : size[1]].astype(float)
    ramp = np.dstack([y, x, x]) * 1000
    result = pictures.fit(ramp.astype(np.uint16), target, "crop").astype(float) / 1000
    scale = max(target[0] / size[0], target[1] / size[1])
    for axis, line in ((0, result[:, target[1] // 2, 0]), (1, result[target[0] // 2, :, 1])):
        middle = (size[axis] - 1) / 2
        # Rounded sizes put the middle out by about half a pixel, of the coarser of both pictures.
        assert abs(line.mean() - middle) <= 0.65 * max(1, 1 / scale)
        slack = 1.2 * max(1, 1 / scale)
        assert target[axis] / scale - slack - 1 / scale <= np.ptp(line) <= target[axis] / scale + slack / 2


def test_fit_by_hand() -> None:
    picture = noise(4, 8, 3)
    assert np.array_equal(pictures.fit(picture, (4, 4), "crop"), picture[:, 2:6])
    assert np.array_equal(pictures.fit(picture, (4, 3), "crop").shape, (4, 3, 3))
    padded = pictures.fit(picture, (7, 8), "pad")
    assert np.array_equal(padded[1:5], picture)
    assert not padded[[0, 5, 6]].any()
    halved = pictures.fit(picture, (2, 4), "stretch")
    means = picture.reshape(2, 2, 4, 2, 3).mean(axis=(1, 3))
    assert np.abs(halved - means).max() <= 0.51
    # Smaller one way and larger the other.
    mixed = pictures.fit(picture, (8, 4), "stretch")
    narrow = picture.reshape(4, 4, 2, 3).mean(axis=2)
    assert np.abs(mixed.reshape(4, 2, 4, 3).mean(axis=1) - narrow).mean() < 8
    strip = pictures.fit(np.full((1, 30_000, 3), 9, np.uint8), (50, 50), "crop")
    assert (strip == 9).all()


@pytest.mark.parametrize("target", [(3, 5), (16, 24)])
@pytest.mark.parametrize("dtype", DEPTHS)
def test_fit_makes_no_halo(dtype: Any, target: tuple[int, int]) -> None:
    top = np.iinfo(dtype).max
    picture = np.zeros((8, 12, 4), dtype)
    picture[:, :5] = (top, 0, 0, top)
    picture[:, 5:] = (0, top, 0, 0)
    result = pictures.fit(picture, target, "stretch")
    seen = result[result[..., 3] > 0]
    assert (seen[:, :3] == (top, 0, 0)).all()
    assert 0 < len(seen) < result[..., 0].size


def test_fit_refuses_nonsense() -> None:
    with pytest.raises(UnknownName, match="squash"):
        pictures.fit(noise(2, 2, 3), (4, 4), "squash")
    with pytest.raises(UsageError):
        pictures.fit(noise(2, 2, 3), (0, 4), "pad")
