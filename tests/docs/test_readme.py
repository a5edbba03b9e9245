"""README and docs say what is so: their commands run, and nothing that exists is missing from them."""

from __future__ import annotations

import inspect
import re
import shlex
from fractions import Fraction
from pathlib import Path

import pytest
import typer

import inbetween
from inbetween import engines
from inbetween.cli.main import app
from inbetween.pictures import WRITABLE
from inbetween.plan import commercial
from inbetween.types import Picture, Report
from inbetween.video import sinks
from inbetween.video.sinks import SINKS
from inbetween.video.write import FilmFormat, write
from support.pictures import save, scene

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
PAGES = {path.name: path.read_text("utf-8") for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]}
COMMANDS = typer.main.get_command(app).commands
SHELL = [
    line.split("#")[0].strip()
    for page, text in PAGES.items()
    # Its engines exist only there: `test_adding_an_engine` runs its commands.
    if page != "adding-an-engine.md"
    for block in re.findall(r"```sh\n(.*?)```", text, re.S)
    for line in block.splitlines()
    if line.startswith("inbetween ")
]
FRESH = [line for line in README.splitlines() if line.startswith("python3 -m venv")]
"""The two commands that do everything on a fresh machine."""


def of(*commands: str) -> list[str]:
    return list(dict.fromkeys(line for line in SHELL if line.split()[1] in commands))


def film(path: Path, pictures: list[Picture]) -> None:
    write(FilmFormat(sinks.parse(str(path)), Fraction(4), len(pictures), pictures[0].shape[:2]), pictures, Report())


def test_all_python_examples_run(tmp_path, monkeypatch, capsys) -> None:
    """The blocks of the page, in order and in one namespace, print what their comments say."""
    save(tmp_path / "start.png", scene(0))
    save(tmp_path / "end.png", scene(1))
    film(tmp_path / "clip.mp4", [scene(i / 4, (48, 64)) for i in range(5)])
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    printed = []
    for code in re.findall(r"```python\n(.*?)```", PAGES["scripts.md"], re.S):
        exec(compile(code, "scripts.md", "exec"), names)
        printed.append(capsys.readouterr().out)
    between, loop, slow, frames, loaded, error = printed
    assert between == "(144, 192, 3) uint8\n" * 25
    assert loop == "12\n"
    assert slow.startswith("20 (48, 64) {")
    assert len(frames.splitlines()) == 16
    assert (len(names["frames"]), loaded) == (5, "")
    assert "did you mean `ease-in`?" in error
    assert {"slow.mp4", "smooth.mp4"} <= {path.name for path in tmp_path.iterdir()}


def test_every_argument_of_the_python_functions_is_in_the_docs() -> None:
    """`slowmo` has the arguments of the command, which its own page explains."""
    for name in inspect.signature(inbetween.interpolate).parameters:
        assert name == "options" or re.search(rf"`{name}`", PAGES["scripts.md"]), name
    for function in (inbetween.slowmo, inbetween.slowmo_frames):
        for name in inspect.signature(function).parameters:
            option = {"since": "--from", "until": "--to"}.get(name, "--" + name.replace("_", "-"))
            known = name in ("clip", "options", "report", "progress")
            assert known or any(f"`{option}`" in PAGES[page] for page in ("slowmo.md", "run.md")), name


@pytest.mark.parametrize("name", [*COMMANDS])
def test_every_command_is_in_the_readme(name: str) -> None:
    assert f"inbetween {name}" in README


@pytest.mark.parametrize(
    ("page", "name"),
    [
        (f"{command}.md", option)
        for command in ("run", "slowmo")
        for parameter in COMMANDS[command].params
        for option in parameter.opts
        if parameter.param_type_name == "option"
    ],
)
def test_every_option_is_in_the_docs_of_its_command(page: str, name: str) -> None:
    shared = PAGES["run.md"] if page == "slowmo.md" else ""
    assert re.search(rf"`{re.escape(name)}[`,]", PAGES[page] + shared) or name in ("--quiet", "--verbose")


