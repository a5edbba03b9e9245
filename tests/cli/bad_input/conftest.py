"""What must stay as it was when a command is refused."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.commands import Command, Ran, Refused
from support.folders import contents


@pytest.fixture(autouse=True)
def temporary_files_are_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a command leaves in the folder for temporary files is left in the test's folder."""
    (tmp_path / "temp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temp"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temp"))


@pytest.fixture
def refused(command: Command, inside: Command, tmp_path: Path) -> Refused:
    """The command with these words fails, says why, and changes nothing."""

    def run(*words: object, code: int, error: str, hint: str, env: dict[str, str] | None = None) -> Ran:
        before = contents(tmp_path)
        # An environment may say what happens while Python begins.
        ran = command(*words, env=env) if env else inside(*words)
        assert ran.code == code, ran.err
        assert error in ran.problem[0]
        assert hint in ran.problem[1]
        assert ran.out == ""
        assert contents(tmp_path) == before
        return ran

    return run


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Mounts an empty disk with such options."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(options: str) -> Path:
        words = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        if shutil.which("mount") is None or subprocess.run(words, capture_output=True, check=False).returncode:
            pytest.skip("only root can mount a disk")
        return folder

    yield mount
    if os.path.ismount(folder):
        subprocess.run(["umount", "-l", str(folder)], check=True)
