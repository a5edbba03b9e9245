"""A dry run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from support.commands import STAYS, Command, Refused
from support.containers import declared, scene_as_jpeg, scene_as_png
from support.folders import contents
from support.pictures import save

DRY = [
    ("none.png key1.png -o x.mp4", 1, "none.png does not exist"),
    ("key0.png cut.png -o x.mp4", 1, "cut.png is damaged"),
    ("key0.png cut.jpg -o x.mp4 --fit crop", 1, "cut.jpg is damaged"),
    ("key0.png half.png -o x.mp4", 1, "half.png is 96x72"),
    ("key0.png key1.png -o x.mp4 -n -1", 2, "-n must be"),
    ("key0.png key1.png -o x.mp5", 2, "no output format called `.mp5`"),
    ("key0.png key1.png -o x.gif --fps 1000", 2, ".gif holds at most 100"),
    ("key0.png key1.png -o none/x.mp4", 1, "there is no folder"),
    ("key0.png key1.png -o old.mp4", 1, "`old.mp4` exists"),
    ("key0.png key1.png -o key0.png -n 1 --keyframes none --overwrite", 1, "an input and an output"),
    ("key0.png key1.png -o full/", 1, "the folder `full/` is not empty"),
    ("key0.png key1.png -o x.mp4 --contact-sheet key0.png", 1, "`key0.png` is an input"),
    ("key0.png key1.png -o old.mp4 --record --overwrite", 1, "`old.mp4.json` is an input"),
    ("key0.png key1.png -o x.mp4 --codec none", 2, "no encoder called `none`"),
    ("key0.png key1.png -o x.mp4 --encoder -nonsense", 2, "-nonsense is not accepted"),
    ("key0.png key1.png -o x.mp4 --encoder=-preset=x", 2, "not accepted"),
    ("key0.png white.png -o x.mp4 --if-unrelated fail", 1, "nothing to do with each other"),
    ("--repeat none.json -o x.mp4", 1, "there is no record none.json"),
]


@STAYS
@pytest.mark.parametrize(("words", "code", "error"), DRY)
def test_a_dry_run_refuses_what_a_run_does(refused: Refused, tmp_path: Path, words: str, code: int, error: str) -> None:
    for name, data in (
        ("cut.png", scene_as_png()[:-5000]),
        ("cut.jpg", scene_as_jpeg()[:-500]),
        ("half.png", declared(96, 72)),
    ):
        (tmp_path / name).write_bytes(data)
    save(tmp_path / "white.png", np.full((144, 192, 3), 255, np.uint8))
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("old")
    (tmp_path / "old.mp4").write_text("old")
    (tmp_path / "old.mp4.json").hardlink_to(tmp_path / "key1.png")
    refused("run", *words.split(), "--dry-run", code=code, error=error, hint="")


@STAYS
@pytest.mark.parametrize("out", ["x.mp4", "x.mp4 --codec libx265", "x.gif", "x/", "x_%d.png --ping-pong"])
def test_a_dry_run_makes_nothing(inside: Command, tmp_path: Path, out: str) -> None:
    before = contents(tmp_path)
    ran = inside("run", "key0.png", "key1.png", "key2.png", "--record", "--dry-run", "-o", *out.split())
    assert ran.code == 0, ran.err
    assert "frames, 192x144, 25 fps" in ran.out
    assert ran.err == ""
    assert contents(tmp_path) == before
