"""The hidden folder beside an output, in which the output is made.

It is locked while a process works in it. The output gets its own name only once it is whole, by a rename; until then an
older output of that name stays. What a killed process leaves in the folder is removed by the next command that writes
to the same output.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from filelock import FileLock, Timeout

from inbetween.errors import InbetweenError
from inbetween.video import disk

Facts = dict[str, Any]
"""A JSON object, read from a file. What it holds is up to the one who wrote it."""

_PART = re.compile(r"\.inbetween-[0-9a-f]{8}\.part")
_PARTS = ".parts"
MARK, JOURNAL, LOCK = "placing", "journal", "lock"
"""Names of files in the hidden folder: the one that `mark` writes, the list of finished segments, and the one that is
locked."""

DYING = 1.0
"""Seconds to wait for a lock. A child process that was forked just before its parent was killed may still hold it. A
choice."""
LONGEST_NAME = 200
"""Bytes of an output's name up to which it is used in the hidden folder's name: with the dot and the ending it stays
below 255, which is the limit of most disks."""


def workfolder_of(target: str) -> str:
    """The path of the hidden folder beside a file or a folder. target: its absolute path, with all links followed."""
    folder, name = os.path.split(target)
    if len(os.fsencode(name)) > LONGEST_NAME:
        name = hashlib.sha256(os.fsencode(name)).hexdigest()
    return os.path.join(folder, f".{name}{_PARTS}")


@contextlib.contextmanager
def locked_folder(folder: str, name: str, wait: float = DYING) -> Iterator[str]:
    """Make the hidden folder if it is missing, and lock it for the time of a `with` block.

    Temporary files in it are removed: those that a killed process has left at the beginning, all others at the end. The
    folder too is removed at the end if it is empty then.

    Args:
        folder: its path.
        name: the output's name, for messages.
        wait: seconds to wait while another process holds the lock.

    Raises:
        InbetweenError: another process holds the lock; the disk refuses.
    """
    path = os.path.join(folder, LOCK)
    with disk.errors(folder):
        with contextlib.suppress(FileExistsError):
            os.mkdir(folder)
        try:
            # A lock of the kernel's, which ends with the process however that ends.
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
        # Where an open file cannot be removed, as on Windows, the folder is empty only now.
        lock.release()
        with contextlib.suppress(OSError):
            os.rmdir(folder)


def sweep(folder: str) -> None:
    """Remove a hidden folder that a killed process has left, if no segment in it is finished. While a process works in
    it, this one included, nothing is done."""
    if not os.path.isdir(folder):
        return
    with contextlib.suppress(OSError, InbetweenError), locked_folder(folder, folder, 0):
        if not has_segments(folder):
            discard(folder)


def has_segments(folder: str) -> bool:
    """Whether a hidden folder has a finished segment of a film.

    Raises:
        OSError: its journal cannot be read.
    """
    try:
        with open(os.path.join(folder, JOURNAL), "rb") as file:
            # The first line tells what the film is made of; each other line is a finished segment.
            return file.read().count(b"\n") > 1
    except FileNotFoundError:
        return False


def discard(folder: str) -> None:
    """Remove everything in a hidden folder except the lock.

    The journal goes first, so that after a kill no segment is used of which files may be missing. The mark goes last,
    so that after a kill the same command finds that its output is whole.
    """
    _remove(folder, lambda name: name == JOURNAL)
    _remove(folder, lambda name: name not in (MARK, LOCK))
    _remove(folder, lambda name: name == MARK)


def _remove(folder: str, which: Callable[[str], object]) -> None:
    """Remove the files and folders in `folder` for whose names `which` is true, as far as the disk lets us."""
    for entry in os.scandir(folder):
        if not which(entry.name):
            continue
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                os.unlink(entry)


def mark(folder: str, source: str | None, facts: Mapping[str, object]) -> None:
    """Note in the hidden folder `folder` that the output is about to get its name.

    Without this note, a kill between that and the removal of the segments would leave an output of which the next
    command could not tell that it is its own.

    Args:
        folder: the hidden folder, which is locked.
        source: the file or folder, whole, that is about to be renamed; None if the pictures of a sequence are about to
            be moved one by one.
        facts: JSON-serialisable values that `read_mark` gives back.
    """
    path = os.path.join(folder, MARK)
    with part(folder, "") as new:
        with open(new, "w", encoding="utf-8") as file:
            json.dump({"identity": None if source is None else disk.identity(source), **facts}, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, path)


def read_mark(folder: str, target: str) -> Facts | None:
    """What `mark` noted in a hidden folder, if it is still true of the output; else None.

    It is true if `target`, the output's path, is what was to be renamed. It is also true if pictures were to be moved
    one by one, and the folder to which they go exists: then the value of `identity` is None.
    """
    try:
        with open(os.path.join(folder, MARK), encoding="utf-8") as file:
            noted: Facts = json.load(file)
    except (OSError, ValueError):
        return None
    identity = noted["identity"]
    still = os.path.isdir(target) if identity is None else list(disk.identity(target)) == identity
    return noted if still else None


@contextlib.contextmanager
def part(folder: str, suffix: str) -> Iterator[str]:
    """The path of a hidden file in `folder` that does not exist yet, with a name short enough for any disk. If the file
    has been written and still has this name, it is removed at the end of the `with` block."""
    path = os.path.join(folder, f".inbetween-{os.urandom(4).hex()}.part{suffix}")
    try:
        yield path
    finally:
        with contextlib.suppress(OSError):
            os.unlink(path)


@contextlib.contextmanager
def part_folder(folder: str) -> Iterator[str]:
    """A new hidden folder in `folder`. If it still has this name at the end of the `with` block, it is removed with all
    that is in it."""
    path = os.path.join(folder, f".inbetween-{os.urandom(4).hex()}.part")
    try:
        with disk.errors(path):
            os.mkdir(path)
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
