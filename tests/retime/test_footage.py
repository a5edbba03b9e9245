"""Sequences of pictures as footage."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from inbetween import file_names
from inbetween.errors import InbetweenError, UsageError
from inbetween.retime import footage
from inbetween.types import Report
from support.ffmpeg_clips import SOURCE, X264, Make, times
from support.pictures import save, scene
from support.reports import Heard


def numbered(folder: Path, numbers: list[int], name: str = "f{}.png") -> None:
    folder.mkdir()
    for number in numbers:
        save(folder / name.format(number), scene(number / 10, (24, 32)))


@pytest.mark.parametrize("name", ["{0}", "{0}/f%d.png", "{0}/f*.png"])
def test_pictures_come_in_the_order_of_their_numbers(tmp_path: Path, name: str) -> None:
    numbered(tmp_path / "seq", [9, 10, 2, 100])
    paths = file_names.sequence(name.format(tmp_path / "seq"))
    assert paths is not None
    assert [path.name for path in paths] == ["f2.png", "f9.png", "f10.png", "f100.png"]
    found = footage.of_pictures("seq", paths, Fraction(10), False, 1, Report())
    assert times(found) == [Fraction(n, 10) for n in range(4)]
    assert found.clip.duration == Fraction(4, 10)


def test_holes_are_time_on_request(tmp_path: Path) -> None:
    numbered(tmp_path / "seq", [7, 8, 11])
    paths = file_names.sequence(str(tmp_path / "seq"))
    assert paths is not None
    report = Heard()
    found = footage.of_pictures("seq", paths, Fraction(10), True, 1, report)
    assert times(found) == [0, Fraction(1, 10), Fraction(4, 10)]
    assert (found.clip.duration, found.clip.count) == (Fraction(5, 10), 5)
    assert report.codes == ["holes"]
    part = found.clip.part(Fraction(1, 10), Fraction(5, 10))
    assert [time for time, _ in found.pictures(part, Report(), Fraction(0))] == [0, Fraction(3, 10)]


def test_sequences_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("empty", "f%05d.png", "f*.png"):
        with pytest.raises(InbetweenError, match="no pictures"):
            file_names.sequence(str(tmp_path / name))
    assert file_names.sequence(str(tmp_path / "film.mp4")) is None
    numbered(tmp_path / "seq", [1, 2], "{}_of_3.png")
    paths = file_names.sequence(str(tmp_path / "seq"))
    assert paths is not None
    with pytest.raises(UsageError, match="ascend"):
        footage.of_pictures("seq", paths, Fraction(10), True, 1, Report())


def test_a_name_with_a_percent_sign_may_be_a_film(make: Make, tmp_path: Path) -> None:
    path = make("c.mp4", SOURCE, *X264)
    path = path.rename(tmp_path / "c%d.mp4")
    assert file_names.sequence(str(path)) is None
