"""Matching of points and lines together, by SuperPoint and GlueStick with their published weights."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from inbetween.matching import superpoint
from inbetween.matching.gluestick import Assignment, GlueStick, Nodes
from inbetween.matching.line_ends import paired_ends
from inbetween.matching.superpoint import SuperPoint, luma
from inbetween.matching.wireframe import Wireframe, at_common_scale, distinct_lines, segments, selected, wireframe
from inbetween.types import NO_MATCHES, Matches, Picture
from inbetween.weights import files, store

LONGER_SIDE = 1024
"""Pixels to which the longer side of larger pictures is reduced: the limits in pixels suit pictures of about this
size."""


@lru_cache(maxsize=1)
def load(folder: Path | None = None, device: str = "cpu") -> tuple[SuperPoint, GlueStick]:
    """Both networks, with the published files (or safetensors of the same names).

    Args:
        folder: of the files; None for the usual one.
        device: as PyTorch names it.

    Raises:
        InbetweenError: a file is missing, cannot be read safely, or does not fit.
    """
    path, other = store.found("superpoint", folder), store.found("gluestick", folder)
    return (
        files.filled(SuperPoint, files.read(path), path, device),
        files.filled(GlueStick, _matcher(files.read(other)), other, device),
    )


def _matcher(kept: Mapping[str, object]) -> Mapping[str, object]:
    """The weights of the matcher alone, under its own names, from a checkpoint of its training or from such weights."""
    weights = kept.get("model", kept)
    if not isinstance(weights, Mapping):
        return kept
    if any("matcher." in str(name) for name in weights):
        weights = {name.replace("matcher.", ""): tensor for name, tensor in weights.items() if "matcher." in name}
    return {str(name).replace("module.", ""): tensor for name, tensor in weights.items()}


def match(start: Picture, end: Picture, weights: Path | None = None, device: str = "cpu") -> Matches:
    """The points, and the lines of their wireframes, that are in both pictures.

    The network does not say which end of a line is which; the shorter way decides.

    Args:
        start, end: (H, W, C) of one size.
        weights: the folder of the published files; None for the usual one.
        device: as PyTorch names it.

    Raises:
        InbetweenError: see `load`.
    """
    networks = load(weights, device)
    keys = [luma(picture) for picture in (start, end)]
    greys = [_reduced(key) for key in keys]
    if min(side for grey in greys for side in grey.shape) < superpoint.LEAST_SIDE:
        return NO_MATCHES
    found = [selected(raw) for raw in at_common_scale(lambda scale: [segments(grey, scale) for grey in greys])]
    nodes = [observed(networks[0], grey, *lines) for grey, lines in zip(greys, found, strict=True)]
    with torch.inference_mode():
        points, lines = networks[1](*nodes)
    a, b, scores = _pairs(points)
    line_a, line_b, line_scores = _pairs(lines)
    places = [_enlarged(node.places, grey, key) for node, grey, key in zip(nodes, greys, keys, strict=True)]
    joins = [node.ends.cpu().numpy() for node in nodes]
    lines_a, lines_b = places[0][joins[0][line_a]], places[1][joins[1][line_b]]
    return Matches(places[0][a], places[1][b], scores, lines_a, paired_ends(lines_a, lines_b), line_scores)


@torch.inference_mode()
def observed(
    network: SuperPoint,
    grey: NDArray[np.uint8],
    lines: NDArray[np.float32],
    line_scores: NDArray[np.float32],
    most: int | None = 1000,
) -> Nodes:
    """The wireframe of a picture, with descriptors.

    Args:
        grey: (H, W), both at least 16.
        lines, line_scores: as `selected` gives them.
        most: points beside the junctions; None for all.
    """
    device = next(network.parameters()).device
    image = torch.from_numpy(grey).to(device).float() / 255
    scores, descriptors = network(image[None, None])
    places, own = (found.cpu().numpy() for found in superpoint.points(scores[0], most))
    frame = distinct_lines(wireframe(lines, line_scores, places, own))
    return described(frame, descriptors[0], (grey.shape[0], grey.shape[1]))


def described(frame: Wireframe, descriptors: torch.Tensor, size: tuple[int, int]) -> Nodes:
    """A wireframe of a picture of `size` (H, W), with SuperPoint's descriptors (256, h, w), on their device."""
    device = descriptors.device
    there = torch.from_numpy(frame.places).to(device)
    return Nodes(
        there,
        torch.from_numpy(frame.scores).to(device),
        superpoint.sampled(descriptors, there),
        torch.from_numpy(frame.ends).to(device),
        torch.from_numpy(frame.line_scores).to(device),
        size,
    )


def _reduced(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture with its longer side at most `LONGER_SIDE`."""
    height, width = grey.shape
    scale = LONGER_SIDE / max(height, width)
    if scale >= 1:
        return grey
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)


def _enlarged(places: torch.Tensor, grey: NDArray[np.uint8], key: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Places in a reduced picture as places in the key. Pixel centres lie at integers in both."""
    ratio = np.array(key.shape[::-1]) / grey.shape[::-1]
    return np.asarray((places.cpu().numpy() + 0.5) * ratio - 0.5, np.float32)


def _pairs(found: Assignment) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """The indices of those that have a partner, in order; their partners; and the scores."""
    partner, score = found.partners[0].cpu().numpy(), found.scores[0].cpu().numpy()
    own = np.flatnonzero(partner >= 0)
    return own, partner[own], np.asarray(score[own], np.float32)
