"""Latents into pictures, some frames at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

Decode = Callable[[Tensor], Tensor]
"""(f, 4, h, w) -> (f, 3, H, W) in about [-1, 1]: frames that are decoded together see each other."""


def decoded(latents: Tensor, decode: Decode, chunk: int, overlap: int = 0) -> Tensor:
    """Latents (F, 4, h, w) as float32 (F, 3, H, W) on the CPU, `chunk` frames at a time.

    The temporal layers of the decoder see the frames of their chunk only, so the same frame looks different in
    another one. Neighbouring chunks share `overlap` frames or more, over which the one is faded into the other; all
    chunks are then of one length. With none they lie side by side, and the last one may be shorter.
    """
    frames = len(latents)
    made: Tensor | None = None
    end = 0
    for start, stop in chunks(frames, chunk, overlap):
        part = decode(latents[start:stop]).float().cpu()
        if made is None:
            made = torch.empty((frames, *part.shape[1:]))
        shared = max(0, end - start)
        u = (torch.arange(1, shared + 1) / (shared + 1)).reshape(-1, 1, 1, 1)
        # Smoothly, for frames at the border of a chunk are the most unlike those of a whole.
        made[start:end] = torch.lerp(made[start:end], part[:shared], u * u * (3 - 2 * u))
        made[start + shared : stop] = part[shared:]
        end = stop
    assert made is not None
    return made


def chunks(frames: int, chunk: int, overlap: int) -> Iterator[tuple[int, int]]:
    """(first, one past the last) of each chunk, in order."""
    if not overlap or frames <= chunk:
        yield from ((start, min(start + chunk, frames)) for start in range(0, frames, chunk))
        return
    start = 0
    while True:
        start = min(start, frames - chunk)
        yield start, start + chunk
        if start + chunk == frames:
            return
        start += chunk - overlap
