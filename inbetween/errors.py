"""What can go wrong in a way the user can mend. Anything else is a bug and keeps its traceback.

InbetweenError            exit code 1: files, memory, ffmpeg
  WordsRefused            exit code 2: words that can be refused without opening a file
    UnknownName           a name that is in no table; the nearest one is offered
Interrupted               130 (Ctrl-C), 143 (SIGTERM) or 129 (the terminal was closed)
"""

from __future__ import annotations

import signal
from collections.abc import Iterable


class InbetweenError(Exception):
    """An error with its cure: one line of what, one line of what to do."""

    exit_code = 1

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(InbetweenError):
    """Words on the command line, or arguments of the Python API, that make no sense together."""

    exit_code = 2


class UnknownName(UsageError):
    """A name that is in no table."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        import difflib

        known = list(known)
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean `{near[0]}`?" if near else f"known: {', '.join(known)}"
        super().__init__(f"there is no {kind} called `{name}`", hint)


class Interrupted(KeyboardInterrupt):
    """The user, or the system, asked us to stop. `Report.progress` raises it."""

    def __init__(self, signum: int = signal.SIGINT) -> None:
        super().__init__(signum)
        self.exit_code = 128 + signum
        self.kept = ""
        """The folder of what is finished, where the same command goes on."""
