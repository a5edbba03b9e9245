"""Network weights that follow from a seed and the tensors' names alone, so that a recorded case need not carry any.

Every tensor has a generator of its own, NumPy's frozen legacy one, seeded by the CRC-32 of "SEED:NAME". What comes
out of it is scaled so that signals neither die nor grow: matrices and kernels by the root of their fan-in; norm
weights lie about 1, variances above it, all else about 0.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import nn

SPREAD = 0.1
"""Of everything that is no matrix and no kernel."""


def _normal(name: str, shape: tuple[int, ...], seed: int) -> NDArray[np.float64]:
    generator = np.random.RandomState(zlib.crc32(f"{seed}:{name}".encode()))
    # A shape of () would give a bare float.
    return np.asarray(generator.standard_normal(shape), np.float64)


def value(name: str, shape: tuple[int, ...], seed: int = 0) -> NDArray[np.float32]:
    """The tensor called `name`: float32 of `shape`."""
    drawn = _normal(name, shape, seed)
    if name.endswith("running_var"):
        return np.asarray(1 + np.abs(SPREAD * drawn), np.float32)
    if drawn.ndim > 1:
        return np.asarray(drawn / np.sqrt(np.prod(shape[1:])), np.float32)
    centre = 1 if drawn.ndim == 1 and name.endswith("weight") else 0
    return np.asarray(centre + SPREAD * drawn, np.float32)


def fill(module: nn.Module, seed: int = 0, prefix: str = "") -> None:
    """Gives every saved floating-point tensor of a module, in place, the value of `prefix` + its name.

    Integer tensors (position ids, counters) stay. A tensor with two names gets the value of the last.
    """
    import torch

    with torch.no_grad():
        for name, tensor in module.state_dict().items():
            if tensor.is_floating_point():
                tensor.copy_(torch.from_numpy(value(prefix + name, tuple(tensor.shape), seed)))


def noise(name: str, shape: tuple[int, ...], seed: int = 0) -> NDArray[np.float32]:
    """A standard normal input (latents, pictures) called `name`: float32 of `shape`."""
    return np.asarray(_normal(name, shape, seed), np.float32)
