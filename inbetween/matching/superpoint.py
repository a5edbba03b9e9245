"""SuperPoint (DeTone et al. 2018, arXiv 1712.07629): points and dense descriptors of a grey picture.

The names of the parameters are those of the published file. A cell is 8 x 8 pixels; places are (x, y).
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from inbetween.types import Picture

CELL = 8
"""The sides of a cell, in pixels."""
LEAST_SIDE = 2 * CELL
"""Pixels; a smaller picture has no place that is far enough from its border."""
RADIUS = 4
"""Pixels around a point within which weaker ones are dropped."""
BORDER = 4
"""Pixels along the border in which there are no points."""
LEAST_SCORE = 0.005
"""A point must have a higher score."""
BEHIND = 128
"""The grey behind transparent pictures."""


def luma(picture: Picture) -> NDArray[np.uint8]:
    """(H, W): ITU-R 601 luma by the integer formula of Pillow's mode "L"; OpenCV's differs by up to 1."""
    eight = picture if picture.dtype == np.uint8 else picture >> 8
    red, green, blue = np.moveaxis(eight[..., :3].astype(np.uint32), 2, 0)
    grey = (19595 * red + 38470 * green + 7471 * blue + 0x8000) >> 16
    if eight.shape[2] == 4:
        alpha = eight[..., 3].astype(np.uint32)
        grey = (alpha * grey + (255 - alpha) * BEHIND + 127) // 255
    return np.asarray(grey, np.uint8)


class SuperPoint(nn.Module):
    """An encoder that is shared by a head for scores and one for descriptors."""

    def __init__(self) -> None:
        super().__init__()
        widths = {"1a": (1, 64), "1b": (64, 64), "2a": (64, 64), "2b": (64, 64), "3a": (64, 128), "3b": (128, 128)}
        widths |= {"4a": (128, 128), "4b": (128, 128), "Pa": (128, 256), "Da": (128, 256)}
        for name, (inner, outer) in widths.items():
            self.add_module(f"conv{name}", nn.Conv2d(inner, outer, 3, padding=1))
        self.convPb = nn.Conv2d(256, CELL * CELL + 1, 1)
        self.convDb = nn.Conv2d(256, 256, 1)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Scores (B, 8h, 8w) in 0..1 and unit descriptors (B, 256, h, w), with h = H // 8 and w = W // 8.

        Pixels beyond 8h and 8w have no score.

        Args:
            image: (B, 1, H, W), 0..1.
        """
        x = self._layers(image, "1a", "1b")
        for block in "234":
            x = self._layers(F.max_pool2d(x, 2), f"{block}a", f"{block}b")
        # The last channel is the probability that there is no point in the cell.
        cells = self.convPb(self._layers(x, "Pa")).softmax(1)[:, :-1]
        descriptors = self.convDb(self._layers(x, "Da"))
        return F.pixel_shuffle(cells, CELL)[:, 0], F.normalize(descriptors, dim=1)

    def _layers(self, x: Tensor, *names: str) -> Tensor:
        for name in names:
            x = F.relu(self.get_submodule(f"conv{name}")(x))
        return x


def points(scores: Tensor, most: int | None = 1000) -> tuple[Tensor, Tensor]:
    """The peaks of the scores (8h, 8w): their places (N, 2) float32 in pixels, and their scores (N,).

    Args:
        most: of more points the best ones are kept, by descending score; with fewer, or None, all are, row by row.
    """
    best = _peaks(scores)
    height, width = best.shape
    inner = torch.zeros_like(best, dtype=torch.bool)
    inner[BORDER : height - BORDER, BORDER : width - BORDER] = True
    rows, columns = torch.nonzero(inner & (best > LEAST_SCORE), as_tuple=True)
    found = best[rows, columns]
    places = torch.stack([columns, rows], dim=1).float()
    if most is None or len(found) <= most:
        return places, found
    order = found.argsort(descending=True, stable=True)[:most]
    return places[order], found[order]


def _peaks(scores: Tensor) -> Tensor:
    """The scores, 0 where a higher one is within `RADIUS`; in the second and third round, only what is left counts."""
    peak = scores == _highest(scores)
    for _ in range(2):
        taken = _highest(peak.float()) > 0
        left = scores.masked_fill(taken, 0)
        peak |= (left == _highest(left)) & ~taken
    return scores.masked_fill(~peak, 0)


def _highest(x: Tensor) -> Tensor:
    """The highest value within `RADIUS`."""
    return F.max_pool2d(x[None], 2 * RADIUS + 1, stride=1, padding=RADIUS)[0]


def sampled(descriptors: Tensor, places: Tensor) -> Tensor:
    """Unit descriptors (256, N) at places (N, 2), in pixels, of the map (256, h, w).

    The map is stretched a little: its outermost cells lie at x = 3.5 and x = 8w - 1, and not at their middles, 3.5 and
    8w - 4.5. This is as in the released code, because the weights were trained with it.
    """
    height, width = descriptors.shape[1:]
    first = (CELL - 1) / 2
    span = places.new_tensor([CELL * width - first - 1, CELL * height - first - 1])
    grid = (places - first) / span * 2 - 1
    found = F.grid_sample(descriptors[None], grid[None, None], mode="bilinear", align_corners=True)
    return F.normalize(found[0, :, 0], dim=0)
