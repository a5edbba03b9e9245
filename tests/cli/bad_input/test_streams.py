"""Streams that are closed, full or gone."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from support.commands import INBETWEEN, LINUX, STAYS, Command, run
from support.pictures import save, scene


@STAYS
def test_stdout_carries_nothing_but_data(command: Command, tmp_path: Path) -> None:
    save(tmp_path / "half.png", scene(1, (72, 96)))
    save(tmp_path / "white.png", np.full((144, 192, 3), 255, np.uint8))
    words = ("run", "key0.png", "half.png", "white.png", "-n", 2, "--fit", "crop", "-v", "-o", "x.mp4")
    ran = command(*words)
    assert (ran.code, ran.out) == (0, "x.mp4\n")
    assert ran.err.count("note: ") > 2
    ran = command(*words, "--json", "--overwrite", "--progress", "json")
    assert json.loads(ran.out)["output"]["path"] == "x.mp4"
    assert ran.out.count("\n") == 1
    assert all(json.loads(line)["event"] in ("note", "progress") for line in ran.err.splitlines())


@STAYS
@pytest.mark.parametrize("words", [["--help"], ["run", "--help"], ["engines"], ["run", "key0.png", "key1.png", "-n1"]])
def test_a_reader_that_has_gone(tmp_path: Path, words: list[str]) -> None:
    """As `| head -0` goes."""
    reads, writes = os.pipe()
    os.close(reads)
    more = ["-o", "x.mp4", "-q"] if "key0.png" in words else []
    ran = run([*INBETWEEN, *words, *more], tmp_path, stdout=writes)
    os.close(writes)
    assert ran.code == 1
    assert ran.err == ""
    assert (tmp_path / "x.mp4").is_file() is bool(more)


@STAYS
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_streams_that_cannot_be_written(tmp_path: Path) -> None:
    words = [*INBETWEEN, "run", "key0.png", "key1.png", "-n", 1, "-o", "x.mp4", "--overwrite"]
    with open("/dev/full", "wb") as full:
        ran = run(words, tmp_path, stdout=full)
        assert ran.code == 1
        assert ran.problem[0] == "the answer cannot be written to stdout: No space left on device"
        assert run([*words, "--progress", "json"], tmp_path, stderr=full).code == 0
        assert run([*words, "--fps", "x"], tmp_path, stderr=full).code == 2


@STAYS
def test_streams_that_are_closed(tmp_path: Path) -> None:
    for numbers, fps, code in ((">&-", 25, 0), ("2>&-", 25, 0), ("<&- >&- 2>&-", 25, 0), ("2>&-", "x", 2)):
        words = f"run key0.png key1.png -n 1 -o x.mp4 --fps {fps} {numbers}"
        ran = run(["sh", "-c", f"{' '.join(INBETWEEN)} {words}"], tmp_path)
        assert ran.code == code
        assert "Traceback" not in ran.err
        assert (tmp_path / "x.mp4").exists() is (code == 0)
        (tmp_path / "x.mp4").unlink(missing_ok=True)


@STAYS
def test_stderr_that_nobody_reads_any_more(tmp_path: Path) -> None:
    reads, writes = os.pipe()
    os.close(reads)
    words = [*INBETWEEN, "run", "key0.png", "key1.png", "-n", 1, "-o", "x.mp4", "--progress", "json"]
    ran = run(words, tmp_path, stderr=writes)
    os.close(writes)
    assert (ran.code, ran.out) == (0, "x.mp4\n")


@LINUX
def test_a_terminal_that_is_closed(tmp_path: Path) -> None:
    save(tmp_path / "a.png", scene(0, (48, 64)))
    words = [*INBETWEEN, "run", "a.png", "a.png", "-n", "1500", "-o", "x.mp4"]
    ours, its = os.openpty()
    # It blocks while nobody reads, so that it cannot have ended when the terminal goes.
    with subprocess.Popen(words, cwd=tmp_path, stderr=its, stdout=subprocess.PIPE) as process:
        os.close(its)
        while b"frames" not in os.read(ours, 1000):
            pass
        os.close(ours)
        assert process.communicate(timeout=60)[0] == b"x.mp4\n"
    assert process.returncode == 0
