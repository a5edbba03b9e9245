"""Films, animations and sequences: what is written is decoded again and compared with what went in."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import select
import stat
import struct
import subprocess
import sys
import tempfile
import weakref
import zlib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from conftest import Command, psnr, save, scene
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from inbetween.errors import InbetweenError, Interrupted, UnknownName, UsageError
from inbetween.types import Picture, Report
from inbetween.video import animation, codecs, disk, encode, ffmpeg, sinks
from inbetween.video import write as write_module
from inbetween.video.write import Written, prepare, rehearse, write

SIZE = (48, 64)
NTSC = Fraction(24000, 1001)


def disc(index: int, size: tuple[int, int] = SIZE, channels: int = 3, dtype: type = np.uint8) -> Picture:
    """A disc before a gradient, one step further to the right; transparent around it where there is alpha."""
    height, width = size
    y, x = np.mgrid[:height, :width]
    picture = np.empty((height, width, channels), np.uint8)
    picture[..., 0] = x * 255 // width
    picture[..., 1] = y * 255 // height
    picture[..., 2] = 128
    inside = (x - 8 - 3 * index) ** 2 + (y - height // 2) ** 2 < 100
    picture[inside, :3] = (240, 200, 40)
    if channels == 4:
        picture[..., 3] = np.where(inside, 255, 0)
    return picture.astype(dtype) * 257 if dtype == np.uint16 else picture


def noise(index: int) -> Picture:
    return np.random.default_rng(index).integers(0, 256, (256, 256, 3), np.uint8)


def made(
    out: str | Path,
    count: int = 5,
    rate: Fraction = NTSC,
    size: tuple[int, int] = SIZE,
    report: Report | None = None,
    channels: int = 3,
    dtype: type = np.uint8,
    codec: str | None = None,
    encoder: str | None = None,
    start: int = 0,
    preset: str | None = None,
    **more: Any,
) -> Written:
    sink = sinks.parse(str(out), codec, encoder, start, preset)
    frames = (disc(index, size, channels, dtype) for index in range(count))
    return write(sink, frames, rate, count, size, report or Report(), **more)


def decoded(path: Path, **options: str) -> tuple[list[Any], Any]:
    """All frames, and the facts of the stream."""
    with av.open(str(path), options=options) as container:
        stream = container.streams.video[0]
        frames = list(container.decode(stream))
        context = stream.codec_context
        facts = {
            "rate": stream.average_rate,
            "duration": stream.duration * stream.time_base
            if stream.duration
            else Fraction(container.duration or 0, av.time_base),
            "tags": (
                context.colorspace,
                context.color_primaries,
                context.color_trc,
                context.color_range,
            ),
            "codec": context.name,
        }
    return frames, facts


def shown(path: Path, size: tuple[int, int] = SIZE) -> np.ndarray:
    """(F, H, W, 3) int, as ffmpeg shows the film. PyAV's own conversion minds the tags in new versions."""
    words = ["-v", "error", "-i", str(path), "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    data = subprocess.run([ffmpeg.executable(), *words], capture_output=True, check=True).stdout
    return np.frombuffer(data, np.uint8).reshape(-1, *size, 3).astype(int)


def plane(frame: Any, index: int) -> np.ndarray:
    """One plane of a decoded frame, in units of 8 bits."""
    bits = frame.format.components[index].bits
    found = frame.planes[index]
    rows = np.frombuffer(found, np.uint8 if bits == 8 else "<u2").reshape(found.height, -1)
    return rows[:, : found.width].astype(float) / 2 ** (bits - 8)


def leftovers(folder: Path) -> list[str]:
    return [entry for entry in os.listdir(folder) if entry.startswith(".inbetween")]


class Notes(Report):
    def __init__(self) -> None:
        self.notes: list[str] = []
        self.details: list[str] = []
        self.texts: list[str] = []
        self.stages: dict[str, tuple[int, int]] = {}

    def progress(self, stage: str, done: int, total: int) -> None:
        assert 0 <= done <= total
        assert done >= self.stages.get(stage, (0, 0))[0]
        self.stages[stage] = (done, total)

    def note(self, code: str, text: str, *, detail: bool = False, **facts: Any) -> None:
        (self.details if detail else self.notes).append(code)
        self.texts.append(text)


# --- the words ---


@pytest.mark.parametrize(
    ("out", "kind", "suffix", "folder", "pattern"),
    [
        ("film.mp4", "film", ".mp4", "", ""),
        ("FILM.MP4", "film", ".mp4", "", ""),
        ("100%d.mp4", "film", ".mp4", "", ""),
        ("a/%05d.mov", "film", ".mov", "", ""),
        ("a.gif", "gif", ".gif", "", ""),
        ("a.webm", "film", ".webm", "", ""),
        ("a_%03d.webp", "animation", ".webp", "", ""),
        ("A.APNG", "animation", ".apng", "", ""),
        ("frames/", "sequence", ".png", "frames/", "%05d.png"),
        ("frames.v2/", "sequence", ".png", "frames.v2/", "%05d.png"),
        ("frames", "sequence", ".png", "frames", "%05d.png"),
        ("a.b/frames", "sequence", ".png", "a.b/frames", "%05d.png"),
        ("%05d", "sequence", ".png", "%05d", "%05d.png"),
        ("50% off/%04d.png", "sequence", ".png", "50% off", "%04d.png"),
        ("%03d/x_%d.TIF", "sequence", ".tif", "%03d", "x_%d.TIF"),
        ("%0d.jpeg", "sequence", ".jpeg", ".", "%0d.jpeg"),
        ("100%_%04d.png", "sequence", ".png", ".", "100%_%04d.png"),
        ("%%05d.png", "sequence", ".png", ".", "%%05d.png"),
        ("%03d/x.png", "picture", ".png", "", ""),
        ("x%5d.png", "picture", ".png", "", ""),
        ("x.tiff", "picture", ".tiff", "", ""),
    ],
)
def test_what_an_output_name_means(out: str, kind: str, suffix: str, folder: str, pattern: str) -> None:
    sink = sinks.parse(out)
    assert (sink.path, sink.kind, sink.suffix) == (out, kind, suffix)
    assert (sink.folder, sink.pattern) == (folder, pattern)
    assert sink.named_folder == (kind == "sequence" and "%" not in out.split("/")[-1].replace("%05d", "", 1))
    assert sinks.Sink(**json.loads(json.dumps(dataclasses.asdict(sink)))) == sink


def test_an_existing_folder_is_a_folder_whatever_its_name(tmp_path: Path) -> None:
    (tmp_path / "shots.mp4").mkdir()
    assert sinks.parse(f"{tmp_path}/shots.mp4").kind == "sequence"


@pytest.mark.parametrize(
    ("out", "words", "message", "hint"),
    [
        ("", {}, "no output is named", "out.mp4"),
        (".mp4", {}, "no name before its suffix", "film.mp4"),
        ("%03d_%d.png", {}, "2 places for the number", "one %05d"),
        ("a.gif", {"codec": "libx265"}, "--codec is for films", "leave --codec out"),
        ("a/", {"encoder": "-crf 3"}, "--encoder is for films, and `a/` is a folder", "leave --encoder out"),
        ("a.mp4", {"start_number": 3}, "--start-number is for numbered pictures", "frames/"),
        ("a.png", {"start_number": 3}, "--start-number is for numbered pictures", "frames/"),
        ("a/", {"start_number": -1}, "below 0", "0 or above"),
        ("a.mp4", {"encoder": "-x264-params 'a"}, "quote that is not closed", "close it"),
        ("a.mp4", {"encoder": "crf 18"}, "--encoder begins with `crf`", "begin with an option"),
        ("a.mp4", {"codec": " "}, "--codec has no name", "libx264"),
        ("a.webp", {"codec": "libwebp"}, "--codec is for films, and `a.webp` is an animation", "leave --codec out"),
        ("a b.mp4", {"codec": "prores_ks"}, "prores_ks does not go into .mp4", "write -o 'a b.mov'"),
        ("a.mov", {"codec": "libvpx-vp9"}, "libvpx-vp9 does not go into .mov", "-o a.webm"),
        ("a.webm", {"codec": "libx264"}, "libx264 does not go into .webm", "-o a.mp4"),
        ("a.mp4", {"codec": "ffv1"}, "ffv1 does not go into .mp4", "-o a.mkv"),
        ("a.mp4", {"codec": "libx264", "preset": "web"}, "--preset and --codec exclude each other", "take one"),
        ("a.webm", {"preset": "web"}, "--preset web writes .mp4, and `a.webm` is .webm", "write -o a.mp4"),
        ("a.mp4", {"preset": "prores4444"}, "--preset prores4444 writes .mov", "-o a.mov"),
        ("a.MP4", {"preset": "archive"}, "--preset archive writes .mkv", "-o a.mkv"),
        ("my frames/", {"preset": "archive"}, "`my frames/` is a folder of pictures", "-o 'my frames.mkv'"),
        (".", {"preset": "archive"}, "`.` is a folder of pictures", "-o ./film.mkv"),
        ("x_%d.png", {"preset": "gif"}, "`x_%d.png` is a sequence of pictures", "-o x_%d.gif"),
        ("a.gif", {"preset": "gif", "encoder": "-loop 3"}, "--encoder is for films", "leave --encoder out"),
    ],
)
def test_words_that_are_refused(out: str, words: dict[str, Any], message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        sinks.parse(out, **words)
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_an_unknown_suffix_offers_the_nearest_and_a_folder() -> None:
    with pytest.raises(UnknownName) as caught:
        sinks.parse("film.mp5")
    assert caught.value.message == "there is no output format called `.mp5`"
    assert "did you mean `.mp4`?" in caught.value.hint
    with pytest.raises(UnknownName) as caught:
        sinks.parse("my out.v2")
    assert "-o 'my out.v2/'" in caught.value.hint


def test_an_unknown_preset_offers_the_nearest() -> None:
    with pytest.raises(UnknownName) as caught:
        sinks.parse("a.mkv", preset="archiv")
    assert caught.value.hint == "did you mean `archive`?"


def test_film_words() -> None:
    for name, (out, codec) in {
        "web": ("a.mp4", "libx264"),
        "prores4444": ("a.MOV", "prores_ks"),
        "archive": ("a.mkv", "ffv1"),
        "gif": ("a.gif", "gif"),
    }.items():
        sink = sinks.parse(out, preset=name)
        assert (sink.codec, sink.even) == (codec, name == "web")
        assert sinks.Sink(**json.loads(json.dumps(dataclasses.asdict(sink)))) == sink
    assert sinks.parse("a.webp", encoder="-quality 50").encoder == ("-quality", "50")
    sink = sinks.parse("a.mkv", "libx265", "-crf 20 -x265-params 'a=1 b'")
    assert (sink.codec, sink.encoder) == ("libx265", ("-crf", "20", "-x265-params", "a=1 b"))
    assert sinks.parse("a.mp4").codec == "libx264"


_PIECE = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), max_size=12)


