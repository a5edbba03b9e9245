"""The hidden folder beside an output, in which the output is made.

It is locked while a process works in it. The output gets its own name only once it is whole, by a rename; until then an
older output of that name stays. What a killed process leaves in the folder is removed by the next command that writes
to the same output.

Anything may have happened to the folder meanwhile. Nothing in it is followed, waited for, or believed without a
checksum.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import stat
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from filelock import BaseFileLock, FileLock, Timeout

from inbetween import system
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
RACES = 100
"""How often the lock is taken anew while other processes remove it; each time another one has come to its end. Chosen
by eye."""
MOST = 1_000_000_000
"""The most bytes of a journal or a mark that are read: those of ten million pictures. Chosen by eye."""
LONGEST_NAME = 200
"""Bytes of an output's name up to which it is used in the hidden folder's name: with the dot and the ending it stays
below 255, which is the limit of most disks."""


def workfolder_of(target: str) -> str:
    """The path of the hidden folder beside a file or a folder. target: its absolute path, with all links followed."""
    folder, name = os.path.split(target)
    if len(os.fsencode(name)) > LONGEST_NAME:
        name = hashlib.sha256(os.fsencode(name)).hexdigest()
    return os.path.join(folder, f".{name}{_PARTS}")


def make_folder(folder: str) -> str:
    """Make a hidden folder. Whatever is there in its place goes: a link, a pipe, an empty file. A file with something
    in it is renamed.

    Returns:
        What was in the way and became of it, for people; empty if nothing was.

    Raises:
        OSError: the disk refuses.
    """
    with contextlib.suppress(FileExistsError):
        os.mkdir(folder)
        return ""
    if disk.is_folder(folder):
        return ""
    status = os.lstat(folder)
    if stat.S_ISREG(status.st_mode) and status.st_size:
        aside = f"{folder}.{os.urandom(4).hex()}"
        system.rename(folder, aside)
        found = f"the file `{folder}` was in the way, and is now `{aside}`"
    else:
        os.unlink(folder)
        found = f"`{folder}` was no folder, and was removed"
    os.mkdir(folder)
    return found


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
    with disk.errors(folder):
        lock = _locked(folder, name, wait)
    try:
        _remove(folder, _PART.match)
        yield folder
    finally:
        with contextlib.suppress(OSError):
            _remove(folder, _PART.match)
            if os.listdir(folder) == [LOCK]:
                os.unlink(os.path.join(folder, LOCK))
        # Where an open file cannot be removed, as on Windows, the folder is empty only now.
        lock.release()
        with contextlib.suppress(OSError):
            os.rmdir(folder)


def _locked(folder: str, name: str, wait: float) -> BaseFileLock:
    """A lock of the kernel's, which ends with the process however that ends."""
    path = os.path.join(folder, LOCK)
    for _ in range(RACES):
        make_folder(folder)
        if os.path.lexists(path) and not stat.S_ISREG(os.lstat(path).st_mode):
            delete(path)
        lock = FileLock(path)
        try:
            lock.acquire(timeout=wait)
        except Timeout:
            raise InbetweenError(
                f"`{name}` is being made by another process", "wait for it, or give another name with -o", "busy"
            ) from None
        except FileNotFoundError:
            # The process before us has just removed the folder.
            continue
        # That process may have removed the file which we have locked, and others may have locked a new one.
        with contextlib.suppress(OSError):
            if _same_file(lock, path):
                return lock
        lock.release()
    raise InbetweenError(f"`{folder}` cannot be locked", "other commands write the same output: wait for them", "busy")


def _same_file(lock: BaseFileLock, path: str) -> bool:
    """Whether a lock that is held is that of the file at a path."""
    # filelock has no public name for the file that it holds open.
    descriptor = getattr(getattr(lock, "_context", None), "lock_file_fd", None)
    return descriptor is None or os.path.samestat(os.fstat(descriptor), os.lstat(path))


def sweep(folder: str) -> None:
    """Remove a hidden folder that a killed process has left, if no segment in it is finished. While a process works in
    it, this one included, nothing is done."""
    if not disk.is_folder(folder):
        return
    with contextlib.suppress(OSError, InbetweenError), locked_folder(folder, folder, 0):
        if not has_segments(folder):
            discard(folder)


