"""The sampling loop, and the guided prediction of one direction; both over plain functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from inbetween.diffusion.program import FORWARD, Denoise, Program
from inbetween.diffusion.schedule import Schedule, denoised, network_scale, stepped


@dataclass(frozen=True, eq=False)
class Guided:
    """The prediction v of one direction; (F, 4, h, w) float32 in natural order of the frames."""

    mixed: Tensor
    """By classifier-free guidance."""
    unconditional: Tensor | None = None
    """Without the key; None where that half was left out."""


Predict = Callable[[Tensor, int, Sequence[str]], Mapping[str, Guided]]
"""Predicts from latents (F, 4, h, w) at a level, in natural order of the frames, for the directions that are named."""
Draw = Callable[[str, Sequence[int]], Tensor]
"""Draws standard normal float32 of a shape, on the CPU. Draws are named, and those of one run come in a fixed order."""


@dataclass(frozen=True, eq=False)
class Side:
    """One direction: the key that it starts from, as the networks see it."""

    latents: Tensor
    """(4, h, w), the mode of the key's posterior, not scaled."""
    embedding: Tensor
    """(1, D), CLIP's embedding of the key."""


@dataclass(frozen=True, eq=False)
class Row:
    """One entry of a network's batch: all frames of one direction, in its own order, with or without its key."""

    sample: Tensor
    """(F, C, h, w): latents, scaled for the network, then the key's, and whatever else the network is given."""
    embedding: Tensor
    """(1, D), zeros without the key."""
    side: str
    """`program.FORWARD` or `program.BACKWARD`."""
    conditional: bool
    """Whether the key is shown."""


MakeRow = Callable[[Tensor, Mapping[str, Side], str, bool], Row]
"""(scaled latents (F, 4, h, w) in the direction's own order, both sides by direction, direction, whether the key is
shown) -> the row."""
Call = Callable[[Sequence[Row], int], list[Tensor]]
"""Evaluates rows at a level; an output (F, 4, h, w) float32 for each, in its direction's own order of the frames."""


def seeded_draw(seed: int) -> Draw:
    """Draws of one generator on the CPU, so that a seed means the same noise on every device."""
    generator = torch.Generator().manual_seed(seed)

    def draw(name: str, shape: Sequence[int]) -> Tensor:
        return torch.randn(tuple(shape), generator=generator)

    return draw


def one_key(x: Tensor, sides: Mapping[str, Side], name: str, conditional: bool) -> Row:
    """A row as SVD was trained: the key that the direction starts from beside every frame. See `MakeRow`."""
    side = sides[name]
    latents = side.latents if conditional else torch.zeros_like(side.latents)
    embedding = side.embedding if conditional else torch.zeros_like(side.embedding)
    return Row(torch.cat([x, latents.expand(len(x), -1, -1, -1)], dim=1), embedding, name, conditional)


def predictor(
    call: Call,
    sides: Mapping[str, Side],
    guidance: Tensor,
    levels: Schedule,
    halves: Sequence[bool],
    row: MakeRow = one_key,
) -> Predict:
    """Classifier-free guidance of each direction, v = u + g (c - u).

    Args:
        call: evaluates rows.
        sides: both directions.
        guidance: g, (F,), in each direction's own order of the frames.
        levels: the noise levels.
        halves: whether the key is shown in each half that is evaluated: (False, True), or (True,) where g is 1.
        row: makes the rows.
    """
    g = guidance.reshape(-1, 1, 1, 1)

    def predict(x: Tensor, level: int, wanted: Sequence[str]) -> dict[str, Guided]:
        scaled = x * network_scale(float(levels.sigmas[level]))
        rows = [row(_turned(scaled, name), sides, name, conditional) for name in wanted for conditional in halves]
        outputs = iter(call(rows, level))
        made = {}
        for name in wanted:
            first = next(outputs)
            if len(halves) == 1:
                made[name] = Guided(_turned(first, name))
            else:
                mixed = first + g.to(first.device) * (next(outputs) - first)
                made[name] = Guided(_turned(mixed, name), _turned(first, name))
        return made

    return predict


def _turned(x: Tensor, name: str) -> Tensor:
    """Frames (F, ...) from natural order to that of a direction, or back."""
    return x if name == FORWARD else x.flip(0)


def sample(
    program: Program,
    x: Tensor,
    levels: Schedule,
    predict: Predict,
    draw: Draw,
    each: Callable[[int, int, Tensor], None] = lambda step, level, clean: None,
) -> Tensor:
    """Walk through a program.

    Predictions are affine in x0 with the same factors for both directions, so their weighted mean v may be taken
    before the step.

    Args:
        program: what is done.
        x: (F, 4, h, w) float32 at the level where the program begins, in natural order of the frames.
        levels: the noise levels.
        predict: the networks.
        draw: draws the noise that is added on the way.
        each: called after each step of denoising, with its place in the program, its level and the clean latents that
            were predicted.
    """
    for number, step in enumerate(program):
        if isinstance(step, Denoise):
            at, to = float(levels.sigmas[step.at]), float(levels.sigmas[step.to])
            clean = denoised(x, _mean(predict(x, step.at, step.sides), torch.from_numpy(step.weight)), at)
            x = stepped(x, clean, at, to)
            each(number, step.at, clean)
        else:
            low, high = (float(levels.sigmas[level]) for level in (step.start, step.to))
            x = x + (high**2 - low**2) ** 0.5 * draw(f"renoise {number}", x.shape).to(x.device)
    return x


def _mean(predicted: Mapping[str, Guided], weight: Tensor) -> Tensor:
    if len(predicted) == 1:
        return next(iter(predicted.values())).mixed
    forward, backward = (one.mixed for one in predicted.values())
    w = weight.to(forward.device).reshape(-1, 1, 1, 1)
    return w * forward + (1 - w) * backward
