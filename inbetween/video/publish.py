"""Checks that an output may be written, and the rename of a finished output to its final name."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from inbetween import system
from inbetween.errors import InbetweenError
from inbetween.video import disk, workfolder
from inbetween.video.sinks import Sink

OVERWRITE = "give another name with -o, or add --overwrite"


def prepare(sink: Sink, overwrite: bool = False, inputs: Sequence[Path | str] = ()) -> None:
    """Refuse an output that cannot or must not be written. It is called before any work. It changes nothing, except
    that useless files are removed which a killed command has left of this output.

    Args:
        sink: the output.
        overwrite: whether an output that exists may be replaced.
        inputs: files, and folders of files, that are read. They are never replaced, not even with `overwrite`.

    Raises:
        InbetweenError: the folder is missing, is not a folder or is read-only; the name is too long; the output exists
            and `overwrite` is False; the output is, or would replace or delete, an input.
    """
    if workfolder.read_mark(sink.work_folder, sink.target) is not None:
        return
    if sink.kind == "sequence":
        workfolder.sweep(sink.work_folder)
        _prepare_sequence(sink, sink.target, _exists(sink.target), overwrite, inputs)
    else:
        prepare_file(sink.path, overwrite, inputs)


def prepare_file(path: str, overwrite: bool, inputs: Sequence[Path | str], word: str = "-o") -> None:
    """The same as `prepare` for a single file at `path`, which the user named with the option `word`."""
    _refuse_unusable(path, word)
    target = os.path.realpath(path)
    exists = _exists(target, word)
    folder, name = os.path.dirname(target), f"give another name with {word}"
    _refuse_missing(folder, word)
    if exists and disk.identity(target) in _identities(inputs):
        raise InbetweenError(f"`{path}` is an input and an output", name, "output_exists")
    if exists and not os.path.isfile(target):
        raise InbetweenError(f"`{path}` exists and is not a file", name, "output_exists")
    workfolder.sweep(workfolder.workfolder_of(target))
    if exists and not overwrite:
        raise InbetweenError(f"`{path}` exists", f"{name}, or add --overwrite", "output_exists")
    _try(folder, word)


def holds(sink: Sink, path: str) -> bool:
    """Whether a file at `path` would be the output, or one of the pictures of a sequence."""
    target, path = sink.target, os.path.realpath(path)
    if sink.kind != "sequence":
        return system.name_key(path) == system.name_key(target)
    return (
        system.name_key(os.path.dirname(path)) == system.name_key(target)
        and sink.frame_number(os.path.basename(path)) is not None
    )


def keep_file(source: str, sink: Sink, overwrite: bool) -> None:
    """Rename the finished file `source`, which is on the disk, to the output's name. That name is on the disk too then.

    Raises:
        InbetweenError: a file of that name has appeared meanwhile and `overwrite` is False; the disk refuses.
    """
    target = sink.target
    if not overwrite and _exists(target):
        raise InbetweenError(f"`{sink.path}` has appeared while it was being made", OVERWRITE, "output_exists")
    with disk.errors(sink.path):
        system.replace(source, target)
        disk.sync_folder(os.path.dirname(target))


def keep_sequence(source: str, sink: Sink, names: Sequence[str], overwrite: bool) -> None:
    """Move the finished pictures to the sequence's folder.

    If that folder does not exist, all pictures appear at once, by renaming `source`. If it exists, it is kept, for it
    may be somebody's current folder: the pictures are moved into it one by one, after the ones that they replace, and
    those with higher numbers, have been moved out. If that fails it is undone; after a kill, calling this again
    completes it.

    Args:
        source: the folder with the finished pictures.
        sink: the sequence.
        names: the file names of all pictures. After a kill some of them may be in the sequence's folder already.
        overwrite: whether pictures that exist may be replaced.

    Raises:
        InbetweenError: pictures have appeared meanwhile and `overwrite` is False; the disk refuses.
    """
    target = sink.target
    with disk.errors(sink.path):
        if not os.path.lexists(target):
            system.rename(source, target)
            disk.sync_folder(os.path.dirname(target))
            return
        left = [name for name in names if os.path.lexists(os.path.join(source, name))]
        moved = {*names} - {*left}
        old = [name for name, _ in _numbered(sink, target) if name not in moved]
        if old and not overwrite:
            raise InbetweenError(
                f"pictures have appeared in `{sink.path}` while it was being made", OVERWRITE, "output_refused"
            )
        # No picture can have this name, for it has no suffix.
        away = os.path.join(source, "replaced")
        os.makedirs(away, exist_ok=True)
        moves = [(os.path.join(target, name), os.path.join(away, name)) for name in old]
        moves += [(os.path.join(source, name), os.path.join(target, name)) for name in left]
        _move_all(moves)
        # The pictures must have their names before what was replaced, and the journal, go.
        disk.sync_folder(target)
        disk.sync_folder(source)


def _move_all(moves: Iterable[tuple[str, str]]) -> None:
    """Rename each (source, target); if one fails, undo all."""
    begun: list[tuple[str, str]] = []
    try:
        for move in moves:
            begun.append(move)
            system.rename(*move)
    except BaseException:
        for source, target in reversed(begun):
            if not os.path.lexists(source):
                system.rename(target, source)
        raise


def _prepare_sequence(sink: Sink, folder: str, exists: bool, overwrite: bool, inputs: Sequence[Path | str]) -> None:
    for path in (folder, os.path.join(folder, sink.frame_name(sink.start_number))):
        _refuse_unusable(path)
    if not exists:
        _refuse_missing(os.path.dirname(folder))
        _exists(os.path.join(os.path.dirname(folder), sink.frame_name(sink.start_number)))
        _try(os.path.dirname(folder))
        return
    if not os.path.isdir(folder):
        raise InbetweenError(f"`{sink.folder}` is a file, not a folder", "give another name with -o", "output_refused")
    with disk.errors(sink.path):
        _exists(os.path.join(folder, sink.frame_name(sink.start_number)))
        old = _numbered(sink, folder)
        ours = os.path.basename(sink.work_folder)
        others = [entry for entry in os.listdir(folder) if entry != ours]
    read = _identities(inputs)
    for entry, identity in old:
        if identity in read:
            raise InbetweenError(
                f"`{os.path.join(sink.folder, entry)}` is an input and would be overwritten",
                "choose another folder with -o, or another --start-number",
                "output_refused",
            )
    if not overwrite and sink.named_folder and others:
        raise InbetweenError(
            f"the folder `{sink.path}` is not empty",
            f"give another name with -o, or add --overwrite (it replaces {sink.pattern} only)",
            "output_exists",
        )
    if not overwrite and old:
        raise InbetweenError(f"`{os.path.join(sink.folder, old[0][0])}` exists", OVERWRITE, "output_exists")
    _try(folder)


def _numbered(sink: Sink, folder: str) -> list[tuple[str, tuple[int, int]]]:
    """The pictures in `folder` that the sequence replaces, or that are removed because their numbers are higher: their
    names, in the order of their numbers, each with its `disk.identity`."""
    found = []
    for entry in os.listdir(folder):
        number = sink.frame_number(entry)
        if number is not None and number >= sink.start_number:
            path = os.path.join(folder, entry)
            if os.path.isdir(path):
                raise InbetweenError(f"`{path}` is a folder", "choose another folder with -o", "output_refused")
            found.append((number, entry, disk.identity(path)))
    return [(entry, identity) for _, entry, identity in sorted(found)]


def _identities(inputs: Iterable[Path | str]) -> set[tuple[int, int]]:
    """The `disk.identity` of each of these files, and of all files in each of these folders."""
    found = set()
    for path in inputs:
        if os.path.isdir(path):
            found |= {disk.identity(entry) for entry in os.scandir(path)}
        else:
            found.add(disk.identity(path))
    return found - {(0, 0)}


def _exists(path: str, word: str = "-o") -> bool:
    """Whether there is a file, a folder or a link of this name.

    Raises:
        InbetweenError: the disk could not hold such a name, which the user gave with the option `word`.
    """
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        with disk.errors(path, word):
            raise
    return True


def _refuse_unusable(path: str, word: str = "-o") -> None:
    if reason := system.unusable_name(path):
        raise InbetweenError(
            f"nothing can be called `{path}`: {reason}", f"give another name with {word}", "output_refused"
        )


def _refuse_missing(folder: str, word: str = "-o") -> None:
    if not os.path.lexists(folder):
        raise InbetweenError(
            f"there is no folder `{folder}`", f"make it first: {system.make_folder(folder)}", "output_refused"
        )
    if not os.path.isdir(folder):
        raise InbetweenError(
            f"`{folder}` is a file, not a folder", f"choose another folder with {word}", "output_refused"
        )


def _try(folder: str, word: str = "-o") -> None:
    """Refuse a folder in which no file can be written. It is tried, for permissions do not tell: root has all of them,
    and a disk can be mounted read-only."""
    with disk.errors(folder, word):
        # On most disks such a file has no name, so that a kill leaves nothing.
        tempfile.TemporaryFile(dir=folder).close()
