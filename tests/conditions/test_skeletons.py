"""Skeletons, drawn."""

from __future__ import annotations

import numpy as np
import pytest

from inbetween.conditions.skeletons import draw_people
from inbetween.engines.fcvg.conditions import conditions
from inbetween.matching.people import people_tracks
from inbetween.matching.skeleton import BODY, FACE, LEFT_HAND, RIGHT_HAND
from inbetween.types import Motion, People, Report
from support.crowds import SIZE, STANDING, crowd


def test_what_is_not_seen_is_not_drawn() -> None:
    one = crowd((80, 45, 0.9))
    assert not draw_people(People(one.joints, one.scores * 0), SIZE).any()
    assert not draw_people(crowd(), SIZE).any()
    junk = People(one.joints.copy(), one.scores.copy())
    junk.joints[0, 30:], junk.scores[0, 30:], one.scores[0, 30:] = 40, 0, 0
    assert np.array_equal(draw_people(junk, SIZE), draw_people(one, SIZE))


@pytest.mark.parametrize("part", [BODY, FACE, LEFT_HAND, RIGHT_HAND])
def test_every_part_is_drawn_where_it_is(part: slice) -> None:
    large = (540, 960)
    joints = STANDING[None] * 10 + (480, 270)
    scores = np.zeros((1, 134))
    scores[0, part] = 0.9
    ys, xs = np.nonzero(draw_people(People(joints, scores), large).any(axis=2))
    drawn = np.array([(xs.min(), ys.min()), (xs.max(), ys.max())])
    np.testing.assert_allclose(drawn, [joints[0, part].min(axis=0), joints[0, part].max(axis=0)], atol=3)


def test_joints_outside_are_cut_at_the_rim() -> None:
    for x, y in ((-1e7, 1e7), (1e9, -40), (155, 88)):
        picture = draw_people(crowd((x, y, 0.9), (80, 45, 0.9)), SIZE)
        assert picture.shape == (*SIZE, 3)
        assert picture.any()


def test_people_fade_in_the_pictures() -> None:
    motion = Motion(people_tracks(crowd((80, 45, 0.9)), crowd(), SIZE), SIZE)
    made = conditions(motion, (0.0, 0.25, 0.5, 0.75, 1.0), SIZE, Report())
    brightness = made.reshape(5, -1).sum(axis=1, dtype=np.int64)
    assert np.all(np.diff(brightness) < 0)
    assert brightness[-1] == 0
