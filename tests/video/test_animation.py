"""Animations and GIFs: times, loops, alpha, and the check of what was written."""

from __future__ import annotations

import contextlib
import os
import struct
import tempfile
import zlib
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from inbetween.errors import InbetweenError
from inbetween.types import Picture, Report
from inbetween.video import animation, sinks
from inbetween.video.write import FilmFormat, write
from support.clips import NTSC, ODD_RATES, RATES, SIZE, deep, disc, glass, made, written_of, yuv
from support.pictures import psnr, scene
from support.reports import Heard


def test_sprites_of_16_bits_in_an_animation(tmp_path: Path) -> None:
    """Hard edges, which the encoder would lay over the frame before."""
    pictures = [np.full((*SIZE, 4), 40_000, np.uint16) for _ in range(3)]
    for index, picture in enumerate(pictures):
        picture[..., 3] = 0
        picture[10:20, 10 + 2 * index : 30, 3] = 65535
    report = Heard()
    written = written_of(tmp_path / "a.apng", pictures, None, report=report)
    assert (written.count, written.pixel_format) == (3, "rgba")
    assert report.loud == ["bit_depth"]


def test_an_animated_png_says_srgb_and_square_pixels(tmp_path: Path) -> None:
    made(tmp_path / "a.apng")
    data = (tmp_path / "a.apng").read_bytes()
    assert b"\0\0\0\1sRGB" in data
    place = data.index(b"pHYs")
    across, down = struct.unpack(">II", data[place + 4 : place + 12])
    assert across == down > 0
    with Image.open(tmp_path / "a.apng") as image:
        assert image.n_frames == 5
        for index in range(5):
            image.seek(index)
            np.testing.assert_array_equal(np.asarray(image.convert("RGB")), disc(index))


@pytest.mark.parametrize("encoder", [None, "-lossless 1", "-quality 40"])
@pytest.mark.parametrize("channels", [3, 4])
def test_an_animated_webp(tmp_path: Path, encoder: str | None, channels: int) -> None:
    report = Heard()
    pictures: list[Picture] = [scene(index / 8) if channels == 3 else glass(index) for index in range(9)]
    written = written_of(tmp_path / "a.webp", pictures, encoder=encoder, report=report)
    assert (written.kind, written.count, written.codec, report.loud) == ("animation", 9, "webp", [])
    with Image.open(tmp_path / "a.webp") as image:
        assert image.n_frames == 9
        for index, picture in enumerate(pictures):
            image.seek(index)
            seen = np.asarray(image.convert("RGBA"))
            alpha = picture[..., 3] if channels == 4 else np.uint8(255)
            assert np.all(seen[..., 3] == alpha)
            mask = np.broadcast_to(alpha == 255, seen.shape[:2])
            if encoder == "-lossless 1":
                np.testing.assert_array_equal(seen[mask], np.dstack([picture[..., :3], seen[..., 3]])[mask])
            else:
                assert psnr(yuv(seen)[mask][:, 0], yuv(picture)[mask][:, 0]) > (38 if encoder is None else 29)


def test_sixteen_bits_in_a_webp_are_said(tmp_path: Path) -> None:
    report = Heard()
    written_of(tmp_path / "a.webp", [deep(0, 4), deep(1, 4)], report=report)
    assert report.loud == ["bit_depth"]
    assert "reduced to 8 for .webp" in report.notes[0].text


@pytest.mark.parametrize("suffix", [".webp", ".apng"])
@pytest.mark.parametrize("rate", [r for r in RATES + ODD_RATES if r < 500], ids=str)
@pytest.mark.parametrize("count", [1, 7])
def test_times_of_an_animation_are_exact(tmp_path: Path, suffix: str, rate: Fraction, count: int) -> None:
    path = tmp_path / f"a{suffix}"
    report = Heard()
    written = made(path, count, rate, (16, 16), report)
    said = animation.times(str(path), suffix)
    assert len(said.delays) == count
    starts = [sum(said.delays[:number], Fraction(0)) for number in range(count + 1)]
    if suffix == ".webp":
        # The nearest milliseconds.
        assert all(abs(start - number / rate) <= Fraction(1, 2000) for number, start in enumerate(starts))
    elif rate in RATES or rate < 1:
        assert starts == [number / rate for number in range(count + 1)]
    else:
        assert all(abs(start - number / rate) < Fraction(1, 10**8) for number, start in enumerate(starts))
    assert (written.count, written.duration) == (count, starts[-1])
    with Image.open(path) as image:
        assert image.n_frames == count
    assert report.loud == []


