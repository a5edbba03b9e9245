"""Arguments of Python functions as requests, and errors that name arguments instead of options.

The fields of a request have the types that a user writes for a command, mostly text. Arguments of other types are
converted. Those that cannot be converted stay as they are, and are refused because the field has another type.
"""

from __future__ import annotations

import operator
import os
import re
import reprlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from decimal import Decimal
from fractions import Fraction
from numbers import Real
from types import NoneType, UnionType
from typing import TypeGuard, TypeVar, get_args, get_origin, get_type_hints

from inbetween.errors import InbetweenError, UsageError
from inbetween.request import FilmRequest, built, is_of, option

R = TypeVar("R", bound=FilmRequest)

_OPTION = re.compile(r"(?<![\w-])(?:--set |(--[a-z][a-z-]*|-[no])(?![\w-])(?: ([0-9][\w./]*[\w]|[0-9]))?)")
"""Matches an option of a command in the text of an error, and a value after it that begins with a digit."""
_KINDS: dict[object, str] = {int: "a whole number", str: "text", bool: "True or False", tuple: "a list"}
"""What messages call the types of fields."""
LARGEST = 10**18
"""The largest whole number of an argument; that is far above any that makes sense. A choice."""
LONGEST = 120
"""The most characters of a value that a message shows. A choice."""
_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = LONGEST


def request_of(kind: type[R], arguments: Mapping[str, object], options: Mapping[str, object]) -> R:
    """The request that the arguments of a function make.

    Args:
        kind: the class of the request.
        arguments: the arguments by the names of the request's fields.
        options: the engine's own options.

    Raises:
        UsageError: an argument has a type that it cannot have.
    """
    converted = {
        name: _CONVERT[name](_plain(value)) if name in _CONVERT else value for name, value in arguments.items()
    }
    for name, value in converted.items():
        if type(value) is int and abs(value) > LARGEST:
            raise UsageError(f"{name}={shown(value)} is too large", "give a number of 18 digits at most")
    types = get_type_hints(kind)

    def wrong(name: str, value: object) -> UsageError:
        accepted = get_args(types[name]) if isinstance(types[name], UnionType) else (types[name],)
        expected = _EXPECTED.get(name) or " or ".join(
            _KINDS[get_origin(one) or one] for one in accepted if one is not NoneType
        )
        return UsageError(f"`{name}` cannot be {shown(arguments[name])}", f"give {expected}, or leave it out")

    return built(kind, {**converted, "set": tuple(_option(name, value) for name, value in options.items())}, wrong)


@contextmanager
def in_python_terms(kind: type[FilmRequest]) -> Iterator[None]:
    """While this lasts, errors name arguments of a function where they would name options of a command.

    Args:
        kind: the class of the request that the arguments make.
    """
    names = {option(one): one.name for one in fields(kind)} | {"-n": "frames", "-o": "out"}

    def argument(found: re.Match[str]) -> str:
        if not found[1]:
            # `--set` is left out: options of engines are arguments like all others.
            return ""
        name, value = names.get(found[1], found[1].lstrip("-").replace("-", "_")), found[2]
        return f"{name}={value if value.isdecimal() else repr(value)}" if value else name

    try:
        yield
    except InbetweenError as problem:
        problem.message = _OPTION.sub(argument, problem.message)
        # A hint that is a whole command stays as it is.
        problem.hint = problem.hint if problem.hint.startswith("inbetween ") else _OPTION.sub(argument, problem.hint)
        problem.args = (problem.message,)
        raise


def _option(name: str, value: object) -> str:
    """An option of an engine as for `--set`.

    Raises:
        UsageError: its value is neither a text, a number, nor True or False.
    """
    text = value if isinstance(value, (str, bool)) else _text(_name(value))
    if not isinstance(text, bool) and not is_of(text, str):
        raise UsageError(f"`{name}` cannot be {shown(value)}", "give a number or text")
    return f"{name}={text}"


def shown(value: object) -> str:
    """A value as messages show it: in one line, shortened, whatever it is."""
    try:
        text = " ".join(_SHORT.repr(value).split())
    # `__repr__` is code of the caller's.
    except Exception:
        text = f"a {type(value).__module__}.{type(value).__qualname__}"
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."


def _name(value: object) -> object:
    """A path as the name of a file; anything else unchanged."""
    return os.fspath(value) if isinstance(value, os.PathLike) else value


