"""Clips of ffmpeg's test pictures."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

from inbetween.errors import InbetweenError
from inbetween.retime import footage
from inbetween.types import Picture, Report
from inbetween.video.clip import Clip
from inbetween.video.probe import probe
from inbetween.video.read import frames

SOURCE = "testsrc2=s=64x48:r=24000/1001:d=1"
X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "8")
Make = Callable[..., Path]


def read(clip: Clip, begin: Fraction = Fraction(0)) -> list[tuple[Fraction, Picture]]:
    return list(frames(clip, Report(), begin))


def opened(path: Path) -> tuple[Clip, list[tuple[Fraction, Picture]]]:
    clip = probe(str(path), Report())
    return clip, read(clip)


def refused(path: Path | str) -> str:
    with pytest.raises(InbetweenError) as problem:
        probe(str(path), Report())
    assert problem.value.hint
    assert "\n" not in problem.value.message
    return problem.value.message


def times(found: footage.Footage) -> list[Fraction]:
    return [time for time, _ in found.pictures(found.clip, Report(), Fraction(0))]
