"""Where a file ends by its container's own word."""

from __future__ import annotations

import os
from typing import IO

_SEGMENT, _EBML = b"\x18\x53\x80\x67", b"\x1a\x45\xdf\xa3"


def cut_off(path: str) -> bool:
    """Whether a file is shorter than its container says: MP4 and its kin (ISO/IEC 14496-12, 4.2), AVI (RIFF) and
    Matroska (RFC 8794). False for others, and where it says nothing, as of what was streamed."""
    with open(path, "rb") as file:
        length = os.fstat(file.fileno()).st_size
        begin = file.read(12)
        if begin[:4] == _EBML:
            return _segment(file) > length
        if begin[:4] == b"RIFF" and begin[8:] == b"AVI ":
            return _riff(file, length) > length
        return begin[4:8] == b"ftyp" and _boxes(file, length) > length


def _boxes(file: IO[bytes], length: int) -> int:
    at = 0
    while at + 8 <= length:
        file.seek(at)
        head = file.read(16)
        size = int.from_bytes(head[:4])
        if size == 1:
            size = int.from_bytes(head[8:])
        if size < 8 or not head[4:8].isalnum():
            # 0 is to the end, and what follows the boxes is not ours.
            return length
        at += size
    return at


def _riff(file: IO[bytes], length: int) -> int:
    """Large ones have several parts."""
    at = 0
    while at + 8 <= length:
        file.seek(at)
        head = file.read(8)
        size = int.from_bytes(head[4:], "little")
        if head[:4] != b"RIFF" or size >= 0x7FFFFFFF:
            return length
        at += 8 + size
    return at


def _segment(file: IO[bytes]) -> int:
    file.seek(4)
    size = _number(file) or 0
    file.seek(size, os.SEEK_CUR)
    if file.read(4) != _SEGMENT:
        return 0
    size = _number(file) or 0
    return file.tell() + size if size else 0


def _number(file: IO[bytes]) -> int | None:
    """An element's size; None: unknown."""
    first = file.read(1)
    if not first or not first[0]:
        return None
    more = 8 - first[0].bit_length()
    value = int.from_bytes(first + file.read(more)) - (1 << 7 * (more + 1))
    return None if value + 1 == 1 << 7 * (more + 1) else value
