"""The relation of two pictures."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
import pytest

from inbetween.dense import homography, unrelated
from support.pictures import scene, texture


def test_a_homography_with_a_horizon_is_refused() -> None:
    horizon = np.array([[1, 0, 0], [0, 1, 0], [0.02, 0, -1.0]])
    assert homography.homography_flow(horizon, 60, 80) is None
    assert homography.homography_flow(np.eye(3), 60, 80).max() == 0
    far = np.array([[1, 0, 500.0], [0, 1, 0], [0, 0, 1]])
    assert homography.homography_flow(far, 60, 80) is None


def test_relation() -> None:
    assert unrelated.are_related(scene(0), scene(1))
    assert unrelated.are_related(scene(0), scene(0, seed=0))
    coarse = (texture(240, 320, 1, 9.0) * 0.5 + 120).astype(np.uint8)
    fine = (texture(240, 320, 2, 2.0) * 0.6).astype(np.uint8)
    assert not unrelated.are_related(coarse, fine)
    assert not unrelated.are_related(np.zeros((32, 32, 3), np.uint8), np.full((32, 32, 3), 255, np.uint8))
    # A dark picture and the same one lit: nothing matches in grey, its points do.
    lit = texture(240, 320, 7, 3.0)
    assert unrelated.are_related((lit * 0.5).astype(np.uint8), lit.astype(np.uint8))


@pytest.mark.parametrize("light", [1.0, 0.15, 0.05])
def test_relation_in_the_dark(light: float) -> None:
    """As much is seen in dark pictures as in any, and where the light changes between them."""
    coarse, fine = texture(240, 320, 1, 9.0) * 0.5 + 120, texture(240, 320, 2, 2.0) * 0.6
    assert not unrelated.are_related(*((picture * light).astype(np.uint8) for picture in (coarse, fine)))
    keys = [scene(number) for number in range(2)]
    assert unrelated.are_related(*((key * light).astype(np.uint8) for key in keys))
    if light > 0.1:
        assert unrelated.are_related(keys[0], (keys[1] * light).astype(np.uint8))
    black = np.zeros((60, 80, 3), np.uint8)
    assert unrelated.are_related(black, black + 1)


def page(places: Iterable[tuple[int, int]], seed: int, level: int) -> np.ndarray:
    """One and the same mark at some places of a smooth picture."""
    mark = np.random.default_rng(3).integers(0, 256, (3, 3), np.uint8).repeat(6, 0).repeat(6, 1)
    picture = (texture(240, 320, seed, 25.0) * 0.25 + level).astype(np.uint8)
    for y, x in places:
        picture[y : y + 18, x : x + 18] = mark[..., None]
    return picture


def test_one_mark_is_no_relation() -> None:
    """However often it is there: many points with one best match fit any geometry."""
    many = page(((y, x) for y in range(10, 220, 40) for x in range(10, 300, 40)), 1, 20)
    assert not unrelated.are_related(many, page([(100, 150)], 2, 170))


def test_points_without_a_geometry_are_no_relation(monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenCV fails an assertion of its own on some sets of points."""

    def fails(*given: object) -> None:
        cv2.resize(np.zeros(0), (1, 1))

    rng = np.random.default_rng(0)
    start, end = (np.kron(rng.integers(0, 256, (24, 32, 3)), np.ones((10, 10, 1))).astype(np.uint8) for _ in range(2))
    monkeypatch.setattr(unrelated, "LEAST_POINTS", 0)
    monkeypatch.setattr(unrelated.cv2, "findFundamentalMat", fails)
    assert not unrelated.are_related(start, end)
