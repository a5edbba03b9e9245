"""The ffmpeg that is there: without an encoder, dying, out of reach of Ctrl-C."""

from __future__ import annotations

import os
import select
import socket
import subprocess
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest

from inbetween.errors import InbetweenError
from inbetween.types import Picture, Report
from inbetween.video import disk, ffmpeg, sinks
from inbetween.video.write import FilmFormat, rehearse, write
from support.clips import NTSC, SIZE, made
from support.commands import set_ffmpeg
from support.pictures import noise


def poor_ffmpeg(folder: Path, monkeypatch: pytest.MonkeyPatch, *missing: str) -> None:
    real, names = ffmpeg.executable(), "\\|".join(missing)
    script = f"case \"$*\" in *-encoders*) '{real}' \"$@\" | grep -v ' \\({names}\\) ';; *) exit 9;; esac"
    set_ffmpeg(folder, monkeypatch, script)


@pytest.mark.parametrize(
    ("out", "words", "missing", "hint"),
    [
        ("a.mp4", {}, ["libx264"], "write --codec libx265, which it has, or unset IMAGEIO_FFMPEG_EXE"),
        ("a.mp4", {"preset": "web"}, ["libx264", "libx265"], "write --codec libvpx-vp9"),
        ("a.webm", {}, ["libvpx-vp9"], "write --codec libsvtav1"),
        ("a.webm", {"codec": "libsvtav1"}, ["libsvtav1"], "write --codec libvpx-vp9"),
        ("a.mkv", {"preset": "archive"}, ["ffv1"], "write --codec libx264"),
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


@pytest.mark.parametrize("out", ["a.mp4", "a.gif"])
@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("exit 7", "exit code 7 and no message"),
        ("exit 0", "it accepted no more frames"),
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
    set_ffmpeg(tmp_path, monkeypatch, script)
    (tmp_path / "films").mkdir()
    sink = sinks.parse(f"{tmp_path}/films/{out}")
    frames = (noise(256, 256, seed=index) for index in range(4))
    with pytest.raises(InbetweenError) as caught:
        write(FilmFormat(sink, NTSC, 4, (256, 256)), frames, Report())
    assert message in caught.value.message
    assert "Conversion failed" not in caught.value.message
    assert "\n" not in caught.value.message + caught.value.hint
    assert os.listdir(tmp_path / "films") == []


def test_an_ffmpeg_that_cannot_be_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = set_ffmpeg(tmp_path, monkeypatch, "")
    for spoil in (lambda: path.write_bytes(b"\x7fELF nonsense"), lambda: path.chmod(0o644), path.unlink):
        spoil()
        for call in (lambda: made(tmp_path / "a.mp4"), ffmpeg.encoders):
            with pytest.raises(InbetweenError) as caught:
                call()
            assert "ffmpeg cannot be run" in caught.value.message
            assert "IMAGEIO_FFMPEG_EXE" in caught.value.hint
    assert not (tmp_path / "a.mp4").exists()


@pytest.mark.parametrize("name", ["a.mp4", "a.webp", "a.gif"])
def test_ffmpeg_opens_files_and_pipes_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Each input and each output is told so, last of all their options."""
    log = f"for word; do printf '%s\\n' \"$word\"; done >> '{tmp_path}/words'"
    set_ffmpeg(tmp_path, monkeypatch, f'{log}\nexec "$real" "$@"')
    made(tmp_path / name, 2)
    words = (tmp_path / "words").read_text().splitlines()
    outputs = [at for at, word in enumerate(words) if word.startswith("file:") and words[at - 1] != "-i"]
    assert outputs
    assert all(tuple(words[at - 2 : at]) == ffmpeg.WHITELIST for at in outputs)
    assert words.count("-protocol_whitelist") == len(outputs) + words.count("-i")


@pytest.mark.parametrize("direction", ["read", "write"])
def test_ffmpeg_connects_to_nobody(direction: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-video_size", "64x48"]
        words = [*ffmpeg.WHITELIST, *raw, "-i", address if direction == "read" else "pipe:0"]
        words += ["-f", "null", "-"] if direction == "read" else ["-f", "nut", *ffmpeg.WHITELIST, address]
        with pytest.raises(InbetweenError, match="not on whitelist"), ffmpeg.started(words) as child:
            child.finish(lambda: None)
        with pytest.raises(BlockingIOError):
            server.accept()


def recording_ffmpeg(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The real ffmpeg, which leaves its process id in the file that is returned."""
    real = ffmpeg.executable()
    set_ffmpeg(folder, monkeypatch, f"echo $$ > '{folder}/pid'\nexec '{real}' \"$@\"")
    return folder / "pid"


def test_ffmpeg_is_out_of_reach_of_ctrl_c_and_never_outlives_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = recording_ffmpeg(tmp_path, monkeypatch)

    def frames() -> Iterator[Picture]:
        for index in range(9):
            yield noise(256, 256, seed=index)
        assert os.getsid(int(pid.read_text())) != os.getsid(0)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(FilmFormat(sinks.parse(f"{tmp_path}/a.mp4"), NTSC, 99, (256, 256)), frames(), Report())
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


IN_A_PROCESS = """
import os, resource, signal, sys
import numpy as np
from fractions import Fraction
from inbetween.errors import InbetweenError
from inbetween.types import Report
from inbetween.video import sinks
from inbetween.video.write import FilmFormat, write

def frames():
    for index in range(40):
        yield np.random.default_rng(index).integers(0, 256, (256, 256, 3), np.uint8)
        {each}

{before}
try:
    write(FilmFormat(sinks.parse(sys.argv[1]), Fraction(25), 40, (256, 256)), frames(), Report())
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
