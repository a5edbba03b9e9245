"""Clips of all kinds are read as they are meant, or refused with a cure."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from conftest import save, scene

from inbetween.errors import InbetweenError, UsageError
from inbetween.pictures import to_8_bit
from inbetween.slowmo import footage
from inbetween.types import Picture, Report
from inbetween.video import ffmpeg
from inbetween.video.clip import Clip
from inbetween.video.filters import kind
from inbetween.video.probe import probe
from inbetween.video.read import frames

SOURCE = "testsrc2=s=64x48:r=24000/1001:d=1"
X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "8")
Make = Callable[..., Path]


class Notes(Report):
    """Keeps what is said."""

    def __init__(self) -> None:
        self.codes: list[str] = []

    def note(self, code: str, text: str, *, detail: bool = False, **facts: Any) -> None:
        self.codes.append(code)


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """A file by ffmpeg: its name, the source for its test pictures (or None), and ffmpeg's words."""

    def run(name: str, source: str | None, *words: str, before: tuple[str, ...] = ()) -> Path:
        path = tmp_path / name
        given = () if source is None else ("-f", "lavfi", "-i", source)
        command = [ffmpeg.executable(), "-v", "error", "-y", *before, *given, *words, str(path)]
        subprocess.run(command, check=True, capture_output=True)
        return path

    return run


def read(clip: Clip, begin: Fraction = Fraction(0)) -> list[tuple[Fraction, Picture]]:
    return list(frames(clip, Report(), begin))


def opened(path: Path) -> tuple[Clip, list[tuple[Fraction, Picture]]]:
    clip = probe(str(path), Report())
    return clip, read(clip)


# ------------------------------------------------------------------ times


@pytest.mark.parametrize("name", ["c.mp4", "c.mkv", "c.mov", "c.ts", "c.avi"])
def test_an_even_clip_in_any_container(make: Make, name: str) -> None:
    clip, found = opened(make(name, SOURCE, *X264))
    assert (clip.rate, clip.count, clip.even) == (Fraction(24000, 1001), 24, True)
    assert clip.duration == 24 / clip.rate
    assert [time for time, _ in found] == [number / clip.rate for number in range(24)]
    assert (clip.last, clip.size) == (found[-1][0], (48, 64))


def test_a_raw_stream_has_no_times(make: Make) -> None:
    report = Notes()
    clip = probe(str(make("c.h264", SOURCE, *X264)), report)
    assert "untimed" in report.codes
    assert (clip.rate, clip.count) == (Fraction(24000, 1001), 24)
    assert len(read(clip)) == 24


@pytest.mark.parametrize("begin", [Fraction(0), Fraction(1, 3), Fraction(9, 10)])
@pytest.mark.parametrize("name", ["c.mp4", "c.mkv", "c.ts"])
def test_reading_from_the_middle_is_reading_on(make: Make, name: str, begin: Fraction) -> None:
    clip, every = opened(make(name, SOURCE, *X264))
    part = read(clip, begin)
    first = max(number for number, (time, _) in enumerate(every) if time <= begin)
    assert [time for time, _ in part] == [time for time, _ in every[first:]]
    assert all(np.array_equal(a, b) for (_, a), (_, b) in zip(part, every[first:], strict=True))


def test_uneven_times_are_kept(make: Make) -> None:
    words = ("-vf", "select=not(mod(n\\,3))+not(mod(n\\,5))+not(mod(n\\,7))", "-fps_mode", "vfr", *X264)
    path, report = make("c.mp4", "testsrc2=s=64x48:r=30:d=2", *words), Notes()
    clip = probe(str(path), report)
    wanted = [n for n in range(60) if not n % 3 or not n % 5 or not n % 7]
    assert [time for time, _ in read(clip)] == [Fraction(n, 30) for n in wanted]
    assert not clip.even
    assert "rate" in report.codes
    assert clip.rate == 18  # 33 pictures in 2 s, rounded to a rate that is in use
    assert clip.duration == Fraction(wanted[-1] + 1, 30)


