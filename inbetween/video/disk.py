"""What the disk says: its refusals in words with a cure, and which file a name stands for."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

from inbetween.errors import InbetweenError
from inbetween.video import ffmpeg
from inbetween.video.sinks import Sink


@contextlib.contextmanager
def errors(path: str, word: str = "-o") -> Iterator[None]:
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


def identity(path: str | Path | os.DirEntry[str]) -> tuple[int, int]:
    """Device and number of the file behind any links; (0, 0) if there is none."""
    try:
        status = os.stat(path)
    except OSError:
        return 0, 0
    return status.st_dev, status.st_ino


def resolved(sink: Sink) -> str:
    """The absolute path of the output file, or of the sequence's folder, behind any symbolic links."""
    return os.path.realpath(sink.folder if sink.kind == "sequence" else sink.path)
