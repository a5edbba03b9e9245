"""Every codec: pixels, colours, alpha, sizes."""

from __future__ import annotations

import os
import subprocess
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from inbetween.errors import InbetweenError
from inbetween.types import Picture
from inbetween.video import codecs, ffmpeg, sinks
from inbetween.video.write import rehearse
from support.clips import (
    FILMS,
    SIZE,
    as_ffmpeg_shows,
    deep,
    disc,
    frames_and_facts,
    glass,
    made,
    plane,
    written_of,
    yuv,
)
from support.commands import set_ffmpeg
from support.pictures import psnr, scene
from support.reports import Heard

LOSSLESS = [(".mkv", "ffv1"), (".apng", None)]
ALL = [(".mkv", "ffv1"), (".apng", None), (".webp", None), *[row[:2] for row in FILMS[::2]], (".webm", "libsvtav1")]


@pytest.mark.parametrize(("suffix", "codec", "found", "shallow", "fine"), FILMS)
@pytest.mark.parametrize("bits", [8, 16])
def test_every_codec_of_films(
    tmp_path: Path, suffix: str, codec: str, found: str, shallow: str, fine: str, bits: int
) -> None:
    """The ends, which are the user's own pictures, stay above 40 dB; tags, depth, count and times are right."""
    pictures: list[Picture] = [scene(index / 24) for index in range(25)]
    if bits == 16:
        pictures = [picture * np.uint16(257) for picture in pictures]
    report = Heard()
    written = written_of(tmp_path / f"a{suffix}", pictures, codec, report=report)
    frames, facts = frames_and_facts(tmp_path / f"a{suffix}")
    kind = fine if bits == 16 else shallow
    assert (written.codec, written.pixel_format, written.duration) == (found, kind, 1)
    assert {frame.format.name for frame in frames} == {kind}
    assert [frame.pts * frame.time_base for frame in frames] == [Fraction(n, 25) for n in range(25)]
    assert facts["tags"] == (1, 1, 1, 1)
    quality = [psnr(plane(frame, 0), yuv(picture)[..., 0]) for frame, picture in zip(frames, pictures, strict=True)]
    assert min(quality[0], quality[-1]) > 40
    assert min(quality) > 38
    assert report.loud == (["bit_depth"] if bits == 16 else [])
    assert (
        bits == 8
        or f"reduced to {min(10, frames[0].format.components[0].bits)} for {codec} in" in report.notes[-1].text
    )
    assert report.details == (["chroma"] if "420" in kind else [])


COLOURS = [((255, 0, 0), 63), ((0, 255, 0), 173), ((0, 0, 255), 32), ((255, 255, 255), 235), ((0, 0, 0), 16)]


