"""What is asked of slow motion, and what is refused."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path

import pytest

from inbetween.errors import InbetweenError, UnknownName, UsageError
from inbetween.request import ClipRequest
from inbetween.retime.plan import plan
from support.films import MakeClip
from support.pictures import moving, save
from support.reports import Heard
from support.slow import slow


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({}, "nothing is asked"),
        ({"factor": "2", "duration": "3s"}, "exclude each other"),
        ({"factor": "2", "speed": "0.5"}, "exclude each other"),
        ({"factor": "-1"}, "out of range"),
        ({"fps": "0"}, "between 0.001 and 1000"),
        ({"speed": "0:0"}, "out of range"),
        ({"factor": "2", "easing": "ease-in"}, "is for --speed"),
        ({"factor": "2", "since": "soon"}, "not a time"),
        ({"factor": "2", "cuts": "off", "at_cut": "blend"}, "there are none"),
        ({"factor": "2", "input_fps": "24"}, "its own times"),
        ({"factor": "2", "since": "9s"}, "there is nothing"),
        ({"duration": "0s"}, "leaves no time"),
    ],
)
def test_words_that_make_no_sense(clip: MakeClip, tmp_path: Path, words: dict[str, str], said: str) -> None:
    path = clip(moving(3))
    with pytest.raises(UsageError, match=said):
        slow(path, tmp_path / "out.mp4", **words)
    assert not (tmp_path / "out.mp4").exists()


@pytest.mark.parametrize("name", ["at_cut", "repeats", "end"])
def test_values_that_are_none(name: str) -> None:
    with pytest.raises(UnknownName):
        plan(ClipRequest(clip="clip.mp4", out="out.mp4", factor="2", **{name: "wobbly"}))


def test_one_picture_is_no_film_of_a_clip() -> None:
    with pytest.raises(UsageError, match="one picture"):
        plan(ClipRequest(clip="clip.mp4", out="out.png", factor="2"))


def test_pictures_need_a_rate(tmp_path: Path) -> None:
    (tmp_path / "seq").mkdir()
    for number, picture in enumerate(moving(3)):
        save(tmp_path / "seq" / f"{number}.png", picture)
    with pytest.raises(UsageError, match="no frame rate"):
        slow(tmp_path / "seq", tmp_path / "out.mp4", factor="2")
    with pytest.raises(UsageError, match="needs a video"):
        slow(tmp_path / "seq", tmp_path / "out.mp4", factor="2", input_fps="12", deinterlace=True)
    with pytest.raises(InbetweenError, match="there is no clip"):
        slow(tmp_path / "sequence", tmp_path / "out.mp4", factor="2", input_fps="12")
    made = slow(tmp_path / "seq", tmp_path / "out.mp4", factor="2", input_fps="12").made.output
    assert (made.count, made.duration) == (6, Fraction(1, 2))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InbetweenError, match="is a pipe"):
        slow(tmp_path / "pipe", tmp_path / "out.mp4", factor="2")


def test_numbers_that_are_missing_are_said(tmp_path: Path) -> None:
    (tmp_path / "seq").mkdir()
    for number, picture in zip((1, 2, 4), moving(3), strict=True):
        save(tmp_path / "seq" / f"{number}.png", picture)
    notes = Heard()
    assert slow(tmp_path / "seq", tmp_path / "out.mp4", notes, factor="2", input_fps="12").made.output.count == 6
    assert "1 numbers are missing" in notes.texts["holes"]


def test_the_clip_is_not_written_over(clip: MakeClip) -> None:
    path = clip(moving(3))
    before = path.read_bytes()
    with pytest.raises(InbetweenError, match=r"clip\.mkv"):
        slow(path, path, factor="2")
    assert path.read_bytes() == before
