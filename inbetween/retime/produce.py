"""A clip through an engine to frames and to a film, in segments that do not depend on each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from inbetween import gaps, pictures
from inbetween.devices import in_order, quiet_opencv
from inbetween.errors import InbetweenError, UsageError
from inbetween.identity import identity
from inbetween.key_files import one_aspect
from inbetween.produce import FilmJob, Made, Makers, check_memory, load, produce, segment_least
from inbetween.report import Forward, Once
from inbetween.request import ClipRequest
from inbetween.retime import analysis, footage
from inbetween.retime import plan as planning
from inbetween.retime.analysis import Findings, Key
from inbetween.retime.footage import Footage, Shared
from inbetween.retime.pieces import pieces
from inbetween.retime.plan import ClipFilmPlan, ClipPlan
from inbetween.timeline.speed import Grid
from inbetween.timing import Stages
from inbetween.types import Gap, Picture, Report
from inbetween.video import publish, sinks
from inbetween.video.clip import Clip
from inbetween.video.extras import Extras, extras_of
from inbetween.video.segments import choose_borders
from inbetween.video.sinks import Sink
from inbetween.video.write import FilmFormat, WriteOptions, rehearse

READ_AHEAD = 3
"""Pictures that wait to be used, decoded."""
LOOK_BACK = analysis.AROUND + 3 * analysis.MOST_SHOWN + 2
"""Pictures before a segment that say what its first ones are, and when."""
KEPT = LOOK_BACK + analysis.AROUND + analysis.MOST_SHOWN + READ_AHEAD + 5
"""Pictures that are kept for the next segment: it looks back, and the one before has looked ahead."""


@dataclass(frozen=True)
class OpenClip:
    """A clip that has been looked at, what will be made of it, and what is found on the way. Close its footage."""

    plan: ClipPlan
    whole: Clip
    """As it is stored."""
    clip: Clip
    """The part that is used, at the size of the film."""
    footage: Footage
    grid: Grid
    cuts: analysis.Cut
    protect: Picture | None
    """(H, W, 1) uint8, 255 where the clip's own frames are to stand; None for no mask."""
    findings: Findings
    shared: Shared

    @property
    def since(self) -> Fraction:
        """Seconds of the whole clip before the part that is used."""
        return self.clip.start - self.whole.start

    @property
    def inputs(self) -> list[tuple[str, Path]]:
        """All files that frames are made of, each with what messages call it."""
        request = self.plan.request
        found = [("clip" if self.clip.video >= 0 else "picture", path) for path in self.footage.inputs]
        if request.protect is not None:
            found.append(("mask", Path(request.protect)))
        if request.cuts not in ("auto", "off"):
            found.append(("list of cuts", Path(request.cuts)))
        return found


@dataclass(frozen=True)
class OpenFilm:
    """A clip that has been looked at, and the film that it becomes."""

    clip: OpenClip
    sink: Sink


@dataclass(frozen=True)
class Result:
    """What was made, and of what."""

    film: OpenFilm
    made: Made


def open_clip(plan: ClipPlan, report: Report) -> OpenClip:
    """Everything that can be refused once the clip is looked at, but for the output.

    Raises:
        InbetweenError: no such clip, or a damaged one; a mask or a list of cuts that cannot be read.
    """
    request = plan.request
    found = _footage(plan, report)
    used = found if plan.size is None else footage.sized(found, plan.size, request.fit, report)
    clip = planning.part(request, used.clip, report)
    grid = planning.grid(request, found.clip, clip, report)
    cuts, mask = _cuts(request.cuts, found.clip, clip, report), _mask(request.protect, clip)
    shared = Shared(lambda begin: footage.begun(used.pictures(clip, report, begin)), KEPT)
    return OpenClip(plan, found.clip, clip, used, grid, cuts, mask, Findings(), shared)


def open_film(plan: ClipFilmPlan, overwrite: bool, report: Report) -> OpenFilm:
    """Everything that can be refused once the clip is looked at, before any work.

    Raises:
        InbetweenError: see `open_clip`; an output that cannot be written; no memory; no ffmpeg.
    """
    opened = open_clip(plan, report)
    clip, grid = opened.clip, opened.grid
    sink = sink_for(plan.sink, plan.request, clip, report)
    sinks.check(sink, grid.rate, grid.count)
    # The list of cuts is small and read already, but a user would not want it to be gone.
    publish.prepare(sink, overwrite, [path for _, path in opened.inputs])
    hint = "close other programs, or make it smaller with --size"
    check_memory(plan.making.engine, sink, clip.size, kept_bytes(clip), hint)
    rehearse(sink, grid.rate, clip.size, clip.channels, clip.bits)
    if clip.aspect != 1 and sink.kind != "film":
        shape = f"{float(clip.aspect):.3g} times as wide as high"
        report.note(
            "aspect", f"a pixel of {clip.path} is {shape}: {sink.suffix} does not say so", aspect=str(clip.aspect)
        )
    return OpenFilm(opened, sink)


