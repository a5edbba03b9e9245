"""`--repeat`: the request is read from a record. The command itself may only say where the film is made and goes."""

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
    """The request in a record of `run`, with the output and the device that the command names.

    Args:
        file: the record.
        given: the request of the command itself.
        report: hears the progress of hashing the inputs.

    Raises:
        UsageError: the command asks for something that would change the film.
        InbetweenError: see `record.run.recalled`.
    """
    from inbetween.record.run import recalled

    return _merged(file, given, lambda: recalled(Path(file), "run", RunRequest, report)[0])


def clip_repeated(file: str, given: ClipRequest, report: Report) -> ClipRequest:
    """The request in a record of `slowmo`; see `repeated`.

    Raises:
        UsageError: the command asks for something that would change the film.
        InbetweenError: see `record.clip.repeated`.
    """
    from inbetween.record.clip import repeated

    return _merged(file, given, lambda: repeated(Path(file), report))


def _merged(file: str, given: R, read: Callable[[], R]) -> R:
    """The request that `read` returns, with the places of the given one. Options that would change the film are refused
    before the record is read."""
    defaults = type(given)()
    for one in fields(given):
        if effect(one) not in (PLACE, NOTHING) and getattr(given, one.name) != getattr(defaults, one.name):
            name = option(one)
            raise UsageError(f"--repeat takes everything from {file}; {name} would change it", f"leave {name} out")
    places = {
        one.name: value
        for one, value in values(given, PLACE, NOTHING)
        if not one.metadata["recorded"] or value != getattr(defaults, one.name)
    }
    return replace(read(), **places)
