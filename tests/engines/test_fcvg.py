"""FCVG: the engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from inbetween.diffusion import decode, svd, svd_engine
from inbetween.errors import InbetweenError, Interrupted
from inbetween.networks import memory
from inbetween.networks.memory import Footprint, MemoryPlan, Stage
from inbetween.types import Gap, Picture
from support.fcvg import SIZE, fcvg_gap, levels_apart, made_by_fcvg
from support.pictures import psnr, scene
from support.reports import Heard

ALL_PLANS = (
    *memory.plans_for("cuda", Footprint((Stage({}, divisible=True),), 4)),
    MemoryPlan(3, True, True),
)


@pytest.mark.slow
def test_seed_keys_and_options_decide_the_pictures(store: Path, usual: list[Picture]) -> None:
    first = usual
    assert len(first) == 2
    assert first[0].shape == (*SIZE, 3)
    assert levels_apart(first, made_by_fcvg(store, fcvg_gap())) == 0
    assert levels_apart(first, made_by_fcvg(store, fcvg_gap(seed=1))) > 5
    other = Gap(scene(0, SIZE), scene(5, SIZE), (1 / 3, 2 / 3))
    assert levels_apart(first, made_by_fcvg(store, other)) > 0
    assert levels_apart(first, made_by_fcvg(store, fcvg_gap(), "control=0")) > 0
    assert levels_apart(first, made_by_fcvg(store, fcvg_gap(), "guidance=1.5")) > 0
    assert levels_apart(first, made_by_fcvg(store, fcvg_gap(), "legacy_context=true")) > 0


@pytest.mark.slow
def test_nothing_is_evaluated_in_vain(store: Path) -> None:
    for words, unet, control in ((("control=0",), 8, 0), (("guidance=1",), 4, 2), (("steps=1",), 4, 1)):
        report = Heard()
        made_by_fcvg(store, fcvg_gap(), *words, report=report)
        notes = report.facts["evaluations"]
        assert (notes["unet"], notes["controlnext"]) == (unet, control), words


def test_generated_ends_are_the_grids(store: Path, usual: list[Picture]) -> None:
    whole = made_by_fcvg(store, fcvg_gap((0, 1 / 3, 2 / 3, 1)))
    assert len(whole) == 4
    assert levels_apart(whole[1:3], usual) == 0


@pytest.mark.slow
def test_sixteen_bits(store: Path, usual: list[Picture]) -> None:
    deep = Gap(*(scene(t, SIZE).astype(np.uint16) * 257 for t in (0, 1)), (1 / 3, 2 / 3))
    pictures = made_by_fcvg(store, deep)
    assert pictures[0].dtype == np.uint16
    assert levels_apart([picture // 257 for picture in pictures], usual) <= 1


def test_more_than_it_can_make_is_filled_in(store: Path) -> None:
    report = Heard()
    times = [k / 31 for k in range(1, 31)]
    pictures = made_by_fcvg(store, fcvg_gap(times), "steps=1", "frames=3", report=report)
    assert len(pictures) == 30
    assert report.facts["filled"]["frames"] == 3


@pytest.mark.slow
def test_colours_can_be_held_to_the_keys(store: Path) -> None:
    plain, held = (made_by_fcvg(store, fcvg_gap((0, 0.5, 1)), f"match_colour={word}") for word in ("false", "true"))
    keys = fcvg_gap().start, fcvg_gap().end
    for place, key in ((0, keys[0]), (2, keys[1])):
        assert abs(held[place].mean() - key.mean()) < abs(plain[place].mean() - key.mean())


def test_previews_come_with_every_step(store: Path) -> None:
    report = Heard()
    made_by_fcvg(store, fcvg_gap(), report=report)
    assert [preview.shape for preview in report.previews] == [(4, 16, 16, 3)] * 2
    assert levels_apart([report.previews[0]], [report.previews[1]]) > 0
    assert ("denoise", 8, 8) in report.steps


@pytest.mark.slow
@pytest.mark.parametrize("how", ["low", "high"])
def test_memory_changes_rounding_only(store: Path, usual: list[Picture], how: str) -> None:
    report = Heard()
    assert levels_apart(usual, made_by_fcvg(store, fcvg_gap(), memory=how, report=report)) <= 1
    assert ("feed-forward by frame" in report.texts["work"]) is (how == "low")


@pytest.mark.slow
@pytest.mark.parametrize(
    "work", [*memory.plans_for("cuda", Footprint((Stage({}, divisible=True),), 4)), MemoryPlan(3, True, True)], ids=str
)
def test_every_step_of_the_ladder_makes_the_same(
    store: Path, usual: list[Picture], work: MemoryPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "plans_for", lambda device, footprint: (work,))
    assert levels_apart(usual, made_by_fcvg(store, fcvg_gap())) <= 1


def test_when_memory_runs_out_less_is_done_at_once(
    store: Path, usual: list[Picture], monkeypatch: pytest.MonkeyPatch
) -> None:
    report = Heard()
    monkeypatch.setattr(
        memory,
        "plans_for",
        lambda device, footprint: (MemoryPlan(4, False, True), MemoryPlan(2, False, True), MemoryPlan(1, True, False)),
    )
    forward = svd.UNetSpatioTemporalConditionModel.forward

    def scarce(self: Any, x: torch.Tensor, *given: Any, **named: Any) -> Any:
        if len(x) > 1:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return forward(self, x, *given, **named)

    monkeypatch.setattr(svd.UNetSpatioTemporalConditionModel, "forward", scarce)
    assert levels_apart(usual, made_by_fcvg(store, fcvg_gap(), report=report)) <= 1
    assert "1 of 4 passes" in report.texts["leaner"]

    def none(self: Any, *given: Any, **named: Any) -> Any:
        raise torch.OutOfMemoryError("no more")

    monkeypatch.setattr(svd.UNetSpatioTemporalConditionModel, "forward", none)
    with pytest.raises(InbetweenError, match="not enough memory"):
        made_by_fcvg(store, fcvg_gap())


def test_a_bug_in_a_network_is_no_lack_of_memory(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(self: Any, *given: Any, **named: Any) -> Any:
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    monkeypatch.setattr(svd.UNetSpatioTemporalConditionModel, "forward", wrong)
    with pytest.raises(RuntimeError, match="mat1"):
        made_by_fcvg(store, fcvg_gap())


def test_too_little_memory_is_said_before_anything_is_read(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(svd_engine, "free_memory", lambda device: 10_000_000)
    with pytest.raises(InbetweenError, match="GB are free"):
        made_by_fcvg(store, fcvg_gap())


def test_decoding_takes_fewer_frames_when_memory_runs_out(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report, usual_decode = Heard(), svd.decode

    def scarce(autoencoder: Any, latents: torch.Tensor) -> torch.Tensor:
        if len(latents) > 2:
            raise MemoryError("out of memory")
        return usual_decode(autoencoder, latents)

    monkeypatch.setattr(svd, "decode", scarce)
    monkeypatch.setattr(decode, "out_of_memory", lambda problem: isinstance(problem, MemoryError))
    assert len(made_by_fcvg(store, fcvg_gap(), report=report)) == 2
    assert report.facts["decode-chunk"]["decode_chunk"] == 2


HALF = ("precision=bfloat16", "control=0", "steps=1", "guidance=1")
"""Half precision, with as little work as can be: most processors have no units for it, and take minutes for more."""


@pytest.mark.slow
def test_broken_half_precision_is_decoded_once_more(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report, usual_decode = Heard(), svd.decode

    def fragile(autoencoder: Any, latents: torch.Tensor) -> torch.Tensor:
        pictures = usual_decode(autoencoder, latents)
        whole = next(autoencoder.decoder.parameters()).dtype == torch.float32
        return pictures if whole else torch.full_like(pictures, torch.nan)

    usual = made_by_fcvg(store, fcvg_gap(), *HALF)
    monkeypatch.setattr(svd, "decode", fragile)
    pictures = made_by_fcvg(store, fcvg_gap(), *HALF, report=report)
    assert "float32" in report.texts["float32"]
    assert psnr(pictures[0], usual[0]) > 30


def test_broken_latents_are_sampled_once_more(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report, forward = Heard(), svd.UNetSpatioTemporalConditionModel.forward

    def fragile(self: Any, x: torch.Tensor, *given: Any, **named: Any) -> Any:
        out = forward(self, x, *given, **named)
        return out if x.dtype == torch.float32 else (torch.full_like(out[0], torch.inf),)

    usual = made_by_fcvg(store, fcvg_gap(), *HALF[1:])
    monkeypatch.setattr(svd.UNetSpatioTemporalConditionModel, "forward", fragile)
    pictures = made_by_fcvg(store, fcvg_gap(), *HALF, report=report)
    assert report.facts["float32"]["precision"] == "float32"
    assert psnr(pictures[0], usual[0]) > 30


def test_stopping_is_heard_within_a_pass(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stops(Heard):
        def progress(self, stage: str, done: int, total: int) -> None:
            super().progress(stage, done, total)
            if self.steps.count(("denoise", 0, 8)) > 1:
                raise Interrupted(2)

    monkeypatch.setattr("inbetween.networks.heartbeat.BEAT", 0.0)
    report = Stops()
    with pytest.raises(Interrupted):
        made_by_fcvg(store, fcvg_gap(), report=report)
    assert ("denoise", 1, 8) not in report.steps
