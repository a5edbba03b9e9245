"""Views of a painted scene whose geometry is known."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def line(*ends: float) -> list[list[float]]:
    return [[ends[0], ends[1]], [ends[2], ends[3]]]


Floats = NDArray[np.float64]
Truth = NDArray[np.float64]


def painted(height: int, width: int, seed: int = 0) -> NDArray[np.float32]:
    """(H, W, 3) 0..255: many overlapping polygons of many colours on a rough ground."""
    random = np.random.default_rng(seed)
    rough = cv2.GaussianBlur(random.uniform(-60, 60, (height, width, 3)).astype(np.float32), (0, 0), 1.5)
    canvas = np.full((height, width, 3), 128, np.float32)
    for _ in range(height * width // 1500):
        centre, side = random.uniform(0, 1, 2) * (width, height), random.uniform(8, 60)
        angles = np.sort(random.uniform(0, 2 * np.pi, random.integers(3, 6)))
        corners = centre + side * np.stack([np.cos(angles), np.sin(angles)], axis=1)
        cv2.fillPoly(canvas, [np.rint(corners * 16).astype(np.int32)], random.uniform(0, 255, 3), cv2.LINE_AA, 4)
    return canvas + rough


def about_centre(height: int, width: int, degrees: float, scale: float, shift: tuple[float, float]) -> Truth:
    """(3, 3): turned and scaled about the centre, then shifted."""
    to = np.eye(3)
    to[:2] = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, scale)
    to[:2, 2] += shift
    return to


def warped(picture: NDArray[np.generic], truth: Truth) -> NDArray[np.float32]:
    size = picture.shape[1::-1]
    return cv2.warpPerspective(picture.astype(np.float32), truth, size, flags=cv2.INTER_CUBIC)


def seen(picture: NDArray[np.generic], noise: float = 3.0, seed: int = 1) -> NDArray[np.uint8]:
    rough = np.random.default_rng(seed).normal(0, noise, picture.shape)
    return np.clip(picture + rough + 0.5, 0, 255).astype(np.uint8)


def moved(places: NDArray[np.generic], truth: Truth) -> Floats:
    return cv2.perspectiveTransform(places.astype(np.float64).reshape(-1, 1, 2), truth).reshape(places.shape)


BLACK = np.zeros((96, 160, 3), np.uint8)
