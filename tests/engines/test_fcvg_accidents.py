"""FCVG when memory runs out or half precision breaks: what is stepped down for one gap ends with it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch

from inbetween.diffusion import svd
from inbetween.errors import InbetweenError, Interrupted
from inbetween.networks import memory
from inbetween.networks.memory import MemoryPlan
from inbetween.types import Picture
from support.calls import FAST, StopsAt, equal, gaps, made, maker_of
from support.commands import Command
from support.fcvg import fcvg_gap, made_by_fcvg
from support.pictures import save, scene
from support.reports import Heard

FULL = "CUDA out of memory. Tried to allocate 2.00 GiB"
Accident = Callable[[pytest.MonkeyPatch], None]


def full_decode(patch: pytest.MonkeyPatch) -> None:
    """There is memory for one frame."""
    usual = svd.decode

    def decode(autoencoder: Any, latents: torch.Tensor) -> torch.Tensor:
        if len(latents) > 1:
            raise RuntimeError(FULL)
        return usual(autoencoder, latents)

    patch.setattr(svd, "decode", decode)


def full_denoise(patch: pytest.MonkeyPatch) -> None:
    """There is memory for one row, with feed-forward layers that take one frame at a time."""
    usual = svd.UNetSpatioTemporalConditionModel.forward

    def forward(self: Any, x: torch.Tensor, *given: Any, **named: Any) -> Any:
        whole = any(getattr(module, "_chunk_size", 1) is None for module in self.modules())
        if len(x) > 1 or whole:
            raise RuntimeError(FULL)
        return usual(self, x, *given, **named)

    patch.setattr(svd.UNetSpatioTemporalConditionModel, "forward", forward)


def broken_decode(patch: pytest.MonkeyPatch) -> None:
    """Half precision makes frames of no numbers."""
    usual = svd.decode

    def decode(autoencoder: Any, latents: torch.Tensor) -> torch.Tensor:
        frames = usual(autoencoder, latents)
        whole = next(autoencoder.decoder.parameters()).dtype == torch.float32
        return frames if whole else torch.full_like(frames, torch.nan)

    patch.setattr(svd, "decode", decode)


def broken_denoise(patch: pytest.MonkeyPatch) -> None:
    """Half precision makes latents of no numbers."""
    usual = svd.UNetSpatioTemporalConditionModel.forward

    def forward(self: Any, x: torch.Tensor, *given: Any, **named: Any) -> Any:
        output = usual(self, x, *given, **named)
        return output if x.dtype == torch.float32 else (torch.full_like(output[0], torch.inf),)

    patch.setattr(svd.UNetSpatioTemporalConditionModel, "forward", forward)


WHOLE, HALF = ("precision=float32",), ("precision=bfloat16", "control=0")
"""Options of either precision. Most processors have no units for bfloat16, and take minutes for ControlNeXt."""
ACCIDENTS = {
    "decode-chunk": (full_decode, WHOLE),
    "leaner": (full_denoise, WHOLE),
    "float32": (broken_decode, HALF),
    "float32 latents": (broken_denoise, HALF),
}
"""The accident and the options, by the note that is heard."""
DEAR = [pytest.param(note, marks=pytest.mark.slow) if HALF in ACCIDENTS[note] else note for note in ACCIDENTS]
"""Those in half precision take a minute each where a processor has no units for it."""
LONG = 2
"""Frames of a gap whose grid is decoded in more than one chunk."""


def kept(patch: pytest.MonkeyPatch) -> None:
    """Plans under which networks stay where they are between gaps, as on a large GPU; the leanest is streamed."""
    plans = (MemoryPlan(4, False, True), MemoryPlan(2, False, True), MemoryPlan(1, True, True, streamed=True))
    patch.setattr(memory, "plans_for", lambda *given: plans)


def as_usual(patch: pytest.MonkeyPatch) -> None:
    """The plans of a CPU."""


@pytest.fixture(scope="module")
def usual(store: Path) -> Callable[[tuple[str, ...], Accident], list[Picture]]:
    """Two gaps with some options and plans, as they are made without an accident."""

    @cache
    def found(options: tuple[str, ...], waiting: Accident) -> list[Picture]:
        with pytest.MonkeyPatch.context() as patch:
            waiting(patch)
            return made(maker_of("fcvg", store, *options), gaps(0, 1, frames=LONG))

    return found


@pytest.mark.parametrize("waiting", [pytest.param(kept, marks=pytest.mark.slow), as_usual])
@pytest.mark.parametrize("note", DEAR)
def test_a_step_down_ends_with_its_gap(
    store: Path,
    usual: Callable[[tuple[str, ...], Accident], list[Picture]],
    note: str,
    waiting: Accident,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The next gap of the same call, and the next call, are as if nothing had happened."""
    accident, options = ACCIDENTS[note]
    wanted = usual(options, waiting)
    waiting(monkeypatch)
    maker, report, again = maker_of("fcvg", store, *options), Heard(), Heard()
    call = maker(iter(gaps(0, 1, frames=LONG)), report)
    with monkeypatch.context() as patch:
        accident(patch)
        frames = [next(call)]
    frames += call
    assert note.split()[0] in report.codes
    assert not equal(frames[:LONG], wanted[:LONG])
    assert equal(frames[LONG:], wanted[LONG:])
    assert equal(made(maker, gaps(0, frames=LONG), again), wanted[:LONG])
    assert not {"decode-chunk", "leaner", "float32"} & set(again.codes)


