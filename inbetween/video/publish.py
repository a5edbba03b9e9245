"""What may be written where, and the move of what is whole to its final name."""

from __future__ import annotations

import os
import shlex
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from inbetween.errors import InbetweenError
from inbetween.video import disk, sinks, workfolder
from inbetween.video.sinks import Sink

OVERWRITE = "give another name with -o, or add --overwrite"


def prepare(sink: Sink, overwrite: bool = False, inputs: Sequence[Path | str] = ()) -> None:
    """Refuse an output that cannot, or must not, be written. Call it before any work; it changes nothing, but what a
    kill has left of this output, and is of no use, is gone.

    `inputs` are the files (or folders of files) that are read; they are never written to, not even with
    `overwrite`.

    Raises:
        InbetweenError: the folder is missing, is no folder or is read-only; the name is too long; the output
            exists and `overwrite` is False; the output is, or would replace or delete, an input.
    """
    if workfolder.placing(sink) is not None:
        return
    if sink.kind == "sequence":
        target = disk.resolved(sink)
        workfolder.sweep(workfolder.segments_of(sink))
        _prepare_sequence(sink, target, _exists(target), overwrite, inputs)
    else:
        prepare_file(sink.path, overwrite, inputs)


def prepare_file(path: str, overwrite: bool, inputs: Sequence[Path | str], word: str = "-o") -> None:
    """`prepare` for one file, which the user named with the option `word`."""
    target = os.path.realpath(path)
    exists = _exists(target, word)
    folder, name = os.path.dirname(target), f"give another name with {word}"
    _refuse_missing(folder, word)
    if exists and disk.identity(target) in _identities(inputs):
        raise InbetweenError(f"`{path}` is an input and an output", name)
    if exists and not os.path.isfile(target):
        raise InbetweenError(f"`{path}` exists and is not a file", name)
    workfolder.sweep(workfolder.workfolder_of(target))
    if exists and not overwrite:
        raise InbetweenError(f"`{path}` exists", f"{name}, or add --overwrite")
    _try(folder, word)


def holds(sink: Sink, path: str) -> bool:
    """Whether the output would be this file, or have it among its pictures."""
    target, path = disk.resolved(sink), os.path.realpath(path)
    if sink.kind != "sequence":
        return path == target
    return os.path.dirname(path) == target and sinks.number(sink, os.path.basename(path)) is not None


def keep_file(source: str, sink: Sink, overwrite: bool) -> None:
    """Give a finished file its name.

    Raises:
        InbetweenError: the name was taken meanwhile, or the disk refuses.
    """
    target = disk.resolved(sink)
    if not overwrite and _exists(target):
        raise InbetweenError(f"`{sink.path}` has appeared while it was being made", OVERWRITE)
    with disk.errors(sink.path):
        os.replace(source, target)


def keep_sequence(source: str, sink: Sink, names: Sequence[str], overwrite: bool) -> None:
    """Give the finished pictures in the folder `source` their place.

    A folder that does not exist appears at once, by one rename. One that exists is kept, for it may be
    somebody's current folder: each picture is moved into it, after those that they replace and those with
    higher numbers have been moved out. A failure in between is undone; after a kill in between this goes on.

    Raises:
        InbetweenError: files of these names appeared meanwhile, or the disk refuses.
    """
    target = disk.resolved(sink)
    with disk.errors(sink.path):
        if not os.path.lexists(target):
            os.rename(source, target)
            return
        left = [name for name in names if os.path.lexists(os.path.join(source, name))]
        moved = {*names} - {*left}
        old = [name for name, _ in _numbered(sink, target) if name not in moved]
        if old and not overwrite:
            raise InbetweenError(f"`{sink.path}` has got pictures while it was being made", OVERWRITE)
        # No picture has this name: it has no suffix.
        away = os.path.join(source, "replaced")
        os.makedirs(away, exist_ok=True)
        moves = [(os.path.join(target, name), os.path.join(away, name)) for name in old]
        moves += [(os.path.join(source, name), os.path.join(target, name)) for name in left]
        _move_all(moves)


def _move_all(moves: Iterable[tuple[str, str]]) -> None:
    begun: list[tuple[str, str]] = []
    try:
        for move in moves:
            begun.append(move)
            os.rename(*move)
    except BaseException:
        for source, target in reversed(begun):
            if not os.path.lexists(source):
                os.rename(target, source)
        raise


def _prepare_sequence(sink: Sink, folder: str, exists: bool, overwrite: bool, inputs: Sequence[Path | str]) -> None:
    if not exists:
        _refuse_missing(os.path.dirname(folder))
        _exists(os.path.join(os.path.dirname(folder), sinks.name(sink, sink.start_number)))
        _try(os.path.dirname(folder))
        return
    if not os.path.isdir(folder):
        raise InbetweenError(f"`{sink.folder}` is a file, not a folder", "give another name with -o")
    with disk.errors(sink.path):
        _exists(os.path.join(folder, sinks.name(sink, sink.start_number)))
        old = _numbered(sink, folder)
        ours = os.path.basename(workfolder.segments_of(sink))
        others = [entry for entry in os.listdir(folder) if entry != ours]
    read = _identities(inputs)
    for entry, identity in old:
        if identity in read:
            raise InbetweenError(
                f"`{os.path.join(sink.folder, entry)}` is an input and would be overwritten",
                "choose another folder with -o, or another --start-number",
            )
    if not overwrite and sink.named_folder and others:
        raise InbetweenError(
            f"the folder `{sink.path}` is not empty",
            f"give another name with -o, or add --overwrite (it replaces {sink.pattern} only)",
        )
    if not overwrite and old:
        raise InbetweenError(f"`{os.path.join(sink.folder, old[0][0])}` exists", OVERWRITE)
    _try(folder)


def _numbered(sink: Sink, folder: str) -> list[tuple[str, tuple[int, int]]]:
    """The pictures in `folder` that the sequence replaces, or removes because their numbers are higher.

    Names in order, each with its identity.
    """
    found = []
    for entry in os.listdir(folder):
        number = sinks.number(sink, entry)
        if number is not None and number >= sink.start_number:
            path = os.path.join(folder, entry)
            if os.path.isdir(path):
                raise InbetweenError(f"`{path}` is a folder", "choose another folder with -o")
            found.append((number, entry, disk.identity(path)))
    return [(entry, identity) for _, entry, identity in sorted(found)]


def _identities(inputs: Iterable[Path | str]) -> set[tuple[int, int]]:
    """Which files these are, and those inside of folders, whatever their names."""
    found = set()
    for path in inputs:
        if os.path.isdir(path):
            found |= {disk.identity(entry) for entry in os.scandir(path)}
        else:
            found.add(disk.identity(path))
    return found - {(0, 0)}


def _exists(path: str, word: str = "-o") -> bool:
    """Raises InbetweenError when the disk could not hold such a name."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        with disk.errors(path, word):
            raise
    return True


def _refuse_missing(folder: str, word: str = "-o") -> None:
    if not os.path.lexists(folder):
        raise InbetweenError(f"there is no folder `{folder}`", f"make it first: mkdir -p {shlex.quote(folder)}")
    if not os.path.isdir(folder):
        raise InbetweenError(f"`{folder}` is a file, not a folder", f"choose another folder with {word}")


def _try(folder: str, word: str = "-o") -> None:
    """Asking for permissions is no proof: root has them all, and a disk can be mounted read-only."""
    with disk.errors(folder, word):
        # Without a name, where the disk can: a kill leaves nothing.
        tempfile.TemporaryFile(dir=folder).close()
