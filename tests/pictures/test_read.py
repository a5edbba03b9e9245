"""Every kind of picture file, read."""

from __future__ import annotations

import struct
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps

from inbetween import pictures
from inbetween.errors import InbetweenError
from support.containers import chunk, deflated_tiff, png, png_of, saved, sixteen_bit_png, tiff_of, written
from support.pictures import noise
from support.reading import read, refused
from support.reports import Heard

DEPTHS = (np.uint8, np.uint16)


@pytest.mark.parametrize("dtype", DEPTHS)
def test_one_wrong_bit_in_a_png_is_found(tmp_path: Path, dtype: Any) -> None:
    data = png_of(noise(20, 20, 3, dtype))
    for place in (20, data.index(b"IDAT") + 100, len(data) - 15, len(data) - 2):
        wrong = bytearray(data)
        wrong[place] ^= 1
        with pytest.raises(InbetweenError, match="damaged"):
            pictures.read(written(tmp_path / "a.png", bytes(wrong)))


@pytest.mark.parametrize("dtype", DEPTHS)
@pytest.mark.parametrize("tiles", [False, True])
@pytest.mark.parametrize("fill_order", [1, 2])
@pytest.mark.parametrize("compression", [8, 32946])
def test_one_wrong_bit_in_a_deflated_tiff_is_found(
    tmp_path: Path, dtype: Any, tiles: bool, fill_order: int, compression: int, capfd: pytest.CaptureFixture[str]
) -> None:
    array = noise(8, 8, 3, dtype).repeat(4, axis=0).repeat(4, axis=1)
    data, begin, end = deflated_tiff(array, tiles, fill_order, compression)
    assert np.array_equal(read(written(tmp_path / "a.tif", data)), array)
    refusals = 0
    for place in range(begin, end, 3):
        wrong = bytearray(data)
        wrong[place] ^= 1 << place % 8
        # A few bits of the stream do not matter, such as those of codes that are never used.
        try:
            assert np.array_equal(pictures.read(written(tmp_path / "a.tif", bytes(wrong))), array)
        except InbetweenError as error:
            assert "damaged" in error.message  # noqa: PT017
            refusals += 1
    assert refusals > 0.9 * len(range(begin, end, 3))
    assert capfd.readouterr().err == ""


def test_a_deflated_tiff_that_unpacks_without_end_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "a.tif", deflated_tiff(np.zeros((7_000, 7_000, 3), np.uint8), size=(16, 16))[0])
    with pytest.raises(InbetweenError, match="damaged"):
        pictures.read(path)


def test_complaints_of_decoders_are_not_printed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    whole = saved(tmp_path / "a.tif", Image.fromarray(noise(40, 50, 3)), compression="tiff_lzw").read_bytes()
    broken = whole[:100] + bytes(255 - byte for byte in whole[100:500]) + whole[500:]
    with pytest.raises(InbetweenError, match="damaged"):
        pictures.read(written(tmp_path / "a.tif", broken))
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("bits", [8, 16])
def test_a_png_with_too_few_rows_is_refused(tmp_path: Path, bits: int, capfd: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path / "a.png", png((9, 4), bits, 2, [bytes(range(12 * bits // 8))] * 5))
    with pytest.raises(InbetweenError, match="damaged"):
        pictures.read(path)
    assert "WARN" not in capfd.readouterr().err


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
        notes = Heard()
        path = saved(tmp_path / name, images[0], save_all=True, append_images=images[1:], **words)
        assert np.array_equal(read(path, notes), first)
        assert notes.codes == ["first-picture"]
        assert name in notes.notes[0].text
        assert notes.notes[0].facts == {"file": str(path)}
        notes = Heard()
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
