"""What is planned, what was found on the disk, and the comparison of the two."""

from __future__ import annotations

import dataclasses
import os
from array import array
from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from inbetween.errors import InbetweenError
from inbetween.types import Report
from inbetween.video import animation
from inbetween.video.clip import Colour
from inbetween.video.extras import Extras
from inbetween.video.sinks import Sink

SOUND = Fraction(1, 20)
"""Seconds: sound comes in packets, and the last one may be longer than what is in it."""


def film(path: str, expected: Expected, report: Report) -> Written:
    """Decode a finished film, animation or GIF to its end and compare it with the expected.

    Raises:
        InbetweenError: it cannot be decoded, or count, size, times, duration or the loop are others.
    """
    sink = expected.sink
    found = _webp(path, expected, report) if sink.suffix == ".webp" else _decoded(path, expected, report)
    if sink.kind == "animation":
        said = _times(path, sink)
        # Of an animated PNG the decoder does not know how long its last frame is shown.
        found = dataclasses.replace(found, duration=sum(said.delays, Fraction(0)))
        if said.loop != expected.loop and not sink.encoder:
            raise _unlike(sink, f"it is to be played {'for ever' if said.loop else 'once'}")
    _check_length(found.count, found.duration, expected)
    return found


def joined(path: str, expected: Expected, report: Report, carried: Extras | None = None) -> Fraction:
    """Look at the packets of a film that was joined from checked segments; its duration in seconds.

    Raises:
        InbetweenError: it cannot be read; count, times or duration are others; sound that was made for it ends
            earlier or later.
    """
    import av
    import numpy as np

    # A tick each: a clip may have a million.
    ticks = array("q")
    ends: defaultdict[int, Fraction] = defaultdict(Fraction)
    try:
        with open(path, "rb") as file, av.open(file, "r") as container:
            video = container.streams.video[0]
            index, unit = video.index, Fraction(video.time_base or 1)
            for packet in container.demux():
                if not packet.size or packet.pts is None:
                    continue
                # Not every container says how long its last frame is shown.
                unsaid = 0 if packet.stream_index != index else round(1 / (expected.rate * unit))
                end = _seconds(packet.pts + (packet.duration or unsaid), packet.time_base)
                ends[packet.stream_index] = max(end, ends[packet.stream_index])
                if packet.stream_index == index:
                    ticks.append(packet.pts)
                    report.progress("check", len(ticks), expected.count)
            heard = [stream.index for stream in container.streams.audio]
    except (av.error.FFmpegError, IndexError) as error:
        raise _unlike(expected.sink, f"it cannot be read ({error})") from error
    begin = min(ticks, default=0) * unit
    for number, tick in enumerate(np.sort(np.array(ticks, np.int64))):
        if abs(int(tick) * unit - begin - number / expected.rate) > expected.tolerance:
            raise _unlike(expected.sink, f"frame {number} is at {float(int(tick) * unit - begin):.6g} s")
    duration = ends[index] - begin
    _check_length(len(ticks), duration, expected)
    sounds = [track for track in carried.tracks if track.stream.kind == "audio"] if carried else []
    if len(heard) != len(sounds):
        raise _unlike(expected.sink, f"{len(heard)} sounds instead of {len(sounds)}")
    for track, number in zip(sounds, heard, strict=True):
        late = ends[number] - begin - expected.count / expected.rate
        if track.encoder and abs(late) > SOUND:
            raise _unlike(expected.sink, f"its sound ends {float(late):.3f} s after it")
    return duration


def _times(path: str, sink: Sink) -> animation.Times:
    try:
        return animation.times(path, sink.suffix)
    except (OSError, ValueError) as error:
        raise _unlike(sink, f"it cannot be decoded ({error})") from error


