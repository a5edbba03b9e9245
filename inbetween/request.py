"""Requests: all that a user asks a command for, as one frozen object.

The command line, the Python API, records (`--repeat`) and the journal of a stopped film all use these classes. A field
holds what the user wrote, unchecked; `plan` and `retime.plan` check it. None means that the user wrote nothing.

Every field declares what it changes. The identity of a film, and what `--repeat` reads from a record, follow from that:

    PIXELS   The frames, or how they are encoded. Part of the identity of a film; --repeat reads it from the record.
    INPUTS   The frames, through the contents of the files that are named. Like PIXELS, but the identity has the files'
             contents instead of their names.
    EXTRAS   Only what is added to finished frames. Not part of the identity; --repeat reads it from the record.
    PLACE    Where a film is made and where it goes. Not part of the identity; may be given beside --repeat.
    NOTHING  Only whether a film is made at all. Not part of the identity; may be given beside --repeat.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import Field, dataclass, field, fields
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

PIXELS, INPUTS, EXTRAS, PLACE, NOTHING = "pixels", "inputs", "extras", "place", "nothing"
EFFECTS = (PIXELS, INPUTS, EXTRAS, PLACE, NOTHING)

T = TypeVar("T")


def changes(effect: str, default: T, option: str = "", *, recorded: bool = False) -> T:
    """Declare a field of a request.

    Args:
        effect: what the field changes, one of `EFFECTS`.
        default: its value where the user writes nothing.
        option: the name that users know it by, where it is not `--` and the field's name.
        recorded: whether `--repeat` reads a PLACE from the record where the command names none.
    """
    found: T = field(default=default, metadata={"effect": effect, "option": option, "recorded": recorded})
    return found


@dataclass(frozen=True, kw_only=True)
class FilmRequest:
    """The part that all requests for a film share: an output, an engine with its options, and where the work is done.

    The help of the commands describes every field.
    """

    out: str = changes(PLACE, "", recorded=True)
    preset: str | None = changes(PIXELS, None)
    codec: str | None = changes(PIXELS, None)
    encoder: str | None = changes(PIXELS, None)
    start_number: int = changes(PIXELS, 0)
    size: str | None = changes(PIXELS, None)
    fit: str | None = changes(PIXELS, None)
    force: bool = changes(NOTHING, False)
    engine: str = changes(PIXELS, "auto")
    set: tuple[str, ...] = changes(PIXELS, ())
    """Texts NAME=VALUE, each an option of the engine."""
    seed: int = changes(PIXELS, 0)
    device: str = changes(PLACE, "auto", recorded=True)
    threads: int | None = changes(PLACE, None)
    weights: str | None = changes(PLACE, None)
    memory: str = changes(PLACE, "auto")
    max_vram: str | None = changes(PLACE, None)
    commercial_only: bool = changes(NOTHING, False)


@dataclass(frozen=True, kw_only=True)
class RunRequest(FilmRequest):
    """A request for frames between keys, as for `run`."""

    keys: tuple[str, ...] = changes(INPUTS, (), "keys")
    loop: bool = changes(PIXELS, False)
    ping_pong: bool = changes(PIXELS, False)
    frames: int | None = changes(PIXELS, None)
    fps: str | None = changes(PIXELS, None)
    duration: str | None = changes(PIXELS, None)
    at: str | None = changes(PIXELS, None)
    easing: str | tuple[float, ...] = changes(PIXELS, "linear")
    """An easing such as "ease-in" or "steps(4)", the name of a file of times; or the times themselves, 0 to 1."""
    keyframes: str = changes(PIXELS, "own")
    if_unrelated: str = changes(PIXELS, "blend")
    drag: tuple[str, ...] = changes(PIXELS, ())
    motion: str | None = changes(INPUTS, None)


@dataclass(frozen=True, kw_only=True)
class ClipRequest(FilmRequest):
    """A request for a clip at another speed or rate, as for `slowmo`."""

    clip: str = changes(INPUTS, "", "the clip")
    factor: str | None = changes(PIXELS, None)
    fps: str | None = changes(PIXELS, None)
    duration: str | None = changes(PIXELS, None)
    speed: str | None = changes(PIXELS, None)
    easing: str = changes(PIXELS, "linear")
    end: str = changes(PIXELS, "hold")
    since: str | None = changes(PIXELS, None, "--from")
    until: str | None = changes(PIXELS, None, "--to")
    input_fps: str | None = changes(PIXELS, None)
    holes: bool = changes(PIXELS, False)
    deinterlace: bool = changes(PIXELS, False)
    cuts: str = changes(PIXELS, "auto")
    """`auto`, `off` or the name of a file of times, whose contents are part of the identity too."""
    at_cut: str = changes(PIXELS, "hold")
    repeats: str = changes(PIXELS, "auto")
    protect: str | None = changes(INPUTS, None)
    sound: str = changes(EXTRAS, "keep")


R = TypeVar("R", bound=FilmRequest)


def effect(one: Field[object]) -> str:
    """What a field of a request changes, one of `EFFECTS`."""
    found: str = one.metadata["effect"]
    return found


def option(one: Field[object]) -> str:
    """The name that users know a field of a request by, such as `--if-unrelated`."""
    return str(one.metadata["option"]) or "--" + one.name.replace("_", "-")


def values(request: FilmRequest, *effects: str) -> Iterator[tuple[Field[object], Any]]:
    """Each field of a request that changes one of `effects`, and its value."""
    return ((one, getattr(request, one.name)) for one in fields(request) if effect(one) in effects)


def built(kind: type[R], by_name: Mapping[str, Any], wrong: Callable[[str, object], Exception]) -> R:
    """Build a request, and check the types of its values.

    Args:
        kind: the class of the request.
        by_name: the values, by the names of their fields.
        wrong: (name, value) -> the error to raise, for a name that is not a field or a value of another type.
    """
    types = get_type_hints(kind)
    for name, value in by_name.items():
        if name not in types or not is_of(value, types[name]):
            raise wrong(name, value)
    return kind(**by_name)


def is_of(value: object, kind: object) -> bool:
    """Whether a value is of a field's type, as `typing.get_type_hints` gives it. A bool does not count as an int, nor
    does a text with a null character, or half of a surrogate pair, as text: no system has one in a file's name."""
    if get_origin(kind) is tuple:
        return isinstance(value, tuple) and all(is_of(item, get_args(kind)[0]) for item in value)
    if isinstance(kind, UnionType):
        return any(is_of(value, one) for one in get_args(kind))
    if isinstance(value, bool):
        return kind is bool
    if isinstance(value, str):
        return kind is str and _is_writable(value)
    return isinstance(value, (int, float) if kind is float else kind)  # type: ignore[arg-type]


def _is_writable(text: str) -> bool:
    """Whether a text could be the name of a file."""
    try:
        return b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:
        return False
