"""The parts of PNG and TIFF files that Pillow hides, converts or does not check. Standard library only.

Everything here takes the file's bytes or a seekable binary stream, decodes no pixels, and raises `Refusal` for a broken
structure.

TIFF directories are read by hand because tifffile was measured on 4000 of them, damaged: 943 ended in IndexError,
TypeError or ValueError, and it read 137 that are refused here as damaged. As it unpacks LZW only with imagecodecs,
OpenCV and Pillow would go on decoding the pixels, and `with_ones` would stay.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from io import BytesIO
from itertools import zip_longest
from typing import BinaryIO

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
WIDTH, HEIGHT, COMPRESSION, FILL_ORDER, ORIENTATION, PLANAR = 256, 257, 259, 266, 274, 284
"""Numbers of TIFF tags (TIFF 6.0)."""
STRIPS, TILES = (273, 279), (324, 325)
"""The tags with the places, and with the lengths in bytes, of a TIFF's strips or tiles."""
DEFLATE = (8, 32946)
"""The values of the tag `COMPRESSION` for Deflate: Adobe's, and the older one."""

_PROFILE_LIMIT = 64 << 20
"""Bytes that an unpacked ICC profile may have; the largest real ones are near 4 MB."""
_UNPACKED_SPARE = 128 << 20
"""Bytes that the strips or tiles of a TIFF may unpack to beyond 16 per pixel: tiles reach beyond the picture's edge."""
_UNPACKED_PIECE = 4 << 20
"""Bytes that are unpacked at a time."""
_REVERSED_BITS = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))

_SIZE_OF_TYPE = {
    1: 1,
    2: 1,
    3: 2,
    4: 4,
    5: 8,
    6: 1,
    7: 1,
    8: 2,
    9: 4,
    10: 8,
    11: 4,
    12: 8,
    13: 4,
    16: 8,
    17: 8,
    18: 8,
}
"""Bytes of one value, by the number of a TIFF field's type (TIFF 6.0, section 2, and BigTIFF)."""
_INTEGERS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
"""`struct`'s letters for the types of unsigned integers."""


def damaged(name: str = "") -> Refusal:
    """The refusal of a file that its decoder cannot read.

    Args:
        name: its format, as in `kinds.kind_of`.
    """
    if name == "TIFF":
        # It may also be one of the many variants that the decoders do not support.
        return Refusal("is damaged or cut off, or a rare kind of TIFF", "save it as PNG in a picture editor")
    return Refusal("is damaged or cut off", "copy or export it again; nothing was made from it")


def png_chunks(stream: BinaryIO, skip: Collection[bytes] = ()) -> Iterator[tuple[bytes, bytes]]:
    """(kind, payload) of each chunk after the signature; IEND ends the walk and is left out.

    Args:
        skip: kinds of chunks whose payload is jumped over, without looking at their checksums; the payload given is
            empty. Jumping does not notice the end of the file, so a walk with `skip` may end early without an error.

    Raises:
        Refusal: a checksum is wrong, or the file ends before IEND.
    """
    stream.seek(len(PNG_SIGNATURE))
    while True:
        head = stream.read(8)
        if len(head) < 8:
            if skip:
                return
            raise damaged()
        length, kind = struct.unpack(">I4s", head)
        if kind in skip:
            stream.seek(length + 4, 1)
            yield kind, b""
            continue
        payload, check = _at_most(stream, length), stream.read(4)
        if check != struct.pack(">I", zlib.crc32(payload, zlib.crc32(kind))):
            raise damaged()
        if kind == b"IEND":
            return
        yield kind, payload


def png_chunk(kind: bytes, payload: bytes = b"") -> bytes:
    """The bytes of one PNG chunk, with its checksum."""
    check = zlib.crc32(payload, zlib.crc32(kind))
    return struct.pack(">I", len(payload)) + kind + payload + struct.pack(">I", check)


