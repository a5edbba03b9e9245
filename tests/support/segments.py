"""A film in segments."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from inbetween.types import Picture, Report
from inbetween.video import sinks
from inbetween.video.publish import prepare
from inbetween.video.segments import Segments, write_segments
from inbetween.video.write import FilmFormat, WriteOptions
from support.pictures import scene

RATE, COUNT, SIZE = Fraction(24000, 1001), 26, (48, 64)


def passing(first: int, stop: int) -> Iterator[Picture]:
    yield from (scene(number / 3, SIZE) for number in range(first, stop))


WORK = Segments(passing, (0, 9, 10, 20), {"--seed": 0})


def written(
    path: Path, work: Segments = WORK, report: Report | None = None, overwrite: bool = False, **words: str
) -> bytes:
    """What there is after a film was written: the file, or all of the folder's one after the other."""
    sink = sinks.parse(str(path), **words)
    prepare(sink, overwrite)
    write_segments(FilmFormat(sink, RATE, COUNT, SIZE), work, report or Report(), WriteOptions(overwrite))
    return bytes_of(path)


def bytes_of(path: Path) -> bytes:
    """Of a file, or of all that a folder shows, one after the other with their names."""
    files = [path] if path.is_file() else sorted(p for p in path.iterdir() if p.name[0] != ".")
    return b"".join(file.name.encode() * (file != path) + file.read_bytes() for file in files)


def pixels(path: Path, rate: Fraction = RATE) -> list[np.ndarray]:
    with av.open(str(path)) as film:
        frames = list(film.decode(video=0))
    assert [frame.pts * frame.time_base for frame in frames] == pytest.approx(
        [float(number / rate) for number in range(len(frames))], abs=0.0006
    )
    return [frame.to_ndarray(format="rgb24") for frame in frames]
