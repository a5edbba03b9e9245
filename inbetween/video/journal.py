"""The finished segments of a long film, and the journal that says which they are.

Both lie in the folder that `workfolder.segments_of` names. A segment counts once its line is in the journal, which is after its files are on the
disk under their names; a line that was torn by a kill, and files that are in no line, count for nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from inbetween.errors import InbetweenError, Interrupted
from inbetween.types import Report
from inbetween.video import disk, workfolder
from inbetween.video.sinks import Sink

PICTURES = "pictures"
"""The folder of a sequence's finished pictures, inside that of the segments."""
SEGMENTS = "segments"
"""In an identity: where they begin."""
_SHOWN = 3
"""Differences that are told."""


class Journal:
    """What is finished of a film. Files that nothing vouches for are removed when it is opened."""

    def __init__(self, sink: Sink, identity: Mapping[str, Any], report: Report) -> None:
        self.folder = workfolder.segments_of(sink)
        self.done: dict[int, dict[str, Any]] = {}
        """Facts of each finished segment."""
        self.whole = False
        """The output has its name: nothing of this is needed any more."""
        # As it would be read.
        self._identity = json.loads(json.dumps(identity))
        self._path = os.path.join(self.folder, workfolder.JOURNAL)
        self._lock = threading.Lock()
        state = workfolder.placing(sink)
        self.moving = state is not None and state["identity"] is None
        """Its pictures were being moved when it was killed: they are all there, here or there."""
        self.placed: dict[str, Any] | None = None
        """Facts of a film that was whole, and has its name, when it was killed."""
        if state is not None and not self.moving and state["of"] == self._identity:
            self.placed = state["facts"]
        else:
            self._open(report, anew=state is not None and not self.moving)

    def _open(self, report: Report, anew: bool) -> None:
        lines, length = ([], 0) if anew else _lines(self._path)
        if lines and lines[0].get("identity") == self._identity:
            os.truncate(self._path, length)
            for number, line in enumerate(lines[1:], 1):
                # Hours of film are many gigabytes.
                report.progress("check", number, len(lines) - 1)
                if (
                    self.moving
                    or _digest([os.path.join(self.folder, name) for name in line["files"]]) == line["sha256"]
                ):
                    self.done[line["segment"]] = line
            if not self.moving:
                self._clear({name for line in self.done.values() for name in line["files"]} | {workfolder.JOURNAL})
            return
        if self.moving:
            raise InbetweenError(
                "another film was stopped while its pictures were moved there",
                f"repeat its command first, or remove `{self.folder}`",
            )
        if len(lines) > 1:
            told = _differences(lines[0].get("identity", {}), self._identity)
            report.note("begun_anew", f"begun anew: {told}")
        self._clear(set())
        try:
            self._append({"identity": self._identity})
        except OSError:
            # Of a full disk there would stay a hidden folder with nothing in it.
            with contextlib.suppress(OSError):
                os.unlink(self._path)
            raise

    def mark(self, sink: Sink, source: str | None, facts: Mapping[str, Any]) -> None:
        """See `workfolder.mark`; `facts` are what `placed` will be."""
        workfolder.mark(sink, source, {"of": self._identity, "facts": facts})

    def add(self, segment: int, files: Sequence[str], facts: Mapping[str, Any]) -> None:
        """A segment is finished: these files in the folder, which are on the disk before this returns. Threads may
        add one at once."""
        paths = [os.path.join(self.folder, name) for name in files]
        for path in paths:
            _flush(path)
        line = {**facts, "segment": segment, "files": list(files), "sha256": _digest(paths)}
        with self._lock:
            self._append(line)
            self.done[segment] = line

    def files(self, count: int) -> list[str]:
        """The paths of all `count` segments' files, in order."""
        return [os.path.join(self.folder, name) for number in range(count) for name in self.done[number]["files"]]

    def _append(self, line: Mapping[str, Any]) -> None:
        with open(self._path, "ab") as file:
            file.write(json.dumps(line).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def _clear(self, kept: set[str]) -> None:
        for root, _, names in os.walk(self.folder):
            for name in names:
                path = os.path.join(root, name)
                if os.path.relpath(path, self.folder) not in kept | {workfolder.LOCK}:
                    os.unlink(path)


@contextlib.contextmanager
def opened(sink: Sink, identity: Mapping[str, Any], report: Report) -> Iterator[Journal]:
    """The journal of this output, of a film that is made from `identity`; nobody else has it meanwhile.

    What is left of it afterwards is nothing when it is `whole` or when no segment is finished.

    Raises:
        InbetweenError: another process has it; the disk refuses; or as raised inside, with its hint extended.
        Interrupted: as raised inside, with `kept` where something stays.
    """
    with workfolder.locked_folder(workfolder.segments_of(sink), sink.path) as folder:
        with disk.errors(folder):
            journal = Journal(sink, identity, report)
        try:
            yield journal
        except Interrupted as stopped:
            stopped.kept = folder if journal.done else ""
            raise
        except InbetweenError as problem:
            if journal.done:
                problem.hint += f"; what is done waits in `{folder}`: the same command goes on"
            raise
        finally:
            if journal.whole or not journal.done:
                workfolder.discard(folder)


def forget(sink: Sink) -> None:
    """Remove what there is of a film of this name in segments.

    Raises:
        InbetweenError: another process makes it.
    """
    folder = workfolder.segments_of(sink)
    if os.path.isdir(folder):
        with workfolder.locked_folder(folder, sink.path):
            workfolder.discard(folder)


def _lines(path: str) -> tuple[list[dict[str, Any]], int]:
    """What can be read of a journal, and the bytes of it."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except FileNotFoundError:
        return [], 0
    lines, length = [], 0
    for text in data.splitlines(keepends=True):
        try:
            line = json.loads(text)
        except ValueError:
            break
        if not text.endswith(b"\n") or not isinstance(line, dict):
            break
        lines.append(line)
        length += len(text)
    return lines, length


def _digest(paths: Sequence[str]) -> str:
    """Of the files' contents one after the other; "" where one is missing."""
    found = hashlib.sha256()
    try:
        for path in paths:
            with open(path, "rb") as file:
                found.update(hashlib.file_digest(file, "sha256").digest())
    except FileNotFoundError:
        return ""
    return found.hexdigest()


def _flush(path: str) -> None:
    with open(path, "rb+") as file:
        os.fsync(file.fileno())


def _differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """What differs, in the user's words."""
    told = []
    differ = [name for name in dict.fromkeys([*now, *then]) if then.get(name) != now.get(name)]
    # What they are follows from the user's words.
    for name in differ if differ == [SEGMENTS] else [name for name in differ if name != SEGMENTS]:
        was, is_ = (_short(values.get(name)) for values in (then, now))
        if was != is_ and was and is_:
            told.append(f"{name} was {was}, is {is_}")
        else:
            told.append(f"{(was == is_ and was) or name} has changed")
    more = f", and {len(told) - _SHOWN} more" if len(told) > _SHOWN else ""
    return ", ".join(told[:_SHOWN]) + more


def _short(value: Any) -> str:
    """As it is told; "" for what is too long to be. Of a file's name, size and time (`segments.stamp`) the name."""
    if isinstance(value, list) and [type(one) for one in value] == [str, int, int]:
        value = value[0]
    text = value if isinstance(value, str) else "not there" if value is None else json.dumps(value)
    return text if len(text) <= 40 else ""
