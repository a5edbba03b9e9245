"""DWPose through ONNX Runtime: people and their 134 joints in a picture (arXiv 2307.15880).

Two networks: YOLOX (arXiv 2107.08430) finds people, RTMPose (arXiv 2303.07399) the 133 points of COCO-WholeBody in each
person's box, by two classifications, over x and over y (SimCC). ONNX Runtime is an extra and is imported on use. The
constants are those of DWPose's code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from inbetween.errors import InbetweenError
from inbetween.matching.skeleton import BODY, JOINTS, VISIBLE, openpose
from inbetween.pictures import like
from inbetween.types import People, Picture, Report

DETECTOR_SIDE = 640
"""The sides, in pixels, of the square that YOLOX sees."""
STRIDES = 8, 16, 32
"""Pixels between the cells of its three grids."""
PAD_GREY = 114
"""The grey beside a picture that is not square."""
PERSON_SCORE, PERSON_OVERLAP = 0.3, 0.45
"""The score above which a person counts, and the overlap (intersection over union) above which two are one."""

BOX_MARGIN = 1.25
"""By how much a person's box is enlarged before RTMPose sees it."""
MEAN, DEVIATION = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
"""Mean and standard deviation of ImageNet's pixels, red, green, blue."""
BINS_PER_PIXEL = 2
"""Classes of RTMPose per pixel of its input."""

Boxes = NDArray[np.float64]
"""(N, 4): left, top, right, bottom in pixels, surest first; a box may reach out of the picture."""


class Node(Protocol):
    """What is used of an input of a network in ONNX Runtime."""

    @property
    def name(self) -> str: ...

    @property
    def shape(self) -> Sequence[int]: ...


class Session(Protocol):
    """What is used of onnxruntime.InferenceSession."""

    def get_inputs(self) -> Sequence[Node]: ...

    def get_outputs(self) -> Sequence[object]: ...

    def run(
        self, output_names: None, input_feed: Mapping[str, NDArray[np.float32]], /
    ) -> Sequence[NDArray[np.float32]]: ...


@dataclass(frozen=True)
class Sessions:
    """Both networks, loaded."""

    detector: Session
    pose: Session


def load_sessions(detector: Path, pose: Path, threads: int = 1) -> Sessions:
    """Load both networks on the CPU.

    Args:
        detector, pose: the ONNX files (published as yolox_l.onnx and dw-ll_ucoco_384.onnx).
        threads: for each of them.

    Raises:
        InbetweenError: ONNX Runtime is not installed, or a file is missing, broken, or holds another network.
    """
    try:
        import onnxruntime
    except ImportError:
        raise InbetweenError("poses need ONNX Runtime", 'pip install "inbetween[pose]"', "weights_missing") from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    loaded: list[Session] = []
    for path, what, outputs in ((detector, "person detector", 1), (pose, "pose network", 2)):
        if not path.is_file():
            raise InbetweenError(f"{path} is not there", f"give the ONNX file of DWPose's {what}", "weights_missing")
        try:
            session = onnxruntime.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])
        except Exception as broken:  # ONNX Runtime's own exceptions have no public base.
            raise InbetweenError(
                f"{path} cannot be loaded as an ONNX file", "fetch it again", "weights_missing"
            ) from broken
        sides = session.get_inputs()[0].shape[2:]
        if len(session.get_outputs()) != outputs or [type(side) for side in sides] != [int, int]:
            raise InbetweenError(
                f"{path} is not DWPose's {what}", "give the detector first, then the pose network", "weights_missing"
            )
        loaded.append(session)
    return Sessions(*loaded)


def people_of_both(
    start: Picture, end: Picture, files: tuple[Path | None, Path | None], report: Report, threads: int = 1
) -> tuple[People, People] | None:
    """The people of two keys; None, with the note `no-poses`, where the networks cannot be had.

    Args:
        files: of the detector and the pose network; None for one that was not found.
    """
    try:
        if files[0] is None or files[1] is None:
            raise InbetweenError(
                "DWPose's weights are not installed", "without them only lines are drawn", "weights_missing"
            )
        sessions = load_sessions(files[0], files[1], threads)
    except InbetweenError as missing:
        report.note("no-poses", f"no poses: {missing.message}; {missing.hint}")
        return None
    return people(start, sessions), people(end, sessions)


def people(picture: Picture, sessions: Sessions) -> People:
    """Everybody in a picture, surest first; there may be nobody.

    Joints with a score of at most `VISIBLE` get the score 0, and their places mean nothing. People whose body scores
    are below `VISIBLE` on average are left out.

    Args:
        picture: (H, W, 3 or 4), uint8 or uint16.
    """
    boxes = person_boxes(picture, sessions.detector)
    found = openpose(*whole_body(picture, boxes, sessions.pose))
    there = found.scores[:, BODY].mean(axis=1) >= VISIBLE
    scores = np.where(found.scores > VISIBLE, found.scores, 0)
    return People(found.joints[there], scores[there])


