"""The output as it has to be, the output as it is read back from the disk, and the comparison of the two."""

from __future__ import annotations

import dataclasses
import os
from array import array
from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from inbetween.errors import InbetweenError
from inbetween.types import Report
from inbetween.video import animation
from inbetween.video.clip import Colour
from inbetween.video.container import reading
from inbetween.video.extras import Extras
from inbetween.video.sinks import Sink

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

SOUND = Fraction(1, 20)
"""Seconds by which sound may end earlier or later than the film. Sound comes in packets, and the last one may be
only partly filled: those of AAC have 1024 samples, 1/22 s at 22 050 samples a second."""


def film(path: str, expected: Expected, report: Report) -> Written:
    """Decode a finished film, animation or GIF to its end and compare it with what is expected.

    Progress: `check`.

    Raises:
        InbetweenError: it cannot be decoded, or its frame count, size, times, duration or loop differ.
    """
    sink = expected.sink
    found = _webp(path, expected, report) if sink.suffix == ".webp" else _decoded(path, expected, report)
    if sink.kind == "animation":
        written = _times(path, sink)
        # The decoder does not tell how long the last frame of an animated PNG is shown.
        found = dataclasses.replace(found, duration=sum(written.delays, Fraction(0)))
        if written.loop != expected.loop and not sink.encoder:
            raise _unlike(sink, f"it is played {'for ever' if written.loop else 'once'}")
    _check_length(found.count, found.duration, expected)
    return found


def joined(path: str, expected: Expected, report: Report, extras: Extras | None = None) -> Fraction:
    """Compare a film that was joined from checked segments with what is expected, by its packets, without decoding it.

    Progress: `check`.

    Args:
        path: the film's file.
        expected: the film as it has to be.
        report: hears the progress.
        extras: the sound and other tracks that were added.

    Returns:
        Its duration in seconds.

    Raises:
        InbetweenError: it cannot be read; its frame count, times or duration differ; sound that was encoded for it does
            not end when the film ends.
    """
    import av
    import numpy as np

    # An array takes 8 bytes for each frame; a film may have a million.
    ticks = array("q")
    ends: defaultdict[int, Fraction] = defaultdict(Fraction)
    try:
        with reading(path) as container:
            video = container.streams.video[0]
            index, unit = video.index, Fraction(video.time_base or 1)
            for packet in container.demux():
                if not packet.size or packet.pts is None:
                    continue
                # Not every container says how long the last frame is shown.
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
    sounds = [track for track in extras.tracks if track.stream.kind == "audio"] if extras else []
    if len(heard) != len(sounds):
        raise _unlike(expected.sink, f"{len(heard)} sound tracks instead of {len(sounds)}")
    for track, number in zip(sounds, heard, strict=True):
        late = ends[number] - begin - expected.count / expected.rate
        if track.encoder and abs(late) > SOUND:
            raise _unlike(expected.sink, f"its sound ends {float(late):.3f} s after it")
    return duration


def _times(path: str, sink: Sink) -> animation.Times:
    """The times of an animation's frames, or an error that it cannot be decoded."""
    try:
        return animation.times(path, sink.suffix)
    except (OSError, ValueError) as error:
        raise _unlike(sink, f"it cannot be decoded ({error})") from error


def _decoded(path: str, expected: Expected, report: Report) -> Written:
    """Decode all frames with PyAV and check the size and the time of each."""
    import av

    sink, rate = expected.sink, expected.rate
    # ffmpeg reads a delay below 2/100 s as 10/100 s unless told otherwise.
    options = {"min_delay": "0"} if sink.kind == "gif" else {}
    found = 0
    start = Fraction(0)
    pixel_format = ""
    try:
        with reading(path, options) as container:
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
            codec = stream.codec_context.codec.canonical_name
            duration = _length(container, stream)
            if stream.metadata.get("alpha_mode") == "1":
                # The alpha of VP9 is a second stream, which this decoder leaves out.
                pixel_format = pixel_format.replace("yuv4", "yuva4")
    except (av.error.FFmpegError, IndexError) as error:
        raise _unlike(sink, f"it cannot be decoded ({error})") from error
    size = os.path.getsize(path)
    return Written(sink.path, sink.kind, found, expected.size, duration, codec, pixel_format, size)


def _webp(path: str, expected: Expected, report: Report) -> Written:
    """Decode all frames of an animated WebP with Pillow, for PyAV cannot. A frame that equals the one before it is not
    in the file; the one before is shown for longer, and is counted as that many frames."""
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


def _length(container: InputContainer, stream: VideoStream) -> Fraction:
    """The duration in seconds that the stream tells, or else the container."""
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
        raise _unlike(expected.sink, f"a frame of {size[1]}x{size[0]}, not {expected.size[1]}x{expected.size[0]}")


def picture(found: bytes, written: bytes, sink: Sink) -> None:
    """Compare the bytes of a picture file, read back from the disk, with those that were written.

    Raises:
        InbetweenError: they differ.
    """
    if found != written:
        raise _unlike(sink, "a picture that is read back differs from what was written")


def _seconds(ticks: int | None, unit: Fraction | None) -> Fraction:
    return Fraction(0) if ticks is None or unit is None else ticks * unit


def _unlike(sink: Sink, how: str) -> InbetweenError:
    cure = "look at the disk; if it is sound, this is a bug of inbetween"
    if sink.encoder:
        cure = "leave --encoder out: it changed more than the encoding"
    return InbetweenError(f"the written file is not what was planned: {how}", cure)


@dataclass(frozen=True)
class Expected:
    """An output as it has to be."""

    sink: Sink
    rate: Fraction
    """Frames per second."""
    count: int
    """Number of frames."""
    size: tuple[int, int]
    """(H, W) of the film, in pixels."""
    loop: bool = False
    """Animations and GIFs are played again and again; other outputs cannot say so."""
    colour: Colour | None = None
    """What the frames' values mean, and how they are written; None: sRGB, written as BT.709."""
    aspect: Fraction = Fraction(1)
    """Width to height of a pixel as it is shown."""

    @property
    def tolerance(self) -> Fraction:
        """Seconds by which a time may differ: half a frame, or the resolution of the container's clock if that is
        coarser."""
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
    """Number of frames."""
    size: tuple[int, int]
    """(H, W), in pixels."""
    duration: Fraction
    """Seconds, including the display time of the last frame; as exact as the container's clock."""
    codec: str
    """ffmpeg's name of the codec."""
    pixel_format: str
    """ffmpeg's name of the pixel format of the decoded frames."""
    bytes: int
    """Size of the file; of a sequence, of all its files together."""
