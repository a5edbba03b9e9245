"""Films: what they show, their colours and rates, and what the user says to the encoder."""

from __future__ import annotations

import os
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from inbetween.errors import InbetweenError, UnknownName
from inbetween.types import Report
from inbetween.video import ffmpeg, sinks
from inbetween.video.write import FilmFormat, rehearse, write
from support.clips import NTSC, ODD_RATES, RATES, SIZE, as_ffmpeg_shows, disc, frames_and_facts, made, plane, yuv
from support.reports import Heard


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_a_film_shows_what_went_in(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"film{suffix}"
    report = Heard()
    written = made(path, count=12, report=report)
    frames, facts = frames_and_facts(path)
    assert len(frames) == 12
    assert facts["tags"] == (1, 1, 1, 1)
    assert facts["codec"] == "h264"
    seen = as_ffmpeg_shows(path)
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
    assert report.loud == []
    assert report.stages == {"write": (12, 12), "check": (12, 12)}
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
@pytest.mark.parametrize(
    ("colour", "y"), [((255, 0, 0), 63), ((0, 255, 0), 173), ((255, 255, 255), 235), ((0, 0, 0), 16)]
)
def test_colours_are_bt709_in_limited_range(tmp_path: Path, suffix: str, colour: tuple[int, int, int], y: int) -> None:
    path = tmp_path / f"film{suffix}"
    picture = np.full((*SIZE, 3), colour, np.uint8)
    write(FilmFormat(sinks.parse(str(path)), Fraction(25), 1, SIZE), [picture], Report())
    frames, facts = frames_and_facts(path)
    assert facts["tags"] == (1, 1, 1, 1)
    assert abs(int(frames[0].to_ndarray()[24, 32]) - y) <= 1
    assert np.abs(as_ffmpeg_shows(path)[0] - picture).max() <= 2


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm"])
@pytest.mark.parametrize("rate", RATES + ODD_RATES, ids=str)
def test_rates_are_exact(tmp_path: Path, suffix: str, rate: Fraction) -> None:
    path = tmp_path / f"film{suffix}"
    written = made(path, count=7, rate=rate, size=(16, 16))
    frames, facts = frames_and_facts(path)
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
    report = Heard()
    made(tmp_path / "film.mp4", count=2, size=size, report=report)
    frames, facts = frames_and_facts(tmp_path / "film.mp4")
    assert [(frame.height, frame.width, frame.format.name) for frame in frames] == [(*size, "yuv444p")] * 2
    assert facts["tags"] == (1, 1, 1, 1)
    assert report.loud == ["pixel_format"]


def test_a_film_of_two_by_two_pixels(tmp_path: Path) -> None:
    assert made(tmp_path / "film.mp4", count=2, size=(2, 2)).pixel_format == "yuv420p"


def test_alpha_and_depth_of_a_film_are_said_once(tmp_path: Path) -> None:
    report = Heard()
    made(tmp_path / "film.mkv", channels=4, dtype=np.uint16, report=report)
    assert sorted(report.loud) == ["alpha", "bit_depth"]
    assert report.details == ["chroma"]
    frames, _ = frames_and_facts(tmp_path / "film.mkv")
    for index, frame in enumerate(frames):
        inside = disc(index, channels=4)[..., 3] == 255
        luma = plane(frame, 0)
        assert np.abs(luma[~inside] - 16).mean() < 1
        assert np.all(luma[inside] > 130)


def test_an_alpha_that_is_opaque_everywhere_is_not_worth_a_note(tmp_path: Path) -> None:
    report = Heard()
    picture = np.full((*SIZE, 4), 255, np.uint8)
    write(FilmFormat(sinks.parse(f"{tmp_path}/a.mp4"), Fraction(25), 1, SIZE), [picture], report)
    assert report.loud == []


def test_the_words_of_the_user_win(tmp_path: Path) -> None:
    fine = made(tmp_path / "fine.mp4")
    coarse = made(tmp_path / "coarse.mp4", encoder="-crf 45 -pix_fmt yuv444p")
    assert coarse.bytes < fine.bytes
    assert (fine.pixel_format, coarse.pixel_format) == ("yuv420p", "yuv444p")


@pytest.mark.parametrize(
    ("codec", "words"),
    [
        ("libx264", "-b:v:0 20k"),
        ("libx264", "-qp 50"),
        ("libx265", "-b:v 20k"),
        ("libx265", "-qp 50"),
        ("libsvtav1", "-qp 60"),
    ],
)
def test_a_rate_that_the_user_asks_for_is_obeyed(tmp_path: Path, codec: str, words: str) -> None:
    usual = made(tmp_path / "usual.mkv", 12, size=(96, 128), codec=codec)
    small = made(tmp_path / "small.mkv", 12, size=(96, 128), codec=codec, encoder=words)
    assert small.bytes < usual.bytes * 0.75


@pytest.mark.parametrize(
    ("name", "codec", "words"),
    [
        ("a.mkv", "libx264", "-qp 0 -pix_fmt yuv444p"),
        ("a.webm", "libvpx-vp9", "-lossless 1 -pix_fmt:v yuv444p"),
        ("a.mkv", "libx265", "-x265-params lossless=1 -pix_fmt:0 yuv444p"),
    ],
)
def test_lossless_films(tmp_path: Path, name: str, codec: str, words: str) -> None:
    written = made(tmp_path / name, 3, codec=codec, encoder=words)
    assert written.pixel_format == "yuv444p"
    for index, frame in enumerate(frames_and_facts(tmp_path / name)[0]):
        # Only the rounding of luma is left.
        assert np.abs(plane(frame, 0) - yuv(disc(index))[..., 0]).max() < 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("a.mp4", "libx256"), "no encoder called `libx256`"),
        (("a.mov", "libaom-av1"), "av1 only supported in MP4"),
        (("a.webm", "libsvtav1", "-svtav1-params tune=99"), "stopped: "),
        (("a.mp4", None, "-pix_fmt yuv421"), "there is no pixel format called yuv421"),
        (("a.webp", None, "-quality 101"), "Value 101.000000 for parameter 'quality' out of range"),
        (("a.mp4", None, "-preset quick"), "invalid preset 'quick'"),
    ],
)
def test_a_rehearsal_finds_words_that_ffmpeg_refuses(tmp_path: Path, words: tuple[str, ...], message: str) -> None:
    refused_in_a_rehearsal(sinks.parse(f"{tmp_path}/{words[0]}", *words[1:]), message, tmp_path)