@pytest.mark.parametrize(("suffix", "codec"), [row[:2] for row in FILMS if row[0] != ".mkv"])
@pytest.mark.parametrize("bits", [8, 16])
def test_colours_of_every_codec(tmp_path: Path, suffix: str, codec: str, bits: int) -> None:
    path = tmp_path / f"a{suffix}"
    flat = [np.full((*SIZE, 3), colour, np.uint8) for colour, _ in COLOURS]
    written_of(path, [picture * np.uint16(257) for picture in flat] if bits == 16 else flat, codec)
    for frame, picture, (_, luma) in zip(frames_and_facts(path)[0], flat, COLOURS, strict=True):
        wanted = yuv(picture)[24, 32]
        assert abs(wanted[0] - luma) < 0.5
        for index in range(3):
            middle = plane(frame, index)
            assert abs(middle[middle.shape[0] // 2, middle.shape[1] // 2] - wanted[index]) <= 1.1
    for picture, seen in zip(flat, as_ffmpeg_shows(path), strict=True):
        assert np.abs(seen - picture)[8:-8, 8:-8].max() <= 4


@pytest.mark.parametrize(
    ("suffix", "codec", "channels", "bits"),
    [
        (*one, channels, bits)
        for one in LOSSLESS
        for channels in (3, 4)
        for bits in (8, 16)
        if (one[0], channels, bits) != (".apng", 4, 16)
    ],
)
@pytest.mark.parametrize("size", [SIZE, (47, 63), (1, 1), (1, 2), (3, 1)])
def test_what_is_lossless_keeps_every_value(
    tmp_path: Path, suffix: str, codec: str | None, channels: int, bits: int, size: tuple[int, int]
) -> None:
    path = tmp_path / f"a{suffix}"
    if bits == 16:
        pictures = [np.ascontiguousarray(deep(index, channels)[: size[0], : size[1]]) for index in range(3)]
    else:
        pictures = [disc(index, size, channels) for index in range(3)]
    report = Heard()
    written = written_of(path, pictures, codec, report=report)
    frames, facts = frames_and_facts(path)
    kind = {
        (3, 8): ("bgr0", "rgb24"),
        (4, 8): ("bgra", "rgba"),
        (3, 16): ("gbrp16le", "rgb48be"),
        (4, 16): ("gbrap16le", ""),
    }[channels, bits][suffix == ".apng"]
    assert {written.pixel_format, *(frame.format.name for frame in frames)} == {kind}
    raw = {(3, 8): "rgb24", (4, 8): "rgba", (3, 16): "rgb48le", (4, 16): "rgba64le"}[channels, bits]
    words = ["-v", "error", "-i", str(path), "-f", "rawvideo", "-pix_fmt", raw, "-"]
    data = subprocess.run([ffmpeg.executable(), *words], capture_output=True, check=True).stdout
    assert data == b"".join(picture.tobytes() for picture in pictures)
    # RGB in full range, BT.709 primaries, the curve of sRGB.
    assert (frames[0].colorspace, frames[0].color_range) == (0, 2)
    assert facts["tags"][0] == 0
    assert facts["tags"][2] == 13 or suffix == ".apng"
    assert report.loud == report.details == []


@pytest.mark.parametrize("suffix", [".webm", ".mkv"])
def test_the_alpha_of_vp9(tmp_path: Path, suffix: str) -> None:
    report = Heard()
    pictures = [glass(index) for index in range(9)]
    written = written_of(tmp_path / f"a{suffix}", pictures, "libvpx-vp9", report=report)
    assert (written.codec, written.pixel_format) == ("vp9", "yuva420p")
    assert report.loud == []
    with av.open(str(tmp_path / f"a{suffix}")) as container:
        stream = container.streams.video[0]
        assert stream.metadata["alpha_mode"] == "1"
        decoder = av.CodecContext.create("libvpx-vp9", "r")
        frames = [frame for packet in container.demux(stream) for frame in decoder.decode(packet)]
    assert [frame.format.name for frame in frames] == ["yuva420p"] * 9
    for frame, picture in zip(frames, pictures, strict=True):
        error = np.abs(plane(frame, 3) - picture[..., 3])
        assert error.mean() < 1
        assert error.max() < 24
        inside = picture[..., 3] == 255
        assert np.abs(plane(frame, 0) - yuv(picture)[..., 0])[inside].mean() < 4
    # Where alpha cannot be it is said.
    report = Heard()
    written = written_of(tmp_path / "a.mp4", pictures, "libvpx-vp9", report=report)
    assert (written.pixel_format, report.loud) == ("yuv420p", ["alpha"])


@pytest.mark.parametrize("bits", [8, 16])
def test_the_alpha_of_prores(tmp_path: Path, bits: int) -> None:
    report = Heard()
    pictures = [deep(index, 4) if bits == 16 else glass(index) for index in range(5)]
    written = written_of(tmp_path / "a.mov", pictures, preset="prores4444", report=report)
    frames, facts = frames_and_facts(tmp_path / "a.mov")
    assert (written.pixel_format, facts["tags"]) == ("yuva444p12le", (1, 1, 1, 1))
    assert report.loud == (["bit_depth"] if bits == 16 else [])
    for frame, picture in zip(frames, pictures, strict=True):
        top = np.iinfo(picture.dtype).max
        # 12 bits in units of 8.
        alpha = plane(frame, 3) * 16 / 4095
        assert np.abs(alpha - picture[..., 3] / top).max() <= (0.5 / 255 if bits == 8 else 2.5 / 1023)
        assert psnr(plane(frame, 0), yuv(picture)[..., 0]) > 45


@pytest.mark.parametrize(("suffix", "codec"), [*ALL, (".gif", None)])
def test_one_frame_has_its_display_time(tmp_path: Path, suffix: str, codec: str | None) -> None:
    written = made(tmp_path / f"film{suffix}", count=1, rate=Fraction(2), codec=codec)
    assert (written.count, written.duration) == (1, Fraction(1, 2))


@pytest.mark.parametrize(("suffix", "codec"), ALL)
@pytest.mark.parametrize("size", [(47, 64), (48, 63), (47, 63)])
def test_odd_sizes_of_every_codec(tmp_path: Path, suffix: str, codec: str | None, size: tuple[int, int]) -> None:
    report = Heard()
    written = written_of(tmp_path / f"a{suffix}", [disc(0, size), disc(1, size)], codec, report=report)
    assert written.size == size
    assert report.loud == (["pixel_format"] if codec in ("libx264", "libx265") else [])
    assert ("444" in written.pixel_format) == (codec in ("libx264", "libx265", "prores_ks"))


@pytest.mark.parametrize("size", [(1, 1), (1, 2), (3, 1), (2, 2)])
def test_tiny_films(tmp_path: Path, size: tuple[int, int]) -> None:
    """Those encoders that cannot are found out before any work is done."""
    for suffix, codec in ((".webm", None), (".webp", None), (".mov", "prores_ks"), (".gif", None)):
        assert written_of(tmp_path / f"a{suffix}", [disc(0, size), disc(1, size)], codec).size == size
    for codec in ("libx265", "libsvtav1"):
        with pytest.raises(InbetweenError, match="no films of less than 16x16"):
            rehearse(sinks.parse(f"{tmp_path}/a.mkv", codec), Fraction(25), size)


def test_a_size_that_a_format_cannot_have_is_refused_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(InbetweenError, match="16383"):
        rehearse(sinks.parse(f"{tmp_path}/a.webp"), Fraction(25), (2, 16400))
    rehearse(sinks.parse(f"{tmp_path}/a.apng"), Fraction(25), (2, 16400))
    assert os.listdir(tmp_path) == []


def test_large_pictures_in_an_archive(tmp_path: Path) -> None:
    """FFV1 takes only some numbers of parts for each size."""
    pictures = [np.zeros((1900, 2300, 4), np.uint16)]
    assert written_of(tmp_path / "a.mkv", pictures, preset="archive").pixel_format == "gbrap16le"
    sizes = [(1, 2000), (2, 2), (1900, 2300), (5000, 4000), (9000, 8000)]
    assert [codecs.slices(size) for size in sizes] == [1, 4, 16, 64, 256]


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs Linux")
@pytest.mark.parametrize(("suffix", "codec"), [*ALL, (".gif", None)])
@pytest.mark.parametrize("bits", [8, 16])
def test_the_number_of_cores_does_not_matter(tmp_path: Path, suffix: str, codec: str | None, bits: int) -> None:
    pictures: list[Picture] = [scene(index / 8, (180, 240)) for index in range(9)]
    if bits == 16:
        pictures = [picture * np.uint16(257) for picture in pictures]
    cores = os.sched_getaffinity(0)
    found = []
    for some in (cores, {min(cores)}, cores):
        try:
            os.sched_setaffinity(0, some)
            written_of(tmp_path / f"a{suffix}", pictures, codec, overwrite=True)
        finally:
            os.sched_setaffinity(0, cores)
        found.append((tmp_path / f"a{suffix}").read_bytes())
    assert found[0] == found[1] == found[2]


def test_nothing_of_the_processor_is_written_into_a_film(tmp_path: Path) -> None:
    for suffix, codec, *_ in FILMS:
        path = tmp_path / f"{codec}{suffix}"
        made(path, 2, codec=codec)
        assert b"cpuid" not in path.read_bytes()
        assert b"frame-threads" not in path.read_bytes()


@pytest.mark.parametrize(
    ("name", "codec", "encoder", "found", "pixel_format", "matrix"),
    [
        ("a.mkv", "libx264rgb", None, "h264", "gbrp", None),
        ("a.mp4", "mpeg4", "-q:v 2", "mpeg4", "yuv420p", 1),
        ("a.mkv", "ffv1", "-pix_fmt yuv444p16le", "ffv1", "yuv444p16le", 1),
        ("a.mkv", "ffv1", "-pix_fmt yuv420p", "ffv1", "yuv420p", 1),
        ("a.mov", "prores_ks", "-profile:v hq -pix_fmt yuv422p10le", "prores", "yuv422p10le", 1),
        ("a.mp4", "libx265", "-pix_fmt yuv422p10le", "hevc", "yuv422p10le", 1),
        ("a.apng", None, "-pix_fmt gray16be", "apng", "gray16be", None),
    ],
)
def test_other_codecs_and_pixel_formats(
    tmp_path: Path, name: str, codec: str | None, encoder: str | None, found: str, pixel_format: str, matrix: int | None
) -> None:
    picture = scene(0).astype(np.uint16) * np.uint16(257)
    written = written_of(tmp_path / name, [picture, picture], codec, encoder=encoder)
    assert (written.codec, written.pixel_format) == (found, pixel_format)
    if matrix is not None:
        frame = frames_and_facts(tmp_path / name)[0][0]
        assert frame.colorspace == matrix
        assert np.abs(plane(frame, 0) - yuv(picture)[..., 0]).mean() < 2


def arguments_of(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The real ffmpeg, whose words are left in the file that is returned, one a line."""
    real = ffmpeg.executable()
    set_ffmpeg(folder, monkeypatch, f"printf '%s\\n' \"$@\" > '{folder}/words'\nexec '{real}' \"$@\"")
    return folder / "words"


@pytest.mark.parametrize(
    ("name", "codec", "encoder", "words"),
    [
        ("a.webm", "libsvtav1", "-svtav1-params tune=0", ["lp=1:enable-tf=0:tune=0"]),
        ("a.mp4", "libx264", "-crf 9 -x264-params keyint=5", ["9", "zones=0,0,b=2/2,2,b=2:keyint=5"]),
        ("a.mp4", "libx265", "-x265-params aq-mode=3 -crf 30", ["info=0:log-level=error:aq-mode=3", "30"]),
    ],
)
def test_the_users_list_is_added_to_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, codec: str, encoder: str, words: list[str]
) -> None:
    """What makes the same bytes on every machine would be lost with it."""
    found = arguments_of(tmp_path, monkeypatch)
    made(tmp_path / name, 3, codec=codec, encoder=encoder)
    said = found.read_text().splitlines()
    assert sum(line.startswith("-") and line.endswith("-params") for line in said) == 1
    for word in words:
        assert any(line.endswith(word) for line in said)
