"""People of two keys in pairs, and their tracks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbetween.matching.people import paired, people_tracks
from inbetween.motion.tracks import places_at, weights_at
from inbetween.types import People
from support.crowds import SIZE, STANDING, crowd

# ------------------------------------------------------------------ pairs


def test_the_pairs_are_the_best_ones_together() -> None:
    start = crowd((60, 45, 1), (100, 45, 1))
    end = crowd((20, 45, 1), (75, 45, 1))
    assert paired(start, end, SIZE) == [(0, 0), (1, 1)]
    # One after the other, the first would take the nearest and leave the second the long way.
    assert np.linalg.norm(start.joints[0] - end.joints[1]) < np.linalg.norm(start.joints[0] - end.joints[0])


def test_shape_tells_people_apart() -> None:
    start = crowd((60, 45, 1), (80, 45, 1))
    start.joints[1] = (start.joints[1] - (80, 45)) * 0.3 + (80, 45)
    end = People(np.add(start.joints[::-1], (20, 0)), start.scores)
    end.joints[0] -= (30, 0)
    assert paired(start, end, SIZE) == [(0, 1), (1, 0)]


def test_everybody_of_the_longer_list_is_looked_at() -> None:
    start, end = crowd((100, 45, 1)), crowd((30, 45, 1), (100, 45, 1))
    assert paired(start, end, SIZE) == [(0, 1)]


def test_joints_that_are_not_seen_do_not_count() -> None:
    start, end = crowd((60, 45, 1), (100, 45, 1)), crowd((62, 45, 1), (102, 45, 1))
    start.scores[0, 3:], end.scores[:, 0] = 0, 0
    start.joints[0, 3:] = 1e5
    assert paired(start, end, SIZE) == [(0, 0), (1, 1)]


def test_without_a_joint_in_common_nobody_is_a_pair() -> None:
    start, end = crowd((60, 45, 1)), crowd((60, 45, 1))
    start.scores[0, :9], end.scores[0, 9:] = 0, 0
    assert paired(start, end, SIZE) == []
    assert len(people_tracks(start, end, SIZE)) == 2


@given(st.integers(0, 4), st.integers(0, 4))
def test_any_numbers_of_people(first: int, second: int) -> None:
    spread = np.random.default_rng(first * 5 + second).uniform(20, 140, (first + second, 2))
    start, end = (crowd(*((x, y, 0.8) for x, y in part)) for part in (spread[:first], spread[first:]))
    pairs = paired(start, end, SIZE)
    assert len(pairs) == min(first, second)
    for side in zip(*pairs, strict=True):
        assert len(set(side)) == len(side)
    assert len(people_tracks(start, end, SIZE)) == max(first, second)


# ------------------------------------------------------------------ tracks


def test_pairs_go_from_key_to_key_and_the_others_fade_on_the_spot() -> None:
    start, end = crowd((40, 45, 0.8)), crowd((120, 50, 0.6), (44, 45, 0.9))
    together, coming = people_tracks(start, end, SIZE)
    assert {(track.kind, track.source) for track in (together, coming)} == {("skeleton", "match")}
    np.testing.assert_allclose(places_at(together, 1), end.joints[1])
    np.testing.assert_allclose(weights_at(together, 0), 0.8)
    np.testing.assert_allclose(places_at(coming, 0), end.joints[0])
    assert not weights_at(coming, 0).any()
    np.testing.assert_allclose(weights_at(coming, 1), 0.6)
    (leaving,) = people_tracks(start, crowd(), SIZE)
    np.testing.assert_allclose(weights_at(leaving, 0.5), 0.4)
    np.testing.assert_allclose(places_at(leaving, 1), start.joints[0])


def test_nobody_has_no_track() -> None:
    assert people_tracks(crowd(), crowd(), SIZE) == ()


def test_a_joint_seen_once_goes_with_its_body_and_fades() -> None:
    start, end = crowd((40, 45, 0.8)), crowd((60, 40, 0.8))
    start.scores[0, 4], end.scores[0, 7] = 0, 0
    start.joints[0, 4], end.joints[0, 7] = 9999, -9999
    (track,) = people_tracks(start, end, SIZE)
    for joint, weights in ((4, (0, 0.4, 0.8)), (7, (0.8, 0.4, 0))):
        for t, weight in zip((0, 0.5, 1), weights, strict=True):
            np.testing.assert_allclose(
                places_at(track, t)[joint], STANDING[joint] + (40 + 20 * t, 45 - 5 * t), atol=1e-9
            )
            assert weights_at(track, t)[joint] == pytest.approx(weight)


def test_scores_above_one_become_weights_of_one() -> None:
    (track,) = people_tracks(crowd((40, 45, 1.05)), crowd((60, 40, 1.2)), SIZE)
    assert np.all(track.weights == 1)
