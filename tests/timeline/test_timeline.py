"""Counts, rates, times and easings: the rules that the README states."""

from __future__ import annotations

import contextlib
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbetween.errors import UnknownName, UsageError
from inbetween.plan import plan
from inbetween.request import RunRequest
from inbetween.timeline import grid
from inbetween.timeline.easing import EASINGS, cubic_bezier, parse_easing, parse_times
from inbetween.timeline.grid import Source
from inbetween.timeline.text import parse_rate, parse_time

KEYS = ("a.png", "b.png", "c.png", "d.png", "e.png")


def planned(count: int = 2, **words: object):
    return plan(RunRequest(keys=KEYS[:count], out="o.mp4", **words))


def frames_of_keys(made) -> list[int]:
    line = made.timeline
    return [int(key * line.rate) for key in line.keys]


@given(st.integers(2, 30), st.integers(1, 60), st.booleans())
def test_n_counts_the_pictures_between_two_keys(keys: int, n: int, loop: bool) -> None:
    line = grid.even_timeline(keys, n, Fraction(25), loop)
    gaps = keys if loop else keys - 1
    assert len(line.sources) == gaps * (n + 1) + (0 if loop else 1)
    assert line.sources[0] == Source(0, 0.0)
    for gap in range(gaps):
        inner = [s.t for s in line.sources if s.gap == gap and 0 < s.t < 1]
        assert inner == pytest.approx([k / (n + 1) for k in range(1, n + 1)], abs=1e-12)
    assert (line.sources[-1] == Source(gaps - 1, 1.0)) is not loop


@given(st.integers(2, 12), st.integers(12, 500), st.booleans())
def test_spread_keys_are_even_within_half_a_frame(keys: int, count: int, loop: bool) -> None:
    places = grid.spread_keys(keys, count, loop)
    step = Fraction(count, keys) if loop else Fraction(count - 1, keys - 1)
    ideal = [i * step for i in range(len(places))]
    assert all(abs(place - x) <= Fraction(1, 2) for place, x in zip(places, ideal, strict=True))
    assert len(grid.timeline_of(places, Fraction(24), loop).sources) == count


def test_two_keys_make_25_pictures_at_25_fps_by_default() -> None:
    made = planned()
    assert (made.count, made.timeline.rate, made.making.engine.name) == (25, 25, "flow")


@pytest.mark.parametrize(
    ("words", "count", "rate"),
    [
        ({"frames": 8, "fps": "12"}, 10, Fraction(12)),
        ({"fps": "24", "duration": "2s"}, 48, Fraction(24)),
        ({"frames": 23, "duration": "2s"}, 25, Fraction(25, 2)),
        ({"duration": "500ms"}, 13, Fraction(25)),
        ({"duration": "48f", "fps": "24"}, 48, Fraction(24)),
        ({"duration": "0:01.5", "fps": "30"}, 45, Fraction(30)),
        ({"duration": "0:00:01.5", "fps": "30"}, 45, Fraction(30)),
        ({"frames": 3, "loop": True}, 8, Fraction(25)),
        ({"frames": 3, "ping_pong": True}, 8, Fraction(25)),
        ({"frames": 3, "ping_pong": True, "duration": "2s"}, 8, Fraction(4)),
        ({"duration": "1s", "ping_pong": True}, 26, Fraction(25)),
        ({"duration": "1s", "loop": True}, 25, Fraction(25)),
        ({"frames": 5, "keyframes": "none"}, 5, Fraction(25)),
        ({"frames": 5, "keyframes": "generated"}, 7, Fraction(25)),
        ({"at": "0,1.5s"}, 39, Fraction(25)),
        ({"at": "10,11.5", "fps": "10"}, 16, Fraction(10)),
    ],
)
def test_counts_and_rates(words: dict[str, object], count: int, rate: Fraction) -> None:
    made = planned(**words)
    assert (made.count, made.timeline.rate) == (count, rate)


def test_duration_is_that_of_the_film_with_many_keys() -> None:
    made = planned(4, duration="2s", fps="24")
    assert made.count == 48
    assert frames_of_keys(made) == [0, 16, 31, 47]
    assert [code for code, _ in made.notes] == ["snapped"]


