"""`--repeat`: beside it a command may only say where a film is made and where it goes; all else is the record's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from inbetween.errors import UsageError
from inbetween.request import NOTHING, PLACE, ClipRequest, FilmRequest, RunRequest, effect, option, values

if TYPE_CHECKING:
    from inbetween.types import Report

R = TypeVar("R", bound=FilmRequest)


def repeated(file: str, given: RunRequest, report: Report) -> RunRequest:
    """The request of a record of `run`, to be made as the command says.

    Raises:
        UsageError: the command asks for something else itself.
        InbetweenError: see `record.run.recalled`.
    """
    from inbetween.record.run import recalled

    return _merged(file, given, lambda: recalled(Path(file), "run", RunRequest, report)[0])


def clip_repeated(file: str, given: ClipRequest, report: Report) -> ClipRequest:
    """The request of a record of `slowmo`, to be made as the command says.

    Raises:
        UsageError: the command asks for something else itself.
        InbetweenError: see `record.clip.repeated`.
    """
    from inbetween.record.clip import repeated

    return _merged(file, given, lambda: repeated(Path(file), report))


def _merged(file: str, given: R, read: Callable[[], R]) -> R:
    """What the user gave beside `--repeat` is refused before the record is read."""
    unsaid = type(given)()
    for one in fields(given):
        if effect(one) not in (PLACE, NOTHING) and getattr(given, one.name) != getattr(unsaid, one.name):
            name = option(one)
            raise UsageError(f"--repeat takes everything from {file}; {name} would change it", f"leave {name} out")
    here = {
        one.name: value
        for one, value in values(given, PLACE, NOTHING)
        if not one.metadata["recorded"] or value != getattr(unsaid, one.name)
    }
    return replace(read(), **here)
