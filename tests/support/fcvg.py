"""FCVG with tiny networks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from inbetween import engines
from inbetween.engine import parse_options
from inbetween.engines.loading import load_makers
from inbetween.types import Gap, Picture, Report, Settings
from support.pictures import scene

SIZE = (128, 128)
FAST = ("steps=2", "size=128x128")


def fcvg_gap(times: Sequence[float] = (1 / 3, 2 / 3), size: tuple[int, int] = SIZE, seed: int = 0, **more: Any) -> Gap:
    return Gap(scene(0, size), scene(1, size), tuple(times), seed, **more)


def made_by_fcvg(
    store: Path, gap: Gap, *words: str, report: Report | None = None, memory: str = "auto", device: str = "cpu"
) -> list[Picture]:
    """The pictures of one gap, by the engine as the command has it."""
    options = parse_options(engines.get("fcvg").Options, [*FAST, *words])
    makers = load_makers("fcvg", options, Settings(device, 1, store, memory))
    return list(makers["engine"](iter([gap]), report or Report()))


def levels_apart(a: Sequence[Picture], b: Sequence[Picture]) -> int:
    return int(np.abs(np.asarray(a, int) - np.asarray(b, int)).max())
