"""Still pictures in and out. All files are made here, from numbers, so that every expected pixel is known."""

from __future__ import annotations

import importlib
import itertools
import struct
import subprocess
import sys
import zlib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageOps

from inbetween import pictures
from inbetween.errors import InbetweenError, UnknownName, UsageError
from inbetween.types import Report

QUICK = settings(max_examples=80, deadline=None, database=None)
DEPTHS = (np.uint8, np.uint16)


class Notes(Report):
    """Keeps what is said."""

    def __init__(self) -> None:
        self.notes: list[tuple[str, str, dict[str, Any]]] = []

    def note(self, code: str, text: str, **facts: Any) -> None:
        self.notes.append((code, text, facts))

    @property
    def codes(self) -> list[str]:
        return [code for code, _, _ in self.notes]


def noise(height: int, width: int, channels: int, dtype: Any = np.uint8, seed: int = 0) -> np.ndarray:
    top = int(np.iinfo(dtype).max)
    return np.random.default_rng(seed).integers(0, top + 1, (height, width, channels), dtype=dtype)


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


def sixteen_bit_png(array: np.ndarray) -> bytes:
    """By OpenCV, as an independent writer."""
    return cv2.imencode(".png", array[..., [2, 1, 0, 3][: array.shape[2]]])[1].tobytes()


