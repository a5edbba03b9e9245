"""`inbetween compare`: what is beside what, under which name, and how far apart."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from inbetween.compare import names
from support.commands import Command
from support.films import decoded, film
from support.pictures import psnr, scene
from support.sound import clicking, heard, played

SIZE = (96, 128)
RATE = Fraction(10)


@pytest.fixture
def two(tmp_path: Path) -> tuple[list[np.ndarray], list[np.ndarray]]:
    first = [scene(number / 3, SIZE) for number in range(6)]
    second = [np.asarray(255 - picture) for picture in first]
    film(tmp_path / "a.mkv", first, RATE)
    film(tmp_path / "b.mkv", second, RATE)
    return first, second


def cells(frame: np.ndarray, count: int) -> list[np.ndarray]:
    """The pictures of a row, without their names."""
    strip = frame.shape[0] - SIZE[0]
    return [frame[strip:, n * (SIZE[1] + 8) : n * (SIZE[1] + 8) + SIZE[1]] for n in range(count)]


def test_side_by_side(inside: Command, tmp_path: Path, two: tuple[list[np.ndarray], list[np.ndarray]]) -> None:
    ran = inside("compare", "a.mkv", "b.mkv", "-o", "side.mkv", "--json")
    assert ran.code == 0, ran.err
    facts = json.loads(ran.out)
    assert facts["psnr"] == [pytest.approx(np.mean([psnr(a, b) for a, b in zip(*two, strict=True)]), abs=0.5)]
    frames = decoded(tmp_path / "side.mkv")
    assert [len(frames), *frames[0].shape[:2]] == [6, *facts["size"]]
    assert frames[0].shape[1] == 2 * SIZE[1] + 8
    for frame, first, second in zip(frames, *two, strict=True):
        left, right = cells(frame, 2)
        assert psnr(left, first) > 30
        assert psnr(right, second) > 30
        # Their names.
        assert frame[: -SIZE[0]].max() > 150


def test_in_a_row_and_in_a_column(inside: Command, tmp_path: Path) -> None:
    """Each way is that way, whatever the shape of the clips."""
    for name in ("a.mkv", "b.mkv"):
        film(tmp_path / name, [scene(0, (24, 96))] * 2, RATE)
    sizes = {}
    for way in ("side", "row", "column"):
        ran = inside("compare", "a.mkv", "b.mkv", "-o", f"{way}.mkv", "--as", way, "--json")
        assert ran.code == 0, ran.err
        sizes[way] = json.loads(ran.out)["size"]
    assert sizes["side"] == sizes["column"]
    assert sizes["row"][1] == 2 * 96 + 8
    assert sizes["column"][1] == 96
    assert sizes["row"][0] < sizes["column"][0]


def test_parts_of_one_picture(inside: Command, tmp_path: Path, two: tuple[list[np.ndarray], list[np.ndarray]]) -> None:
    ran = inside("compare", "a.mkv", "b.mkv", "-o", "split.mkv", "--as", "split")
    assert ran.code == 0, ran.err
    for frame, first, second in zip(decoded(tmp_path / "split.mkv"), *two, strict=True):
        assert frame.shape[1] == SIZE[1]
        (whole,) = cells(frame, 1)
        half = SIZE[1] // 2
        assert psnr(whole[:, : half - 4], first[:, : half - 4]) > 30
        assert psnr(whole[:, half + 4 :], second[:, half + 4 :]) > 30
        assert whole[:, half].min() > 180


def test_differences_are_around_grey(
    inside: Command, tmp_path: Path, two: tuple[list[np.ndarray], list[np.ndarray]]
) -> None:
    other = [np.clip(picture.astype(int) + 10, 0, 255).astype(np.uint8) for picture in two[0]]
    film(tmp_path / "c.mkv", other, RATE)
    ran = inside("compare", "a.mkv", "a.mkv", "c.mkv", "-o", "d.mkv", "--as", "difference", "--json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["psnr"][0] == 100
    frame = decoded(tmp_path / "d.mkv")[3]
    # Three of 4:3 are nearest to 16:9 in two rows.
    strip = frame.shape[0] // 2 - SIZE[0] - 4
    first, none = cells(frame[: strip + SIZE[0]], 2)
    (ten,) = cells(frame[strip + SIZE[0] + 8 :], 1)
    assert psnr(first, two[0][3]) > 30
    assert np.abs(none.astype(int) - 128).max() < 12
    assert np.median(ten) == pytest.approx(168, abs=4)


def test_clips_that_are_unlike(inside: Command, tmp_path: Path, two: object) -> None:
    """One that is shorter, smaller and faster: the last picture stands, the film has the higher rate."""
    film(tmp_path / "c.mkv", [scene(number / 6, (48, 64)) for number in range(6)], Fraction(20))
    ran = inside("compare", "a.mkv", "c.mkv", "-o", "o.mkv")
    assert ran.code == 0, ran.err
    assert "c.mkv is 64x48: shown at 128x96" in ran.err
    assert "c.mkv lasts 0.30 s of 0.60 s: its last frame stays" in ran.err
    frames = decoded(tmp_path / "o.mkv")
    assert len(frames) == 12
    right = [cells(frame, 2)[1] for frame in frames]
    assert psnr(right[0], right[3]) < psnr(right[5], right[11])
    assert psnr(right[5], right[11]) > 35


def test_sound_is_the_first_ones(inside: Command, tmp_path: Path, two: object) -> None:
    clicking(tmp_path / "sound.mp4", Fraction(10), 30)
    ran = inside("compare", "sound.mp4", "a.mkv", "-o", "o.mp4")
    assert ran.code == 0, ran.err
    before, after = played(tmp_path / "sound.mp4"), played(tmp_path / "o.mp4")
    assert heard(after[0], after[1]) == pytest.approx(heard(before[0], before[1]), abs=0.002)


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (["a.mkv", "-o", "o.mp4"], "a comparison needs two clips or more", "inbetween compare a.mp4 b.mp4 -o side.mp4"),
        (["a.mkv", "b.mkv"], "no output is named", "say where to: -o side.mp4"),
        (["a.mkv", "b.mkv", "-o", "o.mp4", "--as", "splt"], "there is no --as called `splt`", "did you mean `split`?"),
        (["a.mkv", "no.mkv", "-o", "o.mp4"], "there is no clip `no.mkv`", "check the name"),
        (
            ["a.mkv", ".", "-o", "o.mp4"],
            ". is a folder, not a video file",
            "make a clip of the pictures first: inbetween slowmo FOLDER --input-fps 24 --factor 1 -o clip.mkv",
        ),
        (["a.mkv", "b.mkv", "-o", "a.mkv"], "`a.mkv` is an input and an output", "give another name with -o"),
    ],
)
def test_what_is_refused(inside: Command, two: object, words: list[str], message: str, hint: str) -> None:
    assert inside("compare", *words).problem == (message, hint)


def test_names_that_can_be_told_apart() -> None:
    assert names(["x/a.mp4", "y/b.mp4"]) == ["a.mp4", "b.mp4"]
    assert names(["x/a.mp4", "y/a.mp4"]) == ["x/a.mp4", "y/a.mp4"]
