"""Repeats and pauses."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import pairwise
from math import gcd
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbetween.retime import analysis as keys_room
from inbetween.retime.analysis import Findings, Key
from inbetween.retime.opening import LOOK_BACK
from inbetween.types import Picture
from support.films import MakeClip, shown
from support.pictures import moving
from support.reports import Heard
from support.slow import slow, stream

SIZE = (72, 96)


def times_of(found: Iterable[Key]) -> list[Fraction]:
    return [key.time for key in found]


def noisy(picture: Picture, seed: int) -> Picture:
    noise = np.random.default_rng(seed).normal(0, 1.5, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("shown", [2, 3, 4])
def test_drawings_on_twos_and_threes_move_all_the_time(shown: int) -> None:
    drawings = [noisy(picture, n) for picture in moving(6, step=1) for n in range(shown)]
    counts = Findings()
    found = list(keys_room.keys(stream(drawings), keys_room.cut_by_content, True, Fraction(1, 24), counts))
    assert times_of(found)[:5] == [Fraction(number * shown, 24) for number in range(5)]
    assert not counts.cuts
    kept = list(keys_room.keys(stream(drawings), keys_room.cut_by_content, False, Fraction(1, 24), Findings()))
    assert len(kept) == len(drawings)


def test_coarse_coding_of_large_motion_hides_no_repeat() -> None:
    """What differs by much is a repeat still where drawings differ by far more."""

    def coarse(picture: Picture, seed: int) -> Picture:
        blocks = np.random.default_rng(seed).normal(0, 4, (6, 8))
        return np.clip(picture + cv2.resize(blocks, SIZE[::-1])[..., None], 0, 255).astype(np.uint8)

    twice = [picture for picture in moving(8, step=1) for _ in range(2)]
    drawings = [coarse(picture, number) for number, picture in enumerate(twice)]
    seen = [keys_room._seen(one)[2] for one in stream(drawings)]
    assert min(keys_room.differ(a, b) for a, b in pairwise(seen)) > keys_room.SAME
    # Of the first one nothing larger is known before it.
    assert times_of(keys_of(stream(drawings)))[2:] == [Fraction(2 * number, 24) for number in range(1, 8)]


def runs(lengths: Iterable[int], shot: int = 0) -> list[Picture]:
    """Drawings, each shown so many times; of two that change places, which is as good as any."""
    drawn = [np.full((8, 8, 3), value + 20 * shot, np.uint8) for value in (50, 150)]
    return [drawn[number % 2] for number, length in enumerate(lengths) for _ in range(length)]


def keys_of(pictures: Iterable[tuple[Fraction, Picture]], cut: keys_room.Cut = keys_room.never_cut) -> list[Key]:
    return list(keys_room.keys(pictures, cut, True, Fraction(1, 30), Findings()))


def test_telecine_on_pictures_moves_evenly() -> None:
    pictures = [picture for n, picture in enumerate(moving(16, step=0.4)) for _ in range(2 if n % 4 == 3 else 1)]
    found = times_of(keys_of(stream(pictures, 30)))
    assert len(found) == 16
    assert {b - a for a, b in pairwise(found[1:])} == {Fraction(1, 24)}
    assert found[0] == 0


@pytest.mark.parametrize(
    ("cycle", "step"),
    [
        ((1, 1, 1, 2), Fraction(5, 4)),
        ((2, 1, 1, 1), Fraction(5, 4)),
        ((1, 1, 1, 1, 2), Fraction(6, 5)),
        ((2, 3), Fraction(5, 2)),
        ((3, 2), Fraction(5, 2)),
        ((2, 3, 3, 2), Fraction(5, 2)),
        ((2, 2, 2, 4), Fraction(5, 2)),
        ((1, 2), Fraction(3, 2)),
    ],
)
def test_a_steady_cycle_is_evened_out(cycle: tuple[int, ...], step: Fraction) -> None:
    found = keys_of(stream(runs(cycle * 6), 30))
    times, count = [key.time * 30 for key in found], len(cycle)
    assert {b - a for a, b in pairwise(times[count:-count])} == {step}
    own = [sum((cycle * 6)[:number]) for number in range(len(times))]
    assert max(abs(a - b) for a, b in zip(times, own, strict=True)) <= gcd(*cycle)
    # They are where a film is even from the beginning on, so that one at its rate meets all of them.
    assert all(time % step == 0 for time in times[count:-count])
    # Those whose time it is keep it, so that own pictures are met; nothing is earlier or later than rounding makes it.
    assert any(a == b for a, b in zip(times[count : 2 * count], own[count : 2 * count], strict=True))
    late = sum(a - b for a, b in zip(times[count : 2 * count], own[count : 2 * count], strict=True)) / count
    assert abs(late) <= gcd(*cycle) * Fraction(count - 1, 2 * count)


@pytest.mark.parametrize(
    "lengths",
    [
        [2, 3, 3, 2, 2, 2, 3, 2, 3, 3, 3, 2, 2, 3, 2, 2],
        [2] * 12,
        [3] * 9,
        [1, 1, 2, 1, 1, 1, 1, 2, 2, 1, 1, 2, 1, 1, 1, 1, 1, 2, 1, 2, 2, 1],
        [2] * 8 + [3] * 8 + [1] * 12,
        [1, 1, 1, 3] * 6,
    ],
)
def test_drawings_timed_by_hand_stay_as_they_are(lengths: list[int]) -> None:
    found = keys_of(stream(runs(lengths), 30))
    assert times_of(found) == [Fraction(sum(lengths[:number]), 30) for number in range(len(lengths))]


def test_a_cycle_is_even_to_the_end_of_the_clip() -> None:
    times = times_of(keys_of(stream(runs([2, 1, 1, 1] * 5 + [1]), 30)))
    assert times == [Fraction(number, 24) for number in range(21)]


def test_a_cycle_ends_at_a_cut() -> None:
    first, second = [1, 1, 1, 2] * 4 + [1, 1], [1, 2, 1, 1] * 4
    pictures = runs(first) + runs(second, 1)
    at = Fraction(sum(first), 30)
    found = keys_of(stream(pictures, 30), keys_room.cut_at([at]))
    assert [key.time for key in found if not key.joined] == [0, at]
    times = times_of(found)
    assert times == sorted(set(times))
    alone = keys_of([(at + time, picture) for time, picture in stream(runs(second, 1), 30)])
    assert [time for time in times if time >= at] == times_of(alone)


def test_pictures_that_are_missing_are_no_cycle() -> None:
    """Times that are the file's own are true."""
    ticks = [5 * (n // 4) + n % 4 for n in range(24)]
    found = keys_of((Fraction(tick, 30), picture) for tick, picture in zip(ticks, runs([1] * 24), strict=True))
    assert [key.time * 30 for key in found] == ticks


@pytest.mark.parametrize("ms", [False, True])
@pytest.mark.parametrize(("field", "cycle"), [(Fraction(1001, 60000), (2, 3)), (Fraction(1, 60), (3, 2, 2, 3))])
def test_pictures_shown_for_two_and_three_fields_are_spread_evenly(
    field: Fraction, cycle: tuple[int, ...], ms: bool
) -> None:
    """As DVDs of films have it in their time stamps (soft telecine), which some containers round."""
    own = [sum((cycle * 12)[:number]) * field for number in range(24)]
    times = [Fraction(round(time * 1000), 1000) if ms else time for time in own]
    found = times_of(keys_of(zip(times, runs([1] * 24), strict=True)))
    step = Fraction(5, 2) * field
    assert all(abs(b - a - step) <= Fraction(ms * 2 + 1, 1000) for a, b in pairwise(found[4:-4]))
    assert all(abs(a - b) <= field + Fraction(1, 1000) for a, b in zip(found, times, strict=True))
    # A film at its own rate meets all of them, the last ones too.
    assert field != keys_room.FIELD or all(time % step == 0 for time in found)


@given(
    st.lists(
        st.tuples(
            st.sampled_from([(1, 1, 1, 2), (2, 3), (2, 3, 3, 2), (1,), (2,), (3,), (4,), (6,), (1, 3)]),
            st.integers(1, 8),
        ),
        min_size=2,
        max_size=6,
    ),
    st.floats(0, 1),
)
def test_what_a_key_is_depends_on_few_pictures(parts: list[tuple[tuple[int, ...], int]], place: float) -> None:
    """Segments that are made by themselves have the very keys that the whole has."""
    lengths = [length for cycle, times in parts for length in cycle * times]
    pictures = list(stream(runs(lengths), 30))
    first = int(place * (len(pictures) - 1))
    whole = keys_of(pictures)
    begun = keys_of(pictures[max(0, first - LOOK_BACK) :])
    start = max(number for number, key in enumerate(whole) if key.time <= pictures[first][0])
    wanted = whole[max(0, start - 1) :]
    assert [(key.time, key.shown) for key in begun[-len(wanted) :]] == [(key.time, key.shown) for key in wanted]


@given(st.lists(st.sampled_from([0, 1, 3, 7, 9, 13, 20, 24, 25, 40, 61, 76, 110]), min_size=80, max_size=120))
def test_repeats_depend_on_few_pictures(changes: list[int]) -> None:
    """Whatever the noise, and however much drawings differ."""
    levels = [128]
    for change in changes:
        levels.append(levels[-1] + (change if levels[-1] < 128 else -change))
    pictures = list(stream([np.full((8, 8, 3), level, np.uint8) for level in levels], 30))
    whole = [key for key in keys_of(pictures) if key.time >= pictures[50][0]]
    begun = [key for key in keys_of(pictures[50 - LOOK_BACK :]) if key.time >= pictures[50][0]]
    assert [(key.time, key.shown) for key in begun] == [(key.time, key.shown) for key in whole]


def test_what_moves_slowly_or_stands_is_no_repeat() -> None:
    slowly = moving(30, step=0.02)
    found = list(keys_room.keys(stream(slowly), keys_room.never_cut, True, Fraction(1, 24), Findings()))
    assert len(found) == 30
    stands = moving(3, step=1) + [moving(4, step=1)[3]] * 9 + moving(3, step=1, start=4)
    found = list(keys_room.keys(stream(stands), keys_room.never_cut, True, Fraction(1, 24), Findings()))
    assert len(found) == 15


def test_repeats_in_a_film(clip: MakeClip, tmp_path: Path) -> None:
    drawings = [picture for picture in moving(5, step=1) for _ in range(2)]
    report = Heard()
    slow(clip(drawings), tmp_path / "out.mkv", report, codec="ffv1", fps="24")
    found = shown(tmp_path / "out.mkv")
    assert len(found) == 10
    assert all(not np.array_equal(a, b) for a, b in pairwise(found[:9]))
    assert np.array_equal(found[4], drawings[4])
    assert "repeats" in report.texts


def test_a_long_pause_stands() -> None:
    pictures = moving(3)
    uneven = [(Fraction(0), pictures[0]), (Fraction(1, 24), pictures[1]), (Fraction(3), pictures[2])]
    counts = Findings()
    found = list(keys_room.keys(iter(uneven), keys_room.never_cut, True, Fraction(1, 24), counts))
    assert times_of(found) == [0, Fraction(1, 24), 3 - Fraction(1, 24), 3]
    assert found[2].picture is found[1].picture
    assert len(counts.pauses) == 1
    found = list(keys_room.keys(iter(uneven), keys_room.never_cut, True, None, Findings()))
    assert len(found) == 3
