"""The finished segments of a long film, and the journal that lists them.

Both are in the hidden folder of the output (`Sink.work_folder`). A segment counts once its line is in the journal, and
the line is written only when the segment's files are on the disk under their names. An incomplete line, which a kill
may leave, is ignored, and so are files that no line lists.

Every line begins with its checksum, and has the checksums of the segment's files. Lines and files that are damaged, or
are not what they should be, are made anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from inbetween.errors import InbetweenError, Interrupted
from inbetween.types import Report
from inbetween.video import disk, workfolder
from inbetween.video.sinks import Sink
from inbetween.video.workfolder import JOURNAL, LOCK, Facts

FORMAT = 3
"""The version of the journal. Segments of another one are made anew."""
PICTURES = "pictures"
"""Name of the folder for a sequence's finished pictures, inside the hidden folder."""
SEGMENTS = "segments"
"""The key in an identity under which the first frames of the segments are."""
_SHOWN = 3
"""Most differences that are named in a note; more are only counted. A choice."""
_LONGEST = 40
"""Most characters of a value that is quoted in a note. A choice."""


@dataclass(frozen=True)
class Plan:
    """What a journal may hold."""

    names: Callable[[int], Sequence[str]]
    """The names of the files of a segment, by its number, relative to the hidden folder."""
    count: int
    """How many segments there are."""
    valid: Callable[[Facts], bool]
    """Whether the facts of a segment are of the right types."""


class Journal:
    """The journal of one film. Files in its folder that it does not list are removed when it is opened."""

    def __init__(self, sink: Sink, identity: Mapping[str, object], plan: Plan, report: Report) -> None:
        """
        Args:
            sink: the output; its hidden folder must exist and be locked.
            identity: all that decides the bytes of the output, as JSON-serialisable values under names that the user
                knows. Segments of another identity are not used.
            plan: what the journal may hold.
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
        self._plan, self._target = plan, sink.target
        self._path = os.path.join(self.folder, JOURNAL)
        self._lock = threading.Lock()
        self._lines: dict[int, Facts] = {}
        state = workfolder.read_mark(self.folder, sink.target)
        self.moving = state is not None and state["identity"] is None
        """Whether the pictures of a sequence were being moved when an earlier command was killed. All of them exist,
        some still in the hidden folder and some already in the output's."""
        self.placed: Facts | None = None
        """The facts of an output that was whole and had its name already when an earlier command was killed; else
        None."""
        if self.moving and state is not None and state.get("of") != self._identity:
            raise InbetweenError(
                "another film was stopped while its pictures were being moved there",
                f"repeat its command first, or remove `{self.folder}`",
                "busy",
            )
        if state is not None and not self.moving and state.get("of") == self._identity:
            self.placed = state.get("facts")
        else:
            self._open(report, state)

    def _open(self, report: Report, state: Facts | None) -> None:
        """Read the lines of finished segments, check their files, and write the journal anew with those that are whole.

        Args:
            report: hears the progress and the note.
            state: what the mark says; None if there is none.
        """
        known, damaged = ([], False) if state is not None and not self.moving else self._read(report)
        if self.moving and state is not None and not known:
            # The mark has a copy of the lines, for without them nobody could tell which pictures are there.
            known = state.get("lines", [])
        for number, line in enumerate(known, 1):
            # Reading hours of film takes a while.
            report.progress("check", number, len(known))
            if self._is_whole(line):
                self._lines[line["segment"]] = line
            else:
                damaged = True
        if damaged:
            found = f"{len(self._lines)} finished segments are" if self._lines else "nothing is"
            report.note("begun_anew", f"`{self.folder}` is damaged: {found} used, the rest is made anew")
        self.done = {number: line["facts"] for number, line in self._lines.items()}
        if not self.moving:
            self._clear({name for number in self.done for name in self._plan.names(number)})
        self._write()

    def _read(self, report: Report) -> tuple[list[Facts], bool]:
        """The lines of finished segments in the journal of this film, and whether the journal is damaged."""
        if not os.path.lexists(self._path):
            return [], False
        data = workfolder.read_own(self._path)
        if data is None:
            return [], True
        # A kill may leave an incomplete last line, which is no damage.
        texts = data[: data.rfind(b"\n") + 1].splitlines(keepends=True)
        lines = [workfolder.unsealed(text) for text in texts]
        head = lines[0] if lines else None
        if head is None:
            return [], len(texts) > 1
        identity = head.get("identity")
        if head.get("format") != FORMAT or not isinstance(identity, dict):
            return [], len(texts) > 1
        if identity != self._identity:
            if len(texts) > 1:
                report.note("begun_anew", f"begun anew: {_differences(identity, self._identity)}")
            return [], False
        whole = [line for line in lines[1:] if line is not None and self._fits(line)]
        return whole, len(whole) < len(lines) - 1

    def _fits(self, line: Facts) -> bool:
        """Whether a line is one that this film can have."""
        number, files, facts = line.get("segment"), line.get("files"), line.get("facts")
        if type(number) is not int or not 0 <= number < self._plan.count:
            return False
        if not isinstance(files, dict) or list(files) != list(self._plan.names(number)):
            return False
        return isinstance(facts, dict) and self._plan.valid(facts)

    def _is_whole(self, line: Facts) -> bool:
        """Whether the files of a line are there, and are what they were."""
        if not self._fits(line):
            return False
        return all(any(_sum(path) == found for path in self._places(name)) for name, found in line["files"].items())

    def _places(self, name: str) -> list[str]:
        """The paths at which a file of a segment may be. While pictures are moved, that is also the output's folder."""
        moved = [os.path.join(self._target, os.path.basename(name))] if self.moving else []
        return [os.path.join(self.folder, name), *moved]

    def mark(self, source: str | None, facts: Mapping[str, object]) -> None:
        """Note that the output is about to get its name, see `workfolder.mark`. `facts` will be `placed` if we are
        killed before the segments are removed."""
        lines = [] if source is not None else [self._lines[number] for number in sorted(self._lines)]
        workfolder.mark(self.folder, source, {"of": self._identity, "facts": facts, "lines": lines})

    def add(self, segment: int, facts: Mapping[str, object]) -> None:
        """Enter a finished segment. Several threads may do so at the same time.

        Args:
            segment: its number. Its files are on the disk, under their names, when this returns.
            facts: JSON-serialisable values that `done` will have.
        """
        names = self._plan.names(segment)
        paths = [os.path.join(self.folder, name) for name in names]
        for path in paths:
            disk.sync(path)
        # The folder of a sequence's pictures is new itself.
        for folder in {*map(os.path.dirname, paths), self.folder}:
            disk.sync_folder(folder)
        line: Facts = {
            "segment": segment,
            "files": dict(zip(names, map(_sum, paths), strict=True)),
            "facts": dict(facts),
        }
        with self._lock:
            with open(self._path, "ab") as file:
                file.write(workfolder.sealed(line))
                file.flush()
                os.fsync(file.fileno())
            self._lines[segment], self.done[segment] = line, line["facts"]

    def files(self) -> list[str]:
        """The paths of the files of all segments, in order."""
        return [os.path.join(self.folder, name) for n in range(self._plan.count) for name in self._plan.names(n)]

    def _write(self) -> None:
        """Write the journal anew, with the lines that count. Before this it may be anything, or damaged."""
        head = {"format": FORMAT, "identity": self._identity}
        with workfolder.part(self.folder, "") as new:
            with open(new, "wb") as file:
                for line in [head, *(self._lines[number] for number in sorted(self._lines))]:
                    file.write(workfolder.sealed(line))
                file.flush()
                os.fsync(file.fileno())
            if disk.is_folder(self._path):
                workfolder.delete(self._path)
            os.replace(new, self._path)
        disk.sync_folder(self.folder)
        disk.sync_folder(os.path.dirname(self.folder))

    def _clear(self, kept: set[str]) -> None:
        """Remove everything in the folder except these files, given relative to it, the journal and the lock."""
        for entry in list(os.scandir(self.folder)):
            if entry.name == PICTURES and entry.is_dir(follow_symlinks=False):
                for inner in list(os.scandir(entry)):
                    if os.path.join(PICTURES, inner.name) not in kept:
                        workfolder.delete(inner.path)
            elif entry.name not in kept | {JOURNAL, LOCK}:
                workfolder.delete(entry.path)


