"""Words of a hundred thousand characters and deep nesting are answered quickly, whatever the option."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from support.commands import Command
from support.pictures import save, scene

LONGEST = 60.0
"""Seconds after which a command hangs; each takes well below one."""
WORDS = [
    "x" * 100_000,
    "(" * 5_000,
    "[" * 5_000 + "]" * 5_000,
    "1," * 20_000,
    "9" * 5_000,
    "{name}" * 2_000,
    "%d" * 5_000,
]
OPTIONS = [
    "-n",
    "--fps",
    "--duration",
    "--at",
    "--easing",
    "--size",
    "--fit",
    "--drag",
    "--motion",
    "--engine",
    "--set",
    "--seed",
    "--device",
    "--threads",
    "--weights",
    "--memory",
    "--max-vram",
    "--preset",
    "--codec",
    "--encoder",
    "--start-number",
    "--keyframes",
    "--if-unrelated",
    "--contact-sheet",
    "--preview",
    "--repeat",
    "--log",
    "--progress",
    "-o",
]


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="has no timer")
@pytest.mark.parametrize("option", OPTIONS)
def test_long_words(inside: Command, tmp_path: Path, option: str) -> None:
    keys = [save(tmp_path / f"{number}.png", scene(number, (16, 16))).name for number in range(2)]

    def late(*_: object) -> None:
        pytest.fail(f"{option} hangs")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, LONGEST)
    try:
        for word in WORDS:
            ran = inside("run", *keys, *(["-o", "o.mp4"] if option != "-o" else []), "--dry-run", option, word)
            # An engine without weights does not look for them.
            assert ran.code in ((0,) if option == "--weights" else (1, 2)), (word[:9], ran)
            assert option == "--weights" or ran.problem
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
