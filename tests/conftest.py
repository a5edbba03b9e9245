"""The real command, and three keys."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import hypothesis
import pytest

# Their assertions say as much as those of the tests.
pytest.register_assert_rewrite("support", "goldens.checks")

from support import schemas  # noqa: E402
from support.commands import INBETWEEN, Command, Ran  # noqa: E402
from support.ffmpeg_clips import Make  # noqa: E402
from support.films import MakeClip, by_ffmpeg, lossless  # noqa: E402
from support.pictures import Picture, save, scene  # noqa: E402

# A shell's background jobs ignore Ctrl-C, and so would all commands that the tests start and stop.
signal.signal(signal.SIGINT, signal.default_int_handler)

# No test is of time: a busy machine is no failure.
hypothesis.settings.register_profile("any time", deadline=None)
hypothesis.settings.load_profile("any time")


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """The real command, in an own process, in an empty folder."""

    def run(*words: object, cwd: Path | None = None, env: dict[str, str] | None = None, timeout: float = 300) -> Ran:
        done = subprocess.run(
            [*INBETWEEN, *map(str, words)],
            cwd=cwd or tmp_path,
            env={**os.environ, **(env or {})},
            capture_output=True,
            text=True,
            timeout=timeout,
        )
        schemas.check_ran(words, done.returncode, done.stdout, done.stderr)
        return Ran(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    """The same command in this process, where the process is not the point: it has not to import everything anew."""
    from inbetween.cli.main import main

    def run(*words: object, cwd: Path | None = None, env: dict[str, str] | None = None) -> Ran:
        capfd.readouterr()
        with monkeypatch.context() as patch:
            patch.chdir(cwd or tmp_path)
            for name, value in (env or {}).items():
                patch.setenv(name, value)
            with pytest.raises(SystemExit) as end:
                main([*map(str, words)])
        ran = Ran(int(end.value.code or 0), *capfd.readouterr())
        schemas.check_ran(words, ran.code, ran.out, ran.err)
        return ran

    return run


@pytest.fixture
def keys(tmp_path: Path) -> Sequence[Path]:
    """Three key files of the scene, at t = 0, 1 and 2."""
    return [save(tmp_path / f"key{i}.png", scene(i)) for i in range(3)]


@pytest.fixture
def clip(tmp_path: Path) -> MakeClip:
    """A lossless film of pictures, (H, W, 3) uint8."""

    def made(pictures: Iterable[Picture], rate: Fraction = Fraction(24), name: str = "clip.mkv", **more: Any) -> Path:
        return lossless(tmp_path / name, list(pictures), rate, **more)

    return made


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """A file by ffmpeg: its name, the source for its test pictures (or None), and ffmpeg's words."""

    def run(name: str, source: str | None, *words: str, before: tuple[str, ...] = ()) -> Path:
        path = tmp_path / name
        given = () if source is None else ("-f", "lavfi", "-i", source)
        by_ffmpeg(*before, *given, *words, path)
        return path

    return run
