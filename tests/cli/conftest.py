"""Two keys to look at."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.boxes import drawn
from support.commands import Command
from support.pictures import save


@pytest.fixture
def pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two keys in the current folder, and no weights."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("INBETWEEN_WEIGHTS", str(tmp_path / "no-weights"))
    save(tmp_path / "a.png", drawn(0))
    save(tmp_path / "b.png", drawn(1))
    return ["a.png", "b.png"]


@pytest.fixture
def call(inside: Command, pair: list[str]) -> Command:
    return inside
