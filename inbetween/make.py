"""A plan through its engine to a file: read, made, written, checked, and timed."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from inbetween import engines, film
from inbetween.devices import available_memory, quiet_opencv
from inbetween.errors import InbetweenError
from inbetween.keys import KeyFiles
from inbetween.pictures.sheet import Sheet
from inbetween.plan import Plan
from inbetween.types import Picture, Report
from inbetween.video import place
from inbetween.video.write import Written, prepare, rehearse, write

BYTES_PER_PIXEL = 200
"""Of the `flow` engine, measured, ffmpeg included; `blend` needs less."""


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
        InbetweenError: keys that are no pictures or do not fit, an output that cannot be written, no memory.
    """
    keys = KeyFiles(plan.key_paths, plan.size, plan.words.fit, plan.words.force, report)
    prepare(plan.sink, overwrite, plan.key_paths)
    height, width = keys.size
    needed = height * width * BYTES_PER_PIXEL
    free = available_memory()
    if free is not None and needed > free:
        raise InbetweenError(
            f"{width}x{height} needs about {needed / 1e9:.1f} GB of memory, {free / 1e9:.1f} GB are free",
            "make it smaller with --size",
        )
    return keys


def make(plan: Plan, report: Report, *, overwrite: bool = False, sheet: Path | None = None) -> Made:
    """Make the film of a plan. It is whole and checked, or it is not there.

    sheet: a PNG of some of its pictures, beside the film.

    Raises:
        InbetweenError: see `open_keys`; a damaged key, a full disk, an ffmpeg that died.
        Interrupted: the user asked to stop.
    """
    stages, begin = Stages(), _processor_seconds()
    if sheet:
        refuse_extra(sheet, plan, overwrite)
    for code, text in plan.notes:
        report.note(code, text)
    with stages.stage("open"):
        keys = open_keys(plan, overwrite, report)
        rehearse(plan.sink, plan.timeline.rate, keys.size)
    with quiet_opencv():
        with stages.stage("load"):
            makers = load_makers(plan)
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
        )
        stream = stages.each("frames", stream)
        if words.ping_pong:
            stream = there_and_back(stream, len(plan.timeline.sources), keys.size, Path(plan.sink.path))
        drawn = Sheet(plan.count, plan.timeline.rate)
        with stages.stage("all"):
            stream = drawn.seen(stream) if sheet else stream
            written = write(
                plan.sink, stream, plan.timeline.rate, plan.count, keys.size, report, overwrite, words.loop
            )
            if sheet:
                save(sheet, drawn.png())
    stages.seconds["write"] = stages.seconds.pop("all") - stages.seconds["frames"]
    seconds = {name: round(value, 3) for name, value in stages.seconds.items()}
    return Made(written, seconds, round(_processor_seconds() - begin, 3))


def refuse_extra(path: Path, plan: Plan, overwrite: bool) -> None:
    """Refuse a file beside the film (a record, a sheet) that cannot, or must not, be written.

    Raises:
        InbetweenError: it exists, it is a key, or its folder is missing.
    """
    if path.is_dir() or not path.parent.is_dir():
        raise InbetweenError(f"{path} cannot be written", "name a file in a folder that exists")
    if path.exists() and any(path.samefile(key) for key in plan.key_paths if key.exists()):
        raise InbetweenError(f"{path} is one of the keys", "give another name")
    if path.exists() and not overwrite:
        raise InbetweenError(f"{path} exists", "give another name, or add --overwrite")


def save(path: Path, data: bytes) -> None:
    """Write a small file, whole or not at all.

    Raises:
        InbetweenError: the disk refuses.
    """
    with place.part(str(path.parent), path.suffix) as part, place.disk_errors(str(path)):
        Path(part).write_bytes(data)
        os.replace(part, path)


def load_makers(plan: Plan) -> dict[str, Any]:
    """The plan's engine, and the one for keys with no relation."""
    engine, blend = engines.get(plan.engine), engines.get("blend")
    return {
        "engine": engine.load(plan.options, plan.settings),
        "blend": blend.load(blend.Options(), plan.settings),
    }


def there_and_back(
    stream: Iterable[Picture], count: int, size: tuple[int, int], beside: Path
) -> Iterator[Picture]:
    """The pictures, then the same backwards, neither end repeated: 2 count - 2 of them.

    They wait on the output's disk, not in memory.

    Raises:
        InbetweenError: no room there.
    """
    first: Picture | None = None
    with _spool(beside.parent) as file:
        for picture in stream:
            first = picture
            _put(file, picture)
            yield picture
        if first is None:
            return
        step = first.nbytes
        for number in range(count - 2, 0, -1):
            file.seek(number * step)
            pixels: Any = np.frombuffer(file.read(step), first.dtype)
            yield pixels.reshape(first.shape)


def _spool(folder: Path) -> BinaryIO:
    return tempfile.TemporaryFile(dir=folder if folder.is_dir() else None)


def _put(file: BinaryIO, picture: Picture) -> None:
    try:
        file.write(np.ascontiguousarray(picture).data)
    except OSError as error:
        raise InbetweenError(
            f"no room for the way back of a ping-pong: {error.strerror}",
            "free disk space, or ask for fewer frames",
        ) from None


def _processor_seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
