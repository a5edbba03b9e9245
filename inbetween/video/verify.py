"""What is planned, what was found on the disk, and the comparison of the two."""

from __future__ import annotations

import os
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from inbetween.errors import InbetweenError
from inbetween.types import Picture, Report
from inbetween.video.sinks import Sink


def film(path: str, expected: Expected, report: Report) -> Written:
    """Decode a finished film or GIF to its end and compare it with the expected.

    Raises:
        InbetweenError: it cannot be decoded, or count, size, times or duration are others.
    """
    import av

    sink, rate = expected.sink, expected.rate
    # Half a frame, but no container is asked for more than its clock can say.
    tolerance = max(1 / (2 * rate), Fraction(1, 100 if sink.kind == "gif" else 1000))
    # PyAV before 15 reads a delay below 2/100 s as 10/100 s unless told otherwise.
    options = {"min_delay": "0"} if sink.kind == "gif" else {}
    found = 0
    start = Fraction(0)
    pixel_format = ""
    try:
        # As an open file: names are then no concern of ffmpeg's.
        with open(path, "rb") as file, av.open(file, "r", options=options) as container:
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            for frame in container.decode(stream):
                if (frame.height, frame.width) != expected.size:
                    raise _unlike(sink, f"a frame of (H, W) {frame.height, frame.width}, not {expected.size}")
                time = _seconds(frame.pts, frame.time_base)
                start = time if found == 0 else start
                if abs(time - start - found / rate) > tolerance:
                    raise _unlike(sink, f"frame {found} is at {float(time - start):.6g} s")
                found += 1
                pixel_format = frame.format.name
                report.progress("check", min(found, expected.count), expected.count)
            # PyAV 14 knows the decoder only, which for some codecs has a name of its own.
            decoder = stream.codec_context.codec
            codec = str(getattr(decoder, "canonical_name", decoder.name))
            duration = _seconds(stream.duration, stream.time_base) or _seconds(
                container.duration, Fraction(1, av.time_base)
            )
    except (av.error.FFmpegError, IndexError) as error:
        raise _unlike(sink, f"it cannot be decoded ({error})") from error
    if found != expected.count:
        raise _unlike(sink, f"{found} frames instead of {expected.count}")
    if abs(duration - expected.count / rate) > tolerance:
        raise _unlike(sink, f"{float(duration):.6g} s instead of {float(expected.count / rate):.6g} s")
    size = os.path.getsize(path)
    return Written(sink.path, sink.kind, found, expected.size, duration, codec, pixel_format, size)


def picture(data: bytes, frame: Picture, sink: Sink) -> None:
    """Decode a picture file, as it was read from the disk again, and compare it with the frame it shows.

    Raises:
        InbetweenError: it cannot be decoded, or has another size, another depth or no alpha.
    """
    import cv2

    found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if found is None:
        raise _unlike(sink, "a picture cannot be read again")
    if found.shape != frame.shape or found.dtype != frame.dtype:
        what = f"{frame.shape} of {frame.dtype} reads as {found.shape} of {found.dtype}"
        raise _unlike(sink, f"a picture {what}")


def _seconds(ticks: int | None, unit: Fraction | None) -> Fraction:
    return Fraction(0) if ticks is None or unit is None else ticks * unit


def _unlike(sink: Sink, how: str) -> InbetweenError:
    cure = "look at the disk; if it is sound, this is a bug of inbetween"
    if sink.encoder:
        cure = "leave --encoder out: its words changed more than the encoding"
    return InbetweenError(f"the written file is not what was planned: {how}", cure)


@dataclass(frozen=True)
class Expected:
    """An output as it has to be."""

    sink: Sink
    rate: Fraction
    count: int
    size: tuple[int, int]
    """(H, W)."""


@dataclass(frozen=True)
class Written:
    """An output as it was found on the disk."""

    path: str
    """As the user gave it."""
    kind: str
    """`film`, `gif`, `sequence` or `picture`."""
    count: int
    size: tuple[int, int]
    """(H, W)."""
    duration: Fraction
    """Seconds, the display time of the last frame included; as exact as the container's clock."""
    codec: str
    pixel_format: str
    """ffmpeg's name."""
    bytes: int
