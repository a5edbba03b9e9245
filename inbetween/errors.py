"""Errors that the user can mend. Anything else is a bug and keeps its traceback.

InbetweenError            exit code 1: files, memory, ffmpeg
  UsageError              exit code 2: a request that can be refused without opening a file
    UnknownName           a name that does not exist; the nearest one is offered
Interrupted               exit code 130 (Ctrl-C), 143 (SIGTERM) or 129 (the terminal was closed)
"""

from __future__ import annotations

import signal
from collections.abc import Iterable


class InbetweenError(Exception):
    """An error in two lines: `message` says what is wrong, `hint` what to do about it."""

    exit_code = 1

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(InbetweenError):
    """A command line, or arguments of the Python API, that cannot be right whatever the files hold."""

    exit_code = 2


class UnknownName(UsageError):
    """A name that does not exist.

    Args:
        kind: what the name should be, for the message.
        name: what was given.
        known: all names; the nearest one is offered.
    """

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
