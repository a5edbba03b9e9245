"""The stream of frames and their neighbours."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbetween import gaps
from inbetween.retime.analysis import Key
from inbetween.retime.pieces import pieces
from inbetween.timeline.speed import Speed, clip_grid
from inbetween.types import Gap, Picture, Report
from support.pictures import moving


def simple(gaps: Iterable[Gap], report: Report) -> Iterator[Picture]:
    """An engine that mixes, and reads ahead."""
    from itertools import islice

    gaps, waiting = iter(gaps), []
    while True:
        waiting += list(islice(gaps, 3 - len(waiting)))
        if not waiting:
            return
        gap = waiting.pop(0)
        for t in gap.times:
            yield (gap.start * (1 - t) + gap.end * t).astype(np.uint8)


@given(
    st.lists(st.fractions(Fraction(1, 60), Fraction(1, 5), max_denominator=600), min_size=1, max_size=30),
    st.fractions(Fraction(1, 4), 5, max_denominator=12),
    st.sampled_from([Fraction(24), Fraction(60), Fraction(30000, 1001)]),
    st.sets(st.integers(0, 29)),
)
def test_every_frame_shows_its_time(steps: list[Fraction], factor: Fraction, rate: Fraction, cuts: set[int]) -> None:
    """Pictures whose value is their time: what is made shows the time of the frame, up to a cut the key before."""
    times = [sum(steps[:n], Fraction(0)) for n in range(len(steps))]
    values = [np.full((1, 1, 3), float(time) * 40, np.float64) for time in times]
    grid = clip_grid(rate, sum(steps, Fraction(0)), Speed(((Fraction(0), 1 / factor),)))
    found = (Key(time, value, n not in cuts) for n, (time, value) in enumerate(zip(times, values, strict=True)))  # type: ignore[arg-type]

    def exact(gaps: Iterable[Gap], report: Report) -> Iterator[Any]:
        for gap in gaps:
            yield from (gap.start * (1 - t) + gap.end * t for t in gap.times)

    made = list(gaps.render(pieces(found, grid, 0, grid.count, rate), {"engine": exact}, Report()))
    assert len(made) == grid.count
    for number, picture in enumerate(made):
        time = grid.source(number)
        before = max(n for n, one in enumerate(times) if one <= time)
        held = before + 1 == len(times) or before + 1 in cuts
        wanted = times[before] if held else time
        assert float(picture[0, 0, 0]) == pytest.approx(float(wanted) * 40, abs=1e-6)


def test_neighbours_end_at_cuts() -> None:
    seen: list[Gap] = []

    def watch(gaps: Iterable[Gap], report: Report) -> Iterator[Picture]:
        for gap in gaps:
            seen.append(gap)
            yield from (gap.start for _ in gap.times)

    pictures = moving(7, step=0.1)
    joined = [False, True, True, True, False, True, True]
    found = (Key(Fraction(n), pictures[n], joined[n]) for n in range(7))
    grid = clip_grid(Fraction(1), Fraction(7), Speed(((Fraction(0), Fraction(1, 2)),)))
    list(gaps.render(pieces(found, grid, 0, grid.count, Fraction(1)), {"engine": watch}, Report()))
    assert [gap.number for gap in seen] == [0, 1, 2, 4, 5]
    assert [gap.before is not None for gap in seen] == [False, True, True, False, True]
    assert [gap.after is not None for gap in seen] == [True, True, False, True, False]
    assert [gap.before[1] for gap in seen if gap.before] == [-1, -1, -1]
    assert [gap.after[1] for gap in seen if gap.after] == [2, 2, 2]


@pytest.mark.parametrize("factor", [Fraction(4), Fraction(1), Fraction(1, 3), Fraction(6, 5)])
def test_few_pictures_are_held_however_long_the_clip(factor: Fraction) -> None:
    count, alive, most = 400, weakref.WeakSet(), 0

    class Held(np.ndarray):
        """An array that can be watched."""

        def __hash__(self) -> int:  # type: ignore[override]
            return id(self)

        def __eq__(self, other: object) -> bool:  # type: ignore[override]
            return self is other

    def found() -> Iterator[Key]:
        nonlocal most
        for number in range(count):
            picture = np.full((2, 2, 3), number % 256, np.uint8).view(Held)
            alive.add(picture)
            most = max(most, len(alive))
            yield Key(Fraction(number, 24), picture, number > 0)  # type: ignore[arg-type]

    grid = clip_grid(Fraction(24), Fraction(count, 24), Speed(((Fraction(0), 1 / factor),)))
    made = gaps.render(pieces(found(), grid, 0, grid.count, Fraction(24)), {"engine": simple}, Report())
    assert sum(1 for _ in made) == grid.count
    assert most <= 16
