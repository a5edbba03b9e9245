"""What else is in a clip's file: sound, subtitles, chapters, titles; into the film, in time with its pictures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from io import BytesIO
from itertools import islice
from typing import Any

import numpy as np

from inbetween.errors import InbetweenError
from inbetween.types import Report
from inbetween.video import sinks
from inbetween.video.clip import Clip, Stream
from inbetween.video.decode import is_cover, opened, packets
from inbetween.video.sinks import Sink
from inbetween.video.stretch import Samples, stretched
from inbetween.video.timecode import timecode

LOSSLESS = ("flac", "alac", "wavpack", "truehd", "mlp", "tta")


@dataclass(frozen=True)
class _Holds:
    """What a container can hold."""

    sounds: tuple[str, ...]
    """Codecs that are copied as they are."""
    sound: str
    """The encoder for others, and for sound over another time."""
    lossless: str
    """The encoder for sound that was lossless."""
    texts: tuple[str, ...]
    """Subtitles; others of text are converted to the first one."""
    pictures: tuple[str, ...] = ()
    """Subtitles of pictures."""
    files: bool = False
    """Fonts and other attachments."""


_HOLDS = {
    ".mp4": _Holds(("aac", "mp3", "ac3", "eac3", "alac", "opus", "flac"), "aac", "alac", ("mov_text",)),
    ".mov": _Holds(("aac", "mp3", "ac3", "eac3", "alac", "pcm"), "aac", "alac", ("mov_text",)),
    ".webm": _Holds(("opus", "vorbis"), "libopus", "libopus", ("webvtt",)),
    ".mkv": _Holds(
        ("aac", "mp3", "mp2", "ac3", "eac3", "dts", "alac", "opus", "vorbis", "flac", "truehd", "pcm"),
        "libopus",
        "flac",
        ("subrip", "srt", "ass", "ssa", "webvtt"),
        ("hdmv_pgs_subtitle", "pgssub", "dvd_subtitle", "dvdsub"),
        True,
    ),
}
_TEXTS = ("mov_text", "subrip", "srt", "ass", "ssa", "webvtt", "text")
_SAME = {"srt": "subrip", "ssa": "ass", "pgssub": "hdmv_pgs_subtitle", "dvdsub": "dvd_subtitle", "dca": "dts"}
"""Decoders under other names than their codecs."""
_LAYOUTS = {
    "1 channels": "mono",
    "2 channels": "stereo",
    "4 channels": "4.0",
    "6 channels": "5.1",
    "8 channels": "7.1",
}
BIT_RATE = {"aac": 96_000, "libopus": 80_000}
"""A channel."""
JITTER = Fraction(1, 50)
"""Seconds by which the time stamps of sound may be off, and no more."""
_NOT_TITLES = ("encoder", "major_brand", "minor_version", "compatible_brands", "duration", "timecode")


@dataclass(frozen=True)
class Track:
    """A stream that goes with the film."""

    stream: Stream
    encoder: str
    """"" for one that is copied, packet by packet."""


@dataclass(frozen=True)
class Extras:
    """What goes with the film of a clip."""

    path: str
    start: Fraction
    """When the film begins, by the clock of the clip's file. All times are seconds."""
    duration: Fraction
    """Of the part of the clip that is used."""
    length: Fraction
    """Of the film."""
    shown: Callable[[Fraction], Fraction]
    """When a time of the clip, since `start`, is shown in the film."""
    source: Callable[[Fraction], Fraction]
    """Its inverse."""
    tracks: tuple[Track, ...]
    lost: list[float] = field(default_factory=list)
    """When, in the film, a piece of sound is missing because it is damaged: known once the packets have been asked
    for."""

    def streams(self, film: Any) -> list[Iterator[Any]]:
        """Add everything to an output of PyAV's that has its film already; the packets of each stream, in order.

        Raises:
            InbetweenError: the clip cannot be read any more.
        """
        with opened(self.path) as clip:
            film.metadata.update(
                {name: text for name, text in clip.metadata.items() if name.lower() not in _NOT_TITLES}
            )
            film.metadata.update(self._timecode(clip, film))
            chapters = [self._chapter(chapter) for chapter in clip.chapters()]
            film.set_chapters([chapter for chapter in chapters if chapter["start"] < chapter["end"]])
            return [self._stream(film, clip.streams[track.stream.index], track) for track in self.tracks]

    def takes(self, muxer: str, track: Track) -> bool:
        """Whether a container takes this track: sound has many kinds, and not all that should go does."""
        import av

        if track.stream.kind != "audio":
            return True
        try:
            with av.open(BytesIO(), "w", format=muxer) as film:
                streams = replace(self, tracks=(track,), lost=[]).streams(film)
                # Even where not one packet comes.
                film.start_encoding()
                for found in streams:
                    film.mux(list(islice(found, 3)))
        except (av.error.FFmpegError, InbetweenError, ValueError):
            return False
        return True

    def _timecode(self, clip: Any, film: Any) -> dict[str, str]:
        """The studio's clock at the first frame, where the clip has one: of the file, or of its pictures."""
        source = next(stream for stream in clip.streams.video if not is_cover(stream))
        tags = {name.lower(): text for name, text in (source.metadata | clip.metadata).items()}
        since = self.start - (source.start_time or 0) * source.time_base
        rate: Any = next((stream.codec_context.framerate for stream in film.streams.video), None)
        text = tags.get("timecode", "")
        label = timecode(text, since, source.average_rate, rate) if source.average_rate and rate else ""
        return {"timecode": label} if label else {}

    def _chapter(self, chapter: Any) -> Any:
        start, end = (self._at(chapter[name] * chapter["time_base"]) for name in ("start", "end"))
        ticks = {"start": round(start * 1000), "end": round(end * 1000), "time_base": Fraction(1, 1000)}
        return {"id": chapter["id"], **ticks, "metadata": dict(chapter["metadata"])}

    def _at(self, time: Fraction) -> Fraction:
        """When a time of the file is shown, or the nearest that is."""
        return min(self.length, self.shown(min(max(Fraction(0), time - self.start), self.duration)))

    def _stream(self, film: Any, source: Any, track: Track) -> Iterator[Any]:
        if track.stream.kind == "attachment":
            film.add_attachment(source.name, source.mimetype, source.data)
            return iter(())
        text = track.stream.kind == "subtitle"
        if track.encoder == "":
            stream = film.add_stream_from_template(source, opaque=True)
            packets = self._copied(source.index, stream, moved=text)
        elif text:
            stream = film.add_stream(track.encoder)
            packets = self._converted(source.index, stream)
        else:
            stream = _sound_stream(film, source, track.encoder)
            packets = self._encoded(source.index, stream)
        stream.disposition = source.disposition
        title = source.metadata.get("title") or source.metadata.get("name")
        stream.metadata.update({"language": track.stream.language or "und"} | ({"title": title} if title else {}))
        return packets

    def _copied(self, index: int, stream: Any, moved: bool) -> Iterator[Any]:
        """Packet by packet. moved: each has its own time, at whatever speed."""
        with opened(self.path) as clip:
            source: Any = clip.streams[index]
            shift = round(self.start / source.time_base)
            whole = (packet for packet in clip.demux(source) if packet.pts is not None and packet.size)
            standing = source.codec_context.name in ("pgssub", "hdmv_pgs_subtitle")
            for packet in self._standing(whole, source.time_base) if standing else whole:
                if moved:
                    begin, end = (self._at(ticks * source.time_base) for ticks in _span(packet))
                    if begin >= end and not standing:
                        continue
                    packet.pts = packet.dts = round(begin / source.time_base)
                    packet.duration = round((end - begin) / source.time_base)
                else:
                    packet.pts -= shift
                    packet.dts = packet.pts
                packet.stream = stream
                yield packet

    def _standing(self, subtitles: Iterator[Any], unit: Fraction) -> Iterator[Any]:
        """Of a Blu-ray's, which stand until the next one comes: without those that the film does not show. One may come
        in several packets, of which the first has the mark 0x16."""
        early: list[Any] = []
        for packet in subtitles:
            time = packet.pts * unit - self.start
            if time <= 0:
                early = [packet] if bytes(packet)[0] == 0x16 else [*early, packet]
            elif time < self.duration:
                yield from early
                early = []
                yield packet
        yield from early

    def _converted(self, index: int, stream: Any) -> Iterator[Any]:
        from av.subtitles.subtitle import SubtitleSet

        with opened(self.path) as clip:
            source: Any = clip.streams[index]
            begun = False
            for packet in clip.demux(source):
                found = source.decode2(packet) if packet.size else None
                if found is None:
                    continue
                if not begun:
                    stream.codec_context.subtitle_header = source.codec_context.subtitle_header
                    begun = True
                begin, end = (self._at(ticks * source.time_base) for ticks in _span(packet))
                for text in found:
                    if begin < end:
                        length = round((end - begin) * 1000)
                        one = stream.codec_context.encode_subtitle(SubtitleSet.create(text.ass, 0, length))
                        one.stream, one.time_base = stream, Fraction(1, 1000)
                        one.pts = one.dts = round(begin * 1000)
                        one.duration = length
                        yield one

    def _encoded(self, index: int, stream: Any) -> Iterator[Any]:
        """Sound of the film's length, silent where the clip has none, at the film's speed."""
        import av

        rate, layout = stream.rate, stream.layout.name
        channels, count = stream.layout.nb_channels, round(self.length * rate)
        with opened(self.path) as clip:

            def lose(time: Fraction) -> None:
                self.lost.append(float(self._at(time)))

            blocks = _samples(clip, clip.streams[index], self.start, rate, layout, lose)
            out = stretched(
                blocks,
                channels,
                rate,
                lambda seconds: float(self.source(Fraction(seconds))),
                lambda seconds: float(self.shown(Fraction(seconds))),
                count,
            )
            place = 0
            for block in out:
                frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(block.T).reshape(1, -1), "flt", layout)
                frame.sample_rate, frame.pts, frame.time_base = rate, place, Fraction(1, rate)
                place += block.shape[1]
                yield from stream.encode(frame)
            yield from stream.encode(None)


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
    """What goes with a film of this clip, and what does not, which is said. None: nothing does, and no title.

    whole: all of the clip is used. sound: "keep" or "drop". length: of the film, seconds. shown, source: see `Carried`;
    at the clip's own speed both give back what they are given.

    Notes: `sound`, `left_out`.
    """
    if clip.video < 0:
        return None
    holds = _HOLDS.get(sink.suffix) if sink.kind == "film" else None
    own_speed = all(shown(clip.duration * part / 8) == clip.duration * part / 8 for part in range(9))
    all_of_it = Extras(clip.path, clip.start, clip.duration, length, shown, source, ())
    tracks: list[Track] = []
    left_out = Counter[str]()
    for stream in clip.streams:
        if stream.kind == "audio" and sound == "drop":
            continue
        wanted = [Track(stream, how) for how in _ways(holds, stream, own_speed and whole)] if holds else []
        track = next((one for one in wanted if all_of_it.takes(sinks.SINKS[sink.suffix].muxer, one)), None)
        if track is not None:
            tracks.append(track)
        elif stream.codec or stream.kind not in ("data", "video"):
            codec = _SAME.get(stream.codec, stream.codec)
            left_out[f"{stream.kind} ({codec})" if codec else stream.kind] += 1
    if left_out:
        what = ", ".join(name if count == 1 else f"{count} {name}" for name, count in left_out.items())
        where = "pictures" if sink.kind in ("sequence", "picture") else sink.suffix
        report.note("left_out", f"{where} cannot hold all of the clip, left out: {what}", streams=dict(left_out))
    if not own_speed and any(track.stream.kind == "audio" for track in tracks):
        report.note("sound", "the sound is stretched with the pictures, its pitch kept; --sound drop leaves it out")
    if holds is None:
        return None
    return replace(all_of_it, tracks=tuple(tracks))


