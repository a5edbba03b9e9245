"""GlueStick (Pautrat, Suarez et al. 2023, arXiv 2304.02008): matches the wireframes of two pictures.

The names of the parameters are those of the published file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

WIDTH = 256
"""Channels of the descriptors and of all layers."""
HEADS = 4
"""Heads of each attention."""
LEAST_SCORE = 0.2
"""A match must have a higher score."""


@dataclass(frozen=True, eq=False)
class Nodes:
    """What the network sees of one picture: a `Wireframe` with descriptors, on the device of the network."""

    places: Tensor
    """(n, 2), pixels, junctions first."""
    scores: Tensor
    """(n,)."""
    descriptors: Tensor
    """(256, n)."""
    ends: Tensor
    """(N, 2) int64: which junctions a line joins."""
    line_scores: Tensor
    """(N,), 0..1."""
    size: tuple[int, int]
    """(H, W) of the picture."""


@dataclass(frozen=True, eq=False)
class Assignment:
    """Which of n things in one picture is which of m things in the other."""

    similarity: Tensor
    """(n, m), before the softmax."""
    log: Tensor
    """(n + 1, m + 1): the logarithms of the probabilities; the last row and column stand for "none"."""
    partners: tuple[Tensor, Tensor]
    """(n,) and (m,) int64: the partner in the other picture, or -1."""
    scores: tuple[Tensor, Tensor]
    """(n,) and (m,): the probability of the mutually best match, even if that is too low to be one; else 0."""


class GlueStick(nn.Module):
    """Attention within and across the points of two pictures, and along their lines; then one assignment of points, one
    of lines.
    """

    def __init__(self, layers: int = 18) -> None:
        """Args:
        layers: of attention, half of them within a picture and half across; the published file has 18.
        """
        super().__init__()
        self.kenc = Encoder(3)
        self.lenc = Encoder(5)
        self.gnn = Graph(layers)
        self.final_proj = nn.Conv1d(WIDTH, WIDTH, 1)
        self.final_line_proj = nn.Conv1d(WIDTH, WIDTH, 1)
        self.bin_score = nn.Parameter(torch.tensor(1.0))
        self.line_bin_score = nn.Parameter(torch.tensor(1.0))

    def forward(self, a: Nodes, b: Nodes) -> tuple[Assignment, Assignment]:
        """The assignments of points and of lines between two pictures."""
        sides = a, b
        if not (len(a.places) and len(b.places)):
            return _nothing(len(a.places), len(b.places), a), _nothing(len(a.ends), len(b.ends), a)
        with_lines = len(a.ends) > 0 and len(b.ends) > 0
        along = [self._encoded_lines(side) for side in sides] if with_lines else []
        x = self.gnn([self._encoded(side) for side in sides], along, [side.ends for side in sides])
        points = _assigned(_similarity(self.final_proj, x), self.bin_score)
        if not with_lines:
            return points, _nothing(len(a.ends), len(b.ends), a)
        of_ends = [own[..., side.ends.flatten()] for own, side in zip(x, sides, strict=True)]
        ends = _similarity(self.final_line_proj, of_ends).view(len(a.ends), 2, len(b.ends), 2)
        direct = ends[:, 0, :, 0] + ends[:, 1, :, 1]
        crossed = ends[:, 0, :, 1] + ends[:, 1, :, 0]
        return points, _assigned(torch.maximum(direct, crossed) / 2, self.line_bin_score)

    def _encoded(self, side: Nodes) -> Tensor:
        """(1, 256, n): the descriptors, plus an encoding of places and scores."""
        places = _centred(side.places, side.size)
        encoded: Tensor = side.descriptors[None] + self.kenc(torch.cat([places.T, side.scores[None]])[None])
        return encoded

    def _encoded_lines(self, side: Nodes) -> Tensor:
        """(1, 256, 2N): an encoding of both ends of line 0, then of line 1, and so on.

        What is encoded is the place of an end, the vector to the other end, and a score.
        """
        ends = _centred(side.places[side.ends], side.size)
        ways = ends.flip(1) - ends
        # The scores of all lines twice over, not those of each line twice. This is as in the released code, with which
        # the weights were trained.
        scores = side.line_scores.repeat(2)
        encoded: Tensor = self.lenc(torch.cat([ends.flatten(0, 1).T, ways.flatten(0, 1).T, scores[None]])[None])
        return encoded


class Graph(nn.Module):
    """Layers of attention, in turn within the pictures and across; after each layer within, one along the lines."""

    def __init__(self, layers: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(AttentionLayer() for _ in range(layers))
        self.line_layers = nn.ModuleList(LineLayer() for _ in range((layers + 1) // 2))

    def forward(self, x: Sequence[Tensor], along: Sequence[Tensor], ends: Sequence[Tensor]) -> Sequence[Tensor]:
        """The descriptors after all layers, two of (1, 256, n).

        Args:
            x: the descriptors, two of (1, 256, n).
            along: the encoded lines, two of (1, 256, 2N); empty to go without lines.
            ends: the junctions that the lines join, two of (N, 2).
        """
        for i, layer in enumerate(self.layers):
            within = i % 2 == 0
            x = [layer(own, own if within else other) for own, other in zip(x, reversed(x), strict=True)]
            if within and along:
                line_layer = self.line_layers[i // 2]
                x = [line_layer(*of_one) for of_one in zip(x, along, ends, strict=True)]
        return x


def _perceptron(*widths: int) -> nn.Sequential:
    """A perceptron at each point (convolutions of width 1); each layer but the last is followed by a norm and a
    ReLU."""
    layers: list[nn.Module] = []
    for inner, outer in pairwise(widths):
        layers += [nn.Conv1d(inner, outer, 1), nn.BatchNorm1d(outer), nn.ReLU()]
    return nn.Sequential(*layers[:-2])


class Encoder(nn.Module):
    """A perceptron from (1, inputs, n) to (1, 256, n)."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.encoder = _perceptron(inputs, 32, 64, 128, WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        encoded: Tensor = self.encoder(x)
        return encoded


