"""What an engine declares of itself, and its options. An engine is a record and a `load`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from inbetween.errors import UnknownName, UsageError
from inbetween.types import Maker, Motion, Report, Settings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class DrawConditions(Protocol):
    """Draws the pictures that steer an engine, for people to look at."""

    def __call__(
        self,
        motion: Motion,
        frames: int,
        size: tuple[int, int],
        report: Report,
        *,
        even: bool = False,
        seed: int = 0,
        thickness: int = 1,
    ) -> NDArray[np.uint8]:
        """Draw a motion over a gap.

        Args:
            motion: in pixels of a picture of any size.
            frames: how many pictures, both keys included; 2 or more.
            size: (H, W) of the pictures.
            report: hears the progress and the notes.
            even: whether the pictures lie at equal steps of time, where the engine's own do not.
            seed: deals the colours out.
            thickness: of lines, in pixels; 1 as the engine has them.

        Returns:
            (frames, H, W, 3) RGB.
        """


@dataclass(frozen=True)
class Lengths:
    """How many pictures an engine makes at once, both keys included."""

    least: int
    most: int
    step: int = 1
    """Counts are `least` plus a multiple of it."""
    native: int = dataclasses.field(kw_only=True)
    """What its networks were trained on: more than 2, made where what is wanted cannot be."""

    def allows(self, count: int) -> bool:
        """Whether one run can make that many."""
        return self.least <= count <= self.most and (count - self.least) % self.step == 0


@dataclass(frozen=True)
class Sizes:
    """Which sizes an engine works at; all are (H, W)."""

    multiple: int
    """Both sides are multiples of it."""
    least: int
    """No side is below it."""
    native: tuple[int, int] | None = None
    """Networks trained at one size work at this area; None: at the keys' own."""


@dataclass(frozen=True)
class Engine:
    """The facts about an engine; reading them loads nothing."""

    name: str
    title: str
    load: Callable[[Any, Settings], Maker]
    """(an `Options` instance, settings) -> Maker."""
    Options: type
    """A frozen dataclass whose fields are all made by `option`."""
    licence: str
    """Of its code; weights have their own."""
    commercial: bool
    paper: str = ""
    needs: tuple[str, ...] = ()
    """Names of weights; empty for an engine that works at once."""
    devices: tuple[str, ...] = ("cpu",)
    follows: tuple[str, ...] = ()
    """The kinds of tracks of `Gap.motion` that it goes by; drags are refused where they would change nothing."""
    previews: bool = False
    """It works in steps and shows how its pictures look after each: see `Report.preview`."""
    lengths: Lengths | None = None
    """None: any, and a long gap may be made in parts: no picture of it depends on which others are made. Else it is
    given even times only, of a count that is allowed; its Options have a `frames`, a count that the user forces, 0 for
    none."""
    sizes: Sizes | None = None
    """None: any, with alpha. Else it is given RGB of such a size only; its Options have a `size`, in words:
    "native", or WIDTHxHEIGHT."""
    conditions: DrawConditions | None = None
    """Draws the pictures that steer it, where there are any."""


def option(
    default: Any,
    help: str,
    low: float | None = None,
    high: float | None = None,
    choices: Sequence[str] = (),
) -> Any:
    """A field of an engine's `Options`: `--set name=value`, its check and its help follow from it.

    The type is the default's: bool, int, float or str.
    """
    return dataclasses.field(
        default=default, metadata={"help": help, "low": low, "high": high, "choices": tuple(choices)}
    )


def frames_option() -> Any:
    """The field `frames` of an engine that has `lengths`."""
    return option(
        0, "pictures made at once, keys included; 0: as many as are wanted, or else as it was trained on", 0, 10_000
    )


def size_option() -> Any:
    """The field `size` of an engine that has `sizes`."""
    return option("native", "the size that it works at: native, near the size it was trained on, or WIDTHxHEIGHT")


def parse_options(options: type, words: Iterable[str]) -> Any:
    """`name=value` words into an instance of `options`.

    Raises:
        UnknownName: no such option, or a value that is not among the choices.
        WordsRefused: no `=`, the wrong type, or out of range.
    """
    fields = {field.name: field for field in dataclasses.fields(options)}
    values: dict[str, Any] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals:
            raise UsageError(f"`--set {word}` has no value", f"write it as `--set {word}=VALUE`")
        if name not in fields:
            if not fields:
                raise UsageError(f"this engine has no option `{name}`", "it has none at all: leave --set out")
            raise UnknownName("option", name, fields)
        values[name] = _value(fields[name], text)
    return options(**values)


def _value(field: dataclasses.Field[Any], text: str) -> Any:
    low, high, choices = (field.metadata[key] for key in ("low", "high", "choices"))
    if choices:
        if text not in choices:
            raise UnknownName(f"value of `{field.name}`", text, choices)
        return text
    kind: Any = type(field.default)
    if kind is bool:
        words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
        if text.lower() not in words:
            raise UsageError(f"`{field.name}` must be true or false, not {text}", f"write {field.name}=true")
        return words[text.lower()]
    try:
        value = kind(text)
    except ValueError:
        what = "a whole number" if kind is int else "a number"
        raise UsageError(
            f"`{field.name}` must be {what}, not {text}", f"its default is {field.name}={field.default}"
        ) from None
    if not (low is None or value >= low) or not (high is None or value <= high):
        bounds = f"from {low} to {high}" if low is not None and high is not None else f"at least {low}"
        raise UsageError(f"`{field.name}` must be {bounds}, not {text}", f"its default is {field.name}={field.default}")
    return value
