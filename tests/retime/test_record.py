"""The record of a film of a clip."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from inbetween.errors import InbetweenError
from inbetween.record import clip as clip_record
from inbetween.record import read
from inbetween.request import ClipRequest
from inbetween.types import Report
from inbetween.video.clip import Clip
from support.commands import Command
from support.pictures import moving, save, scene

SIZE = (72, 96)


def repeated(path: Path) -> ClipRequest:
    """The request of a record whose inputs have not changed."""
    record = read.read(path, "slowmo", ClipRequest)
    read.check_inputs(record, clip_record.files, Report())
    return record.request


def recorded(clip: Clip, tmp_path: Path, command: Command, *words: str) -> list[str]:
    """Of a film of a clip with a mask and a list of cuts, made in another folder; the words that repeat it."""
    (tmp_path / "in").mkdir()
    clip(moving(3), name="in/clip.mkv")
    save(tmp_path / "in" / "mask.png", np.zeros((*SIZE, 3), np.uint8))
    (tmp_path / "in" / "cuts.txt").write_text("0.05")
    more = ["--protect", "mask.png", "--cuts", "cuts.txt", "--seed", "3", *words]
    ran = command("slowmo", "clip.mkv", "-f", "3", "-o", "out.mp4", "--record", *more, cwd=tmp_path / "in")
    assert ran.code == 0, ran.err
    return ["slowmo", "--repeat", "in/out.mp4.json"]


@pytest.mark.slow
def test_a_record_is_repeated(clip: Clip, tmp_path: Path, command: Command) -> None:
    words = recorded(clip, tmp_path, command, "--from", "1f", "--set", "quality=draft")
    ran = command(*words, "-o", "again.mp4", "--threads", "1", "--json")
    assert ran.code == 0, ran.err
    assert (tmp_path / "again.mp4").read_bytes() == (tmp_path / "in" / "out.mp4").read_bytes()
    facts = json.loads(ran.out)
    assert facts["words"]["since"] == "1f"
    assert [(one["what"], Path(one["path"]).name) for one in facts["inputs"]] == [
        ("clip", "clip.mkv"),
        ("mask", "mask.png"),
        ("list of cuts", "cuts.txt"),
    ]
    assert "`" + str(tmp_path / "in" / "out.mp4") + "` exists" in command(*words).err
    for more, name in (
        (["-f", "2"], "--factor"),
        (["--from", "2f"], "--from"),
        (["--seed", "5"], "--seed"),
        (["--", "x.mp4"], "the clip"),
    ):
        ran = command(*words, "-o", "y.mp4", *more)
        assert ran.code == 2
        assert ran.problem[0].endswith(f"{name} would change it")


def test_a_record_whose_inputs_are_others(clip: Clip, tmp_path: Path, command: Command) -> None:
    recorded(clip, tmp_path, command)
    for name, what in (("clip.mkv", "clip"), ("mask.png", "mask"), ("cuts.txt", "list of cuts")):
        path = tmp_path / "in" / name
        before = path.read_bytes()
        path.write_bytes(before + b"more")
        with pytest.raises(InbetweenError, match=f"the {what} .*{name} has changed since the record"):
            repeated(tmp_path / "in" / "out.mp4.json")
        path.unlink()
        with pytest.raises(InbetweenError, match=f"the {what} .*{name} is gone"):
            repeated(tmp_path / "in" / "out.mp4.json")
        path.write_bytes(before)
    assert repeated(tmp_path / "in" / "out.mp4.json").factor == "3"


def test_a_record_of_pictures_is_repeated(tmp_path: Path, command: Command) -> None:
    (tmp_path / "[in]" / "f").mkdir(parents=True)
    for number, picture in enumerate(moving(3)):
        save(tmp_path / "[in]" / "f" / f"{number}.png", picture)
    words = ["slowmo", "f/[0-9]*.png", "--input-fps", "12", "-f", "2", "-o", "a.mkv", "--record", "-e", "blend"]
    ran = command(*words, cwd=tmp_path / "[in]")
    assert ran.code == 0, ran.err
    words = ["slowmo", "--repeat", "[in]/a.mkv.json", "-o", "b.mkv"]
    assert command(*words).code == 0
    assert (tmp_path / "b.mkv").read_bytes() == (tmp_path / "[in]" / "a.mkv").read_bytes()
    save(tmp_path / "[in]" / "f" / "7.png", moving(1)[0])
    assert "does not say what was in" in command(*words, "--overwrite").problem[0]


def test_a_record_says_whose_it_is(clip: Clip, tmp_path: Path, command: Command) -> None:
    recorded(clip, tmp_path, command)
    ran = command("run", "--repeat", "in/out.mp4.json", "-o", "y.mp4")
    assert ran.problem == (
        "in/out.mp4.json is a record of `inbetween slowmo`",
        "make it again with inbetween slowmo --repeat in/out.mp4.json",
    )
    for number in range(2):
        save(tmp_path / f"{number}.png", scene(number, SIZE))
    command("run", "0.png", "1.png", "-n", "1", "-o", "r.mp4", "--record")
    ran = command("slowmo", "--repeat", "r.mp4.json", "-o", "y.mp4")
    assert ran.problem[1] == "make it again with inbetween run --repeat r.mp4.json"
