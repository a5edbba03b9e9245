"""Adds features of condition pictures to the hidden states of a stock denoiser (arXiv 2408.06070, 2412.11755)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from inbetween.networks.hooks import changed

STRENGTH = 0.2
"""The fixed factor of the features in ControlNeXt's and FCVG's released code."""
EPSILON = 1e-5
"""The number that is added to the deviation of features, against division by zero, as in the released code."""


def prepared(features: Tensor, size: tuple[int, int]) -> Tensor:
    """Bring control features to the form in which they are added to hidden states.

    Each frame is brought to mean 0 and standard deviation 1 over all its values, and averaged down to the smaller size.
    Because a mean is linear the order does not matter, so the smaller array is the one that is normalised.

    Args:
        features: the output of the control network, (F, C, h', w').
        size: (h, w) of the hidden states.

    Returns:
        float32 (F, C, h, w).
    """
    features = features.float()
    mean, deviation = _statistics(features)
    return (F.adaptive_avg_pool2d(features, size) - mean) / (deviation + EPSILON)


def injected(hidden: Tensor, control: Tensor, weight: float) -> Tensor:
    """Add control to hidden states, in the scale of each of their frames.

    Args:
        hidden: hidden states (F, C, h, w) of any type; everything is computed in float32.
        control: features from `prepared`, (F, C, h, w).
        weight: the strength of the control; 1 as in training.

    Returns:
        (F, C, h, w) in the type of the hidden states.
    """
    wide, share = hidden.float(), STRENGTH * weight
    mean, deviation = _statistics(wide)
    return torch.addcmul(wide + share * mean, control, share * deviation).to(hidden.dtype)


def _statistics(x: Tensor) -> tuple[Tensor, Tensor]:
    """The mean and the unbiased standard deviation of each frame of float32 (F, C, h, w), both (F, 1, 1, 1).

    They are computed frame by frame, from the norms of channels: torch.var_mean takes five times as long for arrays of
    this size.
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
    """The control of the next call of a denoiser."""

    weight: float = 1.0
    """The strength of the control; 1 as in training."""
    rows: dict[int, Tensor] = field(default_factory=dict)
    """Prepared features (F, C, h, w) by the index of the entry of the batch that they are added to."""


@contextmanager
def controlled(block: nn.Module, control: Control) -> Iterator[None]:
    """Add `control` to the output of a down block of diffusers' SVD UNet, while this lasts. Its skips stay as they are.

    The block returns (sample (B * F, C, h, w), skips). The sample is the same tensor as the last skip, so it must not
    be written to.
    """

    def add(output: tuple[Tensor, tuple[Tensor, ...]]) -> tuple[Tensor, tuple[Tensor, ...]]:
        sample, skips = output
        if not control.rows:
            return output
        frames = len(next(iter(control.rows.values())))
        parts = list(torch.split(sample, frames))
        for number, features in control.rows.items():
            parts[number] = injected(parts[number], features, control.weight)
        return torch.cat(parts), skips

    with changed(block, add):
        yield
