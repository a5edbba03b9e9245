"""Runs the jobs of a batch in worker processes, and hears what becomes of them."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import inbetween
from inbetween import system
from inbetween.batch.film import Outcome, Task
from inbetween.batch.worker import task_line

LISTEN = 0.2
"""Seconds between two looks at whether the user asked to stop. A choice."""
PATIENCE = 20.0
"""Seconds that a worker has to end in good order, until it is killed. An engine looks every 2 s whether it is to stop.
A choice."""
LAST_WORDS = 2000
"""The most characters of what a worker that died has printed which are shown. A choice."""
TRIES = 2
"""How often a job is tried whose worker dies: a job that takes its worker with it twice is no accident. A choice."""


@dataclass(frozen=True)
class Event:
    """Something that a worker tells."""

    worker: int
    """The number of the worker, from 0 on."""
    task: Task
    """What it works on."""
    outcome: Outcome | None = None
    """Set once the job has ended."""
    stage: str = ""
    done: int = 0
    total: int = 0
    """How far the work on the film has come, see `Report.progress`."""


@dataclass
class _Worker:
    number: int
    device: str | None
    """The device for its jobs; None for the one that each job names."""
    process: subprocess.Popen[bytes]
    errors: Any
    """The file with what it printed."""
    listener: threading.Thread
    """Reads its lines."""
    task: Task | None = None
    """What it works on; None for nothing."""


def run(tasks: Iterable[Task], count: int, devices: list[str]) -> Iterator[Event]:
    """Make the films of tasks, and yield what happens. Between two events the caller may raise, which stops all
    workers.

    Args:
        tasks: the jobs, in the order in which they are begun. They are read when a worker is free.
        count: the number of workers.
        devices: a device for each worker, in turn; empty for the device that each job names.
    """
    heard: queue.Queue[tuple[_Worker, bytes]] = queue.Queue()
    waiting, tries = deque[Task](), dict[str, int]()
    stream, workers = iter(tasks), list[_Worker]()

    def following() -> Task | None:
        return waiting.popleft() if waiting else next(stream, None)

    def assign(worker: _Worker) -> Iterator[Event]:
        worker.task = following()
        if worker.task is not None:
            tries[worker.task.name] = tries.get(worker.task.name, 0) + 1
            yield Event(worker.number, worker.task)
            device, task = worker.device, worker.task
            if device is not None:
                task = replace(task, request=replace(task.request, device=device))
            with suppress(OSError):
                # A worker that is gone already is noticed where its lines end.
                assert worker.process.stdin is not None
                worker.process.stdin.write(task_line(task))
                worker.process.stdin.flush()

    try:
        workers = [_started(n, devices[n % len(devices)] if devices else None, heard) for n in range(count)]
        for worker in workers:
            yield from assign(worker)
        while any(worker.task for worker in workers):
            try:
                worker, line = heard.get(timeout=LISTEN)
            except queue.Empty:
                # The caller gets a turn, to look whether the user asked to stop.
                yield from (Event(worker.number, worker.task) for worker in workers if worker.task)
                continue
            if worker.task is None:
                continue
            if not line:
                yield from _died(worker, tries, waiting)
                workers[worker.number] = fresh = _started(worker.number, worker.device, heard)
                yield from assign(fresh)
                continue
            told = json.loads(line)
            if told.pop("event") == "progress":
                yield Event(worker.number, worker.task, **told)
            elif "made" in told:
                yield Event(worker.number, worker.task, Outcome(**told))
                yield from assign(worker)
    finally:
        _stop(workers)


def _started(number: int, device: str | None, heard: queue.Queue[tuple[_Worker, bytes]]) -> _Worker:
    errors = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the worker
    # Without -P, Python would look for modules in the current folder first, which may be anybody's.
    words = [sys.executable, "-P", "-m", "inbetween.batch.worker"]
    here = [str(Path(inbetween.__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]
    process = subprocess.Popen(
        words,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(here)},
        **system.apart(),
    )

    def listen() -> None:
        assert process.stdout is not None
        with process.stdout as lines:
            for line in lines:
                heard.put((worker, line))
        heard.put((worker, b""))

    worker = _Worker(number, device, process, errors, threading.Thread(target=listen, daemon=True))
    worker.listener.start()
    return worker


def _died(worker: _Worker, tries: dict[str, int], waiting: deque[Task]) -> Iterator[Event]:
    """A worker has died while it made a film: the job is tried again, or has failed."""
    assert worker.task is not None
    task, worker.task = worker.task, None
    if tries[task.name] < TRIES:
        waiting.appendleft(task)
        return
    code = worker.process.wait()
    worker.listener.join()
    with suppress(OSError):
        assert worker.process.stdin is not None
        worker.process.stdin.close()
    worker.errors.seek(0)
    words = worker.errors.read().decode(errors="replace")[-LAST_WORDS:]
    how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
    error = {
        "code": "out_of_memory" if code == -9 else "system",
        "message": f"the process that made it {how}, twice",
        "hint": "it may have needed more memory than there is: use fewer --workers, or a smaller --size",
        "traceback": words,
    }
    yield Event(worker.number, task, Outcome(task.name, False, error=error))


def _stop(workers: list[_Worker]) -> None:
    """End all workers: those that work in good order, so that their films can go on."""
    for worker in workers:
        with suppress(OSError):
            # The end of its input stops a worker on every system; a signal would kill it on Windows.
            assert worker.process.stdin is not None
            worker.process.stdin.close()
    for worker in workers:
        try:
            worker.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            worker.process.kill()
            worker.process.wait()
        worker.listener.join()
        worker.errors.close()
