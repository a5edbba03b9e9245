"""What an engine declares of itself, and its options. An engine is a record and a function `load`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

from inbetween.errors import UnknownName, UsageError
from inbetween.types import Maker, Motion, Report, Settings

if TYPE_CHECKING:
    import numpy as np
    from _typeshed import DataclassInstance
    from numpy.typing import NDArray

OptionValue: TypeAlias = bool | int | float | str
Value = TypeVar("Value", bool, int, float, str)
OptionsType = TypeVar("OptionsType", bound="DataclassInstance")

EXACT = 1e-9
"""Times of a gap that are this near each other are the same."""


class Lengths(Protocol):
    """How many frames an engine makes at once; every count includes both keys."""

    @property
    def counts(self) -> Sequence[int]:
        """The counts that one run can make, ascending."""

    @property
    def native(self) -> int:
        """The count that the networks were trained on, more than 2."""

    def allows(self, count: int) -> bool:
        """Whether one run can make `count` frames."""

    def grid(self, times: Sequence[float]) -> int:
        """The frames of the even grid that is made for `times` in [0, 1].

        It is the least count allowed whose grid has all of the times. Where no grid has them, it is the least one that
        is as dense as the times are and not below `native`, or else the largest.
        """


@dataclass(frozen=True)
class Steps:
    """Lengths of `least` frames and some number of steps more, as 4k + 1."""

    least: int
    most: int
    step: int = 1
    native: int = dataclasses.field(kw_only=True)
    """See `Lengths`."""

    def __post_init__(self) -> None:
        """
        Raises:
            ValueError: a count would not include both keys, or there is none.
        """
        if not 2 <= self.least <= self.most:
            raise ValueError(f"lengths from {self.least} to {self.most}: the least must be 2 or more, for both keys")

    @property
    def counts(self) -> Sequence[int]:
        """See `Lengths`."""
        return range(self.least, self.most + 1, self.step)

    def allows(self, count: int) -> bool:
        """See `Lengths`."""
        return count in self.counts

    def grid(self, times: Sequence[float]) -> int:
        """See `Lengths`."""
        return _grid(self, times)


@dataclass(frozen=True)
class Powers:
    """Lengths of 2^k + 1 frames, of engines that make the frame in the middle of two, and again between these."""

    most: int
    native: int = dataclasses.field(default=3, kw_only=True)
    """A network that makes one frame between two was trained on 3."""

    def __post_init__(self) -> None:
        """
        Raises:
            ValueError: there is no such count.
        """
        if self.most < 3:
            raise ValueError(f"lengths up to {self.most}: the least is 3, both keys and the frame between them")

    @property
    def counts(self) -> Sequence[int]:
        """See `Lengths`."""
        return [2**k + 1 for k in range(1, (self.most - 1).bit_length())]

    def allows(self, count: int) -> bool:
        """See `Lengths`."""
        return count in self.counts

    def grid(self, times: Sequence[float]) -> int:
        """See `Lengths`."""
        return _grid(self, times)


def place_on_grid(t: float, count: int) -> tuple[int, float]:
    """The frame of an even grid at a time in [0, 1] or, where there is none, the last one before it.

    Returns:
        The frame's index, and the distance in [0, 1) from there to the time, in units of the grid's spacing.
    """
    nearest = round(t * (count - 1))
    if abs(t - nearest / (count - 1)) <= EXACT:
        return nearest, 0.0
    below = int(t * (count - 1))
    return below, t * (count - 1) - below


def _grid(lengths: Lengths, times: Sequence[float]) -> int:
    for count in lengths.counts:
        if all(place_on_grid(t, count)[1] == 0 for t in times):
            return count
    # Flow makes what lies between the frames of the grid: they are no farther apart than the wanted ones.
    wanted = 2 + sum(EXACT < t < 1 - EXACT for t in times)
    return next((count for count in lengths.counts if count >= max(wanted, lengths.native)), lengths.counts[-1])


@dataclass(frozen=True)
class Sizes:
    """The sizes (H, W), in pixels, that an engine works at."""

    multiple: int
    """Both sides are multiples of it."""
    least: int
    """No side is below it."""
    native: tuple[int, int] | None = None
    """Networks trained at one size work near its area. None: at the keys' own size, filled up to a legal one."""
    alpha: bool = False
    """Whether the engine makes transparency itself: it is given keys with the alpha that they have. Else it is given
    colours only, and `flow` makes the alpha."""


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
class Engine:
    """The facts about an engine; reading them loads nothing."""

    name: str
    title: str
    load: Callable[[Any, Settings], Maker]
    """Its maker, by an instance of its `Options` and settings."""
    Options: type[DataclassInstance]
    """A frozen dataclass whose fields are all made by `option`."""
    licence: str
    """The licence of its code; weights have their own."""
    commercial: bool
    """Whether that licence allows commercial use."""
    paper: str = ""
    needs: tuple[str, ...] = ()
    """Names of weights; empty for an engine that needs no download."""
    devices: tuple[str, ...] = ("cpu",)
    """The kinds of devices that it runs on."""
    follows: tuple[str, ...] = ()
    """The kinds of tracks of `Gap.motion` that it follows; drags are refused where they would change nothing."""
    previews: bool = False
    """Whether it works in steps and shows how its frames look after each: see `Report.preview`."""
    lengths: Lengths | None = None
    """The engine is given all times of an even grid of a count that is allowed, those of the keys only where they are
    wanted, and `Gap.grid`. Its Options may have a field `frames`, see `frames_option`. None: it is given any times, and
    a long gap may be made in parts, because no frame depends on which others are made."""
    sizes: Sizes | None = None
    """The engine is given keys of such a size only. Its Options may have a field `size`, see `size_option`. None: it
    is given keys of any size, with their alpha."""
    neighbours: bool = False
    """Whether it looks at `Gap.before` and `Gap.after`; they are placed in the working size as the gap's keys are."""
    fps: Fraction | None = None
    """The frames per second of the clips that its networks were trained on, where that is one rate."""
    shapes: Mapping[str, str] = dataclasses.field(default_factory=dict, hash=False)
    """For parts of its weights, as "WEIGHTS:PART", the "module:function" that gives the names and shapes of their
    tensors. The function is given the part's config, parsed, where the table of weights names one."""
    conditions: DrawConditions | None = None
    """Draws the pictures that steer it, where there are any."""


