"""Slow motion without the command."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from inbetween.plan import RunRequest
from inbetween.slowmo.produce import Result, make_film
from inbetween.slowmo.request import ClipRequest, plan
from inbetween.types import Picture, Report


def slow(path: Path | str, out: Path | str, report: Report | None = None, **words: Any) -> Result:
    names = ("engine", "set", "codec", "encoder", "threads", "size", "fit")
    ours = {name: words.pop(name) for name in names if name in words}
    said = ClipRequest(str(path), RunRequest((), str(out), **ours), **words)
    return make_film(plan(said), report or Report(), overwrite=True)


def stream(pictures: Iterable[Picture], rate: int = 24) -> Iterator[tuple[Fraction, Picture]]:
    return ((Fraction(number, rate), picture) for number, picture in enumerate(pictures))
