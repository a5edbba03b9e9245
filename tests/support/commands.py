"""The real command: what it left, how it is started and watched."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from inbetween.video import ffmpeg
from support.pictures import save, scene

INBETWEEN = [sys.executable, "-m", "inbetween"]


@dataclass(frozen=True)
class Ran:
    """What a command left."""

    code: int
    out: str
    err: str

    @property
    def problem(self) -> tuple[str, str]:
        """The `error:` and the `hint:` line, after a check that there is one of each, last, and no traceback."""
        lines = self.err.splitlines()
        assert "Traceback" not in self.err, self.err
        assert sum(line.startswith("error: ") for line in lines) == 1, self.err
        assert sum(line.startswith("hint: ") for line in lines) == 1, self.err
        assert lines[-2].startswith("error: ")
        assert lines[-1].startswith("hint: ")
        return lines[-2][7:], lines[-1][6:]


Command = Callable[..., Ran]


def run(words: Sequence[object], cwd: Path, **more: Any) -> Ran:
    """A command whose streams or limits are other than usual."""
    more = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more}
    done = subprocess.run(list(map(str, words)), cwd=cwd, timeout=300, check=False, **more)
    out, err = ((text or b"").decode(errors="surrogateescape") for text in (done.stdout, done.stderr))
    return Ran(done.returncode, out, err)


def fake_ffmpeg(folder: Path, script: str) -> dict[str, str]:
    """An environment in which ffmpeg is this script; $real is the real one."""
    path = folder / "ffmpeg"
    path.write_text(f"#!/bin/sh\nreal='{ffmpeg.executable()}'\n{script}\n")
    path.chmod(0o755)
    return {"IMAGEIO_FFMPEG_EXE": str(path)}


def processes_that_name(path: Path) -> set[int]:
    """Those with this path in their command lines."""
    found = set()
    for process in Path("/proc").iterdir():
        # It may end while we look.
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            if process.name.isdecimal() and os.fsencode(path) in (process / "cmdline").read_bytes():
                found.add(int(process.name))
    return found


def hearing() -> None:
    """Under `nohup` or in the background the tests' own children would not hear some, and rightly so."""
    for signum in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, signal.SIG_DFL)


def started(folder: Path, out: str, *more: object, count: int = 9000) -> subprocess.Popen[str]:
    """A long job that says every step. It fills the pipe long before it could end, and nobody reads on."""
    for number in range(2):
        save(folder / f"s{number}.png", scene(number, (48, 64)))
    words = ["run", "s0.png", "s1.png", "-n", count, "-o", *out.split(), "--progress", "json", *more]
    return subprocess.Popen(
        [*INBETWEEN, *map(str, words)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pipesize=4096,
        text=True,
        start_new_session=True,
        preexec_fn=hearing,
    )


def wait_for(process: subprocess.Popen[str], stage: str, done: int) -> None:
    """Read until a stage has come so far."""
    assert process.stderr is not None
    for line in process.stderr:
        event = json.loads(line)
        if event["event"] == "progress" and event["stage"] == stage and event["done"] >= done:
            return
    raise AssertionError("it has ended")


def set_ffmpeg(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> Path:
    """Has this process use the script as its ffmpeg; where it lies."""
    for name, value in fake_ffmpeg(folder, script).items():
        monkeypatch.setenv(name, value)
    return folder / "ffmpeg"


LINUX = pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="looks at processes in /proc")
STAYS = pytest.mark.usefixtures("keys")
"""The keys are there."""


Refused = Callable[..., Ran]
