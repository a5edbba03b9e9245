"""Threads and devices: the only place that sets global flags of OpenCV or torch."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import TypeVar

from inbetween.errors import InbetweenError, UsageError

M_ARENA_MAX = -8
"""Of glibc's malloc.h."""

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
        raise UsageError(f"INBETWEEN_THREADS is `{text}`", "set it to a whole number from 1 on, or unset it")
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


def one_arena() -> None:
    """All threads take memory from one place, where the C library is glibc: with one for each thread, what large
    pictures leave behind in every one of them grows over a long film. For the rest of the process."""
    import ctypes

    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)


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


def torch_device(asked: str) -> str:
    """The device that networks run on: "cuda:0", "mps" or "cpu"; of "auto" the first of these that is there.

    Raises:
        InbetweenError: the one that was asked for is not there.
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
    """PyTorch on so many cores, without choices of its own between ways that round differently."""
    import torch

    before = torch.get_num_threads(), torch.backends.cudnn.deterministic, torch.backends.cudnn.allow_tf32
    torch.set_num_threads(threads)
    torch.backends.cudnn.deterministic, torch.backends.cudnn.allow_tf32 = True, False
    try:
        yield
    finally:
        torch.set_num_threads(before[0])
        torch.backends.cudnn.deterministic, torch.backends.cudnn.allow_tf32 = before[1:]


def bfloat16_units() -> bool:
    """Whether the processor multiplies bfloat16 itself; without that it is many times slower than float32."""
    import torch

    # PyTorch has no public name for either.
    known = (getattr(torch.cpu, name, None) for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"))
    return any(ask is not None and ask() for ask in known)


def out_of_memory(problem: BaseException) -> bool:
    """Whether a device, or the allocator of the CPU, said that there is no more memory."""
    import torch

    # MPS and the CPU have no class of error of their own.
    words = str(problem).lower()
    return isinstance(problem, torch.OutOfMemoryError) or (
        isinstance(problem, RuntimeError) and ("out of memory" in words or "can't allocate memory" in words)
    )


def free_memory(device: str) -> int | None:
    """Bytes that can be had on a device, or None where it does not say."""
    if device == "cpu":
        return available_memory()
    import torch

    if device == "mps":
        return int(torch.mps.recommended_max_memory()) - int(torch.mps.driver_allocated_memory())
    # What PyTorch itself keeps in reserve is free too.
    reserve = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return int(torch.cuda.mem_get_info(device)[0]) + int(reserve)


def available_memory() -> int | None:
    """Bytes that can be had without swapping, or None where the system does not say."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            fields = dict(line.split(":", 1) for line in file)
        return int(fields["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return None
