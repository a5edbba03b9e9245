"""Luma."""

from __future__ import annotations

import numpy as np

from inbetween.matching.superpoint import luma


def test_luma_is_that_of_pillow() -> None:
    from PIL import Image

    picture = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    np.testing.assert_array_equal(luma(picture), np.asarray(Image.fromarray(picture).convert("L")))
    np.testing.assert_array_equal(luma(picture.astype(np.uint16) * 257), luma(picture))
    hidden = np.dstack([picture, np.zeros((40, 50), np.uint8)])
    assert (luma(hidden) == 128).all()
    hidden[..., 3] = 255
    np.testing.assert_array_equal(luma(hidden), luma(picture))
