"""The joints of people in OpenPose order, as in DWPose (arXiv 2307.15880) and FCVG."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inbetween.types import People

JOINTS = 134
"""Of the body, the feet, the face and both hands, in this order."""
BODY, FACE = slice(0, 18), slice(24, 92)
LEFT_HAND, RIGHT_HAND = slice(92, 113), slice(113, 134)
"""Where the joints of a part are; the feet lie between body and face."""
VISIBLE = 0.3
"""The score above which a body's joint counts as seen; limbs are drawn from this score on."""

# The positions in OpenPose order that differ from COCO-WholeBody's, and where their joints are in COCO-WholeBody after
# the neck is inserted at 17.
MOVED = [1, 2, 3, 4, 6, 7, 8, 9, 10, 12, 13, 14, 15, 16, 17]
FROM = [17, 6, 8, 10, 7, 9, 12, 14, 16, 13, 15, 2, 1, 4, 3]


def openpose(joints: NDArray[np.float64], scores: NDArray[np.float32] | NDArray[np.float64]) -> People:
    """People with the joints of COCO-WholeBody in OpenPose order.

    The neck is the mean of the shoulders; its score is 1 where both shoulders are visible, otherwise 0.

    Args:
        joints: (P, 133, 2), pixels.
        scores: (P, 133).
    """
    shoulders = slice(5, 7)
    neck = joints[:, shoulders].mean(axis=1)
    sure = (scores[:, shoulders] > VISIBLE).all(axis=1)
    joints = np.insert(joints, 17, neck, axis=1)
    scores = np.insert(scores.astype(np.float64), 17, sure, axis=1)
    joints[:, MOVED], scores[:, MOVED] = joints[:, FROM], scores[:, FROM]
    return People(joints, scores)
