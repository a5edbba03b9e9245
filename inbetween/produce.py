"""Make a film that is ready to be made: its frames are made, written to a file, checked, and timed.

`interpolation` prepares such films from keys, and `retime.produce` from clips.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

from inbetween.devices import available_memory, quiet_opencv
from inbetween.engine import Engine
from inbetween.engines.loading import load_makers
from inbetween.errors import InbetweenError
from inbetween.fingerprint import Fingerprints
from inbetween.plan import Making
from inbetween.timing import Stages
from inbetween.types import Maker, Picture, Report
from inbetween.video.extras import Extras
from inbetween.video.segments import LEAST, Segments, write_segments
from inbetween.video.sinks import Sink
from inbetween.video.write import FilmFormat, WriteOptions, Written

Makers: TypeAlias = Mapping[str, Maker]
"""A loaded engine: the maker "engine", and the maker "blend" for keys that have nothing to do with each other."""

ENGINE_BYTES, FILM_BYTES, PICTURE_BYTES = 80, 240, 100
"""Bytes of memory per pixel of a frame that are needed by an engine without networks, for writing a film, and for
writing single pictures. Measured at 3840x2160 on two cores, ffmpeg included: `blend` needs 233 in all to .mp4, and 98
to a folder of PNG; `flow` needs up to 320 to .mp4."""
BYTES_PER_PIXEL = ENGINE_BYTES + FILM_BYTES
"""Bytes of memory per pixel of a frame that a film by an engine without networks needs."""


@dataclass(frozen=True)
class FilmJob:
    """A film that is ready to be made: its inputs are open, and nothing about it can be refused before the work."""

    form: FilmFormat
    """Where the film goes, its rate, its number of frames and their size."""
    frames: Callable[[Makers, int, int], Iterator[Picture]]
    """(makers, first, stop) -> frames `first` to `stop` - 1 of the film, which do not depend on any other frames."""
    borders: tuple[int, ...]
    """The first frames of the film's segments; see `segments.choose_borders`."""
    identity: Mapping[str, object]
    """All that decides the bytes of the film; see `identity`."""
    remember: Callable[[], object]
    """Returns the findings so far, such as notes and cuts, as plain values for the journal."""
    recall: Callable[[Any], object]
    """Called with what `remember` returned, when a film that was stopped goes on."""
    inputs: Fingerprints
    """The fingerprints of the inputs, by which they must not change while frames are made."""
    options: WriteOptions
    """Whether an existing output is replaced, and the number of threads."""
    extras: Extras | None = None
    """The sound, subtitles and titles of the film; None for none."""


@dataclass(frozen=True)
class Made:
    """A film that was made, and the time that it took."""

    output: Written
    """Facts about the file, as they were read back from it."""
    seconds: dict[str, float]
    """Wall time in seconds, by the name of the stage."""
    processor_seconds: float
    """Processor time in seconds, of all threads and child processes together."""

    def to_json(self) -> dict[str, object]:
        """These facts as plain values, for records and JSON answers."""
        output = asdict(self.output)
        output["duration"] = str(self.output.duration)
        return {"output": output, "seconds": self.seconds, "processor_seconds": self.processor_seconds}


def produce(job: FilmJob, makers: Makers, report: Report, stages: Stages) -> Made:
    """Make a film. It is whole and checked, or it is not there.

    Args:
        job: the film.
        makers: the loaded engine, which may serve many jobs, one after the other.
        report: hears the progress and the notes.
        stages: the time of the stages that were done for this film before; those of this function are added.

    Raises:
        InbetweenError: an input is damaged, the disk is full, or ffmpeg died.
        Interrupted: the user asked to stop.
    """

    def frames(first: int, stop: int) -> Iterator[Picture]:
        made = stages.each("frames", job.frames(makers, first, stop))
        yield from made
        # A segment counts once all its frames are made, so none is kept of inputs that have changed.
        job.inputs.check()

    segments = Segments(frames, job.borders, job.identity, job.remember, job.recall, job.inputs.check)
    with quiet_opencv(), stages.stage("all"):
        written = write_segments(job.form, segments, report, job.options, job.extras)
    stages.seconds["write"] = stages.seconds.pop("all") - stages.seconds.setdefault("frames", 0.0)
    seconds = {name: round(value, 3) for name, value in stages.seconds.items()}
    return Made(written, seconds, round(stages.processor_seconds, 3))


def load(making: Making) -> Makers:
    """Load an engine; the makers that are returned may be used for any number of films.

    Raises:
        InbetweenError: the engine cannot be loaded.
    """
    return load_makers(making.engine.name, making.options, making.settings)


def segment_least(engine: Engine) -> int:
    """The least number of frames of a segment. An engine with `lengths` takes minutes for a gap, so every gap that is
    finished becomes a segment."""
    return LEAST if engine.lengths is None else 1


def check_memory(
    engine: Engine, sink: Sink | None, size: tuple[int, int], kept: int = 0, hint: str = "make it smaller with --size"
) -> None:
    """Refuse frames for which there is not enough memory.

    Networks are not counted: they plan their own memory, and do with less if they must.

    Args:
        engine: the engine's record.
        sink: where the frames go; None where they are yielded to the caller.
        size: (H, W) of the frames in pixels.
        kept: further bytes per pixel that are held while frames are made.
        hint: the error's hint.

    Raises:
        InbetweenError: there is not enough memory.
    """
    height, width = size
    single = sink is None or sink.kind in ("sequence", "picture")
    each = kept + (PICTURE_BYTES if single else FILM_BYTES) + (0 if engine.needs else ENGINE_BYTES)
    needed, free = height * width * each, available_memory()
    if free is not None and needed > free:
        raise InbetweenError(
            f"{width}x{height} needs about {needed / 1e9:.1f} GB of memory, {free / 1e9:.1f} GB are free", hint
        )