def has_segments(folder: str) -> bool:
    """Whether a hidden folder seems to have a finished segment of a film: its journal has a second line. The first one
    tells what the film is made of; each other line is a finished segment."""
    return (read_own(os.path.join(folder, JOURNAL)) or b"").count(b"\n") > 1


def discard(folder: str, *, but_mark: bool = False) -> None:
    """Remove everything in a hidden folder except the lock, as far as the disk lets us.

    The journal goes first, so that after a kill no segment is used of which files may be missing. The mark goes last,
    so that after a kill the same command finds that its output is whole.

    Args:
        folder: the hidden folder, which is locked.
        but_mark: whether the mark stays, because files beside the output are still to be written.
    """
    _remove(folder, lambda name: name == JOURNAL)
    _remove(folder, lambda name: name not in (MARK, LOCK))
    if not but_mark:
        _remove(folder, lambda name: name == MARK)


def _remove(folder: str, which: Callable[[str], object]) -> None:
    """Remove the files and folders in `folder` for whose names `which` is true, as far as the disk lets us."""
    with contextlib.suppress(OSError):
        for entry in list(os.scandir(folder)):
            if which(entry.name):
                with contextlib.suppress(OSError):
                    delete(entry.path)


def delete(path: str) -> None:
    """Remove a file, a folder with all that is in it, or a link, but never what a link leads to.

    Raises:
        OSError: the disk refuses.
    """
    if disk.is_folder(path):
        shutil.rmtree(path)
    else:
        os.unlink(path)


def read_own(path: str) -> bytes | None:
    """The contents of a file of ours; None if it cannot be read, is too large or is no regular file."""
    descriptor = disk.open_own(path)
    if descriptor is None:
        return None
    with contextlib.suppress(OSError), open(descriptor, "rb") as file:
        data = file.read(MOST + 1)
        return data if len(data) <= MOST else None
    return None


def sealed(facts: Mapping[str, object]) -> bytes:
    """A JSON object as one line that begins with its checksum."""
    text = json.dumps(facts).encode()
    return hashlib.sha256(text).hexdigest().encode() + b" " + text + b"\n"


def unsealed(line: bytes) -> Facts | None:
    """The JSON object in a line of `sealed`; None if the line is damaged."""
    checksum, _, text = line.rstrip(b"\n").partition(b" ")
    if hashlib.sha256(text).hexdigest().encode() != checksum:
        return None
    try:
        facts = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return facts if isinstance(facts, dict) else None


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
    _write_mark(folder, {**facts, "identity": None if source is None else disk.identity(source), "beside": []})


def mark_beside(folder: str, source: str) -> None:
    """Note in the mark of an output that a file beside it, such as its record, is about to get its name.

    Args:
        folder: the hidden folder of the output, which is locked.
        source: the file, whole, that is about to be renamed.
    """
    noted = unsealed(read_own(os.path.join(folder, MARK)) or b"")
    if noted is not None:
        _write_mark(folder, {**noted, "beside": [*noted.get("beside", []), disk.identity(source)]})


def is_beside(folder: str, path: str) -> bool:
    """Whether `mark_beside` noted the file at a path, so that the same command may replace it."""
    noted = unsealed(read_own(os.path.join(folder, MARK)) or b"")
    return noted is not None and list(disk.identity(path)) in noted.get("beside", [])


def _write_mark(folder: str, facts: Mapping[str, object]) -> None:
    with part(folder, "") as new:
        with open(new, "wb") as file:
            file.write(sealed(facts))
            file.flush()
            os.fsync(file.fileno())
        path = os.path.join(folder, MARK)
        if disk.is_folder(path):
            delete(path)
        system.replace(new, path)
    disk.sync_folder(folder)


def read_mark(folder: str, target: str) -> Facts | None:
    """What `mark` noted in a hidden folder, if it is still true of the output; else None.

    It is true if `target`, the output's path, is what was to be renamed. It is also true if pictures were to be moved
    one by one, and the folder to which they go exists: then the value of `identity` is None.
    """
    if not disk.is_folder(folder):
        return None
    noted = unsealed(read_own(os.path.join(folder, MARK)) or b"")
    if noted is None or "identity" not in noted:
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
