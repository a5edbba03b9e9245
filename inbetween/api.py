"""The Python API: the same path as the command, in memory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np

from inbetween import engines, gaps, pictures
from inbetween.devices import quiet_opencv, thread_count
from inbetween.engine import parse_options
from inbetween.engines.loading import load_makers
from inbetween.errors import UnknownName, UsageError
from inbetween.plan import KEYFRAMES, UNRELATED, choose, device_for
from inbetween.sizes import check_working
from inbetween.timeline import grid
from inbetween.timeline.easing import parse_easing
from inbetween.timeline.grid import DEFAULT_FRAMES, DEFAULT_RATE
from inbetween.types import Picture, Report, Settings
from inbetween.weights import store

Key = str | os.PathLike[str] | Picture


def interpolate(
    start: Key,
    end: Key,
    frames: int = DEFAULT_FRAMES,
    engine: str = "auto",
    *,
    easing: str = "linear",
    keyframes: str = "own",
    if_unrelated: str = "blend",
    seed: int = 0,
    threads: int | None = None,
    device: str = "auto",
    weights: str | os.PathLike[str] | None = None,
    report: Report | None = None,
    **options: Any,
) -> Iterator[Picture]:
    """Yield the pictures from `start` to `end`, as `inbetween run` makes them: `frames` + 2, the keys included.

    start, end: paths, or arrays (H, W, 3 or 4), RGB or RGBA with straight alpha, uint8 or uint16, of one size.
    If either has alpha, or 16 bits, all pictures have. easing: a name or call as for `--easing`. keyframes:
    "own", "generated" or "none". if_unrelated: "blend", "hold" or "fail". weights: the folder of networks' weights,
    unless it is the usual one. options: the engine's, as for
    `--set`. Each picture is made when it is asked for; OpenCV's own threads rest until the last one is taken.

    Raises:
        WordsRefused, UnknownName: arguments that make no sense.
        InbetweenError: a file that cannot be read, or keys of unlike size.
    """
    for name, value, known in (
        ("keyframes", keyframes, KEYFRAMES),
        ("if_unrelated", if_unrelated, UNRELATED),
    ):
        if value not in known:
            raise UnknownName(name, value, known)
    if frames < 0:
        raise UsageError(f"frames must be 0 or more, not {frames}", "it counts the pictures between two keys")
    report = report or Report()
    line = grid.even_timeline(2, frames, DEFAULT_RATE)
    if keyframes == "none":
        line = grid.without_keys(line)
    line = grid.eased(line, parse_easing(easing))
    chosen = engines.get(choose(engine)[0])
    made_by = parse_options(chosen.Options, [f"{name}={value}" for name, value in options.items()])
    where = None if weights is None else Path(weights)
    settings = Settings(device_for(device, chosen), thread_count(threads), where)
    keys = pictures.unify([_picture(start, report), _picture(end, report)])
    if keys[0].shape != keys[1].shape:
        raise UsageError("start and end are of unlike size", "bring them to one size first")
    check_working(chosen, made_by)
    store.require(chosen.needs, settings.weights)
    makers = load_makers(chosen.name, made_by, settings)
    made = gaps.frames_of(
        keys, line, makers, report, unrelated=if_unrelated, generated=keyframes == "generated", seed=seed
    )
    return _quietly(made)


def _quietly(made: Iterator[Picture]) -> Iterator[Picture]:
    with quiet_opencv():
        yield from made


def _picture(key: Key, report: Report) -> Picture:
    if isinstance(key, (str, os.PathLike)):
        return pictures.read(Path(key), report)
    if key.ndim != 3 or key.shape[2] not in (3, 4) or key.dtype not in (np.uint8, np.uint16):
        raise UsageError(
            f"a key of shape {key.shape} and type {key.dtype} is no picture",
            "give (H, W, 3 or 4), uint8 or uint16, RGB or RGBA",
        )
    return cast(Picture, np.ascontiguousarray(key))
