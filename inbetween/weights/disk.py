"""Guards the folder that weights are written to: one process at a time, with enough space, and with clear errors."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from inbetween import system
from inbetween.errors import InbetweenError
from inbetween.fingerprint import MEGABYTE
from inbetween.types import Report

SPARE = 200 * MEGABYTE
"""Bytes that must stay free on the disk after a download; chosen by eye."""


@contextlib.contextmanager
def locked(name: str, folder: Path, report: Report) -> Iterator[None]:
    """Be the only process that writes the weights called `name` into `folder`; wait while another process does."""
    from filelock import FileLock, Timeout

    folder.mkdir(parents=True, exist_ok=True)
    lock, waited = FileLock(folder / f".{name}.lock"), False
    while True:
        try:
            lock.acquire(timeout=0.2)
            break
        except Timeout:
            if not waited:
                report.note("waiting", f"another process is at work on {name}: waiting for it")
            waited = True
            report.progress("wait", 0, 0)
    try:
        yield
    finally:
        lock.release()


def need_space(folder: Path, size: int) -> None:
    """Check that the disk of an existing folder has room for `size` bytes and `SPARE`.

    Raises:
        InbetweenError: it has not.
    """
    free = shutil.disk_usage(folder).free
    if size + SPARE > free:
        raise InbetweenError(
            f"{folder} has {free / 1e9:.1f} GB free, and {(size + SPARE) / 1e9:.1f} GB are needed",
            "free some space, or choose a folder on another disk with --weights FOLDER",
            "weights_damaged",
        )


@contextlib.contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turn the system's errors at files below a folder into an InbetweenError."""
    try:
        yield
    except OSError as error:
        if system.in_use(error):
            text = f"{error.filename2 or error.filename} is open in another program"
            raise InbetweenError(
                text, "end the programs that use these weights, and run the command again", "busy"
            ) from error
        raise InbetweenError(
            f"{error.filename or folder} cannot be written: {error.strerror or error}",
            "look at its permissions and its disk, or choose another folder with --weights FOLDER",
            "output_refused",
        ) from None
