"""Answers for programs: one head, failures too, and events that a program can read line by line."""

from __future__ import annotations

import ast
import json
import os
import re
from pathlib import Path

import pytest

from inbetween import environment
from inbetween.cli.console import Show
from inbetween.errors import CODES, Interrupted
from support import schemas
from support.commands import Command
from support.pictures import save, scene

ROOT = Path(__file__).parents[2]
QUICK = ["-n", "1", "-e", "blend"]


@pytest.fixture
def pair(tmp_path: Path) -> list[str]:
    return [save(tmp_path / name, scene(number, (48, 64))).name for number, name in enumerate(("a.png", "b.png"))]


def test_every_command_that_makes_something_has_the_same_head(inside: Command, tmp_path: Path, pair: list[str]) -> None:
    words = {
        "run": ["run", *pair, "-o", "o.mp4", *QUICK, "--record", "--contact-sheet", "s.png"],
        "slowmo": ["slowmo", "o.mp4", "--factor", "2", "-e", "blend", "-o", "slow.mp4"],
        "compare": ["compare", "o.mp4", "o.mp4", "-o", "c.mp4"],
        "match": ["match", *pair, "-o", "m.png", "--matcher", "sift"],
        "motion": ["motion", *pair, "-o", "m.json", "--drag", "10,10 20,10"],
        "batch": ["batch", ".", "--start-pattern", "a{shot}.png", "--end-pattern", "b{shot}.png", "-o", "out"],
    }
    for command, line in words.items():
        ran = inside(*line, "--json")
        found = json.loads(ran.out)
        assert found["command"] == command
        if command == "batch":
            # The names of the keys have nothing where the shot's name should be.
            assert (ran.code, found["made"]) == (1, False)
            continue
        assert ran.code == 0, ran.err
        assert found["made"] is True
        assert all((tmp_path / path).exists() for path in found["outputs"])
    assert json.loads(inside("run", *pair, "-o", "p.mp4", "--dry-run", "--json").out)["made"] is False
    schemas.check("record", (tmp_path / "o.mp4.json").read_text())


@pytest.mark.parametrize(
    ("words", "member"),
    [
        (["engines"], "engines"),
        (["engines", "flow"], "engines"),
        (["models", "list"], "weights"),
        (["doctor"], "checks"),
    ],
)
def test_lists_are_members_of_an_object(inside: Command, words: list[str], member: str) -> None:
    assert isinstance(json.loads(inside(*words, "--json").out)[member], list)


@pytest.mark.parametrize(
    ("words", "code", "error"),
    [
        (["run", "a.png", "gone.png", "-o", "o.mp4"], 1, "input_missing"),
        (["run", "a.png", "-o", "o.mp4"], 2, "usage"),
        (["run", "a.png", "b.png", "-o", "o.mp4", "--engine", "flwo"], 2, "unknown_name"),
        (["run", "a.png", "b.png", "-o", "o.mp4", "--nonsense"], 2, "usage"),
        (["run", "a.png", "b.png", "-o", "a.png/o.mp4"], 1, "output_refused"),
        (["run", "a.png", "b.png", "-o", "there.mp4"], 1, "output_exists"),
        (["slowmo", "a.txt", "--factor", "2", "-o", "o.mp4"], 1, "input_unreadable"),
    ],
)
def test_failures_are_answers_too(
    inside: Command, tmp_path: Path, pair: list[str], words: list[str], code: int, error: str
) -> None:
    (tmp_path / "there.mp4").write_bytes(b"mine")
    (tmp_path / "a.txt").write_text("no clip")
    ran = inside(*words, "--json")
    assert ran.code == code
    found = json.loads(ran.out)
    assert (found["made"], found["outputs"]) == (False, [])
    assert found["error"]["code"] == error
    assert (found["error"]["message"], found["error"]["hint"]) == ran.problem
    events = inside(*words, "--progress", "json").err.splitlines()
    assert [schemas.check("event", line) for line in events][-1] == {"event": "error", **found["error"]}


@pytest.mark.parametrize(("problem", "code", "error"), [(Interrupted(15), 143, "stopped"), (KeyError("x"), 70, "bug")])
def test_stops_and_bugs_are_answers_too(
    inside: Command, pair: list[str], monkeypatch: pytest.MonkeyPatch, problem: BaseException, code: int, error: str
) -> None:
    def progress(self: Show, stage: str, done: int, total: int) -> None:
        raise problem

    monkeypatch.setattr(Show, "progress", progress)
    ran = inside("run", *pair, "-o", "o.mp4", "--json")
    assert ran.code == code
    assert json.loads(ran.out)["error"]["code"] == error


def test_codes_that_are_written_are_in_the_table() -> None:
    """Every error names its code by a literal, and most do name one."""
    named = plain = 0
    for path in (ROOT / "inbetween").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "InbetweenError":
                given = [*node.args[2:3], *(word.value for word in node.keywords if word.arg == "code")]
                codes = [one.value for one in given if isinstance(one, ast.Constant)]
                assert all(code in CODES for code in codes), (path, node.lineno)
                named, plain = named + bool(given), plain + (not given)
    assert named > plain


def test_the_tables_of_the_docs_are_those_of_the_code() -> None:
    text = (ROOT / "docs" / "scripts.md").read_text("utf-8")
    assert dict(re.findall(r"^\| `([a-z_]+)` \| (.*?) \|$", text, re.MULTILINE)).items() >= CODES.items()
    variables = dict(re.findall(r"^\| `([A-Z_]+)` \| (.*?) \|$", text, re.MULTILINE))
    assert variables == environment.VARIABLES
    assert schemas.validator("answer").schema["properties"]["error"]["properties"]["code"]["enum"] == list(CODES)