@given(before=_PIECE, width=st.none() | st.integers(0, 12), after=_PIECE, number=st.integers(0, 10**14))
def test_names_of_a_sequence_and_their_numbers(before: str, width: int | None, after: str, number: int) -> None:
    place_for_it = "%d" if width is None else f"%0{width}d"
    pattern = f"{before}{place_for_it}{after}.png"
    others = len(sinks._NUMBER.findall(pattern)) > 1
    if others:
        with pytest.raises(UsageError):
            sinks.parse(f"some where/{pattern}")
        return
    sink = sinks.parse(f"some where/{pattern}")
    assert (sink.kind, sink.folder, sink.pattern) == ("sequence", "some where", pattern)
    name = sinks.name(sink, number)
    assert name == before + str(number).rjust(width or 0, "0") + after + ".png"
    assert sinks.number(sink, name) == number


@given(st.from_regex(r"\A[x0-9٣²-]{0,7}(\.png|\.PNG)?\Z"))
def test_only_names_that_the_sequence_would_write_have_a_number(filename: str) -> None:
    sink = sinks.parse("x%03d.png")
    number = sinks.number(sink, filename)
    assert number is None or sinks.name(sink, number) == filename


@pytest.mark.parametrize(
    ("out", "rate", "count", "message"),
    [
        ("x.png", 25, 2, "one picture, and 2 frames"),
        ("x.gif", 101, 2, "at most 100 frames"),
        ("x.mkv", 1001, 2, "at most 1000 frames"),
        ("x.webm", 1001, 2, "at most 1000 frames"),
        ("x.webp", 501, 2, "at most 500 frames"),
        ("x.webp", Fraction(1, 20000), 2, "at most 16777 s"),
        ("x.mp4", 25, 0, "no frames"),
        ("x.mp4", 0, 1, "cannot be written"),
    ],
)
def test_counts_and_rates_that_do_not_fit(out: str, rate: int, count: int, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        sinks.check(sinks.parse(out), Fraction(rate), count)


def test_counts_and_rates_that_fit() -> None:
    for out, rate, count in (("x.png", 25, 1), ("x.gif", 100, 2), ("x.mkv", 1000, 2), ("x/", 5000, 9)):
        sinks.check(sinks.parse(out), Fraction(rate), count)


def test_the_hint_for_many_frames_and_one_name_works() -> None:
    with pytest.raises(UsageError) as caught:
        sinks.check(sinks.parse("my x.PNG"), Fraction(25), 3)
    assert "'my x_%05d.PNG'" in caught.value.hint
    assert sinks.parse("my x_%05d.PNG").kind == "sequence"


def test_pictures_that_can_be_named_can_be_written() -> None:
    from inbetween import pictures

    named = [suffix for suffix, form in sinks.SINKS.items() if form.kind == "picture"]
    assert sorted(named) == sorted(pictures.WRITABLE)


def test_words_are_checked_without_loading_anything() -> None:
    code = (
        "import sys, inbetween.video.sinks as s; s.parse('a.mp4', None, '-crf 3');"
        "print([m for m in ('numpy', 'av', 'cv2', 'PIL', 'imageio_ffmpeg') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


# --- films ---


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_a_film_shows_what_went_in(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"film{suffix}"
    report = Notes()
    written = made(path, count=12, report=report)
    frames, facts = decoded(path)
    assert len(frames) == 12
    assert facts["tags"] == (1, 1, 1, 1)
    assert facts["codec"] == "h264"
    seen = shown(path)
    tick = Fraction(1, 1000) if suffix == ".mkv" else 0
    for index, frame in enumerate(frames):
        assert frame.format.name == "yuv420p"
        assert abs(frame.pts * frame.time_base - index / NTSC) <= tick
        assert np.abs(seen[index] - disc(index)).mean() < 5
    assert abs(facts["duration"] - 12 / NTSC) <= tick
    assert written.path == str(path)
    assert (written.kind, written.count, written.size) == ("film", 12, SIZE)
    assert (written.duration, written.codec) == (facts["duration"], "h264")
    assert (written.pixel_format, written.bytes) == ("yuv420p", path.stat().st_size)
    assert report.notes == []
    assert report.stages == {"write": (12, 12), "check": (12, 12)}
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
@pytest.mark.parametrize(
    ("colour", "y"), [((255, 0, 0), 63), ((0, 255, 0), 173), ((255, 255, 255), 235), ((0, 0, 0), 16)]
)
def test_colours_are_bt709_in_limited_range(tmp_path: Path, suffix: str, colour: tuple[int, int, int], y: int) -> None:
    path = tmp_path / f"film{suffix}"
    picture = np.full((*SIZE, 3), colour, np.uint8)
    write(sinks.parse(str(path)), [picture], Fraction(25), 1, SIZE, Report())
    frames, facts = decoded(path)
    assert facts["tags"] == (1, 1, 1, 1)
    assert abs(int(frames[0].to_ndarray()[24, 32]) - y) <= 1
    assert np.abs(shown(path)[0] - picture).max() <= 2


RATES = [Fraction(n, d) for n, d in ((24000, 1001), (25, 1), (30000, 1001), (60, 1), (250, 37), (1, 2), (1000, 1))]
ODD_RATES = [Fraction(2300001, 333337), Fraction(239760239, 10_000_000), Fraction(1, 3600)]


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm"])
@pytest.mark.parametrize("rate", RATES + ODD_RATES, ids=str)
def test_rates_are_exact(tmp_path: Path, suffix: str, rate: Fraction) -> None:
    path = tmp_path / f"film{suffix}"
    written = made(path, count=7, rate=rate, size=(16, 16))
    frames, facts = decoded(path)
    times = [frame.pts * frame.time_base for frame in frames]
    if suffix in (".mkv", ".webm"):
        # Its clock has milliseconds.
        if rate in RATES:
            assert facts["rate"] == rate
        assert all(abs(time - n / rate) <= Fraction(1, 2000) for n, time in enumerate(times))
        assert abs(written.duration - 7 / rate) <= Fraction(1, 1000)
    else:
        assert facts["rate"] == rate
        assert times == [n / rate for n in range(7)]
        assert written.duration == facts["duration"] == 7 / rate


@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a.mkv", "a.gif", "a_%03d.png", "a_%03d.tif", "a_%03d.jpg"])
def test_the_same_frames_give_the_same_bytes(tmp_path: Path, name: str) -> None:
    both = []
    for folder in ("one", "two, elsewhere"):
        (tmp_path / folder).mkdir()
        made(tmp_path / folder / name, count=9)
        both.append([path.read_bytes() for path in sorted((tmp_path / folder).iterdir())])
    assert both[0] == both[1]
    assert len(both[0]) == (9 if "%" in name else 1)


@pytest.mark.parametrize("size", [(47, 64), (48, 63), (47, 63), (1, 1), (1, 2), (3, 1)])
def test_odd_sizes_keep_their_size(tmp_path: Path, size: tuple[int, int]) -> None:
    report = Notes()
    made(tmp_path / "film.mp4", count=2, size=size, report=report)
    frames, facts = decoded(tmp_path / "film.mp4")
    assert [(frame.height, frame.width, frame.format.name) for frame in frames] == [(*size, "yuv444p")] * 2
    assert facts["tags"] == (1, 1, 1, 1)
    assert report.notes == ["pixel_format"]


def test_a_film_of_two_by_two_pixels(tmp_path: Path) -> None:
    assert made(tmp_path / "film.mp4", count=2, size=(2, 2)).pixel_format == "yuv420p"


def test_alpha_and_depth_of_a_film_are_said_once(tmp_path: Path) -> None:
    report = Notes()
    made(tmp_path / "film.mkv", channels=4, dtype=np.uint16, report=report)
    assert sorted(report.notes) == ["alpha", "bit_depth"]
    assert report.details == ["chroma"]
    frames, _ = decoded(tmp_path / "film.mkv")
    for index, frame in enumerate(frames):
        inside = disc(index, channels=4)[..., 3] == 255
        luma = plane(frame, 0)
        assert np.abs(luma[~inside] - 16).mean() < 1
        assert np.all(luma[inside] > 130)


def test_an_alpha_that_is_opaque_everywhere_is_not_worth_a_note(tmp_path: Path) -> None:
    report = Notes()
    picture = np.full((*SIZE, 4), 255, np.uint8)
    write(sinks.parse(f"{tmp_path}/a.mp4"), [picture], Fraction(25), 1, SIZE, report)
    assert report.notes == []


def test_the_words_of_the_user_win(tmp_path: Path) -> None:
    fine = made(tmp_path / "fine.mp4")
    coarse = made(tmp_path / "coarse.mp4", encoder="-crf 45 -pix_fmt yuv444p")
    assert coarse.bytes < fine.bytes
    assert (fine.pixel_format, coarse.pixel_format) == ("yuv420p", "yuv444p")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("a.mp4", "libx256"), "no encoder called `libx256`"),
        (("a.mov", "libaom-av1"), "av1 only supported in MP4"),
        (("a.webm", "libsvtav1", "-svtav1-params tune=99"), "stopped: "),
        (("a.webp", None, "-quality 101"), "Value 101.000000 for parameter 'quality' out of range"),
        (("a.webp", None, "-lossless"), "stopped: "),
        (("a.apng", None, "-vf scale=32:24"), "not what was planned: a frame of (H, W) (24, 32)"),
        (("a.mp4", None, "-preset quick"), "invalid preset 'quick'"),
        (("a.mp4", None, "-foo 1"), "Unrecognized option 'foo'"),
        (("a.mp4", None, "-t 0.05"), "not what was planned: 1 frames instead of 2"),
        (("a.mp4", None, "-vf scale=32:24"), "not what was planned: a frame of (H, W) (24, 32)"),
        (("a.mp4", None, "-bsf:v setts=pts=PTS*2:dts=DTS*2"), "not what was planned: frame 1 is at 0.08 s"),
        (
            ("a.mkv", None, "-bsf:v setts=duration=DURATION*9"),
            "not what was planned: 0.4 s instead of 0.08 s",
        ),
    ],
)
def test_a_rehearsal_finds_words_that_ffmpeg_refuses(tmp_path: Path, words: tuple[str, ...], message: str) -> None:
    sink = sinks.parse(f"{tmp_path}/{words[0]}", *words[1:])
    with pytest.raises(InbetweenError) as caught:
        rehearse(sink, Fraction(25), SIZE)
    assert message in caught.value.message
    for noise_of_ffmpeg in ("@ 0x", "Nothing was written", "Error opening output"):
        assert noise_of_ffmpeg not in caught.value.message
    assert "\n" not in caught.value.message + caught.value.hint
    assert os.listdir(tmp_path) == []


