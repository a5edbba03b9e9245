"""The way back."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from itertools import chain, pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from inbetween.ping_pong import Spool, cuts_of, there_and_back
from inbetween.types import Picture, Report
from inbetween.video.segments import choose_borders


@given(count=st.integers(1, 9), cuts=st.sets(st.integers(1, 8)), least=st.integers(1, 5))
def test_the_way_back_is_the_same_in_parts(count: int, cuts: set[int], least: int) -> None:
    begins = sorted(cut for cut in cuts if cut < count)
    total = max(1, 2 * count - 2)
    asked = []

    def numbers(first: int, stop: int) -> Iterator[Picture]:
        asked.append((first, stop))
        for number in range(first, stop):
            yield np.full((1, 2, 3), number, np.uint8)

    def shown(spool: Spool, first: int, stop: int) -> list[int]:
        return [int(one[0, 0, 0]) for one in there_and_back(numbers, count, spool, Report())(first, stop)]

    with Spool(tempfile.gettempdir()) as spool:
        whole = shown(spool, 0, total)
    assert whole == [*range(count), *range(count - 2, 0, -1)]
    assert asked == [(0, count)]
    parts = [*pairwise([*choose_borders(cuts_of(begins, count), least), total])]
    asked.clear()
    with Spool(tempfile.gettempdir()) as spool:
        assert [number for part in parts for number in shown(spool, *part)] == whole
    assert sum(stop - first for first, stop in asked) == count
    for first, stop in parts:
        asked.clear()
        with Spool(tempfile.gettempdir()) as spool:
            assert shown(spool, first, stop) == whole[first:stop]
        assert {*chain(*asked)} <= {0, *begins, count}
