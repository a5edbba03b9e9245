"""Lines."""

from __future__ import annotations

import cv2
import numpy as np

from inbetween.matching import segments
from support.views import painted, seen


def test_lines_have_the_brighter_side_on_the_left() -> None:
    image = np.full((100, 200), 60, np.uint8)
    image[:50] = 190
    image = np.clip(image + np.random.default_rng(0).normal(0, 2, image.shape), 0, 255).astype(np.uint8)
    (line,) = segments.segments(image, 10)
    assert line[0, 0] < line[1, 0]
    assert np.abs(line[:, 1] - 49.5).max() < 0.3
    assert np.allclose(segments.directed(255 - image, line[None])[0], line[::-1])


def test_the_longest_lines_only() -> None:
    image = cv2.cvtColor(seen(painted(200, 300)), cv2.COLOR_RGB2GRAY)
    many, few = segments.segments(image, 1000), segments.segments(image, 7)
    assert np.array_equal(many[:7], few)
    assert np.all(np.linalg.norm(many[:, 1] - many[:, 0], axis=1) >= segments.SHORTEST)
