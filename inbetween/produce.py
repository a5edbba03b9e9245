"""A plan through its engine to a file: read, made, written, checked, and timed."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inbetween import engines, gaps, pictures
from inbetween.devices import available_memory, quiet_opencv
from inbetween.engines.loading import load_makers
from inbetween.errors import InbetweenError
from inbetween.key_files import KeyFiles
from inbetween.pictures.contact_sheet import Sheet
from inbetween.ping_pong import FrameSource, Spool, cuts_of, there_and_back
from inbetween.plan import WHERE, Plan
from inbetween.timeline.grid import Source
from inbetween.types import Motion, Picture, Report
from inbetween.versions import versions
from inbetween.video import disk, publish, workfolder
from inbetween.video.segments import LEAST, Segments, choose_borders, stamp, write_work
from inbetween.video.sinks import Sink
from inbetween.video.write import Written, rehearse
from inbetween.weights import store

BYTES_PER_PIXEL = 320
"""Of the `flow` engine with its film, measured at 3840x2160, ffmpeg included; folders and `blend` need less."""


@dataclass(frozen=True)
class Made:
    """What was made, and what it took."""

    output: Written
    seconds: dict[str, float]
    """Wall time of each stage."""
    processor_seconds: float
    """Of all threads and children."""

    def to_json(self) -> dict[str, Any]:
        """Plain values only."""
        output = asdict(self.output)
        output["duration"] = str(self.output.duration)
        return {"output": output, "seconds": self.seconds, "processor_seconds": self.processor_seconds}


class Stages:
    """Wall time by stage; what is spent inside an iterator counts for its own stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the time of the block."""
        begin = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - begin

    def each(self, name: str, items: Iterable[Picture]) -> Iterator[Picture]:
        """The items; the time of making each is added to `name`."""
        items = iter(items)
        while True:
            with self.stage(name):
                item = next(items, None)
            if item is None:
                return
            yield item


def open_keys(plan: Plan, overwrite: bool, report: Report) -> KeyFiles:
    """Everything that can be refused once files are looked at, before any work.

    Raises:
        InbetweenError: keys that are no pictures or do not fit, an output that cannot be written, no memory,
            no ffmpeg, or words for it that it does not take.
    """
    keys = KeyFiles(plan.key_paths, plan.size, plan.words.fit, plan.words.force, report, plan.settings.threads)
    publish.prepare(plan.sink, overwrite, plan.key_paths)
    height, width = keys.size
    needed = height * width * BYTES_PER_PIXEL
    free = available_memory()
    if free is not None and needed > free:
        raise InbetweenError(
            f"{width}x{height} needs about {needed / 1e9:.1f} GB of memory, {free / 1e9:.1f} GB are free",
            "make it smaller with --size",
        )
    rehearse(plan.sink, plan.timeline.rate, keys.size, keys.channels, keys.bits)
    return keys


def try_out(plan: Plan, overwrite: bool, report: Report) -> KeyFiles:
    """What `make` would only find out on its way too: every key is read to its end. Nothing is made.

    Raises:
        InbetweenError: see `open_keys`; a damaged key, keys with no relation where that is to fail.
    """
    keys = open_keys(plan, overwrite, report)
    drawn_motions(plan, keys, report)
    for number in range(len(keys)):
        report.progress("read", number, len(keys))
        keys[number]
    if plan.words.if_unrelated == "fail":
        with quiet_opencv():
            gaps.refuse_unrelated(keys, report)
    return keys


def make(plan: Plan, report: Report, *, overwrite: bool = False, sheet: Path | None = None) -> Made:
    """Make the film of a plan. It is whole and checked, or it is not there.

    sheet: a PNG of some of its pictures, beside the film; see `refuse_beside`.

    Raises:
        InbetweenError: see `open_keys`; a damaged key, a full disk, an ffmpeg that died.
        Interrupted: the user asked to stop.
    """
    stages, begin = Stages(), processor_seconds()
    for code, text in plan.notes:
        report.note(code, text)
    with stages.stage("open"):
        keys = open_keys(plan, overwrite, report)
        motions = drawn_motions(plan, keys, report)
    drawn = Sheet(plan.count, plan.timeline.rate)
    with quiet_opencv(), Spool(plan.sink.parts_folder) as spool:
        with stages.stage("load"):
            makers = load_makers(plan.engine, plan.options, plan.settings)
        work = _work(plan, keys, makers, motions, spool, stages, drawn if sheet else None, report)
        with stages.stage("all"):
            written = write_work(
                plan.sink,
                work,
                plan.timeline.rate,
                plan.count,
                keys.size,
                report,
                overwrite,
                loop=plan.words.loop or plan.words.ping_pong,
                threads=plan.settings.threads,
            )
            if sheet:
                look_at_missing(drawn, plan.sink, report)
                save(sheet, drawn.png())
    stages.seconds["write"] = stages.seconds.pop("all") - stages.seconds.setdefault("frames", 0.0)
    seconds = {name: round(value, 3) for name, value in stages.seconds.items()}
    return Made(written, seconds, round(processor_seconds() - begin, 3))


def _work(
    plan: Plan,
    keys: KeyFiles,
    makers: Mapping[str, Any],
    motions: Mapping[int, Motion],
    spool: Spool,
    stages: Stages,
    drawn: Sheet | None,
    report: Report,
) -> Segments:
    """The plan's frames, in segments that end where gaps do, or within long ones."""
    words, sources = plan.words, plan.timeline.sources
    unrelated = words.if_unrelated
    if unrelated == "fail":
        gaps.refuse_unrelated(keys, report)
        unrelated = "blend"
    once = EachOnce(report)

    def made(first: int, stop: int) -> Iterator[Picture]:
        stream = gaps.frames_of(
            keys,
            replace(plan.timeline, sources=sources[first:stop]),
            makers,
            once,
            unrelated=unrelated,
            generated=words.keyframes == "generated",
            loop=words.loop,
            seed=words.seed,
            motions=motions,
        )
        return stages.each("frames", stream)

    cuts = _cuts(sources, engines.get(plan.engine).lengths is None)
    make: FrameSource = made
    if words.ping_pong:
        make = there_and_back(made, len(sources), spool, once)
        cuts = cuts_of(cuts, len(sources))

    def seen(first: int, stop: int) -> Iterator[Picture]:
        return drawn.seen(make(first, stop), first) if drawn else make(first, stop)

    begins = choose_borders(cuts, segment_least(plan))
    return Segments(seen, begins, _identity(plan), once.said, once.say, drawn.seen if drawn else iter)


