"""Writing long films in segments: finished segments are kept when a command is stopped, and the same command continues
after them.

The segments and a journal are in a hidden folder beside the output until it is whole. The borders of the segments do
not depend on whether the command was stopped, and each segment is encoded by itself, so the film has the same bytes.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from pathlib import Path
from queue import Empty, Full, Queue
from typing import Any, TypeVar

from inbetween.errors import Interrupted
from inbetween.types import Picture, Report
from inbetween.video import disk, encode, publish, sinks, verify, workfolder, write
from inbetween.video.clip import Colour
from inbetween.video.extras import Extras
from inbetween.video.join import join
from inbetween.video.journal import PICTURES, SEGMENTS, Journal, forget, opened
from inbetween.video.sinks import Sink
from inbetween.video.verify import Expected, Written

T = TypeVar("T")
Tell = Callable[[str, int, int], object]
"""`Report.progress`, or what is told in its place."""

LEAST = 250
"""Least number of frames of a segment. Encoders insert key frames about as often by themselves (x264 after at most 250
frames), so segments cost no quality."""
WAITING = 2
"""Most frames that wait for the encoder; more would only take memory."""
ANIMATIONS = ("gif", "animation")
"""Kinds of output that cannot be joined from parts. Their segments are lossless films, which are read again at the
end."""
BEAT = 0.5
"""Seconds between two checks of a waiting thread whether it has been told to stop."""


@dataclass(frozen=True)
class Segments:
    """The frames of a film, to be made segment by segment."""

    make: Callable[[int, int], Iterator[Picture]]
    """(first, stop) -> the frames of a segment. They depend on nothing that was made before. Called in ascending order
    for the segments that are not there yet, each when the one before has been read to its end."""
    borders: tuple[int, ...]
    """First frames of the segments, ascending from 0; see `borders`."""
    identity: Mapping[str, Any]
    """All that decides the bytes of the file, as plain values under names that the user knows."""
    remember: Callable[[], Any] = lambda: None
    """() -> what was found out while frames were made, as plain values: kept with each finished segment."""
    recall: Callable[[Any], object] = lambda found: None
    """Given that again, of all segments that are there already."""
    again: Callable[[Iterator[Picture]], Iterator[Picture]] = lambda frames: frames
    """Sees all frames of an animation once more, when they are read again."""


def choose_borders(cuts: Iterable[int], least: int = LEAST) -> tuple[int, ...]:
    """Where segments of at least `least` frames begin, chosen from the frames `cuts`, which ascend."""
    found = [0]
    for cut in cuts:
        if cut - found[-1] >= least:
            found.append(cut)
    return tuple(found)


def stamp(path: Path) -> list[Any]:
    """What tells whether a file has changed, without reading it; for an identity."""
    status = path.stat()
    return [path.name, status.st_size, status.st_mtime_ns]


def write_work(
    sink: Sink,
    work: Segments,
    rate: Fraction,
    count: int,
    size: tuple[int, int],
    report: Report,
    overwrite: bool = False,
    loop: bool = False,
    threads: int = 1,
    colour: Colour | None = None,
    aspect: Fraction = Fraction(1),
    carried: Extras | None = None,
) -> Written:
    """`write.write` of a work. A film or a sequence of pictures that is stopped, by whatever, goes on when it is called
    again; of a work of another identity nothing is used, and what differs is said. Frames are made while others are
    encoded.

    Notes besides those of `write`: `resumed`, `begun_anew`. Progress besides: `join`.

    Raises:
        InbetweenError: as `write`; another process makes this output.
        Interrupted: with `kept` where something stays for the next time.
        RuntimeError: as `write`.
    """
    if sink.kind == "picture" or (sink.kind in ANIMATIONS and len(work.borders) == 1):
        publish.prepare(sink, overwrite)
        forget(sink)

        def one(frames: Iterator[Picture], report: Report) -> Written:
            return write.write(sink, frames, rate, count, size, report, overwrite, loop, threads, colour, aspect)

        return _meanwhile(one, work.make(0, count), report)
    sinks.check(sink, rate, count)
    expected = Expected(sink, rate, count, sinks.film_size(sink, size), loop, colour, aspect)
    with opened(sink, {**work.identity, SEGMENTS: list(work.borders)}, report) as journal:
        if journal.placed is not None:
            journal.whole = True
            return _from_json(journal.placed)
        if not journal.moving:
            publish.prepare(sink, overwrite)
        report = write.Once(report)
        segments = list(enumerate(zip(work.borders, (*work.borders[1:], count), strict=True)))
        missing = [segment for segment in segments if segment[0] not in journal.done]
        there = count - sum(stop - first for _, (first, stop) in missing)
        if there:
            report.note("resumed", f"{there} of {count} frames are there already", frames=there)
            work.recall(journal.done[max(journal.done)]["found"])
        job = _Job(expected, work, missing, size, journal, report, overwrite, threads, carried)
        written = _sequence(job) if sink.kind == "sequence" else _film(job)
        journal.whole = True
    return written


Segment = tuple[int, tuple[int, int]]
"""The number of a segment, its first frame and the one after its last."""


@dataclass(frozen=True)
class _Job:
    """All that is needed to make one output in segments."""

    expected: Expected
    work: Segments
    missing: list[Segment]
    size: tuple[int, int]
    """(H, W) of the frames."""
    journal: Journal
    report: Report
    overwrite: bool
    threads: int
    carried: Extras | None

    def made(self, first: int, after: int) -> Iterator[Picture]:
        """The frames of a segment, counted."""
        frames = self.work.make(first, after)
        return write.counted(frames, after - first, self.size, self.report, first, self.expected.count)


def _film(job: _Job) -> Written:
    expected, journal = job.expected, job.journal
    sink = expected.sink
    animated = sink.kind in ANIMATIONS
    lossless = replace(sink, kind="film", suffix=".mkv", codec="ffv1", encoder=())
    _make_segments(job, replace(expected, sink=lossless) if animated else expected)
    with workfolder.part(journal.folder, sink.suffix) as path:
        files = journal.files(len(job.work.borders))
        if animated:
            frames = job.work.again(_read_again(files, expected.count, job.report))
            written = write.film(path, expected, frames, job.report)
        else:
            path, written = _joined(path, files, job)
        journal.mark(path, _to_json(written))
        publish.keep_file(path, sink, job.overwrite)
    return written


def _make_segments(job: _Job, expected: Expected) -> None:
    """Make the missing segments, each encoded by itself like the film `expected`. While the last frames of a segment
    are encoded and the segment is checked, the frames of the next one are made already."""
    aside, tell = _Aside(job.report), job.report.progress
    encoding: deque[Future[None]] = deque()
    with ThreadPoolExecutor(2) as pool:
        try:
            for number, (first, after) in job.missing:
                queue: Queue[Picture | None] = Queue(WAITING)
                wanted = replace(expected, count=after - first)
                found: dict[str, Any] = {}
                encoding.append(pool.submit(_encode, number, wanted, queue, found, job.journal, aside))
                for frame in job.made(first, after):
                    _put(queue, frame, encoding, tell)
                found["found"] = job.work.remember()
                _put(queue, None, encoding, tell)
                while len(encoding) > 1:
                    _wait(encoding.popleft(), tell)
            while encoding:
                _wait(encoding.popleft(), tell)
        except BaseException:
            aside.stop.set()
            raise


def _joined(path: str, files: list[str], job: _Job) -> tuple[str, Written]:
    """The path and the facts of the whole film. It is joined at `path`, unless it has only one segment and no extras;
    then that segment's file is the film."""
    facts, expected, carried = job.journal.done[0], job.expected, job.carried
    duration = Fraction(facts["duration"])
    if len(files) > 1 or carried is not None:
        with disk.errors(path):
            join(path, files, expected, job.report, carried)
        duration = verify.joined(path, expected, job.report, carried)
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
    found: Mapping[str, Any],
    journal: Journal,
    aside: _Aside,
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
        encode.make_film(path, expected, _taken(queue, aside), aside)
        film = verify.film(path, expected, aside)
        with disk.errors(path):
            os.replace(path, os.path.join(journal.folder, name))
            facts = {"codec": film.codec, "pixel_format": film.pixel_format, "duration": str(film.duration)}
            journal.add(number, [name], {**facts, **found})


