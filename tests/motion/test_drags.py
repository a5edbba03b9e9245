"""Drags."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbetween.errors import UnknownName, UsageError
from inbetween.motion.drags import parse_drag
from inbetween.motion.tracks import equal_times, places_at

SIZE = (320, 512)


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


def test_one_click_stays() -> None:
    times = equal_times(14)
    _, pinned = parse_drag("511,319", SIZE)
    assert (places_at(pinned, times) == [511, 319]).all()


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
        ("0: 1,2", "not a gap"),
        ("-1: 1,2", "not a gap"),
        ("a: 1,2", "not a gap"),
        ("1: 2: 1,2", "not a gap"),
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