def bare_png(data: bytes, keep: Collection[bytes]) -> bytes:
    """The same PNG with chunks of some kinds only. All checksums of the original are verified.

    Decoders then see no animation, gamma, text or profile, which they treat each in its own way.

    Args:
        keep: the kinds of chunks to keep.

    Raises:
        Refusal: a checksum is wrong, or the file ends before IEND.
    """
    parts = [png_chunk(kind, payload) for kind, payload in png_chunks(BytesIO(data)) if kind in keep]
    return b"".join([PNG_SIGNATURE, *parts, png_chunk(b"IEND")])


def png_profile(payload: bytes) -> bytes:
    """The ICC profile in the payload of an iCCP chunk; empty where it cannot be unpacked."""
    _, _, packed = payload.partition(b"\0")
    try:
        return zlib.decompressobj().decompress(packed[1:], _PROFILE_LIMIT)
    except zlib.error:
        return b""


def tiff_directory(stream: BinaryIO, wanted: Collection[int]) -> Directory:
    """The first directory of a TIFF, a BigTIFF, or an Exif block, which is a small TIFF.

    Args:
        wanted: numbers of the tags whose values are read.

    Raises:
        Refusal: the directory or a wanted value lies outside the file.
    """
    stream.seek(0)
    head = _exactly(stream, 8)
    order = {b"II": "<", b"MM": ">"}.get(head[:2])
    if order is None:
        raise damaged()
    big = head[2:4] in (b"+\0", b"\0+")
    start = struct.unpack(order + ("Q" if big else "I"), _exactly(stream, 8) if big else head[4:])[0]
    _seek(stream, start)
    count_format, entry_format, width = ("Q", "HHQ", 8) if big else ("H", "HHI", 4)
    count = struct.unpack(order + count_format, _exactly(stream, struct.calcsize(order + count_format)))[0]
    if count > 65_535:
        raise damaged()
    entries = BytesIO(_exactly(stream, count * (struct.calcsize(order + entry_format) + width)))
    base = stream.tell() - len(entries.getvalue())
    following = stream.read(width)
    values: dict[int, tuple[int, ...] | bytes] = {}
    shorts: dict[int, int] = {}
    for _ in range(count):
        tag, kind, number = struct.unpack(order + entry_format, entries.read(struct.calcsize(order + entry_format)))
        if kind == 3:
            shorts[tag] = base + entries.tell()
        field = entries.read(width)
        if tag in wanted and kind in _SIZE_OF_TYPE:
            values[tag] = _value(stream, order, kind, number, field)
    return Directory(order, values, shorts, any(following))


def exif_orientation(block: bytes | None) -> int:
    """The orientation 1..8 in an Exif block, with or without its `Exif` prefix; 1 where there is none, or nonsense."""
    if not block:
        return 1
    try:
        directory = tiff_directory(BytesIO(block.removeprefix(b"Exif\0\0")), {ORIENTATION})
    except Refusal:
        return 1
    return directory.orientation


def with_ones(data: bytes, directory: Directory, tags: Collection[int]) -> bytes:
    """The same TIFF with some SHORT tags of its first directory set to 1, where it has them."""
    patched = bytearray(data)
    for tag in tags:
        if tag in directory.shorts:
            struct.pack_into(directory.order + "H", patched, directory.shorts[tag], 1)
    return bytes(patched)


