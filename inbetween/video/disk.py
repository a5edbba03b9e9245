"""Errors of the disk as messages with a hint, and the identity of files."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

from inbetween.errors import InbetweenError
from inbetween.faults import fault
from inbetween.video import ffmpeg


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
            raise InbetweenError(f"the disk or quota is full: {error.strerror} ({path})", ffmpeg.DISK_FULL) from error
        if error.errno == errno.EFBIG:
            raise InbetweenError(f"file size limit reached: {path}", ffmpeg.SIZE_LIMIT) from error
        if error.errno == errno.ENAMETOOLONG:
            raise InbetweenError(
                f"the name is too long for this disk: {path}", f"give a shorter name with {word}"
            ) from error
        # Some disks say of a new file in a folder that is there that it is not there.
        there = isinstance(error, FileNotFoundError) and os.path.isdir(os.path.dirname(path) or os.curdir)
        denied = isinstance(error, PermissionError | FileExistsError) or error.errno == errno.EROFS
        if not there and not denied and (known := fault(error)) is not None:
            raise known from error
        raise InbetweenError(
            f"cannot write `{path}`: {error.strerror or error}", f"choose another folder with {word}"
        ) from error


def identity(path: str | Path | os.DirEntry[str]) -> tuple[int, int]:
    """The device and the inode of a file, with all links followed; (0, 0) if there is no such file."""
    try:
        status = os.stat(path)
    except OSError:
        return 0, 0
    return status.st_dev, status.st_ino
