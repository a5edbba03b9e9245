"""A worker: a process that makes films of a batch, one after the other.

It reads tasks from its standard input and writes what happens to its standard output, one JSON object per line. When
the process that started it is gone, its input ends, and it stops.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, BinaryIO

from inbetween.batch.film import FilmMaker, Task
from inbetween.errors import Interrupted
from inbetween.record.read import request_from_json
from inbetween.request import ClipRequest, RunRequest
from inbetween.types import Report

PAUSE = 0.2
"""The least seconds between two lines of progress; chosen by eye."""
KINDS: Mapping[str, type[RunRequest] | type[ClipRequest]] = {"run": RunRequest, "slowmo": ClipRequest}


class _Told(Report):
    """Writes progress and notes to the process that started the worker, and raises once it is to stop."""

    def __init__(self, out: BinaryIO) -> None:
        self._out, self._last = out, 0.0
        self.stop = 0
        """The number of the signal that asked to stop; 0 for none."""

    def progress(self, stage: str, done: int, total: int) -> None:
        """See `Report.progress`."""
        if self.stop:
            raise Interrupted(self.stop)
        now = time.monotonic()
        if now - self._last >= PAUSE:
            self._last = now
            say(self._out, "progress", stage=stage, done=done, total=total)

    def note(self, code: str, text: str, *, detail: bool = False, **facts: object) -> None:
        """See `Report.note`."""
        if not detail:
            say(self._out, "note", code=code, text=text)


def say(out: BinaryIO, event: str, **facts: object) -> None:
    """Write one line."""
    out.write(json.dumps({"event": event, **facts}, default=str).encode() + b"\n")
    out.flush()


def task_line(task: Task) -> bytes:
    """A task as a line of JSON; the inverse of `_task`."""
    kind = next(name for name, one in KINDS.items() if isinstance(task.request, one))
    return json.dumps({**asdict(task), "kind": kind}).encode() + b"\n"


def _task(line: bytes) -> Task:
    values: dict[str, Any] = json.loads(line)
    kind = KINDS[values.pop("kind")]
    return Task(**{**values, "request": request_from_json(values["request"], kind)})


def main() -> None:
    """Work until the input ends. Exits with 0, or with 128 and the number of the signal that asked to stop."""
    # What libraries print must not get between the lines.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    told = _Told(out)

    def asked(signum: int, frame: object) -> None:
        told.stop = signum

    signal.signal(signal.SIGTERM, asked)
    # Ctrl-C, and the end of a terminal, reach every process of it; the one that started the workers stops them.
    for name in ("SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    tasks: list[bytes] = []
    ready = threading.Condition()

    def listen() -> None:
        for line in sys.stdin.buffer:
            with ready:
                tasks.append(line)
                ready.notify()
        with ready:
            told.stop = told.stop or signal.SIGTERM
            ready.notify()

    threading.Thread(target=listen, daemon=True).start()
    maker = FilmMaker()
    say(out, "ready")
    while True:
        with ready:
            while not tasks and not told.stop:
                ready.wait(1)
            if told.stop:
                break
            task = _task(tasks.pop(0))
        try:
            outcome = maker.make(task, told)
        except Interrupted:
            break
        say(out, "outcome", **asdict(outcome))
    # Threads of libraries may still run; nothing of theirs is needed any more.
    out.close()
    os._exit(128 + told.stop if told.stop else 0)


if __name__ == "__main__":
    main()
