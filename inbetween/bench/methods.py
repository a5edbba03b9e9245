"""The methods that are scored: engines, and the baselines that they are compared with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import TypeAlias

import cv2

from inbetween import gaps
from inbetween.bench import filters
from inbetween.engines.loading import load_makers
from inbetween.plan import Making
from inbetween.timeline import grid
from inbetween.timeline.grid import DEFAULT_RATE
from inbetween.types import Maker, Picture, Report

Method: TypeAlias = Callable[[Sequence[Picture], int, Report], list[Picture]]
"""(keys, count, report) -> `count` frames between every two keys, in order. It reports the number of frames so far by
`report.progress(MADE, number, 0)`."""
MADE = "made"
"""The stage that counts frames."""


def hold(keys: Sequence[Picture], count: int, report: Report) -> list[Picture]:
    """Repeat the previous key."""
    return [key for key in keys[:-1] for _ in range(count)]


def crossfade(keys: Sequence[Picture], count: int, report: Report) -> list[Picture]:
    """Mix both keys in proportion to time, in code values, as most editors do."""
    out: list[Picture] = []
    for start, end in pairwise(keys):
        for k in range(1, count + 1):
            report.progress(MADE, len(out), 0)
            t = k / (count + 1)
            out.append(cv2.addWeighted(start, 1 - t, end, t, 0))  # type: ignore[arg-type]
    return out


def minterpolate(keys: Sequence[Picture], count: int, report: Report) -> list[Picture]:
    """Run ffmpeg's motion interpolation."""
    return filters.minterpolate(keys, count, lambda made: report.progress(MADE, made, 0))


BASELINES: dict[str, Method] = {"hold": hold, "crossfade": crossfade, "minterpolate": minterpolate}


def loaded(engines: Mapping[str, Making]) -> dict[str, Method]:
    """The engines as methods, by name; they make the same frames as `run` between the same keys."""
    return {name: _by_engine(load_makers(name, making.options, making.settings)) for name, making in engines.items()}


def _by_engine(makers: Mapping[str, Maker]) -> Method:
    """A loaded engine as a method."""

    def make(keys: Sequence[Picture], count: int, report: Report) -> list[Picture]:
        line = grid.without_keys(grid.even_timeline(len(keys), count, DEFAULT_RATE))
        out: list[Picture] = []
        for picture in gaps.frames_of(keys, line, makers, report, unrelated="blend"):
            out.append(picture)
            report.progress(MADE, len(out), 0)
        return out

    return make
