"""The journal of a batch: what was made of what, as JSON Lines in the hidden folder of the output folder.

Only the process that runs the batch writes it. A film counts as done once its line is on the disk, with a digest of all
that decides its bytes. Every range of `--items` has a journal of its own, so that several machines can work into one
folder; all of them are read, whichever is written.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from inbetween.batch.jobs import Place
from inbetween.errors import InbetweenError
from inbetween.video import disk, workfolder

FORMAT = 1
"""The version of the lines."""
MOST = 1_000_000_000
"""The most bytes of a journal that are read: a million films; chosen by eye."""
BEGUN, DONE, FAILED = "begun", "done", "failed"
"""The states of a job in a journal."""


@dataclass(frozen=True)
class Entry:
    """What a journal says of one job."""

    name: str
    """The job's name, which is its output relative to the output folder."""
    state: str
    """`begun`, `done` or `failed`."""
    digest: str
    """The digest of all that decides the bytes of the film."""
    output: tuple[int, int] | None = None
    """The size in bytes and the time of the last change in nanoseconds of the film that this batch made last, which may
    be one of other inputs or options; None for a folder, and where it made none."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What the report shows of it."""


class Journal:
    """The entries of a batch, the newest of each job."""

    def __init__(self, path: Path) -> None:
        """
        Args:
            path: the journal that is written. All others in its folder are read too.

        Raises:
            InbetweenError: it cannot be written.
        """
        self._path = path
        self.entries: dict[str, Entry] = {}
        others = sorted(other for other in path.parent.glob("*.jsonl") if other != path)
        for one in [*others, path]:
            for entry in _read(one):
                known = self.entries.get(entry.name)
                # What is done elsewhere is done, whatever this journal says of an earlier try.
                if known is None or known.state != DONE or entry.state == DONE or one == path:
                    self.entries[entry.name] = entry
        with disk.errors(str(path)):
            _mend(path)

    def add(self, entry: Entry) -> None:
        """Enter a job; it is on the disk when this returns.

        Raises:
            InbetweenError: the disk refuses.
        """
        self.entries[entry.name] = entry
        with disk.errors(str(self._path)), open(self._path, "ab") as file:
            file.write(workfolder.sealed({"format": FORMAT, **asdict(entry)}))
            file.flush()
            os.fsync(file.fileno())

    def is_done(self, name: str, digest: str, root: Path) -> bool:
        """Whether the film of a job is there, made of the same inputs with the same options, and untouched since."""
        entry = self.entries.get(name)
        if entry is None or entry.state != DONE or entry.digest != digest:
            return False
        path = os.path.join(root, name)
        return os.path.isdir(path) if entry.output is None else stamp(path) == entry.output

    def is_ours(self, name: str, digest: str) -> bool:
        """Whether an output that exists was, or may have been, made by this batch for the job as it is now. A job is
        entered as begun only after it was found that it may write its output."""
        entry = self.entries.get(name)
        return entry is not None and entry.state == BEGUN and entry.digest == digest


@contextmanager
def opened(place: Place, items: str | None) -> Iterator[Journal]:
    """The journal of a batch, locked for the time of a `with` block. The lock ends with the process, however that ends.

    Args:
        place: where the films go. The folders are made.
        items: of `--items`; None for the whole batch.

    Raises:
        InbetweenError: another process runs the same batch into this folder; the disk refuses.
    """
    name = "all" if items is None else "items-" + items.replace(",", "_").replace(" ", "")
    path = place.state / f"{name}.jsonl"
    with disk.errors(str(place.root)):
        place.state.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path.with_suffix(".lock"))
    with disk.errors(str(path)):
        try:
            lock.acquire(timeout=0)
        except Timeout:
            text = f"another process runs this batch into `{place.root}`"
            raise InbetweenError(text, "wait for it, or name another folder with -o", "busy") from None
    try:
        yield Journal(path)
    finally:
        lock.release()


def digest_of(identity: Mapping[str, object]) -> str:
    """The digest of all that decides the bytes of a film: SHA-256 in hexadecimal."""
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()


def stamp(path: str) -> tuple[int, int] | None:
    """The size of a file in bytes and the time of its last change in nanoseconds; None for a folder or no file."""
    with suppress(OSError):
        status = os.stat(path)
        if not os.path.isdir(path):
            return status.st_size, status.st_mtime_ns
    return None


def _read(path: Path) -> Iterator[Entry]:
    """The entries of a journal. A line that is damaged, and one that a kill has left incomplete, does not count."""
    try:
        with open(path, "rb") as file:
            data = file.read(MOST)
    except OSError:
        return
    for line in data.splitlines():
        fields = workfolder.unsealed(line)
        with suppress(TypeError, KeyError):
            if fields is not None and fields.pop("format") == FORMAT:
                output = fields.pop("output")
                yield Entry(**fields, output=None if output is None else tuple(output))


def _mend(path: Path) -> None:
    """End an incomplete last line, so that the next one is not joined to it."""
    with suppress(FileNotFoundError), open(path, "rb+") as file:
        if file.seek(0, os.SEEK_END):
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                file.write(b"\n")
