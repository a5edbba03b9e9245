"""Cuts."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np

from inbetween.request import ClipRequest
from inbetween.retime.plan import plan
from inbetween.retime.produce import look
from inbetween.types import Report
from support.films import MakeClip, shown
from support.pictures import moving
from support.reports import Heard
from support.slow import slow


def test_a_cut_is_never_morphed(clip: MakeClip, tmp_path: Path) -> None:
    first, second = moving(5), moving(5, shot=1)
    path, report = clip(first + second), Heard()
    slow(path, tmp_path / "out.mkv", report, codec="ffv1", factor="4", end="key")
    found = shown(tmp_path / "out.mkv")
    assert all(np.array_equal(picture, first[-1]) for picture in found[16:20])
    assert np.array_equal(found[20], second[0])
    assert "1 cut" in report.texts["cuts"]
    assert "0.21 s" in report.texts["cuts"]


def test_cuts_by_hand(clip: MakeClip, tmp_path: Path) -> None:
    path, listed = clip(moving(5) + moving(5, shot=1)), tmp_path / "cuts.txt"
    # With the mark that editors on Windows begin a text with.
    listed.write_bytes(b"\xef\xbb\xbf# frame 3\r\n3f 99s\r\n")
    report = Heard()
    slow(path, tmp_path / "out.mkv", report, codec="ffv1", factor="2", cuts=str(listed))
    assert "99 s" in report.texts["beyond"]
    found = shown(tmp_path / "out.mkv")
    assert np.array_equal(found[4], found[5])
    assert not np.array_equal(found[8], found[9])
    result = slow(path, tmp_path / "out.mkv", codec="ffv1", factor="2", cuts="off")
    assert not result.film.clip.findings.cuts
    slow(path, tmp_path / "out.mkv", codec="ffv1", factor="2", at_cut="blend")
    found = shown(tmp_path / "out.mkv")
    assert not np.array_equal(found[8], found[9])
    assert not np.array_equal(found[9], found[10])


def test_cuts_are_listed_without_making_anything(clip: MakeClip, tmp_path: Path) -> None:
    path = clip(moving(4) + moving(4, shot=1) + moving(4, shot=2))
    found = look(plan(ClipRequest(clip=str(path), out=str(tmp_path / "out.mp4"), factor="2")), False, Report())
    assert sorted(found.clip.findings.cuts) == [Fraction(4, 24), Fraction(8, 24)]
    assert not (tmp_path / "out.mp4").exists()


def test_cuts_beside_the_part_that_is_used_do_not_count(clip: MakeClip, tmp_path: Path) -> None:
    path = clip(moving(4) + moving(4, shot=1) + moving(4, shot=2))
    result = slow(path, tmp_path / "out.mp4", engine="blend", factor="2", since="5f", until="10f")
    assert result.film.clip.findings.within(result.film.clip.clip.duration).cuts == {Fraction(3, 24)}


def test_light_that_changes_is_no_cut() -> None:
    from inbetween.dense.cuts import reduced, same_shot

    seen = [reduced(picture) for picture in moving(6)]
    assert all(same_shot(a, b) for a, b in pairwise(seen))
    assert all(same_shot(a, np.float32(0.5) * b) for a, b in pairwise(seen))
    assert all(same_shot(a, np.float32(60) + np.float32(0.6) * b) for a, b in pairwise(seen))
    other = reduced(moving(1, shot=3)[0])
    assert not same_shot(seen[0], other)
    assert not same_shot(np.float32(0.2) * seen[0], np.float32(0.2) * other)
    black = np.zeros_like(other)
    assert same_shot(black, black + np.float32(0.5))
