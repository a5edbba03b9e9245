"""Small files that a user names are read whole or refused at once, whatever the name means."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from inbetween.errors import CODES, InbetweenError
from inbetween.small_files import read_small


def test_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x\0y")
    assert read_small(tmp_path / "a", "easing") == b"x\0y"
    assert read_small(tmp_path / "a", "easing", most=3) == b"x\0y"


@pytest.mark.parametrize("kind", ["folder", "pipe", "socket", "device"])
def test_what_is_no_file_is_refused_at_once(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = Path("there")
    monkeypatch.chdir(tmp_path)
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as opened:
            opened.bind(str(path))
    else:
        path.symlink_to("/dev/zero")
    with pytest.raises(InbetweenError, match=f"the easing there is a {kind}") as caught:
        read_small(path, "easing")
    assert caught.value.code == "input_unreadable"


@pytest.mark.parametrize(
    ("name", "code"), [("none", "input_missing"), ("a/b", "input_missing"), ("a\0b", "input_unreadable")]
)
def test_what_is_not_there_is_refused(tmp_path: Path, name: str, code: str) -> None:
    (tmp_path / "a").write_bytes(b"")
    with pytest.raises(InbetweenError) as caught:
        read_small(os.path.join(tmp_path, name), "easing")
    assert caught.value.code == code
    assert code in CODES


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1234")
    with pytest.raises(InbetweenError, match="is larger than"):
        read_small(tmp_path / "a", "easing", most=3)
