"""A clip through an engine to a file, in segments that do not depend on each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inbetween import gaps, pictures, produce
from inbetween.adapt import load_makers
from inbetween.devices import available_memory, in_order, quiet_opencv
from inbetween.errors import InbetweenError, UsageError
from inbetween.key_files import one_aspect
from inbetween.pictures.contact_sheet import Sheet
from inbetween.plan import RunRequest
from inbetween.produce import Made, Stages
from inbetween.slowmo import analysis, footage, request
from inbetween.slowmo.analysis import Findings, Key
from inbetween.slowmo.footage import Footage, Shared
from inbetween.slowmo.pieces import pieces
from inbetween.slowmo.request import Slow
from inbetween.timeline.speed import Grid
from inbetween.types import Gap, Maker, Picture, Report
from inbetween.video import publish, sinks
from inbetween.video.clip import Clip
from inbetween.video.extras import Extras, extras_of
from inbetween.video.segments import Segments, choose_borders, write_work
from inbetween.video.sinks import Sink
from inbetween.video.write import rehearse

READ_AHEAD = 3
"""Pictures that wait to be used, decoded."""
LOOK_BACK = analysis.AROUND + 3 * analysis.MOST_SHOWN + 2
"""Pictures before a segment that say what its first ones are, and when."""
KEPT = LOOK_BACK + analysis.AROUND + analysis.MOST_SHOWN + READ_AHEAD + 5
"""Pictures that are kept for the next segment: it looks back, and the one before has looked ahead."""


@dataclass(frozen=True)
class Opened:
    """A clip that has been looked at, what will be made of it, and what is found on the way."""

    slow: Slow
    sink: Sink
    """Where it goes."""
    whole: Clip
    """As it is stored."""
    clip: Clip
    """The part that is used, at the size of the film."""
    footage: Footage
    grid: Grid
    cuts: analysis.Cut
    protect: Picture | None
    counts: Findings
    shared: Shared

    @property
    def since(self) -> Fraction:
        """Seconds of the whole clip before the part that is used."""
        return self.clip.start - self.whole.start


@dataclass(frozen=True)
class Result:
    """What was made, and of what."""

    found: Opened
    made: Made


def open_clip(slow: Slow, overwrite: bool, report: Report) -> Opened:
    """Everything that can be refused once the clip is looked at, before any work.

    Raises:
        InbetweenError: no such clip, or a damaged one; an output that cannot be written; no memory; no ffmpeg.
    """
    said = slow.words
    found = _footage(slow, report)
    used = found if slow.base.size is None else footage.sized(found, slow.base.size, said.film.fit, report)
    clip = request.part(said, used.clip, report)
    sink = _deep(slow.base.sink, said.film, clip, report)
    grid = request.grid(said, found.clip, clip, report)
    sinks.check(sink, grid.rate, grid.count)
    publish.prepare(sink, overwrite, [*found.inputs, *map(Path, filter(None, [said.protect]))])
    height, width = clip.size
    kept = KEPT * clip.channels * clip.bits // 8
    needed, free = height * width * (produce.BYTES_PER_PIXEL + kept), available_memory()
    if free is not None and needed > free:
        what = f"{width}x{height} needs about {needed / 1e9:.1f} GB of memory, {free / 1e9:.1f} GB are free"
        raise InbetweenError(what, "close other programs, or make it smaller with --size")
    rehearse(sink, grid.rate, clip.size, clip.channels, clip.bits)
    if clip.aspect != 1 and sink.kind != "film":
        text = (
            f"a pixel of {said.clip} is {float(clip.aspect):.3g} times as wide as high: {sink.suffix} does not say so"
        )
        report.note("aspect", text, aspect=str(clip.aspect))
    cuts, mask = _cuts(said.cuts, found.clip, clip, report), _mask(said.protect, clip)
    shared = Shared(lambda begin: footage.begun(used.pictures(clip, report, begin)), KEPT)
    return Opened(slow, sink, found.clip, clip, used, grid, cuts, mask, Findings(), shared)


def _footage(slow: Slow, report: Report) -> Footage:
    said = slow.words
    paths = footage.sequence(said.clip)
    if paths is None:
        if said.film.fit is not None and slow.base.size is None:
            raise UsageError("--fit says how another size is made of it", "say which: --size 1280x720")
        video = footage.of_video(said.clip, said.deinterlace, report)
        # Not before it is known to be there, and no picture.
        if said.input_fps is not None or said.holes:
            raise UsageError(f"{said.clip} has its own times", "leave --input-fps and --holes out")
        return video
    if said.deinterlace:
        raise UsageError("--deinterlace takes a video: pictures do not say that they have halves", "leave it out")
    rate, threads, film = request.input_rate(said), slow.base.settings.threads, said.film
    return footage.of_pictures(said.clip, paths, rate, said.holes, threads, report, film.fit, film.force)


def _deep(sink: Sink, said: RunRequest, clip: Clip, report: Report) -> Sink:
    """The usual codecs have 8 bits and mostly no alpha: a clip that has more is written by another, if the user named
    none."""
    if sink.kind != "film" or clip.video < 0 or said.codec or said.preset or said.encoder:
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


def frames(opened: Opened, makers: dict[str, Maker], first: int, stop: int, report: Report) -> Iterator[Picture]:
    """Frames `first` to `stop` - 1 of the film. They depend on no others, so they may be made in any order.

    Raises:
        InbetweenError: the clip is damaged.
    """
    said = opened.slow.words
    with _keys(opened, first) as found:
        yield from gaps.render(
            pieces(found, opened.grid, first, stop, opened.clip.rate, said.at_cut, said.film.seed),
            makers,
            report,
            _protected(opened.protect),
        )


@contextmanager
def _keys(opened: Opened, first: int) -> Iterator[Iterator[Key]]:
    """The clip's keys from before a frame of the film on, decoded while others are used."""
    clip, words = opened.clip, opened.slow.words
    begin = clip.before(opened.grid.source(first), LOOK_BACK)
    # A number that is missing among pictures is no pause.
    usual = None if words.holes else 1 / clip.rate
    with ThreadPoolExecutor(1) as pool:
        decoded = opened.shared.since(begin)
        stream = decoded
        if opened.slow.base.settings.threads > 1:
            ready = in_order(pool, lambda _: next(decoded, None), count(), READ_AHEAD)
            stream = iter(ready.__next__, None)
        yield analysis.keys(stream, opened.cuts, words.repeats == "auto", usual, opened.counts)


