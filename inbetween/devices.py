"""Threads and devices: the only place that sets global flags of OpenCV or torch."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from inbetween.errors import WordsRefused

In = TypeVar("In")
Out = TypeVar("Out")


def thread_count(asked: int | None) -> int:
    """Threads to use: what was asked for, else INBETWEEN_THREADS, else every core this process may use.

    Raises:
        WordsRefused: the environment's value is not a whole number from 1 on.
    """
    if asked is not None:
        return asked
    text = os.environ.get("INBETWEEN_THREADS", "")
    if not text:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if not text.isdecimal() or int(text) < 1:
        raise WordsRefused(f"INBETWEEN_THREADS is `{text}`", "set it to a whole number from 1 on, or unset it")
    return int(text)


@contextmanager
def quiet_opencv() -> Iterator[None]:
    """OpenCV on one thread each: we run several pictures at once instead, which never changes the pixels."""
    import cv2

    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)


def in_order(pool: ThreadPoolExecutor, work: Callable[[In], Out], items: Iterable[In], ahead: int) -> Iterator[Out]:
    """`work` of each item, in the order of the items. While the reader is busy with one, `ahead` more are worked at
    or wait for it, and no more than that.

    A reader that stops early cancels what has not begun.
    """
    waiting: deque[Future[Out]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()


def available_memory() -> int | None:
    """Bytes that can be had without swapping, or None where the system does not say."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            fields = dict(line.split(":", 1) for line in file)
        return int(fields["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return None
