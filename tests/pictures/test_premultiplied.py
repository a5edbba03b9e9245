"""Pictures made alike, flattened and premultiplied."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from inbetween import pictures
from inbetween.pictures import formats
from support.pictures import noise

QUICK = settings(max_examples=80, deadline=None, database=None)
DEPTHS = (np.uint8, np.uint16)


def test_like_and_unify() -> None:
    rgb, rgba, deep = noise(4, 5, 3), noise(4, 5, 4), noise(4, 5, 3, np.uint16)
    assert pictures.like(rgb, 3, np.uint8) is rgb
    assert pictures.like(rgb, 3, "uint8") is rgb
    assert pictures.like(deep, 3, np.uint16) is deep
    assert np.array_equal(pictures.like(rgb, 4, "uint16")[..., :3], rgb.astype(int) * 257)
    assert (pictures.like(rgb, 4, np.uint16)[..., 3] == 65535).all()
    assert np.array_equal(pictures.like(rgba, 3, np.uint8), pictures.flattened(rgba))
    assert np.array_equal(pictures.like(deep, 3, "uint8"), pictures.to_8_bit(deep))
    same = pictures.unify([rgb, rgb])
    assert same[0] is rgb
    assert same[1] is rgb
    mixed = pictures.unify([rgb, rgba, deep])
    assert [(p.shape[2], p.dtype) for p in mixed] == [(4, np.uint16)] * 3
    assert np.array_equal(mixed[1], rgba.astype(int) * 257)
    assert np.array_equal(mixed[2][..., :3], deep)
    assert pictures.unify([]) == []


def test_to_8_bit_rounds_every_value_to_nearest() -> None:
    values = np.arange(65536, dtype=np.uint16).reshape(256, 256, 1).repeat(3, axis=2)
    assert np.array_equal(pictures.to_8_bit(values), np.rint(values / 257))
    eight = noise(3, 3, 4)
    assert pictures.to_8_bit(eight) is eight


def test_flattened_rounds_every_product_to_nearest() -> None:
    value, alpha = np.meshgrid(np.arange(256), np.arange(256))
    every = np.dstack([value, value, value, alpha]).astype(np.uint8)
    assert np.array_equal(pictures.flattened(every)[..., 0], np.floor(value * alpha / 255 + 0.5))
    deep = noise(200, 200, 4, np.uint16)
    deep[:2] = 65535
    exact = (deep[..., :3].astype(np.uint64) * deep[..., 3:] + 32767) // 65535
    assert np.array_equal(pictures.flattened(deep), exact)
    rgb = noise(3, 3, 3)
    assert pictures.flattened(rgb) is rgb


@QUICK
@given(seed=st.integers(0, 1000), dtype=st.sampled_from(DEPTHS), few=st.booleans())
def test_premultiplied_and_back(seed: int, dtype: Any, few: bool) -> None:
    picture = noise(6, 6, 4, dtype, seed)
    if few:
        picture[..., 3] %= 4
    picture[0, 0, 3], picture[0, 1, 3] = 0, np.iinfo(dtype).max
    array = formats.premultiplied(picture)
    assert array.dtype == np.float32
    assert 0 <= array.min() <= array.max() <= 1
    assert (array[..., :3] <= array[..., 3:]).all()
    # Exact for all that can be seen, not only for what is opaque.
    expected = np.where(picture[..., 3:] > 0, picture, 0)
    back = formats.straight(array, dtype)
    assert back.dtype == dtype
    assert np.array_equal(back, expected)


def test_premultiplied_values_and_bounds() -> None:
    array = formats.premultiplied(np.array([[[255, 102, 0, 51], [255, 0, 51, 255]]], np.uint8))
    assert np.allclose(array, [[[0.2, 0.08, 0, 0.2], [1, 0, 0.2, 1]]])
    assert np.array_equal(formats.premultiplied(noise(2, 2, 3))[..., 3], np.ones((2, 2)))
    wild = np.array([[[2, -1, 0.5, 0.5], [1, 1, 1, -1], [0.2, 0.2, 0.2, 1e-9]]], np.float32)
    assert formats.straight(wild, np.uint8).tolist() == [[[255, 0, 255, 128], [0] * 4, [0] * 4]]
