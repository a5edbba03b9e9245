"""What `bench` is asked for: where its engines work, as `run` says it."""

from __future__ import annotations

from pathlib import Path

import pytest

from inbetween.bench.request import BenchRequest, plan
from inbetween.types import Settings
from support.bench import frames
from support.commands import Command
from support.films import folder_of


def test_where_the_work_is_done() -> None:
    request = BenchRequest(clips=("a.mp4",), engine="flow,blend", threads=2, weights="w", memory="low", max_vram="8GB")
    for making in plan(request).engines.values():
        assert making.settings == Settings("cpu", 2, Path("w"), "low", 8 * 10**9)


@pytest.mark.parametrize(
    ("words", "error", "hint"),
    [
        ("-e fcvg --weights nowhere", "nowhere", "inbetween models"),
        ("--device cuda", "the engine `flow` runs on the cpu only", "--device"),
        ("--memory lots", "there is no --memory called `lots`", "known: auto, low, high"),
        ("--max-vram much", "--max-vram `much`", "--max-vram 8GB"),
    ],
)
def test_options_that_run_has_too(inside: Command, tmp_path: Path, words: str, error: str, hint: str) -> None:
    folder_of(tmp_path / "clip", frames(3))
    ran = inside("bench", "clip", "--no-vmaf", "--gaps", 1, *words.split())
    assert error in ran.problem[0]
    assert hint in ran.problem[1]


def test_options_that_suit(inside: Command, tmp_path: Path) -> None:
    folder_of(tmp_path / "clip", frames(3))
    words = "--no-vmaf --gaps 1 --against none -e blend --weights w --device cpu --memory high --max-vram 1GB"
    assert inside("bench", "clip", *words.split()).code == 0
