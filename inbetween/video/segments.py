"""Writing long films in segments: finished segments are kept when a command is stopped, and the same command continues
after them.

The segments and a journal are in a hidden folder beside the output until it is whole. The borders of the segments do
not depend on whether the command was stopped, and each segment is encoded by itself, so the film has the same bytes.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from queue import Queue
from typing import Any

from inbetween import system
from inbetween.errors import InbetweenError
from inbetween.types import Picture, Report
from inbetween.video import disk, encode, publish, sinks, verify, workfolder, write
from inbetween.video.extras import Extras
from inbetween.video.handover import WAITING, Aside, meanwhile, put, taken, wait
from inbetween.video.join import join
from inbetween.video.journal import PICTURES, SEGMENTS, Journal, Plan, opened
from inbetween.video.verify import Expected, Written
from inbetween.video.workfolder import Facts
from inbetween.video.write import DEFAULT, FilmFormat, WriteOptions

FrameSource = Callable[[int, int], Iterator[Picture]]
"""(first, stop) -> the frames of a film from number `first` to `stop` - 1, in order."""

LEAST = 250
"""Least number of frames of a segment. Encoders insert key frames about as often by themselves (x264 after at most 250
frames), so segments cost no quality."""
ANIMATIONS = ("gif", "animation")
"""Kinds of output that cannot be joined from parts. Their segments are lossless films, which are read again at the
end."""


_NOT_OURS = (AttributeError, LookupError, TypeError, ValueError, ZeroDivisionError)
"""What reading values raises that are of another shape than those that this version writes."""


def _nothing() -> object:
    return None


def _forgotten(found: object) -> object:
    return found


@dataclass(frozen=True)
class Segments:
    """The frames of a film, to be made segment by segment."""

    frames: FrameSource
    """(first, stop) -> the frames of a segment. They depend on nothing that was made before. Called in ascending order
    for the segments that are not there yet, each when the one before has been read to its end."""
    borders: tuple[int, ...]
    """First frames of the segments, ascending from 0; see `choose_borders`."""
    identity: Mapping[str, object]
    """All that decides the bytes of the file, as plain values under names that the user knows."""
    remember: Callable[[], object] = _nothing
    """() -> what was found out while frames were made, as plain values: kept with each finished segment."""
    recall: Callable[[Any], object] = _forgotten
    """Called with what `remember` returned, read from the journal again, of all segments that are there already."""
    check: Callable[[], object] = _nothing
    """Called when sound and other tracks of the clip have been added, for the clip may have changed meanwhile."""


def choose_borders(cuts: Iterable[int], least: int = LEAST) -> tuple[int, ...]:
    """Where segments of at least `least` frames begin, chosen from the frames `cuts`, which ascend."""
    found = [0]
    for cut in cuts:
        if cut - found[-1] >= least:
            found.append(cut)
    return tuple(found)


def write_segments(
    form: FilmFormat,
    segments: Segments,
    report: Report,
    options: WriteOptions = DEFAULT,
    extras: Extras | None = None,
) -> Written:
    """`write.write` of frames in segments. A film or a sequence of pictures that is stopped, by whatever, goes on when
    this is called again; of segments of another identity nothing is used, and what differs is said. Frames are made
    while others are encoded.

    Notes besides those of `write`: `resumed`, `begun_anew`. Progress besides: `join`.

    Args:
        extras: sound and whatever else is added to the finished film.

    Raises:
        InbetweenError: as `write`; another process makes this output.
        Interrupted: with `kept` where something stays for the next time.
        RuntimeError: as `write`.
    """
    sink, count, borders = form.sink, form.count, segments.borders
    sinks.check(sink, form.rate, count)
    identity = {**segments.identity, SEGMENTS: list(borders)}
    with opened(sink, identity, _plan(sink, count, borders), report, options.beside) as journal:
        placed = _placed(journal, form, segments)
        if placed is not None:
            journal.whole = True
            return placed
        if not journal.moving:
            publish.prepare(sink, options.overwrite)
        report = write.OncePerCode(report)
        ranges = enumerate(zip(borders, (*borders[1:], count), strict=True))
        missing = [one for one in ranges if one[0] not in journal.done]
        there = count - sum(stop - first for _, (first, stop) in missing)
        if there:
            report.note("resumed", f"{there} of {count} frames are there already", frames=there)
            _recall(segments, journal)
        job = _Job(form, segments, missing, journal, report, options, extras)
        at_once = sink.kind == "picture" or (sink.kind in ANIMATIONS and len(borders) == 1)
        written = _at_once(job) if at_once else _sequence(job) if sink.kind == "sequence" else _film(job)
        journal.whole = True
    return written


def _plan(sink: sinks.Sink, count: int, borders: tuple[int, ...]) -> Plan:
    """What the journal of an output may hold."""

    def names(number: int) -> list[str]:
        if sink.kind != "sequence":
            return [f"{number:05d}{'.mkv' if sink.kind in ANIMATIONS else sink.suffix}"]
        after = (*borders, count)[number + 1]
        frames = range(sink.start_number + borders[number], sink.start_number + after)
        return [os.path.join(PICTURES, sink.frame_name(frame)) for frame in frames]

    def valid(facts: Facts) -> bool:
        if not isinstance(facts.get("pixel_format"), str) or "found" not in facts:
            return False
        if sink.kind == "sequence":
            return type(facts.get("bytes")) is int and facts["bytes"] >= 0
        try:
            return isinstance(facts.get("codec"), str) and Fraction(facts["duration"]) > 0
        except (KeyError, TypeError, ValueError, ZeroDivisionError):
            return False

    return Plan(names, len(borders), valid)


def _recall(segments: Segments, journal: Journal) -> None:
    """Give back what was found out while the finished segments were made.

    Raises:
        InbetweenError: the journal has no such values. No segment counts any more then.
    """
    try:
        segments.recall(journal.done[max(journal.done)]["found"])
    except _NOT_OURS as error:
        journal.done.clear()
        raise InbetweenError(
            f"`{journal.folder}` is damaged", "repeat it: the same command begins anew", "failed"
        ) from error


def _placed(journal: Journal, form: FilmFormat, segments: Segments) -> Written | None:
    """The facts of an output that was whole already when an earlier command was killed; None if it was not, or has been
    changed since. What was found out while it was made is given back."""
    if journal.placed is None:
        return None
    target, sink = form.sink.target, form.sink
    try:
        written = _from_json(journal.placed)
        if sink.kind == "sequence":
            numbers = range(sink.start_number, sink.start_number + form.count)
            there = all(os.path.isfile(os.path.join(target, sink.frame_name(number))) for number in numbers)
        else:
            there = os.path.getsize(target) == written.bytes
        if not there:
            return None
        segments.recall(journal.found)
    except _NOT_OURS:
        return None
    return replace(written, path=sink.path)


Segment = tuple[int, tuple[int, int]]
"""The number of a segment, its first frame and the one after its last."""


@dataclass(frozen=True)
class _Job:
    """All that is needed to make one output in segments."""

    form: FilmFormat
    segments: Segments
    missing: list[Segment]
    journal: Journal
    report: Report
    options: WriteOptions
    extras: Extras | None

    def frames(self, first: int, after: int) -> Iterator[Picture]:
        """The frames of a segment, counted."""
        frames = self.segments.frames(first, after)
        return write.counted(frames, after - first, self.form.size, self.report, first, self.form.count)


def _film(job: _Job) -> Written:
    expected, journal = job.form.expected, job.journal
    sink = expected.sink
    animated = sink.kind in ANIMATIONS
    lossless = replace(sink, kind="film", suffix=".mkv", codec="ffv1", encoder=())
    _make_segments(job, replace(expected, sink=lossless) if animated else expected)
    with workfolder.part(journal.folder, sink.suffix) as path:
        files = journal.files()
        if animated:
            written = write.film(path, expected, _read_again(files, expected.count, job.report), job.report)
        else:
            path, written = _joined(path, files, job)
        _publish_file(path, written, job)
    return written


def _at_once(job: _Job) -> Written:
    """A picture, or an animation of one segment: nothing of it is kept when the command is stopped."""
    form, journal, options = job.form, job.journal, job.options
    with workfolder.part(journal.folder, form.sink.suffix) as path:

        def one(frames: Iterator[Picture], report: Report) -> Written:
            if form.sink.kind == "picture":
                return write.picture(path, form.expected, frames, report, options.threads)
            return write.film(path, form.expected, frames, report)

        written = meanwhile(one, job.frames(0, form.count), job.report)
        _publish_file(path, written, job)
    return written


def _publish_file(path: str, written: Written, job: _Job) -> None:
    """Give a finished file its name. It is on the disk before, and so is the mark, by which the same command knows it
    again if this process is killed here."""
    with disk.errors(path):
        disk.sync(path)
        job.journal.mark(path, _to_json(written), job.segments.remember())
    publish.keep_file(path, job.form.sink, job.options.overwrite)


def _make_segments(job: _Job, expected: Expected) -> None:
    """Make the missing segments, each encoded by itself like the film `expected`. While the last frames of a segment
    are encoded and the segment is checked, the frames of the next one are made already."""
    aside, tell = Aside(job.report), job.report.progress
    encoding: deque[Future[None]] = deque()
    with ThreadPoolExecutor(2) as pool:
        try:
            for number, (first, after) in job.missing:
                queue: Queue[Picture | None] = Queue(WAITING)
                wanted = replace(expected, count=after - first)
                found: dict[str, object] = {}
                encoding.append(pool.submit(_encode, number, wanted, queue, found, job.journal, aside))
                for frame in job.frames(first, after):
                    put(queue, frame, encoding, tell)
                found["found"] = job.segments.remember()
                put(queue, None, encoding, tell)
                while len(encoding) > 1:
                    wait(encoding.popleft(), tell)
            while encoding:
                wait(encoding.popleft(), tell)
        except BaseException:
            aside.stop.set()
            raise


def _joined(path: str, files: list[str], job: _Job) -> tuple[str, Written]:
    """The path and the facts of the whole film. It is joined at `path`, unless it has only one segment and no extras;
    then that segment's file is the film."""
    facts, expected, extras = job.journal.done[0], job.form.expected, job.extras
    duration = Fraction(facts["duration"])
    if len(files) > 1 or extras is not None:
        with disk.errors(path):
            join(path, files, expected, job.report, extras)
        duration = verify.joined(path, expected, job.report, extras)
        job.segments.check()
    else:
        path = files[0]
    sink, size, bytes_ = expected.sink, expected.size, os.path.getsize(path)
    codec, pixel_format = facts["codec"], facts["pixel_format"]
    return path, Written(sink.path, "film", expected.count, size, duration, codec, pixel_format, bytes_)


