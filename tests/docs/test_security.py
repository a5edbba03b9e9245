"""Every promise of SECURITY.md has tests."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "SECURITY.md").read_text("utf-8")


def named() -> list[tuple[str, str]]:
    """The tests that are named: (file, function). A name that begins with `::` is in the file of the one before."""
    found, file = [], ""
    for before, function in re.findall(r"`(tests/[\w/]+\.py)?::(\w+)`", TEXT):
        file = before or file
        found.append((file, function))
    return found


@pytest.mark.parametrize(("file", "function"), named())
def test_the_tests_that_are_named_exist(file: str, function: str) -> None:
    assert re.search(rf"^def {function}\(", (ROOT / file).read_text("utf-8"), re.MULTILINE)


def test_every_promise_names_a_test() -> None:
    promises = TEXT.split("## Promises")[1].split("## What is not promised")[0]
    for promise in re.split(r"^- ", promises, flags=re.MULTILINE)[1:]:
        assert "::test_" in promise, promise
