"""Jobs: one film each, as they are found in folders or read from a manifest."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from inbetween.errors import InbetweenError, UsageError
from inbetween.request import ClipRequest, RunRequest

NAME = "{name}"
"""The place of a job's name in `-o`."""
DEFAULT_SUFFIX = ".mp4"
"""The suffix of films whose output is only named by a folder."""
STATE = ".inbetween-batch"
"""The hidden folder in the output folder of a batch, with its journals and contact sheets."""


@dataclass(frozen=True)
class Found:
    """What a job is made of, before the options of the batch are laid under it."""

    name: str
    """The name of the film, without a suffix."""
    where: str
    """Where it was found, for people: "shots/a", or "row 12 of shots.csv"."""
    inputs: tuple[str, ...]
    """The keys in order, or the one clip."""
    fields: tuple[tuple[str, object], ...] = ()
    """Fields of the request that this job alone has, as (name, value)."""
    out: str | None = None
    """The output, relative to the output folder; None for the one that is made of the name."""


@dataclass(frozen=True)
class Job:
    """One film of a batch."""

    number: int
    """From 1 on, in the order of the batch. `--items` means these numbers."""
    name: str
    """The output, relative to the output folder: it is unique in the batch."""
    where: str
    """Where it was found, for people."""
    request: RunRequest | ClipRequest
    """All that decides the film, with its output."""

    @property
    def command(self) -> str:
        """The command that would make this film alone: `run` or `slowmo`."""
        return "slowmo" if isinstance(self.request, ClipRequest) else "run"

    @property
    def inputs(self) -> tuple[str, ...]:
        """The keys in order, or the one clip."""
        return (self.request.clip,) if isinstance(self.request, ClipRequest) else self.request.keys


@dataclass(frozen=True)
class Fault:
    """Something that is wrong with a job, found before any film is made."""

    where: str
    """Where the job was found, for people."""
    message: str
    hint: str
    code: str
    """One of `errors.CODES`."""

    @staticmethod
    def of(where: str, error: InbetweenError) -> Fault:
        """The fault that an error is."""
        return Fault(where, error.message, error.hint, error.code)


@dataclass(frozen=True)
class Place:
    """Where the films of a batch go."""

    root: Path
    """The output folder, which also has the journal and the report."""
    pattern: str
    """The name of a film under it, with `NAME` in it."""

    @property
    def state(self) -> Path:
        """The hidden folder with the journals."""
        return self.root / STATE

    def out(self, found: Found) -> str:
        """The output of a job relative to the root.

        Raises:
            InbetweenError: it would lie outside of the root.
        """
        name = found.out if found.out is not None else self.pattern.replace(NAME, found.name)
        self._refuse_outside(name)
        return name

    def _refuse_outside(self, name: str) -> None:
        parts, root = Path(name).parts, _real(str(self.root))
        # A link in the output folder may lead anywhere, so the place that it leads to counts.
        real = os.path.realpath(os.path.join(root, name))
        outside = os.path.isabs(name) or os.path.splitdrive(name)[0] or os.pardir in parts
        if outside or not real.startswith(os.path.join(root, "")):
            raise UsageError(
                f"the output `{name}` lies outside of `{self.root}`", "name it relative to the output folder of -o"
            )
        if STATE in parts:
            raise UsageError(f"`{STATE}` holds the batch's own files", "give the film another name")


def place_of(out: str | None) -> Place:
    """The place that `-o` names: a folder, or a pattern with `{name}` such as `out/{name}.mov`.

    Raises:
        UsageError: no output is named, or the pattern has no place for the name in its last part or in a folder.
    """
    if not out:
        raise UsageError("no output is named", "say into which folder: -o out/, or -o 'out/{name}.mov'")
    if NAME not in out:
        if os.path.splitext(out)[1] and not out.endswith(("/", os.sep)) and not os.path.isdir(out):
            root, suffix = os.path.splitext(out)
            raise UsageError(
                f"-o `{out}` is the name of one film, a batch makes many",
                f"name a folder, or a pattern: -o '{os.path.join(root, NAME + suffix)}'",
            )
        return Place(Path(out), NAME + DEFAULT_SUFFIX)
    head = out[: out.index(NAME)]
    root = head[: max(head.rfind("/"), head.rfind(os.sep)) + 1]
    return Place(Path(root or os.curdir), out[len(root) :])


def jobs_of(found: Sequence[Found], base: RunRequest | ClipRequest, place: Place) -> tuple[list[Job], list[Fault]]:
    """The jobs of a batch, and the faults of those that cannot be jobs.

    Args:
        found: what each job is made of.
        base: the request with the options that all jobs share.
        place: where the films go.

    Returns:
        The jobs, in the order of `found`; a fault for each that has no place of its own to write to.
    """
    jobs: list[Job] = []
    faults: list[Fault] = []
    taken: dict[str, str] = {}
    for number, one in enumerate(found, 1):
        try:
            out = place.out(one)
            earlier = taken.setdefault(_folded(out), one.where)
            if earlier is not one.where:
                text = f"two films would have the name `{out}`: also {earlier}"
                raise UsageError(text, "give one of them another name")
            jobs.append(Job(number, out, one.where, _request(one, base, os.path.join(place.root, out))))
        except InbetweenError as error:
            faults.append(Fault.of(one.where, error))
    return jobs, faults


def _request(found: Found, base: RunRequest | ClipRequest, out: str) -> RunRequest | ClipRequest:
    fields = dict(found.fields)
    if isinstance(base, ClipRequest):
        return replace(base, clip=found.inputs[0], out=out, **fields)  # type: ignore[arg-type]
    return replace(base, keys=found.inputs, out=out, **fields)  # type: ignore[arg-type]


def _folded(name: str) -> str:
    """A name as file systems compare it that do not tell upper from lower case, or ways to write an accent."""
    return unicodedata.normalize("NFC", name.rstrip("/")).casefold()


@cache
def _real(root: str) -> str:
    return os.path.realpath(root)


def selected(jobs: Iterable[Job], items: str | None) -> list[Job]:
    """The jobs that `--items` names, such as `17-32` or `3,5,8-`; all for None.

    Raises:
        UsageError: it is not a list of ranges, or it names no job.
    """
    jobs = list(jobs)
    if items is None:
        return jobs
    last = max((job.number for job in jobs), default=0)
    wanted: set[int] = set()
    for part in items.split(","):
        begin, dash, end = (text.strip() for text in part.partition("-"))
        if not (begin.isascii() and begin.isdigit()) or not (end == "" or (end.isascii() and end.isdigit())):
            raise UsageError(f"--items {items} is not a list of numbers", "write it as 17-32, or 3,5,8-")
        stop = int(end) if end else last if dash else int(begin)
        wanted.update(range(int(begin), min(stop, last) + 1))
    found = [job for job in jobs if job.number in wanted]
    if not found:
        raise UsageError(f"--items {items} names none of the {last} jobs", f"write numbers from 1 to {last}")
    return found