def profile(space: bytes, tags: dict[bytes, bytes], pcs: bytes = b"XYZ ", name: str = "A Test Space") -> bytes:
    """An ICC profile, version 2, by hand."""
    text = struct.pack(">4s4xI", b"desc", len(name) + 1) + name.encode() + b"\0" * 79
    white = struct.pack(">4s4x3i", b"XYZ ", 63190, 65536, 54061)
    everything = {b"desc": text, b"wtpt": white, b"cprt": b"text\0\0\0\0none\0", **tags}
    table, body = struct.pack(">I", len(everything)), b""
    for tag, data in everything.items():
        table += struct.pack(">4sII", tag, 128 + 4 + 12 * len(everything) + len(body), len(data))
        body += data + b"\0" * (-len(data) % 4)
    kind = b"prtr" if space == b"CMYK" else b"mntr"
    head = struct.pack(">I4sI4s4s4s", 128 + len(table) + len(body), b"lcms", 0x02400000, kind, space, pcs)
    head += struct.pack(">6H4s28x3i", 2020, 1, 1, 0, 0, 0, b"acsp", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + table + body


def fixed(values: Any) -> bytes:
    return b"".join(struct.pack(">i", round(float(value) * 65536)) for value in values)


def gamma_curve(gamma: float) -> bytes:
    return struct.pack(">4s4xIH", b"curv", 1, round(gamma * 256))


def table_curve(values: np.ndarray) -> bytes:
    return struct.pack(">4s4xI", b"curv", len(values)) + np.rint(values * 65535).astype(">u2").tobytes()


def formula_curve(kind: int, *values: float) -> bytes:
    return struct.pack(">4s4xH2x", b"para", kind) + fixed(values)


def primaries(*chromaticities: tuple[float, float]) -> np.ndarray:
    """Linear RGB to XYZ, brought from D65 to D50 by Bradford's matrix; columns are the primaries."""
    cone = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
    columns = np.array([[x / y, 1, (1 - x - y) / y] for x, y in chromaticities]).T
    white = np.array([0.3127 / 0.3290, 1, (1 - 0.3127 - 0.3290) / 0.3290])
    adapted = np.linalg.inv(cone) @ np.diag(cone @ [0.9642, 1, 0.8249] / (cone @ white)) @ cone
    return adapted @ (columns * np.linalg.solve(columns, white))


SRGB = primaries((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
ADOBE = primaries((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
P3 = primaries((0.68, 0.32), (0.265, 0.69), (0.15, 0.06))


def matrix_profile(matrix: np.ndarray, curve: bytes, name: str = "A Test Space") -> bytes:
    tags = {b"rgb"[i : i + 1] + b"XYZ": b"XYZ \0\0\0\0" + fixed(matrix[:, i]) for i in range(3)}
    return profile(b"RGB ", tags | {c + b"TRC": curve for c in (b"r", b"g", b"b")}, name=name)


def table_profile(space: bytes, grid: list[tuple[int, int, int]]) -> bytes:
    """A `lut8` profile to Lab with two grid points per channel; the first channel varies slowest."""
    inks = 4 if space == b"CMYK" else 3
    data = struct.pack(">4s4xBBBx", b"mft1", inks, 3, 2) + fixed(np.eye(3).ravel())
    ramp = bytes(range(256))
    data += ramp * inks + bytes(itertools.chain.from_iterable(grid)) + ramp * 3
    return profile(space, {b"A2B0": data}, pcs=b"Lab ", name="Tables")


def encoded(light: np.ndarray) -> np.ndarray:
    light = np.clip(light, 0, 1)
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def decoded(code: np.ndarray) -> np.ndarray:
    return np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)


def png_profile(data: bytes) -> bytes:
    return chunk(b"iCCP", b"x\0\0" + zlib.compress(data))


def refused(path: Path, force: bool = False) -> InbetweenError:
    """The error that both `header` and `read` end with; checked to be one line each, with the file's name."""
    with pytest.raises(InbetweenError) as of_header:
        pictures.header(path, force)
    with pytest.raises(InbetweenError) as of_read:
        pictures.read(path, force=force)
    error = of_read.value
    assert (error.message, error.hint) == (of_header.value.message, of_header.value.hint)
    assert path.name in error.message
    assert "\n" not in error.message + error.hint
    assert error.hint
    return error


def read(path: Path, report: Report | None = None) -> np.ndarray:
    """`pictures.read`, checked against `pictures.header`."""
    header = pictures.header(path)
    picture = pictures.read(path, report)
    assert picture.shape == (*header.size, header.channels)
    assert picture.dtype == np.dtype(f"uint{header.bits}")
    assert picture.flags.c_contiguous
    return picture


# What is not a picture


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "empty"),
        (b"Just some words.\n", "text"),
        ("Grüße, \N{SNOWMAN}".encode() * 1000, "text"),
        (b"BMW is a car, this is a text", "text"),
        (b"The wide world", "text"),
        (b"<!DOCTYPE html><html></html>", "web page"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"%PDF-1.7\n", "PDF"),
        (b"v/1\x01\x02\0\0\0", "OpenEXR"),
        (b"GIF89a\x01\0\x01\0\0\0\0", "GIF"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
        (b"\0\0\0\x18ftypcrx \0\0\0\0crx isom", "raw"),
        (b"\0\0\0\x18ftypisom\0\0\0\0isommp42", "video"),
        (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", "video"),
        (b"\0\0\0\x08wide\0\0\0\0mdat", "video"),
        (b"\x1aE\xdf\xa3\x9fB\x86\x81", "video"),
        (b"RIFF\0\0\0\0AVI LIST", "video"),
        (b"G\x40\0\x10".ljust(188, b"\xff") + b"G", "video"),
        (b"\0\x01\x02\x03" * 50, "not a picture"),
        (b"II*\0\x10\0\0\0CR\x02\0", "raw"),
    ],
)
def test_other_files_are_named_for_what_they_are(tmp_path: Path, data: bytes, what: str) -> None:
    error = refused(written(tmp_path / "key.png", data))
    assert what in error.message
    if what == "video":
        assert "still pictures" in error.hint
    if what == "OpenEXR":
        assert "16-bit PNG or TIFF" in error.hint
    if what in ("GIF", "HEIC", "not a picture"):
        assert all(name in error.hint for name in ("PNG", "JPEG", "WebP", "TIFF", "BMP"))


def test_no_file_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "does not exist" in refused(tmp_path / "missing.png").message
    assert "folder" in refused(tmp_path).message
    here = written(tmp_path / "here.png", b"x")
    assert "does not exist" in refused(here / "below.png").message

    def denied(self: Path, *_: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)
    assert "may not be read" in refused(here).message


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "pipe.png")
    assert "not a file" in refused(tmp_path / "pipe.png").message


def test_names_of_any_kind(tmp_path: Path) -> None:
    eight, sixteen = noise(5, 7, 3), noise(5, 7, 3, np.uint16)
    for name in (
        "a b.png",
        "grün.png",
        "図形.png",
        "100%d_%05d.png",
        "a[1]{2}*?.png",
        "-x.png",
        "new\nline.png",
    ):
        for picture, data in ((eight, png_of(eight)), (sixteen, sixteen_bit_png(sixteen))):
            assert np.array_equal(read(written(tmp_path / name, data)), picture)
    with pytest.raises(InbetweenError) as caught:
        pictures.read(tmp_path / "two\nlines \udcff.png")
    assert "two\\nlines \\udcff.png" in caught.value.message


def test_importing_the_room_loads_nothing_heavy() -> None:
    code = "import sys, inbetween.pictures; print([m for m in ('cv2', 'torch', 'av') if m in sys.modules])"
    root = Path(__file__).parent.parent
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# Too large


def test_bombs_are_refused_by_their_header(tmp_path: Path) -> None:
    before = Image.MAX_IMAGE_PIXELS
    side = written(tmp_path / "side.png", png((60_000, 60_000), 8, 2, [b"\0"]))
    assert "60000×60000" in refused(side).message
    assert "60000×60000" in refused(side, force=True).message
    area = written(tmp_path / "area.png", png((9_000, 9_000), 8, 2, [b"\0"]))
    assert "64 million" in refused(area).message
    assert pictures.header(area, force=True) == pictures.Header((9_000, 9_000), 3, 8)
    with pytest.raises(InbetweenError, match="damaged"):
        pictures.read(area, force=True)
    assert before == Image.MAX_IMAGE_PIXELS


def test_pillows_own_limit_does_not_interfere(tmp_path: Path) -> None:
    # 180 million pixels, where `Image.open` raises.
    data = bytearray(saved(tmp_path / "small.jpg", Image.new("RGB", (8, 8))).read_bytes())
    frame = data.index(b"\xff\xc0") + 5
    data[frame : frame + 4] = struct.pack(">HH", 12_000, 15_000)
    path = written(tmp_path / "large.jpg", bytes(data))
    assert "15000×12000" in refused(path).message
    assert pictures.header(path, force=True).size == (12_000, 15_000)


def test_the_limit_holds_and_can_be_forced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(tmp_path / "a.png", Image.new("RGB", (20, 10), (1, 2, 3)))
    assert pictures.MAX_PIXELS == 64_000_000
    monkeypatch.setattr(importlib.import_module("inbetween.pictures.header"), "MAX_PIXELS", 199)
    assert "20×10" in refused(path).message
    assert pictures.read(path, force=True).shape == (10, 20, 3)


# Damaged


def every_kind(folder: Path) -> dict[str, bytes]:
    picture = Image.fromarray(noise(40, 50, 3))
    kinds = {
        "a.png": {},
        "b.jpg": {},
        "c.jpg": {"progressive": True},
        "d.webp": {},
        "e.webp": {"lossless": True},
        "f.tif": {},
        "g.tif": {"compression": "tiff_lzw"},
        "h.tif": {"compression": "tiff_deflate"},
        "i.bmp": {},
    }
    files = {name: saved(folder / name, picture, **words).read_bytes() for name, words in kinds.items()}
    deep = noise(40, 50, 3, np.uint16)
    return files | {
        "j.png": sixteen_bit_png(deep),
        "k.tif": tiff_of(deep),
        "l.tif": pictures.encode(deep, ".tif"),
        "m.tif": cv2.imencode(".tif", deep)[1].tobytes(),
    }


def test_files_that_are_cut_off_are_refused(tmp_path: Path) -> None:
    for name, data in every_kind(tmp_path).items():
        whole = read(written(tmp_path / name, data))
        for keep in (len(data) // 4, len(data) // 2, len(data) * 3 // 4, len(data) - 30):
            path = written(tmp_path / name, data[:keep])
            with pytest.raises(InbetweenError, match="damaged or cut off") as caught:
                pictures.read(path)
            assert name in caught.value.message
        assert np.array_equal(read(written(tmp_path / name, data)), whole)


@pytest.mark.parametrize("dtype", DEPTHS)
def test_one_wrong_bit_in_a_png_is_found(tmp_path: Path, dtype: Any) -> None:
    data = png_of(noise(20, 20, 3, dtype))
    for place in (20, data.index(b"IDAT") + 100, len(data) - 15, len(data) - 2):
        wrong = bytearray(data)
        wrong[place] ^= 1
        with pytest.raises(InbetweenError, match="damaged"):
            pictures.read(written(tmp_path / "a.png", bytes(wrong)))


@pytest.mark.parametrize("bits", [8, 16])
def test_a_png_with_too_few_rows_is_refused(tmp_path: Path, bits: int, capfd: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path / "a.png", png((9, 4), bits, 2, [bytes(range(12 * bits // 8))] * 5))
    with pytest.raises(InbetweenError, match="damaged"):
        pictures.read(path)
    assert "WARN" not in capfd.readouterr().err


# Kinds of pixels


@pytest.mark.parametrize("dtype", DEPTHS)
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_png_of_every_colour_type(tmp_path: Path, channels: int, dtype: Any) -> None:
    array = noise(5, 7, channels, dtype)
    expected = array if channels > 2 else array[..., [0, 0, 0, 1][: channels + 2]]
    assert np.array_equal(read(written(tmp_path / "a.png", png_of(array))), expected)


@pytest.mark.parametrize("channels", [3, 4])
def test_16_bit_png_by_opencv(tmp_path: Path, channels: int) -> None:
    array = noise(5, 7, channels, np.uint16)
    assert np.array_equal(read(written(tmp_path / "a.png", sixteen_bit_png(array))), array)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("dtype", DEPTHS)
def test_tiff_of_every_kind(tmp_path: Path, dtype: Any, order: str) -> None:
    def got(array: np.ndarray, **words: Any) -> np.ndarray:
        return read(written(tmp_path / "a.tif", tiff_of(array, order, **words)))

    top = np.iinfo(dtype).max
    grey, colour, four = (noise(5, 7, channels, dtype) for channels in (1, 3, 4))
    assert np.array_equal(got(grey, photometric=1), grey.repeat(3, axis=2))
    assert np.array_equal(got(grey, photometric=0), top - grey.repeat(3, axis=2))
    assert np.array_equal(got(colour), colour)
    assert np.array_equal(got(four, extra=2), four)
    assert np.array_equal(got(four), four)
    # A fourth channel that is no alpha.
    assert np.array_equal(got(four, extra=0), four[..., :3])
    # One channel is the same whichever way planes are ordered.
    if dtype == np.uint16:
        assert np.array_equal(got(grey, photometric=1, planar=2), grey.repeat(3, axis=2))


@pytest.mark.parametrize("dtype", DEPTHS)
def test_premultiplied_tiff_becomes_straight(tmp_path: Path, dtype: Any) -> None:
    top = int(np.iinfo(dtype).max)
    array = np.array([[[top // 4, 0, top // 2, top // 2], [9, 9, 9, 0], [5, 6, 7, top]]], dtype)
    picture = read(written(tmp_path / "a.tif", tiff_of(array, extra=1)))
    expected = np.array([top / 2, 0, top, top // 2])
    assert np.abs(picture[0, 0] - expected).max() <= 2
    assert picture[0, 1, 3] == 0
    assert picture[0, 2].tolist() == [5, 6, 7, top]


def test_tiff_that_does_not_fit_16_bits_is_refused(tmp_path: Path) -> None:
    def message(data: bytes) -> str:
        error = refused(written(tmp_path / "a.tif", data))
        assert "16 bit" in error.hint or "16-bit" in error.hint
        return error.message

    assert "floating point" in message(tiff_of(np.ones((4, 4, 3), np.float32), sample_format=3))
    assert "floating point" in message(tiff_of(np.ones((4, 4, 1), np.float16), photometric=1, sample_format=3))
    assert "32 bits" in message(tiff_of(np.ones((4, 4, 3), np.uint32)))
    assert "signed" in message(tiff_of(np.ones((4, 4, 1), np.int16), photometric=1, sample_format=2))
    assert "separate planes" in message(tiff_of(noise(4, 4, 3, np.uint16), planar=2))
    assert "grey with alpha" in message(tiff_of(noise(4, 4, 2, np.uint16), photometric=1, extra=2))
    # The first directory of a camera's raw file is a thumbnail, or is marked as a DNG.
    assert "raw" in message(tiff_of(noise(4, 4, 3), more=((254, "I", [1]),)))
    assert "raw" in message(tiff_of(noise(4, 4, 3), more=((50706, "I", [1]),)))


def test_greyscale_and_bilevel(tmp_path: Path) -> None:
    grey = noise(6, 9, 1)
    image = Image.fromarray(grey[..., 0])
    for name in ("a.png", "a.tif", "a.bmp"):
        assert np.array_equal(read(saved(tmp_path / name, image)), grey.repeat(3, axis=2))
        bilevel = np.where(grey > 127, 255, 0).repeat(3, axis=2)
        black_white = image.point(lambda value: 255 * (value > 127)).convert("1", dither=Image.Dither.NONE)
        assert np.array_equal(read(saved(tmp_path / name, black_white)), bilevel)
    picture = read(saved(tmp_path / "a.jpg", image, quality=95))
    assert np.abs(picture.astype(int) - grey).max() < 40
    assert np.ptp(picture, axis=2).max() == 0
    both = noise(6, 9, 2)
    for name in ("a.png", "a.tif"):
        assert np.array_equal(read(saved(tmp_path / name, Image.fromarray(both))), both[..., [0, 0, 0, 1]])


def test_few_bits_per_pixel(tmp_path: Path) -> None:
    for bits, row, values in (
        (1, b"\xa0", [255, 0, 255]),
        (2, b"\xe4", [255, 170, 85]),
        (4, b"\xf8\x10", [255, 136, 17]),
    ):
        picture = read(written(tmp_path / "a.png", png((1, 3), bits, 0, [row])))
        assert picture[0, :, 0].tolist() == values


def test_palette_with_and_without_transparency(tmp_path: Path) -> None:
    palette = chunk(b"PLTE", bytes([10, 20, 30, 40, 50, 60, 70, 80, 90]))
    rows = [bytes([0, 1, 2])]
    colours = [[10, 20, 30], [40, 50, 60], [70, 80, 90]]
    assert read(written(tmp_path / "a.png", png((1, 3), 8, 3, rows, palette)))[0].tolist() == colours
    half = chunk(b"tRNS", bytes([0, 128]))
    picture = read(written(tmp_path / "a.png", png((1, 3), 8, 3, rows, palette, half)))
    assert picture[0].tolist() == [[*colours[0], 0], [*colours[1], 128], [*colours[2], 255]]
    picture = read(written(tmp_path / "a.png", png((1, 3), 8, 3, rows, palette, chunk(b"tRNS"))))
    assert picture[0, :, 3].tolist() == [255, 255, 255]
    image = Image.fromarray(noise(9, 9, 3)).quantize(16)
    for name in ("a.bmp", "a.tif"):
        assert np.array_equal(read(saved(tmp_path / name, image)), np.asarray(image.convert("RGB")))


def test_one_transparent_colour(tmp_path: Path) -> None:
    for dtype, scale in ((np.uint8, 1), (np.uint16, 257)):
        top = int(np.iinfo(dtype).max)
        colour = (np.array([[[1, 2, 3], [1, 2, 4]]]) * scale).astype(dtype)
        clear = chunk(b"tRNS", struct.pack(">3H", *(value * scale for value in (1, 2, 3))))
        picture = read(written(tmp_path / "a.png", png_of(colour, clear)))
        assert picture[..., 3].tolist() == [[0, top]]
        assert np.array_equal(picture[..., :3], colour)
        grey = (np.array([[[7], [8]]]) * scale).astype(dtype)
        picture = read(written(tmp_path / "a.png", png_of(grey, chunk(b"tRNS", struct.pack(">H", 8 * scale)))))
        assert picture.tolist() == [[[7 * scale] * 3 + [top], [8 * scale] * 3 + [0]]]
    # The colour is given in the file's bits, here 2.
    picture = read(written(tmp_path / "a.png", png((1, 3), 2, 0, [b"\xe4"], chunk(b"tRNS", b"\0\2"))))
    assert picture[0].tolist() == [[255, 255, 255, 255], [170, 170, 170, 0], [85, 85, 85, 255]]


def test_alpha_is_kept_even_where_opaque(tmp_path: Path) -> None:
    opaque = np.dstack([noise(5, 5, 3), np.full((5, 5), 255, np.uint8)])
    for name, words in (("a.png", {}), ("a.webp", {"lossless": True, "exact": True}), ("a.tif", {})):
        picture = read(saved(tmp_path / name, Image.fromarray(opaque), **words))
        assert picture.shape[2] == 4 or name == "a.webp"
        assert np.array_equal(picture[..., :3], opaque[..., :3])
    clear = noise(5, 5, 4, seed=1)
    assert np.array_equal(read(saved(tmp_path / "b.webp", Image.fromarray(clear), lossless=True, exact=True)), clear)


def test_only_the_first_of_several_pictures(tmp_path: Path) -> None:
    first, second = noise(6, 8, 3, seed=1), noise(6, 8, 3, seed=2)
    images = [Image.fromarray(first), Image.fromarray(second)]
    for name, words in (("a.webp", {"lossless": True}), ("a.tif", {}), ("a.png", {})):
        notes = Notes()
        path = saved(tmp_path / name, images[0], save_all=True, append_images=images[1:], **words)
        assert np.array_equal(read(path, notes), first)
        assert notes.codes == ["first-picture"]
        assert name in notes.notes[0][1]
        assert notes.notes[0][2] == {"file": str(path)}
        notes = Notes()
        read(saved(tmp_path / f"one_{name}", images[0], **words), notes)
        assert notes.codes == []


@pytest.mark.skipif(find_spec("PIL._avif") is None, reason="this Pillow has no AVIF")
def test_avif(tmp_path: Path) -> None:
    flat = np.full((16, 24, 3), (200, 100, 50), np.uint8)
    exif = Image.Exif()
    exif[274] = 6
    picture = read(saved(tmp_path / "a.avif", Image.fromarray(flat), quality=95, exif=exif))
    assert picture.shape == (24, 16, 3)
    assert np.abs(picture.astype(int) - flat[0, 0]).max() < 6


# Rotation


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    block = chunk(b"eXIf", exif.tobytes().removeprefix(b"Exif\0\0"))
    for dtype in DEPTHS:
        array = noise(8, 16, 3, dtype)
        index = Image.fromarray(np.arange(8 * 16, dtype=np.int32).reshape(8, 16))
        index.getexif()[274] = orientation
        order = np.asarray(ImageOps.exif_transpose(index))
        expected = array.reshape(-1, 3)[order]
        files = {
            "before.png": png_of(array, block),
            "after.png": png_of(array, last=block),
            "a.tif": tiff_of(array, more=((274, "H", [orientation]),)),
            "b.tif": tiff_of(array, ">", more=((274, "H", [orientation]),)),
        }
        for name, data in files.items():
            assert np.array_equal(read(written(tmp_path / name, data)), expected), (name, dtype)
        if dtype == np.uint8:
            path = saved(tmp_path / "a.webp", Image.fromarray(array), lossless=True, exif=exif)
            assert np.array_equal(read(path), expected)
            blocks = np.kron(noise(1, 2, 3), np.ones((8, 8, 1), np.uint8))
            path = saved(tmp_path / "a.jpg", Image.fromarray(blocks), quality=100, subsampling=0, exif=exif)
            assert np.abs(read(path).astype(int) - blocks.reshape(-1, 3)[order]).max() <= 3


def test_nonsense_in_exif_is_not_a_rotation(tmp_path: Path) -> None:
    array = noise(4, 6, 3)
    for block in (
        b"",
        b"II*\0",
        b"II*\0\xff\xff\xff\xff",
        b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\3\0\0\0\x01\0\x63\0\0",
    ):
        assert np.array_equal(read(written(tmp_path / "a.png", png_of(array, chunk(b"eXIf", block)))), array)


# Colours


CURVES = {
    "gamma": (gamma_curve(563 / 256), lambda code: code ** (563 / 256)),
    "linear": (struct.pack(">4s4xI", b"curv", 0), lambda code: code),
    "table": (table_curve(np.linspace(0, 1, 1024) ** 1.8), lambda code: code**1.8),
    "formula 0": (formula_curve(0, 1.8), lambda code: code**1.8),
    "formula 1": (formula_curve(1, 2, 1.25, -0.25), lambda code: np.clip(1.25 * code - 0.25, 0, 1) ** 2),
    "formula 3": (formula_curve(3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045), decoded),
    "formula 2": (formula_curve(2, 2, 0.9, -0.18, 0), lambda code: np.clip(0.9 * code - 0.18, 0, 1) ** 2),
    "formula 4": (
        formula_curve(4, 2, 0.9, 0.05, 0.5, 0.1, 0.05, 0),
        lambda code: np.where(code >= 0.1, (0.9 * code + 0.05) ** 2 + 0.05, 0.5 * code),
    ),
}


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize("matrix", [ADOBE, P3], ids=["adobe", "p3"])
def test_profiles_of_matrix_and_curves(tmp_path: Path, matrix: np.ndarray, curve: str, channels: int) -> None:
    tag, to_light = CURVES[curve]
    data = matrix_profile(matrix, tag, name="A Wide  Space")
    eight = noise(48, 64, channels)
    eight[:16, :, :3] //= 5
    light = to_light(eight[..., :3] / 255) @ (np.linalg.inv(SRGB) @ matrix).T
    expected = encoded(light)
    results = []
    for array, name in ((eight, "8.png"), (eight.astype(np.uint16) * 257, "16.png")):
        notes = Notes()
        path = written(tmp_path / name, png_of(array, png_profile(data)))
        picture = read(path, notes)
        assert picture.dtype == array.dtype
        assert np.array_equal(picture[..., 3:], array[..., 3:])
        text = f"{name}: colours brought from A Wide Space to sRGB"
        assert notes.notes == [("icc", text, {"file": str(path), "profile": "A Wide Space", "exact": True})]
        results.append(picture[..., :3] / np.iinfo(array.dtype).max)
    # Pillow's 8-bit tables are less exact in deep shadows, where linear light is all but constant.
    assert np.abs(results[0] - expected).max() < (3 if curve == "linear" else 1.6) / 255
    assert np.abs(results[1] - expected).max() < 0.25 / 255
    assert np.abs(results[0] - eight[..., :3] / 255).max() > 5 / 255


def test_profile_in_every_format(tmp_path: Path) -> None:
    flat = np.full((16, 16, 3), (200, 120, 40), np.uint8)
    data = matrix_profile(ADOBE, gamma_curve(563 / 256))
    expected = 255 * encoded((flat[0, 0] / 255) ** (563 / 256) @ (np.linalg.inv(SRGB) @ ADOBE).T)
    for name, words in (
        ("a.png", {}),
        ("a.jpg", {"quality": 100, "subsampling": 0}),
        ("a.webp", {"lossless": True}),
        ("a.tif", {}),
    ):
        picture = read(saved(tmp_path / name, Image.fromarray(flat), icc_profile=data, **words))
        assert np.abs(picture - expected).max() < 2.5, name


@pytest.mark.parametrize(
    "tag",
    [table_curve(0.02 + 0.98 * np.linspace(0, 1, 1024) ** 2), formula_curve(2, 2, 0.95, 0.04, 0.02)],
    ids=["table", "formula"],
)
def test_black_point_compensation_at_16_bits(tmp_path: Path, tag: bytes) -> None:
    # The profile's black is 2 % grey light; it must become 0, and white stay white.
    ramp = np.arange(0, 256, 5, dtype=np.uint8).reshape(1, -1, 1).repeat(3, axis=2)
    data = png_profile(matrix_profile(SRGB, tag))
    eight = read(written(tmp_path / "8.png", png_of(ramp, data)))
    sixteen = read(written(tmp_path / "16.png", png_of(ramp.astype(np.uint16) * 257, data)))
    assert sixteen[0, 0].max() <= 64
    assert sixteen[0, -1].min() >= 65535 - 64
    assert np.abs(eight - sixteen / 257).max() <= 1.5


@pytest.mark.parametrize("dtype", DEPTHS)
def test_srgb_profiles_change_nothing(tmp_path: Path, dtype: Any) -> None:
    array = noise(8, 8, 3, dtype)
    named = matrix_profile(SRGB, CURVES["formula 3"][0], name="Monitor 7")
    tables = matrix_profile(SRGB, table_curve(decoded(np.linspace(0, 1, 4096))), name="sRGB IEC61966-2.1")
    for data in (named, tables):
        notes = Notes()
        assert np.array_equal(read(written(tmp_path / "a.png", png_of(array, png_profile(data))), notes), array)
        assert notes.codes == []
    # The name alone is not believed.
    liar = png_profile(matrix_profile(P3, CURVES["formula 3"][0], name="sRGB"))
    assert not np.array_equal(read(written(tmp_path / "a.png", png_of(array, liar))), array)


@pytest.mark.parametrize("dtype", DEPTHS)
def test_grey_profiles(tmp_path: Path, dtype: Any) -> None:
    top = int(np.iinfo(dtype).max)
    ramp = (np.arange(256) * (top // 255)).astype(dtype).reshape(1, -1, 1)
    both = np.concatenate([ramp, ramp[:, ::-1]], axis=2)
    steep = profile(b"GRAY", {b"kTRC": gamma_curve(3)})
    lightness = profile(b"GRAY", {b"kTRC": gamma_curve(1)}, pcs=b"Lab ")
    codes = np.arange(256) / 255
    lab = np.where(codes > 0.08, ((codes + 0.16) / 1.16) ** 3, codes / 9.033)
    for data, light in ((steep, codes**3), (lightness, lab)):
        for array in (ramp, both):
            notes = Notes()
            picture = read(written(tmp_path / "a.png", png_of(array, png_profile(data))), notes)
            assert notes.codes == ["icc"]
            assert np.abs(picture[0, :, 0] / top - encoded(light)).max() <= 0.51 / top
            assert np.ptp(picture[..., :3], axis=2).max() == 0
            assert np.array_equal(picture[..., 3:], array[..., 1:])
    same = png_profile(profile(b"GRAY", {b"kTRC": CURVES["formula 3"][0]}))
    notes = Notes()
    assert np.array_equal(read(written(tmp_path / "a.png", png_of(ramp, same)), notes), ramp.repeat(3, axis=2))
    assert notes.codes == []


def test_profiles_of_tables_at_16_bits_say_that_they_are_less_exact(tmp_path: Path) -> None:
    grid = [(int(np.mean(corner) * 255), 128, 128) for corner in itertools.product((0, 1), repeat=3)]
    data = png_profile(table_profile(b"RGB ", grid))
    eight = noise(16, 16, 3)
    notes = Notes()
    shallow = read(written(tmp_path / "8.png", png_of(eight, data)), notes)
    deep = read(written(tmp_path / "16.png", png_of(eight.astype(np.uint16) * 257, data)), notes)
    assert np.array_equal(deep, shallow.astype(np.uint16) * 257)
    assert np.ptp(shallow.astype(int), axis=2).max() <= 1
    assert [facts["exact"] for _, _, facts in notes.notes] == [True, False]
    assert "at 8 bits" in notes.notes[1][1]


@pytest.mark.parametrize("dtype", DEPTHS)
def test_profiles_that_cannot_be_used_are_ignored_and_noted(tmp_path: Path, dtype: Any) -> None:
    array = noise(4, 4, 3, dtype)
    whole = matrix_profile(ADOBE, gamma_curve(2.2))
    chunks = {
        "is broken": png_profile(b"nonsense" * 40),
        "broken": png_profile(whole[:150]),
        "is broken;": chunk(b"iCCP", b"x\0\0not deflated"),
        "is for GRAY": png_profile(profile(b"GRAY", {b"kTRC": gamma_curve(2)})),
        "is for CMYK": png_profile(table_profile(b"CMYK", [(0, 128, 128)] * 16)),
    }
    for reason, data in chunks.items():
        notes = Notes()
        assert np.array_equal(read(written(tmp_path / "a.png", png_of(array, data)), notes), array)
        assert notes.codes == ["icc-ignored"]
        assert reason in notes.notes[0][1]
    bad_curve = {b"rTRC": b"junk" * 4, b"gTRC": formula_curve(1, 2, 0, 1), b"bTRC": formula_curve(0, -3)}
    for name, curve in bad_curve.items():
        notes = Notes()
        grey = profile(b"GRAY", {b"kTRC": curve}, name=name.decode())
        read(written(tmp_path / "a.png", png_of(array[..., :1], png_profile(grey))), notes)
        assert notes.codes == ["icc-ignored"]


def red_ink(size: tuple[int, int] = (16, 16)) -> Image.Image:
    return Image.new("CMYK", size, (0, 255, 255, 0))


def test_cmyk_without_a_profile(tmp_path: Path) -> None:
    inks = Image.frombytes("CMYK", (9, 7), noise(7, 9, 4).tobytes())
    notes = Notes()
    path = saved(tmp_path / "a.tif", inks)
    assert np.array_equal(read(path, notes), np.asarray(inks.convert("RGB")))
    assert notes.codes == ["cmyk"]
    deep = np.asarray(inks).astype(np.uint16) * 257
    assert np.array_equal(read(written(tmp_path / "b.tif", tiff_of(deep, photometric=5))), read(path))
    # As Adobe writes it, inverted.
    adobe = saved(tmp_path / "a.jpg", red_ink(), quality=100)
    assert read(adobe)[3, 3].tolist() == [255, 0, 0]
    # Without Adobe's mark it is not inverted. Pillow inverts in writing: two negatives make a plain file.
    data = saved(tmp_path / "b.jpg", ImageChops.invert(red_ink()), quality=100).read_bytes()
    mark = data.index(b"\xff\xee")
    length = 2 + struct.unpack(">H", data[mark + 2 : mark + 4])[0]
    plain = written(tmp_path / "c.jpg", data[:mark] + data[mark + length :])
    assert read(plain)[3, 3].tolist() == [255, 0, 0]


def test_cmyk_by_its_profile(tmp_path: Path) -> None:
    # Any single colour is a grey of 2/3 lightness, black ink is black.
    grid = [
        (0 if k else round(255 * (1 - (c + m + y) / 3)), 128, 128) for c, m, y, k in itertools.product((0, 1), repeat=4)
    ]
    data = table_profile(b"CMYK", grid)
    inks = Image.new("CMYK", (32, 8))
    for x, ink in enumerate([(0, 0, 0, 0), (255, 0, 0, 0), (0, 255, 255, 0), (0, 0, 0, 255)]):
        inks.paste(ink, (8 * x, 0, 8 * x + 8, 8))
    # L* of 100, 66.7, 33.3 and 0 as sRGB.
    expected = np.array([255, 162, 78, 0])
    for name, words in (("a.tif", {}), ("a.jpg", {"quality": 100})):
        notes = Notes()
        picture = read(saved(tmp_path / name, inks, icc_profile=data, **words), notes)
        assert np.abs(picture[4, 4::8].astype(int) - expected[:, None]).max() <= 2
        assert notes.codes == ["icc"]


# Alike


def test_like_and_unify() -> None:
    rgb, rgba, deep = noise(4, 5, 3), noise(4, 5, 4), noise(4, 5, 3, np.uint16)
    assert pictures.like(rgb, 3, np.uint8) is rgb
    assert pictures.like(rgb, 3, "uint8") is rgb
    assert pictures.like(deep, 3, np.uint16) is deep
    assert np.array_equal(pictures.like(rgb, 4, "uint16")[..., :3], rgb.astype(int) * 257)
    assert (pictures.like(rgb, 4, np.uint16)[..., 3] == 65535).all()
    assert np.array_equal(pictures.like(rgba, 3, np.uint8), pictures.flattened(rgba))
    assert np.array_equal(pictures.like(deep, 3, "uint8"), pictures.to_8_bit(deep))
    same = pictures.unify([rgb, rgb])
    assert same[0] is rgb
    assert same[1] is rgb
    mixed = pictures.unify([rgb, rgba, deep])
    assert [(p.shape[2], p.dtype) for p in mixed] == [(4, np.uint16)] * 3
    assert np.array_equal(mixed[1], rgba.astype(int) * 257)
    assert np.array_equal(mixed[2][..., :3], deep)
    assert pictures.unify([]) == []


def test_to_8_bit_rounds_every_value_to_nearest() -> None:
    values = np.arange(65536, dtype=np.uint16).reshape(256, 256, 1).repeat(3, axis=2)
    assert np.array_equal(pictures.to_8_bit(values), np.rint(values / 257))
    eight = noise(3, 3, 4)
    assert pictures.to_8_bit(eight) is eight


def test_flattened_rounds_every_product_to_nearest() -> None:
    value, alpha = np.meshgrid(np.arange(256), np.arange(256))
    every = np.dstack([value, value, value, alpha]).astype(np.uint8)
    assert np.array_equal(pictures.flattened(every)[..., 0], np.floor(value * alpha / 255 + 0.5))
    deep = noise(200, 200, 4, np.uint16)
    deep[:2] = 65535
    exact = (deep[..., :3].astype(np.uint64) * deep[..., 3:] + 32767) // 65535
    assert np.array_equal(pictures.flattened(deep), exact)
    rgb = noise(3, 3, 3)
    assert pictures.flattened(rgb) is rgb


@QUICK
@given(seed=st.integers(0, 1000), dtype=st.sampled_from(DEPTHS), few=st.booleans())
def test_premultiplied_and_back(seed: int, dtype: Any, few: bool) -> None:
    picture = noise(6, 6, 4, dtype, seed)
    if few:
        picture[..., 3] %= 4
    picture[0, 0, 3], picture[0, 1, 3] = 0, np.iinfo(dtype).max
    array = pictures.premultiplied(picture)
    assert array.dtype == np.float32
    assert 0 <= array.min() <= array.max() <= 1
    assert (array[..., :3] <= array[..., 3:]).all()
    # Exact for all that can be seen, not only for what is opaque.
    expected = np.where(picture[..., 3:] > 0, picture, 0)
    back = pictures.straight(array, dtype)
    assert back.dtype == dtype
    assert np.array_equal(back, expected)


def test_premultiplied_values_and_bounds() -> None:
    array = pictures.premultiplied(np.array([[[255, 102, 0, 51], [255, 0, 51, 255]]], np.uint8))
    assert np.allclose(array, [[[0.2, 0.08, 0, 0.2], [1, 0, 0.2, 1]]])
    assert np.array_equal(pictures.premultiplied(noise(2, 2, 3))[..., 3], np.ones((2, 2)))
    wild = np.array([[[2, -1, 0.5, 0.5], [1, 1, 1, -1], [0.2, 0.2, 0.2, 1e-9]]], np.float32)
    assert pictures.straight(wild, np.uint8).tolist() == [[[255, 0, 255, 128], [0] * 4, [0] * 4]]


# Sizes

sizes = st.tuples(st.integers(1, 40), st.integers(1, 40))


@QUICK
@given(
    size=sizes,
    target=sizes,
    how=st.sampled_from(["crop", "pad", "stretch"]),
    colour=st.lists(st.integers(0, 65535), min_size=3, max_size=4),
    dtype=st.sampled_from(DEPTHS),
)
def test_fit_gives_the_size_and_keeps_a_constant_picture(
    size: tuple[int, int], target: tuple[int, int], how: str, colour: list[int], dtype: Any
) -> None:
    pixel = np.array(colour).astype(dtype)
    if len(pixel) == 4 and pixel[3] == 0:
        pixel[:] = 0
    picture = np.broadcast_to(pixel, (*size, len(pixel)))
    result = pictures.fit(picture, target, how)
    assert result.shape == (*target, len(pixel))
    assert result.dtype == dtype
    if size == target:
        assert result is picture
        return
    assert result.flags.c_contiguous
    top = left = 0
    if how == "pad":
        # The inner part fills one side and is rounded half up on the other, in the middle.
        scale = min((target[0] * size[1], 0), (target[1] * size[0], 1))[1]
        inner = list(target)
        other = 1 - scale
        inner[other] = max(1, (2 * size[other] * target[scale] + size[scale]) // (2 * size[scale]))
        top, left = (target[0] - inner[0]) // 2, (target[1] - inner[1]) // 2
        mask = np.zeros(target, bool)
        mask[top : top + inner[0], left : left + inner[1]] = True
        assert not result[~mask].any()
        result = result[top : top + inner[0], left : left + inner[1]]
    # One step of 16-bit straight alpha may go when colours are divided by a small alpha.
    assert np.abs(result.astype(int) - pixel).max() <= (1 if len(pixel) == 4 and dtype == np.uint16 else 0)


@QUICK
@given(size=sizes, target=sizes)
def test_crop_keeps_the_middle_and_the_aspect(size: tuple[int, int], target: tuple[int, int]) -> None:
    # Ramps: cubic and area scaling keep straight lines away from the borders.
    y, x = np.mgrid[: size[0], : size[1]].astype(float)
    ramp = np.dstack([y, x, x]) * 1000
    result = pictures.fit(ramp.astype(np.uint16), target, "crop").astype(float) / 1000
    scale = max(target[0] / size[0], target[1] / size[1])
    for axis, line in ((0, result[:, target[1] // 2, 0]), (1, result[target[0] // 2, :, 1])):
        middle = (size[axis] - 1) / 2
        # Rounded sizes put the middle out by about half a pixel, of the coarser of both pictures.
        assert abs(line.mean() - middle) <= 0.65 * max(1, 1 / scale)
        slack = 1.2 * max(1, 1 / scale)
        assert target[axis] / scale - slack - 1 / scale <= np.ptp(line) <= target[axis] / scale + slack / 2


def test_fit_by_hand() -> None:
    picture = noise(4, 8, 3)
    assert np.array_equal(pictures.fit(picture, (4, 4), "crop"), picture[:, 2:6])
    assert np.array_equal(pictures.fit(picture, (4, 3), "crop").shape, (4, 3, 3))
    padded = pictures.fit(picture, (7, 8), "pad")
    assert np.array_equal(padded[1:5], picture)
    assert not padded[[0, 5, 6]].any()
    halved = pictures.fit(picture, (2, 4), "stretch")
    means = picture.reshape(2, 2, 4, 2, 3).mean(axis=(1, 3))
    assert np.abs(halved - means).max() <= 0.51
    # Smaller one way and larger the other.
    mixed = pictures.fit(picture, (8, 4), "stretch")
    narrow = picture.reshape(4, 4, 2, 3).mean(axis=2)
    assert np.abs(mixed.reshape(4, 2, 4, 3).mean(axis=1) - narrow).mean() < 8
    strip = pictures.fit(np.full((1, 30_000, 3), 9, np.uint8), (50, 50), "crop")
    assert (strip == 9).all()


@pytest.mark.parametrize("target", [(3, 5), (16, 24)])
@pytest.mark.parametrize("dtype", DEPTHS)
def test_fit_makes_no_halo(dtype: Any, target: tuple[int, int]) -> None:
    top = np.iinfo(dtype).max
    picture = np.zeros((8, 12, 4), dtype)
    picture[:, :5] = (top, 0, 0, top)
    picture[:, 5:] = (0, top, 0, 0)
    result = pictures.fit(picture, target, "stretch")
    seen = result[result[..., 3] > 0]
    assert (seen[:, :3] == (top, 0, 0)).all()
    assert 0 < len(seen) < result[..., 0].size


def test_fit_refuses_nonsense() -> None:
    with pytest.raises(UnknownName, match="squash"):
        pictures.fit(noise(2, 2, 3), (4, 4), "squash")
    with pytest.raises(UsageError):
        pictures.fit(noise(2, 2, 3), (0, 4), "pad")


# Writing


@pytest.mark.parametrize("suffix", [".png", ".PNG", ".tif", ".tiff"])
@pytest.mark.parametrize("dtype", DEPTHS)
@pytest.mark.parametrize("channels", [3, 4])
def test_png_and_tiff_keep_every_value(tmp_path: Path, channels: int, dtype: Any, suffix: str) -> None:
    for size in ((1, 1), (37, 53), (300, 400)):
        picture = noise(*size, channels, dtype)
        data = pictures.encode(picture, suffix)
        assert data == pictures.encode(picture.copy(), suffix)
        path = written(tmp_path / f"a{suffix}", data)
        notes = Notes()
        assert np.array_equal(read(path, notes), picture)
        assert notes.codes == []
        # And so say others.
        by_opencv = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
        if dtype == np.uint16 or suffix.lower() == ".png":
            assert np.array_equal(by_opencv[..., [2, 1, 0, 3][:channels]], picture)
        with Image.open(path) as image:
            if dtype == np.uint8:
                assert np.array_equal(np.asarray(image), picture)
            if "tif" in suffix:
                assert image.tag_v2.get(338) == ((2,) if channels == 4 else None)
            else:
                assert image.info["srgb"] == 0


@pytest.mark.parametrize(("channels", "dtype"), [(3, np.uint8), (4, np.uint16)])
def test_a_large_png_is_packed_in_parts(channels: int, dtype: Any) -> None:
    """More than is filtered at a time; other decoders must find no seam."""
    picture = noise(1100, 1700, channels, dtype)
    data = pictures.encode(picture, ".png")
    assert data.count(b"IDAT") > 1
    found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(found[..., [2, 1, 0, 3][:channels]], picture)


def test_a_view_of_a_picture_is_written_as_it_looks(tmp_path: Path) -> None:
    view = noise(30, 40, 4, np.uint16)[::-1, 5:25, :3]
    for suffix in (".png", ".tif"):
        assert np.array_equal(read(written(tmp_path / f"a{suffix}", pictures.encode(view, suffix))), view)


@pytest.mark.parametrize("suffix", [".jpg", ".jpeg"])
def test_jpeg_is_good_and_without_chroma_subsampling(tmp_path: Path, suffix: str) -> None:
    smooth = cv2.resize(noise(6, 8, 4), (64, 48), interpolation=cv2.INTER_CUBIC)
    for picture in (smooth[..., :3], smooth, smooth.astype(np.uint16) * 257):
        path = written(tmp_path / f"a{suffix}", pictures.encode(picture, suffix))
        expected = pictures.to_8_bit(pictures.flattened(picture))
        assert np.abs(read(path).astype(int) - expected).mean() < 2
        with Image.open(path) as image:
            # One sampling factor for all three components.
            assert {layer[1:3] for layer in image.layer} == {(1, 1)}


def test_other_suffixes_are_refused() -> None:
    assert pictures.WRITABLE == (".png", ".tif", ".tiff", ".jpg", ".jpeg")
    with pytest.raises(UnknownName, match=r"\.jpge"):
        pictures.encode(noise(2, 2, 3), ".jpge")
