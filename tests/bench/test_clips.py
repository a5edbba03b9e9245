"""Clips to score on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from inbetween.bench import clips
from inbetween.errors import InbetweenError
from inbetween.produce import BYTES_PER_PIXEL
from inbetween.types import Report
from support.bench import SIZE, frames, row, scored
from support.commands import Command
from support.films import film, folder_of
from support.pictures import save, scene


def test_pictures_are_taken_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    pictures = frames(12)
    path = folder_of(tmp_path / "clip", pictures)
    (path / "notes.txt").write_text("no picture")
    (path / ".9.png").write_text("no picture")
    (clip,) = clips.named([path])
    read = clips.read(clip, None, Report())
    assert all(np.array_equal(a, b) for a, b in zip(read, pictures, strict=True))
    assert not read[0].flags.writeable


def test_deep_and_clear_pictures_are_made_plain(tmp_path: Path) -> None:
    path = tmp_path / "clip"
    path.mkdir()
    plain = scene(0, SIZE)
    save(path / "1.png", plain.astype(np.uint16) * 257)
    save(path / "2.png", np.dstack([plain, np.full(SIZE, 255, np.uint8)]))
    (clip,) = clips.named([path])
    for read in clips.read(clip, None, Report()):
        assert np.array_equal(read, plain)


def test_a_video_is_read_as_it_is(tmp_path: Path) -> None:
    pictures = frames(6)
    path = film(tmp_path / "a:b%d.mkv", pictures)
    (clip,) = clips.named([path])
    assert clip.name == "a:b%d"
    read = clips.read(clip, 4, Report())
    assert all(np.array_equal(a, b) for a, b in zip(read, pictures[:4], strict=True))


def test_a_clip_too_long_for_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder_of(tmp_path / "clip", frames(40, (32, 32)))
    needed = 32 * 32 * 3 * 32 + 32 * 32 * BYTES_PER_PIXEL
    (clip,) = clips.named([path])
    monkeypatch.setattr(clips, "available_memory", lambda: needed)
    assert len(clips.read(clip, None, Report())) == 40
    monkeypatch.setattr(clips, "available_memory", lambda: needed - 1)
    with pytest.raises(InbetweenError, match="too long for the memory: after 32 frames") as refused:
        clips.read(clip, None, Report())
    assert refused.value.hint.endswith("--max-frames 16")


def test_names_in_tables_are_unlike() -> None:
    named = clips.named([Path("a/x.mp4"), Path("b/x.mp4"), Path("y\n.mp4")])
    assert [clip.name for clip in named] == ["a/x.mp4", "b/x.mp4", "y?"]


def test_short_clips_are_left_out_and_said(inside: Command, tmp_path: Path) -> None:
    folder_of(tmp_path / "long", frames(9))
    folder_of(tmp_path / "short", frames(4))
    ran = inside("bench", "long", "short", "--gaps", "2,7", "--no-vmaf", "--against", "hold", "-v")
    assert ran.code == 0, ran.err
    assert "note: short, gap 7: left out, it has 4 frames and 9 are needed" in ran.err
    assert "gap 2: short, 2 frames" in ran.out
    assert "gap 2: mean of 2 clips, 6 frames" in ran.out
    assert "gap 7: long, 7 frames" in ran.out
    assert "gap 7: mean" not in ran.out


def test_only_the_first_frames(inside: Command, tmp_path: Path) -> None:
    folder_of(tmp_path / "clip", frames(9))
    facts = scored(inside, "clip", "--gaps", "1", "--max-frames", 4, "--no-vmaf", "--against", "none")
    assert row(facts, "flow", 1)["frames"] == 1
    assert facts["max_frames"] == 4
