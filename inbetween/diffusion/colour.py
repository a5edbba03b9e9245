"""Measures how far generated frames are from the keys, and matches their colours to those of the keys."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inbetween.diffusion.svd import Frames
from inbetween.types import Picture

LEAST_GAIN, MOST_GAIN = 0.5, 2.0
"""Bounds of the factor on the contrast of a colour, which flat keys could make arbitrarily large; chosen by eye."""
EQUAL = 100.0
"""The PSNR in dB that equal frames are given, for which it would be infinite; chosen by eye."""


def psnr(made: Picture, key: Picture) -> float:
    """The PSNR in dB of a frame against a key, both (H, W, 3) of one type, over all their values; at most `EQUAL`."""
    top = float(np.iinfo(key.dtype).max)
    error = float(np.mean((made.astype(np.float32) - key.astype(np.float32)) ** 2))
    return EQUAL if error == 0 else min(EQUAL, float(10 * np.log10(top**2 / error)))


def held_to(frames: Frames, start: Picture, end: Picture) -> Frames:
    """Match the mean and the standard deviation of each colour channel to those of the keys.

    The first frame shows the same as the start key, and the last one the same as the end key, so a difference in colour
    there comes from the network. The gains and offsets that correct both ends are mixed in proportion to time for the
    frames between them.

    Args:
        frames: (F, H, W, 3).
        start, end: the keys, (H, W, 3) of the same type.

    Returns:
        (F, H, W, 3) of the same type.
    """
    at_start, at_end = _correction(frames[0], start), _correction(frames[-1], end)
    top = np.iinfo(frames.dtype).max
    made = np.empty_like(frames)
    for k, t in enumerate(np.linspace(0, 1, len(frames), dtype=np.float32)):
        gain, offset = ((1 - t) * a + t * b for a, b in zip(at_start, at_end, strict=True))
        made[k] = np.clip(np.rint(frames[k] * gain + offset), 0, top)
    return made


def _correction(made: Picture, key: Picture) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The gains and the offsets, (3,) each, that give the colours of a frame the deviations and means of a key."""
    of_key, of_made = ((p.mean((0, 1)), p.std((0, 1))) for p in (key, made))
    gain = np.clip(of_key[1] / np.maximum(of_made[1], 1e-6), LEAST_GAIN, MOST_GAIN)
    return gain.astype(np.float32), (of_key[0] - gain * of_made[0]).astype(np.float32)
