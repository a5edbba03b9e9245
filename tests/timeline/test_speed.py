"""A clip's time and its film's: what a user may ask, and that the arithmetic is exact."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inbetween.errors import UnknownName, UsageError
from inbetween.timeline.speed import Speed, clip_grid, parse_factor, parse_speed

RATES = st.sampled_from([Fraction(24), Fraction(25), Fraction(24000, 1001), Fraction(30000, 1001), Fraction(50)])
FACTORS = st.fractions(Fraction(1, 4), 16, max_denominator=20)
SPEEDS = st.fractions(Fraction(1, 20), 8, max_denominator=20)
EASINGS = st.sampled_from(["linear", "linear", "ease-in-out"])
few = settings(max_examples=40, deadline=None)


def slower(factor: Fraction) -> Speed:
    return Speed(((Fraction(0), 1 / factor),))


@st.composite
def curves(draw: st.DrawFn) -> Speed:
    times = sorted(draw(st.lists(st.fractions(0, 10, max_denominator=30), min_size=1, max_size=6)))
    return Speed(tuple((time, draw(SPEEDS)) for time in times), draw(EASINGS))


@given(RATES, st.integers(1, 2000), FACTORS)
def test_a_factor_makes_as_many_frames_as_it_says(rate: Fraction, count: int, factor: Fraction) -> None:
    grid = clip_grid(rate, count / rate, slower(factor))
    assert abs(grid.count - count * factor) <= Fraction(1, 2) or grid.count == 1
    assert grid.source(7) == 7 / rate / factor


@given(RATES, st.integers(1, 2000), st.integers(1, 16))
def test_a_film_that_ends_with_the_last_picture(rate: Fraction, count: int, factor: int) -> None:
    grid = clip_grid(rate, count / rate, slower(Fraction(factor)), last=(count - 1) / rate)
    assert grid.count == (count - 1) * factor + 1
    assert grid.source(grid.count - 1) == (count - 1) / rate


@pytest.mark.parametrize(
    ("rate", "fps"), [("24", "60"), ("25", "60"), ("30000/1001", "60"), ("24000/1001", "60000/1001")]
)
def test_another_rate_keeps_the_duration_and_repeats_nothing(rate: str, fps: str) -> None:
    grid = clip_grid(Fraction(rate), 240 / Fraction(rate), slower(Fraction(1)), Fraction(fps))
    assert abs(grid.count / grid.rate - 240 / Fraction(rate)) <= 1 / (2 * grid.rate)
    sources = [grid.source(number) for number in range(grid.count)]
    assert len(set(sources)) == grid.count
    assert sources == sorted(sources)


@few
@given(curves(), st.fractions(0, 12, max_denominator=1000))
def test_source_undoes_shown(speed: Speed, time: Fraction) -> None:
    assert abs(speed.source(speed.shown(time)) - time) < 1e-9


@few
@given(curves(), st.fractions(0, 12, max_denominator=100), st.fractions(0, 12, max_denominator=100))
def test_time_only_goes_forwards(speed: Speed, one: Fraction, other: Fraction) -> None:
    early, late = sorted((one, other))
    assert speed.shown(early) <= speed.shown(late) + Fraction(1, 10**12)


@few
@given(curves(), st.fractions(0, 10, max_denominator=50), st.fractions(0, 5, max_denominator=50))
def test_a_film_that_begins_later_shows_the_same(speed: Speed, begin: Fraction, time: Fraction) -> None:
    part = Speed(speed.points, speed.easing, begin)
    assert abs(part.shown(time) - (speed.shown(begin + time) - speed.shown(begin))) < 1e-9
    assert part.shown(Fraction(0)) == 0


@pytest.mark.parametrize("easing", ["linear", "ease-in-out"])
def test_the_integral_of_a_curve(easing: str) -> None:
    from inbetween.timeline.easing import parse_easing

    speed, ease, steps = parse_speed("1:1, 2:0.25, 3:1, 3:2", Fraction(25), easing), parse_easing(easing), 4000

    def value(time: float) -> float:
        if time < 1 or time >= 3:
            return 1.0 if time < 1 else 2.0
        return 1 - 0.75 * ease(time - 1) if time < 2 else 0.25 + 0.75 * ease(time - 2)

    middle = sum(4 / steps / value((i + 0.5) * 4 / steps) for i in range(steps))
    assert float(speed.shown(Fraction(4))) == pytest.approx(middle, abs=2e-5)


@pytest.mark.parametrize(("low", "high"), [("1", "0.001"), ("0.001", "1"), ("1", "1000"), ("0.25", "1")])
@pytest.mark.parametrize(
    ("easing", "curve"),
    [
        ("ease-in", (0.42, 0, 1, 1)),
        ("ease-out", (0, 0, 0.58, 1)),
        ("cubic-bezier(0.9,0,0.1,1)", (0.9, 0, 0.1, 1)),
    ],
)
def test_the_integral_of_a_curve_that_comes_from_or_to_a_very_slow_speed(
    low: str, high: str, easing: str, curve: tuple[float, float, float, float]
) -> None:
    speed = parse_speed(f"0:{low}, 1:{high}", Fraction(25), easing)
    # Over the parameter of the curve, where nothing is steep.
    edges = np.sin(np.linspace(0, np.pi / 2, 200_001)) ** 2
    x, y = ((1 - s) ** 2 * s * 3 * p + (1 - s) * s**2 * 3 * q + s**3 for s, p, q in _curve(edges, curve))
    wanted = float(np.sum(np.diff(x) / (float(low) + (float(high) - float(low)) * y)))
    assert float(speed.shown(Fraction(1))) == pytest.approx(wanted, rel=1e-6)
    for time in (Fraction(1, 1000), Fraction(1, 3), Fraction(999, 1000)):
        assert abs(speed.source(speed.shown(time)) - time) < 1e-9


def _curve(edges: Any, curve: tuple[float, float, float, float]) -> list[tuple[Any, float, float]]:
    middles = (edges[1:] + edges[:-1]) / 2
    return [(edges, curve[0], curve[2]), (middles, curve[1], curve[3])]


@pytest.mark.parametrize(
    ("text", "easing"), [("0:1, 1:0.25", "cubic-bezier(0,3,1,3)"), ("0:1, 1:900", "cubic-bezier(0,1.3,1,1.3)")]
)
def test_an_easing_that_stops_the_clip_or_turns_it_back(text: str, easing: str) -> None:
    with pytest.raises(UsageError, match="comes to"):
        parse_speed(text, Fraction(25), easing)
    parse_speed("0:1, 1:0.9", Fraction(25), easing)


ENDLESS = ["1e999999999", "1E-9_9_9_9_9_9_9_9_9", "9" * 5000]
"""Numbers that take minutes to write out, or that Python refuses to."""


@pytest.mark.parametrize(
    "text",
    ["", "fast", "0", "-1", "0:1, 2s", "2s:1, 1s:1", "1:0", "1:1:1:1:1", "1e9", *ENDLESS, f"{ENDLESS[2]}:1"],
)
def test_what_is_no_speed(text: str) -> None:
    with pytest.raises(UsageError):
        parse_speed(text, Fraction(25))


@pytest.mark.parametrize("text", ["", "x", "0", "-2", "1/0", "2000", "nan", *ENDLESS])
def test_what_is_no_factor(text: str) -> None:
    with pytest.raises(UsageError):
        parse_factor(text)


def test_easings_of_a_speed() -> None:
    with pytest.raises(UsageError, match="steps"):
        parse_speed("0:1, 1:2", Fraction(25), "steps(3)")
    with pytest.raises(UnknownName):
        parse_speed("0:1, 1:2", Fraction(25), "wobbly")


def test_a_film_of_too_many_frames() -> None:
    with pytest.raises(UsageError, match="too long"):
        clip_grid(Fraction(60), Fraction(3600), slower(Fraction(1000)))
