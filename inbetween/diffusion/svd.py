"""The networks of Stable Video Diffusion (arXiv 2311.15127), all of stock classes, and their inputs and outputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKLTemporalDecoder, UNetSpatioTemporalConditionModel
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

from inbetween.types import Picture

Config: TypeAlias = Mapping[str, Any]
"""The contents of a published config.json."""
Depth: TypeAlias = np.dtype[np.uint8] | np.dtype[np.uint16]
"""The type of frames."""
Frames: TypeAlias = NDArray[np.uint8] | NDArray[np.uint16]
"""Frames (F, H, W, 3), RGB as in `types.Picture`."""
LATENT_SCALE = 0.18215
"""The latents of the sampler are divided by it for the decoder. Those of the keys are not multiplied by it. From SVD's
published config (`scaling_factor`)."""
CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_DEVIATION = (0.26862954, 0.26130258, 0.27577711)
"""The mean and the standard deviation of R, G and B in CLIP's training data, from its published preprocessor."""


def unet(config: Config) -> nn.Module:
    """The denoiser that a config describes."""
    network: nn.Module = UNetSpatioTemporalConditionModel.from_config(dict(config))  # type: ignore[no-untyped-call]
    return network


def vae(config: Config) -> nn.Module:
    """The autoencoder that a config describes."""
    network: nn.Module = AutoencoderKLTemporalDecoder.from_config(dict(config))  # type: ignore[no-untyped-call]
    return network


def image_encoder(config: Config) -> nn.Module:
    """The CLIP vision model that a config describes."""
    network = CLIPVisionModelWithProjection(CLIPVisionConfig.from_dict(dict(config)))
    # No file of weights has this buffer, so it gets its values even where everything else is on the meta device.
    embeddings = network.vision_model.embeddings
    embeddings.position_ids = torch.arange(embeddings.num_positions, device="cpu").expand(1, -1)
    return network


def unet_shapes(config: Config) -> dict[str, tuple[int, ...]]:
    """The names and shapes of the tensors in the denoiser's weights."""
    return _shapes(unet, config)


def vae_shapes(config: Config) -> dict[str, tuple[int, ...]]:
    """The names and shapes of the tensors in the autoencoder's weights."""
    return _shapes(vae, config)


def image_encoder_shapes(config: Config) -> dict[str, tuple[int, ...]]:
    """The names and shapes of the tensors in the weights of the CLIP vision model."""
    return _shapes(image_encoder, config)


def _shapes(make: Callable[[Config], nn.Module], config: Config) -> dict[str, tuple[int, ...]]:
    with torch.device("meta"):
        network = make(config)
    return {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}


def to_tensor(picture: Picture) -> Tensor:
    """A picture (H, W, 3) as a tensor (1, 3, H, W), float32 in [-1, 1]."""
    top = np.float32(np.iinfo(picture.dtype).max)
    return torch.from_numpy(np.moveaxis(picture, -1, 0)[None].astype(np.float32) / top) * 2 - 1


def to_frames(decoded: Tensor, dtype: Depth) -> Frames:
    """A decoded tensor (F, 3, H, W) in [-1, 1] as frames (F, H, W, 3), clamped, with halves rounded to even."""
    top = np.iinfo(dtype).max
    unit = (decoded / 2 + 0.5).clamp(0, 1).permute(0, 2, 3, 1)
    values = np.ascontiguousarray((unit * top).round().numpy())
    return values.astype(np.uint8) if dtype == np.uint8 else values.astype(np.uint16)


def antialiased(x: Tensor, size: tuple[int, int]) -> Tensor:
    """Resize a tensor (1, C, H, W) to another size (h, w) in the way in which SVD brings a key to CLIP's size.

    It is blurred by a Gaussian along each axis, and then resized by bicubic interpolation with aligned corners. The
    blur grows with the factor by which the tensor is made smaller; both sides must be longer than half of its kernel.
    """
    for axis, target in ((3, size[1]), (2, size[0])):
        side = x.shape[axis]
        sigma = max((side / target - 1) / 2, 0.001)
        reach = (int(max(4 * sigma, 3)) | 1) // 2
        places = torch.arange(-reach, reach + 1, dtype=x.dtype)
        kernel = torch.exp(-(places**2) / (2 * sigma**2))
        kernel = (kernel / kernel.sum()).to(x.device)
        pad = (reach, reach, 0, 0) if axis == 3 else (0, 0, reach, reach)
        shape = (1, 1, 1, -1) if axis == 3 else (1, 1, -1, 1)
        weight = kernel.reshape(shape).expand(x.shape[1], -1, -1, -1)
        x = F.conv2d(F.pad(x, pad, mode="reflect"), weight, groups=x.shape[1])
    return F.interpolate(x, size=size, mode="bicubic", align_corners=True)


def clip_pixels(x: Tensor, side: int) -> Tensor:
    """A key (1, 3, H, W) in [-1, 1] as the input of CLIP: (1, 3, side, side), normalised, not clamped."""
    mean, deviation = (torch.tensor(values).reshape(1, 3, 1, 1) for values in (CLIP_MEAN, CLIP_DEVIATION))
    return ((antialiased(x, (side, side)) + 1) / 2 - mean) / deviation


def embedding(encoder: Any, x: Tensor) -> Tensor:
    """CLIP's embedding of a key (1, 3, H, W) in [-1, 1]: (1, D) float32 on the CPU, projected, not normalised."""
    weight = encoder.visual_projection.weight
    pixels = clip_pixels(x, encoder.config.image_size).to(weight.device, weight.dtype)
    embeds: Tensor = encoder(pixel_values=pixels).image_embeds
    return embeds.float().cpu()


def key_latents(autoencoder: Any, x: Tensor) -> Tensor:
    """The latents of a key (1, 3, H, W) in about [-1, 1]: (4, h, w) float32 on the CPU, the mode of the posterior, not
    scaled."""
    weight = autoencoder.quant_conv.weight
    mode: Tensor = autoencoder.encode(x.to(weight.device, weight.dtype)).latent_dist.mode()
    return mode[0].float().cpu()


def decode(autoencoder: Any, latents: Tensor) -> Tensor:
    """Decode latents (f, 4, h, w) in the scale of the decoder: (f, 3, H, W) in about [-1, 1]. Frames that are decoded
    together depend on each other."""
    weight = next(autoencoder.decoder.parameters())
    pictures: Tensor = autoencoder.decode(latents.to(weight.device, weight.dtype), num_frames=len(latents)).sample
    return pictures


def time_ids(fps: int, motion_bucket: float, noise: float) -> Tensor:
    """The facts about a clip that SVD is given, (3,) float32. It was trained with frames per second minus one."""
    return torch.tensor([fps - 1, motion_bucket, noise], dtype=torch.float32)
