"""Presets."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from support.clips import SIZE, as_ffmpeg_shows, deep, disc, frames_and_facts, made, written_of
from support.commands import Command
from support.pictures import save
from support.reports import Heard


@pytest.mark.parametrize("size", [(47, 63), (48, 63), (1, 1), SIZE])
def test_the_preset_for_the_web(tmp_path: Path, size: tuple[int, int]) -> None:
    report = Heard()
    pictures = [disc(index, size) for index in range(4)]
    written = written_of(tmp_path / "a.mp4", pictures, preset="web", report=report)
    even = (size[0] + size[0] % 2, size[1] + size[1] % 2)
    frames, facts = frames_and_facts(tmp_path / "a.mp4")
    assert {(frame.height, frame.width, frame.format.name) for frame in frames} == {(*even, "yuv420p")}
    assert (written.size, written.codec, facts["tags"]) == (even, "h264", (1, 1, 1, 1))
    assert report.loud == ([] if size == even else ["padded"])
    seen = as_ffmpeg_shows(tmp_path / "a.mp4", even)
    edge = np.pad(pictures[0], ((0, even[0] - size[0]), (0, even[1] - size[1]), (0, 0)), "edge")
    assert np.abs(seen[0] - edge).mean() < 4
    data = (tmp_path / "a.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_the_preset_for_gifs_is_the_gif(tmp_path: Path) -> None:
    for preset in (None, "gif"):
        made(tmp_path / f"{preset}.gif", preset=preset)
    assert (tmp_path / "None.gif").read_bytes() == (tmp_path / "gif.gif").read_bytes()


def test_presets_by_the_real_command(inside: Command, tmp_path: Path) -> None:
    for index in range(2):
        save(tmp_path / f"key{index}.png", deep(20 * index, 4)[:47, :63])
    words = ("run", "key0.png", "key1.png", "-n", 2, "-e", "blend")
    ran = inside(*words, "-o", "a.mkv", "--preset", "archive", "--record")
    assert (ran.code, ran.out) == (0, "a.mkv\n"), ran.err
    frames = frames_and_facts(tmp_path / "a.mkv")[0]
    for frame, key in ((frames[0], 0), (frames[-1], 20)):
        assert frame.format.name == "gbrap16le"
        green, alpha = (np.frombuffer(frame.planes[n], "<u2").reshape(47, -1)[:, :63] for n in (0, 3))
        np.testing.assert_array_equal(green, deep(key, 4)[:47, :63, 1])
        np.testing.assert_array_equal(alpha, deep(key, 4)[:47, :63, 3])
    ran = inside("run", "--repeat", "a.mkv.json", "-o", "b.mkv")
    assert ran.code == 0, ran.err
    assert (tmp_path / "a.mkv").read_bytes() == (tmp_path / "b.mkv").read_bytes()
    ran = inside(*words, "-o", "a.mp4", "--preset", "web", "--dry-run")
    assert "4 frames, 64x48," in ran.out
    ran = inside(*words, "-o", "a.mp4", "--preset", "web", "--json")
    said = json.loads(ran.out)
    assert said["output"]["size"] == [48, 64]
    assert {"alpha", "bit_depth", "padded", "chroma"} <= {note["code"] for note in said["notes"]}
    assert ran.err.count("note: ") == 3
    ran = inside(*words, "-o", "a.webm", "--preset", "web")
    assert (ran.code, ran.problem) == (2, ("--preset web writes .mp4, and `a.webm` is .webm", "write -o a.mp4"))
