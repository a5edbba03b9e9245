"""Selections of matches."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from inbetween.errors import UnknownName
from inbetween.matching.selection import METHODS, select, select_points
from inbetween.types import Matches


def found(count: int, seed: int = 0) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    rng = np.random.default_rng(seed)
    start = rng.uniform(0, 400, (count, 2)).astype(np.float32)
    end = start + rng.normal(0, 30, (count, 2)).astype(np.float32)
    second = rng.uniform(100, 400, count)
    return start, end, np.stack([second * rng.uniform(0, 1, count), second], -1).astype(np.float32)


@pytest.mark.parametrize("method", METHODS)
@given(count=st.integers(0, 30), topk=st.integers(0, 12), seed=st.integers(0, 2**32 - 1))
def test_a_selection_is_of_different_matches_and_repeats(method: str, count: int, topk: int, seed: int) -> None:
    start, end, distances = found(count)
    chosen = select(method, start, end, distances, topk, seed=seed)
    assert len(set(chosen.tolist())) == len(chosen) <= min(topk, count)
    assert all(0 <= i < count for i in chosen)
    np.testing.assert_array_equal(chosen, select(method, start, end, distances, topk, seed=seed))
    if method in ("random", "max_dist"):
        assert (distances[chosen, 0] < 0.5 * distances[chosen, 1]).all()


def test_selections_choose_what_they_say() -> None:
    start, end, distances = found(60)
    ratio = distances[:, 0].astype(float) / distances[:, 1]
    assert select("max_score", start, end, distances, 7).tolist() == np.argsort(ratio)[:7].tolist()
    way = np.linalg.norm(end - start, axis=-1)
    farthest = select("max_dist", start, end, distances, 3)
    assert (np.diff(way[farthest]) > 0).all()
    assert way[farthest[0]] >= np.delete(way, farthest)[(np.delete(ratio, farthest) < 0.5)].max()
    even = select("max_score_even", start, end, distances, 40)
    gaps = np.linalg.norm(start[even][:, None] - start[even], axis=-1) + 1e9 * np.eye(len(even))
    assert gaps.min() >= 50
    draws = {tuple(select("random", start, end, distances, 5, seed=seed).tolist()) for seed in range(5)}
    assert len(draws) > 1
    with pytest.raises(UnknownName):
        select("best", start, end, distances, 3)


def test_a_match_whose_second_best_is_at_no_distance_is_left_out() -> None:
    start, end, distances = found(4)
    distances[1] = 0
    assert 1 not in select("max_score", start, end, distances, 4)


def test_matches_are_selected_by_their_scores() -> None:
    start, end, _ = found(5)
    scores = np.array([0.2, 0.9, 0.4, 1.0, 0.7], np.float32)
    no_lines, no_scores = np.zeros((0, 2, 2), np.float32), np.zeros(0, np.float32)
    matches = Matches(start, end, scores, no_lines, no_lines, no_scores)
    assert select_points(matches, "max_score", 3).tolist() == [3, 1, 4]
    assert set(select_points(matches, "random", 9).tolist()) == {1, 3, 4}
