"""What can happen to the hidden folder of an output while no command runs: each kind of damage is a function that does
it somewhere in the folder, by chance, and says what it did; "" if there is nothing to which it could be done."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from inbetween.video import workfolder

DIARY = b"the user's own diary\n"
"""What is in a file that the user has put into the place of the hidden folder."""


HOLE = 2**40
"""Bytes of a file that is too large to be read."""


@dataclass(frozen=True)
class Scene:
    """Where the damage is done."""

    work: Path
    """The hidden folder. It may be missing."""
    target: Path
    """The output. It may be missing."""
    outside: Path
    """A folder of files that nobody may touch, such as `canaries` makes."""
    chance: Random
    """Chooses."""

    def files(self) -> list[Path]:
        """All files in the hidden folder, but for one of which nearly all is a hole."""
        found = (path for path in self.work.rglob("*") if path.is_file() and not path.is_symlink())
        return sorted(path for path in found if path.stat().st_size < HOLE)

    def segments(self) -> list[Path]:
        """The files of segments among them."""
        return [path for path in self.files() if path.suffix and ".part" not in path.name]

    def texts(self) -> list[Path]:
        """The journal and the mark, as far as they are there."""
        return [path for path in self.files() if path.name in ("journal", "placing") and path.parent == self.work]


Damage = Callable[[Scene], str]


def _rewritten(scene: Scene, path: Path, data: bytes) -> str:
    path.write_bytes(data)
    return f"{path.relative_to(scene.work)}: {data[:60]!r}"


def _any_text(scene: Scene) -> Path | None:
    found = scene.texts()
    return scene.chance.choice(found) if found else None


def _objects(path: Path) -> list[dict[str, Any]]:
    """The lines of a journal or of a mark, their seals taken off."""
    found = [workfolder.unsealed(line) for line in path.read_bytes().splitlines(keepends=True)]
    return [one for one in found if one is not None]


def _sealed(scene: Scene, path: Path, lines: list[Any]) -> str:
    return _rewritten(scene, path, b"".join(workfolder.sealed(line) for line in lines))


def text_of_another_shape(scene: Scene) -> str:
    """Bytes that are no journal and no mark, with a valid seal or without one."""
    values = [
        b"", b"\n", b"\0" * 300, b"\xff\xfe\n", b"null\n", b"[]\n", b"{}\n", b'"text"\n', b"1e999\n", b"NaN\n",
        b'{"identity": 5, "segment": "x"}\n' * 3, b"[" * 200_000 + b"\n", b'{"a":' * 200_000 + b"\n",
        b"9" * 20_000 + b"\n", b'{"segment": ' + b"9" * 9000 + b"}\n",
    ]  # fmt: skip
    path = _any_text(scene)
    if path is None:
        path = scene.work / scene.chance.choice(["journal", "placing"])
        if path.exists() or path.is_symlink():
            return ""
        path.parent.mkdir(exist_ok=True)
    data = scene.chance.choice(values)
    if scene.chance.random() < 0.4 and path in scene.texts():
        # After lines that are right.
        data = path.read_bytes() + data
    return _rewritten(scene, path, data)


def sealed_values_of_another_type(scene: Scene) -> str:
    """A line that somebody has changed and sealed anew: one of its values is another one."""
    path = _any_text(scene)
    lines = _objects(path) if path else []
    if not path or not lines:
        return ""
    places: list[tuple[Any, Any]] = []

    def walk(value: Any) -> None:
        for key in value if isinstance(value, dict) else range(len(value)):
            places.append((value, key))
            if isinstance(value[key], dict | list):
                walk(value[key])

    # The first line of a journal only says what the film is made of.
    for line in lines[1:] or lines:
        walk(line)
    holder, key = scene.chance.choice(places)
    others = [None, True, -1, 10**30, 1e308, "", "../../outside/diary", "x" * 5000, [], {}, [[]], {"a": []}, "1/0"]
    if scene.chance.random() < 0.2:
        del holder[key]
    else:
        holder[key] = scene.chance.choice(others)
    return f"{key}, " + _sealed(scene, path, lines)


def lines_in_another_order(scene: Scene) -> str:
    """Whole lines of the journal, taken away, twice or elsewhere."""
    path = scene.work / "journal"
    lines = path.read_bytes().splitlines(keepends=True) if path in scene.texts() else []
    if len(lines) < 3:
        return ""
    how = scene.chance.choice(["reversed", "twice", "first taken away", "one taken away", "shuffled"])
    if how == "reversed":
        lines.reverse()
    elif how == "twice":
        lines += lines[1:]
    elif how == "first taken away":
        lines.pop(0)
    elif how == "one taken away":
        lines.pop(scene.chance.randrange(1, len(lines)))
    else:
        scene.chance.shuffle(lines)
    return f"{how}, " + _rewritten(scene, path, b"".join(lines))


def swapped_numbers(scene: Scene) -> str:
    """Two lines of the journal have each other's number, under a valid seal."""
    path = scene.work / "journal"
    lines = _objects(path) if path in scene.texts() else []
    if len(lines) < 3:
        return ""
    a, b = scene.chance.sample(lines[1:], 2)
    a["segment"], b["segment"] = b.get("segment"), a.get("segment")
    return _sealed(scene, path, lines)