@pytest.mark.slow
@pytest.mark.parametrize("more", [HALF[1:], pytest.param((), id="with ControlNeXt")])
@pytest.mark.parametrize("waiting", [kept, as_usual])
def test_broken_latents_are_made_as_in_float32_from_the_start(
    store: Path,
    usual: Callable[[tuple[str, ...], Accident], list[Picture]],
    waiting: Accident,
    more: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All networks that are in use, ControlNeXt too."""
    wide = usual((*WHOLE, *more), waiting)[:LONG]
    waiting(monkeypatch)
    maker = maker_of("fcvg", store, HALF[0], *more)
    # A network that is held is rounded already: what was lost has to be read again.
    made(maker, gaps(0, frames=LONG))
    broken_denoise(monkeypatch)
    assert equal(made(maker, gaps(0, frames=LONG)), wide)


@pytest.mark.slow
def test_a_frame_is_decoded_as_in_float32_from_the_start(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept(monkeypatch)
    maker, found = maker_of("fcvg", store, *HALF), []
    usual = svd.decode

    def decode(autoencoder: Any, latents: torch.Tensor) -> torch.Tensor:
        found.append({name: value.clone() for name, value in autoencoder.decoder.state_dict().items()})
        return usual(autoencoder, latents)

    made(maker, gaps(0))
    with monkeypatch.context() as patch:
        patch.setattr(svd, "decode", decode)
        broken_decode(patch)
        made(maker, gaps(0))
        half, wide = found[0], found[-1]
        found.clear()
        made(maker_of("fcvg", store, *WHOLE, *HALF[1:]), gaps(0))
    assert {value.dtype for value in half.values()} == {torch.bfloat16}
    assert any(not torch.equal(half[name].float(), value) for name, value in wide.items())
    assert all(torch.equal(found[0][name], value) for name, value in wide.items())


def test_a_film_that_ran_short_is_the_same_when_it_is_stopped_and_resumed(
    inside: Command, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory runs out at the first decode, and the film is stopped after its first gap."""
    keys = [save(tmp_path / f"{n}.png", scene(n, (128, 128))).name for n in range(3)]
    options = [word for option in FAST["fcvg"] for word in ("--set", option)]
    words = ("run", *keys, "-n", LONG, "--engine", "fcvg", *options, "--threads", 1)
    env = {"INBETWEEN_WEIGHTS": str(store)}

    def film(name: str, stopped: bool) -> list[str]:
        calls, keys_seen = [0], [0]
        decode, key_latents = svd.decode, svd.key_latents

        def short(autoencoder: Any, latents: torch.Tensor) -> torch.Tensor:
            calls[0] += 1
            if calls[0] == 1:
                raise RuntimeError(FULL)
            return decode(autoencoder, latents)

        def third(autoencoder: Any, x: torch.Tensor) -> torch.Tensor:
            keys_seen[0] += 1
            if keys_seen[0] == 3:
                raise Interrupted
            return key_latents(autoencoder, x)

        told = []
        with monkeypatch.context() as patch:
            patch.setattr(svd, "decode", short)
            if stopped:
                patch.setattr(svd, "key_latents", third)
            ran = inside(*words, "-o", name, env=env)
            told.append(ran.err)
            assert ran.code == (130 if stopped else 0), ran.err
        if stopped:
            ran = inside(*words, "-o", name, env=env)
            told.append(ran.err)
            assert ran.code == 0, ran.err
        return told

    (whole,) = film("whole.mkv", stopped=False)
    assert "frames are decoded at once" in whole
    first, second = film("stopped.mkv", stopped=True)
    assert "frames are decoded at once" in first
    assert "3 of 7" in second, second
    assert (tmp_path / "whole.mkv").read_bytes() == (tmp_path / "stopped.mkv").read_bytes()


DENOISING_NEEDS_MOST = "decode_chunk=1"
"""With this option the denoising needs more memory than anything else, as it does with networks of full size."""


def test_memory_is_planned_for_every_shape(store: Path) -> None:
    """Once for each shape, however often it comes."""
    report = Heard()
    maker, (gap,) = maker_of("fcvg", store, DENOISING_NEEDS_MOST), gaps(0)
    made(maker, [gap, *gaps(1, frames=7), *gaps(2)], report)
    needed = [note.facts["bytes"] for note in report.notes if note.code == "work"]
    assert len(needed) == 2
    assert needed[1] > needed[0]
    again = StopsAt(0)
    with pytest.raises(Interrupted):
        made(maker, gaps(0, frames=7), again)
    assert again.facts["work"]["bytes"] == needed[1]


def test_on_a_cpu_what_is_free_never_decides_the_plan(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Plans round differently, and what is free differs from run to run: it is done, or refused with a cure."""
    report, gap = StopsAt(0), fcvg_gap([k / 8 for k in range(1, 8)])
    with pytest.raises(Interrupted):
        made_by_fcvg(store, gap, DENOISING_NEEDS_MOST, report=report)
    free = report.facts["work"]["bytes"] - 1
    monkeypatch.setattr("inbetween.diffusion.svd_engine.free_memory", lambda device: free)
    with pytest.raises(InbetweenError, match="GB are free") as refused:
        made_by_fcvg(store, gap, DENOISING_NEEDS_MOST)
    assert "--memory low" in refused.value.hint
    with pytest.raises(Interrupted):
        made_by_fcvg(store, gap, DENOISING_NEEDS_MOST, memory="low", report=report)
    assert report.facts["work"]["bytes"] <= free
