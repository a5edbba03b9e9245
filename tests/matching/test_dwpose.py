"""DWPose around its two networks."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbetween.errors import InbetweenError
from inbetween.matching.dwpose import Sessions, load_sessions, people, people_of_both, person_boxes, whole_body
from inbetween.matching.skeleton import BODY, openpose
from support.crowds import SIZE
from support.reports import Heard
from support.tiny_pose import tiny_networks

BLACK = np.zeros((*SIZE, 3), np.uint8)


class Fake:
    """A session that gives fixed outputs, or those of a function of its input, and keeps what it was asked."""

    def __init__(self, shape: Sequence[int], *outputs: Any) -> None:
        self.asked: list[dict[str, np.ndarray]] = []
        self.shape, self.outputs = shape, outputs

    def get_inputs(self) -> list[SimpleNamespace]:
        return [SimpleNamespace(name="pixels", shape=self.shape)]

    def get_outputs(self) -> list[SimpleNamespace]:
        return []

    def run(self, output_names: None, input_feed: dict[str, np.ndarray], /) -> list[np.ndarray]:
        assert output_names is None
        self.asked.append(input_feed)
        return [output.copy() for output in self.outputs]


def detector(*found: tuple[tuple[float, float, float, float], float, float], picture: tuple[int, int] = SIZE) -> Fake:
    """YOLOX that answers with (box in the picture, objectness, share of the class person); the rest is a dog."""
    raw = np.zeros((1, 8400, 85), np.float32)
    scale = min(640 / picture[0], 640 / picture[1])
    for row, ((left, top, right, bottom), score, share) in enumerate(found):
        # Row r of the finest grid is the cell (r % 80, r // 80), 8 pixels wide.
        middle = np.array([left + right, top + bottom]) / 2 * scale / 8
        raw[0, row, :2] = middle - (row % 80, row // 80)
        raw[0, row, 2:4] = np.log(np.array([right - left, bottom - top]) * scale / 8)
        raw[0, row, 4], raw[0, row, 5], raw[0, row, 21] = score, share, 1 - share
    return Fake((1, 3, 640, 640), raw)


def pose(score: float = 0.9, bins: tuple[int, int] = (36, 48), body: float | None = None) -> Fake:
    """RTMPose of 36 x 48 pixels that sees all joints in one bin; the first 17 with the score `body`."""
    across, down = np.zeros((1, 133, 72), np.float32), np.zeros((1, 133, 96), np.float32)
    across[0, :, bins[0]], down[0, :, bins[1]] = score, score + 0.05
    if body is not None:
        across[0, :17, bins[0]] = body
    return Fake((1, 3, 48, 36), across, down)


# ------------------------------------------------------------------ the detector


@pytest.mark.parametrize("picture", [(90, 160), (480, 640), (1500, 700), (640, 640)])
def test_boxes_come_back_in_pixels_of_the_picture(picture: tuple[int, int]) -> None:
    box = (0.1 * picture[1], 0.2 * picture[0], 0.6 * picture[1], 1.1 * picture[0])
    net = detector((box, 0.9, 0.9), picture=picture)
    found = person_boxes(np.full((*picture, 3), 200, np.uint8), net)
    np.testing.assert_allclose(found, [box], rtol=1e-4)
    (seen,) = (asked["pixels"] for asked in net.asked)
    assert seen.shape == (1, 3, 640, 640)
    assert seen.dtype == np.float32
    height, width = (int(side * min(640 / picture[0], 640 / picture[1])) for side in picture)
    assert np.all(seen[..., :height, :width] == 200)
    assert np.all(seen[..., height:, :] == 114)
    assert np.all(seen[..., width:] == 114)


def test_of_overlapping_boxes_the_surest_stays_and_only_people_count() -> None:
    net = detector(
        ((10, 10, 40, 70), 0.7, 0.9),
        ((11, 10, 41, 71), 0.9, 0.9),
        ((90, 10, 120, 70), 0.8, 0.9),
        ((50, 10, 80, 70), 0.9, 0.2),
        ((130, 10, 150, 70), 0.31, 0.9),
    )
    np.testing.assert_allclose(person_boxes(BLACK, net), [(11, 10, 41, 71), (90, 10, 120, 70)], rtol=1e-4)


def test_boxes_that_touch_are_two_people() -> None:
    boxes = [(10.0, 10.0, 40.0, 70.0), (25.0, 10.0, 55.0, 70.0)]
    found = person_boxes(BLACK, detector(*((box, 0.9, 0.9) for box in boxes)))
    np.testing.assert_allclose(sorted(found.tolist()), boxes, rtol=1e-4)


# ------------------------------------------------------------------ the joints


@given(
    st.tuples(st.floats(-50, 100), st.floats(-50, 60)),
    st.tuples(st.floats(4, 200), st.floats(4, 200)),
    st.tuples(st.integers(0, 71), st.integers(0, 95)),
)
def test_joints_come_back_in_pixels(
    corner: tuple[float, float], sides: tuple[float, float], bins: tuple[int, int]
) -> None:
    """The middle bin is the middle of the box; a bin is half a pixel of the enlarged box, which has the net's ratio."""
    box = np.array([[*corner, corner[0] + sides[0], corner[1] + sides[1]]])
    joints, scores = whole_body(BLACK, box, pose(bins=bins))
    extent = 1.25 * max(sides[0], sides[1] * 36 / 48)
    middle = np.add(corner, np.divide(sides, 2))
    np.testing.assert_allclose(joints[0, 0], middle + (np.array(bins) - (36, 48)) * extent / 72, atol=1e-4)
    assert np.all(joints == joints[0, 0])
    assert np.all(scores == np.float32(0.9))


