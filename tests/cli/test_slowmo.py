"""`inbetween slowmo`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from inbetween.video.clip import Clip
from support.commands import Command
from support.films import MakeClip
from support.pictures import moving


def test_the_command(clip: MakeClip, tmp_path: Path, inside: Command) -> None:
    path = clip(moving(4) + moving(4, shot=1))
    ran = inside(
        "slowmo", path.name, "--factor", "2.5", "-o", "out.mp4", "--json", "--record", "--contact-sheet", "s.png"
    )
    assert ran.code == 0, ran.err
    facts = json.loads(ran.out)
    assert (facts["frames"], facts["output"]["count"], facts["engine"]) == (20, 20, "flow")
    assert facts["cuts"] == [pytest.approx(4 / 24, abs=1e-6)]
    assert json.loads((tmp_path / "out.mp4.json").read_text())["fps"] == "24"
    assert (tmp_path / "s.png").exists()
    dry = inside("slowmo", path.name, "-f", "2", "-o", "dry.mp4", "--dry-run")
    assert dry.code == 0, dry.err
    assert "cuts     1, at 0.167 s" in dry.out
    words = ["--size", "47x35", "--fit", "crop", "--preset", "web", "--dry-run"]
    odd = inside("slowmo", path.name, "-f", "2", "-o", "dry.mp4", *words)
    assert "96x72" in odd.out
    assert "film     16 frames, 48x36" in odd.out
    assert not (tmp_path / "dry.mp4").exists()


@pytest.mark.parametrize(
    ("words", "error", "hint"),
    [
        ("", "no clip is named", "inbetween slowmo clip.mp4 --factor 4 -o out.mp4"),
        ("clip.mkv", "nothing is asked of the clip", "say --factor 4"),
        ("clip.mkv -f 2", "no output is named", "-o out.mp4, or -o frames/"),
        ("clip.mkv -f -o o.mp4", "-f has no value", "write it as -f F"),
        ("0.png 1.png -f 2 -o o.mp4", "`1.png` is one clip too many", "in quotes: 'f_*.png'"),
        ("clip.mkv -f 2 -o o.mp4 --codec HEVC", "HEVC is a format", "write --codec libx265"),
        ("clip.mkv -f 2 -o o.mp4 --cuts on", "there is no list of cuts on", "auto or off"),
        ("clip.mkv -f 2 -o o.mp4 --from 2f --to 1f", "from 0.08 s to 0.04 s there is nothing", "--to comes after"),
    ],
)
def test_what_a_beginner_is_told(clip: Clip, command: Command, words: str, error: str, hint: str) -> None:
    clip(moving(3))
    ran = command("slowmo", *words.split())
    assert error in ran.problem[0]
    assert hint in ran.problem[1]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["slowmo", "nowhere.mp4", "-f", "2", "-o", "out.mp4"], 1),
        (["slowmo", "-f", "2", "-o", "out.mp4"], 2),
        (["slowmo", "clip.mkv", "-f", "2"], 2),
        (["slowmo", "clip.mkv", "-o", "out.mp4"], 2),
        (["slowmo", "clip.mkv", "-f", "2", "-o", "out.mp4", "--cuts", "nowhere.txt"], 1),
        (["slowmo", "clip.mkv", "-f", "x", "-o", "out.mp4"], 2),
        (["slowmo", "clip.mkv", "-f", "2", "-o", "out.mp4", "--preview", "1"], 2),
        (["slowmo", "clip.mkv", "-f", "2", "-o", "out.mp4", "--memory", "much"], 2),
        (["slowmo", "clip.mkv", "-f", "2", "-o", "out.mp4", "-e", "fcvg", "--commercial-only"], 2),
        (["slowmo", "clip.mkv", "-f", "2", "-o", "out.mp4", "-e", "fcvg", "--weights", "nowhere"], 1),
    ],
)
def test_the_command_refuses(clip: MakeClip, inside: Command, words: list[str], code: int) -> None:
    clip(moving(2))
    ran = inside(*words)
    assert ran.code == code
    assert all(ran.problem)
