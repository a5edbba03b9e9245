"""Changes of a stock network for the time of a `with`, by hooks that leave it as it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F
from diffusers.models.attention import TemporalBasicTransformerBlock
from torch import Tensor, nn

STRENGTH = 0.2
"""FCVG's and ControlNeXt's fixed factor (arXiv 2412.11755)."""
EPSILON = 1e-5


def prepared(features: Tensor, size: tuple[int, int]) -> Tensor:
    """Control features (F, C, h', w') as they are added to hidden states of `size` (h, w): float32 (F, C, h, w).

    Each frame is brought to mean 0 and deviation 1 over all its values, then averaged down. That is in this order
    or the other the same, as a mean is linear; the smaller array is the one that is changed.
    """
    features = features.float()
    mean, deviation = _statistics(features)
    return (F.adaptive_avg_pool2d(features, size) - mean) / (deviation + EPSILON)


def injected(hidden: Tensor, control: Tensor, weight: float) -> Tensor:
    """hidden (F, C, h, w) with prepared control (F, C, h, w) in the scale of each frame of it.

    The deviation is the unbiased one; all in float32, whatever the type of the hidden states.
    """
    wide, share = hidden.float(), STRENGTH * weight
    mean, deviation = _statistics(wide)
    return torch.addcmul(wide + share * mean, control, share * deviation).to(hidden.dtype)


def _statistics(x: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and unbiased deviation of each frame of float32 (F, C, h, w), both (F, 1, 1, 1).

    Frame by frame, and by norms of channels: torch.var_mean takes five times as long over arrays of this size.
    """
    means, deviations = [], []
    for frame in x:
        mean = frame.mean()
        norms = torch.linalg.vector_norm((frame - mean).flatten(1), dim=1)
        means.append(mean)
        deviations.append((norms.square().sum() / (frame.numel() - 1)).sqrt())
    return torch.stack(means).reshape(-1, 1, 1, 1), torch.stack(deviations).reshape(-1, 1, 1, 1)


@dataclass(eq=False)
class Control:
    """What is added in the next call of a network: for entries of its batch, by their number."""

    weight: float = 1.0
    rows: dict[int, Tensor] = field(default_factory=dict)
    """Prepared features (F, C, h, w)."""


@contextmanager
def controlled(block: nn.Module, control: Control) -> Iterator[None]:
    """While this lasts, the output of a down block is changed by `control`; its skips stay without.

    The block returns (sample (B * F, C, h, w), skips), and sample is the last skip itself: it is not written to.
    """

    def hook(module: nn.Module, given: Any, output: tuple[Tensor, tuple[Tensor, ...]]) -> Any:
        sample, skips = output
        if not control.rows:
            return output
        frames = len(next(iter(control.rows.values())))
        parts = list(torch.split(sample, frames))
        for number, features in control.rows.items():
            parts[number] = injected(parts[number], features, control.weight)
        return torch.cat(parts), skips

    handle = block.register_forward_hook(hook)
    try:
        yield
    finally:
        handle.remove()


@contextmanager
def legacy_context(network: nn.Module) -> Iterator[None]:
    """While this lasts, temporal cross attention sees contexts in the order of diffusers up to 0.27.

    Place s of batch entry b then sees the context of entry (b S + s) mod B, where it should be that of b: with both
    halves of one direction in a batch, every second place sees the other half's. Published pictures of FCVG, TRF and
    GI were made so.
    """

    def hook(module: nn.Module, given: tuple[Tensor, ...], named: dict[str, Any]) -> Any:
        context = named["encoder_hidden_states"]
        batch = given[0].shape[0] // named["num_frames"]
        swapped = context.reshape(batch, -1, *context.shape[1:]).transpose(0, 1)
        return given, {**named, "encoder_hidden_states": swapped.reshape(context.shape)}

    with ExitStack() as stack:
        for module in network.modules():
            if isinstance(module, TemporalBasicTransformerBlock):
                handle = module.register_forward_pre_hook(hook, with_kwargs=True)
                stack.callback(handle.remove)
        yield
