"""Drags, anchors, heatmaps and selections of Framer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goldens.registry import check
from goldens.released import anchors_to_tracks, drags_to_tracks
from inbetween.conditions.heatmaps import heatmaps, template
from inbetween.matching.selection import select

Arrays = Mapping[str, NDArray[np.generic]]
EXACT = {"rtol": 0, "atol": 1e-9}


@check("framer", "drags")
def drags(case: Mapping[str, Any], arrays: Arrays) -> None:
    original, size = (case["original_height"], case["original_width"]), (case["height"], case["width"])
    made = drags_to_tracks(case["drags"], original, size, case["num_frames"])
    assert made.dtype == arrays["tracks"].dtype
    np.testing.assert_allclose(made, arrays["tracks"], **EXACT)


@check("framer", "anchors")
def anchors(case: Mapping[str, Any], arrays: Arrays) -> None:
    for name, timed in (("tracks_with_time", True), ("tracks_without_time", False)):
        made = anchors_to_tracks(arrays["flags"], arrays["anchors"], timed=timed)
        np.testing.assert_allclose(made, arrays[name], **EXACT)


@check("framer", "heatmap")
def heatmap(case: Mapping[str, Any], arrays: Arrays) -> None:
    if "template" in arrays:
        np.testing.assert_array_equal(template(), arrays["template"])
    else:
        made = heatmaps(arrays["tracks"], (case["height"], case["width"]), case["side"])
        np.testing.assert_array_equal(made, arrays["heatmap"])


@check("framer", "selection")
def selection(case: Mapping[str, Any], arrays: Arrays) -> None:
    start = arrays["keypoints1"][arrays["match_query"]]
    end = arrays["keypoints2"][arrays["match_train"][:, 0]]
    chosen = select(
        case["method"],
        start,
        end,
        arrays["match_distance"],
        case["topk"],
        threshold=case["threshold"],
        seed=case["numpy_seed"],
    )
    np.testing.assert_array_equal(np.stack([start[chosen], end[chosen]]), arrays["points"])
    assert case["none"] == (len(chosen) == 0)
