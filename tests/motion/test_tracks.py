"""Tracks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from inbetween.motion.tracks import FARTHEST, PATHS, arc_length_times, equal_times, places_at, sampled, weights_at
from inbetween.types import Track
from support.tracks import track, tracks


@given(tracks())
def test_every_path_is_at_its_places_at_their_times(made: Track) -> None:
    still = Track(made.kind, made.times, made.places, made.weights, made.path)
    at = places_at(still, made.times)
    assert at.dtype == made.places.dtype
    assert at.shape == made.places.shape
    np.testing.assert_array_equal(at[:-1], made.places[:-1])
    near = np.finfo(at.dtype).eps * 8 * np.abs(made.places).max(initial=1)
    np.testing.assert_allclose(at[-1], made.places[-1], rtol=0, atol=near)
    np.testing.assert_allclose(weights_at(still, made.times), made.weights, rtol=0, atol=1e-15)


@given(tracks(), st.lists(st.floats(-0.5, 1.5), min_size=1, max_size=4))
def test_many_times_are_as_one_by_one_and_all_is_finite(made: Track, times: list[float]) -> None:
    for at in (places_at, weights_at):
        together = at(made, times)
        assert np.isfinite(together).all()
        for i, t in enumerate(times):
            np.testing.assert_array_equal(at(made, t), together[i])
            np.testing.assert_array_equal(at(made, t), at(made, min(max(t, 0), 1)))
    inside = weights_at(made, times)
    assert (inside >= 0).all()
    assert (inside <= 1).all()


@given(
    hnp.arrays(np.float32, (2, 2, 2), elements=st.floats(-2000, 2000, width=32)), st.integers(0, 22), st.integers(1, 22)
)
def test_a_straight_float32_line_is_reckoned_in_float32(ends: NDArray[np.float32], i: int, n: int) -> None:
    f = min(i, n) / n
    expected = ends[0] + (ends[1] - ends[0]) * f
    assert expected.dtype == np.float32
    np.testing.assert_array_equal(places_at(track(ends, dtype=np.float32), f), expected)


def test_a_straight_track_keeps_its_times() -> None:
    made = Track("point", np.array([0, 0.2, 1]), np.array([[[0.0, 0]], [[10, 0]], [[10, 80]]]), np.ones((3, 1)))
    np.testing.assert_allclose(places_at(made, [0.1, 0.2, 0.6])[:, 0], [[5, 0], [10, 0], [10, 40]])


def test_a_pace_bends_time_and_may_go_beyond_the_end() -> None:
    places = [[0, 0], [100, 0]]
    assert places_at(track(places, pace="steps(2)"), [0, 0.49, 0.5, 1])[:, 0, 0].tolist() == [0, 0, 50, 100]
    eased = places_at(track(places, pace="ease-in"), [0.25, 0.75])[:, 0, 0]
    assert eased[0] < 20
    assert eased[1] < 75
    for path in PATHS:
        beyond = places_at(track(places, path, pace="cubic-bezier(0.3,0,0.3,2)"), np.linspace(0, 1, 50))[:, 0, 0]
        assert beyond.max() > 105
        assert beyond[-1] == pytest.approx(100)


def test_weights_do_not_go_beyond() -> None:
    made = Track("point", equal_times(2), np.zeros((2, 1, 2)), np.array([[0.0], [1]]), pace="cubic-bezier(0.3,0,0.3,2)")
    assert weights_at(made, np.linspace(0, 1, 50)).max() == 1


@given(st.lists(st.tuples(st.floats(-500, 500), st.floats(-500, 500)), min_size=3, max_size=6))
def test_a_spline_stays_between_neighbouring_places(places: list[tuple[float, float]]) -> None:
    made = track(places, "spline")
    for i in range(len(places) - 1):
        at = places_at(made, np.linspace(made.times[i], made.times[i + 1], 9))[:, 0]
        assert (at >= np.min(places[i : i + 2], axis=0) - 1e-9).all()
        assert (at <= np.max(places[i : i + 2], axis=0) + 1e-9).all()


def turned(points: NDArray[np.float64], angle: float, scale: float, centre: tuple[float, float]) -> NDArray[np.float64]:
    """Points after a turn and growth about a centre."""
    z = (points - centre) @ np.array([1, 1j])
    z = z * scale * np.exp(1j * angle)
    return np.stack([z.real, z.imag], -1) + centre


@pytest.mark.parametrize("angle", [np.pi / 2, -2.5, 1e-3, 1e-9, 1e-14, 0.0])
@pytest.mark.parametrize("scale", [1.0, 2.5, 0.4, 1 + 1e-12])
@pytest.mark.parametrize("points", [2, 134])
def test_an_arc_turns_and_grows_about_one_point(angle: float, scale: float, points: int) -> None:
    begin = np.random.default_rng(0).uniform(0, 300, (points, 2))
    made = track(np.stack([begin, turned(begin, angle, scale, (40, 90))]), "arc")
    for t in (0.25, 0.5, 0.9):
        expected = turned(begin, angle * t, scale**t, (40, 90))
        np.testing.assert_allclose(places_at(made, t), expected, rtol=0, atol=1e-9)


def test_an_arc_keeps_the_length_of_a_line_that_a_straight_path_shrinks() -> None:
    places = [[[0, 0], [100, 0]], [[200, 50], [200, 150]]]
    lengths = {
        path: np.linalg.norm(np.diff(places_at(track(places, path), np.linspace(0, 1, 21)), axis=1), axis=-1)
        for path in PATHS
    }
    np.testing.assert_allclose(lengths["arc"], 100, rtol=1e-12)
    assert lengths["straight"].min() < 71


def test_an_arc_without_a_turn_is_straight() -> None:
    moved = [[[0, 0], [100, 0]], [[30, 70], [130, 70]]]
    point = [[5, 5], [5, 5]]
    grown = [[[5, 5], [5, 5]], [[0, 0], [10, 10]]]
    opposite = np.random.default_rng(0).normal(0, 40, (134, 2))
    opposite -= opposite.mean(0)
    mirrored = [opposite, opposite * [-1, 1]]
    for places in (moved, point, grown, [[1, 2], [3, 4]]):
        times = np.linspace(0, 1, 7)
        np.testing.assert_allclose(places_at(track(places, "arc"), times), places_at(track(places), times), atol=1e-12)
    spread = places_at(track(mirrored, "arc"), 0.5)
    assert np.abs(spread[:, 1] - opposite[:, 1]).max() < 30


def test_joints_that_are_not_there_do_not_turn_the_others() -> None:
    rng = np.random.default_rng(1)
    begin = rng.uniform(0, 300, (134, 2))
    end = turned(begin, 1.0, 1.0, (50, 50))
    end[60:] = rng.uniform(0, 300, (74, 2))
    weights = np.ones((2, 134))
    weights[1, 60:] = 0
    made = Track("skeleton", equal_times(2), np.stack([begin, end]), weights, "arc")
    np.testing.assert_allclose(places_at(made, 0.5)[:60], turned(begin[:60], 0.5, 1, (50, 50)), atol=1e-9)


@given(st.lists(st.floats(0.2, 1.2), min_size=2, max_size=5), st.floats(1, 300), st.booleans())
def test_a_point_stays_on_the_circle_of_its_places(steps: list[float], radius: float, left: bool) -> None:
    angles = np.cumsum([0.3, *steps]) * (-1 if left else 1)
    made = track(np.stack([200 + radius * np.cos(angles), 80 + radius * np.sin(angles)], -1), "arc")
    at = places_at(made, np.linspace(0, 1, 41))[:, 0] - (200, 80)
    np.testing.assert_allclose(np.linalg.norm(at, axis=-1), radius, rtol=1e-9)
    middle = places_at(made, (made.times[0] + made.times[1]) / 2)[0] - (200, 80)
    half = (angles[0] + angles[1]) / 2
    np.testing.assert_allclose(middle, [radius * np.cos(half), radius * np.sin(half)], atol=1e-9 * radius)


def test_a_point_that_goes_back_the_way_it_came_goes_straight() -> None:
    at = places_at(track([[0, 0], [100, 0], [0, 0]], "arc"), np.linspace(0, 1, 21))[:, 0]
    np.testing.assert_allclose(at[:, 1], 0, atol=1e-12)
    assert at[10, 0] == 100


@given(hnp.arrays(np.float64, st.tuples(st.integers(2, 8), st.just(2)), elements=st.floats(-FARTHEST, FARTHEST)))
def test_arc_length_times_ascend(places: NDArray[np.float64]) -> None:
    times = arc_length_times(places)
    assert times.shape == (len(places),)
    assert times[0] == 0
    assert times[-1] == 1
    assert (np.diff(times) > 0).all()


def test_arc_length_times_are_of_constant_speed_and_rest_where_a_place_is_twice() -> None:
    np.testing.assert_allclose(arc_length_times([[0, 0], [30, 40], [30, 190]]), [0, 0.25, 1])
    np.testing.assert_allclose(arc_length_times([[0, 0], [10, 0], [10, 0], [40, 0]]), [0, 1 / 6, 1 / 2, 1])
    np.testing.assert_allclose(arc_length_times([[1, 1]] * 3), equal_times(3))
    lines = np.array([[[0, 0], [0, 0]], [[10, 0], [0, 0]], [[10, 0], [0, 30]]])
    np.testing.assert_allclose(arc_length_times(lines), [0, 0.25, 1])


def test_tracks_are_sampled_side_by_side() -> None:
    made = sampled([track([[0, 0], [8, 4]]), track([[[1, 1], [2, 2]]] * 2, dtype=np.float32)], equal_times(5))
    assert made.shape == (5, 3, 2)
    assert made[1].tolist() == [[2, 1], [1, 1], [2, 2]]
    assert sampled([], equal_times(5)).shape == (5, 0, 2)
