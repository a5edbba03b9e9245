"""What a user asks for: one frozen value per command, whoever asks.

The command line, the Python API, records (`--repeat`) and the journal of a stopped film all use these classes. A value
is what the user wrote, unchecked; `plan` and `retime.plan` check it. None means that the user did not say.

Every field says what it changes, and the rest follows from that:

    PIXELS   frames, or how they are encoded: part of a film's identity, and taken from the record by --repeat
    INPUTS   frames, through the contents of the files it names: as PIXELS, but the identity holds the files' stamps
    EXTRAS   only what is added to finished frames: not part of the identity of segments, taken from the record
    PLACE    where a film is made and where it goes: neither; may be given beside --repeat
    NOTHING  only whether a film is made at all: neither; may be given beside --repeat
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import Field, dataclass, field, fields
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

PIXELS, INPUTS, EXTRAS, PLACE, NOTHING = "pixels", "inputs", "extras", "place", "nothing"
EFFECTS = (PIXELS, INPUTS, EXTRAS, PLACE, NOTHING)

T = TypeVar("T")


def changes(effect: str, default: T, option: str = "", *, recorded: bool = False) -> T:
    """A field of a request.

    Args:
        effect: what the field changes, one of `EFFECTS`.
        default: its value where the user says nothing.
        option: what the user calls it, if that is not `--` and the field's name.
        recorded: whether `--repeat` takes a PLACE from the record where the command names none.
    """
    found: T = field(default=default, metadata={"effect": effect, "option": option, "recorded": recorded})
    return found


@dataclass(frozen=True, kw_only=True)
class FilmRequest:
    """What every film needs: an engine with its options, an output, and where the work is done."""

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
    """NAME=VALUE words for the engine."""
    seed: int = changes(PIXELS, 0)
    device: str = changes(PLACE, "auto", recorded=True)
    threads: int | None = changes(PLACE, None)
    weights: str | None = changes(PLACE, None)
    memory: str = changes(PLACE, "auto")
    max_vram: str | None = changes(PLACE, None)
    commercial_only: bool = changes(NOTHING, False)


@dataclass(frozen=True, kw_only=True)
class RunRequest(FilmRequest):
    """What the user asks of `run`: frames between keys."""

    keys: tuple[str, ...] = changes(INPUTS, (), "keys")
    loop: bool = changes(PIXELS, False)
    ping_pong: bool = changes(PIXELS, False)
    frames: int | None = changes(PIXELS, None)
    fps: str | None = changes(PIXELS, None)
    duration: str | None = changes(PIXELS, None)
    at: str | None = changes(PIXELS, None)
    easing: str | tuple[float, ...] = changes(PIXELS, "linear")
    """The name of an easing, a call of one, a file of times; or the times themselves."""
    keyframes: str = changes(PIXELS, "own")
    if_unrelated: str = changes(PIXELS, "blend")
    drag: tuple[str, ...] = changes(PIXELS, ())
    motion: str | None = changes(INPUTS, None)


@dataclass(frozen=True, kw_only=True)
class ClipRequest(FilmRequest):
    """What the user asks of `slowmo`: a clip at another speed or rate."""

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
    """`auto`, `off` or a file of times; the identity of a film holds that file's stamp too."""
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
    """What the user calls a field of a request, such as `--if-unrelated`."""
    return str(one.metadata["option"]) or "--" + one.name.replace("_", "-")


def values(request: FilmRequest, *effects: str) -> Iterator[tuple[Field[object], Any]]:
    """Each field of a request that changes one of `effects`, and its value."""
    return ((one, getattr(request, one.name)) for one in fields(request) if effect(one) in effects)


def built(kind: type[R], said: Mapping[str, Any], wrong: Callable[[str, object], Exception]) -> R:
    """A request of values by the names of their fields, whose types are checked.

    Args:
        wrong: (name, value) -> what is raised for a field that there is not, or a value that it cannot have.
    """
    kinds = get_type_hints(kind)
    for name, value in said.items():
        if name not in kinds or not is_of(value, kinds[name]):
            raise wrong(name, value)
    return kind(**said)


def is_of(value: object, kind: object) -> bool:
    """Whether a value is of a field's type, as `typing.get_type_hints` gives it. Here a bool is no int, and no text has
    a null character, which no system takes in the name of a file."""
    if get_origin(kind) is tuple:
        return isinstance(value, tuple) and all(is_of(item, get_args(kind)[0]) for item in value)
    if isinstance(kind, UnionType):
        return any(is_of(value, one) for one in get_args(kind))
    if isinstance(value, bool):
        return kind is bool
    if isinstance(value, str):
        return kind is str and "\0" not in value
    return isinstance(value, (int, float) if kind is float else kind)  # type: ignore[arg-type]
