"""Joining the finished segments of a film, and its sound and other tracks, into one file. No frame is encoded again."""

from __future__ import annotations

import errno
import heapq
import itertools
import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, cast

from inbetween.errors import InbetweenError
from inbetween.types import Report
from inbetween.video import encode, ffmpeg, sinks, workfolder
from inbetween.video.container import reading
from inbetween.video.extras import Extras
from inbetween.video.verify import Expected

if TYPE_CHECKING:
    from av.packet import Packet
    from av.stream import Stream
    from av.video.stream import VideoStream


def join(path: str, segments: Sequence[str], expected: Expected, report: Report, extras: Extras | None = None) -> None:
    """Write the segments one after the other to one file. Every frame gets its time from its number in the whole film,
    as exact as the container's clock.

    Notes: `damaged`, for damaged sound that is left out. Progress: `join`.

    Args:
        path: the file to write.
        segments: files of films, all made by the same encoder with the same settings.
        expected: the whole film.
        report: hears the notes and the progress.
        extras: sound and other tracks that are added.

    Raises:
        InbetweenError: the clip from which the extras come cannot be read any more, or its sound cannot be written.
        OSError: the disk is full.
    """
    if expected.aspect == 1 or sinks.SINKS[expected.sink.suffix].muxer not in ("matroska", "webm"):
        _join(path, segments, expected, report, extras)
        return
    # PyAV cannot write the shape of pixels into Matroska; ffmpeg, which copies the file then, can.
    with workfolder.part(os.path.dirname(path), expected.sink.suffix) as film:
        _join(film, segments, expected, report, extras)
        shape = expected.aspect * expected.size[1] / expected.size[0]
        words = [
            *ffmpeg.WHITELIST,
            "-i",
            f"file:{film}",
            "-map",
            "0",
            "-c",
            "copy",
            "-aspect",
            f"{shape.numerator}:{shape.denominator}",
        ]
        muxer = sinks.SINKS[expected.sink.suffix].muxer
        with ffmpeg.started([*words, "-fflags", "+bitexact", "-f", muxer, *ffmpeg.WHITELIST, f"file:{path}"]) as child:
            child.finish(lambda: report.progress("join", expected.count, expected.count))


def _join(path: str, segments: Sequence[str], expected: Expected, report: Report, extras: Extras | None) -> None:
    import av

    muxer = sinks.SINKS[expected.sink.suffix].muxer
    options = {"fflags": "+bitexact", **encode.muxer_options(muxer, expected.rate)}
    try:
        with av.open(path, "w", format=muxer, options=options) as film:
            frames = packets(segments, expected, report)
            first = next(frames)
            stream = film.add_stream_from_template(first.stream, opaque=True)
            stream.codec_context.codec_tag = first.stream.codec_context.codec_tag
            # Set here too, for only some codecs write these into their stream, and Matroska rounds the times.
            stream.codec_context.framerate = expected.rate
            stream.codec_context.sample_aspect_ratio = expected.aspect
            # For VP9 the metadata say that there is an alpha channel.
            stream.metadata.update(first.stream.metadata)
            others = extras.streams(film) if extras else []
            for packet in heapq.merge(_moved(first, frames, stream), *others, key=_time):
                time = _time(packet)
                try:
                    film.mux(packet)
                except av.error.InvalidDataError:
                    if extras is None or packet.stream is stream:
                        raise
                    extras.lost.append(time)
            if extras and extras.lost:
                lost, since = len(extras.lost), min(extras.lost)
                text = f"{extras.path} is damaged: {lost} pieces of its sound are left out, from {since:.2f} s on"
                report.note("damaged", text, packets=lost)
    except (av.error.FFmpegError, ValueError) as error:
        if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise OSError(error.args[0], os.strerror(error.args[0])) from error
        source = extras.path if extras else path
        raise InbetweenError(f"{source} cannot be joined with the film: {error}", "try --sound drop") from error


def _moved(
    first: Packet[VideoStream], rest: Iterator[Packet[VideoStream]], stream: VideoStream
) -> Iterator[Packet[Stream]]:
    """The packets, moved to a stream of the film."""
    for packet in cast("Iterator[Packet[Stream]]", itertools.chain([first], rest)):
        packet.stream = stream
        yield packet


def _time(packet: Packet[Stream]) -> float:
    """When a packet is decoded, in seconds."""
    return float((packet.dts or 0) * packet.time_base)


def packets(segments: Sequence[str], expected: Expected, report: Report) -> Iterator[Packet[VideoStream]]:
    """The packets of all segments in the order of decoding. Their time stamps count frames of the whole film.

    Progress: `join`.
    """
    # Where frames are not decoded in the order in which they are shown, decoding has to begin some frames early. Not
    # all segments need the same number; the largest is used for all.
    delay, number = 0, 0
    for first, places in _shown(segments, expected):
        for spot in places:
            delay = max(delay, number - first - spot)
            number += 1
    first, number = 0, 0
    for segment in segments:
        count = 0
        with reading(segment) as container:
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
    """For each segment the number of its first frame in the film, and for each of its packets, in the order of
    decoding, the number of the frame in the segment."""
    first = 0
    for segment in segments:
        with reading(segment) as container:
            places = [_frame(packet, expected) for packet in container.demux(video=0) if packet.size]
        yield first, places
        first += len(places)


def _frame(packet: Packet[VideoStream], expected: Expected) -> int:
    """The number of a packet's frame in its segment."""
    return round((packet.pts or 0) * packet.time_base * expected.rate)