def test_the_hint_for_an_unknown_encoder() -> None:
    with pytest.raises(UnknownName) as caught:
        rehearse(sinks.parse("a.mp4", "libx256"), Fraction(25), SIZE)
    assert "`libx265`" in caught.value.hint or "`libx264`" in caught.value.hint
    with pytest.raises(UnknownName) as caught:
        rehearse(sinks.parse("a.mp4", "zzzzzzzz"), Fraction(25), SIZE)
    assert "-encoders" in caught.value.hint


def test_the_encoders_of_this_ffmpeg() -> None:
    names = ffmpeg.encoders()
    assert {"libx264", "ffv1", "png", "gif"} <= names
    assert not names & {"aac", "srt", "="}


# --- codecs ---

FILMS = [
    (".mp4", "libx264", "h264", "yuv420p", "yuv420p"),
    (".mov", "libx264", "h264", "yuv420p", "yuv420p"),
    (".mp4", "libx265", "hevc", "yuv420p", "yuv420p10le"),
    (".mov", "libx265", "hevc", "yuv420p", "yuv420p10le"),
    (".mkv", "libx265", "hevc", "yuv420p", "yuv420p10le"),
    (".webm", "libvpx-vp9", "vp9", "yuv420p", "yuv420p"),
    (".mp4", "libvpx-vp9", "vp9", "yuv420p", "yuv420p"),
    (".webm", "libsvtav1", "av1", "yuv420p", "yuv420p10le"),
    (".mp4", "libsvtav1", "av1", "yuv420p", "yuv420p10le"),
    (".mkv", "libsvtav1", "av1", "yuv420p", "yuv420p10le"),
    # Its decoder gives 12 bits, of which the encoder of ffmpeg fills 10.
    (".mov", "prores_ks", "prores", "yuv444p12le", "yuv444p12le"),
    (".mkv", "prores_ks", "prores", "yuv444p12le", "yuv444p12le"),
]
"""Suffix, encoder, and what a decoder finds: of 8 bits, of 16."""
LOSSLESS = [(".mkv", "ffv1"), (".apng", None)]
ALL = [(".mkv", "ffv1"), (".apng", None), (".webp", None), *[row[:2] for row in FILMS[::2]], (".webm", "libsvtav1")]