def test_a_network_is_asked_once_a_box_with_normalised_pixels() -> None:
    net = pose()
    boxes = np.array([[0.0, 0, 160, 90], [40, 20, 60, 50]])
    whole_body(np.full((*SIZE, 3), (255, 0, 116), np.uint8), boxes, net)
    assert [asked["pixels"].shape for asked in net.asked] == [(1, 3, 48, 36)] * 2
    assert {asked["pixels"].dtype for asked in net.asked} == {np.dtype(np.float32)}
    # The second box lies within the picture with all its margin.
    np.testing.assert_allclose(net.asked[1]["pixels"][0, :, 24, 18], [2.2489, -2.0357, 0.2179], atol=1e-3)


def test_openpose_order() -> None:
    """Named joints of COCO-WholeBody end up where OpenPose has them."""
    joints = np.stack([np.arange(133.0), np.zeros(133)], axis=1)[None]
    scores = np.full((1, 133), 0.5)
    scores[0, 6] = 0.2
    found = openpose(joints, scores)
    order = found.joints[0, :, 0]
    nose, neck = 0, 5.5
    shoulders_elbows_wrists = [6, 8, 10, 5, 7, 9]
    hips_knees_ankles = [12, 14, 16, 11, 13, 15]
    eyes_ears = [2, 1, 4, 3]
    assert order[BODY].tolist() == [nose, neck, *shoulders_elbows_wrists, *hips_knees_ankles, *eyes_ears]
    assert order[18:].tolist() == list(range(17, 133))
    assert found.scores[0, [0, 1, 2, 5]].tolist() == [0.5, 0, 0.2, 0.5]
    assert openpose(joints, np.full((1, 133), 0.5)).scores[0, 1] == 1


# ------------------------------------------------------------------ a picture's people


def test_nobody_is_an_empty_answer() -> None:
    nets = Sessions(detector(), pose())
    found = people(BLACK, nets)
    assert found.joints.shape == (0, 134, 2)
    assert found.scores.shape == (0, 134)
    assert not nets.pose.asked


def test_weak_joints_and_weak_people_are_dropped() -> None:
    box = ((40.0, 20.0, 60.0, 50.0), 0.9, 0.9)
    weak_hands = people(BLACK, Sessions(detector(box), pose(score=0.25, body=0.25)))
    assert len(weak_hands.joints) == 0
    strong = pose(score=0.2)
    strong.outputs[0][0, :17], strong.outputs[1][0, :17] = 0.8, 0.8
    found = people(BLACK, Sessions(detector(box), strong))
    assert np.all(found.scores[0, BODY] > 0.3)
    assert not found.scores[0, 18:].any()


@pytest.mark.parametrize(
    "change", [lambda p: p.astype(np.uint16) * 257, lambda p: np.dstack([p, p[..., :1] * 0 + 255])]
)
def test_any_kind_of_picture(change: Callable[[np.ndarray], np.ndarray]) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (*SIZE, 3), np.uint8)
    box = ((40.0, 20.0, 60.0, 50.0), 0.9, 0.9)
    seen = []
    for kind in (picture, change(picture)):
        nets = Sessions(detector(box), pose())
        people(kind, nets)
        seen.append((nets.detector.asked[0]["pixels"], nets.pose.asked[0]["pixels"]))
    for a, b in zip(*seen, strict=True):
        assert np.array_equal(a, b)


# ------------------------------------------------------------------ real sessions


def spot(x: int, y: int, size: tuple[int, int] = (640, 640)) -> np.ndarray:
    picture = np.zeros((*size, 3), np.uint8)
    picture[y - 1 : y + 2, x - 1 : x + 2] = 255
    return picture


def test_networks_from_files_find_who_is_there(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    nets = load_sessions(*tiny_networks(tmp_path))
    found = people(spot(327, 312), nets)
    assert found.joints.shape == (1, 134, 2)
    np.testing.assert_allclose(found.joints[0], np.full((134, 2), (327, 312)), atol=1)
    assert np.all(found.scores > 0.3)
    assert len(people(np.zeros((640, 640, 3), np.uint8), nets).joints) == 0


def test_people_of_both_keys(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    report = Heard()
    both = people_of_both(spot(320, 320), BLACK, tiny_networks(tmp_path), report)
    assert both is not None
    assert [len(found.joints) for found in both] == [1, 0]
    assert not report.notes


def test_without_weights_or_extra_there_are_no_poses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report = Heard()
    files = tiny_networks(tmp_path)
    assert people_of_both(BLACK, BLACK, (None, files[1]), report) is None
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert people_of_both(BLACK, BLACK, files, report) is None
    with pytest.raises(InbetweenError, match="ONNX Runtime") as caught:
        load_sessions(*files)
    assert "inbetween[pose]" in caught.value.hint
    assert report.codes == ["no-poses"] * 2
    assert "weights" in report.notes[0].text
    assert "inbetween[pose]" in report.notes[1].text


def test_wrong_files_are_named(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    finder, pointer = tiny_networks(tmp_path)
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"<html>not found</html>")
    for files, wrong in (
        ((tmp_path / "nowhere.onnx", pointer), "nowhere.onnx"),
        ((finder, broken), "broken.onnx"),
        ((pointer, finder), "pose.onnx"),
    ):
        with pytest.raises(InbetweenError, match=wrong) as caught:
            load_sessions(*files)
        assert "\n" not in caught.value.message + caught.value.hint
