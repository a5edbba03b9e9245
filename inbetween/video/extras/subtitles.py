"""Subtitles of a clip, moved to their times in the film."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, cast

from inbetween.video.decode import opened, unit_of
from inbetween.video.extras.timing import Timing

if TYPE_CHECKING:
    from av.packet import Packet
    from av.stream import Stream
    from av.subtitles.stream import SubtitleStream
    from av.subtitles.subtitle import AssSubtitle

_PGS = ("pgssub", "hdmv_pgs_subtitle")
"""ffmpeg's names of the subtitles of Blu-ray discs."""
_COMPOSITION = 0x16
"""The type of the segment with which a subtitle of a Blu-ray begins, the presentation composition segment."""
_MILLISECOND = Fraction(1, 1000)


def copied(path: str, index: int, stream: Stream, timing: Timing) -> Iterator[Packet[Stream]]:
    """The packets of stream `index` of the clip at `path`, for `stream` of the film, each moved to its own time.

    Raises:
        InbetweenError: the clip cannot be read any more.
    """
    with opened(path) as clip:
        source = clip.streams[index]
        unit = unit_of(source)
        packets = (packet for packet in clip.demux(source) if packet.pts is not None and packet.size)
        pgs = source.codec_context.name in _PGS
        for packet in _of_blu_ray(packets, unit, timing) if pgs else packets:
            begin, end = _film_span(packet, unit, timing)
            if begin >= end and not pgs:
                continue
            packet.pts = packet.dts = round(begin / unit)
            packet.duration = round((end - begin) / unit)
            packet.stream = stream
            yield packet


def _of_blu_ray(packets: Iterator[Packet[Stream]], unit: Fraction, timing: Timing) -> Iterator[Packet[Stream]]:
    """The packets of those subtitles that the film shows. A subtitle of a Blu-ray has no end of its own: it is shown
    until the next one. So the last one from before the film begins is still shown then. One subtitle may come in
    several packets."""
    early: list[Packet[Stream]] = []
    for packet in packets:
        time = (packet.pts or 0) * unit - timing.start
        if time <= 0:
            early = [packet] if bytes(packet)[0] == _COMPOSITION else [*early, packet]
        elif time < timing.duration:
            yield from early
            early = []
            yield packet
    yield from early


def converted(path: str, index: int, stream: SubtitleStream, timing: Timing) -> Iterator[Packet[Stream]]:
    """The texts of stream `index` of the clip at `path`, encoded for `stream` of the film, each at its own time.

    Raises:
        InbetweenError: the clip cannot be read any more.
    """
    from av.subtitles.subtitle import SubtitleSet

    with opened(path) as clip:
        source = cast("SubtitleStream", clip.streams[index])
        begun = False
        for packet in clip.demux(source):
            found = source.decode2(packet) if packet.size else None
            if found is None:
                continue
            if not begun:
                stream.codec_context.subtitle_header = source.codec_context.subtitle_header
                begun = True
            begin, end = _film_span(packet, unit_of(source), timing)
            for text in found:
                if begin < end:
                    length = round((end - begin) / _MILLISECOND)
                    ass = cast("AssSubtitle", text).ass
                    one = stream.codec_context.encode_subtitle(SubtitleSet.create(ass, 0, length))
                    one.stream, one.time_base = stream, _MILLISECOND
                    one.pts = one.dts = round(begin / _MILLISECOND)
                    one.duration = length
                    yield one


def _film_span(
    packet: Packet[Stream] | Packet[SubtitleStream], unit: Fraction, timing: Timing
) -> tuple[Fraction, Fraction]:
    """When a packet begins and ends in the film, in seconds. unit: seconds of a tick of its time stamps."""
    begin = int(packet.pts or 0)
    end = begin + int(packet.duration or 0)
    return timing.film_time(begin * unit), timing.film_time(end * unit)
