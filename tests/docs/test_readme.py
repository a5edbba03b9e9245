"""The README says what is so: its examples run, and nothing that exists is missing from it."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer

from inbetween import engines
from inbetween.cli.main import app
from inbetween.pictures import WRITABLE
from inbetween.plan import commercial
from inbetween.video.sinks import SINKS
from support.bench import frames
from support.commands import Command
from support.films import film, folder_of
from support.pictures import save, scene

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
COMMANDS = typer.main.get_command(app).commands


def test_the_python_example_runs(tmp_path, monkeypatch, capsys) -> None:
    save(tmp_path / "start.png", scene(0))
    save(tmp_path / "end.png", scene(1))
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"```python\n(.*?)```", README, re.S)
    exec(compile(code, "README.md", "exec"), {})
    assert capsys.readouterr().out == "(144, 192, 3) uint8\n" * 25


@pytest.mark.parametrize("name", [*COMMANDS])
def test_every_command_is_in_the_readme(name: str) -> None:
    assert f"inbetween {name}" in README


@pytest.mark.parametrize(
    "name",
    [
        o
        for c in ("run", "slowmo", "compare")
        for p in COMMANDS[c].params
        for o in p.opts
        if p.param_type_name == "option"
    ],
)
def test_every_option_is_in_the_readme(name: str) -> None:
    assert re.search(rf"`{re.escape(name)}[`,]", README) or name in ("--quiet", "--verbose")


@pytest.mark.parametrize("name", engines.NAMES)
def test_every_engine_is_in_the_readme_with_its_facts(name: str) -> None:
    engine = engines.get(name)
    row = next(line for line in README.splitlines() if line.startswith(f"| `{name}` |"))
    assert engine.licence in row
    assert row.split("|")[5].strip() == {True: "yes", None: "unknown"}[commercial(engine)]
    assert ("nothing" in row) is not engine.needs


@pytest.mark.parametrize("suffix", sorted({*SINKS} - {".tiff", ".jpeg"}))
def test_every_output_is_in_the_readme(suffix: str) -> None:
    assert f"{suffix}`" in README
    assert suffix in SINKS or suffix in WRITABLE


SHELL = [
    line.split("#")[0].strip()
    for block in re.findall(r"```sh\n(.*?)```", README, re.S)
    for line in block.splitlines()
    if line.startswith("inbetween run")
]


SLOW = [
    line.split("#")[0].strip()
    for block in re.findall(r"```sh\n(.*?)```", README, re.S)
    for line in block.splitlines()
    if line.startswith(("inbetween slowmo", "inbetween compare"))
]


@pytest.mark.parametrize("line", SLOW)
def test_every_command_line_with_clips_works(line: str, inside, tmp_path) -> None:
    import shlex
    from fractions import Fraction

    from inbetween.types import Report
    from inbetween.video import sinks
    from inbetween.video.write import FilmFormat, write

    pictures = [scene(i / 4, (48, 64)) for i in range(5)]
    for name in ("clip", "slower", "truth", "a", "b"):
        write(FilmFormat(sinks.parse(str(tmp_path / f"{name}.mp4")), Fraction(4), 5, (48, 64)), pictures, Report())
    (tmp_path / "frames").mkdir()
    for i, picture in enumerate(pictures):
        save(tmp_path / "frames" / f"{i}.png", picture)
    ran = inside(*shlex.split(line)[1:])
    assert ran.code == 0, ran.err
    assert "--dry-run" in line or (tmp_path / ran.out.strip()).exists()


@pytest.mark.parametrize("line", SHELL)
def test_every_command_line_of_the_readme_works(line: str, inside, tmp_path) -> None:
    import shlex

    names = ("a.png", "b.png", "c.png", "d.png", "start.png", "end.png", "b.jpg")
    for i, name in enumerate(names):
        save(tmp_path / name, scene(i % 4 / 2, (48, 64)))
    ran = inside(*shlex.split(line.replace("1280x720", "160x90"))[1:])
    assert ran.code == 0, ran.err
    assert (tmp_path / ran.out.strip()).exists()


BENCH = [line.split("#")[0].strip() for line in README.splitlines() if line.startswith("inbetween bench")]


@pytest.mark.parametrize("line", BENCH)
def test_every_command_line_with_a_score_works(line: str, command: Command, tmp_path: Path) -> None:
    film(tmp_path / "clip.mp4", frames(9, (48, 64)))
    folder_of(tmp_path / "frames", frames(9, (48, 64)))
    ran = command(*shlex.split(line)[1:])
    assert ran.code == 0, ran.err