def _ways(holds: _Holds, stream: Stream, as_it_is: bool) -> list[str]:
    """The ways in which a stream may go with the film, the best one first: "" to copy it, or an encoder."""
    codec = _SAME.get(stream.codec, stream.codec)
    if stream.kind == "audio" and codec:
        lossless = codec.startswith("pcm") or codec in LOSSLESS
        copied = as_it_is and ("pcm" if codec.startswith("pcm") else codec) in holds.sounds
        # ALAC has fewer layouts than AAC.
        return [""] * copied + [holds.lossless] * lossless + [holds.sound]
    if stream.kind == "subtitle":
        if codec in holds.texts or codec in holds.pictures:
            return [""]
        return [holds.texts[0]] if codec in _TEXTS else []
    # A cover picture is the codec of a picture, a font has none that is known.
    return [""] if stream.kind == "attachment" and holds.files and not stream.codec else []


def _sound_stream(film: Any, source: Any, encoder: str) -> Any:
    import av

    rates = av.Codec(encoder, "w").audio_rates
    rate = source.rate if not rates or source.rate in rates else min(rates, key=lambda one: abs(one - source.rate))
    # A file may say no more than how many they are.
    layout = _LAYOUTS.get(source.layout.name, source.layout.name)
    if encoder == "libopus":
        rate, layout = 48_000, layout.replace("(side)", "")
    stream = film.add_stream(encoder, rate=rate, layout=layout)
    if encoder in BIT_RATE:
        stream.bit_rate = BIT_RATE[encoder] * stream.layout.nb_channels
    elif source.format.bytes > 2:
        stream.format = {"flac": "s32", "alac": "s32p"}[encoder]
    stream.codec_context.flags |= av.codec.context.Flags.bitexact
    return stream


