"""Drags and motion files through the command."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from support.balls import SIZE, ball, centre
from support.commands import Command
from support.pictures import load, save


@pytest.fixture
def balls(tmp_path: Path) -> list[str]:
    places = ((60, 60), (240, 100), (60, 60))
    return [str(save(tmp_path / f"k{i}.png", ball(x, y))) for i, (x, y) in enumerate(places)]


def test_the_command_follows_drags(inside: Command, tmp_path: Path, balls: list[str]) -> None:
    out = tmp_path / "m.png"
    words = ["-n", "1", "--keyframes", "none", "-o", str(out)]
    assert inside("run", *balls[:2], *words, "--drag", "60,60 240,100").code == 0
    x, y = centre(load(out))
    assert np.hypot(x - 150, y - 80) < 3


def test_percent_sizes_and_gaps(inside: Command, tmp_path: Path, balls: list[str]) -> None:
    """Drags are places of the key as stored, whatever the film's size."""
    drag = "2: 75.2352%,55.8659% 18.8088%,33.5196%"
    words = ["--size", "640x360", "--keyframes", "none", "-n", "1", "-o", f"{tmp_path}/f/"]
    assert inside("run", *balls, *words, "--drag", "1: 60,60 240,100", "--drag", drag).code == 0
    for name in ("00000.png", "00001.png"):
        x, y = centre(cv2.resize(load(tmp_path / "f" / name), SIZE[::-1], interpolation=cv2.INTER_AREA))
        assert np.hypot(x - 150, y - 80) < 3


def test_a_motion_file_is_followed_and_recorded(inside: Command, tmp_path: Path, balls: list[str]) -> None:
    file = tmp_path / "motion.json"
    document = {
        "inbetween-motion": 1,
        "size": {"width": 320, "height": 180},
        "tracks": [{"places": [[60, 60], [240, 100]]}],
    }
    file.write_text(json.dumps(document))
    out = tmp_path / "f"
    ran = inside("run", *balls[:2], "-n", "1", "-o", f"{out}/", "--motion", str(file), "--record")
    assert ran.code == 0
    first = (out / "00001.png").read_bytes()
    x, y = centre(load(out / "00001.png"))
    assert np.hypot(x - 150, y - 80) < 3
    again = inside("run", "--repeat", f"{out}.json", "-o", f"{tmp_path}/again/")
    assert again.code == 0
    assert (tmp_path / "again" / "00001.png").read_bytes() == first
    file.write_text(json.dumps({**document, "tracks": []}))
    changed = inside("run", "--repeat", f"{out}.json", "-o", f"{tmp_path}/other/")
    assert changed.code == 1
    assert "motion.json has changed since the record" in changed.err


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["--drag", ""], 2, "has no points"),
        (["--drag", "1,2 3"], 2, "3"),
        (["--drag", "1,2 nan,3"], 2, "nan"),
        (["--drag", "3: 1,2 3,4"], 2, "for gap 3, but there is only one"),
        (["--motion", "missing.json"], 1, "missing.json"),
        (["--engine", "blend", "--drag", "1,2 3,4"], 2, "follows no motion"),
    ],
)
def test_bad_motion_is_refused(
    inside: Command, tmp_path: Path, balls: list[str], words: list[str], code: int, text: str
) -> None:
    ran = inside("run", *balls[:2], "-o", f"{tmp_path}/x.mp4", *words)
    assert ran.code == code
    assert text in ran.err
    assert "Traceback" not in ran.err
    assert not (tmp_path / "x.mp4").exists()


def test_several_gaps_want_names(inside: Command, tmp_path: Path, balls: list[str]) -> None:
    ran = inside("run", *balls, "-o", f"{tmp_path}/x.mp4", "--drag", "1,2 3,4")
    assert ran.code == 2
    assert "2 gaps" in ran.err
    ran = inside("run", *balls, "-o", f"{tmp_path}/x.mp4", "--motion", "m.json")
    assert ran.code == 2
    assert "two keys" in ran.err
