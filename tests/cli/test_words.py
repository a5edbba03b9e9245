"""Words as a new user writes them: they are understood, or answered with those that are right."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbetween.cli.quotes import refuse_split
from inbetween.errors import UsageError
from inbetween.sizes import parse_film_size
from inbetween.timeline.speed import parse_factor
from inbetween.timeline.text import parse_time
from support.commands import Command
from support.films import files
from support.pictures import save, scene


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A folder of keys whose numbers have no leading zeros, and two pictures beside it."""
    (tmp_path / "keys").mkdir()
    for place, number in enumerate((1, 2, 10)):
        save(tmp_path / "keys" / f"k{number}.png", scene(place / 4, (48, 64)))
    for place, name in enumerate(("a.png", "b.png")):
        save(tmp_path / name, scene(place / 4, (48, 64)))
    return tmp_path


@pytest.mark.parametrize("name", ["keys", "keys/", "keys/*.png", "keys/k%d.png", "keys/k##.png"])
def test_a_folder_or_a_pattern_stands_for_its_pictures(inside: Command, small: Path, name: str) -> None:
    ran = inside("run", name, "-n", 1, "-o", "out/")
    assert ran.code == 0, ran.err
    made = files(small / "out")
    assert len(made) == 5
    assert all(np.array_equal(made[2 * place], scene(place / 4, (48, 64))) for place in range(3))


def test_pictures_are_numbered_as_nuke_does(inside: Command, small: Path) -> None:
    assert inside("run", "a.png", "b.png", "-n", 1, "-o", "f_####.png").code == 0
    assert sorted(path.name for path in small.glob("f_*")) == ["f_0000.png", "f_0001.png", "f_0002.png"]


@pytest.mark.parametrize(
    ("words", "right"),
    [
        ("interpolate a.png b.png -o x.mp4", "inbetween run a.png b.png -o x.mp4"),
        ("tween a.png b.png", "inbetween run a.png b.png"),
        ("morf a.png b.png", "inbetween run a.png b.png"),
        ("slow c.mp4 --factor 2", "inbetween slowmo c.mp4 --factor 2"),
        ("download svd", "inbetween models svd"),
        ("a.png b.png -o x.gif", "inbetween run a.png b.png -o x.gif"),
        ("'my clip.mov'", "inbetween slowmo 'my clip.mov' --factor 4 -o out.mp4"),
        ("run c.mp4 -o x.mp4", "inbetween slowmo c.mp4 --factor 4 -o x.mp4"),
        ("slowmo a.png b.png -o x.mp4", "inbetween run a.png b.png -o x.mp4"),
        ("run pairs -o x.mp4", "inbetween batch pairs/ -o films/"),
        ("run clips -o x.mp4", "inbetween batch clips/ --slowmo --factor 4 -o films/"),
        ("run . -o x.mp4 --drag 20,30 40,30", '--drag "20,30 40,30"'),
        ("run a.png b.png -o x.mp4 --drag 1: 20,30 40,30", '--drag "1: 20,30 40,30"'),
        ("slowmo c.mp4 -o x.mp4 --speed 0:1 2:0.5", '--speed "0:1, 2:0.5"'),
        ("slowmo c.mp4 -o x.mp4 --speed 0:1, 2s:0.25, 3s:1", '--speed "0:1, 2s:0.25, 3s:1"'),
        ("run a.png b.png -o x.mp4 --at 0, 2s", '--at "0, 2s"'),
        ("run a.png b.png -o x.mp4 --encoder -crf 12 -n 3", '--encoder "-crf 12"'),
        ("run https://a.org/a.png b.png -o x.mp4", "download it first"),
        ("slowmo https://a.org/c.mp4 -f 2 -o x.mp4", "download it first"),
        ("compare https://a.org/c.mp4 d.mp4 -o x.mp4", "download it first"),
        ("motion file://server/a.png b.png -o x.json", "file on this machine"),
    ],
)
def test_wrong_words_are_answered_with_the_right_ones(inside: Command, small: Path, words: str, right: str) -> None:
    for name in ("pairs/s1_start.png", "pairs/s1_end.png", "clips/c.mp4"):
        (small / name).parent.mkdir(exist_ok=True)
        (small / name).touch()
    before = sorted(small.rglob("*"))
    ran = inside(*shlex.split(words))
    assert ran.code == 2
    assert right in ran.problem[1]
    assert sorted(small.rglob("*")) == before


