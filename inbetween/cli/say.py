"""Lines on stderr; nothing heavy is imported here."""

from __future__ import annotations

import sys

from inbetween.errors import InbetweenError


def say(text: str) -> None:
    """A line on stderr."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def error(problem: InbetweenError) -> None:
    """One line of what, one line of what to do."""
    say(f"error: {_one_line(problem.message)}")
    say(f"hint: {_one_line(problem.hint)}")


def _one_line(text: str) -> str:
    return " ".join(text.split())