def person_boxes(picture: Picture, detector: Session) -> Boxes:
    """The people that YOLOX finds, with scores above `PERSON_SCORE`; of overlapping ones the surest."""
    rgb = like(picture, 3, np.uint8)
    height, width = rgb.shape[:2]
    scale = min(DETECTOR_SIDE / height, DETECTOR_SIDE / width)
    inner = max(1, int(width * scale)), max(1, int(height * scale))
    canvas = np.full((DETECTOR_SIDE, DETECTOR_SIDE, 3), PAD_GREY, np.uint8)
    canvas[: inner[1], : inner[0]] = cv2.resize(rgb, inner, interpolation=cv2.INTER_LINEAR)
    name = detector.get_inputs()[0].name
    raw = np.asarray(detector.run(None, {name: canvas.transpose(2, 0, 1)[None].astype(np.float32)})[0][0])
    scores = raw[:, 4] * raw[:, 5]
    likely = scores > PERSON_SCORE
    grid, stride = (array[likely] for array in _cells())
    centres = ((raw[likely, :2] + grid) * stride).astype(np.float32)
    halves = (np.exp(raw[likely, 2:4]) * stride).astype(np.float32) / 2
    boxes = np.concatenate([centres - halves, centres + halves], axis=1) / np.float32(scale)
    return np.asarray(boxes[_surest(boxes, scores[likely])], np.float64)


def whole_body(picture: Picture, boxes: Boxes, pose: Session) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """The 133 points of COCO-WholeBody in each of N boxes: (N, 133, 2) pixels and (N, 133) scores.

    A score is the smaller one of the two peaks, over x and over y. It is mostly in 0..1, but not bound to that.
    """
    rgb = like(picture, 3, np.uint8)
    entry = pose.get_inputs()[0]
    height, width = entry.shape[2:]
    joints, scores = np.empty((len(boxes), JOINTS - 1, 2)), np.empty((len(boxes), JOINTS - 1), np.float32)
    for i, box in enumerate(boxes):
        centre, extent = _window(box, width / height)
        seen = cv2.warpAffine(rgb, _affine(centre, extent[0], width, height), (width, height), flags=cv2.INTER_LINEAR)
        normal = ((seen - np.array(MEAN)) / DEVIATION).transpose(2, 0, 1)[None].astype(np.float32)
        across, down = (np.asarray(peaks)[0] for peaks in pose.run(None, {entry.name: normal}))
        scores[i] = np.minimum(across.max(axis=1), down.max(axis=1))
        bins = np.stack([across.argmax(axis=1), down.argmax(axis=1)], axis=1).astype(np.float32)
        bins[scores[i] <= 0] = -1
        joints[i] = bins / BINS_PER_PIXEL / np.array([width, height]) * extent + centre - extent / 2
    return joints, scores


def _cells() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The cells that YOLOX's rows stand for: (8400, 2) places in their grid, x and y, and (8400, 1) strides in
    pixels."""
    grids, strides = [], []
    for stride in STRIDES:
        side = DETECTOR_SIDE // stride
        grids.append(np.stack(np.meshgrid(np.arange(side), np.arange(side)), axis=2).reshape(-1, 2))
        strides.append(np.full((side * side, 1), stride))
    return np.concatenate(grids), np.concatenate(strides)


def _surest(boxes: NDArray[np.floating], scores: NDArray[np.floating]) -> list[int]:
    """Greedy non-maximum suppression: the indices of the boxes that are kept, by descending score.

    Both edge pixels of a box count as inside.
    """
    areas = np.prod(boxes[:, 2:] - boxes[:, :2] + 1, axis=1)
    order = np.argsort(-scores, kind="stable")
    kept = []
    while len(order):
        best, order = int(order[0]), order[1:]
        kept.append(best)
        low, high = np.maximum(boxes[best, :2], boxes[order, :2]), np.minimum(boxes[best, 2:], boxes[order, 2:])
        shared = np.prod(np.maximum(high - low + 1, 0), axis=1)
        order = order[shared / (areas[best] + areas[order] - shared) <= PERSON_OVERLAP]
    return kept


def _window(box: NDArray[np.float64], ratio: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Centre and (width, height) of the box with its margin, enlarged until width / height = ratio."""
    width, height = (box[2:] - box[:2]) * BOX_MARGIN
    extent = (width, width / ratio) if width > height * ratio else (height * ratio, height)
    return (box[:2] + box[2:]) / 2, np.array(extent)


def _affine(centre: NDArray[np.float64], extent: float, width: int, height: int) -> NDArray[np.float64]:
    """(2, 3): the map from the window of width `extent` around `centre` to a picture of width x height pixels.

    It is computed from three points in float32, as in OpenMMLab's code, because that rounding shows in the pixels.
    """
    corners = np.array([[0, 0], [0, -0.5], [-0.5, -0.5]])
    begin = (centre + corners * extent).astype(np.float32)
    begin[2] = begin[1] + (begin[1, 1] - begin[0, 1], 0)
    to = np.array([width / 2, height / 2]) + corners * width
    return np.asarray(cv2.getAffineTransform(begin, to.astype(np.float32)), np.float64)