def _meanwhile(
    written: Callable[[Iterator[Picture], Report], Written], frames: Iterable[Picture], report: Report
) -> Written:
    """Make frames in this thread while another one writes them."""
    aside, queue = _Aside(report), Queue[Picture | None](WAITING)

    def tell(*_: Any) -> None:
        report.progress(*aside.told)

    with ThreadPoolExecutor(1) as pool:
        try:
            writing = pool.submit(written, _taken(queue, aside), aside)
            for frame in frames:
                _put(queue, frame, [writing], tell)
                tell()
            _put(queue, None, [writing], tell)
            return _wait(writing, tell)
        except BaseException:
            aside.stop.set()
            raise


def _taken(queue: Queue[Picture | None], aside: _Aside) -> Iterator[Picture]:
    """The frames from a queue, until None comes or the thread is told to stop."""
    while True:
        try:
            frame = queue.get(timeout=BEAT)
        except Empty:
            aside.ask()
            continue
        if frame is None:
            return
        yield frame


def _put(queue: Queue[Picture | None], frame: Picture | None, encoding: Iterable[Future[Any]], tell: Tell) -> None:
    """Hand a frame to the encoder, waiting until there is room for it. An error of the encoder is raised here."""
    while True:
        for future in encoding:
            if future.done():
                future.result()
        try:
            return queue.put(frame, timeout=BEAT)
        except Full:
            tell("write", 0, 0)


