"""Errors that the user can mend. Anything else is a bug and keeps its traceback.

InbetweenError            exit code 1: files, memory, ffmpeg
  UsageError              exit code 2: a request that can be refused without opening a file
    UnknownName           a name that does not exist; the nearest one is offered
  Stopped                 exit code of the signal: a command as the user sees it, once `Interrupted` has ended it
Interrupted               exit code 130 (Ctrl-C), 143 (SIGTERM) or 129 (the terminal was closed)
"""

from __future__ import annotations

import signal
from collections.abc import Iterable

CODES = {
    "usage": "the request makes no sense, whatever the files hold",
    "unknown_name": "a name that does not exist: an engine, an option, a preset",
    "input_missing": "an input does not exist",
    "input_unreadable": "an input cannot be read, is damaged, or is not what it should be",
    "input_changed": "an input has changed since a record was written",
    "output_exists": "the output exists already, or is an input",
    "output_refused": "the output cannot be written at this place",
    "disk_full": "the disk, a quota or a limit of file sizes is reached",
    "out_of_memory": "there is not enough memory, on the machine or on the device",
    "busy": "another process is making this output",
    "weights_missing": "the weights of an engine or a matcher are not installed",
    "weights_damaged": "weights are not what they should be",
    "download_failed": "a download did not succeed",
    "licence": "the licence of an engine does not allow what was asked for",
    "device": "the device cannot be used",
    "ffmpeg": "ffmpeg cannot be run, or it failed",
    "system": "the machine refused something: threads, open files, a folder that has gone",
    "stopped": "the command was stopped by a signal",
    "bug": "a fault of inbetween itself",
    "failed": "anything else that is not a bug",
}
"""The codes of errors, which programs can rely on: they do not change when messages do."""


class InbetweenError(Exception):
    """An error in two lines: `message` says what is wrong, `hint` what to do about it."""

    exit_code = 1
    code = "failed"
    """One of `CODES`."""

    def __init__(self, message: str, hint: str, code: str = "") -> None:
        """
        Args:
            message: one line that says what is wrong.
            hint: one line that says what to do about it.
            code: one of `CODES`; empty for the one of the class.
        """
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code or self.code


class UsageError(InbetweenError):
    """A command line, or arguments of the Python API, that cannot be right whatever the files hold."""

    exit_code = 2
    code = "usage"


class Stopped(InbetweenError):
    """A command that the user, or the system, has stopped."""

    code = "stopped"

    def __init__(self, message: str, hint: str, exit_code: int) -> None:
        super().__init__(message, hint)
        self.exit_code = exit_code


class UnknownName(UsageError):
    """A name that does not exist.

    Args:
        kind: what the name should be, for the message.
        name: what was given.
        known: all names; the nearest one is offered.
    """

    code = "unknown_name"

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        import difflib

        known = list(known)
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean `{near[0]}`?" if near else f"known: {', '.join(known)}"
        super().__init__(f"there is no {kind} called `{name}`", hint)


class Interrupted(KeyboardInterrupt):
    """The user, or the system, has asked to stop. `Report.progress` raises it."""

    def __init__(self, signum: int = signal.SIGINT) -> None:
        super().__init__(signum)
        self.exit_code = 128 + signum
        self.kept = ""
        """The folder with what is finished; the same command continues from there. Empty where there is none."""
