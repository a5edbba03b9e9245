"""Calls of an engine's maker, whatever the engine, and what they may not leave behind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from inbetween import engines
from inbetween.engine import parse_options
from inbetween.engines.loading import load_makers
from inbetween.errors import Interrupted
from inbetween.types import Gap, Maker, Picture, Report, Settings
from support.pictures import scene
from support.reports import Heard

SIZE = (128, 128)
FAST = {"fcvg": ("steps=1", "guidance=1", "size=128x128", "decode_chunk=2", "poses=false")}
"""Options with which an engine with tiny networks takes a moment."""


def maker_of(name: str, store: Path, *options: str) -> Maker:
    """A fresh maker, as the command loads it."""
    chosen = parse_options(engines.get(name).Options, [*FAST.get(name, ()), *options])
    return load_makers(name, chosen, Settings(weights=store))["engine"]


def gaps(*numbers: int, frames: int = 1) -> list[Gap]:
    """Gaps between frames of the moving scene; neighbouring ones are not told of each other."""
    times = tuple(k / (frames + 1) for k in range(1, frames + 1))
    return [Gap(scene(n, SIZE), scene(n + 1, SIZE), times, number=n) for n in numbers]


def equal(a: Sequence[Picture], b: Sequence[Picture]) -> bool:
    """Whether two rows of frames are the same bytes."""
    return len(a) == len(b) and all(np.array_equal(one, other) for one, other in zip(a, b, strict=True))


def process_flags() -> tuple[object, ...]:
    """What a maker may change in the process while it computes, and only then."""
    import cv2

    cudnn = torch.backends.cudnn
    flags = torch.get_num_threads(), torch.is_grad_enabled(), cudnn.deterministic, cudnn.allow_tf32
    return (*flags, cv2.getNumThreads())


class StopsAt(Heard):
    """Raises `Interrupted` out of one call of `progress`, of all or of those of a stage, and knows when."""

    def __init__(self, call: int, stage: str = "") -> None:
        super().__init__()
        self.call, self.stage, self.raised = call, stage, False

    def progress(self, stage: str, done: int, total: int) -> None:
        super().progress(stage, done, total)
        if sum(self.stage in ("", one) for one, _, _ in self.steps) > self.call:
            self.raised = True
            raise Interrupted


@contextmanager
def layers_after(report: StopsAt) -> Iterator[list[str]]:
    """The layers of any network that begin after a report has raised, as they do."""
    late: list[str] = []

    def tick(module: nn.Module, given: object) -> None:
        if report.raised and next(module.children(), None) is None:
            late.append(type(module).__name__)

    handle = nn.modules.module.register_module_forward_pre_hook(tick)
    try:
        yield late
    finally:
        handle.remove()


@contextmanager
def every_layer_reports(patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Heartbeats that do not wait."""
    with patch.context() as now:
        now.setattr("inbetween.networks.heartbeat.BEAT", 0.0)
        yield


def made(maker: Maker, work: Sequence[Gap], report: Report | None = None) -> list[Picture]:
    """All frames of a call."""
    return list(maker(iter(work), report or Report()))
