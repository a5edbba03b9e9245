"""Where an output goes: folders, names, what is refused before the work."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inbetween.errors import InbetweenError
from inbetween.video import sinks
from inbetween.video.write import prepare
from support.clips import disc, made


def test_folders_new_empty_and_full(tmp_path: Path) -> None:
    new, empty, full = (tmp_path / name for name in ("new", "empty", "full"))
    empty.mkdir()
    full.mkdir()
    (full / "notes.txt").write_text("mine")
    made(f"{new}/", 3)
    assert sorted(os.listdir(new)) == ["00000.png", "00001.png", "00002.png"]
    # The same folder, not another of the same name: it may be somebody's current one.
    before = empty.stat().st_ino
    made(empty, 2, start=7)
    assert sorted(os.listdir(empty)) == ["00007.png", "00008.png"]
    assert empty.stat().st_ino == before
    for words in ({"start": 0}, {"start": 500}):
        with pytest.raises(InbetweenError) as caught:
            made(full, 2, **words)
        assert "not empty" in caught.value.message
        assert "--overwrite" in caught.value.hint
    assert os.listdir(full) == ["notes.txt"]
    assert sorted(os.listdir(tmp_path)) == ["empty", "full", "new"]
    # What a killed run left behind is nobody's picture.
    part = tmp_path / "again" / ".again.parts" / ".inbetween-0123abcd.part"
    part.mkdir(parents=True)
    made(tmp_path / "again", 1)
    assert os.listdir(tmp_path / "again") == ["00000.png"]


def test_a_new_folder_has_the_usual_permissions(tmp_path: Path) -> None:
    (tmp_path / "usual").mkdir()
    made(tmp_path / "new", 1)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == stat.S_IMODE((tmp_path / "usual").stat().st_mode)


def test_overwriting_a_sequence_replaces_its_own_pictures_only(tmp_path: Path) -> None:
    kept = ["00000.PNG", "0002.png", "00002.tif", "x00001.png", "notes.txt", "-0001.png"]
    for name in [*kept, "00000.png", "00001.png", "00002.png", "00003.png", "123456.png"]:
        (tmp_path / name).write_text("old")
    with pytest.raises(InbetweenError, match="not empty"):
        made(tmp_path, 2, start=1)
    written = made(tmp_path, 2, start=1, overwrite=True)
    assert written.count == 2
    assert sorted(os.listdir(tmp_path)) == sorted([*kept, "00000.png", "00001.png", "00002.png"])
    assert (tmp_path / "00000.png").read_text() == "old"
    with Image.open(tmp_path / "00002.png") as image:
        np.testing.assert_array_equal(np.asarray(image), disc(1))


def test_a_pattern_asks_for_its_own_names_only(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "y_001.png").write_text("mine")
    made(tmp_path / "x_%03d.png", 2)
    with pytest.raises(InbetweenError) as caught:
        made(tmp_path / "x_%03d.png", 2)
    assert caught.value.message.endswith("x_000.png` exists")
    made(tmp_path / "x_%03d.png", 2, start=2)
    assert sorted(os.listdir(tmp_path)) == sorted(
        ["notes.txt", "y_001.png", "x_000.png", "x_001.png", "x_002.png", "x_003.png"]
    )
    made(tmp_path / "new folder" / "x_%03d.png", 1)
    assert os.listdir(tmp_path / "new folder") == ["x_000.png"]


def test_a_move_that_fails_is_undone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(tmp_path, 3)
    old = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    rename = os.rename

    def failing(source: str, target: str) -> None:
        new = ".inbetween" in source and "replaced" not in source
        if new and target == str(tmp_path / "00002.png"):
            raise PermissionError(13, "Permission denied")
        rename(source, target)

    monkeypatch.setattr(os, "rename", failing)
    with pytest.raises(InbetweenError, match="Permission denied"):
        made(tmp_path, 4, size=(16, 16), overwrite=True)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == old


def refusal(out: str | Path, *inputs: str | Path, overwrite: bool = True) -> InbetweenError:
    with pytest.raises(InbetweenError) as caught:
        prepare(sinks.parse(str(out)), overwrite, [Path(path) for path in inputs])
    assert "\n" not in caught.value.message + caught.value.hint
    return caught.value


def test_folders_that_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for out in (
        "missing/a.mp4",
        "missing/a.gif",
        "missing/a.png",
        "missing/deeper/",
        "missing/deeper/%d.png",
    ):
        error = refusal(tmp_path / out if not out.endswith("/") else f"{tmp_path}/{out}")
        assert "there is no folder" in error.message
        assert "mkdir -p" in error.hint
    for out in ("file/a.mp4", "file/", "file/x/", "file/%d.png"):
        assert "is a file, not a folder" in refusal(f"{tmp_path}/{out}").message
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs a folder that nobody can write to")
@pytest.mark.parametrize("out", ["/proc/a.mp4", "/proc/frames/", "/proc/%d.png"])
def test_read_only_folders(out: str) -> None:
    assert "cannot write" in refusal(out).message


def test_an_output_that_exists_needs_overwrite(tmp_path: Path) -> None:
    for name in ("a.mp4", "a.gif", "a.png"):
        path = tmp_path / name
        path.write_text("old")
        error = refusal(path, overwrite=False)
        assert error.message.endswith("exists")
        assert "--overwrite" in error.hint
        assert path.read_text() == "old"
        prepare(sinks.parse(str(path)), True)
        made(path, 1, overwrite=True)
        assert path.read_bytes()[:3] != b"old"
    os.mkfifo(tmp_path / "pipe.mp4")
    assert "is not a file" in refusal(tmp_path / "pipe.mp4").message


def test_no_input_is_ever_written_to(tmp_path: Path) -> None:
    (tmp_path / "in.mp4").write_text("a")
    (tmp_path / "00003.png").write_text("b")
    (tmp_path / "link.mp4").symlink_to("in.mp4")
    (tmp_path / "folder link").symlink_to(".")
    (tmp_path / "picture link").symlink_to("00003.png")
    film, picture = tmp_path / "in.mp4", tmp_path / "00003.png"
    assert "an input and an output" in refusal(film, tmp_path / "other", film).message
    assert "an input and an output" in refusal(tmp_path / "link.mp4", film).message
    assert "an input and an output" in refusal(film, tmp_path / "link.mp4").message
    assert "an input and an output" in refusal(tmp_path / "folder link" / "in.mp4", film).message
    assert "an input and an output" in refusal(picture, picture).message
    for out in (tmp_path, tmp_path / "%05d.png", tmp_path / "folder link"):
        for source in (picture, tmp_path / "picture link", tmp_path):
            assert "00003.png` is an input and would be overwritten" in refusal(out, source).message
    # Those that are neither replaced nor removed may stand in the same folder.
    prepare(sinks.parse(str(tmp_path / "%05d.png"), start_number=4), True, [picture])
    prepare(sinks.parse(str(tmp_path / "%04d.png")), True, [picture])
    prepare(sinks.parse(str(tmp_path / "b.mp4")), True, [film, Path("no such file")])


def test_a_link_is_written_through(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "a.mp4").symlink_to("disk/real.mp4")
    made(tmp_path / "a.mp4")
    assert (tmp_path / "a.mp4").is_symlink()
    assert os.listdir(tmp_path / "disk") == ["real.mp4"]


def test_names_that_are_too_long(tmp_path: Path) -> None:
    for out in ("é" * 126 + ".mp4", "x" * 256 + "/", "x" * 250 + "%05d.png"):
        assert "too long" in refusal(f"{tmp_path}/{out}").message


NAMES = [
    "ü 映画 🎬",
    "100%d",
    "%05d",
    "[x]*?",
    "-leading",
    "a:b",
    "q'u\"o",
    "new\nline",
    "x" * 251,
    "pipe:1",
    "~",
]


@pytest.mark.parametrize("stem", NAMES)
def test_names_are_taken_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stem: str) -> None:
    folder = tmp_path / "50% off %d [x] -y"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for suffix in (".mp4", ".gif"):
        written = made(stem + suffix, 2)
        assert (written.count, written.path) == (2, stem + suffix)
    assert sorted(os.listdir(folder)) == sorted([stem + ".mp4", stem + ".gif"])
    made(f"{stem}/", 2)
    assert sorted(os.listdir(folder / stem)) == ["00000.png", "00001.png"]
    made(stem.replace("%", "")[:240] + "_%04d.png", 1)
    assert (folder / (stem.replace("%", "")[:240] + "_0000.png")).is_file()


def test_names_that_are_no_utf_8(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.mp4")
    made(f"{tmp_path}/{name}", 2)
    assert os.listdir(os.fsencode(tmp_path)) == [b"caf\xe9.mp4"]
