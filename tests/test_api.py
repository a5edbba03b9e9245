"""The Python functions."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

import inbetween
from support.commands import Command
from support.films import files
from support.pictures import scene


def test_the_api_makes_what_the_command_makes(inside: Command, keys: list[Path], tmp_path: Path) -> None:
    before = cv2.getNumThreads()
    made = list(inbetween.interpolate(keys[0], scene(1), frames=3, easing="ease-in", sampling="bicubic"))
    assert cv2.getNumThreads() == before
    words = ("-n", 3, "--easing", "ease-in", "--set", "sampling=bicubic", "-o", "o")
    assert inside("run", *keys[:2], *words).code == 0
    assert all(np.array_equal(a, b) for a, b in zip(made, files(tmp_path / "o"), strict=True))


def test_the_api_refuses_in_its_own_words(tmp_path: Path) -> None:
    a = scene(0)
    for wrong, says in (
        (lambda: inbetween.interpolate(a, a[:50]), "unlike size"),
        (lambda: inbetween.interpolate(a, a.astype(np.float32)), "no picture"),
        (lambda: inbetween.interpolate(a, a, frames=-1), "0 or more"),
        (lambda: inbetween.interpolate(a, a, engine="flwo"), "flwo"),
        (lambda: inbetween.interpolate(a, a, sampling="cubist"), "cubist"),
        (lambda: inbetween.interpolate(a, tmp_path / "none.png"), "none.png"),
    ):
        with pytest.raises(inbetween.InbetweenError) as caught:
            wrong()
        assert says in caught.value.message
        assert caught.value.hint