def test_the_environment_is_read_in_one_place() -> None:
    for path in (ROOT / "inbetween").rglob("*.py"):
        found = re.findall(r"environ(?:\.get\(|\[)\"([A-Z_]+)", path.read_text("utf-8"))
        assert not [name for name in found if name in environment.VARIABLES], path


def test_a_variable_that_means_nothing_is_said(inside: Command, pair: list[str]) -> None:
    ran = inside("run", *pair, "-o", "o.mp4", *QUICK, env={"INBETWEEN_THREAD": "1"})
    assert ran.code == 0
    assert "INBETWEEN_THREAD means nothing; did you mean INBETWEEN_THREADS?" in ran.err


# ------------------------------------------------------------------ logs


def test_a_log_has_what_was_done_and_said(inside: Command, tmp_path: Path, pair: list[str]) -> None:
    words = ["run", *pair, "-o", "o.mp4", *QUICK, "-q"]
    assert inside(*words, "--log", "log.txt").code == 0
    assert inside(*words, "--log=log.txt").code == 1
    log = (tmp_path / "log.txt").read_text()
    assert log.startswith("# log of inbetween\n")
    assert len(re.findall(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} INFO ", log, re.MULTILINE)) > 4
    assert "exit code 0" in log
    assert "ERROR `o.mp4` exists" in log
    assert "exit code 1" in log


def test_a_log_has_the_traceback_of_a_bug(
    inside: Command, tmp_path: Path, pair: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def progress(self: Show, stage: str, done: int, total: int) -> None:
        raise KeyError("whatever")

    monkeypatch.setattr(Show, "progress", progress)
    assert inside("run", *pair, "-o", "o.mp4", "--log", "log.txt").code == 70
    assert "KeyError: 'whatever'" in (tmp_path / "log.txt").read_text()


@pytest.mark.parametrize("name", ["a.png", ".", "pipe", "no/log.txt", ""])
def test_a_log_never_harms_another_file(inside: Command, tmp_path: Path, pair: list[str], name: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    before = (tmp_path / "a.png").read_bytes()
    ran = inside("run", *pair, "-o", "o.mp4", *QUICK, "--log", name)
    assert ran.code in (1, 2)
    assert ran.problem
    assert (tmp_path / "a.png").read_bytes() == before
    assert not (tmp_path / "o.mp4").exists()


def test_a_log_at_the_outputs_name_is_not_replaced(inside: Command, tmp_path: Path, pair: list[str]) -> None:
    ran = inside("run", *pair, "-o", "o.mp4", *QUICK, "--log", "o.mp4")
    assert "exists" in ran.problem[0]


# ------------------------------------------------------------------ names

EVIL = "\x1b]0;x\x07\u202egnp[red]\x9b31m\n\udcff"


@pytest.mark.parametrize(
    "words",
    [
        ["run", "a.png", EVIL, "-o", "o.mp4"],
        ["run", "a.png", "b.png", "-o", EVIL + ".mp4", *QUICK],
        ["run", "a.png", "b.png", "-o", EVIL + "/o.mp4"],
        ["run", "a.png", "b.png", "-o", "o.mp4", "--engine", EVIL],
        ["run", "a.png", "b.png", "-o", "o.mp4", "--repeat", EVIL],
        ["slowmo", EVIL, "--factor", "2", "-o", "o.mp4"],
        ["compare", EVIL + ".mkv", "c.mkv", "-o", "o.mp4"],
        ["match", "a.png", EVIL, "-o", "m.png"],
        ["motion", "a.png", EVIL, "-o", "m.json"],
        ["conditions", "a.png", EVIL, "-o", "c/"],
        ["bench", EVIL],
        ["batch", EVIL, "-o", "o"],
        ["batch", "evil", "-o", "o", "--dry-run"],
        ["doctor"],
        ["models", "show", EVIL],
        ["engines", EVIL],
        [EVIL],
    ],
)
@pytest.mark.parametrize("more", [[], ["--json"], ["--progress", "json"]])
def test_no_name_reaches_the_terminal_raw(
    inside: Command,
    tmp_path: Path,
    pair: list[str],
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    more: list[str],
) -> None:
    (tmp_path / "evil").mkdir()
    for number in range(2):
        save(tmp_path / "evil" / f"{EVIL}{number}.png", scene(number, (16, 16)))
    monkeypatch.setenv(EVIL.replace("\x1b", "INBETWEEN_"), "1")
    if words[0] == "compare":
        for name in (words[1], "c.mkv"):
            assert inside("run", *pair, "-o", name, *QUICK).code == 0
    if more[:1] == ["--progress"] and words[0] in ("models", "engines", "doctor", EVIL):
        pytest.skip("it shows no progress")
    ran = inside(*words, *more, *([] if words == [EVIL] else ["--log", "log.txt"]))
    # A path is data for a pipe, and has the bytes of its name.
    is_path = not more and ran.code == 0 and words[0] in ("run", "compare")
    log = (tmp_path / "log.txt").read_text().split("Traceback")[0] if (tmp_path / "log.txt").exists() else ""
    assert all(re.match(r"# log|\d{4}-", line) for line in log.splitlines()), log
    for text in (ran.err, log, ran.out if more != ["--progress", "json"] and not is_path else ""):
        assert all(letter.isprintable() or letter == "\n" for letter in text), ascii(text)
    assert "Traceback" not in ran.err
    if more == ["--json"]:
        assert len(ran.out.splitlines()) == 1
