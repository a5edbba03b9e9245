"""The one loop, and the guided prediction of one direction; both over plain functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from inbetween.diffusion.program import FORWARD, Denoise, Program
from inbetween.diffusion.schedule import Schedule, denoised, network_scale, stepped

Predict = Callable[[Tensor, int, Sequence[str]], Mapping[str, Tensor]]
"""(x, level, directions) -> v of each, guided; all (F, 4, h, w) float32 in natural order of the frames."""
Draw = Callable[[str, Sequence[int]], Tensor]
"""(name, shape) -> standard normal float32 on the CPU; the names of one run come in a fixed order."""


@dataclass(frozen=True, eq=False)
class Side:
    """One direction: the key that it starts from, as the networks see it."""

    latents: Tensor
    """(4, h, w), the mode of the key's posterior, not scaled."""
    embedding: Tensor
    """(1, D), what CLIP sees in the key."""


@dataclass(frozen=True, eq=False)
class Row:
    """One entry of a network's batch: all frames of one direction, with or without its key."""

    sample: Tensor
    """(F, 8, h, w): latents, scaled for the network, then the key's."""
    embedding: Tensor
    """(1, D), zeros without the key."""
    side: str
    conditional: bool


Call = Callable[[Sequence[Row], int], list[Tensor]]
"""(rows, level) -> the network's output of each, (F, 4, h, w) float32."""


def seeded_draw(seed: int) -> Draw:
    """Draws of one generator on the CPU, so that a seed means the same noise on every device."""
    generator = torch.Generator().manual_seed(seed)

    def draw(name: str, shape: Sequence[int]) -> Tensor:
        return torch.randn(tuple(shape), generator=generator)

    return draw


def predictor(call: Call, sides: Mapping[str, Side], guidance: Tensor, levels: Schedule, *, paired: bool) -> Predict:
    """Classifier-free guidance of both directions, v = u + g (c - u).

    guidance: (F,), in each direction's own order of the frames; the half without a key is left out where it is 1 for
    every frame, unless `paired`: both halves in any case, for networks in which they touch.
    """
    halves = (False, True) if paired or bool((guidance != 1).any()) else (True,)
    g = guidance.reshape(-1, 1, 1, 1)

    def predict(x: Tensor, level: int, wanted: Sequence[str]) -> dict[str, Tensor]:
        scaled = x * network_scale(float(levels.sigmas[level]))
        rows = [
            _row(scaled if name == FORWARD else scaled.flip(0), sides[name], name, conditional)
            for name in wanted
            for conditional in halves
        ]
        outputs = iter(call(rows, level))
        made = {}
        for name in wanted:
            u = next(outputs)
            v = u + g.to(u.device) * (next(outputs) - u) if len(halves) == 2 else u
            made[name] = v if name == FORWARD else v.flip(0)
        return made

    return predict


def _row(x: Tensor, side: Side, name: str, conditional: bool) -> Row:
    latents = side.latents if conditional else torch.zeros_like(side.latents)
    embedding = side.embedding if conditional else torch.zeros_like(side.embedding)
    return Row(torch.cat([x, latents.expand(len(x), -1, -1, -1)], dim=1), embedding, name, conditional)


def sample(
    program: Program,
    x: Tensor,
    levels: Schedule,
    predict: Predict,
    draw: Draw,
    each: Callable[[int, Tensor], None] = lambda step, clean: None,
) -> Tensor:
    """Walk through a program; x: (F, 4, h, w) float32 at the level where it begins, in natural order of the frames.

    Predictions are affine in x0 with the same factors for both directions, so their weighted mean v may be taken
    before the step. `each` is told the number of the step and the clean latents that it saw.
    """
    for number, step in enumerate(program):
        if isinstance(step, Denoise):
            at, to = float(levels.sigmas[step.at]), float(levels.sigmas[step.to])
            clean = denoised(x, _mean(predict(x, step.at, step.sides), torch.from_numpy(step.weight)), at)
            x = stepped(x, clean, at, to)
            each(number, clean)
        else:
            low, high = (float(levels.sigmas[level]) for level in (step.start, step.to))
            x = x + (high**2 - low**2) ** 0.5 * draw(f"renoise {number}", x.shape).to(x.device)
    return x


def _mean(v: Mapping[str, Tensor], weight: Tensor) -> Tensor:
    if len(v) == 1:
        return next(iter(v.values()))
    w = weight.to(next(iter(v.values())).device).reshape(-1, 1, 1, 1)
    forward, backward = v.values()
    return w * forward + (1 - w) * backward
