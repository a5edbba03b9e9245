"""Threads and devices: the only place that sets global flags of OpenCV or torch."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import cache
from typing import TypeVar

from inbetween import environment
from inbetween.errors import InbetweenError, UsageError

M_ARENA_MAX = -8
"""The number of this setting in glibc's malloc.h."""

In = TypeVar("In")
Out = TypeVar("Out")


class _Held:
    """A setting of a library that several callers may hold at the same time, each while it works.

    The first caller to enter saves the library's value and the last one to leave restores it, in whatever order they
    come and go. Meanwhile the setting has the least of the values that they asked for.
    """

    def __init__(self, read: Callable[[], int], write: Callable[[int], None]) -> None:
        """
        Args:
            read: returns the library's value.
            write: sets it.
        """
        self._read, self._write = read, write
        self._lock = threading.Lock()
        self._asked: list[int] = []
        self._before = 0

    @contextmanager
    def at(self, value: int) -> Iterator[None]:
        """Hold the setting at `value`, or lower while another caller holds it lower."""
        with self._lock:
            if not self._asked:
                self._before = self._read()
            self._asked.append(value)
            self._write(min(self._asked))
        try:
            yield
        finally:
            with self._lock:
                self._asked.remove(value)
                self._write(min(self._asked, default=self._before))


def thread_count(asked: int | None) -> int:
    """The number of threads to use: `asked`, else INBETWEEN_THREADS, else every core that this process may use.

    Raises:
        UsageError: the environment's value is not a whole number from 1 on.
    """
    if asked is not None:
        return asked
    text = environment.value("INBETWEEN_THREADS")
    if not text:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if not text.isdecimal() or int(text) < 1:
        raise UsageError(f"INBETWEEN_THREADS is `{text}`", "set it to a whole number from 1 on, or unset it")
    return int(text)


def quiet_opencv() -> AbstractContextManager[None]:
    """Let OpenCV work on one thread while this is held: several frames are made at once instead, which never changes
    pixels. It may be held many times at once, by any threads; the last to leave restores OpenCV's number of threads."""
    return _opencv_threads().at(1)


@cache
def _opencv_threads() -> _Held:
    import cv2

    return _Held(cv2.getNumThreads, cv2.setNumThreads)


def one_arena() -> None:
    """Limit glibc, where it is the C library, to one malloc arena for the rest of the process: with an arena for each
    thread, the memory that large frames leave behind grows over a long film."""
    import ctypes

    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)


def in_order(pool: ThreadPoolExecutor, work: Callable[[In], Out], items: Iterable[In], ahead: int) -> Iterator[Out]:
    """Yield `work(item)` for each item, in the order of the items.

    While the reader is busy with one result, at most `ahead` more are being computed or wait for it. A reader that
    stops early cancels what has not begun.
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


def torch_device(asked: str) -> str:
    """The device that networks run on: "cuda:0", "mps" or "cpu"; for "auto" the first of these that PyTorch sees.

    Raises:
        InbetweenError: PyTorch does not see the device that was asked for.
    """
    import torch

    there = [f"cuda:{number}" for number in range(torch.cuda.device_count())]
    there += ["mps"] if torch.backends.mps.is_available() else []
    there.append("cpu")
    device = there[0] if asked == "auto" else "cuda:0" if asked == "cuda" else asked
    if device not in there:
        raise InbetweenError(
            f"this PyTorch sees no device `{asked}`", f"it sees {', '.join(there)}; `inbetween doctor` says more"
        )
    return device


@contextmanager
def steady_torch(threads: int) -> Iterator[None]:
    """Let PyTorch work on at most `threads` cores, and cuDNN always choose the same algorithm, while this is held.

    It may be held many times at once and left in any order, but in the thread that entered it: PyTorch keeps a number
    of threads for each thread that calls it, and callers in the same thread share the least that one of them asked
    for. The flags of cuDNN belong to the process, and the last caller to leave restores them.

    Args:
        threads: the number of cores, from 1 on.
    """
    deterministic, tf32 = _cudnn_flags()
    with _torch_of_this_thread().threads.at(threads), deterministic.at(True), tf32.at(False):
        yield


class _OfThisThread(threading.local):
    """The settings that PyTorch keeps for each thread. Every thread sees its own attributes of this object."""

    def __init__(self) -> None:
        import torch

        self.threads = _Held(torch.get_num_threads, torch.set_num_threads)


@cache
def _torch_of_this_thread() -> _OfThisThread:
    return _OfThisThread()


@cache
def _cudnn_flags() -> tuple[_Held, _Held]:
    """The flags `deterministic` and `allow_tf32` of cuDNN, as settings that can be held."""
    from torch.backends import cudnn

    def held(name: str) -> _Held:
        return _Held(lambda: int(getattr(cudnn, name)), lambda value: setattr(cudnn, name, bool(value)))

    return held("deterministic"), held("allow_tf32")


def bfloat16_units() -> bool:
    """Whether the processor has instructions for bfloat16; without them it is many times slower than float32."""
    import torch

    # PyTorch has no public name for either question.
    known = (getattr(torch.cpu, name, None) for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"))
    return any(ask is not None and ask() for ask in known)


def out_of_memory(problem: BaseException) -> bool:
    """Whether an error says that a device, or the allocator of the CPU, has no more memory."""
    import torch

    # MPS and the CPU have no class of error of their own.
    text = str(problem).lower()
    return isinstance(problem, torch.OutOfMemoryError) or (
        isinstance(problem, RuntimeError) and ("out of memory" in text or "can't allocate memory" in text)
    )


def free_memory(device: str) -> int | None:
    """Bytes of memory that are free on a device, or None where that is unknown."""
    if device == "cpu":
        return available_memory()
    import torch

    if device == "mps":
        return int(torch.mps.recommended_max_memory()) - int(torch.mps.driver_allocated_memory())
    # Memory that PyTorch keeps in reserve is free too.
    reserve = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return int(torch.cuda.mem_get_info(device)[0]) + int(reserve)


def available_memory() -> int | None:
    """Bytes of memory that are free without swapping, or None where the system does not say."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            fields = dict(line.split(":", 1) for line in file)
        return int(fields["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return None