def _cuts(sources: Sequence[Source], splits: bool) -> list[int]:
    """Frames at which a segment may begin: with a gap and, where an engine `splits` them, inside a long one, of which
    much is left on either side."""
    begins = [n for n in range(1, len(sources)) if sources[n].gap != sources[n - 1].gap]
    if not splits:
        return begins
    inside = [n for a, b in pairwise([0, *begins, len(sources)]) for n in range(a + LEAST, b - LEAST + 1, LEAST)]
    return sorted(begins + inside)


def _identity(plan: Plan) -> dict[str, Any]:
    """All that decides the bytes of the film, in the user's words."""
    said = asdict(plan.words)
    for where in ("keys", "motion", "out", "set", "force", *WHERE):
        del said[where]
    told = {"-n" if name == "frames" else "--" + name.replace("_", "-"): value for name, value in said.items()}
    told |= {f"--set {name}": value for name, value in asdict(plan.options).items()}
    files = {f"key {number}": Path(key) for number, key in enumerate(plan.words.keys, 1)}
    if plan.words.motion is not None:
        files["--motion"] = Path(plan.words.motion)
    return {**told, **stamps(files, plan)}


def segment_least(plan: Plan) -> int:
    """Frames of a segment at least: engines of a fixed length take minutes a gap."""
    return LEAST if engines.get(plan.engine).lengths is None else 1


