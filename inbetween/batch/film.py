"""Makes the film of one job, in whichever process that is, with an engine that stays loaded."""

from __future__ import annotations

import json
import os
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from inbetween.batch.check import Plan, input_files, planned
from inbetween.batch.journal import digest_of
from inbetween.errors import InbetweenError, Interrupted
from inbetween.fingerprint import Fingerprints
from inbetween.identity import identity
from inbetween.plan import FilmPlan, Making
from inbetween.produce import Makers, load
from inbetween.record import clip as clip_record
from inbetween.record import run as run_record
from inbetween.report import Collect
from inbetween.request import ClipRequest, RunRequest
from inbetween.sidecars import finish, record_of, save, save_sheet
from inbetween.types import Report

AGAIN = ("out_of_memory", "device")
"""The codes of errors after which a job is tried once more, with as little memory as can be."""


@dataclass(frozen=True)
class Task:
    """A job as it is handed to a worker."""

    name: str
    """The name of the job."""
    request: RunRequest | ClipRequest
    overwrite: bool
    """Whether an output that exists may be replaced."""
    sheet: str
    """The path of the contact sheet to write."""
    record: bool
    """Whether a record is written beside the film."""


@dataclass(frozen=True)
class Outcome:
    """What became of a job. A user's error is an outcome, and no exception."""

    name: str
    """The name of the job."""
    made: bool
    facts: Mapping[str, Any] = field(default_factory=dict)
    """Of a film that was made: facts about it, its notes, its times and its settings, as plain values."""
    error: Mapping[str, str] = field(default_factory=dict)
    """Of one that was not: `code`, `message`, `hint`, and for a bug `traceback`."""


class FilmMaker:
    """Makes films one after the other, and keeps the engine of the last one loaded."""

    def __init__(self) -> None:
        self._loaded: tuple[object, Makers] | None = None

    def make(self, task: Task, report: Report) -> Outcome:
        """Make the film of a job.

        Args:
            task: the job.
            report: hears the progress and the notes.

        Raises:
            Interrupted: the user asked to stop.
        """
        try:
            try:
                return self._make(task, report)
            except InbetweenError as error:
                if error.code not in AGAIN or task.request.memory == "low":
                    raise
                report.note("again", f"{error.message}: tried once more with --memory low")
                self._loaded = None
                return self._make(replace(task, request=replace(task.request, memory="low")), report)
        except InbetweenError as error:
            return Outcome(task.name, False, error={"code": error.code, "message": error.message, "hint": error.hint})
        except Interrupted:
            raise
        except Exception as bug:
            self._loaded = None
            text = f"this is a bug: {type(bug).__name__}: {bug}"
            hint = "please report it, with the traceback of the report"
            told = {"code": "bug", "message": text, "hint": hint, "traceback": traceback.format_exc()}
            return Outcome(task.name, False, error=told)

    def _make(self, task: Task, report: Report) -> Outcome:
        collect = Collect(report)
        plan = planned(task.request)
        os.makedirs(os.path.dirname(os.path.abspath(plan.sink.path.rstrip("/"))), exist_ok=True)
        made_by = self._makers(plan.making)
        if isinstance(plan, FilmPlan):
            from inbetween.interpolation import make

            made = make(plan, collect, overwrite=task.overwrite, beside=True, makers=made_by)
            facts: dict[str, Any] = {"made": True, **run_record.summary(plan, made, collect.notes, collect)}
            output, rate = made.output, plan.timeline.rate
        else:
            from inbetween.retime.produce import make_film

            result = make_film(plan, collect, overwrite=task.overwrite, beside=True, makers=made_by)
            facts = clip_record.summary(result.film, result.made, collect.notes, collect)
            output, rate = result.made.output, result.film.clip.grid.rate
        save_sheet(Path(task.sheet), plan.sink, output.count, rate, collect)
        if task.record:
            save(record_of(plan.sink), json.dumps(facts, indent=1).encode("utf-8", "backslashreplace"), plan.sink)
        finish(plan.sink)
        return Outcome(task.name, True, facts)

    def _makers(self, making: Making) -> Makers:
        key = making.engine.name, making.options, making.settings
        if self._loaded is None or self._loaded[0] != key:
            # The networks of the last engine are let go before the next ones are loaded.
            self._loaded = None
            self._loaded = key, load(making)
        return self._loaded[1]


def digest(plan: Plan, inputs: Fingerprints) -> str:
    """The digest of all that decides the bytes of a film, the contents of its inputs among it."""
    return digest_of({**identity(plan.request, plan.making, input_files(plan), inputs), "suffix": plan.sink.suffix})
