"""Points in all parts of a picture."""

from __future__ import annotations

import cv2
import numpy as np

from inbetween.matching import points
from support.views import painted, seen


def test_no_part_of_the_picture_has_all_points() -> None:
    """A half that is rough and one that is calm: the calm one keeps its points."""
    picture = painted(256, 512, 10)
    picture[:, 256:] = 128 + 0.15 * (picture[:, 256:] - 128)
    image = cv2.cvtColor(seen(picture, 0), cv2.COLOR_RGB2GRAY)
    there = points.detected(image, 0.01)
    found = points.described(image, there, 0.01, 200)
    assert len(found.places) == 200
    assert np.mean(found.places[:, 0] > 256) > 3 * np.mean([point.pt[0] > 256 for point in there])
