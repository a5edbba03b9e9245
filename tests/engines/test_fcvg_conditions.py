"""Condition pictures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbetween.conditions.drawing import draw_lines, overlaid
from inbetween.engines.fcvg.conditions import condition_times, conditions, network_input
from inbetween.errors import Interrupted, UsageError
from inbetween.motion.search import motion_of
from inbetween.types import NO_MATCHES, Matches, Motion, People, Report, Track
from support.reports import Heard

SIZE = (48, 64)


def line(a: Sequence[Sequence[float]], b: Sequence[Sequence[float]], weights: Sequence[float] = (1, 1)) -> Track:
    places = np.array([a, b], np.float32)
    return Track("line", np.array([0.0, 1.0]), places, np.repeat(weights, 2).reshape(2, 2).astype(float))


def drawn(*tracks: Track, frames: int = 5, report: Report | None = None, **options: int) -> np.ndarray:
    return conditions(Motion(tracks, SIZE), condition_times(frames, even=True), SIZE, report or Report(), **options)


def one_person(scores: float) -> People:
    joints = np.random.default_rng(0).uniform((4, 4), (60, 44), (1, 134, 2))
    return People(joints, np.full((1, 134), scores))


# ------------------------------------------------------------------ times


@pytest.mark.parametrize(
    ("frames", "times"),
    [
        (2, [0, 1]),
        (3, [0, 0.5, 1]),
        (4, [0, 0, 1, 1]),
        (5, [0, 0, 0.5, 1, 1]),
        (6, [0, 0, 1 / 3, 2 / 3, 1, 1]),
    ],
)
def test_both_keys_are_shown_twice(frames: int, times: list[float]) -> None:
    assert condition_times(frames) == pytest.approx(times, abs=0)
    assert len(drawn(line([[1, 1], [9, 9]], [[5, 5], [9, 20]]), frames=frames)) == frames


@given(st.integers(2, 500), st.booleans())
def test_times_go_from_key_to_key(frames: int, even: bool) -> None:
    times = condition_times(frames, even=even)
    assert len(times) == frames
    assert (times[0], times[-1]) == (0, 1)
    assert list(times) == sorted(times)
    if even:
        np.testing.assert_allclose(np.diff(times), 1 / (frames - 1), atol=1e-12)


@pytest.mark.parametrize("frames", [1, 0, -3])
def test_fewer_than_two_pictures_are_refused(frames: int) -> None:
    with pytest.raises(UsageError):
        condition_times(frames)


# ------------------------------------------------------------------ lines


def test_a_line_moves_and_keeps_its_colour() -> None:
    made = drawn(line([[2, 3], [12, 3]], [[42, 23], [52, 23]]))
    for k, picture in enumerate(made):
        ys, xs = np.nonzero(picture.any(axis=2))
        assert set(ys) == {3 + 5 * k}
        assert (xs.min(), xs.max()) == (2 + 10 * k, 12 + 10 * k)
        assert {tuple(pixel) for pixel in picture[ys, xs]} == {tuple(made[0, 3, 2])}


def test_ends_are_truncated_and_a_line_without_length_is_a_pixel() -> None:
    made = draw_lines(np.array([[[7.9, 3.9], [7.9, 3.9]], [[-0.7, 9], [0, 9]]]), [(255, 0, 0), (0, 255, 0)], SIZE)
    assert np.argwhere(made).tolist() == [[3, 7, 0], [9, 0, 1]]


def test_later_lines_lie_on_top() -> None:
    upright, level = [[20, 5], [20, 40]], [[5, 20], [60, 20]]
    first, second = (line(places, places) for places in (upright, level))
    made = drawn(first, second)
    assert np.array_equal(made[0, 20, 20], made[0, 20, 5])
    assert not np.array_equal(made[0, 20, 20], made[0, 5, 20])


def test_ends_outside_are_cut_at_the_rim() -> None:
    made = drawn(line([[-1e30, 10], [30, 10]], [[-1e6, 10], [30, 10]]))
    ys, xs = np.nonzero(made[0].any(axis=2))
    assert set(ys) == {10}
    assert (xs.min(), xs.max()) == (0, 30)
    assert np.array_equal(made[0], made[-1])


def test_a_line_fades_and_is_gone_at_zero() -> None:
    report = Heard()
    place = [[5, 5], [50, 5]]
    made = drawn(line(place, place, (1, 0)), report=report)
    levels = made[:, 5, 30].astype(int).sum(axis=1)
    assert np.all(np.diff(levels) < 0)
    assert levels[-1] == 0
    assert np.array_equal(made[2, 5, 30], made[0, 5, 30] // 2)
    assert report.facts == {"black-conditions": {"black": 1, "pictures": 5}}


def test_thickness_and_seed() -> None:
    track = line([[5, 20], [50, 20]], [[5, 20], [50, 20]])
    thin, thick = (np.count_nonzero(drawn(track, thickness=n)[0].any(axis=2)) for n in (1, 3))
    assert thick > 2 * thin
    tracks = [line([[5, y], [50, y]], [[5, y], [50, y]]) for y in range(2, 40, 4)]
    assert np.array_equal(drawn(*tracks, seed=4), drawn(*tracks, seed=4))
    assert not np.array_equal(drawn(*tracks, seed=4), drawn(*tracks, seed=5))


def test_a_motion_of_another_size_is_seen_through_the_crop() -> None:
    """Twice as large and too wide: half a picture is cut off at either side."""
    track = line([[64 + 20, 40], [64 + 80, 40]], [[64 + 20, 40], [64 + 80, 40]])
    made = conditions(Motion((track,), (96, 256)), (0.0, 1.0), SIZE, Report())
    ys, xs = np.nonzero(made[0].any(axis=2))
    assert set(ys) == {19}
    assert (xs.min(), xs.max()) == (9, 39)


# ------------------------------------------------------------------ nothing to draw


POINT = Track("point", np.array([0.0, 1.0]), np.full((2, 1, 2), 20, np.float32), np.ones((2, 1)))


@pytest.mark.parametrize(
    "motion",
    [
        motion_of(NO_MATCHES, SIZE),
        Motion((POINT,), SIZE),
        Motion((line([[-9, -9], [-3, -3]], [[70, 9], [90, 9]]),), SIZE),
        Motion((line([[9, 9], [3, 3]], [[7, 9], [9, 9]], (0, 0)),), SIZE),
    ],
    ids=["empty", "points", "outside", "not there"],
)
def test_black_pictures_are_never_silent(motion: Motion) -> None:
    report = Heard()
    made = conditions(motion, (0.0, 1.0), SIZE, report)
    assert made.shape == (2, *SIZE, 3)
    assert not made.any()
    assert report.facts == {"black-conditions": {"black": 2, "pictures": 2}}


def test_something_to_draw_needs_no_note() -> None:
    report = Heard()
    drawn(line([[5, 5], [50, 5]], [[5, 5], [50, 9]]), report=report)
    assert not report.notes


def test_drawing_can_be_stopped() -> None:
    class Stopped(Report):
        def progress(self, stage: str, done: int, total: int) -> None:
            raise Interrupted

    with pytest.raises(Interrupted):
        drawn(POINT, report=Stopped())


# ------------------------------------------------------------------ poses over lines


def test_poses_lie_over_lines_channel_by_channel() -> None:
    lines, poses = np.zeros((2, 1, 1, 3), np.uint8)
    lines[0, 0], poses[0, 0] = (10, 20, 30), (99, 0, 1)
    assert overlaid(lines, poses)[0, 0].tolist() == [99, 20, 1]


def test_matches_and_people_become_one_picture() -> None:
    a = np.array([[[3, 3], [60, 45]]], np.float32)
    matches = Matches(*[np.full((2, 2), 9, np.float32)] * 2, np.ones(2, np.float32), a, a, np.ones(1, np.float32))
    people = one_person(0.9)
    motion = motion_of(matches, SIZE, (people, people))
    assert [track.kind for track in motion.tracks] == ["point", "point", "line", "skeleton"]
    assert {track.source for track in motion.tracks} == {"match"}
    both = conditions(motion, (0.0, 1.0), SIZE, Report())
    alone = [
        conditions(
            Motion(tuple(track for track in motion.tracks if track.kind == kind), SIZE), (0.0, 1.0), SIZE, Report()
        )
        for kind in ("line", "skeleton")
    ]
    assert np.array_equal(both, overlaid(*alone))
    assert all(picture.any() for picture in alone)


def test_pictures_as_the_network_takes_them() -> None:
    pictures = np.zeros((3, *SIZE, 3), np.uint8)
    pictures[1, 2, 3] = 255, 51, 0
    given_to_it = network_input(pictures)
    assert given_to_it.shape == (1, 3, 3, *SIZE)
    assert given_to_it.dtype == np.float32
    assert given_to_it[0, 1, :, 2, 3].tolist() == [1, np.float32(0.2), 0]
