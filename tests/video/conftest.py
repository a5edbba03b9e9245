"""Clips by ffmpeg."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from inbetween.video import ffmpeg
from support.ffmpeg_clips import Make


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """A file by ffmpeg: its name, the source for its test pictures (or None), and ffmpeg's words."""

    def run(name: str, source: str | None, *words: str, before: tuple[str, ...] = ()) -> Path:
        path = tmp_path / name
        given = () if source is None else ("-f", "lavfi", "-i", source)
        command = [ffmpeg.executable(), "-v", "error", "-y", *before, *given, *words, str(path)]
        subprocess.run(command, check=True, capture_output=True)
        return path

    return run