def _samples(
    clip: Any, source: Any, start: Fraction, rate: int, layout: str, lose: Callable[[Fraction], None]
) -> Iterator[Samples]:
    """Of a stream, from `start` on by the file's clock; where it has none there is silence."""
    import av

    # From a little before it on, for what a decoder has to learn first.
    if start > 2:
        clip.seek(int((start - 1) / source.time_base), stream=source)
    # Side by side: of eight planes PyAV reads one more.
    resampler = av.AudioResampler("flt", layout, rate)
    at = 0
    for frame in _frames(clip, source, lose):
        for part in resampler.resample(frame):
            block: Any = part.to_ndarray().reshape(-1, part.layout.nb_channels).T
            if part.pts is not None and part.time_base is not None:
                late = round((part.pts * part.time_base - start) * rate) - at
                if at == 0 or abs(late) > JITTER * rate:
                    if late > 0:
                        yield from _silence(block.shape[0], late, rate)
                    block, at = block[:, max(0, -late) :], at + max(0, late)
            at += block.shape[1]
            if block.shape[1]:
                yield block


def _frames(clip: Any, source: Any, lose: Callable[[Fraction], None]) -> Iterator[Any]:
    """What can be decoded of a stream. `lose` is told the time of what cannot."""
    import av

    for packet in packets(clip, source):
        try:
            yield from packet.decode()
        except av.error.InvalidDataError:
            lose((packet.pts or 0) * source.time_base)
    yield None


def _silence(channels: int, count: int, rate: int) -> Iterator[Samples]:
    while count > 0:
        yield np.zeros((channels, min(count, rate)), np.float32)
        count -= rate


def _span(packet: Any) -> tuple[int, int]:
    """Its ticks: begin and end."""
    begin = int(packet.pts or 0)
    return begin, begin + int(packet.duration or 0)