def _read_again(files: list[str], count: int, report: Report) -> Iterator[Picture]:
    """The frames of lossless segments, of which there are `count`."""
    from inbetween.video import probe, read

    pictures = (one for file in files for _, one in read.frames(probe.probe(file, Report()), Report()))
    for number, picture in enumerate(pictures):
        report.progress("join", number, count)
        yield picture


def _encode(
    number: int,
    expected: Expected,
    queue: Queue[Picture | None],
    found: Mapping[str, object],
    journal: Journal,
    aside: Aside,
) -> None:
    """Encode and check one segment, and enter it into the journal.

    Args:
        number: of the segment.
        expected: the segment as it has to be.
        queue: its frames, and None at their end.
        found: more facts for the journal. They are there when None is read from the queue.
        journal: the film's.
        aside: hears notes and progress, and says when to stop.
    """
    name = f"{number:05d}{expected.sink.suffix}"
    with workfolder.part(journal.folder, expected.sink.suffix) as path:
        encode.make_film(path, expected, taken(queue, aside), aside)
        film = verify.film(path, expected, aside)
        with disk.errors(path):
            system.replace(path, os.path.join(journal.folder, name))
            facts = {"codec": film.codec, "pixel_format": film.pixel_format, "duration": str(film.duration)}
            journal.add(number, {**facts, **found})


