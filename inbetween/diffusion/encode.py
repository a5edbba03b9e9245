"""Keys as Stable Video Diffusion's networks are given them."""

from __future__ import annotations

from collections.abc import Sequence

from inbetween.diffusion import svd
from inbetween.diffusion.sampling import Draw, Side
from inbetween.networks.session import Session
from inbetween.types import Picture

ENCODER, AUTOENCODER = "encoder", "autoencoder"
"""Names of CLIP's vision model, which embeds keys, and of the network that encodes keys and decodes latents."""


def encoded_keys(session: Session, keys: Sequence[Picture], noise: float, draw: Draw) -> list[Side]:
    """Encode keys (H, W, 3). All get one and the same noise before the autoencoder.

    Args:
        session: of the gap.
        keys: of one size.
        noise: its deviation, where a key's values go from -1 to 1.
        draw: draws it, as "image noise".
    """
    x = [svd.to_tensor(key) for key in keys]
    with session.use(ENCODER) as encoder:
        embeddings = [svd.embedding(encoder, one) for one in x]
    added = noise * draw("image noise", x[0].shape)
    with session.use(AUTOENCODER) as autoencoder:
        latents = [svd.key_latents(autoencoder, one + added) for one in x]
    return [Side(z.to(session.device), e.to(session.device)) for z, e in zip(latents, embeddings, strict=True)]