def test_at_places_keys_and_says_what_it_snaps() -> None:
    made = planned(3, at="0,1.5s,72f", fps="24")
    assert frames_of_keys(made) == [0, 36, 72]
    assert made.notes == ()
    made = planned(3, at="0,0.51,1", fps="25")
    assert frames_of_keys(made) == [0, 13, 25]
    assert "key 2" in made.notes[0][1]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ({"frames": 0, "keyframes": "none"}, "nothing to make"),
        ({"frames": -3}, "-n must be from 0"),
        ({"frames": 10**9}, "-n must be from 0"),
        ({"fps": "10", "duration": "100000s"}, "too long: the most are 100000"),
        ({"frames": 3, "fps": "25", "duration": "1s"}, "one too many"),
        ({"at": "0,1", "frames": 3}, "--at excludes"),
        ({"at": "0"}, "2 are needed"),
        ({"at": "1,0"}, "must ascend"),
        ({"at": "0,0.001"}, "same frame"),
        ({"at": "0,x"}, "not a time"),
        ({"at": "0," + "9" * 5000}, "not a time"),
        ({"duration": "9" * 5000 + ":00"}, "not a time"),
        ({"fps": "1e999999999"}, "not a frame rate"),
        ({"easing": f"steps({'9' * 5000})"}, "whole number"),
        ({"duration": "0s"}, "no time"),
        ({"duration": "-1s"}, "not a time"),
        ({"duration": "0.05s"}, "too few"),
        ({"fps": "0"}, "between 0.001 and 1000, not 0"),
        ({"fps": "1e9"}, "between 0.001 and 1000, not 1e9"),
        ({"fps": "nan"}, "not a frame rate"),
        ({"fps": "25/0"}, "not a frame rate"),
        ({"loop": True, "ping_pong": True}, "exclude each other"),
        ({"loop": True, "at": "0,1"}, "3 are needed"),
        ({"size": "12"}, "not a size"),
        ({"size": "0x5"}, "not a size"),
        ({"easing": "cubic-bezier(1,2)"}, "four numbers"),
        ({"easing": "cubic-bezier(2,0,0,1)"}, "from 0 to 1"),
        ({"easing": "steps(0)"}, "whole number"),
        ({"easing": "cubic-bezier(0.5,3,0.5,-2)"}, "backwards"),
        ({"device": "cuda"}, "runs on the cpu only"),
        ({"engine": "blend", "set": ("light",)}, "no value"),
        ({"set": ("acceleration=maybe",)}, "true or false"),
    ],
)
def test_words_that_make_no_sense(words: dict[str, object], says: str) -> None:
    with pytest.raises(UsageError) as caught:
        planned(**words)
    assert says in caught.value.message
    assert caught.value.hint
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("words", "near"),
    [
        ({"engine": "flwo"}, "flow"),
        ({"easing": "ease-inn"}, "ease-in"),
        ({"set": ("samplin=bicubic",)}, "sampling"),
        ({"set": ("sampling=bicubik",)}, "bicubic"),
        ({"fit": "corp"}, "crop"),
        ({"keyframes": "owm"}, "own"),
        ({"if_unrelated": "bend"}, "blend"),
        ({"device": "cud"}, "cuda"),
    ],
)
def test_the_nearest_name_is_offered(words: dict[str, object], near: str) -> None:
    with pytest.raises(UnknownName) as caught:
        planned(**words)
    assert f"did you mean `{near}`" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("25", Fraction(25)),
        ("23.976", Fraction(24000, 1001)),
        ("29.97", Fraction(30000, 1001)),
        ("119.88", Fraction(120000, 1001)),
        ("24000/1001", Fraction(24000, 1001)),
        ("12.5", Fraction(25, 2)),
    ],
)
def test_rates(text: str, rate: Fraction) -> None:
    assert parse_rate(text) == rate


@given(st.text(max_size=12))
def test_parsers_refuse_or_understand(text: str) -> None:
    for parse in (
        parse_rate,
        lambda x: parse_time(x, Fraction(25)),
        parse_easing,
        lambda x: parse_times(x, "file"),
    ):
        with contextlib.suppress(UsageError):
            parse(text)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.integers(1, 40))
def test_easings_keep_the_ends_and_go_forwards(x1: float, y1: float, x2: float, y2: float, n: int) -> None:
    line = grid.eased(grid.even_timeline(2, n, Fraction(25)), cubic_bezier(x1, y1, x2, y2))
    times = [s.t for s in line.sources]
    assert (times[0], times[-1]) == (0.0, 1.0)
    assert all(a <= b for a, b in pairwise(times))


def test_ease_in_out_as_in_css() -> None:
    ease = EASINGS["ease-in-out"]
    assert ease(0.5) == pytest.approx(0.5, abs=1e-9)
    # From CSS Easing Functions, sampled: cubic-bezier(0.42, 0, 0.58, 1) at a quarter.
    assert ease(0.25) == pytest.approx(0.1291619, abs=1e-6)
    assert EASINGS["ease-in"](0.25) < 0.25 < EASINGS["ease-out"](0.25)


def test_overshoot_is_held_at_the_keys() -> None:
    times = [s.t for s in planned(easing="cubic-bezier(0.68,-0.55,0.27,1.55)", frames=19).timeline.sources]
    assert times[1] == 0.0
    assert times[-2] == 1.0
    assert 0 < times[10] < 1


def test_steps_hold_the_pictures() -> None:
    times = [s.t for s in planned(easing="steps(4)", frames=7).timeline.sources]
    assert times == [0, 0, 0.25, 0.25, 0.5, 0.5, 0.75, 0.75, 1]


def test_easing_acts_between_every_two_keys() -> None:
    line = planned(3, easing="ease-in", frames=3).timeline
    assert [s.t for s in line.sources[:4]] == [s.t for s in line.sources[4:8]]
    assert len(line.sources) == 9


def test_a_file_of_times_decides_the_count(tmp_path) -> None:
    file = tmp_path / "times.txt"
    file.write_text("# hold, then go\n0, 0\n0.5; 0.9\n")
    made = planned(3, easing=str(file))
    assert [s.t for s in made.timeline.sources] == [0, 0, 0, 0.5, 0.9, 0, 0, 0, 0.5, 0.9, 1]
    assert made.request.easing == (0, 0, 0.5, 0.9)
    with pytest.raises(UsageError, match="4 times, but a gap has 7"):
        planned(easing=str(file), frames=7)
    file.write_text("0.5 0.4")
    with pytest.raises(UsageError, match="ascend"):
        planned(easing=str(file))
    file.write_text("half")
    with pytest.raises(UsageError, match="not a file of times"):
        planned(easing=str(file))


def test_plans_survive_their_json() -> None:
    import json

    from inbetween.record.read import request_from_json
    from inbetween.request import RunRequest

    made = planned(3, frames=5, easing="ease-in", set=("sampling=bicubic",), loop=True)
    again = plan(request_from_json(json.loads(json.dumps(made.to_json()))["words"], RunRequest))
    assert (again.timeline, again.making.options, again.sink) == (made.timeline, made.making.options, made.sink)
    assert again.digest() == made.digest() != planned(3, frames=5).digest()
