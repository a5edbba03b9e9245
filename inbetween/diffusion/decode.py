"""Decodes latents into frames, some frames at a time, in float32 where half precision fails."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from inbetween.devices import out_of_memory
from inbetween.diffusion import svd
from inbetween.diffusion.encode import AUTOENCODER
from inbetween.errors import InbetweenError
from inbetween.networks.precision import name_of
from inbetween.networks.session import Session

Decode = Callable[[Tensor], Tensor]
"""Latents (f, 4, h, w) -> frames (f, 3, H, W) in about [-1, 1]. Frames that are decoded together depend on each
other."""


def decoded_frames(
    session: Session, latents: Tensor, dtype: svd.Depth, chunk: int, overlap: int | None = None
) -> svd.Frames:
    """Decode the latents of one gap.

    Where memory runs out, fewer frames are decoded at once; where half precision makes broken frames, all are decoded
    again in float32. Both change pixels, so they are noted, and the next call begins anew.

    Args:
        session: the networks, for this gap.
        latents: (F, 4, h, w) in the scale of the sampler.
        dtype: the type of the frames.
        chunk: the number of frames that are decoded together, where memory allows it.
        overlap: the number of frames that neighbouring chunks share; None: half a chunk.

    Returns:
        (F, H, W, 3).

    Raises:
        InbetweenError: there is not enough memory for even one frame.
        Interrupted: by `Report.progress`.
    """
    made, chunk = _in_chunks(session, latents, chunk, overlap)
    part = session.part(AUTOENCODER)
    if _broken(made) and part.inner is not None and part.narrow:
        session.report.note(
            "float32",
            f"decoding in {name_of(part.inner[1])} made broken or black frames: decoded once more in float32",
            precision="float32",
        )
        session.widen(AUTOENCODER)
        made, chunk = _in_chunks(session, latents, chunk, overlap)
    if _broken(made):
        text = "some frames are black or broken: the weights or the options may be wrong"
        session.report.note("broken", text)
    return svd.to_frames(torch.nan_to_num(made), dtype)


def _in_chunks(session: Session, latents: Tensor, chunk: int, overlap: int | None) -> tuple[Tensor, int]:
    """Decode latents, in smaller chunks when memory runs out.

    Returns:
        Float32 (F, 3, H, W), and the number of frames that were decoded together in the end.
    """
    frames = len(latents)
    with session.use(AUTOENCODER) as autoencoder:
        while True:
            done = 0

            def decode(part: Tensor) -> Tensor:
                nonlocal done
                session.heartbeat.at("decode", min(done, frames), frames)
                done += len(part)
                return svd.decode(autoencoder, part)

            try:
                shared = chunk // 2 if overlap is None else overlap
                return decoded(latents / svd.LATENT_SCALE, decode, chunk, shared), chunk
            except (RuntimeError, MemoryError) as problem:
                if not out_of_memory(problem):
                    raise
            chunk = _smaller(session, chunk)


def _smaller(session: Session, chunk: int) -> int:
    """The next smaller chunk, which is noted.

    Raises:
        InbetweenError: the chunk is a single frame already.
    """
    if chunk == 1:
        raise InbetweenError(
            f"there is not enough memory on {session.device} to decode one frame",
            "make it smaller with --set size=512x320",
            "out_of_memory",
        )
    chunk = math.ceil(chunk / 2)
    session.report.note(
        "decode-chunk",
        f"memory ran out: {chunk} frames are decoded at once, which changes pixels a little",
        decode_chunk=chunk,
    )
    return chunk


def _broken(made: Tensor) -> bool:
    """Whether any of the frames (F, 3, H, W) in [-1, 1] is black, or has values that are not finite."""
    return not bool(made.isfinite().all()) or bool((made.amax(dim=(1, 2, 3)) <= -1).any())


def decoded(latents: Tensor, decode: Decode, chunk: int, overlap: int = 0) -> Tensor:
    """Decode latents in chunks.

    The temporal layers of the decoder see only the frames of their chunk, so a frame looks different in another chunk.

    Args:
        latents: (F, 4, h, w) in the scale of the decoder.
        decode: decodes one chunk.
        chunk: the number of frames that are decoded together.
        overlap: the least number of frames that neighbouring chunks share; there one chunk is faded into the other,
            and all chunks have the same length. With 0 they lie side by side, and the last one may be shorter.

    Returns:
        float32 (F, 3, H, W) on the CPU.
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
        # A smooth fade, because the frames at the border of a chunk differ most from those of an undivided clip.
        made[start:end] = torch.lerp(made[start:end], part[:shared], u * u * (3 - 2 * u))
        made[start + shared : stop] = part[shared:]
        end = stop
    assert made is not None
    return made


def chunks(frames: int, chunk: int, overlap: int) -> Iterator[tuple[int, int]]:
    """Yield (first frame, frame after the last one) of each chunk, in order; see `decoded` for the arguments."""
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
