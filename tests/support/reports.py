"""A report that remembers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inbetween.errors import Interrupted
from inbetween.types import Report


@dataclass(frozen=True)
class Note:
    """What was said once."""

    code: str
    text: str
    detail: bool = False
    facts: dict[str, Any] = field(default_factory=dict)


class Heard(Report):
    """Remembers what is said; at the step `stop` of a stage it stops, as Ctrl-C would."""

    def __init__(self, stop: tuple[str, int] = ("", 0)) -> None:
        self.notes: list[Note] = []
        self.steps: list[tuple[str, int, int]] = []
        self.previews: list[NDArray[np.uint8]] = []
        self.stop = stop

    def progress(self, stage: str, done: int, total: int) -> None:
        if (stage, done) == self.stop:
            raise Interrupted
        self.steps.append((stage, done, total))

    def note(self, code: str, text: str, *, detail: bool = False, **facts: Any) -> None:
        self.notes.append(Note(code, text, detail, facts))

    def preview(self, step: int, frames: Callable[[], NDArray[np.uint8]]) -> None:
        self.previews.append(frames())

    @property
    def codes(self) -> list[str]:
        """Of all notes, in the order they came."""
        return [note.code for note in self.notes]

    @property
    def loud(self) -> list[str]:
        """The codes of the notes that everybody sees."""
        return [note.code for note in self.notes if not note.detail]

    @property
    def details(self) -> list[str]:
        """The codes of the notes for those who want to know more."""
        return [note.code for note in self.notes if note.detail]

    @property
    def texts(self) -> dict[str, str]:
        """The last text of every code."""
        return {note.code: note.text for note in self.notes}

    @property
    def facts(self) -> dict[str, dict[str, Any]]:
        """The last facts of every code."""
        return {note.code: note.facts for note in self.notes}

    @property
    def stages(self) -> dict[str, tuple[int, int]]:
        """How far every stage came, of how much, after a check that none went backwards or beyond its end."""
        found: dict[str, tuple[int, int]] = {}
        for stage, done, total in self.steps:
            assert found.get(stage, (0, 0))[0] <= done <= total
            found[stage] = done, total
        return found
