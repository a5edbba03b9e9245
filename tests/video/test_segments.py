"""Films in segments, stopped and gone on."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbetween.errors import InbetweenError, Interrupted
from inbetween.types import Picture, Report
from inbetween.video import ffmpeg, sinks
from inbetween.video.segments import Segments, choose_borders, write_segments
from inbetween.video.write import FilmFormat
from support.folders import hidden
from support.pictures import load, scene
from support.reports import Heard
from support.segments import COUNT, RATE, SIZE, WORK, passing, pixels, written

# ------------------------------------------------------------------ segments


@given(cuts=st.lists(st.integers(1, 60), max_size=40), least=st.integers(1, 100))
def test_borders_are_cuts_far_enough_apart(cuts: list[int], least: int) -> None:
    places = list(np.cumsum(cuts))
    found = choose_borders(places, least)
    assert found[0] == 0
    assert set(found[1:]) <= set(places)
    assert all(b - a >= least for a, b in pairwise(found))
    for a, b in pairwise([*found, 10**9]):
        assert not [place for place in places if a + least <= place < b]


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("o.mp4", None),
        ("o.mkv", None),
        ("o.mov", "libx265"),
        ("o.webm", None),
        ("o.mp4", "libsvtav1"),
        ("o.mkv", "ffv1"),
    ],
)
def test_joined_segments_show_what_each_shows(tmp_path: Path, name: str, codec: str | None) -> None:
    written(tmp_path / name, codec=codec)
    joined = pixels(tmp_path / name)
    assert len(joined) == COUNT
    for first, stop in pairwise([*WORK.borders, COUNT]):
        sink = sinks.parse(str(tmp_path / f"{first}_{name}"), codec)
        one = Segments(lambda a, b, at=first: passing(a + at, b + at), (0,), {})
        write_segments(FilmFormat(sink, RATE, stop - first, SIZE), one, Report())
        alone = pixels(tmp_path / f"{first}_{name}")
        assert all(np.array_equal(a, b) for a, b in zip(joined[first:stop], alone, strict=True))


def test_hevc_in_segments_keeps_the_mark_of_apple(tmp_path: Path) -> None:
    written(tmp_path / "o.mp4", codec="libx265")
    assert b"hvc1" in (tmp_path / "o.mp4").read_bytes()


def test_a_film_of_one_segment_is_as_ever(tmp_path: Path) -> None:
    one = written(tmp_path / "a.mp4", Segments(passing, (0,), {}))
    assert one != written(tmp_path / "b.mp4")
    assert len(pixels(tmp_path / "a.mp4")) == COUNT
    assert not hidden(tmp_path)


# ------------------------------------------------------------------ stopped and gone on


@pytest.mark.parametrize("name", ["o.mp4", "frames", "o.gif", "o.webp", "o.apng"])
def test_a_stopped_film_goes_on(tmp_path: Path, name: str) -> None:
    whole = written(tmp_path / ("whole_" + name))
    asked = []

    def make(first: int, stop: int) -> Iterator[Picture]:
        asked.append(first)
        yield from passing(first, stop)

    with pytest.raises(Interrupted) as stopped:
        written(tmp_path / name, Segments(make, WORK.borders, WORK.identity), Heard(("write", 23)))
    assert stopped.value.kept == str(tmp_path / f".{name}.parts")
    assert not (tmp_path / name).exists()
    asked.clear()
    notes = Heard()
    assert written(tmp_path / name, Segments(make, WORK.borders, WORK.identity), notes) == whole
    assert asked in ([20], [10, 20])
    assert notes.texts["resumed"].endswith("of 26 frames are there already")
    assert not hidden(tmp_path)


@pytest.mark.parametrize("name", ["o.gif", "o.webp", "o.apng"])
@pytest.mark.parametrize("kind", ["RGB", "RGBA", "16 bits"])
def test_an_animation_in_segments_is_that_of_one(tmp_path: Path, name: str, kind: str) -> None:
    def make(first: int, stop: int) -> Iterator[Picture]:
        for number, picture in enumerate(passing(first, stop), first):
            clear = np.full((*SIZE, 1), 255, np.uint8)
            clear[: 2 * number] = 0
            alpha = np.concatenate([picture, clear], axis=2)
            yield picture if kind == "RGB" else alpha if kind == "RGBA" else picture.astype(np.uint16) * 257 ^ number

    one = written(tmp_path / f"one_{name}", Segments(make, (0,), {}))
    assert written(tmp_path / name, Segments(make, WORK.borders, {})) == one
    assert not hidden(tmp_path)


def test_a_film_that_is_stopped_early_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(Interrupted) as stopped:
        written(tmp_path / "o.mp4", report=Heard(("write", 5)))
    assert stopped.value.kept == ""
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.mp4"])
def test_frames_are_made_while_others_are_encoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The encoder gets nothing to do before the third frame is begun."""
    begun, encoded = threading.Event(), ffmpeg.Child.write

    def make(first: int, stop: int) -> Iterator[Picture]:
        for number, picture in enumerate(passing(first, stop)):
            if number == 2:
                begun.set()
            yield picture

    def waited(child: ffmpeg.Child, data: memoryview) -> None:
        assert begun.wait(20)
        encoded(child, data)

    monkeypatch.setattr(ffmpeg.Child, "write", waited)
    made = write_segments(
        FilmFormat(sinks.parse(str(tmp_path / name)), RATE, 12, SIZE), Segments(make, (0,), {}), Report()
    )
    assert made.count == 12
    assert hidden(tmp_path) == []


