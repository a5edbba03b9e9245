"""Whether a file has been cut off, by the lengths that its container tells."""

from __future__ import annotations

import os
from typing import IO

_SEGMENT, _EBML = b"\x18\x53\x80\x67", b"\x1a\x45\xdf\xa3"
"""The identifiers of two elements of Matroska: the one that holds all the film, and the header before it."""


def cut_off(path: str) -> bool:
    """Whether a file is shorter than its container says.

    Known are MP4 and its relatives (ISO/IEC 14496-12, 4.2), AVI (RIFF) and Matroska (RFC 8794). False for other
    containers, and for files that tell no length, such as recordings of a stream.
    """
    with open(path, "rb") as file:
        length = os.fstat(file.fileno()).st_size
        begin = file.read(12)
        if begin[:4] == _EBML:
            return _segment(file) > length
        if begin[:4] == b"RIFF" and begin[8:] == b"AVI ":
            return _riff(file, length) > length
        return begin[4:8] == b"ftyp" and _boxes(file, length) > length


def _boxes(file: IO[bytes], length: int) -> int:
    """Where the last box of an MP4 ends, in bytes. length: of the file."""
    at = 0
    while at + 8 <= length:
        file.seek(at)
        head = file.read(16)
        size = int.from_bytes(head[:4])
        if size == 1:
            size = int.from_bytes(head[8:])
        if size < 8 or not head[4:8].isalnum():
            # A size of 0 means to the end of the file; anything else here is not a box, so nothing is known.
            return length
        at += size
    return at


def _riff(file: IO[bytes], length: int) -> int:
    """Where the last part of an AVI ends, in bytes; large files have several. length: of the file."""
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
    """Where the segment of a Matroska file ends, in bytes; 0 if the file does not tell."""
    file.seek(4)
    size = _number(file) or 0
    file.seek(size, os.SEEK_CUR)
    if file.read(4) != _SEGMENT:
        return 0
    size = _number(file) or 0
    return file.tell() + size if size else 0


def _number(file: IO[bytes]) -> int | None:
    """The size of a Matroska element, in bytes, read from the file's position; None if it is marked as unknown."""
    first = file.read(1)
    if not first or not first[0]:
        return None
    more = 8 - first[0].bit_length()
    value = int.from_bytes(first + file.read(more)) - (1 << 7 * (more + 1))
    return None if value + 1 == 1 << 7 * (more + 1) else value