def test_a_missing_picture_is_a_hole_in_an_even_clip(make: Make) -> None:
    words = ("-vf", "select=not(eq(n\\,11))", "-fps_mode", "vfr", *X264)
    for name in ("c.mp4", "c.mkv"):
        clip, found = opened(make(name, SOURCE, *words))
        assert clip.even, name
        assert clip.rate == Fraction(24000, 1001)
        assert [time * clip.rate for time, _ in found] == [n for n in range(24) if n != 11]


@pytest.mark.parametrize("words", [("-c:v", "mpeg4"), X264])
def test_an_avi_counts_what_it_dropped(make: Make, words: tuple[str, ...]) -> None:
    dropped = ("-vf", "select=not(between(n\\,5\\,9))", "-fps_mode", "passthrough")
    clip, found = opened(make("c.avi", SOURCE, *dropped, *words))
    assert clip.duration == 24 * Fraction(1001, 24000)
    times = [time * 24000 / 1001 for time, _ in found]
    # Where it is, is told in the order of the file.
    assert len(times) == 19
    assert sorted(b - a for a, b in pairwise(times)) == [1] * 17 + [6]


def test_a_picture_that_goes_on_in_theora(make: Make) -> None:
    moving = "color=c=gray:s=64x48:r=25:d=1[a];color=c=white:s=8x8:r=25[b];[a][b]overlay=x=floor(t*5)*8:shortest=1"
    path = make("c.ogv", moving, "-c:v", "libtheora")
    clip, found = opened(path)
    assert (clip.rate, clip.even, clip.count, clip.duration) == (25, True, 25, 1)
    assert len(found) < 25
    assert all((time * 25).denominator == 1 for time, _ in found)


@pytest.mark.parametrize("rate", ["24000/1001", "25", "60000/1001"])
def test_times_that_were_rounded_to_milliseconds_are_even_in_any_file(make: Make, rate: str) -> None:
    film = make("c.mkv", f"testsrc2=s=64x48:r={rate}:d=2", *X264)
    for name in ("c.mp4", "c.mov", "c.ts"):
        clip, found = opened(make(name, None, "-c", "copy", before=("-i", str(film))))
        assert (clip.even, clip.rate) == (True, Fraction(rate)), name
        assert [time * clip.rate for time, _ in found] == list(range(clip.count))


