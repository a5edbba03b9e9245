"""How far generated frames are from the keys, and the colours of the keys given to them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inbetween.diffusion.svd import Frames
from inbetween.types import Picture

LEAST_GAIN, MOST_GAIN = 0.5, 2.0
"""Bounds of the factor on the contrast of a colour, chosen by eye: a flat key would make it any size."""
EQUAL = 100.0
"""The PSNR in dB that equal pictures are given."""


def psnr(made: Picture, key: Picture) -> float:
    """The PSNR in dB of a frame against a key, both (H, W, 3) of one type, over all their values; at most `EQUAL`."""
    top = float(np.iinfo(key.dtype).max)
    error = float(np.mean((made.astype(np.float32) - key.astype(np.float32)) ** 2))
    return EQUAL if error == 0 else min(EQUAL, float(10 * np.log10(top**2 / error)))


def held_to(frames: Frames, start: Picture, end: Picture) -> Frames:
    """Frames (F, H, W, 3) with the mean and deviation of each colour brought to those of the keys (H, W, 3).

    The first frame shows what the start key shows, the last one what the end key does: what differs there is the
    network's. The gain and the offset that mend both are used in between in proportion.
    """
    at_start, at_end = _mending(frames[0], start), _mending(frames[-1], end)
    top = np.iinfo(frames.dtype).max
    made = np.empty_like(frames)
    for k, t in enumerate(np.linspace(0, 1, len(frames), dtype=np.float32)):
        gain, offset = ((1 - t) * a + t * b for a, b in zip(at_start, at_end, strict=True))
        made[k] = np.clip(np.rint(frames[k] * gain + offset), 0, top)
    return made


def _mending(made: Picture, key: Picture) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The gain and the offset (3,) that give each colour of a frame the deviation and the mean of a key's."""
    of_key, of_made = ((p.mean((0, 1)), p.std((0, 1))) for p in (key, made))
    gain = np.clip(of_key[1] / np.maximum(of_made[1], 1e-6), LEAST_GAIN, MOST_GAIN)
    return gain.astype(np.float32), (of_key[0] - gain * of_made[0]).astype(np.float32)