def look(slow: Slow, overwrite: bool, report: Report) -> Opened:
    """What `make_film` would only find out on its way too: the clip is read to its end. Nothing is made.

    Raises:
        InbetweenError: see `open_clip`; a damaged clip.
    """
    opened = open_clip(slow, overwrite, report)
    with quiet_opencv(), _keys(opened, 0) as found:
        for number, key in enumerate(found):
            report.progress("read", min(number, opened.clip.count), opened.clip.count)
            if key.time > opened.clip.duration:
                break
    return opened


def _protected(mask: Picture | None) -> Callable[[Picture, Gap, float], Picture]:
    if mask is None:
        return lambda picture, gap, t: picture
    weight = mask.astype(np.float32) / 255

    def finish(picture: Picture, gap: Gap, t: float) -> Picture:
        key = gap.start if t < 0.5 else gap.end
        mixed: Any = picture + (key.astype(np.float32) - picture) * weight + 0.5
        return mixed.astype(picture.dtype)  # type: ignore[no-any-return]

    return finish


class _Doubts(Report):
    """Gathers what engines say of each gap: a clip has thousands."""

    def __init__(self, report: Report, rate: Fraction) -> None:
        self._report, self._rate = report, rate
        self.doubts: dict[int, float] = {}
        """By the number of the gap."""

    def progress(self, stage: str, done: int, total: int) -> None:
        if stage != "flow":
            self._report.progress(stage, done, total)

    def preview(self, step: int, frames: Callable[[], NDArray[np.uint8]]) -> None:
        self._report.preview(step, frames)

    def note(self, code: str, text: str, *, detail: bool = False, **facts: Any) -> None:
        if code != "doubt":
            self._report.note(code, text, detail=detail, **facts)
        elif not detail:
            self.doubts[facts["gap"]] = facts["doubt"]

    def say(self) -> None:
        """Once, of all."""
        if self.doubts:
            doubt, gap = max((doubt, gap) for gap, doubt in self.doubts.items())
            self._report.note(
                "doubt",
                f"between {len(self.doubts)} pictures and the next the motion is hard to follow: expect ghosts in "
                f"places, most at {float(gap / self._rate):.2f} s (doubt {doubt:.2f})",
                gaps=len(self.doubts),
                worst=round(doubt, 4),
            )


