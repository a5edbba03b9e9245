"""The command, many times, each in a process of its own that has not to import anything, and that can be killed for
good before or after any change of the disk.

A fresh process, started by `Nursery`, imports the package and forks one child for each command. Forking the process of
the tests itself would not do: it has threads.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from support.commands import Ran

CHANGES = ("replace", "rename", "fsync", "unlink", "rmdir", "truncate", "mkdir", "open", "link", "scandir")
"""Functions of `os` that change the disk, or that are called between such changes."""
LONGEST = 60.0
"""Seconds after which a command hangs: each takes one or two."""
SEGMENT = 4
"""Least number of frames of a segment, in place of 250, so that tiny films have several."""


SUBREAPER = 36
"""PR_SET_CHILD_SUBREAPER of prctl(2), Linux."""


class Hangs(AssertionError):
    """A command did not come to its end."""


class Nursery:
    """The process that forks. `close` ends it."""

    def __init__(self, folder: Path) -> None:
        """folder: for the texts of the commands; not the one in which they run."""
        self._folder = folder
        self.steps = 0
        """How many of `CHANGES` the last command came to, before and after each counted."""
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"}
        words = [sys.executable, "-m", "support.nursery", str(folder)]
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env)

    def run(self, folder: Path, *words: object, kill: int = 0) -> Ran:
        """The command in a folder.

        Args:
            folder: where it runs.
            words: of the command.
            kill: the step at which it is killed with all that it has started; 0 for none. Its `code` is then -9.

        Raises:
            Hangs: it took longer than `LONGEST`, and was killed.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        request = {"folder": str(folder), "words": [*map(str, words)], "kill": kill}
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        self.steps = answer["steps"]
        out, err = ((self._folder / name).read_bytes().decode("utf-8", "surrogateescape") for name in ("out", "err"))
        if answer["hangs"]:
            raise Hangs(f"{words} took longer than {LONGEST} s\n{err}")
        return Ran(answer["code"], out, err)

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


def serve(folder: Path) -> None:
    """Fork a child for each line of stdin, and answer with a line."""
    import av  # noqa: F401
    import cv2
    import numpy  # noqa: F401

    import inbetween.cli.main
    import inbetween.interpolation
    import inbetween.retime.produce  # noqa: F401

    # What a command has started becomes a child of this process when the command is killed.
    ctypes.CDLL(None, use_errno=True).prctl(SUBREAPER, 1, 0, 0, 0)
    # A child that was forked has none of its parent's threads.
    cv2.setNumThreads(0)
    for line in sys.stdin:
        request = json.loads(line)
        (folder / "steps").write_bytes(b"")
        child = os.fork()
        if not child:
            _be_command(folder, request)
        status = _waited(child)
        hangs = status is None
        if status is None:
            os.kill(child, signal.SIGKILL)
            status = os.waitpid(child, 0)[1]
        end_orphans()
        steps = (folder / "steps").stat().st_size
        answer = {"code": os.waitstatus_to_exitcode(status), "hangs": hangs, "steps": steps}
        print(json.dumps(answer), flush=True)  # noqa: T201


def end_orphans() -> None:
    """Kill whatever a command has left running, and wait for it, so that it writes no more."""
    while True:
        for orphan in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split():
            os.kill(int(orphan), signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _waited(child: int) -> int | None:
    """The status of a child; None if it hangs."""
    until = time.monotonic() + LONGEST
    while time.monotonic() < until:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return status
        time.sleep(0.005)
    return None


def _be_command(folder: Path, request: Mapping[str, Any]) -> None:
    """Run the command and end this process."""
    code = 70
    try:
        os.setsid()
        os.chdir(request["folder"])
        for number, name in ((1, "out"), (2, "err")):
            os.dup2(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644), number)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        _count_steps(os.open(folder / "steps", os.O_WRONLY | os.O_APPEND), request["kill"])
        import inbetween.produce
        from inbetween.cli.main import main

        inbetween.produce.LEAST = SEGMENT
        main(request["words"])
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(code)


def _count_steps(file: int, kill: int) -> None:
    """Have each function of `CHANGES` count a step before and after its work, by a byte in a file, and the process be
    killed at step `kill`."""
    steps, write = [0], os.write

    def step() -> None:
        steps[0] += 1
        if steps[0] == kill:
            os.kill(os.getpid(), signal.SIGKILL)
        write(file, b".")

    def counted(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*words: Any, **more: Any) -> Any:
            step()
            done = function(*words, **more)
            step()
            return done

        return call

    for name in CHANGES:
        setattr(os, name, counted(getattr(os, name)))


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
