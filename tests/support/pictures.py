"""Drawn pictures whose in-betweens are known, and their files."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]


def texture(height: int, width: int, seed: int, scale: float = 4.0) -> NDArray[np.float32]:
    """(H, W, 3) smooth noise in 0..255."""
    noise = np.random.default_rng(seed).uniform(0, 255, (height, width, 3)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), scale)
    low, high = smooth.min(), smooth.max()
    return (smooth - low) * np.float32(255 / (high - low))


def scene(t: float, size: tuple[int, int] = (144, 192), seed: int = 0) -> Picture:
    """A textured disc that has gone `12 t` pixels to the right and `4 t` down, over a background that stands."""
    height, width = size
    back, front = texture(height, width, seed), 255 - 0.6 * texture(height, width, seed + 1)
    disc = np.zeros((height, width), np.uint8)
    cv2.circle(disc, (width // 3, height // 2), min(size) // 4, 255, -1, cv2.LINE_AA)
    shift = np.float32([[1, 0, 12 * t], [0, 1, 4 * t]])
    moved = [
        cv2.warpAffine(x, shift, (width, height), flags=cv2.INTER_CUBIC)
        for x in (front.astype(np.float32), disc.astype(np.float32) / 255)
    ]
    alpha = np.clip(moved[1], 0, 1)[..., None]
    return np.clip(back * (1 - alpha) + moved[0] * alpha + 0.5, 0, 255).astype(np.uint8)


def save(path: Path, picture: NDArray[np.generic]) -> Path:
    """RGB(A) to a PNG, whatever its name."""
    code = cv2.COLOR_RGBA2BGRA if picture.shape[2] == 4 else cv2.COLOR_RGB2BGR
    path.write_bytes(cv2.imencode(".png", cv2.cvtColor(picture, code))[1].tobytes())
    return path


def load(path: Path) -> NDArray[np.generic]:
    """RGB(A) from a PNG or TIFF, bit for bit."""
    picture = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGRA2RGBA if picture.shape[2] == 4 else cv2.COLOR_BGR2RGB))


def psnr(a: NDArray[np.generic], b: NDArray[np.generic]) -> float:
    """In dB, of 8-bit pictures."""
    error = float(np.mean((a.astype(np.float64) - b) ** 2))
    return 100.0 if error == 0 else 10 * np.log10(255**2 / error)


def moving(
    count: int, shot: int = 0, start: float = 0.0, step: float = 0.25, size: tuple[int, int] = (72, 96)
) -> list[Picture]:
    """The scene at `count` times from `start` on; another `shot` has other textures."""
    return [scene(start + step * number, size, 10 * shot) for number in range(count)]


def noise(height: int, width: int, channels: int = 3, dtype: type = np.uint8, seed: int = 0) -> NDArray[np.generic]:
    """(H, W, C) of every value that there is."""
    top = int(np.iinfo(dtype).max)
    return np.random.default_rng(seed).integers(0, top + 1, (height, width, channels), dtype=dtype)


def sixteen(picture: NDArray[np.generic]) -> NDArray[np.uint16]:
    """An 8-bit picture at 16 bits."""
    return picture.astype(np.uint16) * 257


def with_alpha(picture: NDArray[np.generic], alpha: int = 255) -> NDArray[np.generic]:
    """RGB to RGBA of one alpha."""
    return np.dstack([picture, np.full(picture.shape[:2], alpha, np.uint8)])
