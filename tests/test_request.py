"""Requests: what their fields change, and what follows from it."""

from __future__ import annotations

import json
from dataclasses import MISSING, asdict, fields, replace
from pathlib import Path
from typing import Any

import pytest
import typer

from inbetween.cli import repeat, run, slowmo
from inbetween.cli.main import app
from inbetween.cli.sidecars import Display
from inbetween.errors import InbetweenError, UsageError
from inbetween.identity import identity
from inbetween.plan import making
from inbetween.record.read import request_from_json
from inbetween.request import EFFECTS, EXTRAS, INPUTS, NOTHING, PIXELS, PLACE, ClipRequest, RunRequest, effect, option
from inbetween.types import Report
from support.commands import Command

COMMANDS = {"run": (RunRequest, run), "slowmo": (ClipRequest, slowmo)}
KINDS = pytest.mark.parametrize("kind", [RunRequest, ClipRequest])
NUMBERS = {"frames", "threads", "seed", "start_number", "preview"}


def other(name: str, value: object) -> Any:
    """Another value than a field's default."""
    special = {"engine": "blend", "set": ("sampling=bicubic",), "max_vram": "8GB"}
    if name in special:
        return special[name]
    if isinstance(value, bool):
        return not value
    if isinstance(value, tuple):
        return ("x",)
    return 7 if name in NUMBERS else "x"


def changed(kind: type) -> list[Any]:
    return [
        pytest.param(one, replace(kind(), **{one.name: other(one.name, one.default)}), id=one.name)
        for one in fields(kind)
    ]


ALL = [
    pytest.param(kind, *param.values, id=f"{kind.__name__}-{param.id}")
    for kind, _ in COMMANDS.values()
    for param in changed(kind)
]


@KINDS
def test_every_field_says_what_it_changes_and_has_a_default(kind: type) -> None:
    for one in fields(kind):
        assert effect(one) in EFFECTS, one.name
        assert one.default is not MISSING, one.name
        assert effect(one) == PLACE or not one.metadata["recorded"], one.name


@pytest.mark.parametrize("name", COMMANDS)
def test_every_field_is_an_option_and_every_option_a_field(name: str) -> None:
    kind, _ = COMMANDS[name]
    command: Any = typer.main.get_command(app)
    params = {param.name.rstrip("_"): param for param in command.commands[name].params}
    wanted = {one.name: one for one in (*fields(kind), *fields(Display))}
    # What is repeated is no part of what is asked for.
    assert wanted.keys() == params.keys() - {"repeat"}
    for one in fields(kind):
        names = params[one.name].opts
        assert option(one) in names or not any(name.startswith("-") for name in names), one.name


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_arrives_at_its_field(name: str, inside: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    kind, module = COMMANDS[name]
    command: Any = typer.main.get_command(app)
    words, expected = [], {}
    for param in command.commands[name].params:
        key = param.name.rstrip("_")
        if not param.opts[0].startswith("-"):
            words += ["--", "key"]
            continue
        value = "7" if key in NUMBERS else f"of-{key}"
        words = [param.opts[0], *([] if param.is_flag else [value]), *words]
        expected[key] = True if param.is_flag else (value,) if param.multiple else 7 if key in NUMBERS else value
    seen: list[Any] = []
    monkeypatch.setattr(module, f"_{name}", lambda *given: seen.extend(given))
    assert inside(name, *words).code == 0
    request, record, display = seen
    assert (type(request), record) == (kind, expected.pop("repeat"))
    expected |= {"keys" if kind is RunRequest else "clip": ("key",) if kind is RunRequest else "key", "preview": "7"}
    assert {**asdict(request), **asdict(display)} == expected


@pytest.mark.parametrize(("kind", "one", "request_"), ALL)
def test_what_changes_pixels_is_part_of_the_identity_and_nothing_else_is(kind: type, one: Any, request_: Any) -> None:
    def of(request: Any) -> dict[str, object]:
        return identity(request, making(replace(kind(), engine=request.engine, set=request.set)), {})

    assert (of(request_) != of(kind())) == (effect(one) == PIXELS)


def test_a_file_that_changes_changes_the_identity(tmp_path: Path) -> None:
    path, found = tmp_path / "key", []
    for text in ("a", "ab"):
        path.write_text(text)
        found.append(identity(RunRequest(), making(RunRequest()), {"key 1": path}))
    assert found[0]["--seed"] == found[1]["--seed"] == 0
    assert found[0] != found[1]


@pytest.mark.parametrize(("kind", "one", "request_"), ALL)
def test_beside_a_record_only_places_may_be_given(kind: type, one: Any, request_: Any, tmp_path: Path) -> None:
    recorded = replace(kind(), seed=3, out="then.mp4", device="cpu", threads=5, weights="there")
    command = "run" if kind is RunRequest else "slowmo"
    facts = {"command": command, "words": asdict(recorded), "inputs": [], "engine": "flow", "versions": {}}
    path = tmp_path / "o.json"
    path.write_text(json.dumps(facts))
    read: Any = repeat.repeated if kind is RunRequest else repeat.clip_repeated
    if effect(one) in (PIXELS, INPUTS, EXTRAS):
        with pytest.raises(UsageError, match=f"{option(one)} would change it"):
            read(str(path), request_, Report())
        return
    assert effect(one) in (PLACE, NOTHING)
    # Where the command says nothing, the output and the device are the record's; how it is done is not.
    usual = replace(recorded, threads=None, weights=None)
    assert read(str(path), request_, Report()) == replace(usual, **{one.name: getattr(request_, one.name)})


def test_a_record_of_a_clip_of_the_first_version_is_read() -> None:
    film = {"keys": [], "out": "/o.mp4", "frames": None, "loop": False, "motion": None, "seed": 3, "set": ["reach=5"]}
    words = {"clip": "/c.mp4", "film": film, "factor": "2", "fps": None, "since": "1f", "sound": "drop"}
    wanted = ClipRequest(clip="/c.mp4", out="/o.mp4", seed=3, set=("reach=5",), factor="2", since="1f", sound="drop")
    assert request_from_json(words, ClipRequest) == wanted
    with pytest.raises(InbetweenError, match="`seed` is 'x'"):
        request_from_json({**words, "film": {**film, "seed": "x"}}, ClipRequest)
    with pytest.raises(InbetweenError, match="`more` is 1"):
        request_from_json({**words, "film": {**film, "more": 1}}, ClipRequest)
