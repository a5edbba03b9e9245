"""Settings of OpenCV and PyTorch that several callers hold at the same time."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, ExitStack
from itertools import permutations

import cv2
import numpy as np
import pytest

import inbetween
from inbetween.devices import quiet_opencv, steady_torch


@pytest.fixture(autouse=True)
def two_threads() -> Iterator[None]:
    """OpenCV on two threads before and after, whatever this machine has."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(2)
    yield
    cv2.setNumThreads(before)


def held(holder: AbstractContextManager[None]) -> Generator[None, None, None]:
    """A generator that holds something until it is closed."""
    with holder:
        yield
        yield


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_opencv_stays_at_one_thread_until_the_last_generator_is_closed(order: tuple[int, ...]) -> None:
    holders = [held(quiet_opencv()) for _ in order]
    for holder in holders:
        next(holder)
    for number in order:
        assert cv2.getNumThreads() == 1
        holders[number].close()
    assert cv2.getNumThreads() == 2


def test_two_films_that_are_made_in_turn_restore_opencv() -> None:
    keys = [np.full((32, 32, 3), value, np.uint8) for value in (40, 90)]
    first, second = (inbetween.interpolate(*keys, frames=2, engine="blend") for _ in range(2))
    next(first)
    next(second)
    list(first)
    assert cv2.getNumThreads() == 1, "the second film is still made"
    list(second)
    assert cv2.getNumThreads() == 2


def test_an_error_in_one_holder_leaves_the_others_theirs() -> None:
    with quiet_opencv():
        with pytest.raises(ValueError, match="inner"), quiet_opencv():
            raise ValueError("inner")
        assert cv2.getNumThreads() == 1
    assert cv2.getNumThreads() == 2


def test_threads_that_hold_opencv_at_the_same_time() -> None:
    inside, leave, seen = threading.Barrier(3), threading.Barrier(2), []

    def work(waits: bool) -> None:
        with quiet_opencv():
            inside.wait(60)
            if waits:
                leave.wait(60)
                seen.append(cv2.getNumThreads())

    short, long = (threading.Thread(target=work, args=(waits,)) for waits in (False, True))
    short.start()
    long.start()
    inside.wait(60)
    short.join()
    leave.wait(60)
    long.join()
    assert seen == [1]
    assert cv2.getNumThreads() == 2


@pytest.mark.parametrize("order", list(permutations(range(2))))
def test_torch_gets_the_least_of_what_its_holders_asked_for(order: tuple[int, ...]) -> None:
    import torch

    cudnn = torch.backends.cudnn
    before = torch.get_num_threads(), cudnn.deterministic, cudnn.allow_tf32
    torch.set_num_threads(4)
    try:
        asked = 3, 2
        holders = [ExitStack(), ExitStack()]
        for holder, threads in zip(holders, asked, strict=True):
            holder.enter_context(steady_torch(threads))
        assert torch.get_num_threads() == 2
        holders[order[0]].close()
        assert torch.get_num_threads() == asked[order[1]]
        assert (cudnn.deterministic, cudnn.allow_tf32) == (True, False)
        holders[order[1]].close()
        assert (torch.get_num_threads(), cudnn.deterministic, cudnn.allow_tf32) == (4, *before[1:])
    finally:
        torch.set_num_threads(before[0])


def test_each_thread_gets_its_own_number_of_torch_threads_back() -> None:
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(4)
    inside, left, seen = threading.Barrier(2), threading.Barrier(2), []

    def work() -> None:
        torch.set_num_threads(3)
        with steady_torch(1):
            inside.wait(60)
            left.wait(60)
        seen.append(torch.get_num_threads())

    other = threading.Thread(target=work)
    try:
        with steady_torch(2):
            other.start()
            inside.wait(60)
        assert torch.get_num_threads() == 4, "another thread's holder is none of ours"
        assert torch.backends.cudnn.deterministic
        left.wait(60)
        other.join()
        assert seen == [3]
    finally:
        torch.set_num_threads(before)
