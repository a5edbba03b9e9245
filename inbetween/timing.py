"""The time that a film takes: wall time of its stages, and processor time."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


class Stages:
    """Wall time of each stage of some work, and the processor time of it all, measured since it was made.

    Seconds that are spent inside an iterator count for the iterator's own stage, not for the one that reads it.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        """Wall time by the stage's name."""
        self._begin = processor_seconds()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the time of the block to the stage `name`."""
        begin = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - begin

    def each(self, name: str, items: Iterable[T]) -> Iterator[T]:
        """The items; the time of making each is added to the stage `name`."""
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
        """Seconds of all threads, and of child processes that have ended."""
        return processor_seconds() - self._begin


def processor_seconds() -> float:
    """Seconds that the processor worked for this process and its ended children, since the process began."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
