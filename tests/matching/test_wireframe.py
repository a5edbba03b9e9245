"""Junctions and lines."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from inbetween.matching import superpoint
from inbetween.matching.wireframe import at_common_scale, distinct_lines, segments, selected, wireframe
from support.views import line


def test_points_keep_off_each_other_and_the_border() -> None:
    scores = torch.rand(64, 96, generator=torch.Generator().manual_seed(0))
    places, found = superpoint.points(scores, None)
    assert len(places) > 20
    apart = torch.cdist(places, places, p=torch.inf).fill_diagonal_(torch.inf)
    assert apart.min() > superpoint.RADIUS
    assert places.min() >= 4
    assert (places < torch.tensor([92.0, 60.0])).all()
    assert torch.equal(found, scores[places[:, 1].long(), places[:, 0].long()])
    best, most = superpoint.points(scores, 7)
    assert torch.equal(most, found.sort(descending=True).values[:7])
    assert torch.equal(scores[best[:, 1].long(), best[:, 0].long()], most)


def test_ends_that_lie_together_are_one_junction() -> None:
    # Ends at x = 0, 3 and 6 make a chain; 9.1 is farther than 3 from the last.
    lines = np.float32([line(0, 0, 0, 50), line(3, 0, 40, 50), line(6, 0, 80, 50), line(9.1, 0, 9.1, 50)])
    places, scores = np.float32([[0, 46.1], [0, 45.9], [60, 20]]), np.float32([0.5, 0.6, 0.7])
    frame = wireframe(lines, np.float32([4, 2, 2, 1]), places, scores)
    assert frame.ends.tolist() == [[0, 1], [0, 2], [0, 3], [4, 5]]
    np.testing.assert_allclose(frame.places[0], [3, 0])
    np.testing.assert_allclose(frame.scores[0], (1 + 0.5 + 0.5) / 3)
    np.testing.assert_allclose(frame.places[6:], places[1:])
    np.testing.assert_allclose(frame.lines[3], lines[3])


def test_lines_that_became_the_same_are_one() -> None:
    lines = np.float32([line(0, 0, 50, 0), line(50, 1, 1, 0), line(20, 20, 22, 20), line(0, 0, 30, 30)])
    empty = np.zeros((0, 2), np.float32), np.zeros(0, np.float32)
    everything = wireframe(lines, np.float32([4, 3, 2, 1]), *empty)
    assert everything.ends.tolist() == [[0, 1], [1, 0], [2, 2], [0, 3]]
    frame = distinct_lines(everything)
    assert frame.ends.tolist() == [[0, 1], [0, 3]]
    assert frame.line_scores.tolist() == [1, 0.25]


def test_a_wireframe_of_nothing() -> None:
    none = np.zeros((0, 2, 2), np.float32), np.zeros(0, np.float32)
    places, scores = np.float32([[5, 5]]), np.float32([0.3])
    frame = wireframe(*none, places, scores)
    np.testing.assert_array_equal(frame.places, places)
    assert frame.lines.shape == (0, 2, 2)
    assert wireframe(*none, places[:0], scores[:0]).places.shape == (0, 2)


@pytest.mark.parametrize("scale", [0.5, 0.8, 1.0])
def test_lines_lie_where_the_edges_are(scale: float) -> None:
    picture = np.full((120, 160), 60, np.float32)
    # The edge is between the columns 49 and 50, so at 49.5.
    picture[:, 50:] = 200
    grey = np.clip(picture + np.random.default_rng(0).normal(0, 1, picture.shape), 0, 255).astype(np.uint8)
    lines, scores = selected(segments(grey, scale))
    assert len(lines) == 1
    np.testing.assert_allclose(lines[0, :, 0], 49.5, atol=0.25)
    assert scores[0] > 1


def test_lines_are_looked_for_at_one_scale_in_both() -> None:
    tried = []

    def detect(scale: float) -> list[np.ndarray]:
        tried.append(scale)
        return [np.zeros((count, 5), np.float32) for count in (10, int(scale * 10))]

    assert len(at_common_scale(detect, 5)[1]) == 5
    assert tried == [0.3, 0.4, 0.5]
    assert len(at_common_scale(detect, 11)[1]) == 10


def test_short_lines_go_and_the_best_stay() -> None:
    raw = np.float32([[0, 0, 14, 0, 0.125], [0, 0, 20, 0, 0.125], [0, 0, 30, 0, 0.0625], [0, 0, 100, 0, 0.125]])
    lines, scores = selected(raw, most=2)
    assert lines[:, 1, 0].tolist() == [100, 20]
    np.testing.assert_allclose(scores, [1.25, 0.125 * 20**0.5], rtol=1e-6)
