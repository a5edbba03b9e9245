"""The time that it takes to make a film: the wall time of its stages, and processor time."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


class Stages:
    """The wall time of each stage of some work, and its processor time since this object was made.

    Seconds that are spent inside an iterator count for the iterator's own stage, not for the one that reads it.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        """Wall time in seconds, by the name of the stage."""
        self._begin = processor_seconds()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the time of a `with` block to the stage `name`."""
        begin = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - begin

    def each(self, name: str, items: Iterable[T]) -> Iterator[T]:
        """Yield the items; the time that the iterator needs for each is added to the stage `name`."""
        items = iter(items)
        while True:
            with self.stage(name):
                try:
                    item = next(items)
                except StopIteration:
                    return
            yield item

    @property
    def processor_seconds(self) -> float:
        """Processor time in seconds, of all threads and of child processes that have ended."""
        return processor_seconds() - self._begin


def processor_seconds() -> float:
    """Processor time in seconds of this process and of its children that have ended, since the process began."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
