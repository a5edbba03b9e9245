"""The sampling loop, and the guided prediction of each direction, as plain functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from inbetween.diffusion.program import FORWARD, Denoise, Program
from inbetween.diffusion.schedule import Schedule, denoised, network_scale, stepped


@dataclass(frozen=True, eq=False)
class Guided:
    """The prediction v of one direction, (F, 4, h, w) float32 in natural order of the frames."""

    mixed: Tensor
    """The prediction with classifier-free guidance."""
    unconditional: Tensor | None = None
    """The prediction without the key; None where it was not evaluated."""


Predict = Callable[[Tensor, int, Sequence[str]], Mapping[str, Guided]]
"""(latents (F, 4, h, w) in natural order of the frames, level, directions) -> the prediction of each direction."""
Draw = Callable[[str, Sequence[int]], Tensor]
"""(name, shape) -> standard normal float32 numbers on the CPU. The draws of one run come in a fixed order; their names
are for those who replace them."""


@dataclass(frozen=True, eq=False)
class Side:
    """The key that one direction starts from, as the networks see it."""

    latents: Tensor
    """(4, h, w), the mode of the posterior that the autoencoder gives for the key, not scaled."""
    embedding: Tensor
    """(1, D), CLIP's embedding of the key."""


@dataclass(frozen=True, eq=False)
class Row:
    """One entry of a network's batch: all frames of one direction, in its own order, with or without its key."""

    sample: Tensor
    """(F, C, h, w): the channels of the latents, scaled for the network, then those of the key, and whatever else the
    network expects."""
    embedding: Tensor
    """(1, D), the embedding of the key; zeros without the key."""
    side: str
    """The direction: `program.FORWARD` or `program.BACKWARD`."""
    conditional: bool
    """Whether the network sees the key."""


MakeRow = Callable[[Tensor, Mapping[str, Side], str, bool], Row]
"""(scaled latents (F, 4, h, w) in the direction's own order of frames, both sides by direction, direction, whether the
network sees the key) -> the row."""
Call = Callable[[Sequence[Row], int], list[Tensor]]
"""(rows, level) -> for each row an output (F, 4, h, w) float32, in its direction's own order of frames."""


def seeded_draw(seed: int) -> Draw:
    """A function that draws from one generator on the CPU, so that a seed means the same noise on every device."""
    generator = torch.Generator().manual_seed(seed)

    def draw(name: str, shape: Sequence[int]) -> Tensor:
        return torch.randn(tuple(shape), generator=generator)

    return draw


def one_key(x: Tensor, sides: Mapping[str, Side], name: str, conditional: bool) -> Row:
    """A row as SVD was trained with: the latents of the key that the direction starts from are given with every frame.
    See `MakeRow` for the arguments."""
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
    """A function that predicts with classifier-free guidance, v = u + g (c - u), where c is the prediction with the key
    and u the one without (Ho and Salimans 2022, arXiv 2207.12598).

    Args:
        call: evaluates rows.
        sides: the keys of both directions.
        guidance: g, (F,), in each direction's own order of frames.
        levels: the noise levels.
        halves: the evaluations of each direction, False without the key and True with it: (False, True), or (True,)
            where g is 1.
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
    """Carry out a program.

    Clean latents are affine in the prediction v, with the same factors for both directions, so the predictions can be
    averaged before the step.

    Args:
        program: the steps.
        x: latents (F, 4, h, w) float32 at the level where the program begins, in natural order of the frames.
        levels: the noise levels.
        predict: predicts each direction.
        draw: draws the noise of steps that add some.
        each: called as (index of the step in the program, level, predicted clean latents) after each step of denoising.

    Returns:
        Latents (F, 4, h, w) at the level where the program ends.
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
    """The mean of the predictions; `weight` (F,) is that of the forward direction."""
    if len(predicted) == 1:
        return next(iter(predicted.values())).mixed
    forward, backward = (one.mixed for one in predicted.values())
    w = weight.to(forward.device).reshape(-1, 1, 1, 1)
    return w * forward + (1 - w) * backward
