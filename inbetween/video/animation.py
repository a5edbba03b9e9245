"""The delays and the loop of animated WebP and PNG files, read from and written to the files' own bytes.

ffmpeg cuts the times of a WebP off to milliseconds, and writes a film of one frame, or of equal frames, as a still
picture without a time. Here such files get their exact times, rounded to the clock of each format.

Formats: WebP Container Specification; Portable Network Graphics Specification, third edition, 11.3.6.
"""

from __future__ import annotations

import contextlib
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import BinaryIO

from inbetween.pictures.containers import PNG_SIGNATURE, Refusal, png_chunk, png_chunks

_DURATION = 12
"""Offset of the duration in a WebP's ANMF chunk, behind the frame's position and size."""
_LONGEST = 2**24 - 1
"""Longest duration of a WebP's frame in milliseconds: the field has 24 bits."""
_FINEST = 2**16 - 1
"""Largest term of the fraction that is the delay of an APNG's frame in seconds: each field has 16 bits."""


@dataclass(frozen=True)
class Times:
    """The times of an animation's frames, by its file."""

    delays: tuple[Fraction, ...]
    """How long each frame is shown, in seconds; empty for a still picture."""
    loop: bool
    """Whether it is played again and again."""


def finish(path: str, suffix: str, rate: Fraction, count: int, loop: bool) -> None:
    """Give the frames of a WebP or APNG that ffmpeg has written their exact times. A file of another kind is not
    changed; checking the output finds it later.

    Args:
        path: the file, which is changed.
        suffix: `.webp` or `.apng`.
        rate: frames per second.
        count: number of frames that were written. ffmpeg leaves out those that equal the one before.
        loop: whether it is played again and again.

    Raises:
        OSError: the disk refuses.
    """
    with open(path, "r+b") as file, contextlib.suppress(ValueError):
        if suffix == ".webp":
            _finish_webp(file, rate, count, loop)
        elif count == 1:
            _finish_apng(file, rate, loop)


def times(path: str, suffix: str) -> Times:
    """The times of a WebP or APNG. suffix: `.webp` or `.apng`.

    Raises:
        ValueError: it is not such a file, or is cut off.
    """
    with open(path, "rb") as file:
        return _webp_times(file) if suffix == ".webp" else _apng_times(file)


# ------------------------------------------------------------------ WebP


def _webp_chunks(file: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    """For each chunk its kind, the offset of its contents in the file, and their length, both in bytes.

    Raises:
        ValueError: it is not a WebP, or ends too early.
    """
    end = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(12)
    if head[:4] != b"RIFF" or head[8:] != b"WEBP" or int.from_bytes(head[4:8], "little") + 8 > end:
        raise ValueError("not a whole WebP")
    place = 12
    while place < end:
        file.seek(place)
        head = file.read(8)
        length = int.from_bytes(head[4:], "little")
        if len(head) < 8 or place + 8 + length > end:
            raise ValueError("cut off")
        yield head[:4], place + 8, length
        place += 8 + length + length % 2


def _webp_times(file: BinaryIO) -> Times:
    delays, loop = [], False
    for kind, place, _ in _webp_chunks(file):
        if kind == b"ANMF":
            file.seek(place + _DURATION)
            delays.append(Fraction(int.from_bytes(file.read(3), "little"), 1000))
        elif kind == b"ANIM":
            file.seek(place + 4)
            loop = file.read(2) == b"\0\0"
    return Times(tuple(delays), loop)


def _finish_webp(file: BinaryIO, rate: Fraction, count: int, loop: bool) -> None:
    """Let each frame begin at the millisecond that is nearest to its time. A frame that equals the one before it is not
    in the file; the one before is shown for longer."""
    frames = [place for kind, place, _ in _webp_chunks(file) if kind == b"ANMF"]
    if not frames:
        _animate_webp(file, _nearest(count / rate * 1000), loop)
        return
    starts, now = [], Fraction(0)
    for delay in _webp_times(file).delays:
        starts.append(_nearest(_nearest(now * rate) / rate * 1000))
        now += delay
    ends = [*starts[1:], _nearest(count / rate * 1000)]
    for place, start, end in zip(frames, starts, ends, strict=True):
        file.seek(place + _DURATION)
        file.write(_three(end - start))


def _nearest(value: Fraction) -> int:
    """The nearest whole number; a half is rounded up."""
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


def _three(value: int) -> bytes:
    """A number as three bytes, the lowest one first, cut to what they can hold."""
    return max(0, min(value, _LONGEST)).to_bytes(3, "little")


def _animate_webp(file: BinaryIO, milliseconds: int, loop: bool) -> None:
    """Turn a still picture into an animation of one frame."""
    parts, alpha, size = b"", False, b""
    for kind, place, length in list(_webp_chunks(file)):
        if kind not in (b"ALPH", b"VP8 ", b"VP8L"):
            continue
        file.seek(place)
        data = file.read(length)
        parts += _riff(kind, data)
        if kind == b"VP8L":
            bits = int.from_bytes(data[1:5], "little")
            size = (bits & 0x3FFF).to_bytes(3, "little") + (bits >> 14 & 0x3FFF).to_bytes(3, "little")
            alpha = bool(bits >> 28 & 1)
        elif kind == b"VP8 ":
            width, height = (side & 0x3FFF for side in struct.unpack("<HH", data[6:10]))
            size = _three(width - 1) + _three(height - 1)
        else:
            alpha = True
    # Without blending: the frame replaces what is below it.
    frame = bytes(6) + size + _three(milliseconds) + b"\2" + parts
    body = _riff(b"VP8X", bytes([0x10 * alpha | 0x02, 0, 0, 0]) + size)
    body += _riff(b"ANIM", b"\xff\xff\xff\xff" + struct.pack("<H", not loop)) + _riff(b"ANMF", frame)
    file.seek(0)
    file.truncate()
    file.write(_riff(b"RIFF", b"WEBP" + body))


def _riff(kind: bytes, data: bytes) -> bytes:
    """A chunk of a RIFF file, padded to an even length."""
    return kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


# ------------------------------------------------------------------ PNG


def _apng_times(file: BinaryIO) -> Times:
    delays, loop = [], False
    try:
        for kind, data in png_chunks(file, (b"IDAT", b"fdAT")):
            if kind == b"fcTL":
                top, bottom = struct.unpack(">HH", data[20:24])
                # A denominator of 0 stands for 100, by the specification.
                delays.append(Fraction(top, bottom or 100))
            elif kind == b"acTL":
                loop = data[4:8] == b"\0\0\0\0"
    except (Refusal, struct.error) as error:
        raise ValueError(str(error)) from error
    return Times(tuple(delays), loop)


def _finish_apng(file: BinaryIO, rate: Fraction, loop: bool) -> None:
    """Turn a still picture into an animation of one frame."""
    data = file.read()
    if not data.startswith(PNG_SIGNATURE):
        raise ValueError("not a PNG")
    delay = (1 / rate).limit_denominator(max(1, min(_FINEST, int(_FINEST * rate))))
    begin = data.index(b"IDAT") - 4
    size = data[len(PNG_SIGNATURE) + 8 :][:8]
    control = png_chunk(b"acTL", struct.pack(">II", 1, not loop))
    control += png_chunk(b"fcTL", bytes(4) + size + bytes(8) + struct.pack(">HHBB", *delay.as_integer_ratio(), 0, 0))
    file.seek(0)
    file.write(data[:begin] + control + data[begin:])
