"""What is scored: engines, and the baselines beside them. (keys, count, report) -> made frames, in order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any, TypeAlias

import cv2

from inbetween import gaps
from inbetween.bench import filters
from inbetween.engines.loading import load_makers
from inbetween.timeline import grid
from inbetween.timeline.grid import DEFAULT_RATE
from inbetween.types import Maker, Picture, Report, Settings

Method: TypeAlias = Callable[[Sequence[Picture], int, Report], list[Picture]]
"""`count` frames between every two keys; tells the report how many it has made: `progress(MADE, …)`."""
MADE = "made"


def hold(keys: Sequence[Picture], count: int, report: Report) -> list[Picture]:
    """The key before, repeated."""
    return [key for key in keys[:-1] for _ in range(count)]


def crossfade(keys: Sequence[Picture], count: int, report: Report) -> list[Picture]:
    """The mean of both keys, weighted by time, of code values as most editors do it."""
    out: list[Picture] = []
    for start, end in pairwise(keys):
        for k in range(1, count + 1):
            report.progress(MADE, len(out), 0)
            t = k / (count + 1)
            out.append(cv2.addWeighted(start, 1 - t, end, t, 0))  # type: ignore[arg-type]
    return out


def minterpolate(keys: Sequence[Picture], count: int, report: Report) -> list[Picture]:
    """ffmpeg's motion interpolation."""
    return filters.minterpolate(keys, count, lambda made: report.progress(MADE, made, 0))


BASELINES: dict[str, Method] = {"hold": hold, "crossfade": crossfade, "minterpolate": minterpolate}


def loaded(options: Mapping[str, Any], settings: Settings) -> dict[str, Method]:
    """The engines, each with its options, as methods; what `film` makes of the same keys."""
    return {name: _by_engine(load_makers(name, chosen, settings)) for name, chosen in options.items()}


def _by_engine(makers: Mapping[str, Maker]) -> Method:
    def make(keys: Sequence[Picture], count: int, report: Report) -> list[Picture]:
        line = grid.without_keys(grid.even_timeline(len(keys), count, DEFAULT_RATE))
        out: list[Picture] = []
        for picture in gaps.frames_of(keys, line, makers, report, unrelated="blend"):
            out.append(picture)
            report.progress(MADE, len(out), 0)
        return out

    return make
