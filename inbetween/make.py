"""A plan through its engine to a file: read, made, written, checked, and timed."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from inbetween import film
from inbetween.devices import available_memory, quiet_opencv
from inbetween.errors import InbetweenError
from inbetween.fitted import load_makers
from inbetween.keys import KeyFiles
from inbetween.pictures.sheet import Sheet
from inbetween.plan import Plan
from inbetween.types import Motion, Picture, Report
from inbetween.video import place
from inbetween.video.write import Written, prepare, rehearse, write

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
    prepare(plan.sink, overwrite, plan.key_paths)
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
            film.refuse_unrelated(keys, report)
    return keys


def make(plan: Plan, report: Report, *, overwrite: bool = False, sheet: Path | None = None) -> Made:
    """Make the film of a plan. It is whole and checked, or it is not there.

    sheet: a PNG of some of its pictures, beside the film; see `refuse_beside`.

    Raises:
        InbetweenError: see `open_keys`; a damaged key, a full disk, an ffmpeg that died.
        Interrupted: the user asked to stop.
    """
    stages, begin = Stages(), _processor_seconds()
    for code, text in plan.notes:
        report.note(code, text)
    with stages.stage("open"):
        keys = open_keys(plan, overwrite, report)
        motions = drawn_motions(plan, keys, report)
    with quiet_opencv():
        with stages.stage("load"):
            makers = load_makers(plan.engine, plan.options, plan.settings)
        words = plan.words
        stream = film.frames(
            keys,
            plan.timeline,
            makers,
            report,
            unrelated=words.if_unrelated,
            generated=words.keyframes == "generated",
            loop=words.loop,
            seed=words.seed,
            motions=motions,
        )
        stream = stages.each("frames", stream)
        if words.ping_pong:
            stream = there_and_back(stream, len(plan.timeline.sources), place.parts_of(plan.sink))
        drawn = Sheet(plan.count, plan.timeline.rate)
        with stages.stage("all"):
            stream = drawn.seen(stream) if sheet else stream
            written = write(
                plan.sink,
                stream,
                plan.timeline.rate,
                plan.count,
                keys.size,
                report,
                overwrite,
                loop=words.loop or words.ping_pong,
                threads=plan.settings.threads,
            )
            if sheet:
                save(sheet, drawn.png())
    stages.seconds["write"] = stages.seconds.pop("all") - stages.seconds["frames"]
    seconds = {name: round(value, 3) for name, value in stages.seconds.items()}
    return Made(written, seconds, round(_processor_seconds() - begin, 3))


def drawn_motions(plan: Plan, keys: KeyFiles, report: Report) -> dict[int, Motion]:
    """What the user drew, by the number of the gap, in pixels of the film.

    Raises:
        InbetweenError: the motion's file cannot be read, or is for other pictures.
    """
    if not plan.words.drag and plan.words.motion is None:
        return {}
    from inbetween.motion.drawn import drawn

    maps = [keys.map(number) for number in range(len(keys) - 1)]
    found = drawn(plan.words.drag, plan.words.motion, [size for size, _, _ in maps], report)
    return {number: motion.mapped(*maps[number][1:], keys.size) for number, motion in found.items()}


def refuse_beside(files: Mapping[str, Path], plan: Plan, overwrite: bool) -> None:
    """Refuse files beside the film (a record, a sheet) that cannot, or must not, be written.

    files: each under the option that its name comes from.

    Raises:
        InbetweenError: it exists, is a key, the film or another of these files, or cannot be written.
    """
    taken: set[str] = set()
    for word, path in files.items():
        place.prepare_file(str(path), overwrite, plan.key_paths, word)
        real = os.path.realpath(path)
        if real in taken or place.holds(plan.sink, real):
            raise InbetweenError(f"`{path}` is wanted for two things", f"give another name with {word}")
        taken.add(real)


def save(path: Path, data: bytes) -> None:
    """Write a small file, whole or not at all.

    Raises:
        InbetweenError: the disk refuses.
    """
    with place.part(str(path.parent), path.suffix) as part, place.disk_errors(str(path)):
        Path(part).write_bytes(data)
        os.replace(part, path)


def there_and_back(stream: Iterable[Picture], count: int, folder: str) -> Iterator[Picture]:
    """The pictures, then the same backwards, neither end repeated: 2 count - 2 of them.

    They wait in a file without a name in `folder`, not in memory.

    Raises:
        InbetweenError: no room there.
    """
    what = f"{folder}, for the way back of a ping-pong"
    first: Picture | None = None
    with place.disk_errors(what):
        # No buffer: one that is left over would fail once more when the file is closed.
        file = tempfile.TemporaryFile(buffering=0, dir=folder)  # noqa: SIM115
    with file:
        for picture in stream:
            first = picture
            rest = np.ascontiguousarray(picture).data.cast("B")
            with place.disk_errors(what):
                while rest:
                    rest = rest[file.write(rest) :]
            yield picture
        if first is None:
            return
        step = first.nbytes
        for number in range(count - 2, 0, -1):
            with place.disk_errors(what):
                file.seek(number * step)
                pixels: Any = np.frombuffer(file.read(step), first.dtype)
            yield pixels.reshape(first.shape)


def _processor_seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
