"""Why ffmpeg stopped, in one line that is true."""

from __future__ import annotations

import ctypes.util
from fractions import Fraction
from pathlib import Path

import pytest

from inbetween import errors
from inbetween.errors import InbetweenError
from inbetween.video import codecs, ffmpeg, sinks
from inbetween.video.causes import failure
from inbetween.video.write import rehearse
from support.commands import Command

NVIDIA = ctypes.util.find_library("cuda") is not None
SUFFIXES = {"libvpx": ".webm", "libwebp_anim": ".webp", "gif": ".gif"}


def refused(sink: sinks.Sink, size: tuple[int, int]) -> InbetweenError:
    with pytest.raises(InbetweenError) as caught:
        rehearse(sink, Fraction(25), size)
    assert caught.value.code in errors.CODES
    assert "\n" not in caught.value.message + caught.value.hint
    return caught.value


def sink_of(folder: Path, encoder: str, words: str | None = None) -> sinks.Sink:
    suffix = SUFFIXES.get(encoder, ".mov" if encoder == "dnxhd" else ".mp4")
    return sinks.parse(f"{folder}/a{suffix}", None if suffix in (".webp", ".gif") else encoder, words)


@pytest.mark.skipif(NVIDIA, reason="there is a card")
@pytest.mark.parametrize("encoder", ["h264_nvenc", "hevc_nvenc", "av1_nvenc"])
def test_nvenc_without_a_card(inside: Command, keys: list[Path], encoder: str) -> None:
    if encoder not in ffmpeg.encoders():
        pytest.skip("this ffmpeg does not have it")
    for more in (["--dry-run"], []):
        ran = inside("run", *keys[:2], "-n", 1, "-o", "x.mkv", "--codec", encoder, *more)
        assert ran.code == 1
        assert f"{encoder} needs an NVIDIA graphics card and its driver" in ran.problem[0]
        assert "--codec libx264" in ran.problem[1]


@pytest.mark.parametrize("encoder", [name for name in codecs.MOST if name != "gif"])
def test_films_beyond_the_limit_of_an_encoder(tmp_path: Path, encoder: str) -> None:
    if encoder not in ffmpeg.encoders():
        pytest.skip("this ffmpeg does not have it")
    high, wide = codecs.MOST[encoder]
    sink = sink_of(tmp_path, encoder)
    for size in ((16, wide + 2), (high + 2, 16)):
        error = refused(sink, size)
        assert error.message == f"the film is {size[1]}x{size[0]}, and {encoder} makes at most {wide}x{high}"
        assert "--size" in error.hint


def test_the_hint_of_a_limit_is_an_encoder_without_it(tmp_path: Path) -> None:
    assert "write --codec libx264" in refused(sink_of(tmp_path, "h264_nvenc"), (16, 5000)).hint
    assert "write --codec libx265" in refused(sink_of(tmp_path, "libx264"), (16, 17_000)).hint
    assert "for a folder of PNG" in refused(sink_of(tmp_path, "libwebp_anim"), (16, 17_000)).hint
    assert "at most 65535x65535" in refused(sink_of(tmp_path, "gif"), (2, 65_536)).message


@pytest.mark.parametrize(
    ("encoder", "size", "words", "message"),
    [
        ("libx264", (16, 16_386), None, "frames of 16386x16 are too large for libx264"),
        ("libvpx", (16, 16_384), None, "too large for libvpx: this side may have at most 16383"),
        ("libsvtav1", (64, 16_386), None, "too large for libsvtav1: this side may have at most 16384"),
        ("libsvtav1", (8706, 64), None, "too large for libsvtav1: this side may have at most 8704"),
        ("libwebp_anim", (16, 16_384), None, "too large for libwebp_anim: this side may have at most 16383"),
        ("mpeg4", (16, 8194), None, "mpeg4 cannot make frames of this size"),
        ("dnxhd", (48, 64), None, "DNxHD has no profile of this size"),
        ("libx264", (65, 65), "-pix_fmt yuv420p", "width and height must be even"),
        ("libx264", (48, 64), "-pix_fmt yuv999p", "there is no pixel format called yuv999p"),
    ],
)
def test_what_ffmpeg_says_of_sizes_and_pixels(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    encoder: str,
    size: tuple[int, int],
    words: str | None,
    message: str,
) -> None:
    """For encoders whose limits are not known here."""
    monkeypatch.setattr(codecs, "MOST", {})
    assert message in refused(sink_of(tmp_path, encoder, words), size).message


@pytest.mark.parametrize(("encoder", "system"), [("h264_videotoolbox", "macOS"), ("hevc_mf", "Windows")])
def test_encoders_of_other_systems(tmp_path: Path, encoder: str, system: str) -> None:
    if encoder in ffmpeg.encoders():
        pytest.skip("this is that system")
    error = refused(sink_of(tmp_path, encoder), (48, 64))
    assert error.message == f"there is no encoder called `{encoder}`"
    assert system in error.hint


NVENC = "[vost#0:0/h264_nvenc @ 0x1] [enc:h264_nvenc @ 0x2] Error while opening encoder\nConversion failed!"


@pytest.mark.parametrize(
    ("text", "message", "hint", "code"),
    [
        (
            "[h264_nvenc @ 0x1] Cannot load nvcuda.dll",
            "NVIDIA graphics card and its driver; nvcuda.dll",
            "libx264",
            "device",
        ),
        (
            "[h264_nvenc @ 0x1] Driver does not support the required nvenc API version. Required: 13.0 Found: 12.1\n"
            "[h264_nvenc @ 0x1] The minimum required Nvidia driver for nvenc is 570.0 or newer",
            "newer driver of the NVIDIA graphics card: it has interface 12.1, ffmpeg needs 13.0",
            "update the driver",
            "device",
        ),
        (
            "[h264_nvenc @ 0x1] OpenEncodeSessionEx failed: unsupported device (2): (no details)\n"
            "[h264_nvenc @ 0x1] No capable devices found",
            "no NVIDIA graphics card of this machine can encode with h264_nvenc",
            "libx264",
            "device",
        ),
        (
            "[h264_nvenc @ 0x1] Width 5000 exceeds 4096\n[h264_nvenc @ 0x1] No capable devices found",
            "too large for h264_nvenc: width and height may be at most 4096",
            "--size",
            "ffmpeg",
        ),
        (
            "[h264_nvenc @ 0x1] cu->cuInit(0) failed -> CUDA_ERROR_NO_DEVICE: no CUDA-capable device is detected",
            "no NVIDIA graphics card",
            "libx264",
            "device",
        ),
        (
            "[h264_nvenc @ 0x1] OpenEncodeSessionEx failed: out of memory (10): (no details)\n"
            "[h264_nvenc @ 0x1] No capable devices found",
            "accepts no more films",
            "wait until",
            "device",
        ),
        ("[h264_nvenc @ 0x1] Cannot allocate memory", "not enough memory", "memory", "out_of_memory"),
        ("av_write_frame(): No space left on device", "the disk or quota is full", "free some space", "disk_full"),
        ("[h264_nvenc @ 0x1] {0} {line} odd", "ffmpeg stopped: {0} {line} odd", "--encoder", "ffmpeg"),
    ],
)
def test_messages_of_encoders(text: str, message: str, hint: str, code: str) -> None:
    error = failure("/usr/bin/ffmpeg", 1, f"{text}\n{NVENC}")
    assert message in error.message
    assert hint in error.hint
    assert error.code == code
    assert "0x1" not in error.message
