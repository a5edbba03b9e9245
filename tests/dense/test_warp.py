"""Pictures read at places between pixels."""

from __future__ import annotations

import cv2
import numpy as np

from inbetween.dense import warp
from support.pictures import psnr, scene


def test_a_doubled_picture_is_read_as_by_the_bicubic_kernel() -> None:
    picture = scene(0)
    where = warp.grid(*picture.shape[:2]) + np.random.default_rng(0).uniform(-0.5, 0.5, (*picture.shape[:2], 2))
    doubled = warp.doubled(picture)
    assert np.array_equal(doubled[::2, ::2, :3], picture)
    read = warp.pull_at(doubled, (2 * where).astype(np.float32))[..., :3]
    assert psnr(read, warp.pull_at(picture, where.astype(np.float32), cv2.INTER_CUBIC)) > 48


def test_reading_outside_is_masked() -> None:
    flow = np.zeros((10, 12, 2), np.float32)
    flow[..., 0] = 3
    inside = warp.inside(flow)
    assert inside[:, :9].all()
    assert not inside[:, 9:].any()
