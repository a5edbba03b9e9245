"""Outputs that cannot be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from support.commands import STAYS, Refused
from support.pictures import save, scene


@STAYS
@pytest.mark.parametrize("out", ["x.mp4", "x.gif", "mid.png", "full", "full/", "p_%05d.png"])
def test_an_output_that_exists(refused: Refused, tmp_path: Path, out: str) -> None:
    (tmp_path / "full").mkdir()
    for name in ("x.mp4", "x.gif", "mid.png", "full/notes.txt", "p_00007.png"):
        (tmp_path / name).write_text("old")
    error = "not empty" if "full" in out else "p_00007.png` exists" if "%" in out else f"`{out}` exists"
    words = ("run", "key0.png", "key1.png", "-o", out, "-n", 1, "--keyframes", "none")
    refused(*words, code=1, error=error, hint="--overwrite")


@STAYS
@pytest.mark.parametrize("out", ["none/x.mp4", "none/deeper/", "none/deeper/%d.png", "key0.png/x.mp4", "key0.png/"])
def test_an_output_without_a_folder(refused: Refused, tmp_path: Path, out: str) -> None:
    error, hint = ("there is no folder", "mkdir -p") if "none" in out else ("is a file, not a folder", "-o")
    refused("run", "key0.png", "key1.png", "-o", out, code=1, error=error, hint=hint)


@STAYS
@pytest.mark.parametrize(
    ("out", "more"),
    [
        ("key0.png", []),
        ("key0.png", ["--overwrite"]),
        ("./key1.png", ["--overwrite"]),
        ("soft.mp4", []),
        ("soft.mp4", ["--overwrite"]),
        ("hard.gif", ["--overwrite"]),
        ("here/key0.png", ["--overwrite"]),
    ],
)
def test_an_output_that_is_an_input(refused: Refused, tmp_path: Path, out: str, more: list[str]) -> None:
    (tmp_path / "soft.mp4").symlink_to("key0.png")
    (tmp_path / "hard.gif").hardlink_to(tmp_path / "key1.png")
    (tmp_path / "here").symlink_to(".")
    words = ("run", "key0.png", "key1.png", "-o", out, "-n", 1, "--keyframes", "none", *more)
    refused(*words, code=1, error=f"`{out}` is an input and an output", hint="another name with -o")


@pytest.mark.parametrize("out", ["film", "film/%05d.png"])
def test_a_folder_that_holds_the_keys(refused: Refused, tmp_path: Path, out: str) -> None:
    (tmp_path / "film").mkdir()
    for number in (0, 24):
        save(tmp_path / "film" / f"{number:05d}.png", scene(number / 24))
    words = ("run", "film/00000.png", "film/00024.png", "-o", out, "--overwrite")
    refused(*words, code=1, error="film/00000.png` is an input and would be overwritten", hint="another folder")


@STAYS
def test_files_beside_the_film(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "old.png").write_text("old")
    (tmp_path / "y.mp4.json").write_text("old")
    (tmp_path / "z.mp4.json").hardlink_to(tmp_path / "key1.png")
    (tmp_path / "empty").mkdir()
    long = "x" * 251 + ".mp4"
    for out, more, error, hint in (
        ("x.mp4", "--contact-sheet old.png", "`old.png` exists", "--contact-sheet, or add --overwrite"),
        ("x.mp4", "--contact-sheet key0.png --overwrite", "`key0.png` is an input", "with --contact-sheet"),
        ("x.mp4", "--contact-sheet none/s.png", "there is no folder", "mkdir -p"),
        ("x.mp4", "--contact-sheet temp/", "", ""),
        ("mid.png", "--contact-sheet mid.png", "`mid.png` is wanted for two things", "with --contact-sheet"),
        ("empty", "--contact-sheet empty/00001.png", "is wanted for two things", "with --contact-sheet"),
        ("y.mp4", "--record", "`y.mp4.json` exists", "with -o, or add --overwrite"),
        ("z.mp4", "--record --overwrite", "`z.mp4.json` is an input", "with -o"),
        (long, "--record", "the name is too long", "shorter name with -o"),
    ):
        words = ["run", "key0.png", "key1.png", "-n", 1, "--keyframes", "none", "-o", out, *more.split()]
        code = 2 if "temp/" in more else 1
        refused(*words, code=code, error=error or "a contact sheet is a PNG", hint=hint or "sheet.png")


@STAYS
def test_a_disk_that_is_read_only(refused: Refused, mounted: Callable[[str], Path]) -> None:
    mounted("ro")
    for out in ("disk/x.mp4", "disk/x/", "disk/%d.png", "disk/"):
        words = ("run", "key0.png", "key1.png", "-o", out)
        refused(*words, code=1, error="Read-only file system", hint="another folder with -o")
