"""`-o -`: a film for a pipe."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import av
import numpy as np
import pytest

from support.commands import INBETWEEN, Command, run
from support.pictures import psnr, save, scene

SIZE = (48, 64)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    for place, name in enumerate(("a.png", "b.png")):
        save(tmp_path / name, scene(place / 4, SIZE))
    return tmp_path


def sent(folder: Path, *words: object) -> tuple[str, list[av.VideoFrame]]:
    """The format of a film that was sent to a pipe, and its frames."""
    done = subprocess.run([*INBETWEEN, *map(str, words)], cwd=folder, capture_output=True, timeout=300, check=True)
    (folder / "film").write_bytes(done.stdout)
    with av.open(str(folder / "film")) as film:
        return film.format.name, list(film.decode(video=0))


def test_the_pipe_holds_the_film_and_nothing_else(small: Path) -> None:
    name, frames = sent(small, "run", "a.png", "b.png", "-n", 3, "-o", "-")
    assert (name, len(frames)) == ("yuv4mpegpipe", 5)
    luma = scene(0, SIZE) @ np.array([0.2126, 0.7152, 0.0722]) * (219 / 255) + 16
    assert psnr(frames[0].to_ndarray()[: SIZE[0]], luma) > 45
    assert sorted(path.name for path in small.iterdir()) == ["a.png", "b.png", "film"]


def test_sixteen_bits_arrive_unchanged(small: Path) -> None:
    deep = scene(0, SIZE).astype(np.uint16) * 257 - 1 * (scene(0, SIZE) > 9)
    save(small / "a.png", deep.astype(np.uint16))
    name, frames = sent(small, "run", "a.png", "b.png", "-n", 1, "-o", "-")
    assert name == "nut"
    assert np.array_equal(frames[0].to_ndarray(format="rgb48le"), deep)


def test_a_reader_that_leaves_early(small: Path) -> None:
    reads, writes = os.pipe()
    os.close(reads)
    try:
        ran = run([*INBETWEEN, "run", "a.png", "b.png", "-n", 3, "-q", "-o", "-"], small, stdout=writes)
    finally:
        os.close(writes)
    assert ran.err == ""


@pytest.mark.parametrize(
    "words", ["--json", "--contact-sheet s.png", "--record", "--dry-run", "--codec ffv1", "--repeat r.json"]
)
def test_what_needs_a_file(inside: Command, small: Path, words: str) -> None:
    ran = inside("run", "a.png", "b.png", "-o", "-", *words.split())
    assert ran.code == 2
    assert ran.out == "" or words == "--json"
    assert ran.problem == (f"{words.split()[0]} needs a file, and -o - is a pipe", "name a file: -o film.mkv")


def test_a_terminal_is_no_place_for_a_film(small: Path) -> None:
    pty = pytest.importorskip("pty")
    ours, its = pty.openpty()
    try:
        ran = run([*INBETWEEN, "run", "a.png", "b.png", "-o", "-"], small, stdout=its)
    finally:
        os.close(its)
        os.close(ours)
    assert ran.code == 2
    assert ran.problem[0] == "a film is not written to a terminal"
