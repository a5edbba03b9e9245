"""Names of any kind."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from support.commands import INBETWEEN, STAYS, Command, Refused, run
from support.folders import contents
from support.pictures import save, scene

NAMES = [
    "with spaces ",
    "ümläut é",
    "映画 🎬",
    "100%d %s %",
    "[1]*?",
    "q'u\"o`$HOME\\",
    "-leading",
    "--",
    "new\nline\x1b[31m",
    "x" * 251,
    "pipe:1",
    "~",
]


@pytest.mark.parametrize("name", NAMES)
def test_any_name_will_do(inside: Command, tmp_path: Path, name: str) -> None:
    save(tmp_path / f"{name}.png", scene(0))
    save(tmp_path / "b.png", scene(1))
    words = ("run", "-n", 1, "-o", f"{name}.mp4", "--", f"{name}.png", "b.png")
    ran = inside(*words)
    assert ran.code == 0, ran.err
    assert ran.out == f"{name}.mp4\n"
    assert set(contents(tmp_path)) == {f"{name}.png", "b.png", f"{name}.mp4", "temp"}


@pytest.mark.parametrize(
    ("name", "out", "made"),
    [
        ("100%d 映画 [1]*", "100%d 映画 [1]*", "100%d 映画 [1]*/00002.png"),
        ("-x", "-x_%05d.png", "-x_00002.png"),
        ("new\nline", "new\nline/", "new\nline/00002.png"),
    ],
)
def test_any_name_will_do_for_folders_and_pictures(
    inside: Command, tmp_path: Path, name: str, out: str, made: str
) -> None:
    save(tmp_path / f"{name}.png", scene(0))
    ran = inside("run", "-n", 1, "-o", out, "--record", "--", f"{name}.png", f"./{name}.png")
    assert (ran.code, ran.out) == (0, f"{out}\n"), ran.err
    assert (tmp_path / made).is_file()
    ran = inside("run", "--repeat", f"./{out.rstrip('/')}.json", "--overwrite")
    assert (ran.code, ran.out) == (0, f"{tmp_path / out}{'/' if out.endswith('/') else ''}\n"), ran.err


def test_what_is_said_of_a_name_stays_on_its_line(refused: Refused, inside: Command, tmp_path: Path) -> None:
    name = "new\nline \x1b[31mred"
    save(tmp_path / f"{name}.png", scene(0))
    save(tmp_path / "b.png", scene(0, (72, 96)))
    shown = "new\\nline \\x1b[31mred"
    words = ("run", "b.png", f"{name}.png", "-n", 1, "-o", f"{name}.gif")
    refused(*words, code=1, error=f"{shown}.png is 192x144", hint="--fit crop")
    ran = inside(*words, "--fit", "crop")
    assert ran.code == 0
    assert f"note: {shown}.png is brought from" in ran.err
    ran = refused(*words, "--fit", "crop", code=1, error=f"`{shown}.gif` exists", hint="--overwrite")
    assert "\x1b" not in ran.err


@STAYS
@pytest.mark.parametrize("words", [["-o=-x.mp4"], ["-o", "-x.mp4"], ["-o-x.mp4"], ["--out=-x.mp4"], ["-o", "./-x.mp4"]])
def test_names_that_begin_with_a_dash(command: Command, tmp_path: Path, words: list[str]) -> None:
    ran = command("run", "key0.png", "key1.png", "-n=1", *words)
    assert ran.code == 0, ran.err
    assert (tmp_path / "-x.mp4").is_file()


@pytest.mark.skipif(sys.platform != "linux", reason="names of other bytes are refused by the disk")
def test_names_that_are_no_text(command: Command, tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9")
    save(tmp_path / f"{name}.png", scene(0))
    words = [*INBETWEEN, "run", f"{name}.png", f"{name}.png", "-n", 1, "-o", f"{name}.mp4"]
    for encoding in ("utf-8", "ascii"):
        env = {**os.environ, "PYTHONIOENCODING": encoding}
        ran = run([*words, "--overwrite", "--record"], tmp_path, env=env)
        assert (ran.code, ran.out) == (0, f"{name}.mp4\n"), ran.err
        ran = run([*words, "--overwrite", "--json"], tmp_path, env=env)
        assert ran.code == 0, ran.err
        assert os.path.basename(json.loads(ran.out)["words"]["out"]) == f"{name}.mp4"
    assert run(words, tmp_path).problem[0] == "`caf\\udce9.mp4` exists"
    ran = command("run", "--repeat", f"{name}.mp4.json", "-o", "again.mp4")
    assert ran.code == 0, ran.err
    assert (tmp_path / "again.mp4").read_bytes() == (tmp_path / f"{name}.mp4").read_bytes()
