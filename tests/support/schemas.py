"""The published JSON Schemas, to which every answer in the tests is held."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

FOLDER = Path(__file__).parents[2] / "docs" / "schema"


@cache
def validator(name: str) -> Any:
    """That of docs/schema/NAME.json."""
    schema = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def check(name: str, text: str) -> Any:
    """The JSON in a text, after a check that it is of a schema."""
    found = json.loads(text)
    validator(name).validate(found)
    return found


def check_ran(words: Sequence[object], code: int, out: str, err: str) -> None:
    """What a command printed, if it was asked for JSON: one object on stdout that knows the exit code, and lines of
    JSON on stderr."""
    given = [str(word) for word in words]
    given = given[: given.index("--")] if "--" in given else given
    if "--json" in given and out and "--help" not in given:
        assert out.count("\n") == 1, out
        assert out.isascii(), out
        assert check("answer", out)["exit"] == code
    if "--progress=json" in given or ("--progress", "json") in pairwise(given):
        for line in err.splitlines():
            if line.startswith("{"):
                check("event", line)