def kept_bytes(clip: Clip) -> int:
    """Bytes per pixel of the frames of a clip that are held at a time."""
    return KEPT * clip.channels * clip.bits // 8


def _footage(plan: ClipPlan, report: Report) -> Footage:
    request = plan.request
    paths = footage.sequence(request.clip)
    if paths is None:
        if request.fit is not None and plan.size is None:
            raise UsageError("--fit says how another size is made of it", "say which: --size 1280x720")
        video = footage.of_video(request.clip, request.deinterlace, report)
        # Not before it is known to be there, and no picture.
        if request.input_fps is not None or request.holes:
            raise UsageError(f"{request.clip} has its own times", "leave --input-fps and --holes out")
        return video
    if request.deinterlace:
        raise UsageError("--deinterlace takes a video: pictures do not say that they have halves", "leave it out")
    rate, threads = planning.input_rate(request), plan.making.settings.threads
    return footage.of_pictures(request.clip, paths, rate, request.holes, threads, report, request.fit, request.force)


def sink_for(sink: Sink, request: ClipRequest, clip: Clip, report: Report) -> Sink:
    """The output for a clip. The usual codecs have 8 bits and mostly no alpha: a clip that has more is written by
    another one, if the user named none."""
    if sink.kind != "film" or clip.video < 0 or request.codec or request.preset or request.encoder:
        return sink
    if clip.channels == 4 and sink.suffix == ".mov":
        codec = "prores_ks"
    elif clip.bits > 8 and min(clip.size) >= 16:
        codec = "libsvtav1" if sink.suffix == ".webm" else "libx265"
    else:
        return sink
    what = "alpha" if codec == "prores_ks" else "more than 8 bits"
    report.note("codec", f"{clip.path} has {what}: written by {codec}; --codec names another", codec=codec)
    return replace(sink, codec=codec)


def _cuts(word: str, whole: Clip, clip: Clip, report: Report) -> analysis.Cut:
    if word in ("auto", "off"):
        return analysis.cut_by_content if word == "auto" else analysis.never_cut
    times = analysis.read_cuts(Path(word), clip.rate)
    late = [f"{float(time):g}" for time in times if time >= whole.duration]
    if late:
        text = f"{whole.path} lasts {float(whole.duration):.2f} s: {len(late)} times in {word} are beyond its end"
        report.note("beyond", f"{text}, the first of them {late[0]} s", duration=float(whole.duration))
    return analysis.cut_at(time - (clip.start - whole.start) for time in times)


def _mask(name: str | None, clip: Clip) -> Picture | None:
    """(H, W, 1), 255 where the clip's own pictures are to stand."""
    if name is None:
        return None
    picture = pictures.to_8_bit(pictures.flattened(pictures.read(Path(name))))
    (height, width), (wanted_height, wanted_width) = picture.shape[:2], clip.size
    if not one_aspect((height, width), clip.size):
        raise InbetweenError(
            f"the mask {name} is {width}x{height}, the film {wanted_width}x{wanted_height}",
            "make a mask of the film's shape",
        )
    mask: Picture = pictures.fit(picture, clip.size, "stretch")[..., 1:2]
    return mask


def frames(opened: OpenClip, makers: Makers, first: int, stop: int, report: Report) -> Iterator[Picture]:
    """Frames `first` to `stop` - 1 of the film. They depend on no others, so they may be made in any order.

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
    """The clip's keys from before a frame of the film on, decoded while others are used."""
    clip, request = opened.clip, opened.plan.request
    begin = clip.before(opened.grid.source(first), LOOK_BACK)
    # A number that is missing among pictures is no pause.
    usual = None if request.holes else 1 / clip.rate
    with ThreadPoolExecutor(1) as pool:
        decoded = opened.shared.since(begin)
        stream = decoded
        if opened.plan.making.settings.threads > 1:
            ready = in_order(pool, lambda _: next(decoded, None), count(), READ_AHEAD)
            stream = iter(ready.__next__, None)
        yield analysis.keys(stream, opened.cuts, request.repeats == "auto", usual, opened.findings)


