"""Records that are none, or not of these keys."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support.commands import Command, Refused
from support.pictures import save, scene


@pytest.fixture
def record(inside: Command, keys: list[Path], tmp_path: Path) -> dict[str, Any]:
    """Of a film of the keys 0, 1 and 0 again."""
    ran = inside("run", *keys[:2], keys[0], "-n", 1, "-o", "x.mp4", "--record")
    assert ran.code == 0, ran.err
    found: dict[str, Any] = json.loads((tmp_path / "x.mp4.json").read_bytes())
    return found


@pytest.mark.usefixtures("record")
def test_a_key_that_comes_twice_is_repeated_twice(inside: Command, tmp_path: Path) -> None:
    assert inside("run", "--repeat", "x.mp4.json", "-o", "y.mp4").code == 0
    assert (tmp_path / "y.mp4").read_bytes() == (tmp_path / "x.mp4").read_bytes()


def test_records_that_are_none(refused: Refused, record: dict[str, Any], tmp_path: Path) -> None:
    words = ("run", "-o", "y.mp4", "--repeat")
    refused(*words, "none.json", code=1, error="there is no record none.json", hint="check the name")
    refused(*words, "temp", code=1, error="the record temp is a folder", hint="the name of a file")
    refused(*words, "key0.png", code=1, error="key0.png is not a record of a film", hint="--record")
    for data in (
        "",
        "[1, 2]",
        '{"words": {}}',
        '{"command": "run", "words": [], "inputs": [], "engine": "flow", "versions": {}}',
        "[" * 100_000,
        json.dumps({**record, "command": "sew"}),
        json.dumps({**record, "inputs": [{"what": "key", "path": 5, "sha256": "x"}]}),
        json.dumps({**record, "versions": None}),
    ):
        (tmp_path / "bad.json").write_text(data)
        refused(*words, "bad.json", code=1, error="not a record of a film", hint="--record")


def test_records_with_other_types(refused: Refused, record: dict[str, Any], tmp_path: Path) -> None:
    changes: dict[str, object] = {
        "frames": "x",
        "seed": True,
        "easing": [0.1, "x"],
        "set": [5],
        "size": 5,
        "start_number": None,
        "loop": "yes",
        "more": 1,
        "film": {"seed": 1},
        "motion": "a\0b",
        "keys": ["a\0b", "c"],
    }
    for name, value in changes.items():
        (tmp_path / "bad.json").write_text(json.dumps({**record, "words": {**record["words"], name: value}}))
        words = ("run", "--repeat", "bad.json", "-o", "y.mp4")
        refused(*words, code=1, error=f"not a record of a film: `{name}` is", hint="--record")


@pytest.mark.usefixtures("record")
def test_a_record_whose_keys_are_others(refused: Refused, tmp_path: Path) -> None:
    words = ("run", "--repeat", "x.mp4.json")
    refused(*words, code=1, error="x.mp4` exists", hint="--overwrite")
    for more, name in (
        (("-n", 3), "--frames"),
        (("--fps", 5), "--fps"),
        (("--", "key0.png"), "keys"),
    ):
        refused(*words, "-o", "y.mp4", *more, code=2, error=f"{name} would change it", hint=f"leave {name} out")
    save(tmp_path / "key1.png", scene(5))
    refused(*words, "-o", "y.mp4", code=1, error="key1.png has changed since the record", hint="without --repeat")
    (tmp_path / "key1.png").unlink()
    refused(*words, "-o", "y.mp4", code=1, error="key1.png is gone", hint="put it back")
