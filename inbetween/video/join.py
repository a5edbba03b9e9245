"""Finished segments of a film, and what else goes with it, into one file: no picture is encoded again."""

from __future__ import annotations

import errno
import heapq
import itertools
import os
from collections.abc import Iterator, Sequence
from typing import Any

from inbetween.errors import InbetweenError
from inbetween.types import Report
from inbetween.video import encode, ffmpeg, sinks, workfolder
from inbetween.video.extras import Extras
from inbetween.video.verify import Expected


def join(path: str, segments: Sequence[str], expected: Expected, report: Report, carried: Extras | None = None) -> None:
    """Write the segments, films of the same encoder, one after the other to `path`. They begin where the one before
    ends: every frame gets its time by its number, as exact as the container's clock.

    Raises:
        InbetweenError: the clip whose sound and subtitles are carried cannot be read any more.
    """
    if expected.aspect == 1 or sinks.SINKS[expected.sink.suffix].muxer not in ("matroska", "webm"):
        _join(path, segments, expected, report, carried)
        return
    # PyAV cannot tell Matroska how wide pixels are.
    with workfolder.part(os.path.dirname(path), expected.sink.suffix) as film:
        _join(film, segments, expected, report, carried)
        shape = expected.aspect * expected.size[1] / expected.size[0]
        words = ["-i", f"file:{film}", "-map", "0", "-c", "copy", "-aspect", f"{shape.numerator}:{shape.denominator}"]
        form = sinks.SINKS[expected.sink.suffix].muxer
        with ffmpeg.started([*words, "-fflags", "+bitexact", "-f", form, f"file:{path}"]) as child:
            child.finish(lambda: report.progress("join", expected.count, expected.count))


def _join(path: str, segments: Sequence[str], expected: Expected, report: Report, carried: Extras | None) -> None:
    import av

    form = sinks.SINKS[expected.sink.suffix]
    options = {"fflags": "+bitexact", **encode.muxer_options(form.muxer, expected.rate)}
    try:
        with av.open(path, "w", format=form.muxer, options=options) as film:
            pictures = packets(segments, expected, report)
            first = next(pictures)
            stream: Any = film.add_stream_from_template(first.stream, opaque=True)
            stream.codec_context.codec_tag = first.stream.codec_context.codec_tag
            # Only some codecs say these themselves, and Matroska rounds the times.
            stream.codec_context.framerate = expected.rate
            stream.codec_context.sample_aspect_ratio = expected.aspect
            # Of VP9 it says that there is an alpha channel.
            stream.metadata.update(first.stream.metadata)
            others = carried.streams(film) if carried else []
            for packet in heapq.merge(_led(first, pictures, stream), *others, key=_time):
                time = _time(packet)
                try:
                    film.mux(packet)
                except av.error.InvalidDataError:
                    if carried is None or packet.stream is stream:
                        raise
                    carried.lost.append(time)
            if carried and carried.lost:
                lost, since = len(carried.lost), min(carried.lost)
                text = f"{carried.path} is damaged: {lost} pieces of its sound are left out, from {since:.2f} s on"
                report.note("damaged", text, packets=lost)
    except (av.error.FFmpegError, ValueError) as error:
        if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise OSError(error.args[0], os.strerror(error.args[0])) from error
        source = carried.path if carried else path
        raise InbetweenError(f"{source} cannot be joined with the film: {error}", "try --sound drop") from error


def _led(first: Any, rest: Iterator[Any], stream: Any) -> Iterator[Any]:
    for packet in itertools.chain([first], rest):
        packet.stream = stream
        yield packet


def _time(packet: Any) -> float:
    return float(packet.dts * packet.time_base)


def packets(segments: Sequence[str], expected: Expected, report: Report) -> Iterator[Any]:
    """All packets in the order of decoding, their times in frames of the whole film."""
    # An encoder that looks ahead gives the first packets times of decoding before 0, and not all segments the same.
    delay, number = 0, 0
    for first, places in _shown(segments, expected):
        for spot in places:
            delay = max(delay, number - first - spot)
            number += 1
    import av

    first, number = 0, 0
    for segment in segments:
        count = 0
        with av.open(segment) as container:
            for packet in container.demux(video=0):
                if not packet.size:
                    continue
                spot = _frame(packet, expected)
                packet.time_base = 1 / expected.rate
                packet.pts, packet.dts, packet.duration = first + spot, number - delay, 1
                count, number = count + 1, number + 1
                yield packet
                report.progress("join", number, expected.count)
        first += count


def _shown(segments: Sequence[str], expected: Expected) -> Iterator[tuple[int, list[int]]]:
    """Of each segment its first frame's number, and the places in it of its packets."""
    import av

    first = 0
    for segment in segments:
        with av.open(segment) as container:
            places = [_frame(packet, expected) for packet in container.demux(video=0) if packet.size]
        yield first, places
        first += len(places)


def _frame(packet: Any, expected: Expected) -> int:
    spot: int = round(packet.pts * packet.time_base * expected.rate)
    return spot
