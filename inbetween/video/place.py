"""What may be written where, temporary names, and the move to the final ones.

Everything is written in a hidden folder beside the output, which nobody else has meanwhile, and gets its own name when
it is whole; until then what was there stays. What a kill leaves of it is removed by whoever wants that name next.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import shlex
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from inbetween.errors import InbetweenError
from inbetween.video import ffmpeg, sinks
from inbetween.video.sinks import Sink

OVERWRITE = "give another name with -o, or add --overwrite"

_PART = re.compile(r"\.inbetween-[0-9a-f]{8}\.part")
_PARTS = ".parts"
MARK, JOURNAL, LOCK = "placing", "journal", "lock"
"""Files in the hidden folder: that of `mark`, the list of finished segments, and the one that is locked."""

DYING = 1.0
"""Seconds in which a killed process lets go of its lock: so long a child that it was about to start may have it."""


def prepare(sink: Sink, overwrite: bool = False, inputs: Sequence[Path | str] = ()) -> None:
    """Refuse an output that cannot, or must not, be written. Call it before any work; it changes nothing, but what a
    kill has left of this output, and is of no use, is gone.

    `inputs` are the files (or folders of files) that are read; they are never written to, not even with
    `overwrite`.

    Raises:
        InbetweenError: the folder is missing, is no folder or is read-only; the name is too long; the output
            exists and `overwrite` is False; the output is, or would replace or delete, an input.
    """
    if placing(sink) is not None:
        return
    if sink.kind == "sequence":
        target = resolved(sink)
        sweep(segments_of(sink))
        _prepare_sequence(sink, target, _exists(target), overwrite, inputs)
    else:
        prepare_file(sink.path, overwrite, inputs)


def prepare_file(path: str, overwrite: bool, inputs: Sequence[Path | str], word: str = "-o") -> None:
    """`prepare` for one file, which the user named with the option `word`."""
    target = os.path.realpath(path)
    exists = _exists(target, word)
    folder, name = os.path.dirname(target), f"give another name with {word}"
    _refuse_missing(folder, word)
    if exists and _identity(target) in _identities(inputs):
        raise InbetweenError(f"`{path}` is an input and an output", name)
    if exists and not os.path.isfile(target):
        raise InbetweenError(f"`{path}` exists and is not a file", name)
    sweep(hidden(target))
    if exists and not overwrite:
        raise InbetweenError(f"`{path}` exists", f"{name}, or add --overwrite")
    _try(folder, word)


def holds(sink: Sink, path: str) -> bool:
    """Whether the output would be this file, or have it among its pictures."""
    target, path = resolved(sink), os.path.realpath(path)
    if sink.kind != "sequence":
        return path == target
    return os.path.dirname(path) == target and sinks.number(sink, os.path.basename(path)) is not None


def resolved(sink: Sink) -> str:
    """The absolute path of the output file, or of the sequence's folder, behind any symbolic links."""
    return os.path.realpath(sink.folder if sink.kind == "sequence" else sink.path)


def parts_of(sink: Sink) -> str:
    """The folder for temporary names: on the output's own disk."""
    target = resolved(sink)
    if sink.kind == "sequence" and os.path.isdir(target):
        return target
    return os.path.dirname(target)


def segments_of(sink: Sink) -> str:
    """The hidden folder for all that is not whole: beside the output, or in its folder if that was there before."""
    target = resolved(sink)
    if sink.kind == "sequence" and not sink.named_folder:
        # Several sequences may be made in one folder.
        target = os.path.join(os.path.dirname(target), sink.pattern)
    beside = hidden(target)
    return beside if os.path.lexists(beside) else os.path.join(parts_of(sink), os.path.basename(beside))


def hidden(target: str) -> str:
    """The hidden folder beside a file or a folder, given by its absolute path behind any links."""
    folder, name = os.path.split(target)
    if len(os.fsencode(name)) > 200:
        # What a disk takes as a name is at least this long.
        name = hashlib.sha256(os.fsencode(name)).hexdigest()
    return os.path.join(folder, f".{name}{_PARTS}")


