"""Picture files by hand."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from support.pictures import scene


def declared(width: int, height: int) -> bytes:
    """A PNG that says its size and has no pixels: whoever decodes it finds it damaged."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def scene_as_jpeg() -> bytes:
    out = BytesIO()
    Image.fromarray(scene(0)).save(out, "JPEG")
    return out.getvalue()


def scene_as_png() -> bytes:
    return cv2.imencode(".png", scene(0))[1].tobytes()


def saved(path: Path, image: Image.Image, **words: Any) -> Path:
    image.save(path, **words)
    return path


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def chunk(kind: bytes, payload: bytes = b"") -> bytes:
    return struct.pack(">I", len(payload)) + kind + payload + struct.pack(">I", zlib.crc32(kind + payload))


def png(size: tuple[int, int], bits: int, colour: int, rows: list[bytes], *extra: bytes, last: bytes = b"") -> bytes:
    """A PNG by hand: `rows` as packed bytes, `extra` chunks before and `last` behind the pixels."""
    head = struct.pack(">IIBBBBB", size[1], size[0], bits, colour, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    parts = (chunk(b"IHDR", head), *extra, chunk(b"IDAT", data), last, chunk(b"IEND"))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def png_of(array: np.ndarray, *extra: bytes, last: bytes = b"") -> bytes:
    """A PNG by hand of an (H, W, 1 to 4) array."""
    colour = {1: 0, 2: 4, 3: 2, 4: 6}[array.shape[2]]
    rows = [row.astype(array.dtype.newbyteorder(">")).tobytes() for row in array]
    return png(array.shape[:2], 8 * array.itemsize, colour, rows, *extra, last=last)


def tiff_of(
    array: np.ndarray,
    order: str = "<",
    photometric: int = 2,
    extra: int | None = None,
    planar: int = 1,
    sample_format: int = 1,
    more: tuple[tuple[int, str, list[int]], ...] = (),
) -> bytes:
    """An uncompressed TIFF by hand, its directory in front of the pixels, of an (H, W, C) array."""
    height, width, channels = array.shape
    data = array.astype(array.dtype.newbyteorder(order)).tobytes()
    tags = [
        (256, "I", [width]),
        (257, "I", [height]),
        (258, "H", [8 * array.itemsize] * channels),
        (259, "H", [1]),
        (262, "H", [photometric]),
        (273, "I", [0]),
        (277, "H", [channels]),
        (278, "I", [height]),
        (279, "I", [len(data)]),
        (284, "H", [planar]),
        (339, "H", [sample_format] * channels),
        *([] if extra is None else [(338, "H", [extra])]),
        *more,
    ]
    tags.sort()
    behind = 8 + 2 + 12 * len(tags) + 4
    longer = b"".join(struct.pack(f"{order}{len(v)}{k}", *v) for _, k, v in tags if len(v) * struct.calcsize(k) > 4)
    directory, place = struct.pack(order + "H", len(tags)), behind
    for tag, kind, values in tags:
        if tag == 273:
            values = [behind + len(longer)]
        packed = struct.pack(f"{order}{len(values)}{kind}", *values)
        directory += struct.pack(order + "HHI", tag, 3 if kind == "H" else 4, len(values))
        directory += packed.ljust(4, b"\0") if len(packed) <= 4 else struct.pack(order + "I", place)
        place += len(packed) if len(packed) > 4 else 0
    start = struct.pack(order + "2sHI", b"II" if order == "<" else b"MM", 42, 8)
    return start + directory + b"\0\0\0\0" + longer + data


def deflated_tiff(
    array: np.ndarray,
    tiles: bool = False,
    fill_order: int = 1,
    compression: int = 8,
    size: tuple[int, int] | None = None,
) -> tuple[bytes, int, int]:
    """A TIFF by hand, of one strip or tile, and where its packed pixels begin and end.

    array: (H, W, 3). size: the (H, W) that the file claims, if it is not the array's.
    """
    height, width = size or array.shape[:2]
    packed = zlib.compress(array.astype(array.dtype.newbyteorder("<")).tobytes(), 9)
    if fill_order == 2:
        packed = bytes(int(f"{byte:08b}"[::-1], 2) for byte in packed)
    place, length = (324, 325) if tiles else (273, 279)
    tags: dict[int, tuple[str, list[int]]] = {
        256: ("I", [width]),
        257: ("I", [height]),
        258: ("H", [8 * array.itemsize] * 3),
        259: ("H", [compression]),
        262: ("H", [2]),
        266: ("H", [fill_order]),
        277: ("H", [3]),
        place: ("I", [14]),
        length: ("I", [len(packed)]),
    }
    tags |= {322: ("I", [width]), 323: ("I", [height])} if tiles else {278: ("I", [height])}
    bits, directory = struct.pack("<3H", *tags[258][1]), b""
    for tag, (kind, values) in sorted(tags.items()):
        value = struct.pack("<I", 8) if tag == 258 else struct.pack(f"<{kind}", values[0]).ljust(4, b"\0")
        directory += struct.pack("<HHI", tag, 3 if kind == "H" else 4, len(values)) + value
    start = 14 + len(packed) + len(packed) % 2
    data = struct.pack("<2sHI", b"II", 42, start) + bits + packed + b"\0" * (len(packed) % 2)
    return data + struct.pack("<H", len(tags)) + directory + b"\0" * 4, 14, 14 + len(packed)


def sixteen_bit_png(array: np.ndarray) -> bytes:
    """By OpenCV, as an independent writer."""
    return cv2.imencode(".png", array[..., [2, 1, 0, 3][: array.shape[2]]])[1].tobytes()


def png_profile(data: bytes) -> bytes:
    return chunk(b"iCCP", b"x\0\0" + zlib.compress(data))
