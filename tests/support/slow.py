"""Slow motion without the command."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from inbetween.request import ClipRequest
from inbetween.retime.plan import plan
from inbetween.retime.produce import Result, make_film
from inbetween.types import Picture, Report


def slow(path: Path | str, out: Path | str, report: Report | None = None, **words: Any) -> Result:
    request = ClipRequest(clip=str(path), out=str(out), **words)
    return make_film(plan(request), report or Report(), overwrite=True)


def stream(pictures: Iterable[Picture], rate: int = 24) -> Iterator[tuple[Fraction, Picture]]:
    return ((Fraction(number, rate), picture) for number, picture in enumerate(pictures))