@contextlib.contextmanager
def workshop(folder: str, name: str, wait: float = DYING) -> Iterator[str]:
    """`folder`, hidden, made if it is not there; nobody else has it meanwhile. Parts are removed, those that a kill has
    left at once and others at the end, and the folder too if nothing else is in it. name: of the output, for people;
    wait: seconds for which another one may still have it.

    Raises:
        InbetweenError: another process has it; the disk refuses.
    """
    path = os.path.join(folder, LOCK)
    with disk_errors(folder):
        with contextlib.suppress(FileExistsError):
            os.mkdir(folder)
        try:
            # The kernel drops it when we are killed.
            lock = FileLock(path)
            lock.acquire(timeout=wait)
        except Timeout:
            raise InbetweenError(
                f"`{name}` is being made by another process", "wait for it, or give another name with -o"
            ) from None
    try:
        _remove(folder, _PART.match)
        yield folder
    finally:
        with contextlib.suppress(OSError):
            _remove(folder, _PART.match)
            if os.listdir(folder) == [LOCK]:
                os.unlink(path)
        # Where an open file cannot be removed, this does it.
        lock.release()
        with contextlib.suppress(OSError):
            os.rmdir(folder)


def sweep(folder: str) -> None:
    """Remove what a kill has left in a hidden folder if it is of no use, unless somebody, we too, is at work there."""
    if not os.path.isdir(folder):
        return
    with contextlib.suppress(OSError, InbetweenError), workshop(folder, folder, 0):
        try:
            with open(os.path.join(folder, JOURNAL), "rb") as file:
                finished = file.read().count(b"\n") - 1
        except FileNotFoundError:
            finished = 0
        if finished < 1:
            discard(folder)


def discard(folder: str) -> None:
    """Remove what is in a hidden folder but for the lock: the journal first, so that nothing is used of what is left,
    the mark last, so that the same command finds out that all is done."""
    _remove(folder, lambda name: name == JOURNAL)
    _remove(folder, lambda name: name not in (MARK, LOCK))
    _remove(folder, lambda name: name == MARK)


def _remove(folder: str, which: Callable[[str], Any]) -> None:
    for entry in os.scandir(folder):
        if not which(entry.name):
            continue
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                os.unlink(entry)


def mark(sink: Sink, source: str | None, facts: dict[str, Any]) -> None:
    """Note in the folder of segments that `source`, which is whole, is about to get the output's name; None: that its
    pictures are about to be moved one by one.

    A kill between that and the removal of the segments would otherwise leave an output that looks like somebody
    else's.
    """
    path = os.path.join(segments_of(sink), MARK)
    with part(os.path.dirname(path), "") as new:
        with open(new, "w", encoding="utf-8") as file:
            json.dump({"identity": None if source is None else _identity(source), **facts}, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, path)


def placing(sink: Sink) -> dict[str, Any] | None:
    """What was noted by `mark`, if what bears the output's name is what was moved there, or a folder into which
    pictures were still being moved: then its `identity` is None. Else None."""
    try:
        with open(os.path.join(segments_of(sink), MARK), encoding="utf-8") as file:
            noted: dict[str, Any] = json.load(file)
    except (OSError, ValueError):
        return None
    identity, target = noted["identity"], resolved(sink)
    return noted if (os.path.isdir(target) if identity is None else _identity(target) == tuple(identity)) else None


@contextlib.contextmanager
def part(folder: str, suffix: str) -> Iterator[str]:
    """A free hidden file name in `folder`, short enough for any disk. What bears it is removed at the end."""
    path = os.path.join(folder, f".inbetween-{os.urandom(4).hex()}.part{suffix}")
    try:
        yield path
    finally:
        with contextlib.suppress(OSError):
            os.unlink(path)