def yuv(picture: Picture) -> np.ndarray:
    """(H, W, 3) BT.709 in limited range, in units of 8 bits."""
    colour = picture[..., :3] / np.iinfo(picture.dtype).max
    luma = colour @ [0.2126, 0.7152, 0.0722]
    blue, red = (colour[..., 2] - luma) / 1.8556, (colour[..., 0] - luma) / 1.5748
    return np.stack([16 + 219 * luma, 128 + 224 * blue, 128 + 224 * red], -1)


def written_of(path: Path, pictures: list[Picture], codec: str | None = None, **more: Any) -> Written:
    """The pictures at 25 frames a second, after a rehearsal."""
    more.setdefault("report", Report())
    sink = sinks.parse(str(path), codec, more.pop("encoder", None), 0, more.pop("preset", None))
    size, channels = pictures[0].shape[:2], pictures[0].shape[2]
    rehearse(sink, Fraction(25), size, channels, 8 * pictures[0].itemsize)
    return write(sink, iter(pictures), Fraction(25), len(pictures), size, **more)


def deep(index: int, channels: int = 3) -> Picture:
    """16 bits that 8 do not hold; the alpha has all kinds of values."""
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    planes = [x * 1021 + index, y * 1361 + 7 * index, x * 500 + y * 650, np.minimum(x * 1099 + index, 65535)]
    return np.stack(planes[:channels], -1).astype(np.uint16)


@pytest.mark.parametrize(("suffix", "codec", "found", "shallow", "fine"), FILMS)
@pytest.mark.parametrize("bits", [8, 16])
def test_every_codec_of_films(
    tmp_path: Path, suffix: str, codec: str, found: str, shallow: str, fine: str, bits: int
) -> None:
    """The ends, which are the user's own pictures, stay above 40 dB; tags, depth, count and times are right."""
    pictures: list[Picture] = [scene(index / 24) for index in range(25)]
    if bits == 16:
        pictures = [picture * np.uint16(257) for picture in pictures]
    report = Notes()
    written = written_of(tmp_path / f"a{suffix}", pictures, codec, report=report)
    frames, facts = decoded(tmp_path / f"a{suffix}")
    kind = fine if bits == 16 else shallow
    assert (written.codec, written.pixel_format, written.duration) == (found, kind, 1)
    assert {frame.format.name for frame in frames} == {kind}
    assert [frame.pts * frame.time_base for frame in frames] == [Fraction(n, 25) for n in range(25)]
    assert facts["tags"] == (1, 1, 1, 1)
    quality = [psnr(plane(frame, 0), yuv(picture)[..., 0]) for frame, picture in zip(frames, pictures, strict=True)]
    assert min(quality[0], quality[-1]) > 40
    assert min(quality) > 38
    assert report.notes == (["bit_depth"] if bits == 16 else [])
    assert bits == 8 or f"reduced to {min(10, frames[0].format.components[0].bits)} for {codec} in" in report.texts[-1]
    assert report.details == (["chroma"] if "420" in kind else [])


COLOURS = [((255, 0, 0), 63), ((0, 255, 0), 173), ((0, 0, 255), 32), ((255, 255, 255), 235), ((0, 0, 0), 16)]