@pytest.mark.parametrize("suffix", [".webp", ".apng", ".gif"])
@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("loop", [False, True])
def test_an_animation_loops_only_when_asked(tmp_path: Path, suffix: str, count: int, channels: int, loop: bool) -> None:
    path = tmp_path / f"a{suffix}"
    written = made(path, count, Fraction(2), channels=channels, loop=loop)
    assert (written.count, written.duration) == (count, Fraction(count, 2))
    with Image.open(path) as image:
        assert image.n_frames == count
        assert image.info.get("loop") == (0 if loop else None if suffix == ".gif" else 1)
        shown = np.asarray(image.convert("RGBA"))
    assert np.all(shown[..., 3] == (disc(0, channels=4)[..., 3] if channels == 4 else 255))
    if suffix != ".gif":
        assert animation.times(str(path), suffix).loop is loop


@pytest.mark.parametrize("encoder", [None, "-lossless 1"])
@pytest.mark.parametrize("channels", [3, 4])
def test_equal_frames_last_as_long_as_they_are_many(tmp_path: Path, encoder: str | None, channels: int) -> None:
    """In a WebP they are one."""
    first, second = disc(0, channels=channels), disc(3, channels=channels)
    for pictures, delays in (
        ([first] * 5, [200]),
        ([first, first, second, second, second, first], [80, 120, 40]),
    ):
        for suffix in (".webp", ".apng", ".gif"):
            path = tmp_path / f"{len(pictures)}{suffix}"
            written = written_of(path, pictures, encoder=encoder if suffix == ".webp" else None)
            assert (written.count, written.duration) == (len(pictures), Fraction(len(pictures), 25))
        said = animation.times(str(tmp_path / f"{len(pictures)}.webp"), ".webp")
        assert [delay * 1000 for delay in said.delays] == delays
        assert len(animation.times(str(tmp_path / f"{len(pictures)}.apng"), ".apng").delays) == len(pictures)


def test_fast_animations_are_said(tmp_path: Path) -> None:
    for suffix, rate in ((".webp", 100), (".apng", 100)):
        report = Heard()
        made(tmp_path / f"a{suffix}", 3, Fraction(rate), report=report)
        assert report.loud == ["viewer_rate"]


# --- the check of animations ---


