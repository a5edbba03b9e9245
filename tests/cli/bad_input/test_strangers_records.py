"""A stranger's record is data: it runs nothing, writes nowhere else, and what it asks for is shown."""

from __future__ import annotations

import json
import os
import shlex
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import inbetween
from inbetween.errors import UsageError
from support.commands import Command, Refused, set_ffmpeg
from support.films import MakeClip
from support.folders import contents
from support.pictures import moving

Change = Callable[..., Path]


@pytest.fixture
def changed(inside: Command, keys: list[Path], tmp_path: Path) -> Change:
    """Writes a record of a film of two keys with other words."""
    assert inside("run", *keys[:2], "-n", 1, "-o", "x.mp4", "--record").code == 0
    facts: dict[str, Any] = json.loads((tmp_path / "x.mp4.json").read_bytes())

    def write(**words: object) -> Path:
        (tmp_path / "evil.json").write_text(json.dumps({**facts, "words": {**facts["words"], **words}}))
        return tmp_path / "evil.json"

    return write


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """A socket that waits for connections on this machine."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


EVIL = [
    "-vstats_file diary.txt",
    "-progress http://127.0.0.1:{port}/",
    "-progress diary.txt",
    "-attach diary.txt -metadata:s:t mimetype=text/plain",
    "-report",
    "-pass 1 -passlogfile diary",
    "-x264-params stats=diary.txt:pass=1",
    "-x264-params keyint=3:qpfile=diary.txt",
    "-stats_enc_pre diary.txt",
    "-stats_enc_post diary.txt",
    "-stats_mux_pre diary.txt",
    "-vf drawtext=textfile=diary.txt",
    "-filter_script:v diary.txt",
    "-/filter:v diary.txt",
    "-crf 12 extra.mkv",
    "-crf 12 tcp://127.0.0.1:{port}",
    "-f tee tcp://127.0.0.1:{port}|diary.txt",
    "-y diary.txt",
    "-sdp_file diary.txt",
    "-dump_attachment:t diary.txt",
    "-crf " + "(" * 1500,
]


@pytest.mark.parametrize("words", EVIL, ids=lambda words: words[:24])
def test_words_that_read_write_or_send_files_are_refused(
    changed: Change, refused: Refused, listening: socket.socket, tmp_path: Path, words: str
) -> None:
    (tmp_path / "diary.txt").write_text("dear diary")
    path = changed(encoder=words.format(port=listening.getsockname()[1]))
    for more in (["--dry-run"], [], ["--overwrite"]):
        refused("run", "--repeat", path, "-o", "y.mp4", *more, code=2, error="--encoder: ", hint="")
    with pytest.raises(BlockingIOError):
        listening.accept()


@pytest.mark.parametrize("command", ["run", "slowmo"])
def test_the_same_words_of_the_user_are_refused_too(
    refused: Refused, keys: list[Path], clip: MakeClip, tmp_path: Path, command: str
) -> None:
    clip(moving(2))
    (tmp_path / "diary.txt").write_text("dear diary")
    given = keys[:2] if command == "run" else ["clip.mkv", "-f", 2]
    for words in ("-vstats_file diary.txt", "-crf 3 extra.mkv"):
        refused(command, *given, "-o", "y.mp4", f"--encoder={words}", code=2, error="--encoder: ", hint="")


def test_records_of_clips_are_no_commands_either(
    inside: Command, refused: Refused, clip: MakeClip, tmp_path: Path
) -> None:
    clip(moving(2))
    assert inside("slowmo", "clip.mkv", "-f", 2, "-o", "x.mkv", "--record").code == 0
    facts = json.loads((tmp_path / "x.mkv.json").read_bytes())
    (tmp_path / "diary.txt").write_text("0.05")
    for words, code, error in (
        ({"encoder": "-vstats_file diary.txt"}, 2, "--encoder: -vstats_file is not accepted"),
        ({"out": str(tmp_path.parent / "x.mkv")}, 2, "the record writes outside of the current folder"),
        ({"cuts": str(tmp_path / "diary.txt")}, 1, "the record does not say what was in"),
        ({"protect": str(tmp_path / "diary.txt")}, 1, "the record does not say what was in"),
        ({"clip": "http://127.0.0.1:9/x.mkv"}, 1, ""),
    ):
        (tmp_path / "evil.json").write_text(json.dumps({**facts, "words": {**facts["words"], **words}}))
        named = [] if "out" in words else ["-o", "y.mkv"]
        for more in (["--dry-run"], []):
            refused("slowmo", "--repeat", "evil.json", *named, *more, code=code, error=error, hint="")


def test_the_python_functions_refuse_them_too(clip: MakeClip, tmp_path: Path) -> None:
    (tmp_path / "diary.txt").write_text("dear diary")
    path, before = clip(moving(2)), contents(tmp_path)
    for words in ("-vstats_file diary.txt", "-crf 3 extra.mkv", "-report"):
        with pytest.raises(UsageError, match="encoder: "):
            inbetween.slowmo(path, tmp_path / "y.mkv", factor=2, encoder=words)
    assert {**contents(tmp_path), "clip.mkv": before["clip.mkv"]} == before


@pytest.mark.parametrize("out", ["{above}/x.mkv", "../x.mkv", "here/../../x.mkv", "link/x.mkv", "link.mkv", "link/f/"])
@pytest.mark.parametrize("more", [["--dry-run"], ["--overwrite", "--record"]], ids=["dry", "real"])
def test_an_output_elsewhere_has_to_be_named(
    changed: Change, inside: Command, tmp_path: Path, out: str, more: list[str]
) -> None:
    (tmp_path / "here" / "here").mkdir(parents=True)
    (tmp_path / "x.mkv").write_text("mine")
    (tmp_path / "here" / "link").symlink_to(tmp_path)
    (tmp_path / "here" / "link.mkv").symlink_to(tmp_path / "x.mkv")
    path = changed(out=out.format(above=tmp_path))
    before = contents(tmp_path)
    ran = inside("run", "--repeat", path, *more, cwd=tmp_path / "here")
    assert ran.code == 2
    assert ran.problem[0].startswith("the record writes outside of the current folder")
    assert "-o " in ran.problem[1]
    assert contents(tmp_path) == before


def test_an_output_elsewhere_that_is_named_is_written(changed: Change, inside: Command, tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    ran = inside("run", "--repeat", changed(), "-o", tmp_path / "y.mp4", cwd=tmp_path / "here")
    assert ran.code == 0, ran.err
    assert (tmp_path / "y.mp4").read_bytes() == (tmp_path / "x.mp4").read_bytes()


@pytest.mark.parametrize("more", [["--dry-run"], []], ids=["dry", "real"])
def test_what_a_record_asks_for_is_shown(changed: Change, inside: Command, tmp_path: Path, more: list[str]) -> None:
    here = tmp_path / "here"
    here.mkdir()
    path = changed(out=str(here / "new.mp4"), encoder="-crf 30 -preset fast", codec="libx264")
    ran = inside("run", "--repeat", path, *more, cwd=here)
    assert ran.code == 0, ran.err
    notes = [line for line in ran.err.splitlines() if line.startswith("note: the record ")]
    assert str(here / "new.mp4") in notes[0]
    assert str(tmp_path / "key0.png") in notes[1]
    assert str(tmp_path / "key1.png") in notes[1]
    assert "--codec libx264 --encoder -crf 30 -preset fast" in notes[2]
    assert (here / "new.mp4").exists() != bool(more)


def test_files_that_the_record_does_not_list_are_refused(changed: Change, refused: Refused, tmp_path: Path) -> None:
    keys = [str(tmp_path / f"key{number}.png") for number in (0, 2)]
    (tmp_path / "times.txt").write_text("0.5")
    for words in ({"keys": keys}, {"motion": str(tmp_path / "x.mp4.json")}, {"easing": str(tmp_path / "times.txt")}):
        path = changed(**words)
        error = "the record does not say what was in"
        refused("run", "--repeat", path, "-o", "y.mp4", code=1, error=error, hint="without --repeat")


@pytest.mark.parametrize(
    "name", ["http://127.0.0.1:{port}/a.png", "tcp://127.0.0.1:{port}", "/dev/zero", "pipe:0", "fifo"]
)
def test_addresses_and_devices_are_no_inputs(
    changed: Change, refused: Refused, listening: socket.socket, tmp_path: Path, name: str
) -> None:
    os.mkfifo(tmp_path / "fifo")
    name = name.format(port=listening.getsockname()[1])
    path = changed(keys=[name, name])
    facts = json.loads(path.read_bytes())
    words = ("run", "--repeat", path, "-o", "y.mp4")
    refused(*words, code=1, error="the record does not say what was in", hint="")
    path.write_text(json.dumps({**facts, "inputs": [{"what": "key", "path": name, "sha256": "0" * 64}]}))
    refused(*words, code=1, error=f"the key {name} is gone", hint="")
    with pytest.raises(BlockingIOError):
        listening.accept()


@pytest.mark.parametrize("more", ["--codec libx265 --encoder='-crf 30 -g 5'", "--codec ffv1", "--encoder=-crf\\ 3"])
def test_the_encoder_is_tried_where_nothing_of_the_user_lies(
    inside: Command, keys: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: str
) -> None:
    """No file is written beside the output, not even for a moment."""
    (tmp_path / "out").mkdir()
    set_ffmpeg(tmp_path, monkeypatch, f'printf \'%s\\n\' "$@" >> \'{tmp_path}/words\'\nexec "$real" "$@"')
    ran = inside("run", *keys[:2], "-o", "out/x.mkv", *shlex.split(more), "--dry-run")
    assert ran.code == 0, ran.err
    words = (tmp_path / "words").read_text()
    assert "rawvideo" in words
    assert str(tmp_path / "out") not in words
    assert os.listdir(tmp_path / "out") == []


def test_ffmpeg_writes_no_logs_that_its_environment_asks_for(inside: Command, keys: list[Path], tmp_path: Path) -> None:
    logs = {"FFREPORT": f"file={tmp_path}/a.log:level=48", "SVT_LOG_FILE": f"{tmp_path}/b.log"}
    ran = inside("run", *keys[:2], "-n", 1, "--codec", "libsvtav1", "-o", "x.mkv", "--record", env=logs)
    assert ran.code == 0, ran.err
    assert not list(tmp_path.glob("*.log"))
