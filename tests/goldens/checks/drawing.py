"""Crop, palette, line interpolation and drawing of FCVG's condition pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goldens.registry import check
from inbetween.conditions.drawing import overlaid
from inbetween.conditions.palette import line_colours, palette
from inbetween.engines.fcvg.conditions import condition_times, conditions, network_input
from inbetween.engines.fcvg.crop import crop_box, cropped
from inbetween.matching.line_ends import paired_ends
from inbetween.matching.superpoint import luma
from inbetween.motion.search import motion_of
from inbetween.motion.tracks import places_at
from inbetween.types import Matches, Motion, Report

Arrays = Mapping[str, NDArray[Any]]


def lines_only(a: NDArray[np.float32], b: NDArray[np.float32], size: tuple[int, int] = (100, 100)) -> Motion:
    none = np.zeros((0, 2), np.float32)
    matches = Matches(none, none, none[:, 0], a, paired_ends(a, b), np.ones(len(a), np.float32))
    return motion_of(matches, size)


@check("matching", "crop_resize")
def crop_resize(case: Mapping[str, Any], arrays: Arrays) -> None:
    image, target = arrays["image"], (case["size_wh"][1], case["size_wh"][0])
    np.testing.assert_array_equal(crop_box(image.shape[:2], target), arrays["box_ltrb"])
    out = cropped(image, target)
    np.testing.assert_array_equal(out, arrays["out"])
    np.testing.assert_array_equal(luma(out), arrays["grey"])
    np.testing.assert_array_equal(luma(out)[None] / np.float32(255), arrays["grey_tensor"])


@check("matching", "palette")
def colours(case: Mapping[str, Any], arrays: Arrays) -> None:
    for count in case["counts"]:
        np.testing.assert_allclose(palette(count), arrays[f"float_{count}"], rtol=0, atol=1e-12)
        np.testing.assert_array_equal((palette(count) * 255).astype(int), arrays[f"int_{count}"])
        for seed in case["seeds"]:
            np.testing.assert_array_equal(line_colours(count, seed), arrays[f"shuffled_{count}_{seed}"])


@check("matching", "interpolate_lines")
def interpolate_lines(case: Mapping[str, Any], arrays: Arrays) -> None:
    tracks = lines_only(arrays["p0"], arrays["p1"]).tracks
    made = np.array([places_at(track, arrays["fracs"]) for track in tracks], np.float32).reshape(
        -1, case["frames"], 2, 2
    )
    np.testing.assert_array_equal(made.swapaxes(0, 1), arrays["out"])


@check("matching", "draw_lines")
def draw_lines(case: Mapping[str, Any], arrays: Arrays) -> None:
    partner = arrays["line_matches0"]
    a, b = arrays["lines0"][partner != -1], arrays["lines1"][partner[partner != -1]]
    np.testing.assert_array_equal(line_colours(len(a), case["numpy_seed"]), arrays["colors"])
    size = case["height"], case["width"]
    made = conditions(
        lines_only(a, b, size),
        condition_times(case["interp_frames"] + 2),
        size,
        Report(),
        seed=case["numpy_seed"],
        thickness=case["line_width"],
    )
    np.testing.assert_array_equal(made, arrays["images"])


@check("matching", "fusion")
def fusion(case: Mapping[str, Any], arrays: Arrays) -> None:
    fused = overlaid(arrays["lines"], arrays["poses"])
    np.testing.assert_array_equal(fused, arrays["fused"])
    np.testing.assert_allclose(network_input(fused), arrays["tensor"], rtol=0, atol=1e-6)