@pytest.mark.parametrize(
    ("out", "words", "message"),
    [
        ("a.webp", "-lossless", "stopped: "),
        ("a.apng", "-vf scale=32:24", "not what was planned: a frame of 32x24"),
        ("a.mp4", "-foo 1", "Unrecognized option 'foo'"),
        ("a.mp4", "-t 0.05", "not what was planned: 1 frames instead of 2"),
        ("a.mp4", "-vf scale=32:24", "not what was planned: a frame of 32x24"),
        ("a.mp4", "-vf nonsense", "a filter of ffmpeg does not work: "),
        ("a.mp4", "-bsf:v setts=pts=PTS*2:dts=DTS*2", "not what was planned: frame 1 is at 0.08 s"),
        ("a.mkv", "-bsf:v setts=duration=DURATION*9", "not what was planned: 0.4 s instead of 0.08 s"),
    ],
)
def test_a_rehearsal_finds_what_is_not_as_planned(tmp_path: Path, out: str, words: str, message: str) -> None:
    """Also with words that `--encoder` does not accept: the film is looked at, not what it was made by."""
    sink = replace(sinks.parse(f"{tmp_path}/{out}"), encoder=tuple(words.split()))
    refused_in_a_rehearsal(sink, message, tmp_path)


def refused_in_a_rehearsal(sink: sinks.Sink, message: str, tmp_path: Path) -> None:
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