@contextlib.contextmanager
def opened(
    sink: Sink, identity: Mapping[str, object], plan: Plan, report: Report, beside: bool = False
) -> Iterator[Journal]:
    """The journal of an output, locked for the time of a `with` block. Afterwards the journal and the segments are
    removed if the output is `whole`, or if no segment is finished.

    Args:
        sink, identity, plan, report: see `Journal`.
        beside: whether the mark of an output that is `whole` stays, until the files beside it are written too.

    Raises:
        InbetweenError: another process is making the output; the disk refuses; or as raised in the block, with a hint
            that finished segments are kept.
        Interrupted: as raised in the block, with `kept` set if finished segments are kept.
    """
    with disk.errors(sink.work_folder):
        healed = workfolder.make_folder(sink.work_folder)
    if healed:
        report.note("begun_anew", healed)
    with workfolder.locked_folder(sink.work_folder, sink.path) as folder:
        with disk.errors(folder):
            journal = Journal(sink, identity, plan, report)
        try:
            yield journal
        except Interrupted as stopped:
            stopped.kept = folder if journal.done else ""
            raise
        except InbetweenError as problem:
            if journal.done and problem.code != "input_changed" and os.path.isdir(folder):
                problem.hint += f"; what is done waits in `{folder}`: the same command goes on"
            raise
        finally:
            if journal.whole or not journal.done:
                workfolder.discard(folder, but_mark=journal.whole and beside)


def _sum(path: str) -> str:
    """The SHA-256 of a file of ours in hexadecimal; "" if there is no such file."""
    descriptor = disk.open_own(path)
    if descriptor is None:
        return ""
    with open(descriptor, "rb") as file:
        try:
            return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            return ""


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
    """A value as it is quoted; "" for one that is too long, as fingerprints are."""
    text = value if isinstance(value, str) else "not there" if value is None else json.dumps(value)
    return text if len(text) <= _LONGEST else ""