def _sequence(job: _Job) -> Written:
    expected, journal = job.form.expected, job.journal
    sink = expected.sink
    numbers = range(sink.start_number, sink.start_number + expected.count)
    names = [sink.frame_name(number) for number in numbers]
    folder = os.path.join(journal.folder, PICTURES)
    with disk.errors(folder):
        os.makedirs(folder, exist_ok=True)
    with ThreadPoolExecutor(job.options.threads) as pool:
        for number, (first, after) in job.missing:
            paths = [os.path.join(folder, name) for name in names[first:after]]
            total, pixel_format = write.pictures_to(
                paths, job.frames(first, after), sink, job.report, pool, job.options.threads
            )
            with disk.errors(folder):
                facts = {"bytes": total, "pixel_format": pixel_format, "found": job.segments.remember()}
                journal.add(number, facts)
    total = sum(facts["bytes"] for facts in journal.done.values())
    written = write.pictures_written(expected, journal.done[0]["pixel_format"], total)
    one_by_one = os.path.lexists(sink.target)
    with disk.errors(folder):
        journal.mark(None if one_by_one else folder, _to_json(written), job.segments.remember())
        publish.keep_sequence(folder, sink, names, job.options.overwrite)
        if one_by_one:
            journal.mark(sink.target, _to_json(written), job.segments.remember())
    return written


def _to_json(written: Written) -> dict[str, object]:
    return {**asdict(written), "duration": str(written.duration)}


def _from_json(facts: Mapping[str, Any]) -> Written:
    size = (facts["size"][0], facts["size"][1])
    return Written(**{**facts, "size": size, "duration": Fraction(facts["duration"])})
