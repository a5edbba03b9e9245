"""Frames to a film, a GIF, a sequence of pictures or one picture: whole and checked, or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from inbetween.errors import UnknownName
from inbetween.types import Picture, Report
from inbetween.video import encode, ffmpeg, place, sinks, verify
from inbetween.video.place import prepare as prepare
from inbetween.video.sinks import Sink
from inbetween.video.verify import Expected
from inbetween.video.verify import Written as Written


def write(
    sink: Sink,
    frames: Iterable[Picture],
    rate: Fraction,
    count: int,
    size: tuple[int, int],
    report: Report,
    overwrite: bool = False,
    loop: bool = False,
) -> Written:
    """Write `count` frames of `size` (H, W). They are read once, in order, and never kept.

    Whatever goes wrong, no part of the output is left behind and what bore its name is still there. `loop`
    makes a GIF start again for ever; other outputs know nothing of it. Notes, each at most once: `alpha`,
    `bit_depth`, `pixel_format`, `gif_rate`. Progress: `write`; `palette` (GIFs); `check` (films and GIFs).

    Raises:
        InbetweenError: what `sinks.check` and `prepare` refuse; the disk is full; ffmpeg stopped; the written
            file is not what was planned.
        RuntimeError: more or fewer frames than `count`, or one of another size: a bug of the caller.
    """
    sinks.check(sink, rate, count)
    place.prepare(sink, overwrite)
    expected = Expected(sink, rate, count, size)
    report = _Once(report)
    counted = _counted(frames, expected, report)
    if sink.kind in ("sequence", "picture"):
        return _write_pictures(expected, counted, report, overwrite)
    with place.part(place.parts_of(sink), sink.suffix) as path:
        if sink.kind == "gif":
            encode.make_gif(path, expected, counted, report, loop)
        else:
            encode.make_film(path, expected, counted, report)
        written = verify.film(path, expected, report)
        place.keep_file(path, sink, overwrite)
    return written


def rehearse(sink: Sink, rate: Fraction, size: tuple[int, int]) -> None:
    """Before any work is done: ask for ffmpeg, and try a user's --codec and --encoder on two black frames,
    beside the output.

    Raises:
        UnknownName: ffmpeg has no such encoder.
        InbetweenError: there is no ffmpeg; it stopped, in its own words; it made something else of them.
    """
    if sink.kind in ("film", "gif"):
        ffmpeg.executable()
    if sink.kind != "film" or (sink.codec == sinks.SINKS[sink.suffix].codec and not sink.encoder):
        return
    encoders = ffmpeg.encoders()
    if sink.codec not in encoders:
        unknown = UnknownName("encoder", sink.codec, sorted(encoders))
        if unknown.hint.startswith("known"):
            unknown.hint = f"list them with {ffmpeg.executable()} -encoders"
        raise unknown
    black = np.zeros((*size, 3), np.uint8)
    with place.part(place.parts_of(sink), sink.suffix) as path:
        expected = Expected(sink, rate, 2, size)
        encode.make_film(path, expected, [black, black], Report())
        verify.film(path, expected, Report())


def _write_pictures(expected: Expected, frames: Iterator[Picture], report: Report, overwrite: bool) -> Written:
    """One file a frame in a hidden folder; they are moved together when all are there."""
    from inbetween import pictures

    sink = expected.sink
    names: list[str] = []
    total = 0
    pixel_format = ""
    with place.part_folder(place.parts_of(sink)) as folder:
        for frame in frames:
            if sink.suffix in (".jpg", ".jpeg"):
                frame = encode.opaque(frame, sink, report)
            number = sink.start_number + len(names)
            names.append("picture" if sink.kind == "picture" else sinks.name(sink, number))
            data = pictures.encode(frame, sink.suffix)
            path = os.path.join(folder, names[-1])
            with place.disk_errors(path):
                with open(path, "wb") as file:
                    file.write(data)
                with open(path, "rb") as file:
                    found = file.read()
            verify.picture(found, frame, sink)
            total += len(found)
            pixel_format = _pixel_format(frame)
        if sink.kind == "picture":
            place.keep_file(os.path.join(folder, names[0]), sink, overwrite)
        else:
            place.keep_sequence(folder, sink, names, overwrite)
    codec = sinks.SINKS[sink.suffix].codec
    duration = expected.count / expected.rate
    return Written(sink.path, sink.kind, expected.count, expected.size, duration, codec, pixel_format, total)


def _counted(frames: Iterable[Picture], expected: Expected, report: Report) -> Iterator[Picture]:
    """The frames, and an error for one too many, one too few or one of another size."""
    done = 0
    for frame in frames:
        if done == expected.count:
            raise RuntimeError(f"more than the planned {expected.count} frames")
        if frame.shape[:2] != expected.size:
            raise RuntimeError(f"frame {done} is {frame.shape[:2]} instead of {expected.size}")
        yield frame
        done += 1
        report.progress("write", done, expected.count)
    if done != expected.count:
        raise RuntimeError(f"{done} frames instead of the planned {expected.count}")


def _pixel_format(frame: Picture) -> str:
    """ffmpeg's name: rgb24, rgba, rgb48 or rgba64."""
    if frame.shape[2] == 3:
        return "rgb24" if frame.dtype == np.uint8 else "rgb48"
    return "rgba" if frame.dtype == np.uint8 else "rgba64"


class _Once(Report):
    """Passes on each note once."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._said: set[str] = set()

    def progress(self, stage: str, done: int, total: int) -> None:
        self._report.progress(stage, done, total)

    def note(self, code: str, text: str, **facts: Any) -> None:
        if code not in self._said:
            self._said.add(code)
            self._report.note(code, text, **facts)
