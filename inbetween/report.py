"""Reports that pass on to another report what they do not change themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from inbetween.types import Report

Fact: TypeAlias = object
"""One value of a note, for programs: it can be written as JSON."""
Note: TypeAlias = dict[str, Fact]
"""A note as in records and JSON answers: its code, its text and its facts."""
Remembered: TypeAlias = tuple[str, str, Mapping[str, Fact]]
"""A note as in a journal: its code, its text, and its facts with `detail` among them."""


class Forward(Report):
    """Passes everything on. A subclass overrides the methods that it changes, and calls `super()` to pass on."""

    def __init__(self, report: Report) -> None:
        """
        Args:
            report: hears everything that this report hears.
        """
        self._report = report

    def progress(self, stage: str, done: int, total: int) -> None:
        """See `Report.progress`."""
        self._report.progress(stage, done, total)

    def note(self, code: str, text: str, *, detail: bool = False, **facts: Fact) -> None:
        """See `Report.note`."""
        self._report.note(code, text, detail=detail, **facts)

    def preview(self, step: int, frames: Callable[[], NDArray[np.uint8]]) -> None:
        """See `Report.preview`."""
        self._report.preview(step, frames)


class AsDetail(Forward):
    """Passes every note on as a detail, for a step that users need not know about."""

    def note(self, code: str, text: str, *, detail: bool = False, **facts: Fact) -> None:
        """See `Report.note`."""
        super().note(code, text, detail=True, **facts)


class Collect(Forward):
    """Passes everything on and keeps the notes: those of one job, even where many jobs share a report."""

    def __init__(self, report: Report) -> None:
        """
        Args:
            report: hears everything that this report hears.
        """
        super().__init__(report)
        self.notes: list[Note] = []
        """All notes so far, details among them."""

    def note(self, code: str, text: str, *, detail: bool = False, **facts: Fact) -> None:
        """See `Report.note`."""
        self.notes.append({"code": code, "text": text, **facts})
        super().note(code, text, detail=detail, **facts)


class Once(Forward):
    """Passes every note on once, however often it is repeated, and remembers all of them.

    Neighbouring segments of a film look at the same keys, and would repeat the notes about them.
    """

    def __init__(self, report: Report) -> None:
        """
        Args:
            report: hears each note once.
        """
        super().__init__(report)
        self._noted: dict[tuple[str, str], dict[str, Fact]] = {}

    def note(self, code: str, text: str, *, detail: bool = False, **facts: Fact) -> None:
        """See `Report.note`."""
        if (code, text) not in self._noted:
            self._noted[code, text] = {"detail": detail, **facts}
            super().note(code, text, detail=detail, **facts)

    def remember(self) -> list[Remembered]:
        """All notes so far, as JSON-serialisable values for a journal."""
        return [(code, text, facts) for (code, text), facts in self._noted.items()]

    def recall(self, notes: Iterable[Remembered]) -> None:
        """Pass on notes that `remember` of an earlier run returned, except those that were made in this one."""
        for code, text, facts in notes:
            rest = {name: fact for name, fact in facts.items() if name != "detail"}
            self.note(code, text, detail=bool(facts["detail"]), **rest)
