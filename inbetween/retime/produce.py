"""From a clip to frames and to a film, in segments that do not depend on each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import count
from typing import Any

import numpy as np

from inbetween import gaps
from inbetween.devices import in_order, quiet_opencv
from inbetween.fingerprint import Fingerprints
from inbetween.identity import identity
from inbetween.produce import FilmJob, Made, Makers, load, produce, segment_least
from inbetween.report import Forward, Once
from inbetween.retime import analysis, footage
from inbetween.retime.analysis import Findings, Key
from inbetween.retime.opening import LOOK_BACK, READ_AHEAD, OpenClip, OpenFilm, open_film
from inbetween.retime.pieces import pieces
from inbetween.retime.plan import ClipFilmPlan
from inbetween.timeline.speed import Grid
from inbetween.timing import Stages
from inbetween.types import Gap, Picture, Report
from inbetween.video.clip import Clip
from inbetween.video.extras import Extras, extras_of
from inbetween.video.segments import choose_borders
from inbetween.video.write import FilmFormat, WriteOptions


@dataclass(frozen=True)
class Result:
    """A film that was made, with the clip that it was made of."""

    film: OpenFilm
    made: Made
    """Facts about the film, and the time that it took."""


def frames(opened: OpenClip, makers: Makers, first: int, stop: int, report: Report) -> Iterator[Picture]:
    """Yield the frames `first` to `stop` - 1 of the film. They do not depend on frames of other calls.

    Args:
        opened: the clip.
        makers: the loaded engine.
        first, stop: numbers of frames.
        report: hears the progress and the notes.

    Raises:
        InbetweenError: the clip is damaged.
    """
    request = opened.plan.request
    with _keys(opened, first) as found:
        yield from gaps.render(
            pieces(found, opened.grid, first, stop, opened.clip.rate, request.at_cut, request.seed),
            makers,
            report,
            _protected(opened.protect),
        )


@contextmanager
def _keys(opened: OpenClip, first: int) -> Iterator[Iterator[Key]]:
    """The clip's keys, from far enough before the frame `first` of the film. With several threads, keys are decoded
    while earlier ones are used."""
    clip, request = opened.clip, opened.plan.request
    begin = clip.before(opened.grid.source(first), LOOK_BACK)
    # A missing number in a sequence of pictures is not a pause.
    usual = None if request.holes else 1 / clip.rate
    with ThreadPoolExecutor(1) as pool:
        decoded = opened.shared.since(begin)
        stream = decoded
        if opened.plan.making.settings.threads > 1:
            ready = in_order(pool, lambda _: next(decoded, None), count(), READ_AHEAD)
            stream = iter(ready.__next__, None)
        yield analysis.keys(stream, opened.cuts, request.repeats == "auto", usual, opened.findings)


def look(plan: ClipFilmPlan, overwrite: bool, report: Report) -> OpenFilm:
    """Refuse also what `make_film` would only find out while it works: the whole clip is read, and nothing is made.

    Raises:
        InbetweenError: see `open_film`; or the clip is damaged.
    """
    film = open_film(plan, overwrite, report)
    opened = film.clip
    with closing(opened.footage), quiet_opencv(), _keys(opened, 0) as found:
        for number, key in enumerate(found):
            report.progress("read", min(number, opened.clip.count), opened.clip.count)
            if key.time > opened.clip.duration:
                break
    return film


def _protected(mask: Picture | None) -> Callable[[Picture, Gap, float], Picture]:
    """The function that lays the nearer key over a frame where the mask is white."""
    if mask is None:
        return lambda picture, gap, t: picture
    weight = mask.astype(np.float32) / 255

    def finish(picture: Picture, gap: Gap, t: float) -> Picture:
        key = gap.start if t < 0.5 else gap.end
        mixed: Any = picture + (key.astype(np.float32) - picture) * weight + 0.5
        return mixed.astype(picture.dtype)  # type: ignore[no-any-return]

    return finish


class Doubts(Forward):
    """Collects the doubts of engines about gaps, of which a clip may have thousands, and reports them in one note. All
    other notes are passed on once."""

    def __init__(self, report: Report, rate: Fraction) -> None:
        """
        Args:
            report: hears the notes.
            rate: frames per second of the clip; a gap's number divided by it is the time of the gap.
        """
        super().__init__(Once(report))
        self._rate = rate
        self.doubts: dict[int, float] = {}
        """The doubt of each gap that has any, by the gap's number."""

    def progress(self, stage: str, done: int, total: int) -> None:
        """See `Report.progress`."""
        if stage != "flow":
            super().progress(stage, done, total)

    def note(self, code: str, text: str, *, detail: bool = False, **facts: Any) -> None:
        """See `Report.note`."""
        if code != "doubt":
            super().note(code, text, detail=detail, **facts)
        elif not detail:
            self.doubts[facts["gap"]] = facts["doubt"]

    def report_all(self) -> None:
        """Report all doubts in one note."""
        if self.doubts:
            doubt, gap = max((doubt, gap) for gap, doubt in self.doubts.items())
            super().note(
                "doubt",
                f"between {len(self.doubts)} frames and the next the motion is hard to follow: expect ghosts in "
                f"places, most at {float(gap / self._rate):.2f} s (doubt {doubt:.2f})",
                gaps=len(self.doubts),
                worst=round(doubt, 4),
            )


