"""The measures."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest

from inbetween.bench import filters, measures
from inbetween.video import ffmpeg
from support.bench import SIZE, frames, theirs
from support.pictures import scene


@pytest.mark.parametrize("size", [(32, 32), (96, 128), (37, 53)])
@pytest.mark.parametrize("how", ["noise", "shift", "blur", "unrelated", "one level"])
def test_psnr_and_ssim_are_those_of_scikit_image(size: tuple[int, int], how: str) -> None:
    true = scene(0, size)
    random = np.random.default_rng(1)
    made = {
        "noise": np.clip(true + random.normal(0, 20, true.shape), 0, 255).astype(np.uint8),
        "shift": scene(0.3, size),
        "blur": cv2.GaussianBlur(true, (0, 0), 2),
        "unrelated": random.integers(0, 256, true.shape, np.uint8),
        "one level": true ^ 1,
    }[how]
    psnr, ssim = theirs([true], [made])
    assert measures.psnr(true, made) == pytest.approx(psnr, abs=1e-6)
    assert measures.ssim(true, made) == pytest.approx(ssim, abs=1e-6)


def test_equal_pictures() -> None:
    true = scene(0, SIZE)
    assert measures.psnr(true, true.copy()) == 100
    assert measures.ssim(true, true.copy()) == pytest.approx(1, abs=1e-12)


def test_repeats() -> None:
    a, b, c = (np.full((2, 2, 3), level, np.uint8) for level in (1, 2, 3))
    # The second one is only the key before; of the third gap one is the key after, its neighbour is not.
    whole = [a, a.copy(), b, c, b.copy(), a, c.copy(), c]
    assert measures.repeats(whole, {0, 2, 4, 7}) == 2
    assert measures.repeats([a, b, b.copy(), c], {0, 3}) == 1


def test_vmaf_is_that_of_two_films(tmp_path: Path) -> None:
    true = frames(7, (98, 131))
    made = [cv2.GaussianBlur(x, (0, 0), 1 + i / 4) if i % 2 else x for i, x in enumerate(true)]
    for name, pictures in (("made", made), ("true", true)):
        (tmp_path / name).write_bytes(b"".join(picture.tobytes() for picture in pictures))
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-video_size", "131x98", "-framerate", "25", "-i"]
    graph = "[0:v]format=yuv420p[a];[1:v]format=yuv420p[b];[a][b]libvmaf=log_fmt=json:log_path=log"
    films = [ffmpeg.executable(), "-v", "error", *raw, "made", *raw, "true", "-lavfi", graph, "-f", "null", "-"]
    subprocess.run(films, cwd=tmp_path, check=True)
    direct = [frame["metrics"]["vmaf"] for frame in json.loads((tmp_path / "log").read_text())["frames"]]
    for threads in (1, 3):
        ours = filters.vmaf(true, made, threads, lambda: None)
        assert ours == pytest.approx(direct, abs=1e-3)
    assert min(ours[::2]) > max(ours[3::2])
