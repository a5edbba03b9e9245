"""Fingerprints of files: whether the contents of an input are still those that a film was begun with.

A name, a size and a time of the last change do not tell: all three are equal for two renders of one shot that were
copied with their times.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TypeAlias

from inbetween.errors import InbetweenError
from inbetween.faults import lacking
from inbetween.types import Report

WHOLE = 256_000_000
"""The most bytes of a file whose whole contents are hashed. Measured on one core: 0.3 s for this many, 0.04 s for two
PNGs of 3840x2160. Pictures are smaller. A larger clip takes minutes to decode and a larger network seconds to load, so
of these samples are enough."""
SAMPLES, SAMPLE = 64, 1 << 20
"""The number and the bytes of the evenly spaced samples of a larger file; the first is its beginning, the last its end.
Measured for a file of 1 GB: 0.1 s, and 0.3 s from a disk that has not read it yet."""
CHUNK = 1 << 22
"""Bytes that are read at once; chosen by eye."""
MEGABYTE = 1_000_000

Stat: TypeAlias = tuple[int, int, int, int, int]
"""The device, the inode, the size, and the times in nanoseconds of the last change of a file's contents and of its
inode. No program can set the last one, so a file of which none of them differs has not been written to."""


class Fingerprints:
    """The fingerprints of the inputs of films. A file is read once, and again only if it was written to since."""

    def __init__(self, report: Report, known: dict[Stat, str] | None = None) -> None:
        """
        Args:
            report: hears the progress `hash`.
            known: fingerprints that are known already.
        """
        self._report = report
        self.known: dict[Stat, str] = known or {}
        """All fingerprints that were found, by the state of the file."""
        self._found: dict[Path, str] = {}
        self._watched: dict[Path, Stat] = {}

    def watch(self, paths: Iterable[Path]) -> None:
        """Remember the state of files that are about to be opened, so that `of` finds out if one is written to before
        its fingerprint is taken. A file that is missing is left to the one who opens it."""
        for path in paths:
            with contextlib.suppress(OSError):
                self._watched[path] = _state(path)

    def of(self, path: Path) -> str:
        """The fingerprint of a file, which is equal for equal contents.

        Of a file with more than `WHOLE` bytes, samples are read; its fingerprint also depends on its size, on the time
        of its last change and on its absolute path, so that no change is missed that lies between samples.

        Raises:
            InbetweenError: the file cannot be read, or was written to since it was first watched.
            Interrupted: by the report.
        """
        before = _stat(path)
        if path not in self._found and self._watched.get(path, before) != before:
            raise _changed(path)
        if before not in self.known:
            self.known[before] = _fingerprint(path, before[2], before[3], self._report)
        found = self._found[path] = self.known[before]
        return found

    def check(self) -> None:
        """Make sure that no file was written to since its fingerprint was taken.

        Raises:
            InbetweenError: a file has other contents now, or is gone.
            Interrupted: by the report.
        """
        for path, then in list(self._found.items()):
            if self.of(path) != then:
                raise _changed(path)


def hashed(path: Path, report: Report, digest: hashlib._Hash) -> str:
    """Hash a whole file, and return the digest in hexadecimal.

    Args:
        path: the file.
        report: hears the progress `hash`, in megabytes.
        digest: an object of hashlib; it is updated with the contents of the file.

    Raises:
        InbetweenError: the file cannot be read.
        Interrupted: by `report`.
    """
    try:
        total, done = path.stat().st_size, 0
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
                done += len(chunk)
                report.progress("hash", done // MEGABYTE, total // MEGABYTE)
    except OSError as error:
        raise _unreadable(path, error) from None
    return digest.hexdigest()


def _stat(path: Path) -> Stat:
    try:
        return _state(path)
    except OSError as error:
        raise _unreadable(path, error) from None


def _state(path: Path) -> Stat:
    status = os.stat(path)
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _fingerprint(path: Path, size: int, changed: int, report: Report) -> str:
    if size <= WHOLE:
        return "sha256:" + hashed(path, report, hashlib.sha256())
    digest = hashlib.sha256(repr((size, changed, os.path.abspath(path))).encode("utf-8", "surrogateescape"))
    try:
        with path.open("rb") as file:
            for number in range(SAMPLES):
                report.progress("hash", number, SAMPLES)
                file.seek(number * (size - SAMPLE) // (SAMPLES - 1))
                digest.update(file.read(SAMPLE))
    except OSError as error:
        raise _unreadable(path, error) from None
    return "samples:" + digest.hexdigest()


def _changed(path: Path) -> InbetweenError:
    return InbetweenError(
        f"{path} has changed while the film was made of it",
        "wait until it is written whole, then repeat the command: it begins anew",
        "input_changed",
    )


def _unreadable(path: Path, error: OSError) -> InbetweenError:
    if (known := lacking(error)) is not None:
        return known
    code = "input_missing" if isinstance(error, FileNotFoundError) else "input_unreadable"
    return InbetweenError(f"{path} cannot be read: {error.strerror or error}", "check the file and the disk", code)
