"""`--repeat`: of the command's own words only where to, and how it is done, may differ from the record's."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inbetween.errors import UsageError

if TYPE_CHECKING:
    from inbetween.plan import RunRequest
    from inbetween.slowmo.request import ClipRequest
    from inbetween.types import Report

NAMES = {"keys": "keys", "clip": "the clip", "since": "--from", "until": "--to"}
"""Of words that are no options of their own name."""


def repeated(file: str, words: RunRequest, report: Report) -> RunRequest:
    """The words of a record of `run`.

    Raises:
        UsageError: the command says something else itself.
        InbetweenError: see `record.recalled`.
    """
    from inbetween.plan import RunRequest
    from inbetween.record.run import recalled

    _refuse_film(file, words)
    return _here(recalled(Path(file), "run", RunRequest, report)[0], words)


def clip_repeated(file: str, words: ClipRequest, report: Report) -> ClipRequest:
    """The words of a record of `slowmo`.

    Raises:
        UsageError: the command says something else itself.
        InbetweenError: see `record.clip.repeated`.
    """
    from inbetween.record.clip import repeated
    from inbetween.slowmo.request import ClipRequest

    _refuse(file, words, ClipRequest("", words.film), ())
    _refuse_film(file, words.film)
    recorded = repeated(Path(file), report)
    return replace(recorded, film=_here(recorded.film, words.film))


def _refuse_film(file: str, words: RunRequest) -> None:
    from inbetween.plan import WHERE, RunRequest

    _refuse(file, words, RunRequest((), ""), ("out", "force", *WHERE))


def _refuse(file: str, words: Any, nothing: Any, free: Collection[str]) -> None:
    for name in (field.name for field in fields(words)):
        if name not in free and getattr(words, name) != getattr(nothing, name):
            option = NAMES.get(name, "--" + name.replace("_", "-"))
            raise UsageError(f"--repeat takes everything from {file}; {option} would change it", f"leave {option} out")


def _here(recorded: RunRequest, words: RunRequest) -> RunRequest:
    from inbetween.plan import WHERE, RunRequest

    device = recorded.device if words.device == RunRequest((), "").device else words.device
    here = {name: getattr(words, name) for name in WHERE} | {"device": device}
    return replace(recorded, out=words.out or recorded.out, force=words.force, **here)