@dataclass(frozen=True)
class _Found:
    """What was found out of a clip on the way, for a film that is stopped and goes on."""

    counts: Findings
    doubts: _Doubts

    def remember(self) -> dict[str, Any]:
        """As plain values."""
        sets = {name: sorted(map(str, times)) for name, times in vars(self.counts).items()}
        return {**sets, "doubts": list(self.doubts.doubts.items())}

    def recall(self, found: dict[str, Any]) -> None:
        """Know it again."""
        self.doubts.doubts.update((gap, doubt) for gap, doubt in found["doubts"])
        for name, times in vars(self.counts).items():
            times.update(map(Fraction, found[name]))


def make_film(slow: Slow, report: Report, *, overwrite: bool = False, sheet: Path | None = None) -> Result:
    """Make the film. It is whole and checked, or it is not there.

    sheet: a PNG of some of its pictures.

    Raises:
        InbetweenError: see `open_clip`; a damaged clip, a full disk, an ffmpeg that died.
        Interrupted: the user asked to stop.
    """
    stages, begin = Stages(), produce.processor_seconds()
    for code, text in slow.base.notes:
        report.note(code, text)
    with stages.stage("open"):
        opened = open_clip(slow, overwrite, report)
    grid, clip = opened.grid, opened.clip
    doubts = _Doubts(produce.EachOnce(report), clip.rate)
    drawn = Sheet(grid.count, grid.rate)
    with quiet_opencv():
        with stages.stage("load"):
            makers = load_makers(slow.base.engine, slow.base.options, slow.base.settings)

        def segment(first: int, stop: int) -> Iterator[Picture]:
            stream = stages.each("frames", frames(opened, makers, first, stop, doubts))
            return drawn.seen(stream, first) if sheet else stream

        least = produce.segment_least(slow.base)
        begins = choose_borders(_starts(grid, clip, least), least)
        found = _Found(opened.counts, doubts)
        work = Segments(segment, begins, _identity(opened), found.remember, found.recall, drawn.seen)
        with stages.stage("all"):
            written = write_work(
                opened.sink,
                work,
                grid.rate,
                grid.count,
                clip.size,
                report,
                overwrite,
                clip.loop,
                threads=slow.base.settings.threads,
                colour=clip.colour,
                aspect=clip.aspect,
                carried=_carried(opened, report),
            )
            if sheet:
                produce.look_at_missing(drawn, opened.sink, report)
                produce.save(sheet, drawn.png())
    analysis.report_findings(opened.counts.within(clip.duration), opened.since, report)
    doubts.say()
    stages.seconds["write"] = stages.seconds.pop("all") - stages.seconds.setdefault("frames", 0.0)
    seconds = {name: round(value, 3) for name, value in stages.seconds.items()}
    return Result(opened, Made(written, seconds, round(produce.processor_seconds() - begin, 3)))


def _carried(opened: Opened, report: Report) -> Extras | None:
    """Sound, subtitles and titles of the clip."""
    words, clip, speed = opened.slow.words, opened.clip, opened.grid.speed
    whole = clip.duration == opened.whole.duration and words.end == "hold"
    length = opened.grid.count / opened.grid.rate
    return extras_of(clip, opened.sink, whole, words.sound, length, speed.shown, speed.source, report)


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


def _identity(opened: Opened) -> dict[str, Any]:
    """All that decides the bytes of the film, in the user's words."""
    said = asdict(opened.slow.words)
    film = said.pop("film")
    said |= {"from": said.pop("since"), "to": said.pop("until")}
    told = {f"--{name.replace('_', '-')}": value for name, value in said.items() if name not in ("clip", "sound")}
    told |= {f"--{name}": film[name] for name in ("seed", "encoder", "preset", "start_number", "size", "fit")}
    told |= {f"--set {name}": value for name, value in asdict(opened.slow.base.options).items()}
    told |= {"--engine": opened.slow.base.engine, "--codec": opened.sink.codec}
    files = {f"file {number}": path for number, path in enumerate(opened.footage.inputs, 1)}
    if opened.slow.words.cuts not in ("auto", "off"):
        files["--cuts"] = Path(opened.slow.words.cuts)
    if opened.slow.words.protect is not None:
        files["--protect"] = Path(opened.slow.words.protect)
    return {**told, **produce.stamps(files, opened.slow.base)}