@pytest.mark.parametrize(
    ("size", "film"),
    [("32x", [24, 32]), ("x12", [12, 16]), ("50%", [24, 32]), ("32X24", [24, 32]), ("32×24", [24, 32])],
)
def test_sizes_by_one_side_or_percent(inside: Command, small: Path, size: str, film: list[int]) -> None:
    ran = inside("run", "a.png", "b.png", "-o", "x.mp4", "--dry-run", "--json", "--size", size)
    assert json.loads(ran.out)["size"] == film


@given(st.text(max_size=12))
def test_sizes_are_sizes_or_refused(text: str) -> None:
    try:
        size = parse_film_size(text).of((1080, 1920))
    except UsageError as refused:
        assert text in refused.message  # noqa: PT017
    else:
        assert min(size) >= 1


@given(st.integers(1, 4000), st.integers(1, 4000), st.integers(1, 4000))
def test_the_side_that_is_not_said_keeps_the_shape(height: int, width: int, side: int) -> None:
    for text in (f"{side}x", f"x{side}"):
        high, wide = parse_film_size(text).of((height, width))
        assert side in (high, wide)
        assert abs(high * width - wide * height) <= max(height, width, high, wide)


@pytest.mark.parametrize("text", ["2sec", "2 seconds", "2000ms", "2000 msec", "48f", "48 frames", "0:02", "2S"])
def test_times_with_their_units_written_out(text: str) -> None:
    assert parse_time(text, 24) == 2  # type: ignore[arg-type]
    assert parse_factor("4x") == parse_factor("4 X") == parse_factor("4") == 4


@given(
    st.lists(
        st.sampled_from(["--drag", "--speed", "--encoder", "--at", "-n", "--", "-crf", "12", "1,2", "0:1", "a.png", ""])
    )
)
def test_words_without_lost_quotes_are_let_pass(words: list[str]) -> None:
    options = {"--drag", "--speed", "--encoder", "--at", "-n"}
    try:
        refuse_split(words, options, set())
    except UsageError as refused:
        assert any(f'write {name} "' in refused.hint for name in options)  # noqa: PT017
        assert any(one in options for one in words)


def test_what_cannot_be_meant_is_said(inside: Command, small: Path) -> None:
    ran = inside("run", "a.png", "./a.png", "-n", 1, "-o", "same/")
    assert (ran.code, ran.err.count("are the same file")) == (0, 1)
    ran = inside("run", "a.png", "b.png", "-n", 1, "-o", "o/", "--drag", "10,10 640,20")
    assert ran.code == 0
    assert "point 2 of the drag `10,10 640,20` is outside the picture, which is 64x48" in ran.err
    ran = inside("run", "a.png", "b.png", "-n", 1, "-o", "in/", "--drag", "10,10 63,47")
    assert (ran.code, "outside" in ran.err) == (0, False)
    ran = inside("slowmo", "keys", "--input-fps", 3, "-o", "late/", "--speed", "0:1, 5:0.5")
    assert (ran.code, "the point of --speed at 5 s is beyond its end" in ran.err) == (0, True)


def test_help_by_other_words(inside: Command) -> None:
    assert inside("-V").out == inside("--version").out
    assert inside("help", "run").out == inside("run", "--help").out
    assert inside("help").out == inside("--help").out
    assert inside("help", "models", "pull").out == inside("models", "pull", "--help").out


def test_the_shell_completes_words(inside: Command) -> None:
    words = {"_INBETWEEN_COMPLETE": "complete_bash", "COMP_WORDS": "inbetween slowmo --fac", "COMP_CWORD": "2"}
    assert inside(env=words).out.split() == ["--factor"]
    assert "_INBETWEEN_COMPLETE" in inside("--show-completion", "bash", env={"SHELL": "/bin/bash"}).out


def test_gpu_is_never_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    from inbetween.devices import torch_device
    from inbetween.errors import InbetweenError

    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert torch_device("gpu") == "cuda:0"
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert torch_device("gpu") == "mps"
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(InbetweenError, match="neither cuda nor mps") as refused:
        torch_device("gpu")
    assert "cpu" not in refused.value.hint.lower()