@pytest.mark.parametrize("page", ["README.md", "engines.md"])
@pytest.mark.parametrize("name", engines.NAMES)
def test_every_engine_is_in_the_docs_with_its_facts(name: str, page: str) -> None:
    engine = engines.get(name)
    row = next(line for line in PAGES[page].splitlines() if line.startswith(f"| `{name}` |"))
    assert engine.licence in row
    assert row.split("|")[5].strip() == {True: "yes", None: "unknown"}[commercial(engine)]
    assert ("nothing" in row) is not engine.needs


@pytest.mark.parametrize("suffix", sorted({*SINKS} - {".tiff", ".jpeg"}))
def test_every_output_is_in_the_docs(suffix: str) -> None:
    assert f"{suffix}`" in PAGES["run.md"]
    assert suffix in SINKS or suffix in WRITABLE


@pytest.mark.parametrize("line", of("slowmo", "compare"))
def test_every_command_line_with_clips_works(line: str, inside, tmp_path) -> None:
    pictures = [scene(i / 4, (48, 64)) for i in range(5)]
    for name in ("clip", "slower", "truth", "a", "b"):
        film(tmp_path / f"{name}.mp4", pictures)
    (tmp_path / "frames").mkdir()
    for i, picture in enumerate(pictures):
        save(tmp_path / "frames" / f"{i}.png", picture)
    ran = inside(*shlex.split(line)[1:])
    assert ran.code == 0, ran.err
    assert "--dry-run" in line or (tmp_path / ran.out.strip()).exists()


@pytest.mark.parametrize("line", of("run", "match", "motion", "conditions"))
def test_every_command_line_with_pictures_works(line: str, inside, tmp_path) -> None:
    names = ("a.png", "b.png", "c.png", "d.png", "start.png", "end.png", "b.jpg")
    for i, name in enumerate(names):
        save(tmp_path / name, scene(i % 4 / 2, (48, 64)))
    ran = inside(*shlex.split(line.replace("1280x720", "160x90"))[1:])
    assert ran.code == 0, ran.err
    assert (tmp_path / ran.out.strip()).exists()


def test_the_two_commands_are_those_of_the_checks() -> None:
    """`.ci/run` installs and tests by the very words that the README prints."""
    film, tests = (line.split(" && ") for line in FRESH)
    checks = (ROOT / ".ci" / "run").read_text("utf-8").splitlines()
    assert film[:2] == tests[:2] == ["python3 -m venv .venv", ". .venv/bin/activate"]
    assert film[2] == "pip install -c constraints.txt ."
    assert tests[2] == 'pip install -c constraints.txt -e ".[dev]"'
    assert f"{tests[2]} --quiet" in checks
    assert tests[3:] == ["pytest"]
    assert "pytest" in checks


def test_the_first_film_is_made_from_pictures_that_are_there(inside, tmp_path) -> None:
    words = shlex.split(FRESH[0].split(" && ")[-1])
    keys = [word for word in words if word.startswith("examples/")]
    assert len(keys) == 2
    words[words.index("-o") + 1] = str(tmp_path / "film.mp4")
    ran = inside(*words[1:], "--size", "160x90", cwd=ROOT)
    assert ran.code == 0, ran.err
    assert (tmp_path / "film.mp4").exists()


@pytest.mark.parametrize("page", [*PAGES, "CONTRIBUTING.md"])
def test_links_lead_somewhere(page: str) -> None:
    folder = ROOT if page in ("README.md", "CONTRIBUTING.md") else ROOT / "docs"
    for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", (folder / page).read_text("utf-8")):
        assert (folder / link).exists(), link


def test_everything_that_is_pinned_is_a_version() -> None:
    pins = [line for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines() if line[0] != "#"]
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]+==[0-9][0-9a-z.]*", line) for line in pins), pins
    assert "torch==2.13.0" in pins
