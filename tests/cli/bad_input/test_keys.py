"""Keys that are none."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from inbetween.produce import BYTES_PER_PIXEL
from inbetween.system import available_memory
from support.commands import INBETWEEN, STAYS, Command, Refused, run
from support.containers import declared, scene_as_jpeg, scene_as_png
from support.folders import contents
from support.pictures import save, scene

BAD_KEYS = [
    ("none.png", lambda: None, "none.png does not exist", "check the spelling"),
    ("empty.png", lambda: b"", "empty.png is empty", "copy or export it again"),
    ("cut.png", lambda: scene_as_png()[:-5000], "cut.png is damaged or cut off", "copy or export it again"),
    ("cut.jpg", lambda: scene_as_jpeg()[:-500], "cut.jpg is damaged or cut off", "copy or export it again"),
    ("head.png", lambda: scene_as_png()[:20], "head.png is damaged or cut off", "copy or export it again"),
    ("clip.jpg", lambda: b"\0\0\0\x18ftypisom\0\0\2\0isomiso2" + bytes(99), "clip.jpg is a video", "still pictures"),
    ("clip.png", lambda: b"\x1aE\xdf\xa3" + bytes(99), "clip.png is a video", "still pictures"),
    ("note.png", lambda: b"a letter to you\n", "note.png is a text file", "PNG, JPEG"),
    ("deep.exr", lambda: b"v/1\x01" + bytes(99), "deep.exr is an OpenEXR picture", "16-bit PNG"),
    ("other.png", lambda: declared(100, 100), "other.png is 100x100, the film is 192x144", "--fit crop"),
    ("half.png", lambda: declared(96, 72), "half.png is 96x72, the film is 192x144", "--fit crop"),
    ("large.png", lambda: declared(10_000, 7_000), "large.png is 10000×7000 pixels", "--force"),
    ("wide.png", lambda: declared(32_001, 2), "wide.png is 32001×2 pixels", "make it smaller"),
]


@STAYS
@pytest.mark.parametrize(("name", "data", "error", "hint"), BAD_KEYS, ids=[key[0] for key in BAD_KEYS])
def test_keys_that_are_none(
    refused: Refused, tmp_path: Path, name: str, data: Callable[[], bytes | None], error: str, hint: str
) -> None:
    bad = data()
    if bad is not None:
        (tmp_path / name).write_bytes(bad)
    force = ["--force"] if name == "wide.png" else []
    refused("run", "key0.png", name, "-o", "x.mp4", *force, code=1, error=error, hint=hint)


@STAYS
def test_a_folder_as_a_key(refused: Refused, tmp_path: Path) -> None:
    """A folder stands for the pictures in it, and this one has none."""
    (tmp_path / "folder.png").mkdir()
    words = ("run", "key0.png", "folder.png", "-o", "x.mp4")
    refused(*words, code=1, error="the folder folder.png has no pictures", hint="check the name")


@pytest.mark.skipif((available_memory() or 10**13) > 30_000**2 * BYTES_PER_PIXEL, reason="it has the memory")
def test_memory_is_checked_before_pixels_are_read(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "huge.png").write_bytes(declared(30_000, 30_000))
    words = ("run", "huge.png", "huge.png", "-o", "x.mp4")
    refused(*words, code=1, error="huge.png is 30000×30000 pixels", hint="--force")
    refused(*words, "--force", code=1, error="30000x30000 needs about 288.0 GB of memory", hint="--size")


def unprivileged() -> list[str]:
    """Words before a command that take away root's right to read and write everything."""
    if os.geteuid() != 0:
        return []
    words = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
    if shutil.which("setpriv") is None or subprocess.run([*words, "true"], check=False).returncode:
        pytest.skip("root may read and write everything")
    return words


@STAYS
def test_permissions(tmp_path: Path) -> None:
    before_all = unprivileged()
    (tmp_path / "locked").mkdir()
    save(tmp_path / "secret.png", scene(1)).chmod(0)
    (tmp_path / "locked").chmod(0o555)
    before = contents(tmp_path)
    for words, error, hint in (
        (["key0.png", "secret.png", "-o", "x.mp4"], "secret.png may not be read", "permissions"),
        (["key0.png", "key1.png", "-o", "locked/x.mp4"], "cannot write", "another folder with -o"),
        (["key0.png", "key1.png", "-o", "locked/x/"], "cannot write", "another folder with -o"),
        (
            ["key0.png", "key1.png", "-o", "x.mp4", "--contact-sheet", "locked/s.png"],
            "cannot write",
            "another folder with --contact-sheet",
        ),
    ):
        ran = run([*before_all, *INBETWEEN, "run", *words], tmp_path)
        assert ran.code == 1, ran.err
        assert error in ran.problem[0]
        assert hint in ran.problem[1]
        assert contents(tmp_path) == before


@pytest.fixture
def strangers(tmp_path: Path) -> None:
    """Two pictures that have nothing to do with each other."""
    save(tmp_path / "a.png", np.zeros((40, 60, 3), np.uint8))
    save(tmp_path / "b.png", np.full((40, 60, 3), 255, np.uint8))


@pytest.mark.usefixtures("strangers")
def test_keys_with_no_relation(refused: Refused, inside: Command, tmp_path: Path) -> None:
    words = ("run", "a.png", "b.png", "-n", 2, "-o", "x", "--if-unrelated")
    refused(*words, "fail", code=1, error="keys 1 and 2 have nothing to do with each other", hint="blend or hold")
    before = contents(tmp_path)
    for how, says in (("blend", "cross-faded"), ("hold", "held")):
        ran = inside(*words, how, "--overwrite")
        assert (ran.code, ran.out) == (0, "x\n")
        assert "note: keys 1 and 2 have nothing to do with each other: " in ran.err
        assert says in ran.err
        assert {name: contents(tmp_path)[name] for name in before} == before