@pytest.mark.parametrize("suffix", [".webp", ".apng"])
def test_an_animation_that_is_not_as_planned_gets_no_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    finish = animation.finish
    path = tmp_path / f"a{suffix}"

    def refused(spoil: Any, message: str) -> None:
        def spoiled(part: str, *words: Any) -> None:
            finish(part, *words)
            spoil(part, *words)

        monkeypatch.setattr(animation, "finish", spoiled)
        with pytest.raises(InbetweenError, match=f"not what was planned: {message}"):
            written_of(path, [scene(index / 4) for index in range(5)])
        assert os.listdir(tmp_path) == []

    def looped(part: str, *words: Any) -> None:
        data = Path(part).read_bytes()
        kind, length = (b"ANIM", 8) if suffix == ".webp" else (b"acTL", 4)
        at = data.index(kind) + 4 + length
        new = data[:at] + bytes(2 if suffix == ".webp" else 4) + data[at + (2 if suffix == ".webp" else 4) :]
        if suffix == ".apng":
            at = data.index(b"acTL")
            chunk = new[at : at + 12]
            new = new[: at + 12] + struct.pack(">I", zlib.crc32(chunk)) + new[at + 16 :]
        Path(part).write_bytes(new)

    refused(lambda part, *_: os.truncate(part, os.path.getsize(part) * 2 // 3), "")
    refused(lambda part, *_: Path(part).write_bytes(b""), "it cannot be decoded")
    refused(looped, "it is played for ever")
    if suffix == ".webp":
        refused(lambda part, *_: finish(part, suffix, Fraction(24), 5, False), "")
        refused(lambda part, *_: finish(part, suffix, Fraction(25), 6, False), "6 frames instead of 5")


@given(data=st.binary(max_size=60), suffix=st.sampled_from([".webp", ".apng"]), whole=st.booleans())
def test_what_is_no_animation_is_not_taken_for_one(data: bytes, suffix: str, whole: bool) -> None:
    if whole and suffix == ".webp":
        data = b"RIFF" + struct.pack("<I", len(data) + 4) + b"WEBP" + data
    elif whole:
        data = b"\x89PNG\r\n\x1a\n" + data
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "a").write_bytes(data)
        with contextlib.suppress(ValueError):
            animation.times(f"{folder}/a", suffix)
        if not whole:
            animation.finish(f"{folder}/a", suffix, Fraction(25), 1, False)
            assert Path(folder, "a").read_bytes() == data


# --- GIF ---


def gif_frames(path: Path) -> list[np.ndarray]:
    with Image.open(path) as image:
        frames = []
        for index in range(image.n_frames):
            image.seek(index)
            frames.append(np.asarray(image.convert("RGBA")))
    return frames


@pytest.mark.parametrize("rate", [NTSC, Fraction(25), Fraction(60), Fraction(100), Fraction(1, 2)], ids=str)
def test_a_gif_shows_what_went_in(tmp_path: Path, rate: Fraction) -> None:
    report = Heard()
    written = made(tmp_path / "a.gif", count=12, rate=rate, report=report)
    pictures = gif_frames(tmp_path / "a.gif")
    assert len(pictures) == 12
    for index, picture in enumerate(pictures):
        assert np.all(picture[..., 3] == 255)
        difference = np.abs(picture[..., :3].astype(int) - disc(index))
        assert difference.mean() < 8
        # Dither keeps the mean of each neighbourhood.
        assert np.abs(picture[..., :3].mean((0, 1)) - disc(index).mean((0, 1))).max() < 2
    assert abs(written.duration - 12 / rate) <= Fraction(1, 100)
    with Image.open(tmp_path / "a.gif") as image:
        delays = [(image.seek(n), image.info["duration"])[1] for n in range(12)]
    assert abs(sum(delays) - 12_000 / rate) <= 10
    assert report.loud == (["viewer_rate"] if rate > 50 else [])
    assert list(report.stages) == ["write", "palette", "check"]
    assert all(done == total for done, total in report.stages.values())
    assert os.listdir(tmp_path) == ["a.gif"]


@pytest.mark.parametrize("loop", [False, True])
def test_a_gif_loops_only_when_asked(tmp_path: Path, loop: bool) -> None:
    made(tmp_path / "a.gif", loop=loop)
    with Image.open(tmp_path / "a.gif") as image:
        assert image.info.get("loop") == (0 if loop else None)


def test_a_gif_keeps_one_bit_of_alpha(tmp_path: Path) -> None:
    report = Heard()
    made(tmp_path / "a.gif", count=12, channels=4, report=report)
    assert report.loud == []
    for index, picture in enumerate(gif_frames(tmp_path / "a.gif")):
        expected = disc(index, channels=4)
        inside = expected[..., 3] == 255
        np.testing.assert_array_equal(picture[..., 3], expected[..., 3])
        assert np.abs(picture[inside].astype(int) - expected[inside]).max() < 4


def test_a_gif_cuts_alpha_at_one_half(tmp_path: Path) -> None:
    report = Heard()
    picture = disc(0)
    alpha = np.repeat(np.where(np.arange(SIZE[1]) < 32, 127, 128)[None], SIZE[0], 0)
    picture = np.dstack([picture, alpha.astype(np.uint8)])
    write(FilmFormat(sinks.parse(f"{tmp_path}/a.gif"), Fraction(25), 2, SIZE), [picture, picture], report)
    assert report.loud == ["alpha"]
    for found in gif_frames(tmp_path / "a.gif"):
        np.testing.assert_array_equal(found[..., 3], np.where(alpha > 127, 255, 0))


@pytest.mark.parametrize("size", [(1, 1), (2, 3)])
def test_a_gif_without_a_visible_pixel(tmp_path: Path, size: tuple[int, int]) -> None:
    clear = np.zeros((*size, 4), np.uint8)
    write(FilmFormat(sinks.parse(f"{tmp_path}/a.gif"), Fraction(25), 2, size), [clear, clear], Report())
    assert all(np.all(found[..., 3] == 0) for found in gif_frames(tmp_path / "a.gif"))
