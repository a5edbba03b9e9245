"""Errors of the disk as messages with a hint, the identity of files, and writes that survive a power cut."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from inbetween.errors import InbetweenError
from inbetween.faults import fault
from inbetween.video import ffmpeg

_NO_SYNC = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EACCES, errno.EPERM, errno.EBADF, errno.EISDIR)
"""What disks and systems answer that cannot flush a folder: some network disks, FUSE, Windows."""


@contextlib.contextmanager
def errors(path: str, word: str = "-o") -> Iterator[None]:
    """Turn an `OSError` of the block into an error for the user.

    Args:
        path: of what is being written, for the message.
        word: the option with which the user named it, for the hint.

    Raises:
        InbetweenError: in place of an `OSError`.
    """
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            text = f"the disk or quota is full: {error.strerror} ({path})"
            raise InbetweenError(text, ffmpeg.DISK_FULL, "disk_full") from error
        if error.errno == errno.EFBIG:
            raise InbetweenError(f"file size limit reached: {path}", ffmpeg.SIZE_LIMIT, "disk_full") from error
        if error.errno == errno.ENAMETOOLONG:
            text = f"the name is too long for this disk: {path}"
            raise InbetweenError(text, f"give a shorter name with {word}", "output_refused") from error
        # Some disks say of a new file in a folder that is there that it is not there.
        there = isinstance(error, FileNotFoundError) and os.path.isdir(os.path.dirname(path) or os.curdir)
        denied = isinstance(error, PermissionError | FileExistsError) or error.errno == errno.EROFS
        if not there and not denied and (known := fault(error)) is not None:
            raise known from error
        text = f"cannot write `{path}`: {error.strerror or error}"
        raise InbetweenError(text, f"choose another folder with {word}", "output_refused") from error


def identity(path: str | Path | os.DirEntry[str]) -> tuple[int, int]:
    """The device and the inode of a file, with all links followed; (0, 0) if there is no such file."""
    try:
        status = os.stat(path)
    except OSError:
        return 0, 0
    return status.st_dev, status.st_ino


def is_folder(path: str) -> bool:
    """Whether there is a folder at a path; a link to one is none."""
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except OSError:
        return False


def open_own(path: str) -> int | None:
    """Open a file of ours to read it, as a descriptor. None if there is none, or if a link, a pipe or a folder is in
    its place: these are neither followed nor waited for."""
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):
            return None
        descriptor = os.open(path, flags)
    except OSError:
        return None
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    return None


def sync(path: str) -> None:
    """Have the contents of a file on the disk when this returns.

    Raises:
        OSError: the disk refuses.
    """
    # On Windows only a file that is open for writing can be flushed.
    with open(path, "rb+") as file:
        os.fsync(file.fileno())


def sync_folder(path: str) -> None:
    """Have the names in a folder on the disk when this returns, as far as the system can do that for folders.

    Raises:
        OSError: the disk refuses.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError as error:
        if error.errno in _NO_SYNC:
            return
        raise
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise
    finally:
        os.close(descriptor)
