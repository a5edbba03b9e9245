"""The examples: every command of their README works, and their keys are what their script paints."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
FRAMES = {
    "valley.mp4": 25,
    "opening.gif": 20,
    "pond.mp4": 61,
    "goldfish/": 30,
    "goldfish.gif": 30,
    "train.mp4": 25,
}
"""Output of every command of the README, and how many frames it has."""


def _commands() -> dict[str, list[str]]:
    """Words of each `inbetween run` in the README's code blocks, by what follows its -o."""
    blocks = re.findall(r"^```sh\n(.*?)^```", (EXAMPLES / "README.md").read_text("utf-8"), re.M | re.S)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    commands = [shlex.split(line) for line in lines if line.startswith("inbetween run ")]
    return {words[words.index("-o") + 1]: words for words in commands}


def _frames(path: Path) -> int:
    if path.is_dir():
        return len(list(path.glob("*.png")))
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


def test_all_commands_are_known() -> None:
    assert set(_commands()) == set(FRAMES)


@pytest.mark.parametrize("out", FRAMES)
def test_command_makes_its_film(out: str, tmp_path: Path) -> None:
    words = _commands()[out]
    # The folder's slash is what makes it one, and a Path would lose it.
    words[words.index("-o") + 1] = f"{tmp_path}/{out}"
    done = subprocess.run(
        [sys.executable, "-m", *words, "--json"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert _frames(tmp_path / out) == FRAMES[out]
    doubts = [note["doubt"] for note in json.loads(done.stdout)["notes"] if note["code"] == "doubt"]
    assert doubts
    if out == "train.mp4":
        assert max(doubts) > 0.1
        assert "hard to follow" in done.stderr
    else:
        assert max(doubts) < 0.05


def test_loop_keeps_transparency() -> None:
    for key in (EXAMPLES / "goldfish").glob("*.png"):
        alpha = np.array(Image.open(key).convert("RGBA"))[..., 3]
        assert {0, 255} <= set(alpha.flat)


def test_opening_film_plays_again_and_again() -> None:
    with Image.open(EXAMPLES / "opening.gif") as film:
        assert film.info["loop"] == 0
        assert film.n_frames == FRAMES["opening.gif"]
    assert (EXAMPLES / "opening.gif").stat().st_size < 700_000


@pytest.mark.slow
def test_script_paints_the_keys(tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(EXAMPLES / "render.py"), str(tmp_path)], check=True)
    ours = sorted(path.relative_to(EXAMPLES) for path in EXAMPLES.glob("*/*.png"))
    assert ours == sorted(path.relative_to(tmp_path) for path in tmp_path.glob("*/*.png"))
    for name in ours:
        kept, painted = (np.array(Image.open(folder / name).convert("RGBA")) for folder in (EXAMPLES, tmp_path))
        np.testing.assert_array_equal(kept, painted, err_msg=str(name))


def test_examples_stay_small() -> None:
    files = [path for path in EXAMPLES.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert sum(path.stat().st_size for path in files) < 2_000_000
