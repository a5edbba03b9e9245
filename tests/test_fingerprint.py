"""Fingerprints of files, small and large."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from inbetween import fingerprint
from inbetween.errors import InbetweenError, Interrupted
from inbetween.fingerprint import Fingerprints
from inbetween.types import Report


@pytest.fixture
def small_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of more than 1000 bytes are large: four samples of ten bytes are read."""
    monkeypatch.setattr(fingerprint, "WHOLE", 1000)
    monkeypatch.setattr(fingerprint, "SAMPLES", 4)
    monkeypatch.setattr(fingerprint, "SAMPLE", 10)


def of(path: Path) -> str:
    return Fingerprints(Report()).of(path)


def test_equal_contents_have_equal_fingerprints_wherever_they_are(tmp_path: Path) -> None:
    one, other = tmp_path / "a.png", tmp_path / "b.png"
    one.write_bytes(b"same")
    other.write_bytes(b"same")
    os.utime(other, (0, 0))
    assert of(one) == of(other)


def test_equal_names_sizes_and_times_do_not_make_equal_contents(tmp_path: Path) -> None:
    paths = []
    for folder, data in (("a", b"one"), ("b", b"two")):
        (tmp_path / folder).mkdir()
        paths.append(tmp_path / folder / "x.png")
        paths[-1].write_bytes(data)
        os.utime(paths[-1], ns=(1, 1))
    assert of(paths[0]) != of(paths[1])


@pytest.mark.parametrize("place", [0, 335, 1009, 500])
def test_a_large_file_is_known_by_samples_size_and_time(small_limit: None, tmp_path: Path, place: int) -> None:
    path = tmp_path / "clip.mp4"
    data = bytearray(b"." * 1010)
    path.write_bytes(data)
    before = of(path)
    assert of(path) == before
    data[place] = 33
    path.write_bytes(data)
    assert of(path) != before


def test_a_large_file_of_another_place_is_another(small_limit: None, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(b"." * 2000)
        os.utime(tmp_path / name, ns=(1, 1))
    assert of(tmp_path / "a") != of(tmp_path / "b")


def test_a_file_is_read_once(tmp_path: Path) -> None:
    class Counting(Report):
        read = 0

        def progress(self, stage: str, done: int, total: int) -> None:
            assert stage == "hash"
            self.read += 1

    (tmp_path / "a").write_bytes(b"data")
    report = Counting()
    prints = Fingerprints(report)
    prints.of(tmp_path / "a")
    prints.check()
    assert report.read == 1
    assert Fingerprints(report, prints.known).of(tmp_path / "a") == prints.of(tmp_path / "a")
    assert report.read == 1


def test_a_file_that_is_written_to_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"data")
    prints = Fingerprints(Report())
    prints.of(path)
    os.utime(path, (5, 5))
    prints.check()
    path.write_bytes(b"Data")
    with pytest.raises(InbetweenError, match="has changed while") as caught:
        prints.check()
    assert caught.value.code == "input_changed"
    path.unlink()
    with pytest.raises(InbetweenError, match="cannot be read"):
        prints.check()


def test_a_file_that_is_written_to_between_watching_and_fingerprint(tmp_path: Path) -> None:
    path, missing = tmp_path / "a", tmp_path / "missing"
    path.write_bytes(b"data")
    prints = Fingerprints(Report())
    prints.watch([path, missing])
    path.write_bytes(b"Data, and more")
    with pytest.raises(InbetweenError, match="has changed while"):
        prints.of(path)
    missing.write_bytes(b"there now")
    assert prints.of(missing) == of(missing)


def test_hashing_is_stopped(tmp_path: Path) -> None:
    class Stopped(Report):
        def progress(self, stage: str, done: int, total: int) -> None:
            raise Interrupted

    (tmp_path / "a").write_bytes(b"data")
    with pytest.raises(Interrupted):
        Fingerprints(Stopped()).of(tmp_path / "a")
