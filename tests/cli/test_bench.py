"""`inbetween bench`: what is said, and what goes wrong."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from support.bench import SIZE, frame, frames, scored
from support.commands import Command, fake_ffmpeg, hearing
from support.films import folder_of
from support.folders import contents
from support.pictures import save


def test_the_table_fits_a_terminal(command: Command, tmp_path: Path) -> None:
    folder_of(tmp_path / "[bold]clip", frames(5))
    ran = command("bench", "[bold]clip", "--gaps", "1", env={"COLUMNS": "80"})
    assert ran.code == 0, ran.err
    lines = ran.out.splitlines()
    assert lines[0] == "gap 1: [bold]clip, 2 frames"
    assert lines[1].split() == ["method", "PSNR", "SSIM", "VMAF", "dup", "s/frame", "cpu", "s/frame"]
    assert [line.split()[0] for line in lines[3:]] == ["flow", "hold", "crossfade", "minterpolate"]
    assert max(map(len, lines)) <= 80
    assert re.search(r"^1 clip, 8 frames made and scored, [\d.]+ s$", ran.err, re.MULTILINE)
    assert command("bench", "[bold]clip", "--gaps", "1", "--against", "none", "-q").err == ""


def test_the_sheet(inside: Command, tmp_path: Path) -> None:
    folder_of(tmp_path / "clip", frames(9))
    said = ["clip", "--gaps", "1,3", "--no-vmaf", "--sheet", "worst.png"]
    facts = scored(inside, *said)
    assert facts["sheet"] == "worst.png"
    with Image.open(tmp_path / "worst.png") as image:
        # Two frames of each gap; two keys, the truth, and four methods.
        assert image.height == 4 * (96 + 2 * 18 + 2 * 4) + 2 * 4 - 4
        assert image.width > 7 * 128
    before = (tmp_path / "worst.png").read_bytes()
    ran = inside("bench", *said)
    assert ran.code == 1
    assert ran.problem == ("`worst.png` exists", "give another name with --sheet, or add --overwrite")
    assert (tmp_path / "worst.png").read_bytes() == before
    assert inside("bench", *said, "--overwrite", "--against", "none").code == 0
    assert (tmp_path / "worst.png").read_bytes() != before


WORDS = [
    ("", "no clip is named", "inbetween bench clip.mp4"),
    ("clip --engine flo", "there is no engine called `flo`", "did you mean `flow`?"),
    ("clip --engine flow,", "there is no engine called ``", "known: flow, blend"),
    ("clip --engine hold", "`hold` is not an engine but a baseline", "--against hold"),
    ("clip --against crosfade", "there is no baseline called `crosfade`", "did you mean `crossfade`?"),
    ("clip --gaps 0", "--gaps needs whole numbers from 1 on, not `0`", "--gaps 1,3,7"),
    ("clip --gaps x", "not `x`", "--gaps 1,3,7"),
    ("clip --gaps 1,,3", "not ``", "--gaps 1,3,7"),
    ("clip --gaps 1,-3", "not `-3`", "--gaps 1,3,7"),
    ("clip --gaps 1000000000000", "not `1000000000000`", "--gaps 1,3,7"),
    ("clip --set sampling", "`--set sampling` has no value", "VALUE"),
    ("clip --set sampler=bicubic", "there is no option called `sampler`", "did you mean `sampling`?"),
    ("clip --set sampling=bicubc", "there is no value of `sampling` called `bicubc`", "`bicubic`"),
    ("clip --set light=coded", "there is no option called `light`", "known: quality"),
    ("clip --max-frames 2", "--max-frames needs a whole number from 3 on", "--max-frames"),
    ("clip --threads 0", "--threads needs a whole number from 1 on", "--threads"),
    ("clip --sheet sheet.jpg", "the sheet is a PNG", "--sheet worst.png"),
    ("clip --progress loud", "there is no --progress called `loud`", "known: auto"),
]
NO_CLIPS = [
    ("clip --sheet nowhere/sheet.png", "there is no folder", "mkdir -p"),
    ("clip --sheet clip/0.png --overwrite", "is an input and an output", "--sheet"),
    ("gone.mp4", "there is no clip `gone.mp4`", "check the name"),
    ("clip notes.txt", "notes.txt cannot be read as a clip: invalid data", "video files, or folders"),
    ("notes.mp4", "notes.mp4 cannot be read as a clip: invalid data", "video files, or folders"),
    ("nothing", "nothing has no frames", "video files, or folders"),
    ("one", "no clip is long enough to hide frames of it", "smaller --gaps"),
    ("picture.png", "no clip is long enough to hide frames of it", "smaller --gaps"),
    ("clip --gaps 7,9", "no clip is long enough to hide frames of it", "smaller --gaps"),
    ("clip small", "small is 64x31: no side may be below 32 pixels", "leave it out"),
    ("clip --gaps 1 mixed", "mixed changes its size", "leave it out"),
    ("clip broken", "1.png", ""),
]


@pytest.mark.parametrize(("said", "error", "hint"), WORDS, ids=[w[0] or "no word" for w in WORDS])
def test_words_that_make_no_sense(inside: Command, said: str, error: str, hint: str) -> None:
    """They are refused before anybody looks for a clip."""
    ran = inside("bench", *said.split())
    assert (ran.code, ran.out) == (2, ""), ran.err
    assert error in ran.problem[0]
    assert hint in ran.problem[1]


@pytest.mark.parametrize(("said", "error", "hint"), NO_CLIPS, ids=[w[0] for w in NO_CLIPS])
def test_files_that_will_not_do(inside: Command, tmp_path: Path, said: str, error: str, hint: str) -> None:
    folder_of(tmp_path / "clip", frames(4))
    folder_of(tmp_path / "one", frames(1))
    folder_of(tmp_path / "nothing", [])
    folder_of(tmp_path / "small", frames(4, (31, 64)))
    folder_of(tmp_path / "mixed", [*frames(2), *frames(1, (64, 64))])
    (folder_of(tmp_path / "broken", frames(3)) / "1.png").write_bytes(b"no picture")
    save(tmp_path / "picture.png", frame(0, SIZE, 0))
    for name in ("notes.txt", "notes.mp4"):
        (tmp_path / name).write_text("a text\n" * 40)
    before = contents(tmp_path)
    ran = inside("bench", *said.split())
    assert (ran.code, ran.out) == (1, ""), ran.err
    assert error in ran.problem[0]
    assert hint in ran.problem[1]
    assert contents(tmp_path) == before


def test_an_ffmpeg_without_the_filters(command: Command, tmp_path: Path) -> None:
    folder_of(tmp_path / "clip", frames(4))
    env = fake_ffmpeg(tmp_path, "echo ' T.. minterpolate      V->V       Frame rate conversion'")
    ran = command("bench", "clip", env=env)
    assert ran.code == 1
    assert ran.problem == ("this ffmpeg has no filter libvmaf", "leave it out: --no-vmaf")
    ran = command("bench", "clip", "--gaps", "1", "--no-vmaf", env=env)
    assert ran.code == 1
    assert "minterpolate left frames out" in ran.problem[0]
    assert command("bench", "clip", "--gaps", "1", "--no-vmaf", "--against", "hold", env=env).code == 0


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_stopped(tmp_path: Path, how: signal.Signals) -> None:
    folder_of(tmp_path / "clip", frames(13, (360, 640)))
    (tmp_path / "temp").mkdir()
    before = contents(tmp_path)
    said = ["bench", "clip", "--sheet", "worst.png", "--progress", "json"]
    process = subprocess.Popen(
        [sys.executable, "-m", "inbetween", *said],
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(tmp_path / "temp")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hearing,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if json.loads(line)["stage"].startswith("clip (1/1)"):
            break
    process.send_signal(how)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 128 + how
    last = json.loads(err.splitlines()[-1])
    assert (last["event"], last["code"]) == ("error", "stopped")
    assert (last["message"], last["hint"]) == ("stopped before everything was scored", "the same command begins anew")
    assert out == ""
    assert contents(tmp_path) == before
