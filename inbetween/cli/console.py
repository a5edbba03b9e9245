"""Progress, notes and errors for people and programs; everything but data goes to stderr."""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import typer

from inbetween.cli.streams import error, lead_nowhere, one_line, say
from inbetween.devices import one_arena
from inbetween.errors import InbetweenError, Interrupted, UnknownName
from inbetween.types import Report

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from rich.progress import Progress, TaskID

    from inbetween.video.sinks import Sink

MODES = ("auto", "plain", "json", "none")
LABELS = {
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
    "back": "the way back",
}
ANEW = "nothing is left of it; the same command begins anew"
SAME_NOTES = 3
"""Notes of one kind that are shown; the rest is counted."""


class Stop:
    """Ctrl-C, SIGTERM and a terminal that is closed: while a film is made they are asked for by
    `Report.progress`, so that it can end in good order; a second one, or one at any other time, ends us at
    once. While we clean up, nothing disturbs us."""

    def __init__(self) -> None:
        self.signum = 0
        self.patient = False
        self._ending = False
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            # Windows knows no SIGHUP; `nohup` and scripts that start us with `&` want some not to be heard.
            signum = getattr(signal, name, None)
            if signum is not None and signal.getsignal(signum) is not signal.SIG_IGN:
                signal.signal(signum, self._asked)

    def _asked(self, signum: int, frame: FrameType | None) -> None:
        again, self.signum = self.signum != 0, signum
        if (again or not self.patient) and not self._ending:
            raise Interrupted(signum)

    def check(self) -> None:
        """Raises Interrupted when we were asked to stop."""
        if self.signum:
            self._ending = True
            raise Interrupted(self.signum)


