"""Lets every method make every clip again at every gap, measures the frames, and takes means over the clips."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from inbetween.bench import clips, filters, measures, methods
from inbetween.bench.clips import Clip
from inbetween.bench.methods import Method
from inbetween.bench.request import BenchPlan
from inbetween.bench.worst_sheet import Worst
from inbetween.devices import in_order, quiet_opencv
from inbetween.errors import InbetweenError
from inbetween.report import Fact, Forward
from inbetween.types import Picture, Report


@dataclass(frozen=True)
class Row:
    """One method on one clip at one gap. Measures are means over the frames that were made."""

    clip: str
    gap: int
    method: str
    frames: int
    """The number of frames that were made and scored."""
    psnr: float
    """The mean PSNR in dB; see `measures.psnr`."""
    ssim: float
    """The mean SSIM, at most 1; see `measures.ssim`."""
    vmaf: float | None
    """The mean VMAF, 0 to 100; None where it was not asked for."""
    dup: int
    """The number of made frames that only repeat another; see `measures.repeats`."""
    seconds: float
    """Wall time per frame, in seconds, without loading the engine and reading the clip."""
    processor_seconds: float
    """Processor time per frame, in seconds, of all threads and child processes."""


@dataclass(frozen=True)
class Mean:
    """One method at one gap: means over clips, which all have the same weight, but `frames` and `dup` are sums over
    clips. The fields are those of `Row`."""

    gap: int
    method: str
    clips: int
    frames: int
    psnr: float
    ssim: float
    vmaf: float | None
    dup: int
    seconds: float
    processor_seconds: float


@dataclass(frozen=True, eq=False)
class Result:
    """All measures."""

    rows: list[Row]
    """One for each clip, gap and method."""
    worst: Worst
    """The worst frames of the first method."""

    @property
    def means(self) -> list[Mean]:
        """The means, by gap, then by method."""
        order = list(dict.fromkeys(row.method for row in self.rows))
        rows = sorted(self.rows, key=lambda row: (row.gap, order.index(row.method)))
        return [_mean(list(group)) for _, group in groupby(rows, key=lambda row: (row.gap, row.method))]


def bench(plan: BenchPlan, report: Report) -> Result:
    """Score every engine and baseline on every clip and gap.

    One clip at a time is held in memory, together with the frames that one method made.

    Raises:
        InbetweenError: a clip cannot be read, none is long enough, or ffmpeg lacks a filter or fails.
        Interrupted: the user asked to stop.
    """
    _check_filters(plan)
    named = clips.named(plan.clips)
    clips.check(named, report)
    rows: list[Row] = []
    worst = Worst()
    with quiet_opencv():
        chosen = methods.loaded(plan.engines)
        chosen |= {name: methods.BASELINES[name] for name in plan.against}
        for number, clip in enumerate(named):
            frames = clips.read(clip, plan.most, report)
            if number == 0:
                _warm_up({name: chosen[name] for name in plan.engines}, frames, report)
            stage = f"{clip.name} ({number + 1}/{len(named)})"
            rows += _clip(clip, frames, chosen, plan, _Frames(report, stage), worst)
    if not rows:
        raise InbetweenError(
            "no clip is long enough to hide frames of it",
            "a gap of G needs G + 2 frames: use smaller --gaps",
            "input_unreadable",
        )
    return Result(rows, worst)


class _WarmUp(Forward):
    """Passes progress on under one name and without counts, to show that work goes on. Notes are dropped, because the
    measured run repeats them."""

    def __init__(self, report: Report, stage: str) -> None:
        super().__init__(report)
        self._stage = stage

    def progress(self, stage: str, done: int, total: int) -> None:
        """See `Report.progress`."""
        super().progress(self._stage, 0, 0)

    def note(self, code: str, text: str, *, detail: bool = False, **facts: Fact) -> None:
        """See `Report.note`."""


class _Frames(Forward):
    """Counts the frames of one clip that all methods have made, and adds the clip and the gap to notes."""

    def __init__(self, report: Report, stage: str) -> None:
        """
        Args:
            report: hears the counts and notes.
            stage: the name of the clip, and its number among the clips.
        """
        super().__init__(report)
        self._stage = stage
        self._before, self._now = 0, 0
        self.total = 0
        """Frames of the clip that all methods will make."""
        self.where = ""
        """The clip and the gap that are being scored."""
        self._noted: set[str] = set()

    def progress(self, stage: str, done: int, total: int) -> None:
        """Count made frames; every other stage only shows that work goes on."""
        if stage == methods.MADE:
            self._now = done
        super().progress(self._stage, min(self._before + self._now, self.total), self.total)

    def beat(self) -> None:
        """Show that work goes on where no frame is made."""
        self.progress("", 0, 0)

    def next(self, made: int) -> None:
        """Begin with the next method, after one that has made `made` frames."""
        self._before, self._now = self._before + made, 0

    def note(self, code: str, text: str, *, detail: bool = False, **facts: Fact) -> None:
        """Pass a note on once, whichever engines make it. Doubts are left out: here they are measured."""
        text = f"{self.where}: {text}"
        if code != "doubt" and text not in self._noted:
            self._noted.add(text)
            super().note(code, text, detail=detail, **facts)


def _check_filters(plan: BenchPlan) -> None:
    wanted = {"libvmaf": "--no-vmaf"} if plan.vmaf else {}
    if "minterpolate" in plan.against:
        wanted["minterpolate"] = "--against hold,crossfade"
    for name in filters.missing(wanted) if wanted else ():
        raise InbetweenError(f"this ffmpeg has no filter {name}", f"leave it out: {wanted[name]}", "input_unreadable")


def _warm_up(chosen: Mapping[str, Method], frames: Sequence[Picture], report: Report) -> None:
    """Make one frame with each engine, so that loading its networks does not count as work on the first clip."""
    for name, method in chosen.items():
        method([frames[0].copy(), frames[-1].copy()], 1, _WarmUp(report, f"warming up {name}"))


def _clip(
    clip: Clip, frames: Sequence[Picture], chosen: dict[str, Method], plan: BenchPlan, report: _Frames, worst: Worst
) -> list[Row]:
    gaps = []
    for gap in plan.gaps:
        report.where = f"{clip.name}, gap {gap}"
        if len(frames) < gap + 2:
            report.note("short", f"left out, it has {len(frames)} frames and {gap + 2} are needed", clip=clip.name)
        else:
            gaps.append(gap)
    report.total = len(chosen) * sum(len(_hidden(len(frames), gap)) for gap in gaps)
    rows: list[Row] = []
    for gap in gaps:
        report.where = f"{clip.name}, gap {gap}"
        true = frames[: (len(frames) - 1) // (gap + 1) * (gap + 1) + 1]
        worst.begin(clip.name, gap, true)
        for name, method in chosen.items():
            rows.append(_score(clip.name, gap, name, method, true, plan, report, worst))
    return rows


def _hidden(count: int, gap: int) -> list[int]:
    """The numbers of the hidden frames of a clip of `count` frames; those after the last key stay out."""
    return [i for i in range((count - 1) // (gap + 1) * (gap + 1)) if i % (gap + 1)]


def _score(
    clip: str,
    gap: int,
    name: str,
    method: Method,
    true: Sequence[Picture],
    plan: BenchPlan,
    report: _Frames,
    worst: Worst,
) -> Row:
    at = _hidden(len(true), gap)
    report.beat()
    wall, processor = time.perf_counter(), _processor_seconds()
    made = method(true[:: gap + 1], gap, report)
    wall, processor = time.perf_counter() - wall, _processor_seconds() - processor
    report.next(len(made))
    whole = list(true)
    for i, picture in zip(at, made, strict=True):
        whole[i] = picture
    with ThreadPoolExecutor(plan.threads) as pool:
        scores: list[tuple[float, float]] = []
        pairs = ((true[i], whole[i]) for i in at)
        for score in in_order(pool, _measured, pairs, plan.threads):
            report.beat()
            scores.append(score)
    worst.see(name, dict(zip(at, scores, strict=True)), whole)
    vmaf = None
    if plan.vmaf:
        of_each = filters.vmaf(true, whole, plan.threads, report.beat)
        vmaf = float(np.mean([of_each[i] for i in at]))
    psnr, ssim = (float(x) for x in np.mean(scores, axis=0))
    dup = measures.repeats(whole, set(range(0, len(true), gap + 1)))
    count = len(at)
    return Row(clip, gap, name, count, psnr, ssim, vmaf, dup, wall / count, processor / count)


def _measured(pair: tuple[Picture, Picture]) -> tuple[float, float]:
    return measures.psnr(*pair), measures.ssim(*pair)


def _processor_seconds() -> float:
    """Processor time of this process and of its children that have ended, in seconds."""
    times = os.times()
    return time.process_time() + times.children_user + times.children_system


def _mean(rows: Sequence[Row]) -> Mean:
    def mean(name: str) -> float:
        return float(np.mean([getattr(row, name) for row in rows]))

    return Mean(
        gap=rows[0].gap,
        method=rows[0].method,
        clips=len(rows),
        frames=sum(row.frames for row in rows),
        psnr=mean("psnr"),
        ssim=mean("ssim"),
        vmaf=None if rows[0].vmaf is None else mean("vmaf"),
        dup=sum(row.dup for row in rows),
        seconds=mean("seconds"),
        processor_seconds=mean("processor_seconds"),
    )
