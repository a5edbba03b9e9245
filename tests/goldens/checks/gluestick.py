"""SuperPoint, wireframes and GlueStick against what the authors' code gave."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from goldens.registry import check
from goldens.released import observed
from goldens.seeded import fill
from inbetween.matching.gluestick import Assignment, GlueStick, Nodes
from inbetween.matching.superpoint import SuperPoint, points, sampled
from inbetween.matching.wireframe import at_common_scale, normalised, selected

Case = Mapping[str, Any]
Arrays = Mapping[str, NDArray[Any]]
NEIGHBOURS = 1e-6
"""Two scores that are no farther from each other may come in either order."""

# The recordings were made with AVX2. Wider instructions round a convolution so differently that scores move by 1.2e-6,
# and those of float64 are as far away. Both are read when the first convolution runs.
os.environ.setdefault("ONEDNN_MAX_CPU_ISA", "AVX2")
os.environ.setdefault("ATEN_CPU_CAPABILITY", "avx2")


@contextmanager
def as_recorded() -> Iterator[None]:
    """On two threads, for how a sum is shared out decides how it is rounded, and with no gradients."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with torch.inference_mode():
            yield
    finally:
        torch.set_num_threads(before)


def near(ours: Any, theirs: NDArray[Any], tolerance: float) -> None:
    np.testing.assert_allclose(np.asarray(ours), theirs, rtol=0, atol=tolerance)


def lively(module: Any, seed: int, prefix: str, scales: Sequence[tuple[str, float]]) -> Any:
    """The module filled, scaled as the case says, and put to work."""
    fill(module, seed, prefix)
    for suffix, factor in scales:
        for name, tensor in module.state_dict().items():
            if name.endswith(suffix) and tensor.is_floating_point():
                tensor.mul_(factor)
    return module.eval()


def most(case: Case) -> int | None:
    return case["max_num_keypoints"] if case["max_num_keypoints"] > 0 else None


def same_points(ours: NDArray[Any], theirs: NDArray[Any], scores: NDArray[Any]) -> list[int]:
    """For each of their points its row in ours; only neighbours in a descending order may have changed places."""
    rows = {tuple(place): i for i, place in enumerate(ours.tolist())}
    assert len(ours) == len(theirs)
    order = [rows[tuple(place)] for place in theirs.tolist()]
    for i, row in enumerate(order):
        assert i == row or abs(scores[i] - scores[row]) <= NEIGHBOURS, f"point {i} is at {row}"
    return order


@check("matching", "superpoint")
def superpoint(case: Case, arrays: Arrays) -> None:
    network = lively(SuperPoint(), case["seed"], case["prefix"], case["after_fill_scale"])
    image = torch.from_numpy(arrays["grey"]).float()[None, None] / 255
    with as_recorded():
        dense, descriptors = network(image)
        places, scores = points(dense[0], most(case))
        order = same_points(places.numpy(), arrays["keypoints"], scores.numpy())
        near(scores[order], arrays["keypoint_scores"], 1e-6)
        near(sampled(descriptors[0], places)[:, order], arrays["descriptors"], 1e-5)
    if "dense_score" in arrays:
        near(dense[0], arrays["dense_score"], 1e-6)
    if "all_descriptors" in arrays:
        near(descriptors[0, :, ::2, ::2], arrays["all_descriptors"], 1e-5)


@check("matching", "lsd_select")
def lsd_select(case: Case, arrays: Arrays) -> None:
    counts, tried = iter(case["counts"]), []

    def detect(scale: float) -> list[NDArray[np.float32]]:
        tried.append(scale)
        return [arrays["raw"] if scale == case["scale_used"] else np.zeros((next(counts), 5), np.float32)]

    raw = at_common_scale(detect, case["max_n_lines"])[0]
    assert tried == case["scales_tried"]
    lines, scores = selected(raw, case["max_n_lines"], case["min_length"])
    np.testing.assert_array_equal(lines, arrays["lines"])
    near(scores, arrays["scores"], 1e-6)
    near(normalised(scores), arrays["scores_normalised"], 1e-6)