class Show(Report):
    """The report of a command. `notes` are all that were made."""

    def __init__(self, mode: str, quiet: bool, verbose: bool, stop: Stop) -> None:
        if mode not in MODES:
            raise UnknownName("--progress", mode, MODES)
        if mode == "auto":
            mode = "rich" if sys.stderr.isatty() else "plain"
        self._mode = "none" if quiet and mode != "json" else mode
        self._quiet, self._verbose, self._stop = quiet, verbose, stop
        self.notes: list[dict[str, Any]] = []
        self._alike: dict[str, int] = {}
        self._begun: dict[str, tuple[float, int]] = {}
        self._done: dict[str, int] = {}
        self._shown: tuple[str, int] | None = None
        self._said = time.monotonic()
        self._bar: Progress | None = None
        self._task: tuple[str, TaskID] | None = None
        self._closed = False
        self._preview: tuple[Path | None, int] = None, 1
        self.unfinished = "the film", ANEW
        """What is being made, and what is left of it when we are stopped."""
        self.sink: Sink | None = None
        """Where the film goes, until it is there."""

    def progress(self, stage: str, done: int, total: int) -> None:
        """See `Report`."""
        self._stop.check()
        now = time.monotonic()
        if done < self._done.get(stage, 0):
            # The next gap.
            del self._begun[stage]
        self._done[stage] = done
        # What was finished before, in another life of the film, is no measure of speed.
        begun, before = self._begun.setdefault(stage, (now, done))
        if self._mode == "rich":
            with self._terminal():
                self._move_bar(stage, done, total)
        elif self._mode in ("plain", "json") and now - self._said >= self._pause(stage, done):
            self._said, self._shown = now, (stage, done)
            self._print_progress(stage, done, total, (done - before) / (now - begun) if now > begun else 0.0)

    def _pause(self, stage: str, done: int) -> float:
        """Seconds before the next line: one that says the same again has time."""
        if (stage, done) == self._shown:
            return 30
        return 0 if self._mode == "json" else 2

    def note(self, code: str, text: str, *, detail: bool = False, **facts: Any) -> None:
        """See `Report`."""
        self.notes.append({"code": code, "text": text, **facts})
        if detail and not self._verbose:
            return
        self._alike[code] = self._alike.get(code, 0) + 1
        if self._mode == "json":
            self._line(json.dumps({"event": "note", "code": code, "text": text, **facts}))
        elif not self._quiet and (self._verbose or self._alike[code] <= SAME_NOTES):
            self._line(f"note: {one_line(text)}")

    @contextmanager
    def previews(self, path: Path | None, every: int) -> Iterator[None]:
        """While this lasts, every so many steps a small film is written there; it goes when the true one is there."""
        self._preview = path, every
        try:
            yield
        finally:
            self._preview = None, 1
            if path is not None:
                path.unlink(missing_ok=True)

    def preview(self, step: int, frames: Callable[[], NDArray[np.uint8]]) -> None:
        """See `Report`."""
        path, every = self._preview
        if path is None or step % every:
            return
        from inbetween.pictures.contact_sheet import small_film
        from inbetween.produce import save

        save(path, small_film(frames()))

    def waiting(self) -> str:
        """The folder of what an earlier command has finished of the film, or nothing."""
        if self.sink is None:
            return ""
        from inbetween.video import workfolder

        folder = self.sink.work_folder
        with suppress(OSError):
            return folder if workfolder.has_segments(folder) else ""
        return ""

    def is_whole(self, path: str) -> None:
        """The film is there: from now on we are only stopped before its record is."""
        self.sink = None
        self.unfinished = "its record", f"{path} is whole; with --overwrite it is made again, and its record"

    def made(self, text: str) -> None:
        """The last line: what has been made."""
        if not self._quiet and self._mode != "json":
            self._line(text)

    def close(self) -> None:
        """Take the bar away and say what was left out; once."""
        if self._bar is not None:
            with self._terminal():
                self._bar.stop()
            self._bar = None
        closed, self._closed = self._closed, True
        if closed or self._quiet or self._verbose or self._mode == "json":
            return
        for code, count in self._alike.items():
            if count > SAME_NOTES:
                self._line(f"note: {count - SAME_NOTES} more like these ({code}); -v shows all")

    def _print_progress(self, stage: str, done: int, total: int, rate: float) -> None:
        left = (total - done) / rate if rate and total else None
        if self._mode == "json":
            facts = {"event": "progress", "stage": stage, "done": done, "total": total}
            self._line(json.dumps({**facts, "rate": round(rate, 3), "seconds_left": left and round(left, 1)}))
            return
        words = f"{LABELS.get(stage, stage)} {done}" + (f"/{total}" if total else "")
        if left is not None:
            words += f", {rate:.1f}/s, {left:.0f} s left"
        self._line(words)

    def _move_bar(self, stage: str, done: int, total: int) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            SpinnerColumn,
            TextColumn,
            TimeRemainingColumn,
        )

        if self._bar is None:
            self._bar = Progress(
                SpinnerColumn(),
                TextColumn("{task.description:<14}"),
                BarColumn(bar_width=30),
                MofNCompleteColumn(),
                TextColumn("{task.fields[rate]}"),
                TimeRemainingColumn(compact=True),
                console=Console(stderr=True),
                transient=True,
            )
            self._bar.start()
        if self._task is None or self._task[0] != stage:
            for task in self._bar.task_ids:
                self._bar.remove_task(task)
            self._task = stage, self._bar.add_task(LABELS.get(stage, stage), total=total or None, rate="")
        begun, before = self._begun[stage]
        seconds = time.monotonic() - begun
        rate = f"{(done - before) / seconds:.1f}/s" if seconds > 0.5 else ""
        self._bar.update(self._task[1], completed=done, total=total or None, rate=rate)

    def _line(self, text: str) -> None:
        if self._bar is not None:
            with self._terminal():
                self._bar.console.print(text, markup=False, highlight=False, soft_wrap=True)
        else:
            say(text)

    @contextmanager
    def _terminal(self) -> Iterator[None]:
        """Without a bar from now on if its terminal has gone."""
        try:
            yield
        except OSError:
            lead_nowhere(sys.stderr)
            self._mode, self._bar = "none", None


@contextmanager
def watched(
    mode: str, quiet: bool, verbose: bool, what: str = "the film", left: str = ANEW
) -> Iterator[tuple[Show, Stop]]:
    """A report that listens to the signals of `Stop`, and what becomes of them. `what` is being made; when we are
    stopped, `left` says what is left of it.

    Raises:
        typer.Exit: with 129, 130 or 143, after it was said that we stopped.
    """
    # Before the first thread begins.
    one_arena()
    stop = Stop()
    show = Show(mode, quiet, verbose, stop)
    show.unfinished = what, left
    try:
        yield show, stop
    except Interrupted as stopped:
        show.close()
        what, left = show.unfinished
        if kept := stopped.kept or show.waiting():
            left = f"what is finished waits in `{kept}`: the same command goes on"
        error(InbetweenError(f"stopped before {what} was whole", left))
        raise typer.Exit(stopped.exit_code) from None
    finally:
        show.close()
