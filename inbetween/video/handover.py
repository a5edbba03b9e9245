"""Handing frames from the thread that makes them to one that writes them. Both can be stopped, and an error of either
reaches the caller."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from queue import Empty, Full, Queue
from typing import TypeVar

from inbetween.errors import Interrupted
from inbetween.report import Forward
from inbetween.types import Picture, Report

T = TypeVar("T")
Tell = Callable[[str, int, int], object]
"""`Report.progress`, or what is told in its place."""

WAITING = 2
"""Most frames that wait for the encoder; more would only take memory."""
BEAT = 0.5
"""Seconds between two checks of a waiting thread whether it has been told to stop."""


def meanwhile(written: Callable[[Iterator[Picture], Report], T], frames: Iterable[Picture], report: Report) -> T:
    """Make frames in this thread while another one writes them."""
    aside, queue = Aside(report), Queue[Picture | None](WAITING)

    def tell(*_: object) -> None:
        report.progress(*aside.told)

    with ThreadPoolExecutor(1) as pool:
        try:
            writing = pool.submit(written, taken(queue, aside), aside)
            for frame in frames:
                put(queue, frame, [writing], tell)
                tell()
            put(queue, None, [writing], tell)
            return wait(writing, tell)
        except BaseException:
            aside.stop.set()
            raise


def taken(queue: Queue[Picture | None], aside: Aside) -> Iterator[Picture]:
    """The frames from a queue, until None comes or the thread is told to stop."""
    while True:
        try:
            frame = queue.get(timeout=BEAT)
        except Empty:
            aside.ask()
            continue
        if frame is None:
            return
        yield frame


def put(queue: Queue[Picture | None], frame: Picture | None, encoding: Iterable[Future[T]], tell: Tell) -> None:
    """Hand a frame to the encoder, waiting until there is room for it. An error of the encoder is raised here."""
    while True:
        for future in encoding:
            if future.done():
                future.result()
        try:
            return queue.put(frame, timeout=BEAT)
        except Full:
            tell("write", 0, 0)


def wait(future: Future[T], tell: Tell) -> T:
    """The result of another thread. Progress is reported meanwhile, so that a stop is noticed."""
    while True:
        try:
            return future.result(timeout=BEAT)
        except NotYet:
            tell("check", 0, 0)


class Aside(Forward):
    """The report of a thread beside the one that reports. Progress is kept for that one to tell, and `Interrupted` is
    raised once `stop` is set."""

    def __init__(self, report: Report) -> None:
        super().__init__(report)
        self.stop = threading.Event()
        self.told: tuple[str, int, int] = "write", 0, 0

    def ask(self) -> None:
        """
        Raises:
            Interrupted: it is to stop.
        """
        if self.stop.is_set():
            raise Interrupted

    def progress(self, stage: str, done: int, total: int) -> None:
        """See `Report.progress`."""
        self.ask()
        self.told = stage, done, total
