"""DWPose around its two networks, skeletons and the people between two keys."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goldens.registry import check
from goldens.released import all_people, paired, people_between, skeleton_pictures
from goldens.seeded import noise
from inbetween.engines.fcvg.conditions import condition_times
from inbetween.matching.dwpose import Sessions, people, person_boxes, whole_body
from inbetween.matching.skeleton import BODY, FACE, LEFT_HAND, RIGHT_HAND, VISIBLE
from inbetween.types import People

Arrays = Mapping[str, NDArray[Any]]


class Recorded:
    """A session that answers by the case's rule and keeps what it was given."""

    def __init__(self, size: tuple[int, int], answer: Any) -> None:
        self.inputs: list[NDArray[np.float32]] = []
        self.size, self.answer = size, answer

    def get_inputs(self) -> list[SimpleNamespace]:
        return [SimpleNamespace(name="input", shape=[1, 3, *self.size])]

    def get_outputs(self) -> list[SimpleNamespace]:
        return []

    def run(self, output_names: None, input_feed: Mapping[str, Any], /) -> list[NDArray[np.float32]]:
        (given,) = input_feed.values()
        self.inputs.append(given[0])
        made: list[NDArray[np.float32]] = self.answer(len(self.inputs) - 1)
        return made


def detector(case: Mapping[str, Any]) -> Recorded:
    raw = noise(f"{case['name']}.yolox", (1, 8400, 85), case["seed"]) * np.float32(0.3)
    raw[..., 4:] = 1 / (1 + np.exp(-(raw[..., 4:] / 0.3 * 1.2 - case["logit_shift"])))
    return Recorded((640, 640), lambda call: [raw])


def pose(case: Mapping[str, Any]) -> Recorded:
    width, height = case["pose_input_wh"]

    def answer(box: int) -> list[NDArray[np.float32]]:
        peaks = [
            noise(f"{case['name']}.simcc_{axis}.{box}", (1, 133, 2 * side), case["seed"]) * np.float32(0.35)
            for axis, side in (("x", width), ("y", height))
        ]
        peaks[0][0, 5] = -abs(peaks[0][0, 5])
        return peaks

    return Recorded((height, width), answer)


@check("matching", "pose_net")
def pose_net(case: Mapping[str, Any], arrays: Arrays) -> None:
    image, nets = arrays["image"], Sessions(detector(case), pose(case))
    boxes = person_boxes(image, nets.detector)
    np.testing.assert_array_equal(nets.detector.inputs[0][:, ::20, ::20], arrays["det_input_small"])
    np.testing.assert_allclose(boxes, arrays["boxes"].reshape(-1, 4), rtol=0, atol=1e-4)
    looked_at = boxes[:2] if len(boxes) else np.array([[0, 0, image.shape[1], image.shape[0]]])
    joints, scores = whole_body(image, looked_at, nets.pose)
    np.testing.assert_allclose(nets.pose.inputs, arrays["pose_inputs"], rtol=0, atol=1e-5)
    np.testing.assert_allclose(joints, arrays["keypoints133"], rtol=0, atol=1e-4)
    np.testing.assert_array_equal(scores, arrays["scores133"])
    # The same for every box.
    found = all_people(image, Sessions(detector(case), pose(case)))
    assert len(found.joints) == max(1, len(boxes))
    np.testing.assert_allclose(found.joints[:2], arrays["keypoints134"], rtol=0, atol=1e-4)
    np.testing.assert_array_equal(found.scores[:2], arrays["scores134"])
    sure = found.scores[:, BODY].mean(axis=1) >= VISIBLE
    kept = people(image, Sessions(detector(case), pose(case)))
    if len(boxes):
        np.testing.assert_array_equal(kept.joints, found.joints[sure])
    else:
        assert len(kept.joints) == 0


def parts(people: People, size: tuple[int, int]) -> dict[str, NDArray[np.float64]]:
    """As the released code lists them: in 0..1, all left hands before all right ones."""
    at, scores = people.joints / (size[1], size[0]), people.scores
    return {
        "candidate": at[:, BODY].reshape(-1, 2),
        "body_score": scores[:, BODY],
        "faces": at[:, FACE],
        "faces_score": scores[:, FACE],
        "hands": np.concatenate([at[:, LEFT_HAND], at[:, RIGHT_HAND]]),
        "hands_score": np.concatenate([scores[:, LEFT_HAND], scores[:, RIGHT_HAND]]),
    }


@check("matching", "pose_draw")
def pose_draw(case: Mapping[str, Any], arrays: Arrays) -> None:
    size, found = (case["height"], case["width"]), People(arrays["keypoints_px"], arrays["scores"])
    for name, made in parts(found, size).items():
        np.testing.assert_allclose(made, arrays[f"pose_{name}"], rtol=0, atol=1e-12)
    numbers = np.arange(18 * len(found.joints)).reshape(-1, 18)
    visible = found.scores[:, BODY] > VISIBLE
    np.testing.assert_array_equal(np.where(visible, numbers, -1), arrays["pose_subset"])
    made = skeleton_pictures(found, found, (0.0, 1.0), size)
    np.testing.assert_array_equal(made[0], arrays["image"])
    np.testing.assert_array_equal(made[1], arrays["image"])


@check("matching", "pose_interp")
def pose_interp(case: Mapping[str, Any], arrays: Arrays) -> None:
    size = case["height"], case["width"]
    start, end = (People(arrays[f"keypoints_px{i}"], arrays[f"scores{i}"]) for i in (1, 2))
    pairs = paired(start, end, size)
    np.testing.assert_array_equal([j for _, j in pairs], arrays["match"])
    np.testing.assert_array_equal(np.arange(18 * len(pairs)).reshape(-1, 18), arrays["mid_subset"])
    times = condition_times(case["num_frames"] + 2)
    for k, t in enumerate(times[1:-1]):
        for name, made in parts(people_between(start, end, size, t), size).items():
            np.testing.assert_allclose(made, arrays[f"mid_{name}"][k], rtol=0, atol=1e-12)
    made = skeleton_pictures(start, end, times, size)
    np.testing.assert_array_equal(made, arrays["images"])
