"""Disks and an ffmpeg that fail."""

from __future__ import annotations

import json
import resource
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from support.commands import INBETWEEN, STAYS, Command, Refused, fake_ffmpeg, run
from support.folders import contents
from support.pictures import save


def noise(tmp_path: Path) -> list[object]:
    """Words for a film of which every frame needs tens of kB."""
    picture = np.random.default_rng(0).integers(0, 256, (192, 256, 3), np.uint8)
    save(tmp_path / "a.png", picture)
    save(tmp_path / "b.png", np.roll(picture, 3, 1))
    return [*INBETWEEN, "run", "a.png", "b.png", "-n", 7, "-q"]


OUTPUTS = ["x.mp4", "x.gif", "x/", "x_%d.tif", "x.mp4 --ping-pong"]


@pytest.mark.parametrize("out", OUTPUTS)
def test_a_limit_of_the_size_of_files(tmp_path: Path, out: str) -> None:
    words = [*noise(tmp_path), "-o", *out.split()]
    before = contents(tmp_path)
    # Of the ping-pong the spool breaks it, before the film does.
    limit = 60_000 if out != "x.mp4 --ping-pong" else 147_000
    ran = run(words, tmp_path, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    assert ran.code == 1, ran.err
    assert "file size limit reached" in ran.problem[0]
    assert ("ping-pong" in ran.problem[0]) is ("ping-pong" in out)
    assert "ulimit -f" in ran.problem[1]
    assert contents(tmp_path) == before


@pytest.mark.parametrize("out", OUTPUTS)
def test_a_full_disk(tmp_path: Path, mounted: Callable[[str], Path], out: str) -> None:
    words = [*noise(tmp_path), "-o", *f"disk/{out}".split(), "--overwrite"]
    disk = mounted("size=64k")
    (disk / "x.mp4").write_text("old")
    before = contents(tmp_path)
    ran = run(words, tmp_path)
    assert ran.code == 1, ran.err
    assert "the disk or quota is full" in ran.problem[0]
    assert "free some space" in ran.problem[1]
    assert contents(tmp_path) == before


@STAYS
@pytest.mark.parametrize("out", ["x.mp4", "x.gif"])
@pytest.mark.parametrize(
    ("script", "error", "hint"),
    [
        ("head -c 200000 >/dev/null; kill -KILL $$", "killed by SIGKILL", "memory"),
        ("head -c 200000 >/dev/null; exec sleep 0", "it accepted no more frames", "ffmpeg is"),
        ('head -c 200000 | "$real" "$@"; echo "No luck today" >&2; exit 1', "No luck today", "ffmpeg is"),
        ('head -c 500000 | "$real" "$@"; cat >/dev/null', "not what was planned", "look at the disk"),
    ],
)
def test_an_ffmpeg_that_dies_half_way(
    refused: Refused, tmp_path: Path, out: str, script: str, error: str, hint: str
) -> None:
    env = fake_ffmpeg(tmp_path, script)
    (tmp_path / out).write_text("old")
    words = ("run", "key0.png", "key1.png", "-o", out, "--overwrite", "-q")
    refused(*words, code=1, error=error, hint=hint, env=env)


@STAYS
def test_without_an_ffmpeg(refused: Refused, command: Command, tmp_path: Path) -> None:
    env = {"IMAGEIO_FFMPEG_EXE": str(tmp_path / "none")}
    for out in ("x.mp4", "x.gif"):
        for more in ([], ["--dry-run"], ["--codec", "libx265"]) if out == "x.mp4" else ([],):
            words = ("run", "key0.png", "key1.png", "-o", out, *more)
            refused(*words, code=1, error="ffmpeg cannot be run", hint="IMAGEIO_FFMPEG_EXE", env=env)
    ran = command("run", "key0.png", "key1.png", "-n", 1, "-o", "x/", "--record", env=env)
    assert (ran.code, ran.out) == (0, "x/\n"), ran.err
    assert json.loads((tmp_path / "x.json").read_bytes())["versions"]["ffmpeg"] == "not installed"
