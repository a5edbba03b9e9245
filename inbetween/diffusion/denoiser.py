"""Calls the denoiser on as many rows at once as there is memory for, and steers it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import groupby

import torch
from torch import Tensor, nn

from inbetween.devices import out_of_memory
from inbetween.diffusion.legacy import legacy_context
from inbetween.diffusion.program import BACKWARD, FORWARD
from inbetween.diffusion.sampling import Call, Row
from inbetween.diffusion.steering import Count, Guide, Run
from inbetween.errors import InbetweenError
from inbetween.networks.session import Session

DENOISER = "denoiser"
"""The name of the network that evaluates a direction, unless a method has another network for it."""
ROWS = 4
"""The most rows of a batch: both directions, each with and without its key."""
SMALLER = "make it smaller with --set size=512x320, or shorter with --set frames=14"
"""The hint where there is too little memory."""


def one_denoiser(side: str) -> str:
    """The name of the network for a direction, for methods that use the same one for both."""
    return DENOISER


@contextmanager
def denoising_calls(
    session: Session,
    run: Run,
    guide: Guide | None,
    count: Count,
    network_of: Callable[[str], str] = one_denoiser,
) -> Iterator[Call]:
    """The denoiser as a `sampling.Call`. When memory runs out, fewer rows are computed at once, and that is noted.

    The call raises InbetweenError if there is not enough memory for the leanest plan, and Interrupted if the user asks
    to stop.

    Args:
        session: the networks, for this gap; its report hears the progress over all rows of the run.
        run: how the gap is sampled.
        guide: steers the denoiser; None for no steering.
        count: rows are counted there.
        network_of: direction -> the name of the network that evaluates it.
    """
    before = count.unet
    with ExitStack() as stack:
        networks: dict[str, nn.Module] = {}
        for name in dict.fromkeys(map(network_of, (FORWARD, BACKWARD))):
            networks[name] = stack.enter_context(session.use(name))
            if guide is not None:
                stack.enter_context(guide.attached(networks[name]))
            if run.legacy_context:
                stack.enter_context(legacy_context(networks[name]))
        session.heartbeat.at("denoise", 0, run.rows)

        def call(rows: Sequence[Row], level: int) -> list[Tensor]:
            waiting, made = list(rows), list[Tensor]()
            while waiting:
                most = 2 if run.together else session.plan.rows
                name, rows_of_one = next(groupby(waiting[:most], key=lambda row: network_of(row.side)))
                group = list(rows_of_one)
                if guide is not None:
                    guide.before(group, level)
                begin = time.perf_counter()
                outputs = _tried(session, name, networks[name], group, run, level)
                if outputs is None:
                    _step_down(session)
                    continue
                made += outputs
                waiting = waiting[len(group) :]
                count.unet += len(group)
                count.seconds += time.perf_counter() - begin
                session.heartbeat.at("denoise", count.unet - before, run.rows)
            return made

        yield call


def _tried(
    session: Session, name: str, network: nn.Module, rows: Sequence[Row], run: Run, level: int
) -> list[Tensor] | None:
    """The denoiser's outputs for some rows, or None where memory ran out."""
    device, dtype = session.device, session.dtype(name)
    try:
        output: Tensor = network(
            torch.stack([row.sample for row in rows]).to(device, dtype),
            torch.tensor(run.levels.c_noise[level], device=device),
            encoder_hidden_states=torch.stack([row.embedding for row in rows]).to(device, dtype),
            added_time_ids=run.ids.to(device).expand(len(rows), -1),
            return_dict=False,
        )[0]
    except (RuntimeError, MemoryError) as problem:
        if not out_of_memory(problem):
            raise
        return None
    return list(output.float())


def _step_down(session: Session) -> None:
    """Go on with the next leaner plan, and note it.

    Raises:
        InbetweenError: there is no leaner plan.
    """
    if not session.step_down():
        raise InbetweenError(
            f"there is not enough memory on {session.device}, however little is done at once", SMALLER, "out_of_memory"
        )
    work = session.plan.described(ROWS)
    text = f"memory ran out: going on with {work}; the frames are the same, up to rounding"
    session.report.note("leaner", text, work=work)
