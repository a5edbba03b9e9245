"""Progress that goes on being said while a network is at work."""

from __future__ import annotations

import time

from inbetween.types import Report

BEAT = 0.1
"""Seconds: so long a stop that the user asked for is not heard."""


class Heartbeat:
    """Says a report's progress again and again: a layer takes less than a second, a call on a CPU minutes."""

    def __init__(self, report: Report) -> None:
        self._report, self._now, self._said = report, ("load", 0, 0), time.monotonic()

    def at(self, stage: str, done: int, total: int) -> None:
        """How far a stage has come; see `Report.progress`."""
        self._now = stage, done, total
        self._say()

    def beat(self) -> None:
        """Say the same again, unless it has just been said.

        Raises:
            Interrupted: by `Report.progress`.
        """
        if time.monotonic() - self._said >= BEAT:
            self._say()

    def _say(self) -> None:
        self._said = time.monotonic()
        self._report.progress(*self._now)