def _decoded(path: str, expected: Expected, report: Report) -> Written:
    import av

    sink, rate = expected.sink, expected.rate
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
                _check_size((frame.height, frame.width), expected)
                time = _seconds(frame.pts, frame.time_base)
                start = time if found == 0 else start
                if abs(time - start - found / rate) > expected.tolerance:
                    raise _unlike(sink, f"frame {found} is at {float(time - start):.6g} s")
                found += 1
                pixel_format = frame.format.name
                report.progress("check", min(found, expected.count), expected.count)
            # PyAV 14 knows the decoder only, which for some codecs has a name of its own.
            decoder = stream.codec_context.codec
            codec = str(getattr(decoder, "canonical_name", decoder.name))
            duration = _length(container, stream)
            if stream.metadata.get("alpha_mode") == "1":
                # The alpha of VP9 is a second stream, which this decoder passes over.
                pixel_format = pixel_format.replace("yuv4", "yuva4")
    except (av.error.FFmpegError, IndexError) as error:
        raise _unlike(sink, f"it cannot be decoded ({error})") from error
    size = os.path.getsize(path)
    return Written(sink.path, sink.kind, found, expected.size, duration, codec, pixel_format, size)


def _webp(path: str, expected: Expected, report: Report) -> Written:
    """By Pillow, for PyAV knows no animated WebP. A frame that equals the one before it is not in the file:
    what is there counts as many as it lasts."""
    from PIL import Image

    sink, rate = expected.sink, expected.rate
    delays = _times(path, sink).delays
    mode, now = "", Fraction(0)
    limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        with Image.open(path, formats=["WEBP"]) as image:
            _check_size((image.height, image.width), expected)
            for number, delay in enumerate(delays):
                image.seek(number)
                image.load()
                if abs(now - round(now * rate) / rate) > expected.tolerance:
                    raise _unlike(sink, f"a frame is at {float(now):.6g} s")
                mode, now = image.mode, now + delay
                report.progress("check", min(round(now * rate), expected.count), expected.count)
    except (OSError, EOFError, ValueError) as error:
        raise _unlike(sink, f"it cannot be decoded ({error})") from error
    finally:
        Image.MAX_IMAGE_PIXELS = limit
    pixel_format = {"RGB": "rgb24", "RGBA": "rgba"}.get(mode, mode)
    size = os.path.getsize(path)
    return Written(sink.path, sink.kind, round(now * rate), expected.size, now, "webp", pixel_format, size)


def _length(container: Any, stream: Any) -> Fraction:
    import av

    return _seconds(stream.duration, stream.time_base) or _seconds(container.duration, Fraction(1, av.time_base))


def _check_length(count: int, duration: Fraction, expected: Expected) -> None:
    if count != expected.count:
        raise _unlike(expected.sink, f"{count} frames instead of {expected.count}")
    wanted = expected.count / expected.rate
    if abs(duration - wanted) > expected.tolerance:
        raise _unlike(expected.sink, f"{float(duration):.6g} s instead of {float(wanted):.6g} s")


def _check_size(size: tuple[int, int], expected: Expected) -> None:
    if size != expected.size:
        raise _unlike(expected.sink, f"a frame of (H, W) {size}, not {expected.size}")


def picture(found: bytes, written: bytes, sink: Sink) -> None:
    """Compare a picture file, as it was read from the disk again, with what was written there.

    Raises:
        InbetweenError: they differ.
    """
    if found != written:
        raise _unlike(sink, "a picture reads otherwise than it was written")


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
    """(H, W) of the film."""
    loop: bool = False
    """It starts again for ever, where the format can say so."""
    colour: Colour | None = None
    """What its pictures' values mean, and how they are to be written; None: sRGB, written as BT.709."""
    aspect: Fraction = Fraction(1)
    """Width to height of a pixel as it is shown."""

    @property
    def tolerance(self) -> Fraction:
        """Seconds. Half a frame, but no container is asked for more than its clock can say."""
        if self.sink.kind == "animation":
            return Fraction(1, 1000)
        return max(1 / (2 * self.rate), Fraction(1, 100 if self.sink.kind == "gif" else 1000))


@dataclass(frozen=True)
class Written:
    """An output as it was found on the disk."""

    path: str
    """As the user gave it."""
    kind: str
    """`film`, `animation`, `gif`, `sequence` or `picture`."""
    count: int
    size: tuple[int, int]
    """(H, W)."""
    duration: Fraction
    """Seconds, the display time of the last frame included; as exact as the container's clock."""
    codec: str
    pixel_format: str
    """ffmpeg's name, of what a decoder makes of it."""
    bytes: int
