"""Runs a batch: checks all jobs, makes the films that are not done, and keeps the journal."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from inbetween.batch import check, journal, workers
from inbetween.batch.film import Outcome, Task, digest
from inbetween.batch.jobs import Fault, Job, Place
from inbetween.batch.journal import BEGUN, DONE, FAILED, Entry, Journal
from inbetween.errors import InbetweenError
from inbetween.fingerprint import Fingerprints
from inbetween.types import Report


@dataclass(frozen=True)
class BatchOptions:
    """How a batch is run. Nothing of this changes a film."""

    workers: int = 1
    devices: tuple[str, ...] = ()
    """A device for each worker, in turn; empty for the device that each job names."""
    threads: int = 1
    """Threads of each worker."""
    overwrite: bool = False
    """Whether outputs that exist and were not made by this batch may be replaced."""
    record: bool = False
    """Whether a record is written beside each film."""


@dataclass
class Result:
    """What became of a batch so far."""

    jobs: Sequence[Job]
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    """What became of each job, by its name; also of those that an earlier run has made."""
    kept: set[str] = field(default_factory=set)
    """The names of the jobs that an earlier run has made."""

    @property
    def failed(self) -> int:
        """The number of jobs that were tried, and of which there is no film."""
        return sum(not outcome.made for outcome in self.outcomes.values())

    @property
    def made(self) -> int:
        """The number of films that this run has made."""
        return sum(outcome.made for name, outcome in self.outcomes.items() if name not in self.kept)


def check_all(jobs: Sequence[Job], place: Place, known: Journal | None, overwrite: bool, report: Report) -> list[Fault]:
    """Check all jobs before any film is made.

    Args:
        jobs: the jobs.
        place: where the films go.
        known: the journal, if the batch has run before.
        overwrite: whether outputs that exist may be replaced.
        report: hears the progress.

    Returns:
        A fault for each job that has one, and one for the disk if it is too small.
    """
    checker, faults, needed = check.Checker(), [], 0
    for number, job in enumerate(jobs):
        report.progress("check", number, len(jobs))
        try:
            entry = known.entries.get(job.name) if known else None
            # What this batch has made, or was making when it was killed, it may make again.
            ours = entry is not None and (
                entry.state != FAILED or (entry.output is not None and entry.output == journal.stamp(job.request.out))
            )
            if not ours and not overwrite and check.output_exists(job.request.out):
                hint = "name another folder with -o, or add --overwrite"
                raise InbetweenError(f"`{job.request.out}` exists", hint, "output_exists")
            least = checker.check(job)
            needed += 0 if check.output_exists(job.request.out) else least
        except InbetweenError as error:
            faults.append(Fault.of(job.where, error))
    full = check.space_fault(needed, place.root)
    return [*faults, Fault.of(str(place.root), full)] if full else faults


def run(
    jobs: Sequence[Job], place: Place, options: BatchOptions, kept: Journal, report: Report
) -> Iterator[tuple[workers.Event | None, Result]]:
    """Make the films of a batch that are not done, and yield after everything that happens.

    Args:
        jobs: the jobs, checked.
        place: where the films go.
        options: how the batch is run.
        kept: its journal, locked.
        report: hears the progress of hashing inputs, and the notes.
    """
    result = Result(jobs)
    tasks = _tasks(jobs, place, options, kept, result, report)
    for event in workers.run(tasks, min(options.workers, max(len(jobs), 1)), list(options.devices)):
        if event.outcome is not None:
            _enter(event.outcome, kept, result, place)
        yield event, result
    yield None, result


def _tasks(
    jobs: Iterable[Job], place: Place, options: BatchOptions, kept: Journal, result: Result, report: Report
) -> Iterator[Task]:
    """The tasks of the jobs that are not done, entered as begun one by one."""
    inputs = Fingerprints(report)
    for job in jobs:
        request = replace(job.request, threads=options.threads)
        try:
            found = digest(check.planned(request), inputs)
            if kept.is_done(job.name, found, place.root):
                result.kept.add(job.name)
                result.outcomes[job.name] = Outcome(job.name, True, kept.entries[job.name].facts)
                continue
            overwrite = options.overwrite or _is_ours(job, place, kept)
        except InbetweenError as error:
            told = {"code": error.code, "message": error.message, "hint": error.hint}
            _enter(Outcome(job.name, False, error=told), kept, result, place)
            continue
        entry = kept.entries.get(job.name)
        if entry is not None and entry.state == DONE:
            report.note("again", f"{job.name} is made again: its inputs, its options or the film itself have changed")
        kept.add(Entry(job.name, BEGUN, found, entry.output if entry else None))
        yield Task(job.name, request, overwrite, str(sheet_of(place, job.name)), options.record)


def _is_ours(job: Job, place: Place, kept: Journal) -> bool:
    """Whether an output that exists was made by this batch, and may be replaced when its job has changed.

    Raises:
        InbetweenError: it was made, and somebody has changed it since.
    """
    entry = kept.entries.get(job.name)
    path = os.path.join(place.root, job.name)
    if entry is None or not check.output_exists(path):
        return False
    if entry.state == FAILED:
        return entry.output is not None and entry.output == journal.stamp(path)
    if entry.state == DONE and entry.output is not None and entry.output != journal.stamp(path):
        hint = "move it away, or add --overwrite to have it made again"
        raise InbetweenError(f"`{path}` has been changed since it was made", hint, "output_exists")
    return True


def _enter(outcome: Outcome, kept: Journal, result: Result, place: Place) -> None:
    """Enter what became of a job."""
    result.outcomes[outcome.name] = outcome
    begun = kept.entries.get(outcome.name)
    found = begun.digest if begun else ""
    if outcome.made:
        output = journal.stamp(os.path.join(place.root, outcome.name))
        kept.add(Entry(outcome.name, DONE, found, output, outcome.facts))
    else:
        # A film of earlier inputs is still there, and may be replaced once its job succeeds.
        kept.add(Entry(outcome.name, FAILED, found, begun.output if begun else None, outcome.error))


def sheet_of(place: Place, name: str) -> str:
    """The path of a job's contact sheet, in the hidden folder."""
    return os.path.join(place.state, hashlib.sha256(os.fsencode(name)).hexdigest()[:24] + ".png")
