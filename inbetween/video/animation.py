"""The times and the loop of animated WebP and PNG files, in the files themselves.

ffmpeg cuts the times of a WebP down to milliseconds, and writes a film of one frame, or of equal frames, as a
picture without a time. Here they are given their times, to the clock of each format, and read again.
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
"""Where a WebP frame has its duration: behind its place and its size."""
_LONGEST = 2**24 - 1
_FINEST = 2**16 - 1


@dataclass(frozen=True)
class Times:
    """What an animation says of its frames."""

    delays: tuple[Fraction, ...]
    """Seconds for which each is shown; empty for a file that is no animation."""
    loop: bool
    """It starts again for ever."""


def finish(path: str, suffix: str, rate: Fraction, count: int, loop: bool) -> None:
    """Give the frames of a `.webp` or `.apng` that ffmpeg has written their exact times. What is no such file
    stays as it is, for the check to find.

    Raises:
        OSError: the disk refuses.
    """
    with open(path, "r+b") as file, contextlib.suppress(ValueError):
        if suffix == ".webp":
            _finish_webp(file, rate, count, loop)
        elif count == 1:
            _finish_apng(file, rate, loop)


def times(path: str, suffix: str) -> Times:
    """What a `.webp` or `.apng` says.

    Raises:
        ValueError: it is none, or is cut off.
    """
    with open(path, "rb") as file:
        return _webp_times(file) if suffix == ".webp" else _apng_times(file)


# ------------------------------------------------------------------ WebP


def _webp_chunks(file: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    """(kind, place of the contents, length) of each chunk.

    Raises:
        ValueError: it is no WebP, or ends too early.
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
    """Each frame begins at the millisecond that is nearest to its time. Frames that equal the one before them
    are not in the file: that one is shown for longer."""
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
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


def _three(value: int) -> bytes:
    return max(0, min(value, _LONGEST)).to_bytes(3, "little")


def _animate_webp(file: BinaryIO, milliseconds: int, loop: bool) -> None:
    """Make a picture an animation of one frame."""
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
    # No blending: the frame takes the place of what is below it.
    frame = bytes(6) + size + _three(milliseconds) + b"\2" + parts
    body = _riff(b"VP8X", bytes([0x10 * alpha | 0x02, 0, 0, 0]) + size)
    body += _riff(b"ANIM", b"\xff\xff\xff\xff" + struct.pack("<H", not loop)) + _riff(b"ANMF", frame)
    file.seek(0)
    file.truncate()
    file.write(_riff(b"RIFF", b"WEBP" + body))


def _riff(kind: bytes, data: bytes) -> bytes:
    return kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


# ------------------------------------------------------------------ PNG


def _apng_times(file: BinaryIO) -> Times:
    delays, loop = [], False
    try:
        for kind, data in png_chunks(file, (b"IDAT", b"fdAT")):
            if kind == b"fcTL":
                top, bottom = struct.unpack(">HH", data[20:24])
                # As the format says: 0 stands for 100.
                delays.append(Fraction(top, bottom or 100))
            elif kind == b"acTL":
                loop = data[4:8] == b"\0\0\0\0"
    except (Refusal, struct.error) as error:
        raise ValueError(str(error)) from error
    return Times(tuple(delays), loop)


def _finish_apng(file: BinaryIO, rate: Fraction, loop: bool) -> None:
    """Make a picture an animation of one frame."""
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
