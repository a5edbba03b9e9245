"""The counts of frames that engines make at once, and the even grid that is chosen for wanted times."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbetween.engine import EXACT, Lengths, Powers, Steps
from inbetween.sizes import counts_text

STEPS = st.builds(
    lambda least, runs, step, native: Steps(least, least + runs * step, step, native=least + native % runs * step),
    st.integers(3, 9),
    st.integers(1, 20),
    st.integers(1, 8),
    st.integers(0, 19),
)
POWERS = st.integers(3, 300).map(Powers)
LENGTHS = st.one_of(STEPS, POWERS)
TIMES = st.one_of(
    st.integers(1, 90).map(lambda n: tuple(k / (n + 1) for k in range(1, n + 1))),
    st.integers(1, 90).map(lambda n: tuple(k / (n + 1) for k in range(n + 2))),
    st.sets(st.integers(0, 48), min_size=1, max_size=9).map(lambda some: tuple(k / 48 for k in sorted(some))),
    st.sets(st.floats(0, 1), min_size=1, max_size=9).map(lambda some: tuple(sorted(some))),
)


def has(count: int, times: tuple[float, ...]) -> bool:
    """Whether the even grid of `count` frames has all of the times."""
    grid = [k / (count - 1) for k in range(count)]
    return all(min(abs(t - at) for at in grid) <= EXACT for t in times)


def even(count: int) -> tuple[float, ...]:
    """The times of `count` evenly spaced frames between two keys."""
    return tuple(k / (count + 1) for k in range(1, count + 1))


@given(LENGTHS, TIMES)
def test_the_grid_is_the_least_that_has_the_times_wherever_one_has_them(
    lengths: Lengths, times: tuple[float, ...]
) -> None:
    grid = lengths.grid(times)
    assert lengths.allows(grid)
    fitting = [count for count in lengths.counts if has(count, times)]
    if fitting:
        assert grid == min(fitting)
    else:
        wanted = 2 + sum(EXACT < t < 1 - EXACT for t in times)
        dense = [count for count in lengths.counts if count >= max(wanted, lengths.native)]
        assert grid == min(dense, default=max(lengths.counts))


@given(LENGTHS, st.integers(0, 400))
def test_what_is_allowed_is_what_is_listed(lengths: Lengths, count: int) -> None:
    assert lengths.allows(count) == (count in list(lengths.counts))
    assert list(lengths.counts) == sorted(set(lengths.counts))


@given(LENGTHS, st.data())
def test_the_frames_of_a_grid_that_is_allowed_need_no_other(lengths: Lengths, data: st.DataObject) -> None:
    count = data.draw(st.sampled_from([count for count in lengths.counts if count >= 3]))
    times = even(count - 2)
    assert lengths.grid(times) <= count
    assert has(lengths.grid(times), times)


@pytest.mark.parametrize(
    ("lengths", "wanted", "grid"),
    [
        (Steps(2, 25, native=25), 1, 3),
        (Steps(2, 25, native=25), 23, 25),
        (Steps(2, 25, native=25), 24, 25),
        (Steps(2, 25, native=14), 30, 25),
        # 4k + 1: thirds are on the grid of twelve parts, 24 parts are one of its own.
        (Steps(5, 81, 4, native=81), 2, 13),
        (Steps(5, 81, 4, native=81), 23, 25),
        (Steps(5, 81, 4, native=81), 12, 53),
        (Steps(5, 81, 4, native=81), 22, 81),
        (Steps(9, 257, 8, native=121), 200, 209),
        # 2^k + 1: 24 parts are on no such grid, 33 frames are as dense.
        (Powers(65), 1, 3),
        (Powers(65), 2, 5),
        (Powers(65), 7, 9),
        (Powers(65), 23, 33),
        (Powers(65), 63, 65),
        (Powers(65), 64, 65),
        (Powers(64), 23, 33),
    ],
)
def test_evenly_spaced_frames(lengths: Lengths, wanted: int, grid: int) -> None:
    assert lengths.grid(even(wanted)) == grid


@pytest.mark.parametrize(
    ("lengths", "times", "grid"),
    [
        # Keys alone.
        (Steps(2, 25, native=25), (0.0, 1.0), 2),
        (Powers(65), (0.0, 1.0), 3),
        # A change of rate by 5/2: fifths and tenths, not all of them.
        (Steps(2, 25, native=25), (0.4, 0.8), 6),
        (Steps(2, 25, native=25), (0.2, 0.6), 6),
        (Steps(2, 25, native=25), (0.1, 0.25, 0.7), 21),
        (Steps(2, 25, native=25), (0.1, 0.25, 1 / 3), 25),
        (Powers(65), (0.25, 0.375), 9),
    ],
)
def test_unevenly_spaced_frames(lengths: Lengths, times: tuple[float, ...], grid: int) -> None:
    assert lengths.grid(times) == grid


@pytest.mark.parametrize(
    ("lengths", "text"),
    [
        (Steps(2, 25, native=25), "3 to 25"),
        (Steps(5, 5, native=5), "5 to 5"),
        (Steps(5, 81, 4, native=81), "5, 9, 13 ... 81"),
        (Steps(5, 13, 4, native=9), "5, 9, 13"),
        (Powers(33), "3, 5, 9, 17, 33"),
    ],
)
def test_counts_as_text(lengths: Lengths, text: str) -> None:
    assert counts_text(lengths) == text
