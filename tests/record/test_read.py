"""Reading records that anybody may have written."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inbetween import plan
from inbetween.errors import InbetweenError
from inbetween.record import read
from inbetween.request import ClipRequest, RunRequest
from inbetween.retime import plan as clip_plan
from inbetween.types import Report
from support.reports import Heard

KINDS = {"run": RunRequest, "slowmo": ClipRequest}
PLANS: dict[str, Any] = {"run": plan.plan, "slowmo": clip_plan.plan}


def facts_of(command: str, **words: object) -> dict[str, Any]:
    """A whole record, as plain values."""
    some = {"keys": ("a.png", "b.png"), "out": "x.mp4"} if command == "run" else {"clip": "c.mp4", "out": "x.mp4"}
    request = KINDS[command](**some | words)
    inputs = [{"what": "key", "path": "a.png", "sha256": "0" * 64}]
    facts = {"command": command, "words": asdict(request), "inputs": inputs, "engine": "flow", "versions": {"av": "1"}}
    found: dict[str, Any] = json.loads(json.dumps(facts))
    return found


def read_text(path: Path, text: str | bytes, command: str = "run") -> read.Record[Any]:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read.read(path, command, KINDS[command])


@pytest.mark.parametrize(
    "text",
    [
        "[" * 200_000,
        '{"command":' * 200_000,
        '{"command": "run", "words": ' + "[" * 200_000 + "]" * 200_000 + "}",
        "1" * 5000,
        "NaN",
        b"\xff\xfe\x00",
        b"\x80",
        "",
        "null",
        '"run"',
    ],
    ids=range(10),
)
def test_texts_that_are_no_records(tmp_path: Path, text: str | bytes) -> None:
    with pytest.raises(InbetweenError, match="is not a record of a film"):
        read_text(tmp_path / "r.json", text)


@pytest.mark.parametrize("command", KINDS)
def test_a_record_is_what_was_written(tmp_path: Path, command: str) -> None:
    record = read_text(tmp_path / "r.json", json.dumps(facts_of(command, seed=7, encoder="-crf 3")), command)
    assert (record.request.seed, record.request.encoder, record.engine) == (7, "-crf 3", "flow")
    assert record.inputs == (read.Input("key", "a.png", "0" * 64),)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("seed", 10**4000),
        ("frames", -(10**19)),
        ("easing", [float("inf")]),
        ("easing", [float("nan")]),
        ("easing", "x" * 20_000),
        ("out", "a\ud800b"),
        ("out", "a\0b"),
        ("keys", [["a"]]),
        ("keys", {"a": 1}),
        ("set", [None, [[[]]]]),
        ("loop", 1),
    ],
)
def test_values_that_no_request_has(tmp_path: Path, name: str, value: object) -> None:
    facts = facts_of("run")
    facts["words"][name] = value
    with pytest.raises(InbetweenError, match="not a record of a film") as caught:
        read_text(tmp_path / "r.json", json.dumps(facts))
    assert len(caught.value.message) < 250 + len(str(tmp_path))


TEXTS = [
    10**30,
    10**17,
    -1,
    1e300,
    "x",
    "1e999999999",
    "9" * 5000,
    "1/0",
    "1x",
    "0x0",
    "9" * 400 + "x1",
    "-crf ((",
    "/",
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(TEXTS),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@st.composite
def records(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A record in which some values are others."""
    command = draw(st.sampled_from(sorted(KINDS)))
    facts = facts_of(command)
    for _ in range(draw(st.integers(1, 3))):
        name = draw(st.sampled_from([*facts, *(one.name for one in fields(KINDS[command])), "more"]))
        place = facts if name in facts else facts["words"]
        if isinstance(place, dict):
            place[name] = draw(JSON)
    return command, facts


@given(records())
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_record_of_any_shape_is_read_and_planned_or_refused(
    tmp_path_factory: pytest.TempPathFactory, given: tuple[str, dict[str, Any]]
) -> None:
    command, facts = given
    path = tmp_path_factory.getbasetemp() / "fuzzed.json"
    with contextlib.suppress(InbetweenError):
        record = read_text(path, json.dumps(facts).encode(), command)
        read.show(record, True, Report())
        with contextlib.suppress(InbetweenError):
            read.check_inputs(record, read.files, Report())
        PLANS[command](record.request)


def test_a_pipe_is_no_record(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InbetweenError, match="is a pipe"):
        read.read(tmp_path / "pipe", "run", RunRequest)


def test_many_foreign_files_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    report = Heard()
    keys = [str(tmp_path / f"{number}.png") for number in range(9)]
    record = read_text(tmp_path / "r.json", json.dumps(facts_of("run", keys=[*keys, "near.png"], motion="../m.json")))
    read.show(record, False, report)
    (note,) = report.notes
    assert keys[2] in note.text
    assert keys[3] not in note.text
    assert note.text.endswith(" and 7 more")
    assert note.facts["paths"] == [*keys, "../m.json"]
