"""Masks that protect."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from inbetween.errors import InbetweenError
from inbetween.pictures import fit
from support.films import MakeClip, shown
from support.pictures import load, moving, save
from support.slow import slow

SIZE = (72, 96)


def test_a_mask_protects(clip: MakeClip, tmp_path: Path) -> None:
    mask = np.zeros((*SIZE, 3), np.uint8)
    mask[20:50, 30:60] = 255
    path = clip(moving(3, step=2))
    slow(path, tmp_path / "out.mkv", codec="ffv1", factor="4", protect=str(save(tmp_path / "mask.png", mask)))
    found, keys = shown(tmp_path / "out.mkv"), shown(path)
    inside = (slice(20, 50), slice(30, 60))
    assert np.array_equal(found[1][inside], keys[0][inside])
    assert np.array_equal(found[3][inside], keys[1][inside])
    assert not np.array_equal(found[1], keys[0])
    # White that is transparent outside is the same mask.
    clear = np.concatenate([np.full((*SIZE, 3), 255, np.uint8), mask[..., :1]], axis=2)
    slow(path, tmp_path / "clear.mkv", codec="ffv1", factor="4", protect=str(save(tmp_path / "mask.png", clear)))
    assert all(map(np.array_equal, shown(tmp_path / "clear.mkv"), found))
    with pytest.raises(InbetweenError, match="mask"):
        slow(path, tmp_path / "o.mkv", factor="4", protect=str(save(tmp_path / "mask.png", mask[:9])))


def test_a_mask_may_have_another_size_and_pictures_too(tmp_path: Path) -> None:
    (tmp_path / "seq").mkdir()
    for number, picture in enumerate(moving(3, step=2)):
        save(tmp_path / "seq" / f"{number}.png", picture if number != 1 else fit(picture, (50, 50), "stretch"))
    mask = np.zeros((144, 192, 3), np.uint8)
    mask[:, :96] = 255
    words = {"factor": "2", "input_fps": "12", "protect": str(save(tmp_path / "mask.png", mask)), "size": "48x36"}
    with pytest.raises(InbetweenError, match=r"1\.png is 50x50"):
        slow(tmp_path / "seq", tmp_path / "out", **words)
    slow(tmp_path / "seq", tmp_path / "out", fit="stretch", **words)
    found = [load(file) for file in sorted((tmp_path / "out").iterdir())]
    assert len(found) == 6
    assert np.array_equal(found[1][:, :23], found[2][:, :23])
    assert not np.array_equal(found[1], found[2])
