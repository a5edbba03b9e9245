"""What every engine keeps."""

from __future__ import annotations

import dataclasses
from itertools import zip_longest
from pathlib import Path

import numpy as np
import pytest

from inbetween import engines
from inbetween.errors import Interrupted
from inbetween.types import Gap, Picture
from support.calls import (
    SIZE,
    StopsAt,
    equal,
    every_layer_reports,
    gaps,
    layers_after,
    made,
    maker_of,
    process_flags,
)
from support.engines import AT_ONCE, MIDDLE, make
from support.pictures import psnr, scene, sixteen, with_alpha
from support.reports import Heard

every_engine = pytest.mark.parametrize("name", engines.NAMES)


@pytest.mark.parametrize("name", AT_ONCE)
@pytest.mark.parametrize("change", [lambda p: p, sixteen, with_alpha], ids=["8-bit", "16-bit", "alpha"])
def test_contract(name: str, change) -> None:
    """Right count, size and kind; keys untouched; the same bytes again and at any number of threads."""
    start, end = change(scene(0)), change(scene(1))
    before = start.copy(), end.copy()
    gaps = [Gap(start, end, MIDDLE), Gap(end, start, (0.5,))]
    made = make(name, *gaps)
    assert [p.shape for p in made] == [start.shape] * 4
    assert {p.dtype for p in made} == {start.dtype}
    for again in (make(name, *gaps), make(name, *gaps, threads=2)):
        assert all(np.array_equal(a, b) for a, b in zip(made, again, strict=True))
    assert np.array_equal(start, before[0])
    assert np.array_equal(end, before[1])


@pytest.mark.parametrize("name", engines.NAMES)
def test_record_is_complete(name: str) -> None:
    engine = engines.get(name)
    assert engine.name == name
    assert engine.licence
    assert all(field.metadata["help"] for field in dataclasses.fields(engine.Options))


@pytest.mark.parametrize("name", AT_ONCE)
def test_times_0_and_1_are_nearly_the_keys(name: str) -> None:
    start, end = make(name, Gap(scene(0), scene(1), (0.0, 1.0)))
    assert psnr(start, scene(0)) > 38
    assert psnr(end, scene(1)) > 38


