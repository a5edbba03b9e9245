"""Writes lines to stderr, and data to stdout. Nothing heavy is imported here."""

from __future__ import annotations

import os
import sys
from typing import TextIO

from inbetween import system
from inbetween.errors import InbetweenError


def say(text: str) -> None:
    """Write a line to stderr. If nobody reads it any more, the work goes on in silence."""
    try:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()
    except OSError:
        lead_nowhere(sys.stderr)


def data(line: bytes) -> None:
    """Write a line to stdout. It is given as bytes, because names of files are bytes, whatever the encoding of stdout.

    Raises:
        InbetweenError: the line cannot be written.
        BrokenPipeError: nobody reads stdout any more.
    """
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(line + b"\n")
        sys.stdout.buffer.flush()
    except OSError as error:
        if system.reader_is_gone(error):
            raise BrokenPipeError(*error.args) from error
        lead_nowhere(sys.stdout)
        raise InbetweenError(
            f"the answer cannot be written to stdout: {error.strerror}",
            "check the file or the pipe that stdout is sent to",
            "output_refused",
        ) from error


def lead_nowhere(stream: TextIO) -> None:
    """Send what a failed stream still holds to nowhere, so that Python's exit does not fail too."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def error(problem: InbetweenError) -> None:
    """Write an error to stderr: a line that says what is wrong, and a line that says what to do."""
    say(f"error: {one_line(problem.message)}")
    say(f"hint: {one_line(problem.hint)}")


def one_line(text: str, *, strip: bool = True) -> str:
    """The text in one line: line breaks, and other characters that a terminal would obey, are made visible.

    Args:
        text: any text.
        strip: whether spaces at its ends are left out.
    """
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape", "backslashreplace").decode()
        for letter in (text.strip() if strip else text)
    )
