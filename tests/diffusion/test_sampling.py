"""Sampling and re-noising."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch

from inbetween.diffusion.program import Denoise, Renoise, average, ramp
from inbetween.diffusion.sampling import Guided, sample, seeded_draw
from inbetween.diffusion.schedule import schedule, start_scale


def test_a_perfect_network_ends_at_its_picture() -> None:
    """The prediction of a network that knows the clean latents brings any noise to them, by any of the programs."""
    levels, draw = schedule(6), seeded_draw(0)
    clean, weight = draw("clean", (5, 4, 4, 4)), ramp(5)
    program = average(6, weight)
    again: list[Denoise | Renoise] = [*program[:2], Renoise(2, 0), *program]

    def predict(x: torch.Tensor, level: int, sides: Sequence[str]) -> dict[str, Guided]:
        sigma = float(levels.sigmas[level])
        v = (x / (sigma**2 + 1) - clean) * ((sigma**2 + 1) ** 0.5 / sigma)
        return dict.fromkeys(sides, Guided(v))

    for steps in (program, again):
        x = draw("noise", clean.shape) * start_scale(float(levels.sigmas[0]))
        torch.testing.assert_close(sample(steps, x, levels, predict, draw), clean, atol=1e-4, rtol=0)


def test_noise_that_is_added_is_what_was_taken_away() -> None:
    levels = schedule(5)
    program = [Renoise(3, 1)]
    x = sample(program, torch.zeros(4, 4, 64, 64), levels, lambda *given: {}, seeded_draw(0))
    variance = float(levels.sigmas[1]) ** 2 - float(levels.sigmas[3]) ** 2
    assert float(x.var()) == pytest.approx(variance, rel=0.02)


def test_a_direction_without_a_share_is_not_asked() -> None:
    ones = np.ones(4, np.float32)
    assert Denoise(0, 1, ones).sides == ("forward",)
    assert Denoise(0, 1, 0 * ones).sides == ("backward",)
    assert Denoise(0, 1, ramp(4)).sides == ("forward", "backward")