class Attention(nn.Module):
    """Multi-head attention of x (1, 256, n) to a source (1, 256, m); channel c belongs to head c % 4."""

    def __init__(self) -> None:
        super().__init__()
        self.proj = nn.ModuleList(nn.Conv1d(WIDTH, WIDTH, 1) for _ in range(3))
        self.merge = nn.Conv1d(WIDTH, WIDTH, 1)

    def forward(self, x: Tensor, source: Tensor) -> Tensor:
        query, key, value = (
            project(of).view(1, -1, HEADS, of.shape[2]).permute(0, 2, 3, 1)
            for project, of in zip(self.proj, (x, source, source), strict=True)
        )
        heard = F.scaled_dot_product_attention(query, key, value)
        merged: Tensor = self.merge(heard.permute(0, 3, 1, 2).flatten(1, 2))
        return merged


class AttentionLayer(nn.Module):
    """Adds to x (1, 256, n) a perceptron of x and of its attention to the source (1, 256, m)."""

    def __init__(self) -> None:
        super().__init__()
        self.update = nn.ModuleDict({"attn": Attention(), "mlp": _perceptron(2 * WIDTH, 2 * WIDTH, WIDTH)})

    def forward(self, x: Tensor, source: Tensor) -> Tensor:
        heard = self.update["attn"](x, source)
        updated: Tensor = x + self.update["mlp"](torch.cat([x, heard], dim=1))
        return updated


class LineLayer(nn.Module):
    """Adds to each junction the mean of the messages that its lines bring from their other ends."""

    def __init__(self) -> None:
        super().__init__()
        self.mlp = _perceptron(3 * WIDTH, 2 * WIDTH, WIDTH)

    def forward(self, x: Tensor, encoded: Tensor, ends: Tensor) -> Tensor:
        """Args:
        x: (1, 256, n).
        encoded: (1, 256, 2N), the encoded lines.
        ends: (N, 2), the junctions that the lines join.
        """
        here, there = ends.flatten(), ends.flip(1).flatten()
        messages = self.mlp(torch.cat([x[..., here], x[..., there], encoded], dim=1))
        # A product of matrices, because sums by scattering have no fixed order on a GPU.
        meets = F.one_hot(here, x.shape[2]).to(x.dtype)
        updated: Tensor = x + messages @ (meets / meets.sum(0).clamp(min=1))
        return updated


def _centred(places: Tensor, size: tuple[int, int]) -> Tensor:
    """Places (..., 2) in pixels of a picture (H, W), measured from its centre in units of 0.7 of its longer side."""
    height, width = size
    return (places - places.new_tensor([width / 2, height / 2])) / (0.7 * max(size))


def _similarity(project: nn.Module, x: Sequence[Tensor]) -> Tensor:
    """(n, m): the scaled products of two projected sets (1, 256, n) and (1, 256, m)."""
    a, b = (project(own)[0] for own in x)
    similarity: Tensor = a.T @ b / WIDTH**0.5
    return similarity


def _assigned(similarity: Tensor, none: Tensor) -> Assignment:
    """The dual softmax with a bin whose score is `none` (section 3.4 of the paper), and the mutually best matches."""
    n, m = similarity.shape
    rows = torch.cat([similarity, none.expand(n, 1)], dim=1).log_softmax(1)
    columns = torch.cat([similarity, none.expand(1, m)], dim=0).log_softmax(0)
    log = similarity.new_zeros(n + 1, m + 1)
    log[:n, :m] = (rows[:, :m] + columns[:n]) / 2
    log[:n, m], log[n, :m] = rows[:, m], columns[n]
    best_a, best_b = log[:n, :m].max(1), log[:n, :m].max(0)
    mutual_a = best_b.indices[best_a.indices] == torch.arange(n, device=log.device)
    mutual_b = best_a.indices[best_b.indices] == torch.arange(m, device=log.device)
    score_a = best_a.values.exp() * mutual_a
    score_b = score_a[best_b.indices] * mutual_b
    partner_a = best_a.indices.where(score_a > LEAST_SCORE, -1)
    partner_b = best_b.indices.where(score_b > LEAST_SCORE, -1)
    return Assignment(similarity, log, (partner_a, partner_b), (score_a, score_b))


def _nothing(n: int, m: int, like: Nodes) -> Assignment:
    """The assignment without any match, where n or m is 0."""
    new = like.places.new_zeros
    partners = like.ends.new_full((n,), -1), like.ends.new_full((m,), -1)
    return Assignment(new(n, m), new(n + 1, m + 1), partners, (new(n), new(m)))