@pytest.mark.parametrize("name", ["a.gif", "a.webp"])
def test_an_animation_that_is_stopped_leaves_nothing(tmp_path: Path, name: str) -> None:
    def make(first: int, stop: int) -> Iterator[Picture]:
        for number, picture in enumerate(passing(first, stop)):
            if number == 5:
                raise Interrupted
            yield picture

    sink = sinks.parse(str(tmp_path / name))
    with pytest.raises(Interrupted):
        write_segments(FilmFormat(sink, RATE, 12, SIZE), Segments(make, (0,), {}), Report())
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(RuntimeError, match="more than the planned"):
        write_segments(
            FilmFormat(sink, RATE, 6, SIZE), Segments(lambda first, stop: passing(first, stop + 2), (0,), {}), Report()
        )
    assert list(tmp_path.iterdir()) == []


def test_an_error_says_where_it_goes_on(tmp_path: Path) -> None:
    def make(first: int, stop: int) -> Iterator[Picture]:
        if first >= 20:
            raise InbetweenError("a key is damaged", "mend it")
        yield from passing(first, stop)

    with pytest.raises(InbetweenError) as error:
        written(tmp_path / "frames", Segments(make, WORK.borders, WORK.identity))
    assert error.value.hint.startswith("mend it; what is done waits in `")
    written(tmp_path / "frames")
    assert np.array_equal(load(tmp_path / "frames" / "00025.png"), scene(25 / 3, SIZE))


def test_a_disk_that_is_full_from_the_beginning_is_left_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(number: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InbetweenError, match="full"):
        written(tmp_path / "o.mp4")
    assert list(tmp_path.iterdir()) == []


def test_another_setting_begins_anew_and_says_what_differs(tmp_path: Path) -> None:
    with pytest.raises(Interrupted):
        written(tmp_path / "o.mp4", report=Heard(("write", 23)))
    notes = Heard()
    other = Segments(passing, WORK.borders, {"--seed": 7, "--fps": "25"})
    assert written(tmp_path / "o.mp4", other, notes) == written(tmp_path / "whole.mp4", other)
    assert notes.texts == {**notes.texts, "begun_anew": "begun anew: --seed was 0, is 7, --fps was not there, is 25"}
    assert "resumed" not in notes.texts
    assert not hidden(tmp_path)


@pytest.mark.parametrize("damage", ["segment", "torn", "rubbish", "gone"])
def test_what_was_damaged_meanwhile_is_made_again(tmp_path: Path, damage: str) -> None:
    whole = written(tmp_path / "whole.mp4")
    with pytest.raises(Interrupted):
        written(tmp_path / "o.mp4", report=Heard(("write", 23)))
    parts = tmp_path / ".o.mp4.parts"
    journal = (parts / "journal").read_bytes()
    if damage == "segment":
        first = parts / "00000.mp4"
        first.write_bytes(first.read_bytes()[:-9] + b"somewhere")
    elif damage == "torn":
        (parts / "journal").write_bytes(journal[:-20])
    elif damage == "rubbish":
        (parts / "journal").write_bytes(b"\x00" * 100)
    else:
        (parts / "journal").unlink()
    (parts / "left over.mp4").write_bytes(b"by a kill")
    assert written(tmp_path / "o.mp4") == whole
    assert not hidden(tmp_path)


def test_two_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    class Second(Report):
        def progress(self, stage: str, done: int, total: int) -> None:
            if (stage, done) == ("write", 12):
                with pytest.raises(InbetweenError, match="is being made by another process"):
                    written(tmp_path / "o.mp4")

    assert written(tmp_path / "o.mp4", report=Second()) == written(tmp_path / "whole.mp4")


def test_a_name_as_long_as_a_disk_takes(tmp_path: Path) -> None:
    name = "n" * 251 + ".mp4"
    with pytest.raises(Interrupted):
        written(tmp_path / name, report=Heard(("write", 23)))
    written(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == [name]
