"""The methods that are ffmpeg filters."""

from __future__ import annotations

import time

import numpy as np
import pytest

from inbetween.bench import filters, measures, methods, request
from inbetween.errors import InbetweenError, Interrupted
from support.bench import frames


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("keys", [2, 3, 5])
def test_minterpolate_is_in_step(keys: int, count: int) -> None:
    step = count + 1
    true = frames((keys - 1) * step + 1)
    made = filters.minterpolate(true[::step], count, lambda done: None)
    hidden = [i for i in range(len(true)) if i % step]
    assert len(made) == len(hidden)
    assert {picture.shape for picture in made} == {true[0].shape}
    early, right, late = (
        np.mean([measures.psnr(true[i + shift], picture) for i, picture in zip(hidden, made, strict=True)])
        for shift in (-1, 0, 1)
    )
    assert right > max(early, late) + 3


def test_keys_are_mirrored_beyond_the_ends() -> None:
    assert filters._mirrored(5) == [3, 2, 1, 0, 1, 2, 3, 4, 3, 2, 1]
    assert filters._mirrored(2) == [1, 1, 1, 0, 1, 0, 0, 0]


def test_every_baseline_of_the_words_exists() -> None:
    assert tuple(methods.BASELINES) == request.AGAINST


def test_a_failing_ffmpeg_says_why() -> None:
    with pytest.raises(InbetweenError, match=r"^ffmpeg stopped: Height or width < 32$"):
        filters.minterpolate(frames(3, (24, 24)), 1, lambda done: None)


def test_a_filter_is_left_at_once() -> None:
    """A beat may raise; ffmpeg is ended then."""
    pictures = frames(9, (480, 640))

    def stop(done: int) -> None:
        raise Interrupted

    begin = time.monotonic()
    with pytest.raises(Interrupted):
        filters.minterpolate(pictures, 15, stop)
    assert time.monotonic() - begin < 3
