"""A folder of weights in the published formats, with networks filled at random: tiny ones, or of full size."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from inbetween.diffusion import svd
from inbetween.engines.fcvg.network import ControlNeXt

CROSS = "CrossAttnDownBlockSpatioTemporal", "CrossAttnUpBlockSpatioTemporal"
UNET = {
    "_class_name": "UNetSpatioTemporalConditionModel",
    "in_channels": 8,
    "out_channels": 4,
    "down_block_types": [CROSS[0]] * 3 + ["DownBlockSpatioTemporal"],
    "up_block_types": ["UpBlockSpatioTemporal"] + [CROSS[1]] * 3,
    "layers_per_block": 2,
    "transformer_layers_per_block": 1,
    "num_frames": 25,
}
VAE = {
    "_class_name": "AutoencoderKLTemporalDecoder",
    "down_block_types": ["DownEncoderBlock2D"] * 4,
    "in_channels": 3,
    "out_channels": 3,
    "latent_channels": 4,
    "force_upcast": True,
    "scaling_factor": 0.18215,
}
CLIP = {"architectures": ["CLIPVisionModelWithProjection"], "hidden_act": "gelu", "image_size": 224}
FULL: dict[str, dict[str, Any]] = {
    "unet": {
        **UNET,
        "block_out_channels": [320, 640, 1280, 1280],
        "cross_attention_dim": 1024,
        "num_attention_heads": [5, 10, 20, 20],
        "addition_time_embed_dim": 256,
        "projection_class_embeddings_input_dim": 768,
        "sample_size": 96,
    },
    "vae": {**VAE, "block_out_channels": [128, 256, 512, 512], "layers_per_block": 2, "sample_size": 768},
    "image_encoder": {
        **CLIP,
        "hidden_size": 1280,
        "intermediate_size": 5120,
        "num_hidden_layers": 32,
        "num_attention_heads": 16,
        "patch_size": 14,
        "projection_dim": 1024,
    },
}
"""As published with Stable Video Diffusion XT."""
TINY: dict[str, dict[str, Any]] = {
    "unet": {
        **UNET,
        "block_out_channels": [32, 32, 32, 32],
        "cross_attention_dim": 32,
        "num_attention_heads": [2, 2, 2, 2],
        "addition_time_embed_dim": 32,
        "projection_class_embeddings_input_dim": 96,
        "sample_size": 8,
        "layers_per_block": 1,
    },
    "vae": {**VAE, "block_out_channels": [32, 32, 32, 32], "layers_per_block": 1, "sample_size": 64},
    "image_encoder": {
        **CLIP,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "patch_size": 56,
        "projection_dim": 32,
    },
}
SHAPES = {"unet": svd.unet_shapes, "vae": svd.vae_shapes, "image_encoder": svd.image_encoder_shapes}
Tensors = dict[str, torch.Tensor]


def random(shapes: Mapping[str, tuple[int, ...]], dtype: torch.dtype, seed: int = 0) -> Tensors:
    """Tensors for which signals neither die nor grow."""
    generator = torch.Generator().manual_seed(seed)
    made = {}
    for name, shape in shapes.items():
        value = torch.empty(shape).normal_(generator=generator)
        if len(shape) > 1:
            value /= float(torch.Size(shape[1:]).numel()) ** 0.5
        else:
            value = 0.1 * value + (1 if name.endswith("weight") else 0)
        made[name] = value.to(dtype)
    return made


def fill(folder: Path, configs: Mapping[str, dict[str, Any]] = TINY, dtype: torch.dtype = torch.float16) -> Path:
    """SVD's files and FCVG's, whose UNet has the attention only, so that it is a subset."""
    for name, config in configs.items():
        place = folder / "svd-xt-1.1" / name
        place.mkdir(parents=True)
        (place / "config.json").write_text(json.dumps(config), "utf-8")
        file = "model" if name == "image_encoder" else "diffusion_pytorch_model"
        save_file(random(SHAPES[name](config), dtype), place / f"{file}.fp16.safetensors")
    own = folder / "fcvg"
    own.mkdir()
    unet = {name: shape for name, shape in svd.unet_shapes(configs["unet"]).items() if "attn" in name}
    save_file(random(unet, dtype, 1), own / "unet.safetensors")
    with torch.device("meta"):
        control = ControlNeXt(configs["unet"]["block_out_channels"][0])
    shapes = {name: tuple(tensor.shape) for name, tensor in control.state_dict().items()}
    save_file(random(shapes, torch.float32), own / "controlnext.safetensors")
    return folder


if __name__ == "__main__":
    fill(Path(sys.argv[1]), FULL)
