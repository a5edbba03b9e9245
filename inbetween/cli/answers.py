"""The answers of commands on stdout: one JSON object for programs, or what was made for people.

All JSON answers, also those of commands that failed, begin with the same members; docs/schema/answer.json describes
them.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Mapping, Sequence

from inbetween import __version__
from inbetween.cli.streams import data, one_line
from inbetween.errors import InbetweenError

SCHEMA = "inbetween-answer-1"
"""The name and the version of the schema. Members may be added to it; none changes its meaning or goes without another
version."""


def answer(
    command: str,
    facts: Mapping[str, object],
    *,
    made: bool = False,
    outputs: Sequence[object] = (),
    notes: Sequence[object] = (),
    exit_code: int = 0,
) -> None:
    """Print the answer of a command that did what was asked, as one JSON object.

    Args:
        command: the name of the command.
        facts: what it found or made; members of the head in it replace those of the head.
        made: whether an output was made.
        outputs: the paths of the files and folders that were written.
        notes: the notes of the work.
        exit_code: with which the command will exit.
    """
    head: dict[str, object] = {
        "schema": SCHEMA,
        "command": command,
        "made": made,
        "outputs": [os.fspath(one) if isinstance(one, os.PathLike) else one for one in outputs],
        "exit": exit_code,
        "versions": {"inbetween": __version__, "python": platform.python_version()},
        "notes": list(notes),
    }
    data(as_json({**head, **facts}))


def failure(command: str, problem: InbetweenError, exit_code: int) -> None:
    """Print the answer of a command that failed, as one JSON object."""
    error = {"code": problem.code, "message": problem.message, "hint": problem.hint}
    answer(command, {"error": error}, exit_code=exit_code)


def path(name: str) -> None:
    """Print the path of what was made. A pipe gets its bytes; on a terminal, what the terminal would obey is shown."""
    harmless = sys.stdout is not None and sys.stdout.isatty()
    data(one_line(name).encode("utf-8", "backslashreplace") if harmless else os.fsencode(name))


def as_json(facts: Mapping[str, object], indent: int | None = None) -> bytes:
    """Facts as a JSON object in ASCII, which no terminal obeys and every reader understands. A byte of a name that is
    not UTF-8 becomes a `\\\\udcXX`, which Python turns into that byte again."""
    return json.dumps(facts, indent=indent).encode("ascii")
