"""A clip's time and its film's time: speeds, their integrals, and the frames to be made. Pure arithmetic."""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import accumulate, pairwise

from inbetween.errors import UsageError
from inbetween.timeline.easing import parse_easing
from inbetween.timeline.grid import EXACT, round_half_up
from inbetween.timeline.text import parse_number, parse_time

SLOWEST, FASTEST = Fraction(1, 1000), Fraction(1000)
"""The least and the largest speed; 1 is the clip's own."""
MOST_CLIP_FRAMES = 10_000_000
"""Most frames of one film made of a clip: over four days at 25 fps."""

# Places and weights in [0, 1] of Gauss-Legendre quadrature with five points.
_PLACES = (0.04691007703066802, 0.23076534494715845, 0.5, 0.7692346550528415, 0.953089922969332)
_WEIGHTS = (0.11846344252809454, 0.23931433524968324, 0.28444444444444444, 0.23931433524968324, 0.11846344252809454)
# The cells of the quadrature: narrow at both ends, where most easings are steep or a slow speed begins. sin^2 of even
# steps.
_EDGES = (*(math.sin(math.pi / 2 * i / 64) ** 2 for i in range(64)), 1.0)


@dataclass(frozen=True)
class Speed:
    """The speed at which a clip is played, over its own time."""

    points: tuple[tuple[Fraction, Fraction], ...]
    """(seconds of the clip, speed), ascending; two at the same time are a jump. The speed is constant before the first
    and after the last one."""
    easing: str = "linear"
    """The name of the easing by which the speed changes from point to point."""
    begin: Fraction = Fraction(0)
    """Seconds of the clip at which the film begins."""

    @cached_property
    def _sections(self) -> list[_Section]:
        points = [(Fraction(0), self.points[0][1]), *self.points] if self.points[0][0] > 0 else list(self.points)
        ease = None if self.easing == "linear" else parse_easing(self.easing)
        sections, shown = [], points[0][0] / points[0][1]
        for (start, low), (end, high) in pairwise(points):
            if start < end:
                sections.append(_Section(start, shown, low, high, end - start, ease))
                shown = sections[-1].reach(end)
        return [*sections, _Section(*points[-1][:1], shown, points[-1][1], points[-1][1], Fraction(1), None)]

    @cached_property
    def _offset(self) -> Fraction:
        return self._section(self.begin, "start").reach(self.begin)

    def _section(self, time: Fraction, axis: str) -> _Section:
        place = bisect_right(self._sections, time, key=lambda one: Fraction(getattr(one, axis)))
        return self._sections[max(0, place - 1)]

    def shown(self, source: Fraction) -> Fraction:
        """The film's time at which a time of the clip is shown: the integral of 1 / speed. Both are in seconds, 0 at
        `begin`.
        """
        source += self.begin
        return self._section(source, "start").reach(source) - self._offset

    def source(self, shown: Fraction) -> Fraction:
        """The clip's time that is shown at a time of the film: the inverse of `shown`."""
        shown += self._offset
        return self._section(shown, "shown").at(shown) - self.begin


@dataclass(frozen=True)
class _Section:
    """A part of a speed curve with one law."""

    start: Fraction
    """Seconds of the clip at its start."""
    shown: Fraction
    """Seconds of the film at its start."""
    low: Fraction
    """The speed at its start."""
    high: Fraction
    """The speed at its end."""
    length: Fraction
    """Seconds of the clip."""
    ease: Callable[[float], float] | None
    """How the speed changes from `low` to `high`; None is linearly."""

    def reach(self, source: Fraction) -> Fraction:
        """Seconds of the film at which the clip's time `source` is shown."""
        on = source - self.start
        if self.low == self.high:
            return self.shown + on / self.low
        if self.ease is not None:
            return self.shown + Fraction(self._eased(float(on / self.length)))
        steep = float((self.high - self.low) / self.length)
        return self.shown + Fraction(math.log1p(steep * float(on) / float(self.low)) / steep)

    def at(self, shown: Fraction) -> Fraction:
        """Seconds of the clip that are shown at the film's time `shown`."""
        gone = shown - self.shown
        if self.low == self.high:
            return self.start + gone * self.low
        if self.ease is not None:
            return self.start + Fraction(self._uneased(float(gone))) * self.length
        steep = float((self.high - self.low) / self.length)
        return self.start + Fraction(float(self.low) / steep * math.expm1(steep * float(gone)))

    @cached_property
    def _cells(self) -> list[float]:
        """Seconds of the film, from the section's start, at each of `_EDGES`."""
        return list(accumulate((self._part(a, b) for a, b in pairwise(_EDGES)), initial=0.0))

    def _slowness(self, u: float) -> float:
        assert self.ease is not None
        return float(self.length) / (float(self.low) + float(self.high - self.low) * self.ease(u))

    def _part(self, a: float, b: float) -> float:
        return (b - a) * sum(w * self._slowness(a + (b - a) * p) for p, w in zip(_PLACES, _WEIGHTS, strict=True))

    def _eased(self, u: float) -> float:
        cell = bisect_right(_EDGES, u) - 1
        return self._cells[cell] + self._part(_EDGES[cell], u)

    def _uneased(self, seconds: float) -> float:
        cell = min(len(_EDGES) - 2, max(0, bisect_right(self._cells, seconds) - 1))
        low, high = _EDGES[cell : cell + 2]
        u = low
        for _ in range(8):
            step = (seconds - self._eased(u)) / self._slowness(u)
            u = min(high, max(low, u + step))
            if abs(step) < 1e-14:
                break
        return u


