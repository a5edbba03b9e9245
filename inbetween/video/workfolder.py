"""The hidden folder beside an output: all that is not whole lies in it.

Nobody else has it meanwhile, and what is whole gets the output's own name from there; until then what was there stays.
What a kill leaves of it is removed by whoever wants that name next.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from typing import Any

from filelock import FileLock, Timeout

from inbetween.errors import InbetweenError
from inbetween.video import disk
from inbetween.video.sinks import Sink

_PART = re.compile(r"\.inbetween-[0-9a-f]{8}\.part")
_PARTS = ".parts"
MARK, JOURNAL, LOCK = "placing", "journal", "lock"
"""Files in the hidden folder: that of `mark`, the list of finished segments, and the one that is locked."""

DYING = 1.0
"""Seconds in which a killed process lets go of its lock: so long a child that it was about to start may have it."""


def parts_of(sink: Sink) -> str:
    """The folder for temporary names: on the output's own disk."""
    target = disk.resolved(sink)
    if sink.kind == "sequence" and os.path.isdir(target):
        return target
    return os.path.dirname(target)


def segments_of(sink: Sink) -> str:
    """The hidden folder for all that is not whole: beside the output, or in its folder if that was there before."""
    target = disk.resolved(sink)
    if sink.kind == "sequence" and not sink.named_folder:
        # Several sequences may be made in one folder.
        target = os.path.join(os.path.dirname(target), sink.pattern)
    path = workfolder_of(target)
    return path if os.path.lexists(path) else os.path.join(parts_of(sink), os.path.basename(path))


def workfolder_of(target: str) -> str:
    """The hidden folder beside a file or a folder, given by its absolute path behind any links."""
    folder, name = os.path.split(target)
    if len(os.fsencode(name)) > 200:
        # What a disk takes as a name is at least this long.
        name = hashlib.sha256(os.fsencode(name)).hexdigest()
    return os.path.join(folder, f".{name}{_PARTS}")


@contextlib.contextmanager
def locked_folder(folder: str, name: str, wait: float = DYING) -> Iterator[str]:
    """`folder`, hidden, made if it is not there; nobody else has it meanwhile. Parts are removed, those that a kill has
    left at once and others at the end, and the folder too if nothing else is in it. name: of the output, for people;
    wait: seconds for which another one may still have it.

    Raises:
        InbetweenError: another process has it; the disk refuses.
    """
    path = os.path.join(folder, LOCK)
    with disk.errors(folder):
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
    with contextlib.suppress(OSError, InbetweenError), locked_folder(folder, folder, 0):
        if not has_segments(folder):
            discard(folder)


def has_segments(folder: str) -> bool:
    """A segment is finished in a hidden folder.

    Raises:
        OSError: it cannot be read.
    """
    try:
        with open(os.path.join(folder, JOURNAL), "rb") as file:
            return file.read().count(b"\n") > 1
    except FileNotFoundError:
        return False


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
            json.dump({"identity": None if source is None else disk.identity(source), **facts}, file)
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
    identity, target = noted["identity"], disk.resolved(sink)
    return noted if (os.path.isdir(target) if identity is None else disk.identity(target) == tuple(identity)) else None


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
        with disk.errors(path):
            os.mkdir(path)
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
