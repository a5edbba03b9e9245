"""A film that is ready to be made, to a file: made, written, checked, and timed.

`interpolation` makes such jobs of keys, and `retime.produce` of clips.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeAlias

from inbetween.devices import available_memory, quiet_opencv
from inbetween.engine import Engine
from inbetween.engines.loading import load_makers
from inbetween.errors import InbetweenError
from inbetween.pictures.contact_sheet import Sheet
from inbetween.plan import Making
from inbetween.sidecars import save_sheet
from inbetween.timing import Stages
from inbetween.types import Maker, Picture, Report
from inbetween.video.extras import Extras
from inbetween.video.segments import LEAST, Segments, write_segments
from inbetween.video.sinks import Sink
from inbetween.video.write import FilmFormat, WriteOptions, Written

Makers: TypeAlias = Mapping[str, Maker]
"""A loaded engine: "engine", and "blend" for keys that have nothing to do with each other."""

ENGINE_BYTES, FILM_BYTES, PICTURE_BYTES = 80, 240, 100
"""Bytes per pixel of a frame: of an engine without networks beside what writes its frames; of what writes a film; and
of what writes single pictures. Measured at 3840x2160 on two cores, ffmpeg included: `blend` needs 233 in all
to .mp4, and 98 to a folder of PNG; `flow` needs up to 320 to .mp4."""
BYTES_PER_PIXEL = ENGINE_BYTES + FILM_BYTES
"""Bytes per pixel of a frame that a film needs with an engine without networks."""


@dataclass(frozen=True)
class FilmJob:
    """A film that is ready to be made: all is opened, and what could be refused before any work was."""

    form: FilmFormat
    frames: Callable[[Makers, int, int], Iterator[Picture]]
    """(a loaded engine, first, stop) -> frames of the film, which depend on no others."""
    borders: tuple[int, ...]
    """First frames of the film's segments; see `segments.choose_borders`."""
    identity: Mapping[str, object]
    """All that decides the bytes of the film; see `identity`."""
    remember: Callable[[], object]
    """() -> what was found out while frames were made, as plain values."""
    recall: Callable[[Any], object]
    """Called with what `remember` returned before the film was stopped."""
    options: WriteOptions
    extras: Extras | None = None
    """Sound, subtitles and titles."""
    sheet: Path | None = None
    """A PNG of some of the frames; see `sidecars.refuse_beside`."""


@dataclass(frozen=True)
class Made:
    """What was made, and what it took."""

    output: Written
    seconds: dict[str, float]
    """Wall time of each stage."""
    processor_seconds: float
    """Seconds of all threads, and of child processes."""

    def to_json(self) -> dict[str, object]:
        """The same as plain values."""
        output = asdict(self.output)
        output["duration"] = str(self.output.duration)
        return {"output": output, "seconds": self.seconds, "processor_seconds": self.processor_seconds}


def produce(job: FilmJob, makers: Makers, report: Report, stages: Stages) -> Made:
    """Make a film. It is whole and checked, or it is not there.

    Args:
        makers: the engine that was loaded; it may serve many jobs, one after the other.
        stages: has the time of what was done for this film before; each stage goes into what is returned.

    Raises:
        InbetweenError: a damaged input, a full disk, an ffmpeg that died.
        Interrupted: the user asked to stop.
    """
    form, sheet = job.form, Sheet(job.form.count, job.form.rate) if job.sheet else None

    def frames(first: int, stop: int) -> Iterator[Picture]:
        made = stages.each("frames", job.frames(makers, first, stop))
        return sheet.seen(made, first) if sheet else made

    segments = Segments(
        frames, job.borders, job.identity, job.remember, job.recall, sheet.seen if sheet else Segments.reread
    )
    with quiet_opencv(), stages.stage("all"):
        written = write_segments(form, segments, report, job.options, job.extras)
        if job.sheet and sheet:
            save_sheet(job.sheet, sheet, form.sink, report)
    stages.seconds["write"] = stages.seconds.pop("all") - stages.seconds.setdefault("frames", 0.0)
    seconds = {name: round(value, 3) for name, value in stages.seconds.items()}
    return Made(written, seconds, round(stages.processor_seconds, 3))


def load(making: Making) -> Makers:
    """Load an engine; what is returned may be used for any number of films.

    Raises:
        InbetweenError: the engine cannot be loaded.
    """
    return load_makers(making.engine.name, making.options, making.settings)


def segment_least(engine: Engine) -> int:
    """The least frames of a segment: engines of a fixed length take minutes for a gap, and have one for each."""
    return LEAST if engine.lengths is None else 1


def check_memory(
    engine: Engine, sink: Sink | None, size: tuple[int, int], kept: int = 0, hint: str = "make it smaller with --size"
) -> None:
    """Refuse frames that do not fit into the memory. Networks are not counted: they plan their own memory, and do with
    less if they must.

    Args:
        sink: where the frames go; None where they stay in memory, with whoever reads them.
        size: (H, W) of the frames.
        kept: bytes per pixel that are held besides.

    Raises:
        InbetweenError: there is not enough; with `hint`.
    """
    height, width = size
    single = sink is None or sink.kind in ("sequence", "picture")
    each = kept + (PICTURE_BYTES if single else FILM_BYTES) + (0 if engine.needs else ENGINE_BYTES)
    needed, free = height * width * each, available_memory()
    if free is not None and needed > free:
        raise InbetweenError(
            f"{width}x{height} needs about {needed / 1e9:.1f} GB of memory, {free / 1e9:.1f} GB are free", hint
        )
