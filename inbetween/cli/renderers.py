"""How progress and notes look on stderr: as lines of text, as lines of JSON, or as a bar."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from inbetween.cli.streams import lead_nowhere, one_line, say

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

LABELS = {
    "films": "films",
    "write": "frames",
    "open": "opening keys",
    "read": "reading keys",
    "compare": "comparing keys",
    "flow": "optical flow",
    "load": "weights (MB)",
    "pull": "download (MB)",
    "hash": "checking (MB)",
    "copy": "copying (MB)",
    "wait": "waiting",
    "match": "matching",
    "denoise": "denoising",
    "decode": "decoding",
    "conditions": "drawing",
    "check": "checking",
    "scan": "reading times",
    "join": "joining",
    "sheet": "contact sheet",
    "back": "the way back",
}
"""The names for people of the stages of `Report.progress`."""
PAUSE, SAME_PAUSE = 2.0, 30.0
"""Seconds between two lines of progress, and before a line that says the same again; chosen by eye."""
RATE_AFTER = 0.5
"""Seconds of work before the bar shows a rate; earlier it jumps about. Chosen by eye."""


@dataclass(frozen=True)
class Step:
    """How far a stage has come."""

    stage: str
    done: int
    """How much of it is done, in units of the stage."""
    total: int
    """How much there is; 0 if that is unknown."""
    done_now: int
    """How much of `done` this process did itself; an earlier command did the rest."""
    seconds: float
    """The seconds since this process began with the stage."""

    @property
    def label(self) -> str:
        """The name of the stage for people."""
        return LABELS.get(self.stage, self.stage)

    @property
    def rate(self) -> float:
        """The units per second, or 0 if that is not known yet."""
        return self.done_now / self.seconds if self.seconds > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """The seconds until the stage is done; None if that is not known."""
        return (self.total - self.done) / self.rate if self.rate and self.total else None


class Renderer(Protocol):
    """Shows what a command reports."""

    def progress(self, step: Step) -> None:
        """Show how far a stage has come, if enough time has passed since that was last shown."""

    def note(self, code: str, text: str, facts: Mapping[str, object]) -> None:
        """Show a note; see `Report.note`."""

    def line(self, text: str) -> None:
        """Show a line of text."""

    def close(self) -> None:
        """Remove what is not to stay on the terminal. It may be called more than once."""


class Silent:
    """Shows notes as lines of text, and no progress."""

    def progress(self, step: Step) -> None:
        """See `Renderer`."""

    def note(self, code: str, text: str, facts: Mapping[str, object]) -> None:
        """See `Renderer`."""
        self.line(f"note: {one_line(text)}")

    def line(self, text: str) -> None:
        """See `Renderer`."""
        say(text)

    def close(self) -> None:
        """See `Renderer`."""


class Plain(Silent):
    """Shows notes and progress as lines of text."""

    pause = PAUSE
    """The least seconds between two lines of progress."""

    def __init__(self) -> None:
        self._last = time.monotonic()
        self._shown: tuple[str, int] | None = None

    def progress(self, step: Step) -> None:
        """See `Renderer`."""
        now, state = time.monotonic(), (step.stage, step.done)
        if now - self._last >= (SAME_PAUSE if state == self._shown else self.pause):
            self._last, self._shown = now, state
            self._print(step)

    def _print(self, step: Step) -> None:
        text = f"{step.label} {step.done}" + (f"/{step.total}" if step.total else "")
        if step.seconds_left is not None:
            text += f", {step.rate:.1f}/s, {step.seconds_left:.0f} s left"
        self.line(text)


class JsonLines(Plain):
    """Shows one JSON object per line, for programs: {"event": "progress", …} and {"event": "note", …}."""

    pause = 0.0

    def note(self, code: str, text: str, facts: Mapping[str, object]) -> None:
        """See `Renderer`."""
        self.line(json.dumps({"event": "note", "code": code, "text": text, **facts}))

    def _print(self, step: Step) -> None:
        left = step.seconds_left
        facts = {"event": "progress", "stage": step.stage, "done": step.done, "total": step.total}
        self.line(json.dumps({**facts, "rate": round(step.rate, 3), "seconds_left": left and round(left, 1)}))


class Bar(Silent):
    """Shows a bar on a terminal, with notes above it. Nothing is shown any more once the terminal has gone."""

    def __init__(self) -> None:
        self._bar: Progress | None = None
        self._task: tuple[str, TaskID] | None = None
        self._gone = False

    def progress(self, step: Step) -> None:
        """See `Renderer`."""
        if self._gone:
            return
        with self._terminal():
            if self._bar is None:
                self._bar = _bar()
                self._bar.start()
            if self._task is None or self._task[0] != step.stage:
                for task in self._bar.task_ids:
                    self._bar.remove_task(task)
                self._task = step.stage, self._bar.add_task(step.label, total=step.total or None, rate="")
            rate = f"{step.rate:.1f}/s" if step.seconds > RATE_AFTER else ""
            self._bar.update(self._task[1], completed=step.done, total=step.total or None, rate=rate)

    def line(self, text: str) -> None:
        """See `Renderer`."""
        if self._bar is None:
            say(text)
            return
        with self._terminal():
            self._bar.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def close(self) -> None:
        """See `Renderer`."""
        if self._bar is not None:
            with self._terminal():
                self._bar.stop()
            self._bar = self._task = None

    @contextmanager
    def _terminal(self) -> Iterator[None]:
        try:
            yield
        except OSError:
            lead_nowhere(sys.stderr)
            self._bar, self._gone = None, True


def _bar() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description:<14}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(compact=True),
        console=Console(stderr=True),
        transient=True,
    )