def files_of_nothing(scene: Scene) -> str:
    """A line lists no files, or files that are not its own, under a valid seal."""
    path = scene.work / "journal"
    lines = _objects(path) if path in scene.texts() else []
    if len(lines) < 2:
        return ""
    line = scene.chance.choice(lines[1:])
    files = line.get("files")
    sums = list(files.values()) if isinstance(files, dict) else []
    names = ["../outside/diary", str(scene.outside / "diary"), "", ".", "..", "lock", "journal", "a\0b", "x" * 3000]
    line["files"] = scene.chance.choice([{}, [], None, {scene.chance.choice(names): sums[0] if sums else ""}])
    return _sealed(scene, path, lines)


def cut_off(scene: Scene) -> str:
    """A file ends too early."""
    files = [path for path in scene.files() if path.stat().st_size]
    if not files:
        return ""
    path = scene.chance.choice(files)
    return _rewritten(scene, path, path.read_bytes()[: scene.chance.randrange(path.stat().st_size)])


def flipped(scene: Scene) -> str:
    """One byte of a file is another one."""
    files = [path for path in scene.files() if path.stat().st_size]
    if not files:
        return ""
    path = scene.chance.choice(files)
    data = bytearray(path.read_bytes())
    data[scene.chance.randrange(len(data))] ^= scene.chance.randrange(1, 256)
    return _rewritten(scene, path, bytes(data))


def lost_blocks(scene: Scene) -> str:
    """A file has its length and zeros in the place of its bytes, as some disks leave it after a power cut."""
    files = [path for path in scene.files() if path.stat().st_size]
    if not files:
        return ""
    path = scene.chance.choice(files)
    return _rewritten(scene, path, bytes(path.stat().st_size))


def huge(scene: Scene) -> str:
    """The journal or the mark has a hole of a terabyte at its end."""
    path = _any_text(scene)
    if path is None:
        path = scene.work / "journal"
        if path.exists() or path.is_symlink():
            return ""
        path.parent.mkdir(exist_ok=True)
    with path.open("ab") as file:
        file.truncate(HOLE)
    return f"{path.name} is a hole"


def swapped_files(scene: Scene) -> str:
    """Two segments have each other's name."""
    files = scene.segments()
    if len(files) < 2:
        return ""
    a, b = scene.chance.sample(files, 2)
    first, second = a.read_bytes(), b.read_bytes()
    b.write_bytes(first)
    return f"with {b.name}, " + _rewritten(scene, a, second)


