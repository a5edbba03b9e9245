"""Clips as they are read: times, pixels, fields and colours."""

from __future__ import annotations

import subprocess
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from inbetween.errors import InbetweenError, UsageError
from inbetween.pictures import to_8_bit
from inbetween.retime import footage
from inbetween.types import Report
from inbetween.video import ffmpeg
from inbetween.video.interlace import classify
from inbetween.video.probe import probe
from support.ffmpeg_clips import SOURCE, X264, Make, opened, read, refused
from support.pictures import save, scene
from support.reports import Heard

# ------------------------------------------------------------------ times


@pytest.mark.parametrize("name", ["c.mp4", "c.mkv", "c.mov", "c.ts", "c.avi"])
def test_an_even_clip_in_any_container(make: Make, name: str) -> None:
    clip, found = opened(make(name, SOURCE, *X264))
    assert (clip.rate, clip.count, clip.even) == (Fraction(24000, 1001), 24, True)
    assert clip.duration == 24 / clip.rate
    assert [time for time, _ in found] == [number / clip.rate for number in range(24)]
    assert (clip.last, clip.size) == (found[-1][0], (48, 64))


def test_a_raw_stream_has_no_times(make: Make) -> None:
    report = Heard()
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
    path, report = make("c.mp4", "testsrc2=s=64x48:r=30:d=2", *words), Heard()
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
    notes = Heard()
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
    assert classify(clip, Report())[0] == found
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
        report = Heard()
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