def test_what_an_edit_list_leaves_out_is_not_missing(make: Make, tmp_path: Path) -> None:
    """Cut without encoding, as by many programs: pictures before the beginning are in the file, and not shown."""
    film = make("c.mp4", SOURCE, *X264)
    cut = make("cut.mp4", None, "-c", "copy", before=("-ss", "0.5", "-i", str(film)))
    clip, found = opened(cut)
    every = opened(film)[1]
    assert (clip.even, clip.rate) == (True, Fraction(24000, 1001))
    assert len(found) == clip.count == 12
    assert [time * clip.rate for time, _ in found] == list(range(12))
    assert all(np.array_equal(a, b) for (_, a), (_, b) in zip(found, every[12:], strict=True))
    data = cut.read_bytes()
    (tmp_path / "half.mp4").write_bytes(data[: len(data) // 2])
    assert refused(tmp_path / "half.mp4")


def test_a_stream_that_begins_between_two_keys(make: Make) -> None:
    """What cannot be decoded is time for which the first picture stands."""
    words = (*X264, "-x264-params", "open-gop=1:keyint=8:scenecut=0")
    path = make("c.ts", SOURCE, *words)
    data = path.read_bytes()
    packets = [data[at : at + 188] for at in range(0, len(data), 188)]
    path.write_bytes(b"".join(packets[:3] + packets[len(packets) // 5 :]))
    clip, found = opened(path)
    assert 0 < found[0][0] < Fraction(1, 2)
    assert clip.duration * clip.rate == clip.last * clip.rate + 1
    assert len(found) in (15, 16)


def test_a_part_begins_with_a_picture(make: Make) -> None:
    whole, every = opened(make("c.mp4", SOURCE, *X264))
    part = whole.part(Fraction(1, 4), Fraction(3, 4))
    found = read(part)
    assert found[0][0] == 0
    assert np.array_equal(found[0][1], every[6][1])
    assert (part.count, part.duration * part.rate, part.last * part.rate) == (12, 12, 11)
    with pytest.raises(UsageError, match="nothing"):
        whole.part(Fraction(2), Fraction(3))


# ------------------------------------------------------------------ pictures


def test_a_turned_clip_stands_upright(make: Make) -> None:
    flat = make("flat.mp4", SOURCE, *X264)
    _, upright = opened(flat)
    for angle, turns in ((90, 1), (180, 2), (270, 3)):
        path = make(f"{angle}.mp4", None, "-i", str(flat), "-c", "copy", before=("-display_rotation", str(angle)))
        clip, found = opened(path)
        assert clip.size == ((48, 64) if angle == 180 else (64, 48))
        assert np.array_equal(found[5][1], np.rot90(upright[5][1], turns)), angle


def test_the_shape_of_pixels_turns_too(make: Make) -> None:
    path = make("c.mp4", SOURCE, "-vf", "setsar=4/3", *X264)
    assert probe(str(path), Report()).aspect == Fraction(4, 3)
    turned = make("t.mp4", None, "-i", str(path), "-c", "copy", before=("-display_rotation", "90"))
    assert probe(str(turned), Report()).aspect == Fraction(3, 4)


def test_interlaced_clips_are_refused_or_made_whole(make: Make) -> None:
    path = make("c.mp4", "testsrc2=s=64x48:r=50:d=1", "-vf", "tinterlace=4", "-flags", "+ilme+ildct", *X264)
    with pytest.raises(InbetweenError, match="interlaced") as problem:
        footage.of_video(str(path), False, Report())
    assert "--deinterlace" in problem.value.hint
    found = footage.of_video(str(path), True, Report())
    times = [time for time, _ in found.pictures(found.clip, Report(), Fraction(0))]
    assert found.clip.rate == 50
    assert times == [Fraction(n, 50) for n in range(50)]


@pytest.mark.parametrize(("first", "said"), [("top", "tff"), ("bottom", "bff"), ("top", "bff")])
def test_film_in_interlaced_video_has_its_own_pictures_again(make: Make, tmp_path: Path, first: str, said: str) -> None:
    """24 pictures a second in 60 fields (3:2 pulldown), also where the file is wrong about their order."""
    for number in range(24):
        save(tmp_path / f"{number:02d}.png", scene(number / 4, (96, 128)))
    rate = ("-framerate", "24000/1001")
    film = make("film.mkv", None, "-i", str(tmp_path / "%02d.png"), "-pix_fmt", "yuv420p", "-c:v", "ffv1", before=rate)
    spread = f"telecine=first_field={first}:pattern=23,setfield={said}"
    video = make("video.mkv", None, "-i", str(film), "-vf", spread, "-c:v", "ffv1", "-flags", "+ilme")
    notes = Notes()
    found = footage.of_video(str(video), True, notes)
    assert "film" in notes.codes
    assert found.clip.rate == Fraction(30000, 1001)
    shown = [picture for _, picture in found.pictures(found.clip, Report(), Fraction(0))]
    assert len(shown) == 30
    own = [picture for _, picture in opened(film)[1]]
    # Each once or twice, in order; of the very last one there may be one half only.
    places = [next(n for n in range(24) if np.array_equal(own[n], picture)) for picture in shown[:-1]]
    assert places == sorted(places)
    assert set(places) >= set(range(23))
    assert len(places) - len(set(places)) == 6


@pytest.mark.parametrize(("mode", "first"), [(4, "tff"), (5, "bff")])
def test_the_order_of_fields_is_seen(make: Make, mode: int, first: str) -> None:
    """Whatever the file says."""
    shown = []
    for said in ("tff", "bff"):
        words = ("-vf", f"tinterlace={mode},setfield={said}", "-c:v", "ffv1", "-flags", "+ilme")
        found = footage.of_video(str(make(f"{said}.mkv", "testsrc2=s=128x96:r=50:d=1", *words)), True, Report())
        assert (found.clip.fields, found.clip.order) == (True, first)
        shown.append([picture for _, picture in found.pictures(found.clip, Report(), Fraction(0))])
    assert all(np.array_equal(a, b) for a, b in zip(*shown, strict=True))


@pytest.mark.parametrize(("vf", "found"), [("tinterlace=4", "fields"), ("null", "whole")])
def test_what_interlaced_clips_are(make: Make, vf: str, found: str) -> None:
    words = ("-vf", f"{vf},setfield=tff", "-c:v", "ffv1", "-flags", "+ilme")
    path = make("c.mkv", "testsrc=s=320x240:r=50:d=2,boxblur=2", *words)
    clip = probe(str(path), Report())
    assert clip.interlaced
    assert kind(clip, Report())[0] == found
    rate = footage.of_video(str(path), True, Report()).clip.rate
    assert rate == (2 * clip.rate if found == "fields" else clip.rate)


@pytest.mark.parametrize(
    ("name", "words", "channels", "bits"),
    [
        ("c.webm", ("-c:v", "libvpx-vp9", "-pix_fmt", "yuva420p", "-deadline", "realtime"), 4, 8),
        ("c.mov", ("-c:v", "prores_ks", "-profile:v", "4444", "-pix_fmt", "yuva444p10le"), 4, 16),
        ("c.mkv", ("-c:v", "ffv1", "-pix_fmt", "gbrap"), 4, 8),
        ("p.mov", ("-c:v", "png", "-pix_fmt", "rgba"), 4, 8),
        ("q.mov", ("-c:v", "png", "-pix_fmt", "rgb48be"), 3, 16),
        ("g.mkv", ("-c:v", "ffv1", "-pix_fmt", "gray"), 3, 8),
    ],
)
def test_alpha_and_depth(make: Make, name: str, words: tuple[str, ...], channels: int, bits: int) -> None:
    source = "testsrc2=s=64x48:r=10:d=0.5,format=rgba,colorchannelmixer=aa=0.5"
    clip, found = opened(make(name, source, *words))
    assert (clip.channels, clip.bits) == (channels, bits)
    picture = found[0][1]
    assert picture.shape == (48, 64, channels)
    if channels == 4:
        top = np.iinfo(picture.dtype).max
        assert abs(float(picture[..., 3].mean()) / top - 0.5) < 0.02


def test_colours_are_read_as_they_are_tagged(make: Make) -> None:
    """One and the same picture, in four matrices and both ranges."""
    for matrix in ("bt709", "smpte170m", "bt2020nc", "bt470bg"):
        for extent in ("tv", "pc"):
            name = {"bt2020nc": "bt2020", "bt470bg": "bt470"}.get(matrix, matrix)
            scale = f"scale=out_color_matrix={name}:out_range={extent},setparams=colorspace={matrix}:range={extent}"
            words = ("-vf", scale, "-c:v", "ffv1", "-pix_fmt", "yuv444p", "-color_range", extent)
            clip, found = opened(make("c.mkv", "color=c=0xC06030:s=64x48:r=10:d=0.2,format=gbrp", *words))
            assert (clip.colour.matrix, clip.colour.range) == (matrix, extent)
            assert np.abs(found[0][1].astype(int) - (0xC0, 0x60, 0x30)).max() <= 2, (matrix, extent)


def test_a_matrix_that_is_not_said_goes_by_the_height(make: Make) -> None:
    for height, matrix in ((48, "smpte170m"), (720, "bt709")):
        report = Notes()
        source = f"testsrc2=s=64x{height}:r=10:d=0.2"
        clip = probe(str(make("c.mkv", source, "-c:v", "ffv1", "-pix_fmt", "yuv420p")), report)
        assert clip.colour.matrix == matrix
        assert "matrix" in report.codes


@pytest.mark.parametrize("extent", ["tv", "pc"])
@pytest.mark.parametrize(
    "pixel_format", ["yuv444p10le", "yuv420p12le", "gbrp10le", "gray10le", "gray16le", "gray", "yuv444p"]
)
def test_black_is_black_and_white_is_white(tmp_path: Path, pixel_format: str, extent: str) -> None:
    """A ramp, written without any conversion."""
    bits = {"yuv444p10le": 10, "yuv420p12le": 12, "gbrp10le": 10, "gray10le": 10, "gray16le": 16}.get(pixel_format, 8)
    full = extent == "pc" or pixel_format.startswith("gbr")
    low, high = (0, 2**bits - 1) if full else (16 << (bits - 8), 235 << (bits - 8))
    dtype = np.uint8 if bits == 8 else np.dtype("<u2")
    ramp = np.tile(np.linspace(low, high, 64).round().astype(dtype), (48, 1))
    chroma = np.full((24, 32) if "420" in pixel_format else (48, 64), 1 << (bits - 1), dtype)
    planes = [ramp] * 3 if "gbr" in pixel_format else [ramp] if "gray" in pixel_format else [ramp, chroma, chroma]
    path = tmp_path / "c.mkv"
    words = ["-f", "rawvideo", "-pix_fmt", pixel_format, "-s", "64x48", "-r", "10", "-i", "-"]
    if not pixel_format.startswith("gbr"):
        words += ["-vf", f"setparams=range={extent}:colorspace=bt709", "-color_range", extent]
    command = [ffmpeg.executable(), "-v", "error", *words, "-c:v", "ffv1", str(path)]
    subprocess.run(command, input=b"".join(plane.tobytes() for plane in planes), check=True)
    picture = opened(path)[1][0][1]
    wanted = (ramp[0].astype(float) - low) / (high - low)
    assert np.abs(picture[0] / np.iinfo(picture.dtype).max - wanted[:, None]).max() < (0.003 if bits == 8 else 0.0011)


# ------------------------------------------------------------------ what is no clip, or a strange one


def refused(path: Path | str) -> str:
    with pytest.raises(InbetweenError) as problem:
        probe(str(path), Report())
    assert problem.value.hint
    assert "\n" not in problem.value.message
    return problem.value.message


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
    assert "jump back after 50 pictures" in refused(tmp_path / "both.ts")


def test_damage_is_not_passed_over(make: Make, tmp_path: Path) -> None:
    data = bytearray(make("c.mkv", "testsrc2=s=320x240:r=25:d=1", *X264).read_bytes())
    data[len(data) // 2 : len(data) // 2 + 40] = bytes(40)
    path, report = tmp_path / "bad.mkv", Notes()
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
    report = Notes()
    clip = probe(str(path), report)
    times = [time * clip.rate for time, _ in frames(clip, report)]
    assert (clip.count, times) == (24, [n for n in range(24) if n != 9])
    assert report.codes.count("damaged") == 1


# ------------------------------------------------------------------ sequences


def numbered(folder: Path, numbers: list[int], name: str = "f{}.png") -> None:
    folder.mkdir()
    for number in numbers:
        save(folder / name.format(number), scene(number / 10, (24, 32)))


def times(found: footage.Footage) -> list[Fraction]:
    return [time for time, _ in found.pictures(found.clip, Report(), Fraction(0))]


@pytest.mark.parametrize("name", ["{0}", "{0}/f%d.png", "{0}/f*.png"])
def test_pictures_come_in_the_order_of_their_numbers(tmp_path: Path, name: str) -> None:
    numbered(tmp_path / "seq", [9, 10, 2, 100])
    paths = footage.sequence(name.format(tmp_path / "seq"))
    assert paths is not None
    assert [path.name for path in paths] == ["f2.png", "f9.png", "f10.png", "f100.png"]
    found = footage.of_pictures("seq", paths, Fraction(10), False, 1, Report())
    assert times(found) == [Fraction(n, 10) for n in range(4)]
    assert found.clip.duration == Fraction(4, 10)


def test_holes_are_time_on_request(tmp_path: Path) -> None:
    numbered(tmp_path / "seq", [7, 8, 11])
    paths = footage.sequence(str(tmp_path / "seq"))
    assert paths is not None
    report = Notes()
    found = footage.of_pictures("seq", paths, Fraction(10), True, 1, report)
    assert times(found) == [0, Fraction(1, 10), Fraction(4, 10)]
    assert (found.clip.duration, found.clip.count) == (Fraction(5, 10), 5)
    assert report.codes == ["holes"]
    part = found.clip.part(Fraction(1, 10), Fraction(5, 10))
    assert [time for time, _ in found.pictures(part, Report(), Fraction(0))] == [0, Fraction(3, 10)]


def test_sequences_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("empty", "f%05d.png", "f*.png"):
        with pytest.raises(InbetweenError, match="no pictures"):
            footage.sequence(str(tmp_path / name))
    assert footage.sequence(str(tmp_path / "film.mp4")) is None
    numbered(tmp_path / "seq", [1, 2], "{}_of_3.png")
    paths = footage.sequence(str(tmp_path / "seq"))
    assert paths is not None
    with pytest.raises(UsageError, match="ascend"):
        footage.of_pictures("seq", paths, Fraction(10), True, 1, Report())


def test_a_name_with_a_percent_sign_may_be_a_film(make: Make, tmp_path: Path) -> None:
    path = make("c.mp4", SOURCE, *X264)
    path = path.rename(tmp_path / "c%d.mp4")
    assert footage.sequence(str(path)) is None


def test_frames_are_read_only(make: Make) -> None:
    _, found = opened(make("c.mp4", SOURCE, *X264))
    with pytest.raises(ValueError, match="read-only"):
        found[0][1][0, 0] = 0


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("c.mp4", X264),
        ("c.mp4", ("-pix_fmt", "yuv444p", *X264)),
        ("c.mp4", ("-pix_fmt", "gray", *X264)),
        ("c.mkv", ("-c:v", "ffv1", "-pix_fmt", "yuv422p10le")),
        ("c.mkv", ("-c:v", "ffv1", "-pix_fmt", "gray16le")),
        ("c.mkv", ("-c:v", "ffv1", "-pix_fmt", "gbrp12le")),
        ("c.mkv", ("-c:v", "ffv1", "-pix_fmt", "yuv410p")),
        ("c.mov", ("-c:v", "mjpeg", "-q:v", "2", "-pix_fmt", "yuvj422p")),
        ("c.mov", ("-c:v", "png", "-pix_fmt", "pal8")),
        ("c.mov", ("-c:v", "qtrle", "-pix_fmt", "rgb24")),
        ("c.avi", ("-c:v", "rawvideo", "-pix_fmt", "bgr24")),
        ("c.webm", ("-c:v", "libvpx-vp9", "-pix_fmt", "yuv420p")),
    ],
)
def test_the_decoder_is_ffmpegs(make: Make, name: str, words: tuple[str, ...]) -> None:
    """Ours and ffmpeg's own pictures of all kinds of pixels, by the same scaler."""
    graph = "scale=out_color_matrix=bt709,setparams=colorspace=bt709"
    if "pal8" in words:
        graph = "split[a][b];[a]palettegen=stats_mode=single[p];[b][p]paletteuse=new=1"
    path = make(name, SOURCE.replace("d=1", "d=0.3"), "-vf", graph, *words)
    clip, found = opened(path)
    words = ("-i", str(path), "-vf", "scale=flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp")
    words += ("-f", "rawvideo", "-pix_fmt", "rgb24", "-")
    data = subprocess.run([ffmpeg.executable(), "-v", "error", *words], capture_output=True, check=True).stdout
    wanted = np.frombuffer(data, np.uint8).reshape(-1, 48, 64, 3)
    assert len(found) == len(wanted) == clip.count
    for (_, picture), other in zip(found, wanted, strict=True):
        assert np.abs(to_8_bit(picture[..., :3]).astype(int) - other).max() <= 2
