"""Repeats the last progress while a network works."""

from __future__ import annotations

import time

from inbetween.types import Report

BEAT = 0.1
"""Seconds between progress calls inside a network, and so the longest delay of Ctrl-C; chosen by eye."""


class Heartbeat:
    """Repeats the last progress of one report: a call of a large network takes minutes on a CPU, a layer under 1 s."""

    def __init__(self, report: Report) -> None:
        """
        Args:
            report: hears the progress, and may raise `Interrupted`.
        """
        self._report, self._now, self._reported = report, ("load", 0, 0), time.monotonic()

    def at(self, stage: str, done: int, total: int) -> None:
        """Report how far a stage has come; see `Report.progress`."""
        self._now = stage, done, total
        self._pass_on()

    def beat(self) -> None:
        """Report the last progress again, unless that was done in the last `BEAT` seconds.

        Raises:
            Interrupted: by `Report.progress`.
        """
        if time.monotonic() - self._reported >= BEAT:
            self._pass_on()

    def _pass_on(self) -> None:
        self._reported = time.monotonic()
        self._report.progress(*self._now)