@pytest.mark.parametrize(("suffix", "codec"), [row[:2] for row in FILMS if row[0] != ".mkv"])
@pytest.mark.parametrize("bits", [8, 16])
def test_colours_of_every_codec(tmp_path: Path, suffix: str, codec: str, bits: int) -> None:
    path = tmp_path / f"a{suffix}"
    flat = [np.full((*SIZE, 3), colour, np.uint8) for colour, _ in COLOURS]
    written_of(path, [picture * np.uint16(257) for picture in flat] if bits == 16 else flat, codec)
    for frame, picture, (_, luma) in zip(decoded(path)[0], flat, COLOURS, strict=True):
        wanted = yuv(picture)[24, 32]
        assert abs(wanted[0] - luma) < 0.5
        for index in range(3):
            middle = plane(frame, index)
            assert abs(middle[middle.shape[0] // 2, middle.shape[1] // 2] - wanted[index]) <= 1.1
    for picture, seen in zip(flat, shown(path), strict=True):
        assert np.abs(seen - picture)[8:-8, 8:-8].max() <= 4


def test_sprites_of_16_bits_in_an_animation(tmp_path: Path) -> None:
    """Hard edges, which the encoder would lay over the frame before."""
    pictures = [np.full((*SIZE, 4), 40_000, np.uint16) for _ in range(3)]
    for index, picture in enumerate(pictures):
        picture[..., 3] = 0
        picture[10:20, 10 + 2 * index : 30, 3] = 65535
    report = Notes()
    written = written_of(tmp_path / "a.apng", pictures, None, report=report)
    assert (written.count, written.pixel_format) == (3, "rgba")
    assert report.notes == ["bit_depth"]


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
    report = Notes()
    written = written_of(path, pictures, codec, report=report)
    frames, facts = decoded(path)
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
    assert report.notes == report.details == []


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


def glass(index: int) -> Picture:
    """A disc that fades towards its rim, over nothing."""
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    distance = np.hypot(x - 20 - index, y - 24)
    return np.dstack([disc(index), np.clip((22 - distance) * 16, 0, 255).astype(np.uint8)])


@pytest.mark.parametrize("suffix", [".webm", ".mkv"])
def test_the_alpha_of_vp9(tmp_path: Path, suffix: str) -> None:
    report = Notes()
    pictures = [glass(index) for index in range(9)]
    written = written_of(tmp_path / f"a{suffix}", pictures, "libvpx-vp9", report=report)
    assert (written.codec, written.pixel_format) == ("vp9", "yuva420p")
    assert report.notes == []
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
    report = Notes()
    written = written_of(tmp_path / "a.mp4", pictures, "libvpx-vp9", report=report)
    assert (written.pixel_format, report.notes) == ("yuv420p", ["alpha"])


@pytest.mark.parametrize("bits", [8, 16])
def test_the_alpha_of_prores(tmp_path: Path, bits: int) -> None:
    report = Notes()
    pictures = [deep(index, 4) if bits == 16 else glass(index) for index in range(5)]
    written = written_of(tmp_path / "a.mov", pictures, preset="prores4444", report=report)
    frames, facts = decoded(tmp_path / "a.mov")
    assert (written.pixel_format, facts["tags"]) == ("yuva444p12le", (1, 1, 1, 1))
    assert report.notes == (["bit_depth"] if bits == 16 else [])
    for frame, picture in zip(frames, pictures, strict=True):
        top = np.iinfo(picture.dtype).max
        # 12 bits in units of 8.
        alpha = plane(frame, 3) * 16 / 4095
        assert np.abs(alpha - picture[..., 3] / top).max() <= (0.5 / 255 if bits == 8 else 2.5 / 1023)
        assert psnr(plane(frame, 0), yuv(picture)[..., 0]) > 45


@pytest.mark.parametrize("encoder", [None, "-lossless 1", "-quality 40"])
@pytest.mark.parametrize("channels", [3, 4])
def test_an_animated_webp(tmp_path: Path, encoder: str | None, channels: int) -> None:
    report = Notes()
    pictures: list[Picture] = [scene(index / 8) if channels == 3 else glass(index) for index in range(9)]
    written = written_of(tmp_path / "a.webp", pictures, encoder=encoder, report=report)
    assert (written.kind, written.count, written.codec, report.notes) == ("animation", 9, "webp", [])
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
    report = Notes()
    written_of(tmp_path / "a.webp", [deep(0, 4), deep(1, 4)], report=report)
    assert report.notes == ["bit_depth"]
    assert "reduced to 8 for .webp" in report.texts[0]


@pytest.mark.parametrize("suffix", [".webp", ".apng"])
@pytest.mark.parametrize("rate", [r for r in RATES + ODD_RATES if r < 500], ids=str)
@pytest.mark.parametrize("count", [1, 7])
def test_times_of_an_animation_are_exact(tmp_path: Path, suffix: str, rate: Fraction, count: int) -> None:
    path = tmp_path / f"a{suffix}"
    report = Notes()
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
    assert report.notes == []


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
        report = Notes()
        made(tmp_path / f"a{suffix}", 3, Fraction(rate), report=report)
        assert report.notes == ["viewer_rate"]


@pytest.mark.parametrize(("suffix", "codec"), [*ALL, (".gif", None)])
def test_one_frame_has_its_display_time(tmp_path: Path, suffix: str, codec: str | None) -> None:
    written = made(tmp_path / f"film{suffix}", count=1, rate=Fraction(2), codec=codec)
    assert (written.count, written.duration) == (1, Fraction(1, 2))


@pytest.mark.parametrize(("suffix", "codec"), ALL)
@pytest.mark.parametrize("size", [(47, 64), (48, 63), (47, 63)])
def test_odd_sizes_of_every_codec(tmp_path: Path, suffix: str, codec: str | None, size: tuple[int, int]) -> None:
    report = Notes()
    written = written_of(tmp_path / f"a{suffix}", [disc(0, size), disc(1, size)], codec, report=report)
    assert written.size == size
    assert report.notes == (["pixel_format"] if codec in ("libx264", "libx265") else [])
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
        frame = decoded(tmp_path / name)[0][0]
        assert frame.colorspace == matrix
        assert np.abs(plane(frame, 0) - yuv(picture)[..., 0]).mean() < 2


def arguments_of(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The real ffmpeg, whose words are left in the file that is returned, one a line."""
    real = ffmpeg.executable()
    fake_ffmpeg(folder, monkeypatch, f"printf '%s\\n' \"$@\" > '{folder}/words'\nexec '{real}' \"$@\"")
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


# --- presets ---


@pytest.mark.parametrize("size", [(47, 63), (48, 63), (1, 1), SIZE])
def test_the_preset_for_the_web(tmp_path: Path, size: tuple[int, int]) -> None:
    report = Notes()
    pictures = [disc(index, size) for index in range(4)]
    written = written_of(tmp_path / "a.mp4", pictures, preset="web", report=report)
    even = (size[0] + size[0] % 2, size[1] + size[1] % 2)
    frames, facts = decoded(tmp_path / "a.mp4")
    assert {(frame.height, frame.width, frame.format.name) for frame in frames} == {(*even, "yuv420p")}
    assert (written.size, written.codec, facts["tags"]) == (even, "h264", (1, 1, 1, 1))
    assert report.notes == ([] if size == even else ["padded"])
    seen = shown(tmp_path / "a.mp4", even)
    edge = np.pad(pictures[0], ((0, even[0] - size[0]), (0, even[1] - size[1]), (0, 0)), "edge")
    assert np.abs(seen[0] - edge).mean() < 4
    data = (tmp_path / "a.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_the_preset_for_gifs_is_the_gif(tmp_path: Path) -> None:
    for preset in (None, "gif"):
        made(tmp_path / f"{preset}.gif", preset=preset)
    assert (tmp_path / "None.gif").read_bytes() == (tmp_path / "gif.gif").read_bytes()


def test_presets_by_the_real_command(inside: Command, tmp_path: Path) -> None:
    for index in range(2):
        save(tmp_path / f"key{index}.png", deep(20 * index, 4)[:47, :63])
    words = ("run", "key0.png", "key1.png", "-n", 2, "-e", "blend")
    ran = inside(*words, "-o", "a.mkv", "--preset", "archive", "--record")
    assert (ran.code, ran.out) == (0, "a.mkv\n"), ran.err
    frames = decoded(tmp_path / "a.mkv")[0]
    for frame, key in ((frames[0], 0), (frames[-1], 20)):
        assert frame.format.name == "gbrap16le"
        green, alpha = (np.frombuffer(frame.planes[n], "<u2").reshape(47, -1)[:, :63] for n in (0, 3))
        np.testing.assert_array_equal(green, deep(key, 4)[:47, :63, 1])
        np.testing.assert_array_equal(alpha, deep(key, 4)[:47, :63, 3])
    ran = inside("run", "--repeat", "a.mkv.json", "-o", "b.mkv")
    assert ran.code == 0, ran.err
    assert (tmp_path / "a.mkv").read_bytes() == (tmp_path / "b.mkv").read_bytes()
    ran = inside(*words, "-o", "a.mp4", "--preset", "web", "--dry-run")
    assert "4 frames, 64x48," in ran.out
    ran = inside(*words, "-o", "a.mp4", "--preset", "web", "--json")
    said = json.loads(ran.out)
    assert said["output"]["size"] == [48, 64]
    assert {"alpha", "bit_depth", "padded", "chroma"} <= {note["code"] for note in said["notes"]}
    assert ran.err.count("note: ") == 3
    ran = inside(*words, "-o", "a.webm", "--preset", "web")
    assert (ran.code, ran.problem) == (2, ("--preset web writes .mp4, and `a.webm` is .webm", "write -o a.mp4"))


# --- an ffmpeg without an encoder ---


def poor_ffmpeg(folder: Path, monkeypatch: pytest.MonkeyPatch, *missing: str) -> None:
    real, names = ffmpeg.executable(), "\\|".join(missing)
    script = f"case \"$*\" in *-encoders*) '{real}' \"$@\" | grep -v ' \\({names}\\) ';; *) exit 9;; esac"
    fake_ffmpeg(folder, monkeypatch, script)


@pytest.mark.parametrize(
    ("out", "words", "missing", "hint"),
    [
        ("a.mp4", {}, ["libx264"], "take --codec libx265, which it has, or unset IMAGEIO_FFMPEG_EXE"),
        ("a.mp4", {"preset": "web"}, ["libx264", "libx265"], "take --codec libvpx-vp9"),
        ("a.webm", {}, ["libvpx-vp9"], "take --codec libsvtav1"),
        ("a.webm", {"codec": "libsvtav1"}, ["libsvtav1"], "take --codec libvpx-vp9"),
        ("a.mkv", {"preset": "archive"}, ["ffv1"], "take --codec libx264"),
        ("a.webp", {}, ["libwebp_anim"], "write -o frames/ for a folder of PNG"),
        ("a.apng", {}, ["apng"], "write -o frames/"),
        ("a.gif", {}, ["gif"], "write -o frames/"),
        ("a.gif", {}, ["ffv1"], "write -o frames/"),
    ],
)
def test_an_ffmpeg_without_the_encoder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, out: str, words: dict[str, str], missing: list[str], hint: str
) -> None:
    poor_ffmpeg(tmp_path, monkeypatch, *missing)
    with pytest.raises(InbetweenError) as caught:
        rehearse(sinks.parse(f"{tmp_path}/{out}", **words), Fraction(25), SIZE)
    assert f"this ffmpeg has no encoder `{missing[0]}`" in caught.value.message
    assert hint in caught.value.hint
    assert "\n" not in caught.value.message + caught.value.hint
    assert os.listdir(tmp_path) == ["ffmpeg"]


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
    refused(looped, "it is to be played for ever")
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
    report = Notes()
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
    assert report.notes == (["viewer_rate"] if rate > 50 else [])
    assert list(report.stages) == ["write", "palette", "check"]
    assert all(done == total for done, total in report.stages.values())
    assert os.listdir(tmp_path) == ["a.gif"]


@pytest.mark.parametrize("loop", [False, True])
def test_a_gif_loops_only_when_asked(tmp_path: Path, loop: bool) -> None:
    made(tmp_path / "a.gif", loop=loop)
    with Image.open(tmp_path / "a.gif") as image:
        assert image.info.get("loop") == (0 if loop else None)


def test_a_gif_keeps_one_bit_of_alpha(tmp_path: Path) -> None:
    report = Notes()
    made(tmp_path / "a.gif", count=12, channels=4, report=report)
    assert report.notes == []
    for index, picture in enumerate(gif_frames(tmp_path / "a.gif")):
        expected = disc(index, channels=4)
        inside = expected[..., 3] == 255
        np.testing.assert_array_equal(picture[..., 3], expected[..., 3])
        assert np.abs(picture[inside].astype(int) - expected[inside]).max() < 4


def test_a_gif_cuts_alpha_at_one_half(tmp_path: Path) -> None:
    report = Notes()
    picture = disc(0)
    alpha = np.repeat(np.where(np.arange(SIZE[1]) < 32, 127, 128)[None], SIZE[0], 0)
    picture = np.dstack([picture, alpha.astype(np.uint8)])
    write(sinks.parse(f"{tmp_path}/a.gif"), [picture, picture], Fraction(25), 2, SIZE, report)
    assert report.notes == ["alpha"]
    for found in gif_frames(tmp_path / "a.gif"):
        np.testing.assert_array_equal(found[..., 3], np.where(alpha > 127, 255, 0))


@pytest.mark.parametrize("size", [(1, 1), (2, 3)])
def test_a_gif_without_a_visible_pixel(tmp_path: Path, size: tuple[int, int]) -> None:
    clear = np.zeros((*size, 4), np.uint8)
    write(sinks.parse(f"{tmp_path}/a.gif"), [clear, clear], Fraction(25), 2, size, Report())
    assert all(np.all(found[..., 3] == 0) for found in gif_frames(tmp_path / "a.gif"))


# --- sequences and single pictures ---


@pytest.mark.parametrize("suffix", [".png", ".tif", ".tiff"])
@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_sequence_keeps_every_value(tmp_path: Path, suffix: str, channels: int, dtype: type) -> None:
    from inbetween import pictures

    report = Notes()
    written = made(tmp_path / f"x%d{suffix}", 3, channels=channels, dtype=dtype, report=report, start=9)
    names = [f"x9{suffix}", f"x10{suffix}", f"x11{suffix}"]
    assert sorted(os.listdir(tmp_path)) == sorted(names)
    for index, name in enumerate(names):
        found = pictures.read(tmp_path / name)
        assert found.dtype == dtype
        np.testing.assert_array_equal(found, disc(index, SIZE, channels, dtype))
    assert (written.kind, written.count, written.duration) == ("sequence", 3, 3 / NTSC)
    assert written.bytes == sum((tmp_path / name).stat().st_size for name in names)
    assert (
        written.pixel_format
        == {
            (3, np.uint8): "rgb24",
            (4, np.uint8): "rgba",
            (3, np.uint16): "rgb48",
            (4, np.uint16): "rgba64",
        }[channels, dtype]
    )
    assert report.notes == []


def test_jpegs_say_what_they_lose(tmp_path: Path) -> None:
    report = Notes()
    written = made(tmp_path / "%d.jpg", 3, channels=4, dtype=np.uint16, report=report)
    assert sorted(report.notes) == ["alpha", "bit_depth"]
    assert (written.codec, written.pixel_format) == ("mjpeg", "rgb24")


@pytest.mark.parametrize("name", ["x.png", "x.tif", "x.jpg"])
def test_one_picture(tmp_path: Path, name: str) -> None:
    written = made(tmp_path / name, 1)
    assert os.listdir(tmp_path) == [name]
    assert (written.kind, written.bytes) == ("picture", (tmp_path / name).stat().st_size)
    with Image.open(tmp_path / name) as image:
        assert image.size == (SIZE[1], SIZE[0])


def test_folders_new_empty_and_full(tmp_path: Path) -> None:
    new, empty, full = (tmp_path / name for name in ("new", "empty", "full"))
    empty.mkdir()
    full.mkdir()
    (full / "notes.txt").write_text("mine")
    made(f"{new}/", 3)
    assert sorted(os.listdir(new)) == ["00000.png", "00001.png", "00002.png"]
    # The same folder, not another of the same name: it may be somebody's current one.
    before = empty.stat().st_ino
    made(empty, 2, start=7)
    assert sorted(os.listdir(empty)) == ["00007.png", "00008.png"]
    assert empty.stat().st_ino == before
    for words in ({"start": 0}, {"start": 500}):
        with pytest.raises(InbetweenError) as caught:
            made(full, 2, **words)
        assert "not empty" in caught.value.message
        assert "--overwrite" in caught.value.hint
    assert os.listdir(full) == ["notes.txt"]
    assert sorted(os.listdir(tmp_path)) == ["empty", "full", "new"]
    # What a killed run left behind is nobody's picture.
    part = tmp_path / "again" / ".again.parts" / ".inbetween-0123abcd.part"
    part.mkdir(parents=True)
    made(tmp_path / "again", 1)
    assert os.listdir(tmp_path / "again") == ["00000.png"]


def test_a_new_folder_has_the_usual_permissions(tmp_path: Path) -> None:
    (tmp_path / "usual").mkdir()
    made(tmp_path / "new", 1)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == stat.S_IMODE((tmp_path / "usual").stat().st_mode)


def test_overwriting_a_sequence_replaces_its_own_pictures_only(tmp_path: Path) -> None:
    kept = ["00000.PNG", "0002.png", "00002.tif", "x00001.png", "notes.txt", "-0001.png"]
    for name in [*kept, "00000.png", "00001.png", "00002.png", "00003.png", "123456.png"]:
        (tmp_path / name).write_text("old")
    with pytest.raises(InbetweenError, match="not empty"):
        made(tmp_path, 2, start=1)
    written = made(tmp_path, 2, start=1, overwrite=True)
    assert written.count == 2
    assert sorted(os.listdir(tmp_path)) == sorted([*kept, "00000.png", "00001.png", "00002.png"])
    assert (tmp_path / "00000.png").read_text() == "old"
    with Image.open(tmp_path / "00002.png") as image:
        np.testing.assert_array_equal(np.asarray(image), disc(1))


def test_a_pattern_asks_for_its_own_names_only(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "y_001.png").write_text("mine")
    made(tmp_path / "x_%03d.png", 2)
    with pytest.raises(InbetweenError) as caught:
        made(tmp_path / "x_%03d.png", 2)
    assert caught.value.message.endswith("x_000.png` exists")
    made(tmp_path / "x_%03d.png", 2, start=2)
    assert sorted(os.listdir(tmp_path)) == sorted(
        ["notes.txt", "y_001.png", "x_000.png", "x_001.png", "x_002.png", "x_003.png"]
    )
    made(tmp_path / "new folder" / "x_%03d.png", 1)
    assert os.listdir(tmp_path / "new folder") == ["x_000.png"]


def test_a_move_that_fails_is_undone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(tmp_path, 3)
    old = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    rename = os.rename

    def failing(source: str, target: str) -> None:
        new = ".inbetween" in source and "replaced" not in source
        if new and target == str(tmp_path / "00002.png"):
            raise PermissionError(13, "Permission denied")
        rename(source, target)

    monkeypatch.setattr(os, "rename", failing)
    with pytest.raises(InbetweenError, match="Permission denied"):
        made(tmp_path, 4, size=(16, 16), overwrite=True)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == old


# --- what is refused before the work ---


def refusal(out: str | Path, *inputs: str | Path, overwrite: bool = True) -> InbetweenError:
    with pytest.raises(InbetweenError) as caught:
        prepare(sinks.parse(str(out)), overwrite, [Path(path) for path in inputs])
    assert "\n" not in caught.value.message + caught.value.hint
    return caught.value


def test_folders_that_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for out in (
        "missing/a.mp4",
        "missing/a.gif",
        "missing/a.png",
        "missing/deeper/",
        "missing/deeper/%d.png",
    ):
        error = refusal(tmp_path / out if not out.endswith("/") else f"{tmp_path}/{out}")
        assert "there is no folder" in error.message
        assert "mkdir -p" in error.hint
    for out in ("file/a.mp4", "file/", "file/x/", "file/%d.png"):
        assert "is a file, not a folder" in refusal(f"{tmp_path}/{out}").message
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs a folder that nobody can write to")
@pytest.mark.parametrize("out", ["/proc/a.mp4", "/proc/frames/", "/proc/%d.png"])
def test_read_only_folders(out: str) -> None:
    assert "cannot write" in refusal(out).message


def test_an_output_that_exists_needs_overwrite(tmp_path: Path) -> None:
    for name in ("a.mp4", "a.gif", "a.png"):
        path = tmp_path / name
        path.write_text("old")
        error = refusal(path, overwrite=False)
        assert error.message.endswith("exists")
        assert "--overwrite" in error.hint
        assert path.read_text() == "old"
        prepare(sinks.parse(str(path)), True)
        made(path, 1, overwrite=True)
        assert path.read_bytes()[:3] != b"old"
    os.mkfifo(tmp_path / "pipe.mp4")
    assert "is not a file" in refusal(tmp_path / "pipe.mp4").message


def test_no_input_is_ever_written_to(tmp_path: Path) -> None:
    (tmp_path / "in.mp4").write_text("a")
    (tmp_path / "00003.png").write_text("b")
    (tmp_path / "link.mp4").symlink_to("in.mp4")
    (tmp_path / "folder link").symlink_to(".")
    (tmp_path / "picture link").symlink_to("00003.png")
    film, picture = tmp_path / "in.mp4", tmp_path / "00003.png"
    assert "an input and an output" in refusal(film, tmp_path / "other", film).message
    assert "an input and an output" in refusal(tmp_path / "link.mp4", film).message
    assert "an input and an output" in refusal(film, tmp_path / "link.mp4").message
    assert "an input and an output" in refusal(tmp_path / "folder link" / "in.mp4", film).message
    assert "an input and an output" in refusal(picture, picture).message
    for out in (tmp_path, tmp_path / "%05d.png", tmp_path / "folder link"):
        for source in (picture, tmp_path / "picture link", tmp_path):
            assert "00003.png` is an input and would be overwritten" in refusal(out, source).message
    # Those that are neither replaced nor removed may stand in the same folder.
    prepare(sinks.parse(str(tmp_path / "%05d.png"), start_number=4), True, [picture])
    prepare(sinks.parse(str(tmp_path / "%04d.png")), True, [picture])
    prepare(sinks.parse(str(tmp_path / "b.mp4")), True, [film, Path("no such file")])


def test_a_link_is_written_through(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "a.mp4").symlink_to("disk/real.mp4")
    made(tmp_path / "a.mp4")
    assert (tmp_path / "a.mp4").is_symlink()
    assert os.listdir(tmp_path / "disk") == ["real.mp4"]


def test_names_that_are_too_long(tmp_path: Path) -> None:
    for out in ("é" * 126 + ".mp4", "x" * 256 + "/", "x" * 250 + "%05d.png"):
        assert "too long" in refusal(f"{tmp_path}/{out}").message


NAMES = [
    "ü 映画 🎬",
    "100%d",
    "%05d",
    "[x]*?",
    "-leading",
    "a:b",
    "q'u\"o",
    "new\nline",
    "x" * 251,
    "pipe:1",
    "~",
]


@pytest.mark.parametrize("stem", NAMES)
def test_names_are_taken_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stem: str) -> None:
    folder = tmp_path / "50% off %d [x] -y"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for suffix in (".mp4", ".gif"):
        written = made(stem + suffix, 2)
        assert (written.count, written.path) == (2, stem + suffix)
    assert sorted(os.listdir(folder)) == sorted([stem + ".mp4", stem + ".gif"])
    made(f"{stem}/", 2)
    assert sorted(os.listdir(folder / stem)) == ["00000.png", "00001.png"]
    made(stem.replace("%", "")[:240] + "_%04d.png", 1)
    assert (folder / (stem.replace("%", "")[:240] + "_0000.png")).is_file()


def test_names_that_are_no_utf_8(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.mp4")
    made(f"{tmp_path}/{name}", 2)
    assert os.listdir(os.fsencode(tmp_path)) == [b"caf\xe9.mp4"]


# --- what goes wrong during the work ---

OUTPUTS = ["a.mp4", "a.mkv", "a.gif", "a_%02d.png", "a.png", "new/"]


@pytest.mark.parametrize("out", OUTPUTS)
@pytest.mark.parametrize("error", [ValueError("engine"), Interrupted(), KeyboardInterrupt(), OSError(5, "theirs")])
def test_frames_that_fail_leave_everything_as_it_was(tmp_path: Path, out: str, error: BaseException) -> None:
    old = tmp_path / out.replace("%02d", "00")
    if not out.endswith("/"):
        old.write_text("old")

    def frames() -> Iterator[Picture]:
        if out != "a.png":
            yield disc(0)
            yield disc(1)
        raise error

    sink = sinks.parse(f"{tmp_path}/{out}")
    with pytest.raises(type(error)) as caught:
        write(sink, frames(), NTSC, 1 if out == "a.png" else 9, SIZE, Report(), overwrite=True)
    assert caught.value is error
    assert os.listdir(tmp_path) == ([] if out.endswith("/") else [old.name])
    assert out.endswith("/") or old.read_text() == "old"


@pytest.mark.parametrize("out", OUTPUTS)
@pytest.mark.parametrize("given", [0, 1, 3])
def test_a_wrong_number_of_frames_is_a_bug(tmp_path: Path, out: str, given: int) -> None:
    count = 1 if out == "a.png" else 2
    if given == count:
        given = 2
    with pytest.raises(RuntimeError, match="planned"):
        write(sinks.parse(f"{tmp_path}/{out}"), map(disc, range(given)), NTSC, count, SIZE, Notes())
    assert os.listdir(tmp_path) == []


def test_a_wrong_size_is_a_bug(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="frame 1 is"):
        write(sinks.parse(f"{tmp_path}/a.mp4"), [disc(0), noise(0)], NTSC, 2, SIZE, Report())
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("stage", ["write", "palette", "check"])
def test_a_report_that_stops_leaves_nothing(tmp_path: Path, stage: str) -> None:
    class Stop(Report):
        def progress(self, name: str, done: int, total: int) -> None:
            if name == stage:
                raise Interrupted()

    with pytest.raises(Interrupted):
        made(tmp_path / "a.gif", report=Stop())
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("out", OUTPUTS)
def test_an_output_that_appears_meanwhile_stays(tmp_path: Path, out: str) -> None:
    other = tmp_path / out.replace("%02d", "07")

    def frames() -> Iterator[Picture]:
        yield disc(0)
        if out.endswith("/"):
            other.mkdir()
            (other / "00004.png").write_text("other")
        else:
            other.write_text("other")

    with pytest.raises(InbetweenError) as caught:
        write(sinks.parse(f"{tmp_path}/{out}"), frames(), NTSC, 1, SIZE, Report())
    assert "while it was being made" in caught.value.message
    assert os.listdir(tmp_path) == [other.name]
    assert (other / "00004.png" if out.endswith("/") else other).read_text() == "other"


@pytest.mark.parametrize("out", ["a.mp4", "a.gif", "x/"])
def test_frames_are_not_kept(tmp_path: Path, out: str) -> None:
    alive: set[int] = set()
    most = 0

    def frames() -> Iterator[Picture]:
        nonlocal most
        for index in range(20):
            picture = disc(index)
            alive.add(index)
            weakref.finalize(picture, alive.discard, index)
            yield picture
            del picture
            most = max(most, len(alive))

    write(sinks.parse(f"{tmp_path}/{out}"), frames(), NTSC, 20, SIZE, Report())
    assert 1 <= most <= 2


def test_a_film_with_a_damaged_middle_gets_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.mp4").write_text("old")
    make_film = encode.make_film

    def cut(path: str, *more: Any) -> None:
        make_film(path, *more)
        os.truncate(path, os.path.getsize(path) * 2 // 3)

    monkeypatch.setattr(encode, "make_film", cut)
    with pytest.raises(InbetweenError, match="not what was planned"):
        made(tmp_path / "a.mp4", 9, overwrite=True)
    assert os.listdir(tmp_path) == ["a.mp4"]
    assert (tmp_path / "a.mp4").read_text() == "old"


def test_a_picture_that_the_disk_damages_gets_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def damaging(path: str, mode: str) -> Any:
        if mode == "rb":
            os.truncate(path, os.path.getsize(path) - 1)
        return open(path, mode)

    made(tmp_path / "sound.png", 1)
    monkeypatch.setattr(write_module, "open", damaging, raising=False)
    with pytest.raises(InbetweenError, match="not what was planned: a picture reads otherwise"):
        made(tmp_path / "a.png", 1)
    assert os.listdir(tmp_path) == ["sound.png"]


# --- ffmpeg and the disk ---


def fake_ffmpeg(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> Path:
    path = folder / "ffmpeg"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(path))
    return path


@pytest.mark.parametrize("out", ["a.mp4", "a.gif"])
@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("exit 7", "exit code 7 and no message"),
        ("exit 0", "it wanted no more frames"),
        ("kill -KILL $$", "killed by SIGKILL"),
        ("kill -XFSZ $$", "file size limit reached"),
        (
            "echo '[a @ 0x1] [b @ 0x2] Odd thing' >&2; echo Conversion failed! >&2; exit 1",
            "stopped: Odd thing",
        ),
        ("echo 'av_write_frame(): No space left on device' >&2; exit 1", "the disk or quota is full"),
        ("echo 'Disk quota exceeded' >&2; exit 1", "the disk or quota is full"),
        ("head -c 100000 >/dev/null; echo died in the middle >&2; exit 1", "died in the middle"),
        ("yes 'much to say' | head -n 100000 >&2; exit 1", "ffmpeg stopped: much to say"),
    ],
)
def test_an_ffmpeg_that_dies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, out: str, script: str, message: str
) -> None:
    fake_ffmpeg(tmp_path, monkeypatch, script)
    (tmp_path / "films").mkdir()
    sink = sinks.parse(f"{tmp_path}/films/{out}")
    with pytest.raises(InbetweenError) as caught:
        write(sink, map(noise, range(4)), NTSC, 4, (256, 256), Report())
    assert message in caught.value.message
    assert "Conversion failed" not in caught.value.message
    assert "\n" not in caught.value.message + caught.value.hint
    assert os.listdir(tmp_path / "films") == []


def test_an_ffmpeg_that_cannot_be_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = fake_ffmpeg(tmp_path, monkeypatch, "")
    for spoil in (lambda: path.write_bytes(b"\x7fELF nonsense"), lambda: path.chmod(0o644), path.unlink):
        spoil()
        for call in (lambda: made(tmp_path / "a.mp4"), ffmpeg.encoders):
            with pytest.raises(InbetweenError) as caught:
                call()
            assert "ffmpeg cannot be run" in caught.value.message
            assert "IMAGEIO_FFMPEG_EXE" in caught.value.hint
    assert not (tmp_path / "a.mp4").exists()


def recording_ffmpeg(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The real ffmpeg, which leaves its process id in the file that is returned."""
    real = ffmpeg.executable()
    fake_ffmpeg(folder, monkeypatch, f"echo $$ > '{folder}/pid'\nexec '{real}' \"$@\"")
    return folder / "pid"


def test_ffmpeg_is_out_of_reach_of_ctrl_c_and_never_outlives_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = recording_ffmpeg(tmp_path, monkeypatch)

    def frames() -> Iterator[Picture]:
        for index in range(9):
            yield noise(index)
        assert os.getsid(int(pid.read_text())) != os.getsid(0)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(sinks.parse(f"{tmp_path}/a.mp4"), frames(), NTSC, 99, (256, 256), Report())
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


IN_A_PROCESS = """
import os, resource, signal, sys
import numpy as np
from fractions import Fraction
from inbetween.errors import InbetweenError
from inbetween.types import Report
from inbetween.video import sinks
from inbetween.video.write import write

def frames():
    for index in range(40):
        yield np.random.default_rng(index).integers(0, 256, (256, 256, 3), np.uint8)
        {each}

{before}
try:
    write(sinks.parse(sys.argv[1]), frames(), Fraction(25), 40, (256, 256), Report())
except InbetweenError as error:
    print(error.message, '|', error.hint)
"""


@pytest.mark.parametrize("out", ["a.mp4", "a.gif", "frames/", "%d.tif"])
def test_a_file_size_limit(tmp_path: Path, out: str) -> None:
    script = IN_A_PROCESS.format(each="", before="resource.setrlimit(resource.RLIMIT_FSIZE, (150000, 150000))")
    words = [sys.executable, "-c", script, f"{tmp_path}/{out}"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert "file size limit reached" in done.stdout
    assert "choose another folder" in done.stdout
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs Linux")
def test_a_full_disk() -> None:
    full = pytest.raises(InbetweenError, match="the disk or quota is full")
    with full as caught, disk.errors("x"), open("/dev/full", "wb") as file:
        file.write(b"x" * 100_000)
    assert "free some space" in caught.value.hint


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs Linux")
def test_ffmpeg_dies_with_us_and_gives_no_name_to_what_it_leaves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = recording_ffmpeg(tmp_path, monkeypatch)
    (tmp_path / "films").mkdir()
    watched = "index == 9 and (print(flush=True), sys.stdin.read(1), os.kill(os.getpid(), signal.SIGKILL))"
    words = [sys.executable, "-c", IN_A_PROCESS.format(each=watched, before=""), f"{tmp_path}/films/a.mp4"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as us:
        assert us.stdin is not None
        assert us.stdout is not None
        us.stdout.readline()
        child = os.pidfd_open(int(pid.read_text()))
        try:
            us.stdin.write(b"x")
            us.stdin.close()
            assert us.wait() == -9
            assert select.select([child], [], [], 30)[0], "ffmpeg lives on"
        finally:
            os.close(child)
    assert os.listdir(tmp_path / "films") in ([], [".a.mp4.parts"])
    made(tmp_path / "films" / "a.mp4", 3)
    assert os.listdir(tmp_path / "films") == ["a.mp4"]
