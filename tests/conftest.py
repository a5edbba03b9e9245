"""Drawn pictures whose in-betweens are known, and the real command."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import hypothesis
import numpy as np
import pytest
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

# No test is of time: a busy machine is no failure.
hypothesis.settings.register_profile("any time", deadline=None)
hypothesis.settings.load_profile("any time")


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


@dataclass(frozen=True)
class Ran:
    """What a command left."""

    code: int
    out: str
    err: str

    @property
    def problem(self) -> tuple[str, str]:
        """The `error:` and the `hint:` line, after a check that there is one of each, last, and no traceback."""
        lines = self.err.splitlines()
        assert "Traceback" not in self.err, self.err
        assert sum(line.startswith("error: ") for line in lines) == 1, self.err
        assert sum(line.startswith("hint: ") for line in lines) == 1, self.err
        assert lines[-2].startswith("error: ")
        assert lines[-1].startswith("hint: ")
        return lines[-2][7:], lines[-1][6:]


Command = Callable[..., Ran]


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """The real command, in an own process, in an empty folder."""

    def run(*words: object, cwd: Path | None = None, env: dict[str, str] | None = None, timeout: float = 300) -> Ran:
        done = subprocess.run(
            [sys.executable, "-m", "inbetween", *map(str, words)],
            cwd=cwd or tmp_path,
            env={**os.environ, **(env or {})},
            capture_output=True,
            text=True,
            timeout=timeout,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    """The same command in this process, where the process is not the point: it has not to import everything anew."""
    from inbetween.cli.main import main

    def run(*words: object, cwd: Path | None = None, env: dict[str, str] | None = None) -> Ran:
        capfd.readouterr()
        handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
        try:
            with monkeypatch.context() as patch:
                patch.chdir(cwd or tmp_path)
                for name, value in (env or {}).items():
                    patch.setenv(name, value)
                with pytest.raises(SystemExit) as end:
                    main([*map(str, words)])
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
        return Ran(int(end.value.code or 0), *capfd.readouterr())

    return run


@pytest.fixture
def keys(tmp_path: Path) -> Sequence[Path]:
    """Three key files of the scene, at t = 0, 1 and 2."""
    return [save(tmp_path / f"key{i}.png", scene(i)) for i in range(3)]
