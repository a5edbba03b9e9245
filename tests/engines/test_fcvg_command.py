"""FCVG through the command."""

from __future__ import annotations

import json
import resource
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from inbetween import produce
from inbetween.diffusion import svd
from inbetween.system import available_memory
from support import tiny_svd
from support.commands import Command, Ran
from support.fcvg import levels_apart
from support.pictures import load


def run(command: Command, store: Path, keys: Sequence[Path], *words: object) -> Ran:
    return command("run", *keys[:2], "--engine", "fcvg", "--threads", 1, *words, env={"INBETWEEN_WEIGHTS": str(store)})


def test_the_command_makes_a_film(command: Command, store: Path, keys: Sequence[Path], tmp_path: Path) -> None:
    words = ("-n", 2, "-o", "frames/", "--set", "steps=2", "--set", "size=128x128", "--json", "--preview", 1)
    ran = run(command, store, keys, *words)
    assert ran.code == 0, ran.err
    facts = json.loads(ran.out)
    notes = {note["code"]: note for note in facts["notes"]}
    assert facts["frames"] == 4
    assert (notes["evaluations"]["unet"], notes["evaluations"]["controlnext"]) == (8, 2)
    assert "works at 128x128" in notes["working-size"]["text"]
    assert notes["replaced"]["tensors"] == len(svd.unet_shapes(tiny_svd.TINY["unet"]))
    assert 0 < notes["ends"]["start"] < 60
    frames = [load(tmp_path / "frames" / f"{k:05d}.png") for k in range(4)]
    np.testing.assert_array_equal(frames[0], load(keys[0]))
    np.testing.assert_array_equal(frames[3], load(keys[1]))
    assert levels_apart([frames[1]], [frames[2]]) > 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["frames", "key0.png", "key1.png", "key2.png"]


@pytest.mark.slow
def test_slow_motion_by_networks(command: Command, store: Path, keys: Sequence[Path], tmp_path: Path) -> None:
    words = (
        "-f",
        2,
        "--input-fps",
        12,
        "--end",
        "key",
        "--engine",
        "fcvg",
        "--set",
        "steps=1",
        "--set",
        "size=128x128",
    )
    where = ("--threads", 1, "--weights", store, "--memory", "low", "--preview", 1)
    ran = command("slowmo", "key%d.png", *words, *where, "--from", "1f", "-o", "frames/", "--json")
    assert ran.code == 0, ran.err
    facts = json.loads(ran.out)
    assert facts["frames"] == 3
    assert [one["name"] for one in facts["weights"]] == ["svd-xt-1.1", "fcvg"]
    assert {note["code"] for note in facts["notes"]} >= {"evaluations", "working-size"}
    frames = [load(path) for path in sorted((tmp_path / "frames").iterdir())]
    np.testing.assert_array_equal(frames[0], load(keys[1]))
    assert levels_apart([frames[0]], [frames[1]]) > 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["frames", "key0.png", "key1.png", "key2.png"]


@pytest.mark.slow
def test_networks_of_full_size(command: Command, keys: Sequence[Path], tmp_path: Path) -> None:
    free = available_memory()
    if (free is not None and free < 12e9) or shutil.disk_usage(tmp_path).free < 12e9:
        pytest.skip("needs 12 GB of memory and of disk")
    weights = tiny_svd.fill(tmp_path / "weights", tiny_svd.FULL)
    words = ("-n", 4, "-o", "out.mp4", "--set", "steps=2", "--set", "size=384x256", "--json")
    ran = command(
        *("run", *keys[:2], "--engine", "fcvg", *words), env={"INBETWEEN_WEIGHTS": str(weights)}, timeout=3000
    )
    assert ran.code == 0, ran.err
    notes = {note["code"]: note for note in json.loads(ran.out)["notes"]}
    assert (notes["evaluations"]["unet"], notes["replaced"]["tensors"]) == (8, 1428)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    assert peak < 10e9
    assert peak < 1.2 * notes["work"]["bytes"]


def test_without_weights_the_command_says_how_to_get_them(
    inside: Command, keys: Sequence[Path], tmp_path: Path
) -> None:
    ran = run(inside, tmp_path / "none", keys, "-o", "out.mp4")
    assert ran.code == 1
    message, hint = ran.problem
    assert "Stable Video Diffusion XT 1.1" in message
    assert "FCVG" in message
    assert "licence" in message
    assert "unknown" in message
    assert "inbetween models pull svd-xt-1.1" in hint
    assert "inbetween models install fcvg" in hint


@pytest.mark.parametrize("way", ["option", "environment"])
def test_only_commercial_use(inside: Command, store: Path, keys: Sequence[Path], way: str) -> None:
    words = ["--commercial-only"] if way == "option" else []
    env = {"INBETWEEN_WEIGHTS": str(store)} | ({} if words else {"INBETWEEN_COMMERCIAL_ONLY": "1"})
    ran = inside("run", *keys[:2], "--engine", "fcvg", "-o", "out.mp4", *words, env=env)
    assert ran.code == 2
    assert "commercial use" in ran.problem[0]
    ran = inside("run", *keys[:2], "--engine", "flow", "-n", 1, "-o", "out.mp4", *words, env=env)
    assert ran.code == 0, ran.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--set", "size=100x100"), "cannot work at 100x100"),
        (("--set", "frames=26"), "26 frames at once"),
        (("--set", "steps=0"), "`steps` must be from 1 to 200"),
        (("--device", "tpu"), "tpu"),
        (("--memory", "some"), "some"),
        (("--max-vram", "lots"), "lots"),
        (("--drag", "1,2 3,4"), "follows no drags"),
    ],
)
def test_words_that_make_no_sense(
    inside: Command, store: Path, keys: Sequence[Path], words: tuple[str, ...], said: str
) -> None:
    ran = run(inside, store, keys, "-o", "out.mp4", *words)
    assert ran.code == 2
    assert said in ran.problem[0]


def test_a_device_that_is_not_there(inside: Command, store: Path, keys: Sequence[Path]) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is one")
    ran = run(inside, store, keys, "-o", "out.mp4", "--device", "cuda")
    assert ran.code == 1
    assert "no device `cuda`" in ran.problem[0]


def test_the_memory_of_networks_is_left_to_their_own_plan(
    inside: Command, store: Path, keys: Sequence[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the work only a film, and an engine without networks, are counted."""
    monkeypatch.setattr(produce, "available_memory", lambda: 144 * 192 * (produce.BYTES_PER_PIXEL - 1))
    for engine, out, code in (("flow", "o.mp4", 1), ("fcvg", "o.mp4", 0), ("flow", "frames/", 0)):
        words = ("--engine", engine, "-o", out, "--dry-run", "--weights", store)
        ran = inside("run", *keys[:2], *words)
        assert ran.code == code, ran.err
        assert code == 0 or "needs about" in ran.problem[0]