@check("matching", "wireframe")
def wireframe(case: Case, arrays: Arrays) -> None:
    network = lively(SuperPoint(), case["seed"], case["prefix"], case["after_fill_scale"])
    ours = observed(network, arrays["grey"], arrays["in_lines"], arrays["in_line_scores"], most(case))
    ends = ours.ends.numpy()
    np.testing.assert_array_equal(ends, arrays["lines_junc_idx"])
    junctions = int(arrays["num_junctions"])
    assert junctions == ends.max(initial=-1) + 1
    near(ours.places[:junctions], arrays["keypoints"][:junctions], 1e-4)
    rest = same_points(
        ours.places[junctions:].numpy(), arrays["keypoints"][junctions:], ours.scores[junctions:].numpy()
    )
    order = [*range(junctions), *(junctions + i for i in rest)]
    near(ours.places[ours.ends], arrays["lines"], 1e-4)
    near(ours.scores[order], arrays["keypoint_scores"], 1e-5)
    near(ours.line_scores, arrays["line_scores"], 1e-5)
    near(ours.descriptors[:, order], arrays["descriptors"], 1e-5)
    joined = np.eye(len(order), dtype=bool)
    joined[ends[:, 0], ends[:, 1]] = joined[ends[:, 1], ends[:, 0]] = True
    np.testing.assert_array_equal(np.packbits(joined), arrays["pl_associativity"])


def nodes(arrays: Arrays, side: int, size: tuple[int, int]) -> Nodes:
    names = "keypoints", "keypoint_scores", "descriptors", "lines_junc_idx", "line_scores"
    return Nodes(*(torch.from_numpy(arrays[f"{name}{side}"]) for name in names), size)


def same_assignment(ours: Assignment, arrays: Arrays, kind: str) -> None:
    for side in (0, 1):
        np.testing.assert_array_equal(ours.partners[side], arrays[f"out_{kind}matches{side}"])
        near(ours.scores[side], arrays[f"out_{kind}match_scores{side}"], 1e-4)
    theirs = arrays[f"out_{kind}log_assignment"]
    # Where one side is empty, theirs has no bins.
    near(ours.log if 0 not in ours.similarity.shape else ours.similarity, theirs, 2e-3)


@check("matching", "gluestick")
def gluestick(case: Case, arrays: Arrays) -> None:
    network = lively(GlueStick(case["gnn_layers"]), case["seed"], "gs.", case["after_fill_scale"])
    width, height = case["image_size_wh"]
    with torch.inference_mode():
        of_points, of_lines = network(*(nodes(arrays, side, (height, width)) for side in (0, 1)))
    same_assignment(of_points, arrays, "")
    same_assignment(of_lines, arrays, "line_")
    near(of_lines.similarity, arrays["out_raw_line_scores"], 2e-3)


@check("matching", "two_view")
def two_view(case: Case, arrays: Arrays) -> None:
    seed, prefixes = case["seed"], case["prefixes"]
    eye = lively(SuperPoint(), seed, prefixes[0], case["after_fill_scale_sp"])
    matcher = lively(GlueStick(), seed, prefixes[1], case["after_fill_scale_gs"])
    sides = [
        observed(eye, arrays[f"grey{i}"], arrays[f"in_lines{i}"], arrays[f"in_line_scores{i}"], most(case))
        for i in (0, 1)
    ]
    with torch.inference_mode():
        of_points, of_lines = matcher(*sides)
    for name, ours in (("", of_points), ("line_", of_lines)):
        np.testing.assert_array_equal(ours.partners[0], arrays[f"{name}matches0"])
        near(ours.scores[0], arrays[f"{name}match_scores0"], 1e-3)
    partner = of_lines.partners[0]
    lines = [side.places[side.ends] for side in sides]
    for i in (0, 1):
        near(lines[i], arrays[f"lines{i}"], 1e-4)
    near(lines[0][partner >= 0], arrays["matched_lines0"], 1e-4)
    near(lines[1][partner[partner >= 0]], arrays["matched_lines1"], 1e-4)
