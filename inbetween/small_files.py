"""Reading small files that a user names: easings, cut lists, motion files, records.

Any path may be given, also one that would block for ever or never end: a pipe, a socket, a device.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from inbetween import system
from inbetween.errors import InbetweenError

MOST = 64_000_000
"""The most bytes of a small file; chosen by eye, far above the motion files that people draw."""


def read_small(path: str | Path, what: str, most: int = MOST) -> bytes:
    """The bytes of a file that a user named. Nothing but a regular file is opened for longer than to see what it is,
    and never more than `most` bytes are read.

    Args:
        path: the file.
        what: what messages call it, such as "easing".
        most: the most bytes that such a file can sensibly have.

    Raises:
        InbetweenError: there is no such file, it is not a regular file, it is too large, or it cannot be read.
    """
    check_regular(path, what)
    try:
        # Without blocking, for the name may mean a pipe by now.
        with open(system.open_to_read(path), "rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        raise _unreadable(path, what, error) from error
    if len(data) > most:
        raise InbetweenError(
            f"the {what} {path} is larger than {most / 1e6:g} MB", "check that it is the right file", "input_unreadable"
        )
    return data


def check_regular(path: str | Path, what: str) -> None:
    """Refuse everything that is not a regular file, without opening it.

    Args:
        path: the file.
        what: what messages call it, such as "key".

    Raises:
        InbetweenError: there is no such file, or it is a folder, a pipe, a socket or a device.
    """
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError) as error:
        raise _unreadable(path, what, error) from error
    if stat.S_ISREG(mode):
        return
    kinds = {stat.S_IFDIR: "folder", stat.S_IFIFO: "pipe", stat.S_IFSOCK: "socket"}
    kind = kinds.get(stat.S_IFMT(mode), "device")
    raise InbetweenError(f"the {what} {path} is a {kind}, not a file", "give the name of a file", "input_unreadable")


def _unreadable(path: str | Path, what: str, error: OSError | ValueError) -> InbetweenError:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return InbetweenError(f"there is no {what} {path}", "check the name", "input_missing")
    # A name with a zero byte is a ValueError.
    cause = getattr(error, "strerror", None) or error
    return InbetweenError(
        f"the {what} {path} cannot be read: {cause}", "check its name and its permissions", "input_unreadable"
    )
