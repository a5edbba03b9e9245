"""Clips to score, and what scikit-image says of them."""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from inbetween.types import Picture
from support.commands import Command
from support.pictures import scene

SIZE = (96, 128)
SKIMAGE = {
    "gaussian_weights": True,
    "sigma": 1.5,
    "use_sample_covariance": False,
    "data_range": 255,
    "channel_axis": 2,
}


@functools.cache
def frame(number: int, size: tuple[int, int], seed: int) -> Picture:
    return scene(number / 4, size, seed)


def frames(count: int = 9, size: tuple[int, int] = SIZE, seed: int = 0) -> list[Picture]:
    """A disc that moves 3 pixels a frame to the right and 1 down."""
    return [frame(i, size, seed) for i in range(count)]


def scored(inside: Command, *said: object) -> dict[str, Any]:
    ran = inside("bench", *said, "--json")
    assert ran.code == 0, ran.err
    assert ran.out.count("\n") == 1
    return json.loads(ran.out)


def row(facts: dict[str, Any], method: str, gap: int, clip: str | None = None) -> dict[str, Any]:
    (found,) = [
        r for r in facts["rows" if clip else "means"] if (r["method"], r["gap"], r.get("clip")) == (method, gap, clip)
    ]
    return found


def theirs(true: Sequence[Picture], made: Sequence[Picture]) -> tuple[float, float]:
    """Mean PSNR and SSIM, by scikit-image."""
    pairs = list(zip(true, made, strict=True))
    psnr = [peak_signal_noise_ratio(a, b, data_range=255) for a, b in pairs]
    return float(np.mean(psnr)), float(np.mean([structural_similarity(a, b, **SKIMAGE) for a, b in pairs]))
