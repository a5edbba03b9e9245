"""Scores."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from inbetween.bench.request import BenchRequest, plan
from inbetween.bench.score import bench
from support.bench import SIZE, frames, row, scored, theirs
from support.commands import Command
from support.films import film, folder_of
from support.pictures import load, save
from support.reports import Heard


def test_numbers_of_the_command(inside: Command, tmp_path: Path) -> None:
    """On a folder and a video: as scikit-image has them, of frames made by hand and by `run`."""
    one, other = frames(), frames(8, (120, 90), seed=5)
    folder_of(tmp_path / "one", one)
    film(tmp_path / "other.mkv", other)
    facts = scored(inside, "one", "other.mkv", "--gaps", "3,1", "--engine", "flow,blend", "--threads", 2)
    assert [r["method"] for r in facts["means"][:5]] == ["flow", "blend", "hold", "crossfade", "minterpolate"]
    for clip, pictures, gap in (("one", one, 1), ("one", one, 3), ("other", other, 1), ("other", other, 3)):
        keys = pictures[:: gap + 1]
        hidden = [i for i in range((len(keys) - 1) * (gap + 1)) if i % (gap + 1)]
        out = tmp_path / f"{clip}{gap}"
        paths = [save(tmp_path / f"{clip}{gap}_{i}.png", key) for i, key in enumerate(keys)]
        assert inside("run", *paths, "-n", gap, "-o", out).code == 0
        made = {
            "flow": [load(out / f"{i:05d}.png") for i in hidden],
            "hold": [keys[i // (gap + 1)] for i in hidden],
            "crossfade": [
                cv2.addWeighted(keys[i // (gap + 1)], 1 - t, keys[i // (gap + 1) + 1], t, 0)
                for i in hidden
                for t in [i % (gap + 1) / (gap + 1)]
            ],
        }
        for method, ours in made.items():
            found = row(facts, method, gap, clip)
            psnr, ssim = theirs([pictures[i] for i in hidden], ours)
            assert found["psnr"] == pytest.approx(psnr, abs=1e-6)
            assert found["ssim"] == pytest.approx(ssim, abs=1e-6)
            assert found["frames"] == len(hidden)
            assert found["dup"] == (len(hidden) if method == "hold" else 0)
            assert 0 <= found["vmaf"] <= 100
    for gap in (1, 3):
        mean = row(facts, "flow", gap)
        both = [row(facts, "flow", gap, clip) for clip in ("one", "other")]
        for name in ("psnr", "ssim", "vmaf", "seconds", "processor_seconds"):
            assert mean[name] == pytest.approx((both[0][name] + both[1][name]) / 2)
        assert mean["frames"] == both[0]["frames"] + both[1]["frames"]
        assert mean["clips"] == 2
        assert row(facts, "minterpolate", gap)["processor_seconds"] > 0
        assert mean["psnr"] > row(facts, "crossfade", gap)["psnr"]


def test_options_go_to_the_engines_that_have_them(inside: Command, tmp_path: Path) -> None:
    folder_of(tmp_path / "clip", frames(5))
    plain = ["clip", "--gaps", "3", "--no-vmaf", "--against", "none", "--engine", "flow,blend"]
    facts = scored(inside, *plain)
    other = scored(inside, *plain, "--set", "light=coded", "--set", "acceleration=false")
    assert facts["engines"]["blend"]["light"] == "linear"
    assert other["engines"]["blend"]["light"] == "coded"
    assert other["engines"]["flow"]["acceleration"] is False
    assert row(facts, "blend", 3)["psnr"] != row(other, "blend", 3)["psnr"]
    assert {r["method"] for r in facts["rows"]} == {"flow", "blend"}
    assert {r["vmaf"] for r in facts["rows"]} == {None}


def test_what_engines_say_is_said_once_with_its_place(tmp_path: Path) -> None:
    """And a cut within a clip is cross-faded, as in a film."""
    random = np.random.default_rng(1)
    folder_of(tmp_path / "cut", [*frames(3), *random.integers(0, 256, (2, *SIZE, 3), np.uint8)])
    heard = Heard()
    request = BenchRequest(
        clips=(str(tmp_path / "cut"),), engine="flow,blend", against="none", gaps="1", vmaf=False, threads=1
    )
    result = bench(plan(request), heard)
    text = "cut, gap 1: keys 2 and 3 have nothing to do with each other: cross-faded"
    assert [(note.code, note.text) for note in heard.notes] == [("unrelated", text)]
    assert [r.frames for r in result.rows] == [2, 2]


def test_progress_names_what_is_at_work(tmp_path: Path) -> None:
    """First the engines, each for a frame that is not counted; then the clip, up to all frames of all methods."""
    folder_of(tmp_path / "one", frames(5))
    heard = Heard()
    request = BenchRequest(
        clips=(str(tmp_path / "one"),), engine="flow,blend", against="hold", gaps="1,3", vmaf=False, threads=1
    )
    bench(plan(request), heard)
    stages = list(dict.fromkeys(stage for stage, _, _ in heard.steps))
    assert stages == ["opening clips", "reading one", "warming up flow", "warming up blend", "one (1/1)"]
    assert {(done, total) for stage, done, total in heard.steps if stage.startswith("warming")} == {(0, 0)}
    counts = [(done, total) for stage, done, total in heard.steps if stage == "one (1/1)"]
    assert counts == sorted(counts)
    assert counts[-1] == (15, 15)
