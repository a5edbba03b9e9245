"""Tracks, drags, motion files, heatmaps and selections."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from inbetween.conditions.heatmaps import heatmaps, template
from inbetween.errors import InbetweenError, UnknownName, UsageError
from inbetween.matching.selection import METHODS, select, select_points
from inbetween.motion.document import LARGEST, fitted, motion_from_json, motion_to_json, read_motion
from inbetween.motion.drags import anchors_to_tracks, drags_to_tracks, parse_drag
from inbetween.motion.tracks import FARTHEST, PATHS, arc_length_times, equal_times, places_at, sampled, weights_at
from inbetween.types import Matches, Motion, Report, Track

KINDS = {"point": 1, "line": 2, "skeleton": 134}
PACES = ("linear", "ease-in", "ease-in-out", "cubic-bezier(0.3,-0.5,0.4,1.6)", "steps(3)")
SIZE = (320, 512)


def track(places: object, path: str = "straight", dtype: type = np.float64, **words: Any) -> Track:
    """Of places (K, P, 2) or (K, 2), at equal times, fully there."""
    made = np.asarray(places, dtype)
    made = made.reshape(len(made), -1, 2)
    kind = {points: kind for kind, points in KINDS.items()}[made.shape[1]]
    return Track(kind, equal_times(len(made)), made, np.ones(made.shape[:2]), path, **words)


@st.composite
def tracks(draw: st.DrawFn, most: int = 5) -> Track:
    kind = draw(st.sampled_from(["point", "line", "point", "line", "skeleton"]))
    count = draw(st.integers(2, most))
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    numbers = st.floats(-FARTHEST, FARTHEST, width=32 if dtype is np.float32 else 64)
    places = draw(hnp.arrays(dtype, (count, KINDS[kind], 2), elements=numbers))
    weights = draw(hnp.arrays(np.float64, (count, KINDS[kind]), elements=st.floats(0, 1)))
    inner = draw(st.lists(st.integers(1, 9999), min_size=count - 2, max_size=count - 2, unique=True))
    times = np.array([0.0, *(x / 10_000 for x in sorted(inner)), 1.0])
    path, pace = draw(st.sampled_from(PATHS)), draw(st.sampled_from(PACES))
    return Track(kind, times, places, weights, path, pace, draw(st.sampled_from(["drag", "match"])))


# ------------------------------------------------------------------ tracks


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


# ------------------------------------------------------------------ drags

COORDINATES = st.floats(-1e4, 1e4).map(repr)


@given(st.lists(st.tuples(COORDINATES, COORDINATES), min_size=2, max_size=6), st.sampled_from(["", "1:", " 12 : "]))
def test_a_drag_is_read_as_written(points: list[tuple[str, str]], head: str) -> None:
    gap, made = parse_drag(head + " ".join(f"{x},{y}" for x, y in points), SIZE)
    assert gap == {"": None, "1:": 1, " 12 : ": 12}[head]
    assert made.kind == "point"
    assert made.source == "drag"
    assert made.places[:, 0].tolist() == [[float(x), float(y)] for x, y in points]
    assert made.times.tolist() == equal_times(len(points)).tolist()


def test_percent_are_of_the_pixels_centres() -> None:
    _, made = parse_drag("0%,0% 100% , 100% 50%,12", (101, 201))
    assert made.places[:, 0].tolist() == [[0, 0], [200, 100], [100, 12]]


def test_one_click_stays_and_drifts_only_as_released() -> None:
    times = equal_times(14)
    _, pinned = parse_drag("511,319", SIZE)
    assert (places_at(pinned, times) == [511, 319]).all()
    _, drifting = parse_drag("511,319", SIZE, released=True)
    assert places_at(drifting, 1).tolist() == [[512, 320]]


def test_a_drag_may_leave_the_picture() -> None:
    _, made = parse_drag("10,20 -50,110%", SIZE)
    assert places_at(made, 1)[0].tolist() == pytest.approx([-50, 1.1 * 319])


def test_a_drag_of_constant_speed() -> None:
    _, made = parse_drag("0,0 10,0 100,0", SIZE, timing="length")
    np.testing.assert_allclose(places_at(made, [0.25, 0.5])[:, 0], [[25, 0], [50, 0]], atol=1e-9)
    with pytest.raises(UnknownName):
        parse_drag("0,0", SIZE, timing="slow")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "no points"),
        ("  ", "no points"),
        ("2:", "no points"),
        ("10", "point 1"),
        ("1,2 3,4 5;6", "point 3"),
        ("1,2 nan,4", "point 2"),
        ("1,2 3,inf", "point 2"),
        ("1,2,3,4", "point 1"),
        ("1,2 3,4px", "point 2"),
        ("1,2 1e9,4", "too far"),
        ("1,2 1e999,4", "too far"),
        ("1,2 3,-1e9%", "too far"),
        ("１,2", "point 1"),
        ("0: 1,2", "no gap"),
        ("-1: 1,2", "no gap"),
        ("a: 1,2", "no gap"),
        ("1: 2: 1,2", "no gap"),
        ("x" * 5000, "point 1"),
    ],
)
def test_what_is_no_drag_is_refused_with_the_place_of_the_fault(text: str, fault: str) -> None:
    with pytest.raises(UsageError, match=fault) as refused:
        parse_drag(text, SIZE)
    assert len(refused.value.message) < 250
    assert refused.value.hint


@given(st.text())
def test_any_text_is_a_drag_or_refused(text: str) -> None:
    try:
        _, made = parse_drag(text, SIZE)
    except UsageError:
        return
    assert np.isfinite(made.places).all()


def test_clicks_are_scaled_and_empty_drags_left_out() -> None:
    drags = [[(10.5, 20)], [], [(0, 0), (99, 49)]]
    exact = drags_to_tracks(drags, (50, 100), (100, 200), 5)
    assert exact.shape == (5, 2, 2)
    np.testing.assert_allclose(exact[:, 0], [[21.5, 40.5]] * 5)
    np.testing.assert_allclose(exact[[0, -1], 1], [[0.5, 0.5], [198.5, 98.5]])
    recorded = drags_to_tracks(drags, (50, 100), (100, 200), 5, released=True)
    assert recorded[[0, -1], 0].tolist() == [[21, 40], [22, 41]]
    assert drags_to_tracks([[]], (50, 100), (100, 200), 5).shape == (5, 0, 2)


def test_anchors_are_kept_at_their_own_times() -> None:
    flags, anchors = np.zeros((5, 1)), np.zeros((5, 1, 2), np.float32)
    flags[[0, 1, 4]] = 1
    anchors[[1, 4], 0] = [[30, 3], [60, 6]]
    np.testing.assert_allclose(anchors_to_tracks(flags, anchors)[[0, 1, 4], 0], [[0, 0], [30, 3], [60, 6]])
    np.testing.assert_allclose(anchors_to_tracks(flags, anchors, timed=False)[2, 0], [30, 3])


# ------------------------------------------------------------------ motion files


class Notes(Report):
    """Remembers what was said."""

    def __init__(self) -> None:
        self.codes: list[str] = []

    def note(self, code: str, text: str, *, detail: bool = False, **facts: Any) -> None:
        self.codes.append(code)


def assert_same(a: Motion, b: Motion) -> None:
    assert a.size == b.size
    for one, other in zip(a.tracks, b.tracks, strict=True):
        for field in fields(Track):
            left, right = getattr(one, field.name), getattr(other, field.name)
            if isinstance(left, np.ndarray):
                assert left.dtype == right.dtype
                assert left.tobytes() == right.tobytes()
            else:
                assert left == right


@settings(deadline=None)
@given(st.lists(tracks(), max_size=3), st.tuples(st.integers(1, 9000), st.integers(1, 9000)))
def test_a_motion_file_gives_the_motion_back_to_the_last_bit(made: list[Track], size: tuple[int, int]) -> None:
    motion = Motion(tuple(made), size)
    text = motion_to_json(motion)
    assert_same(motion_from_json(text), motion)
    assert motion_to_json(motion_from_json(text)) == text


def document(**words: Any) -> dict[str, Any]:
    return {"inbetween-motion": 1, "size": {"width": 512, "height": 320}, "tracks": [], **words}


def test_a_short_file_written_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "motion.json"
    words = document(
        path="arc",
        pace="ease-in",
        tracks=[
            {"places": [[1, 2], [3, 4], [5, 6]], "path": "straight"},
            {"places": [[7, 8]], "weights": [0.5]},
            {"kind": "line", "places": [[[0, 0], [1, 1]], [[2, 2], [3, 3]]], "weights": [[0, 1], [1, 1]]},
            {"places": [[1, 2], [3, 4], [5, 6]], "times": [0, 0.1, 1]},
        ],
    )
    path.write_text(json.dumps(words), "utf-8-sig")
    made = read_motion(path)
    assert made.size == (320, 512)
    assert [one.path for one in made.tracks] == ["straight", "arc", "arc", "arc"]
    assert {one.pace for one in made.tracks} == {"ease-in"}
    assert made.tracks[0].times.tolist() == [0, 0.5, 1]
    assert made.tracks[1].places.tolist() == [[[7, 8]]] * 2
    assert made.tracks[1].weights.tolist() == [[0.5]] * 2
    assert made.tracks[2].weights.tolist() == [[0, 1], [1, 1]]
    assert made.tracks[3].times.tolist() == [0, 0.1, 1]


LINE = {"kind": "line", "places": [[[0, 0], [1, 1]], [[2, 2], [3, 3]]]}
POINT = {"places": [[1, 2], [3, 4]]}


@pytest.mark.parametrize(
    ("words", "place"),
    [
        (document(size={"width": 512}), "size.height:"),
        (document(size=[512, 320]), "size:"),
        (document(size={"width": 512, "height": True}), "size.height:"),
        (document(size={"width": 0, "height": 320}), "size.width:"),
        (document(colour="red"), "colour:"),
        (document(path="curve"), "path:"),
        (document(pace="linaer"), "pace:"),
        (document(pace=3), "pace:"),
        (document(tracks={}), "tracks:"),
        (document(tracks=[POINT, 3]), "tracks[1]:"),
        (document(tracks=[POINT, {}]), "tracks[1].places:"),
        (document(tracks=[{"places": []}]), "tracks[0].places:"),
        (document(tracks=[POINT, {"places": [[1, 2], [3]]}]), "tracks[1].places[1]:"),
        (document(tracks=[POINT, {"places": [[1, 2], [3, "4"]]}]), "tracks[1].places[1][1]:"),
        (document(tracks=[POINT, {"places": [[1, 2], [3, None]]}]), "tracks[1].places[1][1]:"),
        (document(tracks=[POINT, {"places": [[1, 2], [3, True]]}]), "tracks[1].places[1][1]:"),
        (document(tracks=[{"places": [[1, float("nan")]]}]), "tracks[0].places[0][1]:"),
        (document(tracks=[{"places": [[1, float("inf")]]}]), "tracks[0].places[0][1]:"),
        (document(tracks=[{"places": [[1, 10**400]]}]), "tracks[0].places[0][1]:"),
        (document(tracks=[{**POINT, "kind": "line"}]), "tracks[0].places[0][0]:"),
        (document(tracks=[{**LINE, "kind": "skeleton"}]), "tracks[0].places[0]:"),
        (document(tracks=[{**LINE, "kind": "circle"}]), "tracks[0].kind:"),
        (document(tracks=[{**POINT, "precision": "half"}]), "tracks[0].precision:"),
        (document(tracks=[{**POINT, "source": "dream"}]), "tracks[0].source:"),
        (document(tracks=[{**POINT, "wieghts": [1, 1]}]), "tracks[0].wieghts:"),
        (document(tracks=[{**POINT, "weights": [1]}]), "tracks[0].weights:"),
        (document(tracks=[{**POINT, "weights": [1, 1.01]}]), "tracks[0].weights[1]:"),
        (document(tracks=[{**LINE, "weights": [1, 1]}]), "tracks[0].weights[0]:"),
        (document(tracks=[{**POINT, "times": [0, 0.5]}]), "tracks[0].times[1]:"),
        (document(tracks=[{**POINT, "times": [0.1, 1]}]), "tracks[0].times[0]:"),
        (document(tracks=[{**POINT, "times": [0, 0.5, 1]}]), "tracks[0].times:"),
        (document(tracks=[{"places": [[1, 2]] * 4, "times": [0, 0.5, 0.4, 1]}]), "tracks[0].times[2]:"),
        (document(tracks=[{"places": [[1, 2]] * 3, "times": [0, 5e-324, 1]}]), "tracks[0].times[1]:"),
        (document(tracks=[{"places": [[1, 2]], "times": [0]}]), "tracks[0].times:"),
    ],
)
def test_a_fault_in_a_motion_file_is_named_by_its_place(words: dict[str, Any], place: str) -> None:
    with pytest.raises(InbetweenError) as refused:
        motion_from_json(json.dumps(words), "m.json")
    assert refused.value.message.startswith(f"m.json: {place}")
    assert refused.value.hint


@pytest.mark.parametrize("version", [0, 2, "1", True, None, [1], 1.5])
def test_another_version_is_refused(version: object) -> None:
    with pytest.raises(InbetweenError, match="version"):
        motion_from_json(json.dumps(document(**{"inbetween-motion": version})))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "3",
        "{}",
        "[" * 100_000,
        '{"inbetween-motion": 1, "inbetween-motion": 1}',
        '{"a": ' + "1" * 9999 + "}",
    ],
)
def test_what_is_no_motion_file_is_refused(text: str) -> None:
    with pytest.raises(InbetweenError, match="is no motion file"):
        motion_from_json(text)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    with pytest.raises(InbetweenError, match="cannot be read"):
        read_motion(path)
    with pytest.raises(InbetweenError, match="cannot be read"):
        read_motion(tmp_path)
    path.write_bytes(b"\xff\xfe{}")
    with pytest.raises(InbetweenError, match="UTF-8"):
        read_motion(path)
    with open(path, "wb") as file:
        file.truncate(LARGEST + 1)
    with pytest.raises(InbetweenError, match="too large"):
        read_motion(path)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["places", "kind", "times", "weights", "pace", "width", "x"]), inner, max_size=3
            )
        ),
        max_leaves=8,
    ),
    st.sampled_from(["size", "tracks", "pace", "path", "source", "precision", "kind"]),
)
def test_any_json_is_a_motion_or_refused(value: object, field: str) -> None:
    try:
        made = motion_from_json(json.dumps(document(**{field: value})))
    except InbetweenError:
        return
    for one in made.tracks:
        assert np.isfinite(places_at(one, [0, 0.3, 1])).all()


def test_a_motion_of_another_size_and_the_same_aspect_is_scaled_and_said() -> None:
    motion, said = Motion((track([[0, 0], [1919, 1079]]),), (1080, 1920)), Notes()
    assert fitted(motion, (1080, 1920), said) is motion
    assert said.codes == []
    made = fitted(motion, (480, 853), said)
    assert said.codes == ["motion-scaled"]
    assert made.size == (480, 853)
    centres = (np.array([0, 0]) + 0.5) * [853 / 1920, 480 / 1080] - 0.5
    np.testing.assert_allclose(made.tracks[0].places[0, 0], centres)
    for size in ((1920, 1080), (1080, 1918), (480, 850)):
        with pytest.raises(InbetweenError, match="1920x1080"):
            fitted(motion, size, said)


# ------------------------------------------------------------------ heatmaps


def test_a_spot_is_brightest_at_its_point_and_the_last_one_wins() -> None:
    made = heatmaps(np.array([[[40.7, 30.2]]]), (64, 96))[0]
    assert np.unravel_index(made.argmax(), made.shape) == (30, 40)
    assert made.max() == 254
    both = heatmaps(np.array([[[40.0, 30.0], [50.0, 30.0]]]), (64, 96))[0]
    alone = heatmaps(np.array([[[50.0, 30.0]]]), (64, 96))[0]
    np.testing.assert_array_equal(both[10:50, 30:70], alone[10:50, 30:70])
    assert both[:, 20:30].any()


@settings(deadline=None)
@given(
    hnp.arrays(np.float64, (2, 3, 2), elements=st.floats(-30, 130) | st.just(np.nan)),
    st.integers(1, 70),
    st.integers(1, 70),
)
def test_spots_keep_off_the_border_and_absent_points_have_none(
    made: NDArray[np.float64], height: int, width: int
) -> None:
    pictures = heatmaps(made, (height, width))
    assert pictures.shape == (2, height, width)
    assert not pictures[:, [0, -1]].any()
    assert not pictures[:, :, [0, -1]].any()
    outside = ~((made >= 0) & (made < (width, height))).all(-1)
    assert not pictures[outside.all(1)].any()


def test_no_points_are_black() -> None:
    assert not heatmaps(np.zeros((3, 0, 2)), (20, 30)).any()
    assert template()[100, 100] == 255


# ------------------------------------------------------------------ selections


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
