"""What is no picture, or too large, or cut off."""

from __future__ import annotations

import importlib
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from inbetween import pictures
from inbetween.errors import InbetweenError
from support.containers import png, png_of, saved, sixteen_bit_png, written
from support.pictures import noise
from support.reading import every_kind, read, refused


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
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


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


def test_files_that_are_cut_off_are_refused(tmp_path: Path) -> None:
    for name, data in every_kind(tmp_path).items():
        whole = read(written(tmp_path / name, data))
        for keep in (len(data) // 4, len(data) // 2, len(data) * 3 // 4, len(data) - 30):
            path = written(tmp_path / name, data[:keep])
            with pytest.raises(InbetweenError, match="damaged or cut off") as caught:
                pictures.read(path)
            assert name in caught.value.message
        assert np.array_equal(read(written(tmp_path / name, data)), whole)
