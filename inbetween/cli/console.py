"""The report of a command: progress, notes and errors for people and programs. Only data goes to stdout."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from inbetween import environment
from inbetween.cli.logs import LOGGER
from inbetween.cli.renderers import Bar, JsonLines, Plain, Renderer, Silent, Step
from inbetween.cli.signals import Stop
from inbetween.cli.streams import one_line
from inbetween.devices import one_arena
from inbetween.errors import Interrupted, Stopped, UnknownName
from inbetween.types import Report

if TYPE_CHECKING:
    from inbetween.video.sinks import Sink

MODES = ("auto", "plain", "json", "none")
"""The values that `--progress` accepts."""
ANEW = "nothing is left of it; the same command begins anew"
"""What users read when a command was stopped that leaves nothing."""
SAME_NOTES = 3
"""The most notes with the same code that are shown; further ones are counted. Chosen by eye."""


class Show(Report):
    """Shows progress and notes on stderr, and raises `Interrupted` out of `progress` once the user asked to stop."""

    def __init__(self, mode: str, quiet: bool, verbose: bool, stop: Stop) -> None:
        """
        Args:
            mode: one of `MODES`.
            quiet: whether only errors are shown; in the mode "json" progress and notes are shown all the same.
            verbose: whether details, and all notes with the same code, are shown.
            stop: knows whether the user asked to stop.

        Raises:
            UnknownName: there is no such mode.
        """
        if mode not in MODES:
            raise UnknownName("--progress", mode, MODES)
        self._json = mode == "json"
        self._talks = not quiet and not self._json
        self._renderer = _renderer(mode, quiet)
        self._verbose, self._stop = verbose, stop
        self._alike: Counter[str] = Counter()
        self._begun: dict[str, tuple[float, int]] = {}
        """For each stage the time when it began, in seconds of the monotonic clock, and how much was done by then."""
        self._done: dict[str, int] = {}
        self._closed = False
        self.stopped: tuple[str, str] | None = None
        """(goal, left) for the message of `watched`, where those of the command are not true any more; or None."""

    def progress(self, stage: str, done: int, total: int) -> None:
        """See `Report.progress`."""
        self._stop.check()
        now = time.monotonic()
        if done < self._done.get(stage, 0):
            # The stage begins once more, for the next gap.
            del self._begun[stage]
        self._done[stage] = done
        if stage not in self._begun:
            LOGGER.info("stage %s: %d", stage, total)
        begun, before = self._begun.setdefault(stage, (now, done))
        self._renderer.progress(Step(stage, done, total, done - before, now - begun))

    def note(self, code: str, text: str, *, detail: bool = False, **facts: object) -> None:
        """See `Report.note`."""
        LOGGER.info("%s: %s", code, one_line(text))
        if detail and not self._verbose:
            return
        self._alike[code] += 1
        if self._json or (self._talks and (self._verbose or self._alike[code] <= SAME_NOTES)):
            self._renderer.note(code, text, facts)

    @contextmanager
    def making(self, sink: Sink | None = None) -> Iterator[None]:
        """While this lasts, a first signal waits for the next `progress`, so that the work ends in good order.

        Args:
            sink: where the film goes. When the command is stopped, a message says where finished segments wait.
        """
        with self._patience():
            try:
                yield
            except Interrupted as stopped:
                stopped.kept = stopped.kept or _waiting(sink)
                raise

    @contextmanager
    def recording(self, path: str) -> Iterator[None]:
        """While this lasts, the film at `path` is there and only the files beside it are missing."""
        with self._patience():
            try:
                yield
            except Interrupted:
                again = f"{path} is whole; the same command writes what is missing beside it"
                self.stopped = "the files beside it were whole", again
                raise

    @contextmanager
    def _patience(self) -> Iterator[None]:
        before, self._stop.patient = self._stop.patient, True
        try:
            yield
        finally:
            self._stop.patient = before

    def made(self, text: str) -> None:
        """Show the last line, which says what has been made."""
        text = one_line(text)
        LOGGER.info("%s", text)
        if self._talks:
            self._renderer.line(text)

    def close(self) -> None:
        """Remove the bar, and show how many notes were left out. It may be called more than once."""
        self._renderer.close()
        closed, self._closed = self._closed, True
        if closed or self._verbose or not self._talks:
            return
        for code, count in self._alike.items():
            if count > SAME_NOTES:
                self._renderer.line(f"note: {count - SAME_NOTES} more like these ({code}); -v shows all")


@contextmanager
def watched(
    mode: str, quiet: bool, verbose: bool, goal: str = "the film was whole", left: str = ANEW
) -> Iterator[Show]:
    """The report of a command, which is stopped by signals while this lasts.

    Args:
        mode, quiet, verbose: see `Show`.
        goal: the end of the sentence "stopped before ...".
        left: what is left when the command is stopped, and what to do then.

    Raises:
        UnknownName: there is no such mode.
        Stopped: the command was stopped.
    """
    # This must happen before the first thread begins, which would have an arena of its own.
    one_arena()
    stop = Stop()
    with stop.listening():
        show = Show(mode, quiet, verbose, stop)
        for text in environment.unknown():
            show.note("environment", text)
        try:
            yield show
        except Interrupted as stopped:
            show.close()
            goal, left = show.stopped or (goal, left)
            if stopped.kept:
                left = f"what is finished waits in `{stopped.kept}`: the same command goes on"
            raise Stopped(f"stopped before {goal}", left, stopped.exit_code) from None
        finally:
            show.close()


def _renderer(mode: str, quiet: bool) -> Renderer:
    """The renderer for one of `MODES`."""
    if mode == "json":
        return JsonLines()
    if quiet or mode == "none":
        return Silent()
    return Bar() if mode == "auto" and sys.stderr.isatty() else Plain()


def _waiting(sink: Sink | None) -> str:
    """The folder in which finished segments of a film wait; empty if there is none."""
    if sink is None:
        return ""
    from inbetween.video import workfolder

    folder = sink.work_folder
    with suppress(OSError):
        return folder if workfolder.has_segments(folder) else ""
    return ""
