"""Jobs found in folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from inbetween.batch.folders import Search, in_folder
from inbetween.errors import InbetweenError, UsageError


def laid(folder: Path, *names: str) -> Path:
    """A folder with empty files of these names: nothing is read before the jobs are known."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return folder


def films(folder: Path, **search: object) -> dict[str, list[str]]:
    """The names of the films and of their inputs, where there are no faults."""
    found, faults = in_folder(folder, Search(**search))  # type: ignore[arg-type]
    assert not faults
    return {one.name: [str(Path(path).relative_to(folder)) for path in one.inputs] for one in found}


def test_pictures_follow_each_other_in_natural_order(tmp_path: Path) -> None:
    laid(tmp_path, "k10.png", "k2.jpg", "k1.png", ".hidden.png", "notes.txt")
    assert films(tmp_path) == {"k1_to_k2": ["k1.png", "k2.jpg"], "k2_to_k10": ["k2.jpg", "k10.png"]}


def test_a_chain_is_one_film(tmp_path: Path) -> None:
    shot = laid(tmp_path / "shot", "1.png", "2.png", "3.png")
    assert films(shot, chain=True) == {"shot": ["1.png", "2.png", "3.png"]}


def test_pairs_and_the_one_that_is_left_over(tmp_path: Path) -> None:
    laid(tmp_path, "1.png", "2.png", "3.png", "4.png")
    assert films(tmp_path, pairs=True) == {"1_to_2": ["1.png", "2.png"], "3_to_4": ["3.png", "4.png"]}
    laid(tmp_path, "5.png")
    _, faults = in_folder(tmp_path, Search(pairs=True))
    assert [fault.message for fault in faults] == [f"{tmp_path / '5.png'} is left over: it has no partner"]


@pytest.mark.parametrize(
    ("names", "patterns"),
    [
        (["a_start.png", "a_end.jpg", "b_start.png", "b_end.png"], {}),
        (["A-a.png", "Z-a.png", "A-b.png", "Z-b.png"], {"start": "A-{shot}.png", "end": "Z-{shot}.png"}),
        (["a.001.png", "a.099.png", "b.001.png", "b.099.png"], {"start": "*.001.*", "end": "*.099.*"}),
    ],
)
def test_patterns_win_over_the_order(tmp_path: Path, names: list[str], patterns: dict[str, str]) -> None:
    laid(tmp_path, *names)
    assert films(tmp_path, **patterns) == {"a": names[:2], "b": names[2:]}


@pytest.mark.parametrize(
    ("names", "part"),
    [
        (["a_start.png", "a_end.png", "b_start.png"], "the shot b"),
        (["a_start.png", "a_end.png", "a_end.jpg"], "2 end keys"),
        (["a_start.png", "a_end.png", "c.png"], "fits neither"),
    ],
)
def test_a_shot_that_is_not_whole_is_a_fault(tmp_path: Path, names: list[str], part: str) -> None:
    _, faults = in_folder(laid(tmp_path, *names), Search())
    assert [part in fault.message for fault in faults] == [True]


def test_every_folder_is_one_film(tmp_path: Path) -> None:
    laid(tmp_path, "b/1.png", "b/2.png", "a10/x.png", "a10/y.png", "a2/1.png", "a2/2.png", "a2/3.png")
    assert films(tmp_path) == {
        "a2": ["a2/1.png", "a2/2.png", "a2/3.png"],
        "a10": ["a10/x.png", "a10/y.png"],
        "b": ["b/1.png", "b/2.png"],
    }


@pytest.mark.parametrize("inner", [["c/1.png"], ["c/1.png", "c/2.png", "c/film.mp4"], ["c/1.png", "c/d/2.png"]])
def test_a_folder_that_is_no_film_is_a_fault(tmp_path: Path, inner: list[str]) -> None:
    found, faults = in_folder(laid(tmp_path, "b/1.png", "b/2.png", *inner), Search())
    assert [one.name for one in found] == ["b"]
    assert [fault.where for fault in faults] == [str(tmp_path / "c")]


@pytest.mark.parametrize(
    ("names", "search"),
    [
        (["a.png", "b.png", "c.mp4"], Search()),
        (["a.png", "shot/b.png"], Search()),
        (["a.mp4", "b.png"], Search(slowmo=True)),
        ([], Search()),
        (["a.txt"], Search(slowmo=True)),
        (["a.png"], Search(chain=True)),
    ],
)
def test_mixtures_and_empty_folders_are_refused(tmp_path: Path, names: list[str], search: Search) -> None:
    with pytest.raises(InbetweenError):
        in_folder(laid(tmp_path, *names), search)


def test_clips_are_named_after_themselves(tmp_path: Path) -> None:
    laid(tmp_path, "a.mp4", "b.mov", "B.mkv", "seq/1.png")
    assert films(tmp_path, slowmo=True) == {
        "a": ["a.mp4"], "B.mkv": ["B.mkv"], "b.mov": ["b.mov"], "seq": ["seq"]
    }  # fmt: skip


@pytest.mark.parametrize(
    "words",
    [
        {"chain": True, "pairs": True},
        {"start": "{shot}_a.*"},
        {"start": "a*", "end": "b*", "pairs": True},
        {"slowmo": True, "chain": True},
    ],
)
def test_searches_that_exclude_each_other(words: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        Search(**words)  # type: ignore[arg-type]


def test_a_pattern_without_a_place_for_the_shot(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="name of the shot"):
        in_folder(laid(tmp_path, "a.png", "b.png"), Search(start="a.png", end="b.png"))
