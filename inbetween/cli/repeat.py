"""`--repeat`: the request is read from a record. The command itself may only say where the film is made and goes."""

from __future__ import annotations

import shlex
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

    Notes: see `record.read.show`. Progress: of hashing the inputs.

    Args:
        file: the record.
        given: the request of the command itself.
        report: hears the notes and the progress.

    Raises:
        UsageError: the command asks for something that would change the film, or the record's output is outside of the
            current folder.
        InbetweenError: see `record.read.read` and `record.read.check_inputs`.
    """
    from inbetween.record import read

    return _merged(file, "run", given, read.files, report)


def clip_repeated(file: str, given: ClipRequest, report: Report) -> ClipRequest:
    """The request in a record of `slowmo`; see `repeated`.

    Raises:
        UsageError, InbetweenError: see `repeated`.
    """
    from inbetween.record import clip

    return _merged(file, "slowmo", given, clip.files, report)


def _merged(file: str, command: str, given: R, files: Callable[[R], list[str]], report: Report) -> R:
    """The request of the record, with the places of the given one. Options that would change the film are refused
    before the record is read, and the record is shown before its inputs are.

    Args:
        file: the record.
        command: the command that it must be a record of.
        given: the request of the command itself.
        files: returns the names of all files that a film will be made of.
        report: hears the notes and the progress.
    """
    from inbetween.record import read

    defaults = type(given)()
    for one in fields(given):
        if effect(one) not in (PLACE, NOTHING) and getattr(given, one.name) != getattr(defaults, one.name):
            name = option(one)
            raise UsageError(f"--repeat takes everything from {file}; {name} would change it", f"leave {name} out")
    record = read.read(Path(file), command, type(given))
    read.show(record, not given.out, report)
    if not given.out and not read.is_below_here(record.request.out):
        raise UsageError(
            f"the record writes outside of the current folder: {record.request.out}",
            f"if you want that, name the output: -o {shlex.quote(record.request.out)}",
        )
    read.check_inputs(record, files, report)
    places = {
        one.name: value
        for one, value in values(given, PLACE, NOTHING)
        if not one.metadata["recorded"] or value != getattr(defaults, one.name)
    }
    return replace(record.request, **places)