@dataclass(frozen=True)
class Grid:
    """The frames of a film made of a clip."""

    rate: Fraction
    """Frames per second."""
    count: int
    speed: Speed

    def source(self, number: int) -> Fraction:
        """The clip's time, in seconds, that a frame shows."""
        return self.speed.source(number / self.rate)


def clip_grid(
    rate: Fraction, duration: Fraction, speed: Speed, fps: Fraction | None = None, last: Fraction | None = None
) -> Grid:
    """The frames of the film of a clip.

    The clip's last frame is held for its own display time, unless the film is to end with it.

    Args:
        rate: the clip's frames per second.
        duration: of the clip, in seconds.
        fps: frames per second of the film; None for the clip's.
        last: the time of the clip's last frame, in seconds, if the film is to end with it.

    Raises:
        UsageError: the film would have more frames than `MOST_CLIP_FRAMES`.
    """
    rate = fps or rate
    if last is None:
        count = round_half_up(speed.shown(duration) * rate)
    else:
        # The time at which a frame begins must not fall below it by rounding.
        count = (speed.shown(last) * rate + Fraction(EXACT)).__floor__() + 1
    if count > MOST_CLIP_FRAMES:
        raise UsageError(
            f"a film of {count} frames is too long: the most are {MOST_CLIP_FRAMES}", "ask for fewer frames"
        )
    return Grid(rate, max(1, count), speed)


def parse_factor(text: str) -> Fraction:
    """How many times slower, from `4`, `2.5`, `5/2`, or `4x`.

    Raises:
        UsageError: it is not a number, or not from 0.001 to 1000.
    """
    try:
        factor = parse_number(re.sub(r"\s*[x×]\s*$", "", text, flags=re.IGNORECASE))
    except (ValueError, ZeroDivisionError):
        raise UsageError(f"`{text}` is not a factor", "write how many times slower, as 4 or 2.5") from None
    if not SLOWEST <= factor <= FASTEST:
        raise UsageError(f"a factor of {text} is out of range", "give one from 0.001 to 1000")
    return factor


def parse_speed(text: str, rate: Fraction, easing: str = "linear") -> Speed:
    """A speed from `0.25`, or from points `0:1, 2s:0.25, 3s:1`: a time of the clip, and the speed there; 1 is the
    clip's own.

    Args:
        text: what the user wrote.
        rate: the clip's frames per second, for times in frames.
        easing: the name of the easing between the points.

    Raises:
        UsageError: a point cannot be read, times do not ascend, or a speed at or between the points is not from 0.001
            to 1000.
        UnknownName: there is no such easing.
    """
    hint = 'write it as 0.25, or as "0:1, 2s:0.25, 3s:1"'
    points = []
    for word in text.split(","):
        time, colon, value = word.rpartition(":")
        try:
            speed = parse_number(value.strip())
        except (ValueError, ZeroDivisionError):
            raise UsageError(f"`{value.strip()}` is not a speed", hint) from None
        if not SLOWEST <= speed <= FASTEST:
            raise UsageError(
                f"a speed of {value.strip()} is out of range", "give one from 0.001 to 1000; 1 is the clip's own"
            )
        if not colon and text.count(",") > 0:
            raise UsageError(f"`{word.strip()}` in --speed has no time", hint)
        points.append((parse_time(time, rate) if colon else Fraction(0), speed))
    if any(a[0] > b[0] for a, b in pairwise(points)):
        raise UsageError("the times of --speed must ascend", hint)
    if easing.lstrip().startswith("steps"):
        raise UsageError("a speed cannot change in steps", 'write a jump as two points: "0:1, 2s:1, 2s:0.25"')
    _check_eased(points, easing)
    return Speed(tuple(points), easing)


def _check_eased(points: Sequence[tuple[Fraction, Fraction]], easing: str) -> None:
    ease = parse_easing(easing)
    bent = [ease(i / 256) for i in range(257)]
    for (start, low), (end, high) in pairwise(points):
        reached = [float(low) + float(high - low) * one for one in (min(bent), max(bent))]
        if start < end and not SLOWEST - EXACT <= min(reached) <= max(reached) <= FASTEST + EXACT:
            raise UsageError(
                f"with the easing `{easing}` the speed between {float(low):g} and {float(high):g} comes to "
                f"{min(reached):.3g} and {max(reached):.3g}",
                "use an easing that stays between its ends, such as ease-in-out",
            )
