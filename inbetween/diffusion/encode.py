"""From two keys to what steers SVD, and from its latents to pictures; with the networks held only as long as needed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inbetween.devices import out_of_memory
from inbetween.diffusion import svd
from inbetween.diffusion.decode import decoded
from inbetween.diffusion.sampling import Draw, Side
from inbetween.errors import InbetweenError
from inbetween.networks.networks import Networks
from inbetween.types import Picture, Report

ENCODER, AUTOENCODER = "encoder", "autoencoder"
"""Names of the networks that see keys and make pictures."""


def seen(networks: Networks, keys: Sequence[Picture], noise: float, draw: Draw) -> list[Side]:
    """What SVD is told of each key (H, W, 3). All keys get one and the same noise before the autoencoder sees them.

    noise: deviation of it, where the key's values go from -1 to 1.
    """
    x = [svd.to_tensor(key) for key in keys]
    with networks.use(ENCODER) as encoder:
        embeddings = [svd.embedding(encoder, one) for one in x]
    added = noise * draw("image noise", x[0].shape)
    with networks.use(AUTOENCODER) as autoencoder:
        latents = [svd.key_latents(autoencoder, one + added) for one in x]
    return [Side(z.to(networks.device), e.to(networks.device)) for z, e in zip(latents, embeddings, strict=True)]


class Decoder:
    """Decodes latents, with as many frames at once as memory allows, in a type that does not break them.

    Both choices change pixels, so each change of them is noted, and holds from then on.
    """

    def __init__(self, chunk: int, dtype: torch.dtype, overlap: int | None = None) -> None:
        """overlap: frames that neighbouring chunks share; half of them, unless it is given."""
        self._chunk, self._dtype, self._overlap = chunk, dtype, overlap

    def pictures(self, networks: Networks, latents: Tensor, dtype: np.dtype[Any], report: Report) -> NDArray[Any]:
        """Latents (F, 4, h, w) of the sampler as pictures (F, H, W, 3).

        Raises:
            InbetweenError: there is not even memory for one frame.
            Interrupted: by `Report.progress`.
        """
        made = self._tried(networks, latents, report)
        if _broken(made) and self._dtype != torch.float32:
            report.note(
                "float32",
                f"decoding in {_name(self._dtype)} made broken or black frames: decoded once more in float32",
                precision="float32",
            )
            self._dtype = torch.float32
            made = self._tried(networks, latents, report)
        if _broken(made):
            report.note(
                "broken", "some frames are black or no pictures at all: the weights or the options may be wrong"
            )
        return svd.to_pictures(torch.nan_to_num(made), dtype)

    def _tried(self, networks: Networks, latents: Tensor, report: Report) -> Tensor:
        with networks.use(AUTOENCODER) as autoencoder:
            autoencoder.decoder.to(self._dtype)
            frames = len(latents)
            done = 0

            def decode(part: Tensor) -> Tensor:
                nonlocal done
                networks.pulse.at("decode", min(done, frames), frames)
                done += len(part)
                return svd.decode(autoencoder, part)

            while True:
                overlap = self._chunk // 2 if self._overlap is None else self._overlap
                try:
                    return decoded(latents / svd.LATENT_SCALE, decode, self._chunk, overlap)
                except (RuntimeError, MemoryError) as problem:
                    if not out_of_memory(problem):
                        raise
                self._smaller(networks, report)
                done = 0

    def _smaller(self, networks: Networks, report: Report) -> None:
        if self._chunk == 1:
            raise InbetweenError(
                f"there is not enough memory on {networks.device} to decode one frame",
                "make it smaller with --set size=512x320",
            )
        self._chunk = math.ceil(self._chunk / 2)
        report.note(
            "decode-chunk",
            f"memory ran out: {self._chunk} frames are decoded at once, which changes pixels a little",
            decode_chunk=self._chunk,
        )


def _broken(made: Tensor) -> bool:
    """Whether a frame (3, H, W) in [-1, 1] is black, or has values that are no numbers."""
    return not bool(made.isfinite().all()) or bool((made.amax(dim=(1, 2, 3)) <= -1).any())


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
