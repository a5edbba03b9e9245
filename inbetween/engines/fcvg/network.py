"""ControlNeXt: features of condition pictures, one small network for all frames (arXiv 2408.06070).

Layers and names are those of the published weights; every frame is seen on its own.
"""

from __future__ import annotations

import torch
from diffusers.models.downsampling import Downsample2D
from diffusers.models.embeddings import TimestepEmbedding, Timesteps
from diffusers.models.resnet import ResnetBlock2D
from torch import Tensor, nn

TIME, EMBEDDED = 128, 256
"""Channels of the sinusoid of time, and of its embedding."""


class ControlNeXt(nn.Module):
    """Condition pictures (F, 3, H, W) in [0, 1] and a level's c_noise into features (F, channels, h', w').

    h', w' are about an eighth of H, W: the second and third convolutions have no padding.
    """

    def __init__(self, channels: int = 320) -> None:
        super().__init__()
        self.time_proj = Timesteps(TIME, flip_sin_to_cos=True, downscale_freq_shift=0)
        self.time_embedding = TimestepEmbedding(TIME, EMBEDDED)
        self.embedding = nn.Sequential(
            nn.Conv2d(3, 64, 3, stride=2, padding=1),
            nn.GroupNorm(2, 64),
            nn.ReLU(),
            nn.Conv2d(64, 64, 3),
            nn.GroupNorm(2, 64),
            nn.ReLU(),
            nn.Conv2d(64, 128, 3),
            nn.GroupNorm(2, 128),
            nn.ReLU(),
        )
        self.down_res = nn.ModuleList(
            ResnetBlock2D(in_channels=a, out_channels=b, temb_channels=EMBEDDED, groups=groups)
            for a, b, groups in ((128, 128, 4), (128, 256, 8))
        )
        self.down_sample = nn.ModuleList(
            Downsample2D(c, use_conv=True, out_channels=c, padding=1, name="op") for c in (128, 256)
        )
        mixing = nn.Sequential(
            nn.Conv2d(256, 256, 3, padding=1),
            nn.ReLU(),
            nn.GroupNorm(8, 256),
            nn.Conv2d(256, 256, 3, padding=1),
            nn.GroupNorm(8, 256),
        )
        self.mid_convs = nn.ModuleList([mixing, nn.Conv2d(256, channels, 1)])

    def forward(self, pictures: Tensor, c_noise: float) -> Tensor:
        """See the class."""
        times = torch.full((len(pictures),), c_noise, device=pictures.device)
        time = self.time_embedding(self.time_proj(times).to(pictures.dtype))
        x = self.embedding(pictures)
        for block, smaller in zip(self.down_res, self.down_sample, strict=True):
            x = smaller(block(x, time))
        mixing, widening = self.mid_convs
        features: Tensor = widening(x + mixing(x))
        return features


def controlnext_shapes() -> dict[str, tuple[int, ...]]:
    """Names and shapes of the tensors that the published file has."""
    with torch.device("meta"):
        network = ControlNeXt()
    return {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
