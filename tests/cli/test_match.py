"""`inbetween match`."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from inbetween.conditions.match_sheet import match_sheet
from inbetween.types import NO_MATCHES
from support.boxes import SIZE
from support.folders import names
from support.pictures import load


def test_matches_are_drawn(call, pair, tmp_path: Path) -> None:
    ran = call("match", *pair, "-o", "m.png")
    assert (ran.code, ran.out) == (0, "m.png\n")
    assert names(tmp_path) == {"a.png", "b.png", "m.png"}
    sheet = load(tmp_path / "m.png")
    assert sheet.dtype == np.uint8
    assert 600 < max(sheet.shape) <= 1600
    ran = call("match", *pair, "-o", "m.png", "--overwrite", "--json")
    facts = json.loads(ran.out)
    assert facts["size"] == [*SIZE]
    assert facts["points"] > 30
    assert facts["lines"] > 10
    assert facts["matcher"] == "sift"
    assert not facts["notes"]


@pytest.mark.parametrize(("size", "upright"), [((90, 160), True), ((160, 90), False), ((100, 100), False)])
def test_the_keys_lie_where_there_is_room(size: tuple[int, int], upright: bool) -> None:
    key = np.zeros((*size, 3), np.uint8)
    sheet = cv2.imdecode(np.frombuffer(match_sheet(key, key, NO_MATCHES), np.uint8), cv2.IMREAD_COLOR)
    assert (sheet.shape[0] > 1.9 * 4 * size[0]) is upright
    assert (sheet.shape[1] > 1.9 * 4 * size[1]) is not upright


@pytest.mark.parametrize("size", [(1, 1), (2, 3000), (3000, 2)])
def test_keys_of_any_shape_are_drawn(size: tuple[int, int]) -> None:
    key = np.full((*size, 4), 200, np.uint16)
    sheet = cv2.imdecode(np.frombuffer(match_sheet(key, key, NO_MATCHES), np.uint8), cv2.IMREAD_COLOR)
    assert max(sheet.shape) <= 1700


def test_a_mark_is_where_its_point_is() -> None:
    key = np.zeros((100, 100, 3), np.uint8)
    places = np.array([[[20, 70]], [[70, 70]]], np.float32)
    found = replace(NO_MATCHES, points_a=places[0], points_b=places[1], point_scores=np.ones(1, np.float32))
    sheet = cv2.imdecode(np.frombuffer(match_sheet(key, key, found), np.uint8), cv2.IMREAD_COLOR)
    # Four times as large, beside each other, below a line of text; 0.5 is the pixel's centre.
    for x in (6 + 20.5 * 4, 12 + 400 + 70.5 * 4):
        assert sheet[round(26 + 70.5 * 4), round(x)].max() == 255
