"""People drawn as OpenPose skeletons (DWPose, arXiv 2307.15880).

The drawing is that of FCVG's released code, with which its networks were trained: drawn large, then reduced.
"""

from __future__ import annotations

import colorsys
import math

import cv2
import numpy as np
from numpy.typing import NDArray

from inbetween.conditions.drawing import Canvas, whole_pixels
from inbetween.matching.skeleton import BODY, FACE, LEFT_HAND, RIGHT_HAND, VISIBLE
from inbetween.types import People

LIMBS = (
    *((1, 2), (1, 5), (2, 3), (3, 4), (5, 6), (6, 7), (1, 8), (8, 9), (9, 10), (1, 11), (11, 12), (12, 13)),
    *((1, 0), (0, 14), (14, 16), (0, 15), (15, 17)),
)
"""Pairs of body joints, in OpenPose order, that a limb joins; their colours are the first of `BODY_COLOURS`."""
FINGER_BONES = tuple(
    (0 if joint == first else joint - 1, joint) for first in range(1, 21, 4) for joint in range(first, first + 4)
)
"""Pairs of joints of a hand that a bone joins: 0 is the wrist, each finger has four."""
BODY_COLOURS = np.array(
    [
        *((0, 0, 255), (0, 85, 255), (0, 170, 255), (0, 255, 255), (0, 255, 170), (0, 255, 85)),
        *((0, 255, 0), (85, 255, 0), (170, 255, 0), (255, 255, 0), (255, 170, 0), (255, 85, 0)),
        *((255, 0, 0), (255, 0, 85), (255, 0, 170), (255, 0, 255), (170, 0, 255), (85, 0, 255)),
    ],
    np.float64,
)
"""(18, 3) RGB: OpenPose's colours with red and blue exchanged, as are all colours here."""
BONE_COLOURS = np.array([colorsys.hsv_to_rgb(i / len(FINGER_BONES), 1, 1)[::-1] for i in range(len(FINGER_BONES))])

LARGE_SIDE = 2160
"""The shorter side, in pixels, of the picture that is drawn and then reduced."""
DIMMED = (np.arange(256) * 0.6).astype(np.uint8)
"""A table of levels: what the limbs become before the joints are drawn over them."""


def draw_people(people: People, size: tuple[int, int], shown: NDArray[np.bool_] | None = None) -> Canvas:
    """The skeletons on a black picture, brighter the higher their scores: (H, W, 3).

    Limbs are drawn where the scores of both ends reach `VISIBLE`. The bodies of all people come first, then hands, then
    faces.

    Args:
        size: (H, W) of the picture, in whose pixels the joints are.
        shown: (P, 134), which joints are drawn at all; by default those with a score above 0.
    """
    height, width = size
    large = LARGE_SIDE / min(size)
    canvas = np.zeros((int(height * large), int(width * large), 3), np.uint8)
    # The division comes first: where a joint lies on the border of two pixels, the order of the operations decides.
    at = people.joints / (width, height) * (canvas.shape[1], canvas.shape[0])
    scores = people.scores
    if shown is None:
        shown = scores > 0
    _draw_limbs(canvas, at[:, BODY], scores[:, BODY])
    cv2.LUT(canvas, DIMMED, canvas)
    spots = whole_pixels(at).tolist()
    for joint, colour in enumerate(BODY_COLOURS):
        for person in np.flatnonzero(shown[:, joint]):
            cv2.circle(canvas, spots[person][joint], 4, _integers(colour * scores[person, joint]), -1)
    for hand in (LEFT_HAND, RIGHT_HAND):
        for spot, score, there in zip(spots, scores[:, hand], shown[:, hand], strict=True):
            _draw_hand(canvas, spot[hand], score, there)
    for spot, score, there in zip(spots, scores[:, FACE], shown[:, FACE], strict=True):
        for place, brightness, drawn in zip(spot[FACE], score, there, strict=True):
            if drawn and min(place) > 0:
                cv2.circle(canvas, place, 3, _integers(np.full(3, 255 * brightness)), -1)
    return np.asarray(cv2.resize(canvas, (width, height)), np.uint8)


def _draw_limbs(canvas: Canvas, at: NDArray[np.float64], scores: NDArray[np.float64]) -> None:
    """Draw ellipses between the joints (P, 18, 2) of bodies."""
    for (a, b), colour in zip(LIMBS, BODY_COLOURS, strict=False):
        for joints, sure in zip(at, scores, strict=True):
            if min(sure[a], sure[b]) < VISIBLE:
                continue
            ends = joints[[a, b]]
            across, down = ends[0] - ends[1]
            half = int(math.hypot(across, down) / 2)
            centre = whole_pixels(ends.mean(axis=0)).tolist()
            outline = cv2.ellipse2Poly(centre, (half, 8), int(math.degrees(math.atan2(down, across))), 0, 360, 1)
            cv2.fillConvexPoly(canvas, np.array(outline), _integers(colour * (sure[a] * sure[b])))


def _draw_hand(canvas: Canvas, spots: list[list[int]], scores: NDArray[np.float64], shown: NDArray[np.bool_]) -> None:
    for (a, b), colour in zip(FINGER_BONES, BONE_COLOURS, strict=True):
        if shown[a] and shown[b] and min(*spots[a], *spots[b]) > 0:
            brightness = int(255 * scores[a] * scores[b])
            cv2.line(canvas, spots[a], spots[b], (colour * brightness).tolist(), 4)
    for spot, score, drawn in zip(spots, scores, shown, strict=True):
        if drawn and min(spot) > 0:
            cv2.circle(canvas, spot, 4, (int(255 * score), 0, 0), -1)


def _integers(colour: NDArray[np.float64]) -> list[int]:
    whole_colour: list[int] = colour.astype(np.int64).tolist()
    return whole_colour