@dataclass(frozen=True)
class _FilmMemory:
    """The findings and doubts so far, for a film that is stopped and goes on."""

    findings: Findings
    doubts: Doubts

    def remember(self) -> dict[str, object]:
        """The findings as JSON-serialisable values, for the journal."""
        times = {name: sorted(map(str, times)) for name, times in vars(self.findings).items()}
        return {**times, "doubts": list(self.doubts.doubts.items())}

    def recall(self, found: dict[str, Any]) -> None:
        """Restore what `remember` returned."""
        self.doubts.doubts.update((gap, doubt) for gap, doubt in found["doubts"])
        for name, times in vars(self.findings).items():
            times.update(map(Fraction, found[name]))


def make_film(
    plan: ClipFilmPlan,
    report: Report,
    *,
    overwrite: bool = False,
    beside: bool = False,
    makers: Makers | None = None,
) -> Result:
    """Make the film of a clip. It is whole and checked, or it is not there.

    Args:
        plan: the film.
        report: hears the progress and the notes.
        overwrite: whether an output that exists may be replaced.
        beside: whether files beside the film are written when it is whole; `sidecars.finish` is called after them.
        makers: the plan's engine, if it is loaded already.

    Raises:
        InbetweenError: see `open_film`; the clip is damaged, the disk is full, or ffmpeg died.
        Interrupted: the user asked to stop.
    """
    stages, inputs = Stages(), Fingerprints(report)
    for code, text in plan.making.notes:
        report.note(code, text)
    with stages.stage("open"):
        inputs.watch(footage.input_files(plan.request, footage.sequence(plan.request.clip)).values())
        film = open_film(plan, overwrite, report)
    opened = film.clip
    grid, clip = opened.grid, opened.clip
    doubts = Doubts(report, clip.rate)
    with closing(opened.footage):
        with stages.stage("load"):
            makers = makers or load(plan.making)
        least, memory = segment_least(plan.making.engine), _FilmMemory(opened.findings, doubts)
        job = FilmJob(
            form=FilmFormat(film.sink, grid.rate, grid.count, clip.size, clip.loop, clip.colour, clip.aspect),
            frames=lambda makers, first, stop: frames(opened, makers, first, stop, doubts),
            borders=choose_borders(_starts(grid, clip, least), least),
            identity=_identity(film, inputs),
            remember=memory.remember,
            recall=memory.recall,
            inputs=inputs,
            options=WriteOptions(overwrite, plan.making.settings.threads, beside),
            extras=_extras(film, report),
        )
        made = produce(job, makers, report, stages)
    report_all(opened, doubts, report)
    return Result(film, made)


def report_all(opened: OpenClip, doubts: Doubts, report: Report) -> None:
    """Report the findings in a clip and the doubts of the engine, once all frames are made."""
    analysis.report_findings(opened.findings.within(opened.clip.duration), opened.since, report)
    doubts.report_all()


def _extras(film: OpenFilm, report: Report) -> Extras | None:
    """The sound, subtitles and titles of the clip, at their times in the film; None where it has none."""
    opened, speed = film.clip, film.clip.grid.speed
    request, clip = opened.plan.request, opened.clip
    whole = clip.duration == opened.whole.duration and request.end == "hold"
    length = opened.grid.count / opened.grid.rate
    return extras_of(clip, film.sink, whole, request.sound, length, speed.shown, speed.source, report)


def _starts(grid: Grid, clip: Clip, least: int) -> Iterator[int]:
    """Frames, at least `least` apart, that begin a gap, provided that the frames of the clip are evenly spaced."""
    frame = 0
    while frame < grid.count:
        yield frame
        frame += least
        while frame < grid.count and _place(grid, clip, frame) == _place(grid, clip, frame - 1):
            frame += 1


def _place(grid: Grid, clip: Clip, frame: int) -> int:
    """The number of the clip's frame that is shown at the time of an output frame, if the clip is evenly spaced."""
    return (grid.source(frame) * clip.rate).__floor__()


def _identity(film: OpenFilm, inputs: Fingerprints) -> dict[str, object]:
    """All that decides the bytes of the film, under names that the user knows."""
    request = film.clip.plan.request
    files = footage.input_files(request, None if film.clip.clip.video >= 0 else film.clip.footage.inputs)
    # Where the user named no codec, the one that was chosen for the clip counts.
    return identity(replace(request, codec=film.sink.codec), film.clip.plan.making, files, inputs)