def look(plan: ClipFilmPlan, overwrite: bool, report: Report) -> OpenFilm:
    """Refuse what `make_film` would only find out on its way too: the clip is read to its end. Nothing is made.

    Raises:
        InbetweenError: see `open_film`; a damaged clip.
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
    if mask is None:
        return lambda picture, gap, t: picture
    weight = mask.astype(np.float32) / 255

    def finish(picture: Picture, gap: Gap, t: float) -> Picture:
        key = gap.start if t < 0.5 else gap.end
        mixed: Any = picture + (key.astype(np.float32) - picture) * weight + 0.5
        return mixed.astype(picture.dtype)  # type: ignore[no-any-return]

    return finish


class Doubts(Forward):
    """Gathers what engines doubt in each gap: a clip has thousands. All other notes are passed on once."""

    def __init__(self, report: Report, rate: Fraction) -> None:
        """
        Args:
            rate: of the clip, which numbers the gaps.
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
                f"between {len(self.doubts)} pictures and the next the motion is hard to follow: expect ghosts in "
                f"places, most at {float(gap / self._rate):.2f} s (doubt {doubt:.2f})",
                gaps=len(self.doubts),
                worst=round(doubt, 4),
            )


@dataclass(frozen=True)
class _Found:
    """What was found out of a clip on the way, for a film that is stopped and goes on."""

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
    sheet: Path | None = None,
    makers: Makers | None = None,
) -> Result:
    """Make the film of a clip. It is whole and checked, or it is not there.

    Args:
        sheet: a PNG of some of its frames, beside the film; see `sidecars.refuse_beside`.
        makers: the plan's engine, if it is loaded already.

    Raises:
        InbetweenError: see `open_film`; a damaged clip, a full disk, an ffmpeg that died.
        Interrupted: the user asked to stop.
    """
    stages = Stages()
    for code, text in plan.making.notes:
        report.note(code, text)
    with stages.stage("open"):
        film = open_film(plan, overwrite, report)
    opened = film.clip
    grid, clip = opened.grid, opened.clip
    doubts = Doubts(report, clip.rate)
    with closing(opened.footage):
        with stages.stage("load"):
            makers = makers or load(plan.making)
        least, found = segment_least(plan.making.engine), _Found(opened.findings, doubts)
        job = FilmJob(
            form=FilmFormat(film.sink, grid.rate, grid.count, clip.size, clip.loop, clip.colour, clip.aspect),
            frames=lambda makers, first, stop: frames(opened, makers, first, stop, doubts),
            borders=choose_borders(_starts(grid, clip, least), least),
            identity=_identity(film),
            remember=found.remember,
            recall=found.recall,
            options=WriteOptions(overwrite, plan.making.settings.threads),
            extras=_extras(film, report),
            sheet=sheet,
        )
        made = produce(job, makers, report, stages)
    analysis.report_findings(opened.findings.within(clip.duration), opened.since, report)
    doubts.report_all()
    return Result(film, made)


def _extras(film: OpenFilm, report: Report) -> Extras | None:
    """Sound, subtitles and titles of the clip."""
    opened, speed = film.clip, film.clip.grid.speed
    request, clip = opened.plan.request, opened.clip
    whole = clip.duration == opened.whole.duration and request.end == "hold"
    length = opened.grid.count / opened.grid.rate
    return extras_of(clip, film.sink, whole, request.sound, length, speed.shown, speed.source, report)


def _starts(grid: Grid, clip: Clip, least: int) -> Iterator[int]:
    """Frames, at least `least` apart, that begin a gap, as far as an even clip's rate says."""
    frame = 0
    while frame < grid.count:
        yield frame
        frame += least
        while frame < grid.count and _place(grid, clip, frame) == _place(grid, clip, frame - 1):
            frame += 1


def _place(grid: Grid, clip: Clip, frame: int) -> int:
    return (grid.source(frame) * clip.rate).__floor__()


def _identity(film: OpenFilm) -> dict[str, object]:
    """All that decides the bytes of the film, under names that the user knows."""
    request = film.clip.plan.request
    files = {f"file {number}": path for number, path in enumerate(film.clip.footage.inputs, 1)}
    if request.protect is not None:
        files["--protect"] = Path(request.protect)
    if request.cuts not in ("auto", "off"):
        files["--cuts"] = Path(request.cuts)
    # The codec that was chosen for the clip, where the user named none.
    found = identity(replace(request, codec=film.sink.codec), film.clip.plan.making, files)
    return found
