"""Finished segments of a film into one file, packet by packet: nothing is encoded again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from inbetween.types import Report
from inbetween.video import encode, sinks
from inbetween.video.verify import Expected


def join(path: str, segments: Sequence[str], expected: Expected, report: Report) -> None:
    """Write the segments, films of the same encoder, one after the other to `path`. They begin where the one before
    ends: every frame gets its time by its number, as exact as the container's clock.
    """
    import av

    form = sinks.SINKS[expected.sink.suffix]
    options = {"fflags": "+bitexact", **encode.muxer_options(form.muxer, expected.rate)}
    with av.open(path, "w", format=form.muxer, options=options) as film:
        stream: Any = None
        for packet in packets(segments, expected, report):
            if stream is None:
                stream = film.add_stream_from_template(packet.stream, opaque=True)
                # Of VP9 it says that there is an alpha channel.
                stream.metadata.update(packet.stream.metadata)
            packet.stream = stream
            film.mux(packet)


def packets(segments: Sequence[str], expected: Expected, report: Report) -> Iterator[Any]:
    """All packets in the order of decoding, their times in frames of the whole film."""
    # An encoder that looks ahead gives the first packets times of decoding before 0, and not all segments the same.
    delay, number = 0, 0
    for first, places in _shown(segments, expected):
        for place in places:
            delay = max(delay, number - first - place)
            number += 1
    import av

    first, number = 0, 0
    for segment in segments:
        count = 0
        with av.open(segment) as container:
            for packet in container.demux(video=0):
                if not packet.size:
                    continue
                place = _frame(packet, expected)
                packet.time_base = 1 / expected.rate
                packet.pts, packet.dts, packet.duration = first + place, number - delay, 1
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
    place: int = round(packet.pts * packet.time_base * expected.rate)
    return place
