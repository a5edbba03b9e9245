"""The streams of a clip that go into its film besides the frames, and how each of them does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from io import BytesIO
from itertools import islice
from typing import TYPE_CHECKING, cast

from inbetween.errors import InbetweenError
from inbetween.types import Report
from inbetween.video import sinks
from inbetween.video.clip import Clip, Stream
from inbetween.video.decode import opened
from inbetween.video.extras import sound, subtitles
from inbetween.video.extras.containers import CONTAINERS, codec_of, ways
from inbetween.video.extras.tags import add_tags
from inbetween.video.extras.timing import Timing
from inbetween.video.sinks import Sink

if TYPE_CHECKING:
    import av.stream
    from av.audio.stream import AudioStream
    from av.container import OutputContainer
    from av.packet import Packet
    from av.stream import AttachmentStream
    from av.subtitles.stream import SubtitleStream


@dataclass(frozen=True)
class Track:
    """A stream of the clip that goes into the film."""

    stream: Stream
    encoder: str
    """ffmpeg's name of the encoder; "" for a stream that is copied packet by packet."""


@dataclass(frozen=True)
class Extras:
    """All that goes into the film of a clip besides its frames."""

    path: str
    """The clip's file."""
    timing: Timing
    tracks: tuple[Track, ...]
    lost: list[float] = field(default_factory=list)
    """Times in the film, in seconds, at which a piece of sound is missing because it is damaged. It is complete when
    all packets of `streams` have been read."""

    def streams(self, film: OutputContainer) -> list[Iterator[Packet[av.stream.Stream]]]:
        """Add the tags and the tracks to an output that has its stream of frames already.

        Returns:
            For each track its packets, in the order of their times. They are read from the clip as they are asked for.

        Raises:
            InbetweenError: the clip cannot be read any more.
        """
        with opened(self.path) as clip:
            add_tags(film, clip, self.timing)
            return [self._packets(film, clip.streams[track.stream.index], track) for track in self.tracks]

    def _packets(
        self, film: OutputContainer, source: av.stream.Stream, track: Track
    ) -> Iterator[Packet[av.stream.Stream]]:
        if track.stream.kind == "attachment":
            file = cast("AttachmentStream", source)
            film.add_attachment(file.name or "", file.mimetype or "", file.data)
            return iter(())
        is_text = track.stream.kind == "subtitle"
        stream: av.stream.Stream
        if track.encoder == "":
            stream = film.add_stream_from_template(source, opaque=True)
            copied = subtitles.copied if is_text else sound.copied
            packets = copied(self.path, source.index, stream, self.timing)
        elif is_text:
            stream = text = cast("SubtitleStream", film.add_stream(track.encoder))
            packets = subtitles.converted(self.path, source.index, text, self.timing)
        else:
            stream = heard = sound.add_stream(film, cast("AudioStream", source), track.encoder)
            packets = sound.encoded(self.path, source.index, heard, self.timing, self._lose)
        stream.disposition = source.disposition
        title = source.metadata.get("title") or source.metadata.get("name")
        stream.metadata.update({"language": track.stream.language or "und"} | ({"title": title} if title else {}))
        return packets

    def _lose(self, time: Fraction) -> None:
        self.lost.append(float(self.timing.film_time(time)))


def extras_of(
    clip: Clip,
    sink: Sink,
    whole: bool,
    sound: str,
    length: Fraction,
    shown: Callable[[Fraction], Fraction],
    source: Callable[[Fraction], Fraction],
    report: Report,
) -> Extras | None:
    """All that goes into a film of this clip besides its frames. What the film's container cannot hold is left out and
    noted.

    Notes: `sound`, `left_out`.

    Args:
        clip: the part of a clip that is used.
        sink: where the film goes.
        whole: all of the clip is used.
        sound: `keep` or `drop`.
        length: of the film, in seconds.
        shown: see `Timing`; at the clip's own speed it returns the very time that it is given.
        source: the inverse of `shown`.
        report: hears the notes.

    Returns:
        None if the clip is no video file, or the output is no film: then there is nothing to add, not even titles.
    """
    if clip.video < 0:
        return None
    container = CONTAINERS.get(sink.suffix) if sink.kind == "film" else None
    timing = Timing(clip.start, clip.duration, length, shown, source)
    own_speed = timing.own_speed
    tracks: list[Track] = []
    left_out = Counter[str]()
    for stream in clip.streams:
        if stream.kind == "audio" and sound == "drop":
            continue
        wanted = [Track(stream, way) for way in ways(container, stream, own_speed and whole)] if container else []
        track = next((one for one in wanted if _is_accepted(one, clip.path, timing, sink)), None)
        if track is not None:
            tracks.append(track)
        elif stream.codec or stream.kind not in ("data", "video"):
            codec = codec_of(stream)
            left_out[f"{stream.kind} ({codec})" if codec else stream.kind] += 1
    if left_out:
        what = ", ".join(name if count == 1 else f"{count} {name}" for name, count in left_out.items())
        where = "pictures" if sink.kind in ("sequence", "picture") else sink.suffix
        report.note("left_out", f"{where} cannot hold all of the clip, left out: {what}", streams=dict(left_out))
    if not own_speed and any(track.stream.kind == "audio" for track in tracks):
        report.note("sound", "the sound is stretched with the frames, its pitch kept; --sound drop leaves it out")
    return Extras(clip.path, timing, tuple(tracks)) if container else None


def _is_accepted(track: Track, path: str, timing: Timing, sink: Sink) -> bool:
    """Whether the container accepts a track. For sound it is tried with the first packets: a codec that a container can
    hold has many variants, and some of them are refused."""
    import av

    if track.stream.kind != "audio":
        return True
    try:
        with av.open(BytesIO(), "w", format=sinks.SINKS[sink.suffix].muxer) as film:
            streams = Extras(path, timing, (track,)).streams(film)
            # The header, even where the stream has no packet.
            film.start_encoding()
            for packets in streams:
                film.mux(list(islice(packets, 3)))
    except (av.error.FFmpegError, InbetweenError, ValueError):
        return False
    return True
