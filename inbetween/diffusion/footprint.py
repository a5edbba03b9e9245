"""The memory that methods on Stable Video Diffusion need."""

from __future__ import annotations

from collections.abc import Mapping

from inbetween.diffusion.denoiser import DENOISER, ROWS
from inbetween.diffusion.encode import AUTOENCODER, ENCODER
from inbetween.networks.memory import Footprint, Stage
from inbetween.networks.networks import Part
from inbetween.weights import load

CALL_NUMBERS, CHUNKED_NUMBERS = 9_400, 5_600
"""Numbers that the denoiser holds in passing for every latent pixel of every frame in a call, without and with
feed-forward layers by frame; read off the tensors that live at once in SVD's UNet at 25 frames of 1024x576."""
DECODE_NUMBERS, ENCODE_NUMBERS = 1_024, 640
"""Numbers that the decoder and the encoder hold in passing for every pixel of every frame at once; read off
in the same way."""
PIXELS = 64
"""Pixels of a frame in one of its latents."""


def footprint_of(
    parts: Mapping[str, Part], size: tuple[int, int], frames: int, decoded: int, passing: int = 0
) -> Footprint:
    """What one gap needs; only the heads of the files are read.

    Args:
        parts: all networks of the method; but the encoder and the autoencoder, all are in use while it denoises.
        size: (H, W) of the frames.
        frames: their count.
        decoded: frames that are decoded together.
        passing: numbers that the method's own networks hold in passing.
    """
    numbers = {name: load.size(part.path) for name, part in parts.items()}
    pixels, wide = size[0] * size[1], parts[DENOISER].dtype.itemsize
    latents = frames * (pixels // PIXELS) * wide
    denoising = {name: numbers[name] * wide for name in parts if name not in (ENCODER, AUTOENCODER)}
    return Footprint(
        (
            Stage({ENCODER: numbers[ENCODER] * wide}),
            # Its first half is float32 in any case.
            Stage({AUTOENCODER: numbers[AUTOENCODER] * 4}, passing=ENCODE_NUMBERS * pixels * 4),
            Stage(
                denoising,
                passing=passing * wide,
                per_row=latents * CALL_NUMBERS,
                per_row_chunked=latents * CHUNKED_NUMBERS,
                divisible=True,
            ),
            Stage({AUTOENCODER: numbers[AUTOENCODER] * wide}, passing=DECODE_NUMBERS * decoded * pixels * wide),
        ),
        ROWS,
    )
