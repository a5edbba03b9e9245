"""People who stand about."""

from __future__ import annotations

import numpy as np

from inbetween.types import People

SIZE = (90, 160)
STANDING = np.random.default_rng(3).uniform(-15, 15, (134, 2))
"""A body about the origin."""


def crowd(*bodies: tuple[float, float, float]) -> People:
    """People that stand at (x, y) with all scores alike."""
    joints = np.array([np.add(STANDING, (x, y)) for x, y, _ in bodies]).reshape(-1, 134, 2)
    return People(joints, np.array([np.full(134, score) for _, _, score in bodies]).reshape(-1, 134))
