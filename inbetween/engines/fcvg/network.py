"""ControlNeXt, a small network that computes features of condition pictures (arXiv 2408.06070).

Its layers and their names are those of the published weights. Every picture is computed independently of the others.
"""

from __future__ import annotations

import torch
from diffusers.models.downsampling import Downsample2D
from diffusers.models.embeddings import TimestepEmbedding, Timesteps
from diffusers.models.resnet import ResnetBlock2D
from torch import Tensor, nn

TIME, EMBEDDED = 128, 256
"""The channels of the sinusoidal encoding of time, and of its embedding."""


class ControlNeXt(nn.Module):
    """From condition pictures (F, 3, H, W) in [0, 1] and the c_noise of a level to features (F, channels, h', w').

    h' and w' are about an eighth of H and W; not exactly, because the second and the third convolution have no padding.
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
    """The names and shapes of the tensors in the published file."""
    with torch.device("meta"):
        network = ControlNeXt()
    return {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