def option(
    default: Value,
    help: str,
    low: float | None = None,
    high: float | None = None,
    choices: Sequence[str] = (),
) -> Value:
    """A field of an engine's `Options`: the command line's `--set name=value`, its check and its help follow from it.

    Args:
        default: a bool, int, float or str; values are of the same type.
        help: one sentence on what it changes.
        low: the least number allowed; None: any.
        high: the largest number allowed; None: any.
        choices: the only texts allowed; empty: any.
    """
    return dataclasses.field(
        default=default, metadata={"help": help, "low": low, "high": high, "choices": tuple(choices)}
    )


def frames_option() -> int:
    """The field `frames` of an engine that has `lengths`: the count that the user wants to be made at once."""
    return option(
        0,
        "frames made at once, both keys included; 0: the fewest that have all the wanted ones among them, or else "
        "about as many as it was trained on",
        0,
        10_000,
    )


def size_option() -> str:
    """The field `size` of an engine that has `sizes`."""
    return option("native", "the size that it works at: native, near the size it was trained on, or WIDTHxHEIGHT")


def parse_options(options: type[OptionsType], words: Iterable[str]) -> OptionsType:
    """An instance of an engine's `options` from texts `name=value`.

    Raises:
        UnknownName: no such option, or a value that is not among the choices.
        UsageError: no `=`, the wrong type, or out of range.
    """
    fields = {field.name: field for field in dataclasses.fields(options)}
    values: dict[str, OptionValue] = {}
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


def _value(field: dataclasses.Field[OptionValue], text: str) -> OptionValue:
    low, high, choices = (field.metadata[key] for key in ("low", "high", "choices"))
    default = field.default
    if choices:
        if text not in choices:
            raise UnknownName(f"value of `{field.name}`", text, choices)
        return text
    if isinstance(default, bool):
        words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
        if text.lower() not in words:
            raise UsageError(f"`{field.name}` must be true or false, not {text}", f"write {field.name}=true")
        return words[text.lower()]
    if isinstance(default, str):
        return text
    kind = int if isinstance(default, int) else float
    try:
        value = kind(text)
    except ValueError:
        what = "a whole number" if kind is int else "a number"
        hint = f"its default is {field.name}={default}"
        raise UsageError(f"`{field.name}` must be {what}, not {text}", hint) from None
    if not (low is None or value >= low) or not (high is None or value <= high):
        bounds = f"from {low} to {high}" if low is not None and high is not None else f"at least {low}"
        raise UsageError(f"`{field.name}` must be {bounds}, not {text}", f"its default is {field.name}={default}")
    return value
