"""Encodes keys for the networks of Stable Video Diffusion."""

from __future__ import annotations

from collections.abc import Sequence

from inbetween.diffusion import svd
from inbetween.diffusion.sampling import Draw, Side
from inbetween.networks.session import Session
from inbetween.types import Picture

ENCODER, AUTOENCODER = "encoder", "autoencoder"
"""The names of two networks: CLIP's vision model, which embeds keys, and the one that encodes keys and decodes
latents."""


def encoded_keys(session: Session, keys: Sequence[Picture], noise: float, draw: Draw) -> list[Side]:
    """Encode keys. The same noise is added to all of them before the autoencoder.

    Args:
        session: the networks, for this gap.
        keys: pictures (H, W, 3) of one size.
        noise: the standard deviation of the noise, where the values of a key go from -1 to 1.
        draw: draws the noise, under the name "image noise".

    Returns:
        The latents and the embedding of each key.
    """
    x = [svd.to_tensor(key) for key in keys]
    with session.use(ENCODER) as encoder:
        embeddings = [svd.embedding(encoder, one) for one in x]
    added = noise * draw("image noise", x[0].shape)
    with session.use(AUTOENCODER) as autoencoder:
        latents = [svd.key_latents(autoencoder, one + added) for one in x]
    return [Side(z.to(session.device), e.to(session.device)) for z, e in zip(latents, embeddings, strict=True)]
