"""What is no file in the place of a file: it is refused at once, whichever option names it."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from support.commands import Command, Refused
from support.films import MakeClip
from support.pictures import scene

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes")
RUN = ("run", "key0.png", "key1.png", "-n", "2", "-o", "out.mkv")
SLOWMO = ("slowmo", "clip.mkv", "--factor", "2", "-o", "out.mkv")
INPUTS = {
    "key": ("run", "key0.png", "{}", "-o", "out.mkv"),
    "motion": (*RUN, "--motion", "{}"),
    "easing": (*RUN, "--easing", "{}"),
    "clip": ("slowmo", "{}", "--factor", "2", "-o", "out.mkv"),
    "cuts": (*SLOWMO, "--cuts", "{}"),
    "mask": (*SLOWMO, "--protect", "{}"),
    "compared": ("compare", "clip.mkv", "{}", "-o", "out.mkv"),
    "scored": ("bench", "{}", "--gaps", "1", "--no-vmaf"),
    "matched": ("match", "key0.png", "{}", "-o", "out.png"),
    "moved": ("motion", "key0.png", "{}", "-o", "out.json"),
    "drawn": ("conditions", "key0.png", "key1.png", "--motion", "{}", "-o", "out.mkv"),
    "weights": ("models", "install", "yolox", "{}", "--weights", "weights"),
}
"""Commands, and the place of the name."""
OUTPUTS = {
    "film": ("run", "key0.png", "key1.png", "-n", "2", "--overwrite", "-o", "{}"),
    "sheet": (*RUN, "--overwrite", "--contact-sheet", "{}"),
    "matches": ("match", "key0.png", "key1.png", "--overwrite", "-o", "{}"),
    "tracks": ("motion", "key0.png", "key1.png", "--overwrite", "-o", "{}"),
}
SUFFIX = {"sheet": ".png", "matches": ".png", "tracks": ".json", "film": ".mkv", "weights": ".onnx"}


@pytest.fixture
def special(tmp_path: Path, request: pytest.FixtureRequest, clip: MakeClip) -> str:
    """The name of a folder, a pipe, a socket, or a link to a device that never ends."""
    clip([scene(number, (48, 64)) for number in range(4)])
    kind, suffix = request.param, SUFFIX.get(request.node.callspec.params["what"], "")
    path = tmp_path / f"s{suffix}"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        # The address of a socket may not be long.
        here = Path.cwd()
        os.chdir(tmp_path)
        with socket.socket(socket.AF_UNIX) as opened:
            opened.bind(path.name)
        os.chdir(here)
    else:
        path.symlink_to("/dev/zero")
    return path.name


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize("special", ["pipe", "socket", "device"], indirect=True)
@pytest.mark.parametrize("what", INPUTS)
def test_an_input_that_is_no_file(refused: Refused, special: str, what: str) -> None:
    refused(*(word.format(special) for word in INPUTS[what]), code=1, error="s", hint="")


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize("special", ["pipe", "socket", "device"], indirect=True)
@pytest.mark.parametrize("what", OUTPUTS)
def test_an_output_that_is_no_file(refused: Refused, special: str, what: str, tmp_path: Path) -> None:
    refused(*(word.format(special) for word in OUTPUTS[what]), code=1, error="is not a file", hint="another name")
    assert not (tmp_path / special).is_file()


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize("what", ["motion", "easing", "cuts"])
def test_a_file_without_end(inside: Command, tmp_path: Path, clip: MakeClip, what: str) -> None:
    clip([scene(number, (48, 64)) for number in range(4)])
    with open(tmp_path / "huge", "wb") as file:
        # It takes no space on the disk.
        file.truncate(1 << 40)
    ran = inside(*(word.format("huge") for word in INPUTS[what]))
    assert ran.code == 1
    assert "huge is larger than" in ran.problem[0]
