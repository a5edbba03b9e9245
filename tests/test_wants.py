"""What people complain of in other tools, as checks of the real command: times, counts, colours, names, odd files."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from conftest import Command, load, psnr, save, scene, texture

from inbetween.types import Picture, Report
from inbetween.video import ffmpeg
from inbetween.video.probe import probe
from inbetween.video.read import frames

SIZE = 48, 64
AUDIO_RATE = 48_000
Film = Callable[..., Path]


@pytest.fixture
def film(tmp_path: Path) -> Film:
    """A file of pictures at times, by PyAV; with `clicks`, sounds that set in at these seconds after the start."""

    def made(
        pictures: list[Picture],
        times: list[Fraction] | Fraction,
        name: str = "c.mp4",
        clicks: tuple[float, ...] = (),
        begin: Fraction = Fraction(0),
    ) -> Path:
        stamps = times if isinstance(times, list) else [number / times for number in range(len(pictures))]
        with av.open(str(tmp_path / name), "w") as out:
            video = out.add_stream("libx264", rate=Fraction(30), options={"crf": "12", "bf": "0"})
            video.height, video.width, video.pix_fmt = *pictures[0].shape[:2], "yuv420p"
            video.codec_context.time_base = video.time_base = Fraction(1, 90_000)
            sound = out.add_stream("aac", rate=AUDIO_RATE, layout="mono") if clicks else None
            for picture, stamp in zip(pictures, stamps, strict=True):
                frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), "rgb24")
                frame.pts, frame.time_base = round(stamp * 90_000), Fraction(1, 90_000)
                out.mux(video.encode(frame))
            out.mux(video.encode(None))
            if sound is not None:
                t = np.arange(round(float(stamps[-1] + Fraction(1, 4)) * AUDIO_RATE)) / AUDIO_RATE
                wave = sum(np.where((t >= c) & (t < c + 0.01), np.sin(2 * np.pi * 3000 * (t - c)), 0) for c in clicks)
                frame = av.AudioFrame.from_ndarray(wave[None].astype(np.float32), "fltp", "mono")
                frame.sample_rate, frame.pts, frame.time_base = (
                    AUDIO_RATE,
                    round(begin * AUDIO_RATE),
                    Fraction(1, AUDIO_RATE),
                )
                out.mux(sound.encode(frame))
                out.mux(sound.encode(None))
        return tmp_path / name

    return made


def moving(count: int, step: float = 0.25) -> list[Picture]:
    return [scene(step * number, SIZE) for number in range(count)]


def stamps(path: Path) -> list[Fraction]:
    with av.open(str(path)) as container:
        return [frame.pts * frame.time_base for frame in container.decode(video=0)]


def pictures_of(path: Path) -> list[Picture]:
    return [picture for _, picture in frames(probe(str(path), Report()), Report())]


def heard(path: Path) -> list[float]:
    """Seconds after the first picture at which something loud sets in."""
    first = min(stamps(path))
    with av.open(str(path)) as container:
        parts = [part for frame in container.decode(audio=0) for part in av.AudioResampler("fltp").resample(frame)]
    sound = np.concatenate([part.to_ndarray()[0] for part in parts])
    loud = np.flatnonzero(np.abs(sound) > 0.3) / parts[0].rate
    begun = float(parts[0].pts * parts[0].time_base - first)
    return [begun + float(time) for time in loud[np.diff(loud, prepend=-1) > 0.1]]


# ------------------------------------------------------------------ times


@pytest.mark.parametrize("seconds", [4, pytest.param(600, marks=pytest.mark.slow)])
def test_film_rates_do_not_drift(command: Command, film: Film, tmp_path: Path, seconds: int) -> None:
    rate, begin = Fraction(24_000, 1001), Fraction(1, 10)
    count = round(seconds * rate)
    few = [scene(0.25 * (number % 40), (24, 32)) for number in range(40)]
    clicks = (0.5, seconds / 2, seconds - 0.5)
    film([few[number % 40] for number in range(count)], rate, clicks=clicks, begin=begin)
    ran = command("slowmo", "c.mp4", "--fps", "30", "-e", "blend", "--cuts", "off", "-o", "o.mp4", timeout=1200)
    assert ran.code == 0, ran.err
    found = stamps(tmp_path / "o.mp4")
    assert abs(len(found) / Fraction(30) - count / rate) <= Fraction(1, 30)
    assert heard(tmp_path / "o.mp4") == pytest.approx([float(begin) + click for click in clicks], abs=0.02)
    assert heard(tmp_path / "o.mp4") == pytest.approx(heard(tmp_path / "c.mp4"), abs=0.002)


@pytest.mark.parametrize("words", [["--fps", "60"], ["--factor", "2.5"]])
def test_a_phone_whose_rate_wanders(command: Command, film: Film, tmp_path: Path, words: list[str]) -> None:
    """Times between pictures of 1/30 s, now and then of 1/24 s, and one of 1/10 s."""
    steps = [Fraction(1, 24) if n % 7 == 3 else Fraction(1, 10) if n == 20 else Fraction(1, 30) for n in range(45)]
    times = [sum(steps[:number], Fraction(0)) for number in range(46)]
    film(moving(46, 0.05), times, clicks=(0.5, 1.5))
    ran = command("slowmo", "c.mp4", *words, "-o", "o.mp4")
    assert ran.code == 0, ran.err
    found = stamps(tmp_path / "o.mp4")
    slower = Fraction(words[1]) if words[0] == "--factor" else 1
    gap = found[1] - found[0]
    assert all(abs(b - a - gap) < Fraction(1, 1000) for a, b in pairwise(found))
    # The last picture lasts as long as the mean of those before it.
    assert abs(len(found) * gap - slower * (times[-1] * 46 / 45)) <= 2 * gap
    assert heard(tmp_path / "o.mp4") == pytest.approx([0.5 * slower, 1.5 * slower], abs=0.02)


@pytest.mark.parametrize("rate", ["24", "25", "30000/1001"])
def test_at_60_frames_a_second_none_is_shown_twice(command: Command, film: Film, tmp_path: Path, rate: str) -> None:
    film(moving(13, 0.2), Fraction(rate))
    ran = command("slowmo", "c.mp4", "--fps", "60", "--end", "key", "--codec", "ffv1", "-o", "o.mkv")
    assert ran.code == 0, ran.err
    found = pictures_of(tmp_path / "o.mkv")
    assert len(found) == int(12 / Fraction(rate) * 60) + 1
    assert all(float(np.abs(a.astype(int) - b).mean()) > 0.05 for a, b in pairwise(found))


@pytest.mark.parametrize("between", [0, 1, 6, 23])
def test_as_many_pictures_as_asked_for(command: Command, tmp_path: Path, between: int) -> None:
    keys = [save(tmp_path / f"{number}.png", scene(number / 2, SIZE)) for number in range(2)]
    ran = command("run", *keys, "-n", between, "-o", "o/")
    assert ran.code == 0, ran.err
    files = sorted((tmp_path / "o").iterdir())
    assert [file.name for file in files] == [f"{number:05d}.png" for number in range(between + 2)]
    for key, file in zip(keys, (files[0], files[-1]), strict=True):
        assert np.array_equal(load(key), load(file))


# ------------------------------------------------------------------ colours


def test_made_and_own_frames_look_alike(command: Command, film: Film, tmp_path: Path) -> None:
    """Of a picture that stands every frame is that picture: no light comes and goes, nothing is softer."""
    # Grey, for 4:2:0 loses more of colours than any flicker is.
    still = np.repeat(texture(*SIZE, 5, 1.2).astype(np.uint8)[..., :1], 3, 2)
    film([still] * 9, Fraction(10))
    ran = command("slowmo", "c.mp4", "--factor", "2", "--repeats", "keep", "--end", "key", "-o", "o.mp4")
    assert ran.code == 0, ran.err
    own, found = pictures_of(tmp_path / "c.mp4")[0].astype(float), pictures_of(tmp_path / "o.mp4")
    errors = np.array([np.abs(picture - own).mean() for picture in found])
    light = np.array([picture.mean() - own.mean() for picture in found])
    assert len(found) == 17
    assert errors.max() < 2
    assert abs(errors[::2].mean() - errors[1::2].mean()) < 0.3
    assert np.abs(light).max() < 0.3


def test_own_frames_are_the_clips(command: Command, film: Film, tmp_path: Path) -> None:
    pictures = [np.roll(scene(0.25 * n, (96, 128)), n, 1) for n in range(8)]
    film(pictures, Fraction(25))
    ran = command("slowmo", "c.mp4", "--factor", "2", "-o", "o.mp4")
    assert ran.code == 0, ran.err
    before, after = pictures_of(tmp_path / "c.mp4"), pictures_of(tmp_path / "o.mp4")
    # Twice the codec's loss at most.
    loss = np.mean([np.abs(a.astype(int) - b).mean() for a, b in zip(pictures, before, strict=True)])
    errors = [float(np.abs(a.astype(int) - b).mean()) for a, b in zip(before, after[::2], strict=True)]
    assert max(errors) < 2 * loss


# ------------------------------------------------------------------ names


@pytest.mark.parametrize("name", ["a b", "Ümläut é", "映画 🎬", "100%d %05d", "-leading", "it's [1]*", "a:b"])
def test_names_of_any_kind(command: Command, film: Film, tmp_path: Path, name: str) -> None:
    film(moving(3), Fraction(10)).rename(tmp_path / f"{name}.mp4")
    ran = command("slowmo", "--factor", "2", "-o", f"./{name} out.mp4", "--quiet", "--", f"{name}.mp4")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == f"./{name} out.mp4\n"
    assert len(stamps(tmp_path / f"{name} out.mp4")) == 6


# ------------------------------------------------------------------ files that are not what they seem


def by_ffmpeg(path: Path, words: str) -> None:
    command = [ffmpeg.executable(), "-v", "error", "-y", *shlex.split(words), str(path)]
    subprocess.run(command, check=True, capture_output=True)


TEST = "-f lavfi -i testsrc2=s=64x48:r=10:d=1"
BARS = "-f lavfi -i testsrc=s=64x48:r=10:d=1"
TONE = "-f lavfi -i sine=d=1"
X264 = "-c:v libx264 -pix_fmt yuv420p"


@pytest.mark.parametrize(
    ("name", "words", "count", "size"),
    [
        ("silent.mp4", f"{TEST} {X264}", 20, (48, 64)),
        ("one.mp4", f"{TEST} -frames:v 1 {X264}", 2, (48, 64)),
        ("odd.mp4", f"{TEST} -vf scale=63:47 -c:v libx264 -pix_fmt yuv444p", 20, (47, 63)),
        ("dot.mkv", "-f lavfi -i color=red:s=1x1:r=10:d=1 -c:v ffv1 -pix_fmt bgr0", 20, (1, 1)),
        ("turned.mp4", f"-display_rotation 90 {TEST} {X264}", 20, (64, 48)),
        ("wrong.avi", f"{TEST} {X264} -f mp4", 20, (48, 64)),
        ("cover.mkv", f"{TEST} {TONE} {X264} -c:a flac", 20, (48, 64)),
    ],
)
def test_files_that_are_read(
    command: Command, tmp_path: Path, name: str, words: str, count: int, size: tuple[int, int]
) -> None:
    by_ffmpeg(tmp_path / name, words)
    ran = command("slowmo", name, "--factor", "2", "--repeats", "keep", "-o", "o.mkv", "--preset", "archive")
    assert ran.code == 0, ran.err
    found = pictures_of(tmp_path / "o.mkv")
    assert (len(found), found[0].shape[:2]) == (count, size)


@pytest.mark.parametrize(
    ("name", "words", "said"),
    [
        ("sound.m4a", f"{TONE} -c:a aac", "no pictures"),
        ("cover.m4a", f"{TONE} {BARS} -c:a aac -frames:v 1 -c:v png -disposition:v attached_pic", "no film"),
        ("none.mp4", f"{TEST} {X264} -frames:v 0 -f mp4", "no "),
        ("fields.mp4", f"{TEST} -vf setfield=tff -flags +ildct+ilme -x264-params tff=1 {X264}", "interlaced"),
    ],
)
def test_files_that_are_refused(command: Command, tmp_path: Path, name: str, words: str, said: str) -> None:
    by_ffmpeg(tmp_path / name, words)
    ran = command("slowmo", name, "--factor", "2", "-o", "o.mp4")
    assert ran.code == 1, ran.err
    assert said in ran.problem[0]
    assert sorted(os.listdir(tmp_path)) == [name]


@pytest.mark.parametrize("share", [0.02, 0.5, 0.97])
def test_a_file_that_is_cut_off(command: Command, tmp_path: Path, share: float) -> None:
    """A right film of what is there, or an error; never a traceback, never a part of a film."""
    by_ffmpeg(tmp_path / "c.mkv", f"-f lavfi -i testsrc2=s=160x120:r=10:d=3 {X264} -g 5 -bf 0")
    whole = (tmp_path / "c.mkv").read_bytes()
    (tmp_path / "c.mkv").write_bytes(whole[: int(share * len(whole))])
    ran = command("slowmo", "c.mkv", "--factor", "2", "-o", "o.mp4")
    if ran.code:
        assert all(ran.problem)
        assert sorted(os.listdir(tmp_path)) == ["c.mkv"]
    else:
        there = len(stamps(tmp_path / "c.mkv"))
        assert len(stamps(tmp_path / "o.mp4")) == pytest.approx(2 * there, abs=2)


# ------------------------------------------------------------------ a new user


def test_without_a_home_a_network_or_weights(command: Command, tmp_path: Path) -> None:
    keys = [save(tmp_path / f"{number}.png", scene(number, SIZE)) for number in range(2)]
    nowhere = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
    home = {
        "HOME": str(tmp_path / "home"),
        "XDG_CACHE_HOME": str(tmp_path / "home" / "cache"),
        "CUDA_VISIBLE_DEVICES": "",
    }
    ran = command("run", *keys, "-o", "o.mp4", env={**nowhere, **home})
    assert ran.code == 0, ran.err
    found = pictures_of(tmp_path / "o.mp4")
    assert len(found) == 25
    assert psnr(found[0], load(keys[0])) > 35
    assert not (tmp_path / "home").exists()
