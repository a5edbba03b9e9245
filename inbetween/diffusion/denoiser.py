"""Calls of the denoiser: as many rows at once as there is memory for, with control where it is wanted."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from inbetween.devices import out_of_memory
from inbetween.diffusion.control import Control, controlled, legacy_context
from inbetween.diffusion.program import FORWARD
from inbetween.diffusion.sampling import Call, Row
from inbetween.diffusion.schedule import Schedule
from inbetween.errors import InbetweenError
from inbetween.networks.networks import DENOISER, Networks
from inbetween.types import Report

Hints = Callable[[int], Tensor]
"""Level -> prepared control (F, C, h, w) in natural order of the frames; see `control.prepared`."""


@dataclass(eq=False)
class Count:
    """What was evaluated."""

    unet: int = 0
    """Rows: one direction, with or without its key."""
    control: int = 0
    """Levels at which ControlNeXt saw all frames."""
    seconds: float = 0.0
    """Of the denoiser."""


@contextmanager
def denoiser(
    networks: Networks,
    levels: Schedule,
    ids: Tensor,
    hints: Hints | None,
    report: Report,
    count: Count,
    total: int,
    weight: float,
    legacy: bool,
) -> Iterator[Call]:
    """The denoiser as a `sampling.Call`: rows with a key are controlled, those of the backward direction by the frames
    of the hints in reverse. When memory runs out less is done at once, and that is noted.

    Args:
        ids: (3,), see `svd.time_ids`.
        total: rows that will be asked for, for the progress.
        weight: of the control.
        legacy: see `control.legacy_context`; rows must then be given in pairs, which are never parted.

    Raises, when it is called:
        InbetweenError: there is no memory even for the least.
        Interrupted: by `Report.progress`.
    """
    control, before = Control(weight), count.unet
    with ExitStack() as stack:
        network = stack.enter_context(networks.use(DENOISER))
        stack.enter_context(controlled(network.down_blocks[0], control))
        if legacy:
            stack.enter_context(legacy_context(network))
        networks.pulse.at("denoise", 0, total)

        def call(rows: Sequence[Row], level: int) -> list[Tensor]:
            hint = None if hints is None else hints(level)
            waiting, made = list(rows), []
            while waiting:
                group = waiting[: 2 if legacy else networks.work.rows]
                control.rows = {
                    i: hint if row.side == FORWARD else hint.flip(0)
                    for i, row in enumerate(group)
                    if hint is not None and row.conditional
                }
                begin = time.perf_counter()
                outputs = _tried(networks, network, group, levels, level, ids)
                if outputs is None:
                    _step_down(networks, network, report)
                    continue
                made += outputs
                waiting = waiting[len(group) :]
                count.unet += len(group)
                count.seconds += time.perf_counter() - begin
                networks.pulse.at("denoise", count.unet - before, total)
            return made

        yield call


def _tried(
    networks: Networks, network: Any, rows: Sequence[Row], levels: Schedule, level: int, ids: Tensor
) -> list[Tensor] | None:
    """The outputs, or None where memory ran out."""
    device, dtype = networks.device, networks.dtype(DENOISER)
    try:
        output = network(
            torch.stack([row.sample for row in rows]).to(device, dtype),
            torch.tensor(levels.c_noise[level], device=device),
            encoder_hidden_states=torch.stack([row.embedding for row in rows]).to(device, dtype),
            added_time_ids=ids.to(device).expand(len(rows), -1),
            return_dict=False,
        )[0]
    except (RuntimeError, MemoryError) as problem:
        if not out_of_memory(problem):
            raise
        return None
    return list(output.float())


def _step_down(networks: Networks, network: Any, report: Report) -> None:
    if not networks.leaner(DENOISER, network):
        raise InbetweenError(
            f"there is not enough memory on {networks.device}, even for the least at once",
            "make it smaller with --set size=512x320, or shorter with --set frames=14",
        )
    report.note(
        "leaner",
        f"memory ran out: going on with {networks.work}; the same pictures, up to rounding",
        work=str(networks.work),
    )