def taken_away(scene: Scene) -> str:
    """A file is gone, or a picture that had been moved to the output already."""
    there = scene.files() + (sorted(scene.target.glob("*.png")) if scene.target.is_dir() and scene.texts() else [])
    if not there:
        return ""
    path = scene.chance.choice(there)
    path.unlink()
    return str(path.name)


def a_playlist(scene: Scene) -> str:
    """A segment is a text that asks for another file to be played."""
    files = scene.segments()
    if not files:
        return ""
    film = scene.outside / "film.mp4"
    texts = [
        f"ffconcat version 1.0\nfile {film}\n",
        f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{film}\n#EXT-X-ENDLIST\n",
    ]
    return _rewritten(scene, scene.chance.choice(files), scene.chance.choice(texts).encode())


def strange_names(scene: Scene) -> str:
    """There are files and folders that nobody expects."""
    scene.work.mkdir(exist_ok=True)
    for name in (b"\xff\xfe", b"a\nb", b"-rf", b"x" * 255, b"00099.mp4", b".inbetween-00000000.part"):
        path = os.path.join(os.fsencode(scene.work), name)
        if scene.chance.random() < 0.5:
            os.makedirs(os.path.join(path, b"inner", name), exist_ok=True)
        else:
            with open(path, "wb") as file:
                file.write(b"x")
    os.symlink(scene.outside, scene.work / "elsewhere")
    return "strange names"


def _folder(path: Path, outside: Path) -> None:
    (path / "inner").mkdir(parents=True)
    (path / "inner" / "file").write_bytes(b"x")
    os.symlink(outside, path / "inner" / "link")


def _socket(path: Path, outside: Path) -> None:
    # The name of a socket may have only about 100 bytes, so it is made in a folder that is the current one.
    before = os.getcwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(before)


KINDS: dict[str, Callable[[Path, Path], object]] = {
    "a folder": _folder,
    "an empty folder": lambda path, _: path.mkdir(),
    "a pipe": lambda path, _: os.mkfifo(path),
    "a socket": _socket,
    "a file": lambda path, _: path.write_bytes(DIARY),
    "an empty file": lambda path, _: path.touch(),
    "a link to a file": lambda path, outside: path.symlink_to(outside / "diary"),
    "a link to a film": lambda path, outside: path.symlink_to(outside / "film.mp4"),
    "a link to a folder": lambda path, outside: path.symlink_to(outside),
    "a link to a file that is not there": lambda path, outside: path.symlink_to(outside / "new"),
    "a link to itself": lambda path, _: path.symlink_to(path.name),
    "a link to a device": lambda path, _: path.symlink_to("/dev/zero"),
}
"""What can be in the place of a file or a folder, each made by a function of its path and the folder outside."""


def another_kind(scene: Scene) -> str:
    """Something that is not what it should be, in the place of anything, the hidden folder and the lock included."""
    inner = [str(path.relative_to(scene.work)) for path in scene.segments()]
    inner = scene.chance.sample(inner, min(3, len(inner)))
    name = scene.chance.choice(["", "", "lock", "lock", "journal", "placing", "pictures", *inner])
    return put(scene, name, scene.chance.choice(list(KINDS)))


def put(scene: Scene, name: str, kind: str) -> str:
    """Put something of another kind, one of `KINDS`, in the place of a file in the hidden folder; "": of itself."""
    path = scene.work / name if name else scene.work
    if name:
        path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    KINDS[kind](path, scene.outside)
    return f"{name or 'the hidden folder'} is {kind}"


DAMAGES: tuple[Damage, ...] = (
    another_kind, text_of_another_shape, sealed_values_of_another_type, another_kind, lines_in_another_order,
    swapped_numbers, files_of_nothing, another_kind, cut_off, flipped, lost_blocks, another_kind, huge, swapped_files,
    taken_away, a_playlist, strange_names, sealed_values_of_another_type,
)  # fmt: skip
"""All kinds; those more often that have many forms."""