def stamps(files: Mapping[str, Path], plan: Plan) -> dict[str, Any]:
    """What tells, without reading them, whether some files, the weights or the versions that a plan is made with have
    changed, under names that the user knows."""
    engine = engines.get(plan.engine)
    found = dict(files)
    for name in engine.needs:
        for part, paths in store.files(name, plan.settings.weights).items():
            found |= {f"{name}'s {part}" + f" ({path.name})" * (len(paths) > 1): path for path in paths}
    return {**{name: stamp(path) for name, path in found.items()}, **versions(engine)}


class EachOnce(Report):
    """Passes on what is said, but nothing twice: neighbouring segments look at the same keys."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._said: dict[tuple[str, str], dict[str, Any]] = {}

    def progress(self, stage: str, done: int, total: int) -> None:
        """See `Report`."""
        self._report.progress(stage, done, total)

    def preview(self, step: int, frames: Callable[[], NDArray[np.uint8]]) -> None:
        """See `Report`."""
        self._report.preview(step, frames)

    def note(self, code: str, text: str, *, detail: bool = False, **facts: Any) -> None:
        """See `Report`."""
        if (code, text) not in self._said:
            self._said[code, text] = {"detail": detail, **facts}
            self._report.note(code, text, detail=detail, **facts)

    def said(self) -> list[Any]:
        """All that was said, as plain values."""
        return [[code, text, facts] for (code, text), facts in self._said.items()]

    def say(self, said: Iterable[Any]) -> None:
        """Say again what `said` gave, unless it was."""
        for code, text, facts in said:
            self.note(code, text, **facts)


def look_at_missing(drawn: Sheet, sink: Sink, report: Report) -> None:
    """Show a contact sheet the frames of a finished film that were made before it was stopped."""
    missing = drawn.missing
    if not missing:
        return
    if sink.kind == "sequence":
        for number in missing:
            name = sink.frame_path(sink.start_number + number)
            deque(drawn.seen([pictures.read(Path(name))], number), 0)
        return
    from inbetween.video import probe, read

    shown = (picture for _, picture in read.frames(probe.probe(sink.path, Report()), report))
    deque(drawn.seen(islice(shown, missing[-1] + 1)), 0)


def drawn_motions(plan: Plan, keys: KeyFiles, report: Report) -> dict[int, Motion]:
    """What the user drew, by the number of the gap, in pixels of the film.

    Raises:
        InbetweenError: the motion's file cannot be read, or is for other pictures.
    """
    if not plan.words.drag and plan.words.motion is None:
        return {}
    from inbetween.motion.user import user_motions

    maps = [keys.map(number) for number in range(len(keys) - 1)]
    found = user_motions(plan.words.drag, plan.words.motion, [size for size, _, _ in maps], report)
    return {number: motion.mapped(*maps[number][1:], keys.size) for number, motion in found.items()}


def refuse_beside(files: Mapping[str, Path], plan: Plan, overwrite: bool) -> None:
    """Refuse files beside the film (a record, a sheet) that cannot, or must not, be written.

    files: each under the option that its name comes from.

    Raises:
        InbetweenError: it exists, is a key, the film or another of these files, or cannot be written.
    """
    taken: set[str] = set()
    for word, path in files.items():
        publish.prepare_file(str(path), overwrite, plan.key_paths, word)
        real = os.path.realpath(path)
        if real in taken or publish.holds(plan.sink, real):
            raise InbetweenError(f"`{path}` is wanted for two things", f"give another name with {word}")
        taken.add(real)


def save(path: Path, data: bytes) -> None:
    """Write a small file, whole or not at all.

    Raises:
        InbetweenError: the disk refuses.
    """
    target = os.path.realpath(path)
    with (
        workfolder.locked_folder(workfolder.workfolder_of(target), str(path)) as folder,
        workfolder.part(folder, path.suffix) as part,
        disk.errors(str(path)),
    ):
        Path(part).write_bytes(data)
        os.replace(part, target)


def processor_seconds() -> float:
    """Of this process and its children, up to now."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
