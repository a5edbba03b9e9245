"""The joints of people in OpenPose order, as DWPose (arXiv 2307.15880) and FCVG have them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inbetween.types import People

JOINTS = 134
BODY, FACE = slice(0, 18), slice(24, 92)
LEFT_HAND, RIGHT_HAND = slice(92, 113), slice(113, 134)
VISIBLE = 0.3
"""The score above which a joint of a body counts as seen; limbs are drawn from there."""

# The places in OpenPose order that do not keep what COCO-WholeBody has there, and where theirs is, once the neck
# stands at 17.
MOVED = [1, 2, 3, 4, 6, 7, 8, 9, 10, 12, 13, 14, 15, 16, 17]
FROM = [17, 6, 8, 10, 7, 9, 12, 14, 16, 13, 15, 2, 1, 4, 3]


def openpose(joints: NDArray[np.float64], scores: NDArray[np.float32] | NDArray[np.float64]) -> People:
    """COCO-WholeBody people, (P, 133, 2) and (P, 133), in OpenPose order.

    The neck is the mean of the shoulders; its score is 1 where both shoulders are visible, otherwise 0.
    """
    shoulders = slice(5, 7)
    neck = joints[:, shoulders].mean(axis=1)
    sure = (scores[:, shoulders] > VISIBLE).all(axis=1)
    joints = np.insert(joints, 17, neck, axis=1)
    scores = np.insert(scores.astype(np.float64), 17, sure, axis=1)
    joints[:, MOVED], scores[:, MOVED] = joints[:, FROM], scores[:, FROM]
    return People(joints, scores)
