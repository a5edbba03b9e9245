"""Points by learned matchers, through kornia, where their weights are on the disk; lines are matched as with SIFT's
points.

The points are of DISK (Tyszkiewicz et al. 2020) or ALIKED (Zhao et al. 2023), matched by LightGlue (Lindenberger et al.
2023); or of LoFTR (Sun et al. 2021), which needs no detector. Nothing is downloaded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from kornia.feature import ALIKED, DISK, LightGlue, LoFTR
from torch import Tensor, nn

from inbetween.dense.dis import Grey
from inbetween.errors import InbetweenError
from inbetween.matching.consistency import LEAST_SUPPORT
from inbetween.matching.scaled import scaled, with_lines
from inbetween.matching.sift import verify_points
from inbetween.types import Matches, Picture, Settings
from inbetween.weights import files, store

MOST_POINTS = 2000
"""Most points per picture."""


def match(start: Picture, end: Picture, points: str, weights: Path | None, settings: Settings) -> Matches:
    """Points of both pictures, verified as SIFT's are, and lines that move with them.

    Args:
        start, end: (H, W, C) of one size.
        points: "disk", "aliked" or "loftr".
        weights: the folder of the published files; None for the usual one, then torch hub's.

    Raises:
        InbetweenError: a file is missing, cannot be read safely, or does not fit.
    """
    networks = load(points, weights, settings.device)
    pair = scaled(start), scaled(end)
    images = [_tensor(picture, own.grey).to(settings.device) for picture, own in zip((start, end), pair, strict=True)]
    with torch.inference_mode():
        a, b, scores = (by_loftr if points == "loftr" else by_lightglue)(networks, images)
    found = [side.cpu().numpy().astype(np.float64) for side in (a, b, scores)]
    return with_lines(pair, verify_points(found[0], found[1], found[2], LEAST_SUPPORT))


@lru_cache(maxsize=1)
def load(points: str, folder: Path | None, device: str) -> tuple[nn.Module, ...]:
    """The networks of "disk" or "aliked", each followed by its LightGlue, or of "loftr".

    Raises:
        InbetweenError: see `match`.
    """
    if points == "loftr":
        return (_filled(LoFTR(None), *_read("loftr", folder, "state_dict"), device),)
    path, own = _read(points, folder, "extractor" if points == "disk" else None)
    other, weights = _read(f"lightglue-{points}", folder)
    # In LightGlue's published names the number of a layer stands after the kind of its block, in kornia's before it.
    weights = {re.sub(r"^(self_attn|cross_attn)\.(\d+)", r"transformers.\2.\1", k): v for k, v in weights.items()}
    extractor = DISK() if points == "disk" else ALIKED("aliked-n16", max_num_keypoints=MOST_POINTS)
    # Without a name of features: for a name kornia would download its weights.
    unnamed: Any = None
    return _filled(extractor, path, own, device), _filled(LightGlue(unnamed, input_dim=128), other, weights, device)


def by_loftr(networks: Sequence[nn.Module], images: Sequence[Tensor]) -> tuple[Tensor, Tensor, Tensor]:
    """Matches (N, 2), (N, 2) in pixels and scores (N,) in 0..1 between two pictures.

    Args:
        networks: as `load` gives them.
        images: two of (1, 3, h, w) in 0..1.
    """
    out = networks[0]({f"image{i}": image.mean(dim=1, keepdim=True) for i, image in enumerate(images)})
    return out["keypoints0"], out["keypoints1"], out["confidence"]


def by_lightglue(networks: Sequence[nn.Module], images: Sequence[Tensor]) -> tuple[Tensor, Tensor, Tensor]:
    """The same as `by_loftr`, by an extractor of points and LightGlue."""
    extractor, glue = networks
    sides = {}
    for i, image in enumerate(images):
        one = (
            extractor(image, MOST_POINTS, pad_if_not_divisible=True)
            if isinstance(extractor, DISK)
            else extractor(image)
        )[0]
        size = torch.tensor([image.shape[3:] + image.shape[2:3]], device=image.device)
        sides[f"image{i}"] = {
            "keypoints": one.keypoints[None],
            "descriptors": one.descriptors[None],
            "image_size": size,
        }
    out = glue(sides)
    pairs = out["matches"][0]
    first, second = (sides[f"image{i}"]["keypoints"][0] for i in (0, 1))
    return first[pairs[:, 0]], second[pairs[:, 1]], out["scores"][0]


def _read(name: str, folder: Path | None, inside: str | None = None) -> tuple[Path, Mapping[str, Tensor]]:
    """The path of a file, and the weights in it.

    The file is looked for in `folder`; without one in the usual folder, then in torch hub's.

    Args:
        inside: the name under which the published file holds the weights.
    """
    hub = Path(torch.hub.get_dir()) / "checkpoints"
    path = store.find(name, folder) or store.find(name, hub) or store.found(name, folder)
    kept = files.read(path)
    return path, kept.get(inside, kept) if inside else kept


def _filled(network: nn.Module, path: Path, weights: Mapping[str, Tensor], device: str) -> nn.Module:
    """The network with weights that came from `path`, for inference. Buffers may be missing: kornia computes them."""
    parameters = {name for name, _ in network.named_parameters()}
    try:
        missing = parameters.intersection(network.load_state_dict(dict(weights), strict=False).missing_keys)
    except RuntimeError:
        # Weights of other shapes.
        missing = parameters
    if missing:
        raise InbetweenError(f"{path} does not fit {type(network).__name__}", files.AGAIN, "weights_missing")
    return network.to(device).eval().requires_grad_(False)


def _tensor(picture: Picture, like: Grey) -> Tensor:
    """(1, 3, h, w) in 0..1: the picture at the size of its scaled grey one."""
    eight = picture[..., :3] if picture.dtype == np.uint8 else (picture[..., :3] >> 8).astype(np.uint8)
    small = cv2.resize(np.ascontiguousarray(eight), like.shape[::-1], interpolation=cv2.INTER_AREA)
    return torch.from_numpy(small).permute(2, 0, 1)[None].float() / 255
