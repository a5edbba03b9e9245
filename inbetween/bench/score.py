"""Every clip, gap and method: made, measured, and the means over clips."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np

from inbetween.bench import clips, filters, measures, methods
from inbetween.bench.clips import Clip
from inbetween.bench.methods import Method
from inbetween.bench.request import Request
from inbetween.bench.worst_sheet import Worst
from inbetween.devices import in_order, quiet_opencv
from inbetween.errors import InbetweenError
from inbetween.types import Picture, Report


@dataclass(frozen=True)
class Row:
    """One method on one clip at one gap; means over the frames made."""

    clip: str
    gap: int
    method: str
    frames: int
    """That were made and scored."""
    psnr: float
    """dB."""
    ssim: float
    vmaf: float | None
    """None where it was not asked for."""
    dup: int
    """Frames equal to the one before them, or to the key after them; see `measures.repeats`."""
    seconds: float
    """Of wall time, per frame made: the making alone, neither loading nor files."""
    processor_seconds: float
    """The same, of all threads and children."""


@dataclass(frozen=True)
class Mean:
    """One method at one gap: means over clips, each counting the same; frames and dup are sums."""

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
    """All that was measured."""

    rows: list[Row]
    worst: Worst

    @property
    def means(self) -> list[Mean]:
        """By gap, then method."""
        order = list(dict.fromkeys(row.method for row in self.rows))
        rows = sorted(self.rows, key=lambda row: (row.gap, order.index(row.method)))
        return [_mean(list(group)) for _, group in groupby(rows, key=lambda row: (row.gap, row.method))]


def bench(request: Request, report: Report) -> Result:
    """Score every engine and baseline on every clip and gap.

    One clip at a time is held in memory, and once more as one method made it.

    Raises:
        InbetweenError: a clip that cannot be read, none long enough, an ffmpeg that lacks a filter or fails.
        Interrupted: the user asked to stop.
    """
    _check_filters(request)
    named = clips.named(request.clips)
    clips.check(named, report)
    rows: list[Row] = []
    worst = Worst()
    with quiet_opencv():
        chosen = methods.loaded(request.options, request.settings)
        chosen |= {name: methods.BASELINES[name] for name in request.against}
        for number, clip in enumerate(named):
            frames = clips.read(clip, request.most, report)
            if number == 0:
                _warm_up({name: chosen[name] for name in request.options}, frames, report)
            stage = f"{clip.name} ({number + 1}/{len(named)})"
            rows += _clip(clip, frames, chosen, request, _Frames(report, stage), worst)
    if not rows:
        raise InbetweenError(
            "no clip is long enough to hide frames of it", "a gap of G needs G + 2 frames: take smaller --gaps"
        )
    return Result(rows, worst)


class _Life(Report):
    """Signs of life, and nothing else, under one stage's name."""

    def __init__(self, report: Report, stage: str) -> None:
        self._report, self._stage = report, stage

    def progress(self, stage: str, done: int, total: int) -> None:
        """See `Report`."""
        self._report.progress(self._stage, 0, 0)


class _Frames(Report):
    """How many frames of a clip all methods have made, of how many; and what engines say, with where."""

    def __init__(self, report: Report, stage: str) -> None:
        self._report, self._stage = report, stage
        self._before, self._now, self.total = 0, 0, 0
        self.where = ""
        self._said: set[str] = set()

    def progress(self, stage: str, done: int, total: int) -> None:
        """Frames are counted; any other stage is only a sign of life."""
        if stage == methods.MADE:
            self._now = done
        self._report.progress(self._stage, min(self._before + self._now, self.total), self.total)

    def beat(self) -> None:
        """A sign of life."""
        self.progress("", 0, 0)

    def next(self, made: int) -> None:
        """A method has made its frames."""
        self._before, self._now = self._before + made, 0

    def note(self, code: str, text: str, *, detail: bool = False, **facts: Any) -> None:
        """Once for all engines; what they doubt of is measured here."""
        text = f"{self.where}: {text}"
        if code != "doubt" and text not in self._said:
            self._said.add(text)
            self._report.note(code, text, detail=detail, **facts)


def _check_filters(request: Request) -> None:
    wanted = {"libvmaf": "--no-vmaf"} if request.vmaf else {}
    if "minterpolate" in request.against:
        wanted["minterpolate"] = "--against hold,crossfade"
    for name in filters.missing(wanted) if wanted else ():
        raise InbetweenError(f"this ffmpeg has no filter {name}", f"leave it out: {wanted[name]}")


def _warm_up(chosen: Mapping[str, Method], frames: Sequence[Picture], report: Report) -> None:
    """What is loaded on first use is not to count as work."""
    for name, method in chosen.items():
        method([frames[0].copy(), frames[-1].copy()], 1, _Life(report, f"loading {name}"))


def _clip(
    clip: Clip, frames: Sequence[Picture], chosen: dict[str, Method], request: Request, report: _Frames, worst: Worst
) -> list[Row]:
    gaps = []
    for gap in request.gaps:
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
            rows.append(_score(clip.name, gap, name, method, true, request, report, worst))
    return rows


def _hidden(count: int, gap: int) -> list[int]:
    """Numbers of the frames that are made; those after the last key are not."""
    return [i for i in range((count - 1) // (gap + 1) * (gap + 1)) if i % (gap + 1)]


def _score(
    clip: str,
    gap: int,
    name: str,
    method: Method,
    true: Sequence[Picture],
    request: Request,
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
    with ThreadPoolExecutor(request.settings.threads) as pool:
        scores: list[tuple[float, float]] = []
        pairs = ((true[i], whole[i]) for i in at)
        for score in in_order(pool, _measured, pairs, request.settings.threads):
            report.beat()
            scores.append(score)
    worst.see(name, dict(zip(at, scores, strict=True)), whole)
    vmaf = None
    if request.vmaf:
        of_each = filters.vmaf(true, whole, request.settings.threads, report.beat)
        vmaf = float(np.mean([of_each[i] for i in at]))
    psnr, ssim = (float(x) for x in np.mean(scores, axis=0))
    dup = measures.repeats(whole, set(range(0, len(true), gap + 1)))
    count = len(at)
    return Row(clip, gap, name, count, psnr, ssim, vmaf, dup, wall / count, processor / count)


def _measured(pair: tuple[Picture, Picture]) -> tuple[float, float]:
    return measures.psnr(*pair), measures.ssim(*pair)


def _processor_seconds() -> float:
    """Of our threads, and of children that have ended."""
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