def check_deflate(data: bytes) -> None:
    """Verify the checksums of all strips or tiles of a TIFF that are packed by Deflate; do nothing for other TIFFs.

    libtiff stops reading a strip when it has enough pixels, often before the checksum. Of 1089 copies of a strip, each
    with one flipped bit, 231 were read with wrong pixels.

    Args:
        data: the whole file.

    Raises:
        Refusal: a strip or tile is not inside the file, not a complete Deflate stream, its checksum is wrong, or all
            together unpack to far more than the picture can hold.
    """
    directory = tiff_directory(BytesIO(data), (WIDTH, HEIGHT, COMPRESSION, FILL_ORDER, *STRIPS, *TILES))
    if directory.number(COMPRESSION, 1) not in DEFLATE:
        return
    left = 16 * directory.number(WIDTH, 0) * directory.number(HEIGHT, 0) + _UNPACKED_SPARE
    places, lengths = (
        directory.numbers(strip) or directory.numbers(tile) for strip, tile in zip(STRIPS, TILES, strict=True)
    )
    # Without lengths, or with 0 for unknown, a part ends where its stream ends.
    for place, length in zip_longest(places, lengths[: len(places)], fillvalue=0):
        packed = data[place : place + length] if length else data[place:]
        if directory.number(FILL_ORDER, 1) == 2:
            packed = packed.translate(_REVERSED_BITS)
        left -= _unpacked_length(packed, left)


def _unpacked_length(packed: bytes, most: int) -> int:
    """Bytes in a Deflate stream, which is unpacked piece by piece to verify it."""
    unpacker, count = zlib.decompressobj(), 0
    while not unpacker.eof:
        try:
            piece = unpacker.decompress(packed, _UNPACKED_PIECE)
        except zlib.error:
            raise damaged() from None
        packed, count = unpacker.unconsumed_tail, count + len(piece)
        if count > most or not (piece or unpacker.eof):
            raise damaged()
    return count


def _value(stream: BinaryIO, order: str, kind: int, number: int, field: bytes) -> tuple[int, ...] | bytes:
    """A tag's value: integers as a tuple, everything else as bytes."""
    length = number * _SIZE_OF_TYPE[kind]
    if length > len(field):
        _seek(stream, struct.unpack(order + ("Q" if len(field) == 8 else "I"), field)[0])
        field = _exactly(stream, length)
    if kind not in _INTEGERS:
        return field[:length]
    return struct.unpack(f"{order}{number}{_INTEGERS[kind]}", field[:length])


def _seek(stream: BinaryIO, place: int) -> None:
    """Go to a place in the stream, which must not lie beyond its end."""
    if place > stream.seek(0, 2):
        raise damaged()
    stream.seek(place)


def _exactly(stream: BinaryIO, length: int) -> bytes:
    """Read so many bytes, or refuse the file."""
    data = _at_most(stream, length)
    if len(data) != length:
        raise damaged()
    return data


def _at_most(stream: BinaryIO, length: int) -> bytes:
    """As `read`, which would reserve as much memory as a damaged file asks for."""
    if length > 1 << 20:
        here = stream.tell()
        length = min(length, stream.seek(0, 2) - here)
        stream.seek(here)
    return stream.read(length)


class Refusal(Exception):
    """Why a file is not accepted, raised where its name is not known: the message will be "PATH what"."""

    def __init__(self, what: str, hint: str, code: str = "input_unreadable") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint
        self.code = code


@dataclass(frozen=True)
class Directory:
    """One TIFF directory: integers as tuples, other values as bytes."""

    order: str
    """The byte order as `struct` writes it."""
    values: dict[int, tuple[int, ...] | bytes]
    """By the number of their tag."""
    shorts: dict[int, int]
    """Offsets in the file of the values of SHORT tags, by the number of the tag."""
    more: bool
    """Whether another directory follows."""

    def numbers(self, tag: int, default: tuple[int, ...] = ()) -> tuple[int, ...]:
        """The integers of a tag; the default where it is missing or holds something else."""
        value = self.values.get(tag, default)
        return value if isinstance(value, tuple) else default

    def number(self, tag: int, default: int) -> int:
        """The first integer of a tag; the default where there is none."""
        return (self.numbers(tag) or (default,))[0]

    @property
    def orientation(self) -> int:
        """1..8, as in Exif; 1 where it is missing or nonsense."""
        value = self.number(ORIENTATION, 1)
        return value if 1 <= value <= 8 else 1