@contextlib.contextmanager
def part_folder(folder: str) -> Iterator[str]:
    """A new hidden folder in `folder`; removed with its contents if it still has this name at the end."""
    path = os.path.join(folder, f".inbetween-{os.urandom(4).hex()}.part")
    try:
        with disk_errors(path):
            os.mkdir(path)
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def disk_errors(path: str, word: str = "-o") -> Iterator[None]:
    """Turn the disk's refusals into errors with a cure: another value of the option `word`.

    Raises:
        InbetweenError: instead of an OSError.
    """
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise InbetweenError(f"the disk or quota is full: {error.strerror} ({path})", ffmpeg.DISK_FULL) from error
        if error.errno == errno.EFBIG:
            raise InbetweenError(f"file size limit reached: {path}", ffmpeg.SIZE_LIMIT) from error
        if error.errno == errno.ENAMETOOLONG:
            raise InbetweenError(
                f"the name is too long for this disk: {path}", f"give a shorter name with {word}"
            ) from error
        raise InbetweenError(
            f"cannot write `{path}`: {error.strerror or error}", f"choose another folder with {word}"
        ) from error


def keep_file(source: str, sink: Sink, overwrite: bool) -> None:
    """Give a finished file its name.

    Raises:
        InbetweenError: the name was taken meanwhile, or the disk refuses.
    """
    target = resolved(sink)
    if not overwrite and _exists(target):
        raise InbetweenError(f"`{sink.path}` has appeared while it was being made", OVERWRITE)
    with disk_errors(sink.path):
        os.replace(source, target)


def keep_sequence(source: str, sink: Sink, names: Sequence[str], overwrite: bool) -> None:
    """Give the finished pictures in the folder `source` their place.

    A folder that does not exist appears at once, by one rename. One that exists is kept, for it may be
    somebody's current folder: each picture is moved into it, after those that they replace and those with
    higher numbers have been moved out. A failure in between is undone; after a kill in between this goes on.

    Raises:
        InbetweenError: files of these names appeared meanwhile, or the disk refuses.
    """
    target = resolved(sink)
    with disk_errors(sink.path):
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
    with disk_errors(sink.path):
        _exists(os.path.join(folder, sinks.name(sink, sink.start_number)))
        old = _numbered(sink, folder)
        ours = os.path.basename(segments_of(sink))
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
            found.append((number, entry, _identity(path)))
    return [(entry, identity) for _, entry, identity in sorted(found)]


def _identities(inputs: Iterable[Path | str]) -> set[tuple[int, int]]:
    """Which files these are, and those inside of folders, whatever their names."""
    found = set()
    for path in inputs:
        if os.path.isdir(path):
            found |= {_identity(entry) for entry in os.scandir(path)}
        else:
            found.add(_identity(path))
    return found - {(0, 0)}


def _identity(path: str | Path | os.DirEntry[str]) -> tuple[int, int]:
    """Device and number of the file behind any links; (0, 0) if there is none."""
    try:
        status = os.stat(path)
    except OSError:
        return 0, 0
    return status.st_dev, status.st_ino


def _exists(path: str, word: str = "-o") -> bool:
    """Raises InbetweenError when the disk could not hold such a name."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        with disk_errors(path, word):
            raise
    return True


def _refuse_missing(folder: str, word: str = "-o") -> None:
    if not os.path.lexists(folder):
        raise InbetweenError(f"there is no folder `{folder}`", f"make it first: mkdir -p {shlex.quote(folder)}")
    if not os.path.isdir(folder):
        raise InbetweenError(f"`{folder}` is a file, not a folder", f"choose another folder with {word}")


def _try(folder: str, word: str = "-o") -> None:
    """Asking for permissions is no proof: root has them all, and a disk can be mounted read-only."""
    with disk_errors(folder, word):
        # Without a name, where the disk can: a kill leaves nothing.
        tempfile.TemporaryFile(dir=folder).close()
