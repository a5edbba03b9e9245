"""Finds the value of an option that a shell has split, because the user left out the quotes. Nothing heavy is imported
here."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import partial
from itertools import takewhile

from inbetween.errors import UsageError

_POINT = re.compile(r"[+-]?[\d.]+%?,[+-]?[\d.]+%?", re.ASCII)
_SPEED = re.compile(r"[\w.:]*:[\d./]+,?|[\d.]+", re.ASCII)
_TIME = re.compile(r"[\d.:]+(?:ms|s|f)?,?", re.ASCII)
SPLIT = {"--drag": _POINT, "--speed": _SPEED, "--at": _TIME, "--encoder": re.compile(r"")}
"""Options whose values may have spaces in them, and what a further word of such a value looks like."""


def refuse_split(arguments: Sequence[str], options: Collection[str], flags: Collection[str]) -> None:
    """Refuse a value that the shell has split: `--drag 120,80 300,90` without quotes.

    Args:
        arguments: the words after the name of the command.
        options: the names of the command's options.
        flags: those of them that have no value.

    Raises:
        UsageError: a value is split; the hint has the option as it should be written.
    """
    for place, name in enumerate(arguments[:-1]):
        if name == "--":
            return
        if name not in SPLIT or name not in options:
            continue
        first, more = arguments[place + 1], arguments[place + 2 :]
        like = SPLIT[name]
        lost = list(takewhile(partial(_goes_on, like, options), more))
        if name == "--encoder":
            lost = _encoder_words(first, more, options, flags)
        elif name == "--drag" and re.fullmatch(r"\d+:", first, re.ASCII) is None and not _POINT.fullmatch(_last(first)):
            lost = []
        if lost:
            value = _joined(name, [first, *lost])
            raise UsageError(f"the value of {name} has spaces, and the shell has split it", f'write {name} "{value}"')


def _goes_on(like: re.Pattern[str], options: Collection[str], word: str) -> bool:
    return word not in options and like.fullmatch(word) is not None


def _encoder_words(first: str, more: Sequence[str], options: Collection[str], flags: Collection[str]) -> list[str]:
    """The words that follow `--encoder -crf`, up to the next option of the command: they begin with a value."""
    if not first.startswith("-") or " " in first or not more or more[0].startswith("-"):
        return []
    return list(takewhile(lambda word: word not in options and word not in flags, more))


def _last(text: str) -> str:
    return text.split()[-1] if text.split() else ""


def _joined(name: str, words: Sequence[str]) -> str:
    """The words as one value."""
    if name in ("--speed", "--at"):
        return ", ".join(word.rstrip(",") for word in words)
    return " ".join(words)