@pytest.mark.parametrize("name", AT_ONCE)
def test_equal_keys_stay_as_they_are(name: str) -> None:
    for picture in make(name, Gap(scene(0), scene(0), MIDDLE)):
        assert np.abs(picture.astype(int) - scene(0)).max() <= 1


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (11, 11), (8, 400), (40, 12), (97, 63)])
@pytest.mark.parametrize("name", AT_ONCE)
def test_any_size_is_made(name: str, size: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    start, end = (rng.integers(0, 256, (*size, 3), np.uint8) for _ in range(2))
    assert [p.shape for p in make(name, Gap(start, end, MIDDLE))] == [(*size, 3)] * 3


# What follows holds for engines with networks too: a maker is a function of the gap, the options and the settings.


class Alone:
    """What a fresh maker makes of one gap and tells, by engine and by the gap's number."""

    def __init__(self, store: Path) -> None:
        self._store = store
        self._known: dict[tuple[str, int], tuple[list[Picture], Heard]] = {}

    def one(self, name: str, number: int) -> tuple[list[Picture], Heard]:
        if (name, number) not in self._known:
            report = Heard()
            self._known[name, number] = made(maker_of(name, self._store), gaps(number), report), report
        return self._known[name, number]

    def frames(self, name: str, *numbers: int) -> list[Picture]:
        return [frame for number in numbers for frame in self.one(name, number)[0]]

    def told(self, name: str, *numbers: int) -> tuple[set[str], set[str]]:
        """The stages, and the codes of the notes."""
        both = [told(self.one(name, number)[1]) for number in numbers]
        return set().union(*(stages for stages, _ in both)), set().union(*(codes for _, codes in both))


def told(report: Heard) -> tuple[set[str], set[str]]:
    """The stages, without `load` (a network that is kept is read once), and the codes of the notes."""
    return {stage for stage, _, _ in report.steps} - {"load"}, set(report.codes)


@pytest.fixture(scope="module")
def alone(store: Path) -> Alone:
    return Alone(store)


@every_engine
def test_frames_are_as_their_keys(name: str, store: Path) -> None:
    keys = [with_alpha(sixteen(scene(t, SIZE))) for t in (0, 1)]
    frames = made(maker_of(name, store), [Gap(*keys, (0.25, 0.5, 0.75))])
    assert [frame.shape for frame in frames] == [keys[0].shape] * 3
    assert {frame.dtype for frame in frames} == {keys[0].dtype}


@every_engine
def test_no_gap_and_no_call_depends_on_what_was_made_before(name: str, store: Path, alone: Alone) -> None:
    maker, first, second = maker_of(name, store), Heard(), Heard()
    made(maker, gaps(1), first)
    heard = len(first.steps), len(first.notes), len(first.previews)
    assert equal(made(maker, gaps(0, 1), second), alone.frames(name, 0, 1))
    assert told(second) == alone.told(name, 0, 1)
    assert (len(first.steps), len(first.notes), len(first.previews)) == heard


@every_engine
def test_an_interrupt_stops_within_a_layer(
    name: str, store: Path, alone: Alone, monkeypatch: pytest.MonkeyPatch
) -> None:
    maker, flags, usual = maker_of(name, store), process_flags(), Heard()
    with every_layer_reports(monkeypatch):
        made(maker, gaps(0), usual)
        stages = [stage for stage, _, _ in usual.steps]
        # The first call of each stage, and one in the middle of the longest.
        longest = max(stages, key=stages.count, default="")
        calls = [stages.index(stage) for stage in dict.fromkeys(stages)] + [stages.count(longest) // 2]
        for call in calls[: len(stages)]:
            report = StopsAt(call)
            with layers_after(report) as late, pytest.raises(Interrupted):
                made(maker, gaps(0), report)
            assert len(late) <= 1, (stages[call], late)
            assert process_flags() == flags
    assert equal(made(maker, gaps(0)), alone.frames(name, 0))


@every_engine
def test_two_calls_may_be_interleaved(name: str, store: Path, alone: Alone) -> None:
    maker, flags, works, reports = maker_of(name, store), process_flags(), ((0, 1), (1, 0)), (Heard(), Heard())
    calls = [maker(iter(gaps(*work)), report) for work, report in zip(works, reports, strict=True)]
    found = []
    for pair in zip_longest(*calls):
        assert process_flags() == flags
        found.append(pair)
    for place, work in enumerate(works):
        assert equal([pair[place] for pair in found], alone.frames(name, *work))
        assert told(reports[place]) == alone.told(name, *work)


@every_engine
def test_one_of_two_interleaved_calls_is_stopped(
    name: str, store: Path, alone: Alone, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = alone.one(name, 0)[1].steps
    if not steps:
        pytest.skip("it is so quick that it reports no progress")
    last_stage = steps[-1][0]
    maker, report = maker_of(name, store), StopsAt(0, last_stage)
    with every_layer_reports(monkeypatch):
        going, stopped = maker(iter(gaps(0, 1)), Heard()), maker(iter(gaps(1, 0)), report)
        frames = [next(going)]
        with layers_after(report) as late, pytest.raises(Interrupted):
            list(stopped)
        assert len(late) <= 1
    assert equal(frames + list(going), alone.frames(name, 0, 1))


@every_engine
def test_a_call_closed_early_leaves_nothing(name: str, store: Path, alone: Alone) -> None:
    maker, flags, early, again = maker_of(name, store), process_flags(), Heard(), Heard()
    call = maker(iter(gaps(0, 1)), early)
    next(call)
    assert process_flags() == flags
    call.close()
    assert process_flags() == flags
    heard = len(early.steps)
    assert equal(made(maker, gaps(1), again), alone.frames(name, 1))
    assert told(again) == alone.told(name, 1)
    assert len(early.steps) == heard


@every_engine
def test_neighbours_may_be_given(name: str, store: Path, alone: Alone) -> None:
    (gap,) = gaps(1)
    before, after = (scene(0, SIZE), -1.0), (scene(3, SIZE), 2.0)
    works = [dataclasses.replace(gap, before=one, after=other) for one, other in ((before, after), (None, after))]
    frames = made(maker_of(name, store), works)
    assert [(frame.shape, frame.dtype) for frame in frames] == [(gap.start.shape, gap.start.dtype)] * 2
    if name != "flow":
        assert equal(frames, alone.frames(name, 1, 1))
