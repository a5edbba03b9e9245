"""Sound of a clip: copied with its times moved, or decoded, stretched to the film's times and encoded again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, cast

import numpy as np

from inbetween.video.decode import opened, packets, unit_of
from inbetween.video.extras.timing import Timing
from inbetween.video.stretch import Samples, stretched

if TYPE_CHECKING:
    from av import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import InputContainer, OutputContainer
    from av.packet import Packet
    from av.stream import Stream

BIT_RATE = {"aac": 96_000, "libopus": 80_000}
"""Bits per second per channel, by encoder. A choice, not measured."""
JITTER = Fraction(1, 50)
"""Seconds by which time stamps of sound may deviate from the count of its samples before silence is inserted or sound
is cut: containers with a coarse clock round them. A choice, not measured."""
_LAYOUTS = {
    "1 channels": "mono",
    "2 channels": "stereo",
    "4 channels": "4.0",
    "6 channels": "5.1",
    "8 channels": "7.1",
}
"""Layouts of files that say only how many channels they have, and the layout that is assumed."""


def copied(path: str, index: int, stream: Stream, timing: Timing) -> Iterator[Packet[Stream]]:
    """The packets of stream `index` of the clip at `path`, for `stream` of the film, which begins at `timing.start`.

    Raises:
        InbetweenError: the clip cannot be read any more.
    """
    with opened(path) as clip:
        source = clip.streams[index]
        shift = round(timing.start / unit_of(source))
        for packet in clip.demux(source):
            if packet.pts is None or not packet.size:
                continue
            packet.pts -= shift
            packet.dts = packet.pts
            packet.stream = stream
            yield packet


def add_stream(film: OutputContainer, source: AudioStream, encoder: str) -> AudioStream:
    """A new stream of the film for sound such as `source` has, as near to its rate and layout as the encoder has it."""
    import av

    rates = av.Codec(encoder, "w").audio_rates
    rate = source.rate if not rates or source.rate in rates else min(rates, key=lambda one: abs(one - source.rate))
    layout = _LAYOUTS.get(source.layout.name, source.layout.name)
    if encoder == "libopus":
        rate, layout = 48_000, layout.replace("(side)", "")
    stream = cast("AudioStream", film.add_stream(encoder, rate=rate, layout=layout))
    if encoder in BIT_RATE:
        stream.bit_rate = BIT_RATE[encoder] * stream.layout.nb_channels
    elif source.format.bytes > 2:
        stream.format = {"flac": "s32", "alac": "s32p"}[encoder]
    stream.codec_context.flags |= av.codec.context.Flags.bitexact
    return stream


def encoded(
    path: str, index: int, stream: AudioStream, timing: Timing, lose: Callable[[Fraction], None]
) -> Iterator[Packet[Stream]]:
    """Sound as long as the film, at the film's speed, its pitch kept, silent where the clip has none.

    Args:
        path: the clip's file.
        index: of its stream with the sound.
        stream: the film's stream, from `add_stream`.
        timing: which part of the clip the film shows, and when.
        lose: called with the time, in seconds by the clip's own clock, of sound that is damaged and missing.

    Raises:
        InbetweenError: the clip cannot be read any more.
    """
    import av

    rate, layout = stream.rate, stream.layout.name
    channels, count = stream.layout.nb_channels, round(timing.length * rate)
    with opened(path) as clip:
        source = cast("AudioStream", clip.streams[index])
        out = stretched(
            _samples(clip, source, timing.start, rate, layout, lose),
            channels,
            rate,
            lambda seconds: float(timing.source(Fraction(seconds))),
            lambda seconds: float(timing.shown(Fraction(seconds))),
            count,
        )
        place = 0
        for block in out:
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(block.T).reshape(1, -1), "flt", layout)
            frame.sample_rate, frame.pts, frame.time_base = rate, place, Fraction(1, rate)
            place += block.shape[1]
            yield from stream.encode(frame)
        yield from stream.encode(None)


def _samples(
    clip: InputContainer, source: AudioStream, start: Fraction, rate: int, layout: str, lose: Callable[[Fraction], None]
) -> Iterator[Samples]:
    """The samples of a stream at `rate` a second, from `start` on, in seconds by the file's clock. Where the stream has
    none, there is silence."""
    import av

    # Begin a second early: a decoder needs some packets before its output is right.
    if start > 2:
        clip.seek(int((start - 1) / unit_of(source)), stream=source)
    # Interleaved samples, for PyAV gives one plane too many of sound with eight planes.
    resampler = av.AudioResampler("flt", layout, rate)
    at = 0
    for frame in _frames(clip, source, lose):
        for part in resampler.resample(frame):
            block: Samples = np.asarray(part.to_ndarray(), np.float32).reshape(-1, part.layout.nb_channels).T
            if part.pts is not None and part.time_base is not None:
                late = round((part.pts * part.time_base - start) * rate) - at
                if at == 0 or abs(late) > JITTER * rate:
                    if late > 0:
                        yield from _silence(block.shape[0], late, rate)
                    block, at = block[:, max(0, -late) :], at + max(0, late)
            at += block.shape[1]
            if block.shape[1]:
                yield block


def _frames(clip: InputContainer, source: AudioStream, lose: Callable[[Fraction], None]) -> Iterator[AudioFrame | None]:
    """All that can be decoded of a stream, and None at its end. `lose` is called as described for `encoded`."""
    import av

    for packet in packets(clip, source):
        try:
            yield from packet.decode()
        except av.error.InvalidDataError:
            lose((packet.pts or 0) * unit_of(source))
    yield None


def _silence(channels: int, count: int, rate: int) -> Iterator[Samples]:
    """`count` silent samples, in blocks of a second."""
    while count > 0:
        yield np.zeros((channels, min(count, rate)), np.float32)
        count -= rate
