"""The finished segments of a long film, and the journal that lists them.

Both are in the hidden folder of the output (`Sink.work_folder`). A segment counts once its line is in the journal, and
the line is written only when the segment's files are on the disk under their names. An incomplete line, which a kill
may leave, is ignored, and so are files that no line lists.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import threading
from collections.abc import Iterator, Mapping, Sequence

from inbetween.errors import InbetweenError, Interrupted
from inbetween.types import Report
from inbetween.video import disk, workfolder
from inbetween.video.sinks import Sink
from inbetween.video.workfolder import Facts

PICTURES = "pictures"
"""Name of the folder for a sequence's finished pictures, inside the hidden folder."""
SEGMENTS = "segments"
"""The key in an identity under which the first frames of the segments are."""
_SHOWN = 3
"""Most differences that are named in a note; more are only counted. A choice."""
_LONGEST = 40
"""Most characters of a value that is quoted in a note. A choice."""


class Journal:
    """The journal of one film. Files in its folder that it does not list are removed when it is opened."""

    def __init__(self, sink: Sink, identity: Mapping[str, object], report: Report) -> None:
        """
        Args:
            sink: the output; its hidden folder must exist and be locked.
            identity: all that decides the bytes of the output, as JSON-serialisable values under names that the user
                knows. Segments of another identity are not used.
            report: hears the progress `check` and the note `begun_anew`.

        Raises:
            InbetweenError: the pictures of another film were being moved to this output when that was killed.
            OSError: the disk refuses.
        """
        self.folder = sink.work_folder
        self.done: dict[int, Facts] = {}
        """The facts of each finished segment, by its number."""
        self.whole = False
        """Whether the output is whole and has its name, so that the segments are not needed any more."""
        # Through JSON, so that it is equal to what is read from a journal: there tuples are lists.
        self._identity: Facts = json.loads(json.dumps(identity))
        self._path = os.path.join(self.folder, workfolder.JOURNAL)
        self._lock = threading.Lock()
        state = workfolder.read_mark(self.folder, sink.target)
        self.moving = state is not None and state["identity"] is None
        """Whether the pictures of a sequence were being moved when an earlier command was killed. All of them exist,
        some still in the hidden folder and some already in the output's."""
        self.placed: Facts | None = None
        """The facts of an output that was whole and had its name already when an earlier command was killed; else
        None."""
        if state is not None and not self.moving and state["of"] == self._identity:
            self.placed = state["facts"]
        else:
            self._open(report, anew=state is not None and not self.moving)

    def _open(self, report: Report, anew: bool) -> None:
        lines, length = ([], 0) if anew else _lines(self._path)
        if lines and lines[0].get("identity") == self._identity:
            os.truncate(self._path, length)
            for number, line in enumerate(lines[1:], 1):
                # Reading hours of film takes a while.
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
                "another film was stopped while its pictures were being moved there",
                f"repeat its command first, or remove `{self.folder}`",
            )
        if len(lines) > 1:
            changes = _differences(lines[0].get("identity", {}), self._identity)
            report.note("begun_anew", f"begun anew: {changes}")
        self._clear(set())
        try:
            self._append({"identity": self._identity})
        except OSError:
            # On a full disk an empty journal would be left, and with it the hidden folder.
            with contextlib.suppress(OSError):
                os.unlink(self._path)
            raise

    def mark(self, source: str | None, facts: Mapping[str, object]) -> None:
        """Note that the output is about to get its name, see `workfolder.mark`. `facts` will be `placed` if we are
        killed before the segments are removed."""
        workfolder.mark(self.folder, source, {"of": self._identity, "facts": facts})

    def add(self, segment: int, files: Sequence[str], facts: Mapping[str, object]) -> None:
        """Enter a finished segment. Several threads may do so at the same time.

        Args:
            segment: its number.
            files: its files, relative to the folder. They are flushed to the disk here.
            facts: JSON-serialisable values that `done` will have.
        """
        paths = [os.path.join(self.folder, name) for name in files]
        for path in paths:
            _flush(path)
        line = {**facts, "segment": segment, "files": list(files), "sha256": _digest(paths)}
        with self._lock:
            self._append(line)
            self.done[segment] = line

    def files(self, count: int) -> list[str]:
        """The paths of the files of all `count` segments, in order."""
        return [os.path.join(self.folder, name) for number in range(count) for name in self.done[number]["files"]]

    def _append(self, line: Mapping[str, object]) -> None:
        with open(self._path, "ab") as file:
            file.write(json.dumps(line).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def _clear(self, kept: set[str]) -> None:
        """Remove all files in the folder except these, given relative to it, and the lock."""
        for root, _, names in os.walk(self.folder):
            for name in names:
                path = os.path.join(root, name)
                if os.path.relpath(path, self.folder) not in kept | {workfolder.LOCK}:
                    os.unlink(path)


@contextlib.contextmanager
def opened(sink: Sink, identity: Mapping[str, object], report: Report) -> Iterator[Journal]:
    """The journal of an output, locked for the time of a `with` block. Afterwards the journal and the segments are
    removed if the output is `whole`, or if no segment is finished.

    Args:
        sink, identity, report: see `Journal`.

    Raises:
        InbetweenError: another process is making the output; the disk refuses; or as raised in the block, with a hint
            that finished segments are kept.
        Interrupted: as raised in the block, with `kept` set if finished segments are kept.
    """
    with workfolder.locked_folder(sink.work_folder, sink.path) as folder:
        with disk.errors(folder):
            journal = Journal(sink, identity, report)
        try:
            yield journal
        except Interrupted as stopped:
            stopped.kept = folder if journal.done else ""
            raise
        except InbetweenError as problem:
            if journal.done and os.path.isdir(folder):
                problem.hint += f"; what is done waits in `{folder}`: the same command goes on"
            raise
        finally:
            if journal.whole or not journal.done:
                workfolder.discard(folder)


def forget(sink: Sink) -> None:
    """Remove the finished segments that there are of an output.

    Raises:
        InbetweenError: another process is making the output.
    """
    folder = sink.work_folder
    if os.path.isdir(folder):
        with workfolder.locked_folder(folder, sink.path):
            workfolder.discard(folder)


def _lines(path: str) -> tuple[list[Facts], int]:
    """The lines of a journal up to the first incomplete one, and their length in bytes."""
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
    """The SHA-256 of the SHA-256 sums of the files; "" if one of them is missing."""
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


def _differences(then: Mapping[str, object], now: Mapping[str, object]) -> str:
    """The differences of two identities, for the user."""
    found = []
    differ = [name for name in dict.fromkeys([*now, *then]) if then.get(name) != now.get(name)]
    # Where the segments begin follows from the rest, so it is named only if nothing else differs.
    for name in differ if differ == [SEGMENTS] else [name for name in differ if name != SEGMENTS]:
        was, is_ = (_short(values.get(name)) for values in (then, now))
        if was != is_ and was and is_:
            found.append(f"{name} was {was}, is {is_}")
        else:
            found.append(f"{(was == is_ and was) or name} has changed")
    more = f", and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return ", ".join(found[:_SHOWN]) + more


def _short(value: object) -> str:
    """A value as it is quoted; "" for one that is too long. Of a file's name, size and time (`segments.stamp`) only the
    name is."""
    if isinstance(value, list) and [type(one) for one in value] == [str, int, int]:
        value = value[0]
    text = value if isinstance(value, str) else "not there" if value is None else json.dumps(value)
    return text if len(text) <= _LONGEST else ""
