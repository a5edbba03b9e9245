"""One colour per line: evenly spaced hues of one lightness, dealt out by a seed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FIRST_HUE, SATURATION, LIGHTNESS = 0.01, 89.1, 64.35
TO_SRGB = np.array([[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]])
"""From CIE XYZ, D65, to linear sRGB."""
WHITE_UV = 0.19784, 0.46834
KAPPA, EPSILON = 903.3, 0.008856
"""Of CIE 1976 lightness."""


def palette(count: int) -> NDArray[np.float64]:
    """(count, 3) RGB in 0..1: HUSL colours of evenly spaced hues (seaborn's "husl" palette)."""
    hue = np.arange(count) / max(count, 1) + FIRST_HUE
    angle = np.deg2rad(359 * (hue % 1))
    chroma = SATURATION / 100 * _most_chroma(angle)
    u = chroma * np.cos(angle) / (13 * LIGHTNESS) + WHITE_UV[0]
    v = chroma * np.sin(angle) / (13 * LIGHTNESS) + WHITE_UV[1]
    luminance = ((LIGHTNESS + 16) / 116) ** 3
    x = 9 * luminance * u / (4 * v)
    z = (9 * luminance - 15 * v * luminance - v * x) / (3 * v)
    linear = np.stack([x, np.full(count, luminance), z], axis=1) @ TO_SRGB.T
    curved = 1.055 * np.maximum(linear, 0) ** (1 / 2.4) - 0.055
    return np.asarray(np.where(linear <= 0.0031308, 12.92 * linear, curved), np.float64)


def line_colours(count: int, seed: int) -> NDArray[np.int64]:
    """(count, 3) RGB in 0..255: the palette truncated to integers and shuffled.

    seed: any integer; the same seed and count give the same colours. FCVG draws them with red and blue exchanged.
    """
    order = list(range(count))
    # NumPy's frozen generator: what FCVG draws after numpy.random.seed.
    np.random.RandomState(seed % 2**32).shuffle(order)
    colours: NDArray[np.int64] = (palette(count) * 255).astype(np.int64)[order]
    return colours


def _most_chroma(angle: NDArray[np.float64]) -> NDArray[np.float64]:
    """The largest chroma at LIGHTNESS and each hue angle (N,) within sRGB: the nearest of its six bounds."""
    cubed = (LIGHTNESS + 16) ** 3 / 1560896
    luminance = cubed if cubed > EPSILON else LIGHTNESS / KAPPA
    sine, cosine = np.sin(angle), np.cos(angle)
    bounds = []
    for m1, m2, m3 in TO_SRGB:
        top = (0.99915 * m1 + 1.05122 * m2 + 1.14460 * m3) * luminance
        bottom = ((0.86330 * m3 - 0.17266 * m2) * sine + (0.12949 * m3 - 0.38848 * m1) * cosine) * luminance
        bounds += [LIGHTNESS * (top - 1.05122 * t) / (bottom + 0.17266 * sine * t) for t in (0, 1)]
    lengths = np.stack(bounds)
    return np.asarray(np.where(lengths > 0, lengths, np.inf).min(axis=0))
