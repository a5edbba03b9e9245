"""Sequences and single pictures, and what goes wrong while frames are written."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from inbetween.errors import InbetweenError, Interrupted
from inbetween.types import Picture, Report
from inbetween.video import encode, sinks
from inbetween.video import write as write_module
from inbetween.video.write import FilmFormat, WriteOptions, write
from support.clips import NTSC, SIZE, disc, made
from support.pictures import noise
from support.reports import Heard

# --- sequences and single pictures ---


@pytest.mark.parametrize("suffix", [".png", ".tif", ".tiff"])
@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_sequence_keeps_every_value(tmp_path: Path, suffix: str, channels: int, dtype: type) -> None:
    from inbetween import pictures

    report = Heard()
    written = made(tmp_path / f"x%d{suffix}", 3, channels=channels, dtype=dtype, report=report, start=9)
    names = [f"x9{suffix}", f"x10{suffix}", f"x11{suffix}"]
    assert sorted(os.listdir(tmp_path)) == sorted(names)
    for index, name in enumerate(names):
        found = pictures.read(tmp_path / name)
        assert found.dtype == dtype
        np.testing.assert_array_equal(found, disc(index, SIZE, channels, dtype))
    assert (written.kind, written.count, written.duration) == ("sequence", 3, 3 / NTSC)
    assert written.bytes == sum((tmp_path / name).stat().st_size for name in names)
    assert (
        written.pixel_format
        == {
            (3, np.uint8): "rgb24",
            (4, np.uint8): "rgba",
            (3, np.uint16): "rgb48",
            (4, np.uint16): "rgba64",
        }[channels, dtype]
    )
    assert report.loud == []


def test_jpegs_say_what_they_lose(tmp_path: Path) -> None:
    report = Heard()
    written = made(tmp_path / "%d.jpg", 3, channels=4, dtype=np.uint16, report=report)
    assert sorted(report.loud) == ["alpha", "bit_depth"]
    assert (written.codec, written.pixel_format) == ("mjpeg", "rgb24")


@pytest.mark.parametrize("name", ["x.png", "x.tif", "x.jpg"])
def test_one_picture(tmp_path: Path, name: str) -> None:
    written = made(tmp_path / name, 1)
    assert os.listdir(tmp_path) == [name]
    assert (written.kind, written.bytes) == ("picture", (tmp_path / name).stat().st_size)
    with Image.open(tmp_path / name) as image:
        assert image.size == (SIZE[1], SIZE[0])


# --- what goes wrong during the work ---


OUTPUTS = ["a.mp4", "a.mkv", "a.gif", "a_%02d.png", "a.png", "new/"]


@pytest.mark.parametrize("out", OUTPUTS)
@pytest.mark.parametrize("error", [ValueError("engine"), Interrupted(), KeyboardInterrupt(), OSError(5, "theirs")])
def test_frames_that_fail_leave_everything_as_it_was(tmp_path: Path, out: str, error: BaseException) -> None:
    old = tmp_path / out.replace("%02d", "00")
    if not out.endswith("/"):
        old.write_text("old")

    def frames() -> Iterator[Picture]:
        if out != "a.png":
            yield disc(0)
            yield disc(1)
        raise error

    sink = sinks.parse(f"{tmp_path}/{out}")
    with pytest.raises(type(error)) as caught:
        write(FilmFormat(sink, NTSC, 1 if out == "a.png" else 9, SIZE), frames(), Report(), WriteOptions(True))
    assert caught.value is error
    assert os.listdir(tmp_path) == ([] if out.endswith("/") else [old.name])
    assert out.endswith("/") or old.read_text() == "old"


@pytest.mark.parametrize("out", OUTPUTS)
@pytest.mark.parametrize("given", [0, 1, 3])
def test_a_wrong_number_of_frames_is_a_bug(tmp_path: Path, out: str, given: int) -> None:
    count = 1 if out == "a.png" else 2
    if given == count:
        given = 2
    with pytest.raises(RuntimeError, match="planned"):
        write(FilmFormat(sinks.parse(f"{tmp_path}/{out}"), NTSC, count, SIZE), map(disc, range(given)), Heard())
    assert os.listdir(tmp_path) == []


def test_a_wrong_size_is_a_bug(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="frame 1 is"):
        write(FilmFormat(sinks.parse(f"{tmp_path}/a.mp4"), NTSC, 2, SIZE), [disc(0), noise(256, 256, seed=0)], Report())
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("stage", ["write", "palette", "check"])
def test_a_report_that_stops_leaves_nothing(tmp_path: Path, stage: str) -> None:
    class Stop(Report):
        def progress(self, name: str, done: int, total: int) -> None:
            if name == stage:
                raise Interrupted()

    with pytest.raises(Interrupted):
        made(tmp_path / "a.gif", report=Stop())
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("out", OUTPUTS)
def test_an_output_that_appears_meanwhile_stays(tmp_path: Path, out: str) -> None:
    other = tmp_path / out.replace("%02d", "07")

    def frames() -> Iterator[Picture]:
        yield disc(0)
        if out.endswith("/"):
            other.mkdir()
            (other / "00004.png").write_text("other")
        else:
            other.write_text("other")

    with pytest.raises(InbetweenError) as caught:
        write(FilmFormat(sinks.parse(f"{tmp_path}/{out}"), NTSC, 1, SIZE), frames(), Report())
    assert "while it was being made" in caught.value.message
    assert os.listdir(tmp_path) == [other.name]
    assert (other / "00004.png" if out.endswith("/") else other).read_text() == "other"


@pytest.mark.parametrize("out", ["a.mp4", "a.gif", "x/"])
def test_frames_are_not_kept(tmp_path: Path, out: str) -> None:
    alive: set[int] = set()
    most = 0

    def frames() -> Iterator[Picture]:
        nonlocal most
        for index in range(20):
            picture = disc(index)
            alive.add(index)
            weakref.finalize(picture, alive.discard, index)
            yield picture
            del picture
            most = max(most, len(alive))

    write(FilmFormat(sinks.parse(f"{tmp_path}/{out}"), NTSC, 20, SIZE), frames(), Report())
    assert 1 <= most <= 2


def test_a_film_with_a_damaged_middle_gets_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.mp4").write_text("old")
    make_film = encode.make_film

    def cut(path: str, *more: Any) -> None:
        make_film(path, *more)
        os.truncate(path, os.path.getsize(path) * 2 // 3)

    monkeypatch.setattr(encode, "make_film", cut)
    with pytest.raises(InbetweenError, match="not what was planned"):
        made(tmp_path / "a.mp4", 9, overwrite=True)
    assert os.listdir(tmp_path) == ["a.mp4"]
    assert (tmp_path / "a.mp4").read_text() == "old"


def test_a_picture_that_the_disk_damages_gets_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def damaging(path: str, mode: str) -> Any:
        if mode == "rb":
            os.truncate(path, os.path.getsize(path) - 1)
        return open(path, mode)

    made(tmp_path / "sound.png", 1)
    monkeypatch.setattr(write_module, "open", damaging, raising=False)
    with pytest.raises(InbetweenError, match="not what was planned: a picture that is read back differs"):
        made(tmp_path / "a.png", 1)
    assert os.listdir(tmp_path) == ["sound.png"]
