"""What is no clip, or a strange or damaged one."""

from __future__ import annotations

import subprocess
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from inbetween.errors import InbetweenError
from inbetween.types import Report
from inbetween.video import ffmpeg
from inbetween.video.probe import probe
from inbetween.video.read import frames
from support.ffmpeg_clips import SOURCE, X264, Make, opened, refused
from support.pictures import save, scene
from support.reports import Heard


@pytest.mark.parametrize("name", ["c.mp4", "c.mkv"])
def test_a_clip_that_is_cut_off(make: Make, tmp_path: Path, name: str) -> None:
    words = ("-movflags", "+faststart", *X264) if name == "c.mp4" else X264
    data = make(name, "testsrc2=s=320x240:r=25:d=2", *words).read_bytes()
    cut = tmp_path / f"cut_{name}"
    cut.write_bytes(data[: len(data) * 6 // 10])
    assert "cut off" in refused(cut)


@pytest.mark.parametrize(
    ("name", "words"),
    [("c.mp4", ("-movflags", "+frag_keyframe+empty_moov")), ("c.mkv", ()), ("c.webm", ()), ("c.avi", ())],
)
def test_a_file_is_as_long_as_its_container_says(make: Make, tmp_path: Path, name: str, words: tuple[str, ...]) -> None:
    codec = ("-c:v", "libvpx", "-deadline", "realtime") if name == "c.webm" else X264
    data = make(name, SOURCE, *codec, *words).read_bytes()
    cut = tmp_path / f"cut_{name}"
    for part in (0.8, 0.95):
        cut.write_bytes(data[: int(len(data) * part)])
        assert "cut off" in refused(cut)
    cut.write_bytes(data + b"more")
    assert probe(str(cut), Report()).count == 24


def test_what_was_streamed_does_not_say_how_long_it_is(make: Make) -> None:
    clip, found = opened(make("c.mkv", SOURCE, *X264, "-f", "matroska", "-live", "1"))
    assert (clip.count, len(found)) == (24, 24)


def test_an_mp4_without_its_end_has_no_index(make: Make, tmp_path: Path) -> None:
    data = make("c.mp4", SOURCE, *X264).read_bytes()
    (tmp_path / "cut.mp4").write_bytes(data[: len(data) // 2])
    assert "cannot be read" in refused(tmp_path / "cut.mp4")


def test_files_without_moving_pictures(make: Make, tmp_path: Path) -> None:
    sound, cover = make("a.m4a", "sine=d=0.2", "-c:a", "aac"), save(tmp_path / "cover.png", scene(0, (48, 64)))
    assert "no pictures" in refused(sound)
    words = (
        "-i",
        str(sound),
        "-i",
        str(cover),
        "-map",
        "0",
        "-map",
        "1",
        "-c",
        "copy",
        "-disposition:v",
        "attached_pic",
    )
    assert "cover" in refused(make("covered.m4a", None, *words))
    assert "no pictures" in refused(make("zero.mp4", SOURCE, "-t", "0", *X264))
    assert "picture, not a clip" in refused(cover)
    (tmp_path / "text.mp4").write_text("not a clip")
    assert "cannot be read" in refused(tmp_path / "text.mp4")
    (tmp_path / "empty.mp4").touch()
    assert "cannot be read" in refused(tmp_path / "empty.mp4")
    assert "there is no clip" in refused(tmp_path / "nowhere.mp4")


def test_a_cover_beside_a_film_is_no_film(make: Make, tmp_path: Path) -> None:
    cover = save(tmp_path / "cover.png", scene(0, (96, 96)))
    film = make("f.mp4", SOURCE, *X264)
    words = ("-map", "1", "-map", "0", "-c", "copy", "-disposition:v:0", "attached_pic", "-disposition:v:1", "default")
    clip, found = opened(make("c.mp4", None, "-i", str(film), "-i", str(cover), *words))
    assert (clip.size, len(found)) == ((48, 64), 24)
    assert [stream.kind for stream in clip.streams] == ["attachment"]


def test_a_wrong_suffix_does_no_harm(make: Make, tmp_path: Path) -> None:
    path = tmp_path / "film %d é 漢 -.png"
    path.write_bytes(make("c.mp4", SOURCE, *X264).read_bytes())
    assert len(opened(path)[1]) == 24


@pytest.mark.parametrize("size", [(1, 1), (1, 63), (47, 3), (33, 35)])
def test_odd_sizes(tmp_path: Path, size: tuple[int, int]) -> None:
    height, width = size
    pictures = np.random.default_rng(0).integers(0, 256, (3, height, width, 3), np.uint8)
    path = tmp_path / "c.mkv"
    words = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", "10", "-i", "-"]
    command = [
        ffmpeg.executable(),
        "-v",
        "error",
        *words,
        "-c:v",
        "ffv1",
        "-slices",
        "1",
        "-pix_fmt",
        "bgr0",
        str(path),
    ]
    subprocess.run(command, input=pictures.tobytes(), check=True)
    clip, found = opened(path)
    assert clip.size == size
    assert all(np.array_equal(picture, wanted) for (_, picture), wanted in zip(found, pictures, strict=True))


def test_one_picture_is_a_clip(make: Make) -> None:
    clip, found = opened(make("c.mp4", SOURCE, "-frames:v", "1", *X264))
    assert (clip.count, len(found), clip.duration) == (1, 1, 1 / Fraction(24000, 1001))


def test_a_clip_that_changes_its_size(make: Make, tmp_path: Path) -> None:
    parts = [make(f"{n}.h264", f"testsrc2=s={size}:r=25:d=0.4", *X264) for n, size in enumerate(("64x48", "96x64"))]
    path = tmp_path / "both.h264"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    with pytest.raises(InbetweenError, match="changes its size"):
        opened(path)


def test_times_that_jump_back(make: Make, tmp_path: Path) -> None:
    parts = [make(f"{n}.ts", "testsrc2=s=64x48:r=25:d=2", *X264).read_bytes() for n in range(2)]
    (tmp_path / "both.ts").write_bytes(b"".join(parts))
    assert "jump back after 50 frames" in refused(tmp_path / "both.ts")


def test_damage_is_not_passed_over(make: Make, tmp_path: Path) -> None:
    data = bytearray(make("c.mkv", "testsrc2=s=320x240:r=25:d=1", *X264).read_bytes())
    data[len(data) // 2 : len(data) // 2 + 40] = bytes(40)
    path, report = tmp_path / "bad.mkv", Heard()
    path.write_bytes(data)
    clip = probe(str(path), report)
    found = list(frames(clip, report))
    assert (clip.count, clip.duration) == (25, 1)
    assert len(found) >= 24
    assert report.codes.count("damaged") == 1


@pytest.mark.parametrize("name", ["c.mov", "c.avi"])
def test_a_picture_that_cannot_be_decoded_is_a_hole(make: Make, name: str) -> None:
    path = make(name, SOURCE, "-c:v", "mjpeg")
    with av.open(str(path)) as film:
        lost = list(film.demux(video=0))[9]
        at, size = lost.pos, lost.size
    data = bytearray(path.read_bytes())
    data[at : at + size] = bytes(size)
    path.write_bytes(data)
    report = Heard()
    clip = probe(str(path), report)
    times = [time * clip.rate for time, _ in frames(clip, report)]
    assert (clip.count, times) == (24, [n for n in range(24) if n != 9])
    assert report.codes.count("damaged") == 1
