"""The memory that methods on Stable Video Diffusion need."""

from __future__ import annotations

from collections.abc import Mapping

from inbetween.diffusion.denoiser import DENOISER, ROWS
from inbetween.diffusion.encode import AUTOENCODER, ENCODER
from inbetween.networks.memory import Footprint, Stage
from inbetween.networks.networks import Part
from inbetween.weights import load

CALL_NUMBERS, CHUNKED_NUMBERS = 9_400, 5_600
"""The most numbers that the denoiser's activations have for every latent pixel of every frame in a call, without and
with feed-forward layers by frame. Counted from the tensors that are alive at the same time in SVD's UNet at 25 frames
of 1024x576."""
DECODE_NUMBERS, ENCODE_NUMBERS = 1_024, 640
"""The most numbers that the activations of the decoder and of the encoder have for every pixel of every frame that is
computed at once. Counted in the same way."""
PIXELS = 64
"""The number of pixels of a frame, 8 x 8, that one latent pixel stands for."""


def footprint_of(
    parts: Mapping[str, Part], size: tuple[int, int], frames: int, decoded: int, passing: int = 0
) -> Footprint:
    """The memory that one gap needs. Only the heads of the files of weights are read.

    Args:
        parts: all networks of the method. All but the encoder and the autoencoder are in use while it denoises.
        size: (H, W) of the frames in pixels.
        frames: the number of frames.
        decoded: the number of frames that are decoded together.
        passing: the most numbers that the activations of the method's own networks have.
    """
    numbers = {name: load.size(part.path) for name, part in parts.items()}
    pixels, wide = size[0] * size[1], parts[DENOISER].dtype.itemsize
    latents = frames * (pixels // PIXELS) * wide
    denoising = {name: numbers[name] * wide for name in parts if name not in (ENCODER, AUTOENCODER)}
    return Footprint(
        (
            Stage({ENCODER: numbers[ENCODER] * wide}),
            # The encoder, the first half of the autoencoder, is float32 in any case.
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