def _plain(value: object) -> object:
    """An array of numbers, of any library, as lists; anything else unchanged."""
    return value.tolist() if getattr(value, "ndim", 0) and hasattr(value, "tolist") else value


def _text(value: object) -> object:
    """A number as text; anything else unchanged."""
    if not isinstance(value, (Real, Decimal)) or isinstance(value, bool):
        return value
    try:
        number = repr(float(value)).removesuffix(".0")
        return str(value) if isinstance(value, Fraction) else number
    # It is larger than any float, or has more digits than Python writes.
    except (OverflowError, ValueError):
        return value


def _time(value: object) -> object:
    """Seconds as text. A fraction is rounded, because times are written as decimals."""
    try:
        return _text(float(value) if isinstance(value, Fraction) else value)
    except OverflowError:
        return value


def _times(value: object) -> object:
    """A list of times as text, with commas between them."""
    return _joined(value, ",", _time)


def _numbers(value: object) -> object:
    """A list of numbers as a tuple of floats."""
    if not _is_list(value):
        return value
    try:
        return tuple(float(one) if isinstance(one, Real) and not isinstance(one, bool) else one for one in value)
    except OverflowError:
        # A list is refused.
        return [*value]


def _whole(value: object) -> object:
    """A whole number of any library as Python's own."""
    if isinstance(value, bool):
        return value
    try:
        return operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        return value


def _size(value: object) -> object:
    """(H, W) as WIDTHxHEIGHT."""
    if not _is_list(value) or len(value) != 2:
        return value
    height, width = map(_whole, value)
    # More digits than these are no size, and Python refuses to write very many.
    return f"{width}x{height}" if all(type(one) is int and abs(one) < 10**9 for one in (height, width)) else value


def _speed(value: object) -> object:
    """Pairs (time, speed) as text: TIME:SPEED, TIME:SPEED and so on."""
    if not _is_list(value) or any(_is_list(pair) and len(pair) != 2 for pair in value):
        return value
    return _joined(value, ", ", lambda pair: _joined(pair, ":", _time))


def _joined(value: object, between: str, text: Callable[[object], object]) -> object:
    """A list as text, where all that is in it can be text; anything else unchanged."""
    if not _is_list(value):
        return value
    texts = [text(one) for one in value]
    return between.join(map(str, texts)) if all(isinstance(one, str) for one in texts) else value


def _drags(value: object) -> object:
    """A list of drags as a tuple of texts, as the command has them."""
    if isinstance(value, str):
        return (value,)
    return tuple(map(_drag, value)) if _is_list(value) else value


def _drag(value: object) -> object:
    """The points (x, y) of a drag as text.

    Raises:
        UsageError: a list has anything else in it.
    """
    if not _is_list(value):
        return value
    points = [point for point in value if _is_list(point) and len(point) == 2]
    if not points or len(points) < len(value):
        raise UsageError(f"the drag {shown(value)} is not a list of points", "write it as [(x, y), (x, y)], in pixels")
    return " ".join(f"{_text(x)},{_text(y)}" for x, y in points)


def _is_list(value: object) -> TypeGuard[Sequence[object]]:
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))


_FILES = ("clip", "out", "weights", "motion", "protect", "cuts")
_NUMBERS = ("fps", "factor", "input_fps", "max_vram")
_TIMES = ("duration", "since", "until")
_CONVERT: dict[str, Callable[[object], object]] = {
    **dict.fromkeys(_FILES, _name),
    **dict.fromkeys(_NUMBERS, _text),
    **dict.fromkeys(_TIMES, _time),
    **dict.fromkeys(("frames", "seed", "threads", "start_number"), _whole),
    "at": _times,
    "easing": _numbers,
    "size": _size,
    "speed": _speed,
    "drag": _drags,
}
"""Functions that convert arguments to the types of their fields, by the argument's name."""
_EXPECTED = {
    **dict.fromkeys(_FILES, "the name of a file"),
    **dict.fromkeys(_NUMBERS, "a number or text"),
    **dict.fromkeys(_TIMES, "seconds or text"),
    "at": "a list of times",
    "easing": "text or a list of times",
    "size": "(height, width) or text",
    "speed": "a list of (time, speed), or text",
    "drag": "a list of drags",
}
"""What messages say that an argument may be, where the types of its field do not say it."""