def _wait(future: Future[T], tell: Tell) -> T:
    """The result of another thread. Progress is reported meanwhile, so that a stop is noticed."""
    while True:
        try:
            return future.result(timeout=BEAT)
        except NotYet:
            tell("check", 0, 0)


class _Aside(Report):
    """For threads beside the one that reports: what they tell is kept for it, and they stop when they are told to."""

    def __init__(self, report: Report) -> None:
        self._report, self.stop = report, threading.Event()
        self.told: tuple[str, int, int] = "write", 0, 0

    def ask(self) -> None:
        """Raises Interrupted: it is to stop."""
        if self.stop.is_set():
            raise Interrupted

    def progress(self, stage: str, done: int, total: int) -> None:
        self.ask()
        self.told = stage, done, total

    def note(self, code: str, text: str, *, detail: bool = False, **facts: Any) -> None:
        self._report.note(code, text, detail=detail, **facts)


def _sequence(job: _Job) -> Written:
    expected, journal = job.expected, job.journal
    sink = expected.sink
    numbers = range(sink.start_number, sink.start_number + expected.count)
    names = [sink.frame_name(number) for number in numbers]
    folder = os.path.join(journal.folder, PICTURES)
    with disk.errors(folder):
        os.makedirs(folder, exist_ok=True)
    with ThreadPoolExecutor(job.threads) as pool:
        for number, (first, after) in job.missing:
            paths = [os.path.join(folder, name) for name in names[first:after]]
            total, pixel_format = write.pictures_to(paths, job.made(first, after), sink, job.report, pool, job.threads)
            files = [os.path.join(PICTURES, name) for name in names[first:after]]
            with disk.errors(folder):
                facts = {"bytes": total, "pixel_format": pixel_format, "found": job.work.remember()}
                journal.add(number, files, facts)
    total = sum(facts["bytes"] for facts in journal.done.values())
    written = write.pictures_written(expected, journal.done[0]["pixel_format"], total)
    one_by_one = os.path.lexists(sink.target)
    with disk.errors(folder):
        journal.mark(None if one_by_one else folder, _to_json(written))
        publish.keep_sequence(folder, sink, names, job.overwrite)
        if one_by_one:
            journal.mark(sink.target, _to_json(written))
    return written


def _to_json(written: Written) -> dict[str, Any]:
    return {**asdict(written), "duration": str(written.duration)}


def _from_json(facts: Mapping[str, Any]) -> Written:
    size = (facts["size"][0], facts["size"][1])
    return Written(**{**facts, "size": size, "duration": Fraction(facts["duration"])})
