"""Clips by ffmpeg."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.ffmpeg_clips import Make
from support.films import by_ffmpeg


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """A file by ffmpeg: its name, the source for its test pictures (or None), and ffmpeg's words."""

    def run(name: str, source: str | None, *words: str, before: tuple[str, ...] = ()) -> Path:
        path = tmp_path / name
        given = () if source is None else ("-f", "lavfi", "-i", source)
        by_ffmpeg(*before, *given, *words, path)
        return path

    return run
