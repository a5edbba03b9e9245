"""Counts, rates, easings; keys and an output grid into gaps and times. Pure arithmetic, exact where time is.

The rules are those a user reads in the README ("Counting"): -n counts the pictures between two neighbouring
keys, a film's duration includes the display time of its last frame.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import groupby, pairwise
from typing import NamedTuple

from inbetween.errors import UnknownName, UsageError

DEFAULT_FRAMES = 23
DEFAULT_RATE = Fraction(25)
MOST_LETTERS = 100
"""Of a number."""
MOST_FRAMES = 100_000
"""Frames of one film: over an hour at 25 fps; more is taken for a slip of the finger."""
SLOWEST_RATE, FASTEST_RATE = Fraction(1, 1000), Fraction(1000)
NTSC = {"23.976": 24, "23.98": 24, "29.97": 30, "47.952": 48, "59.94": 60, "119.88": 120}
"""Rates that people write rounded: n x 1000/1001."""
EXACT = 1e-9
"""A time this near to 0 or 1 is the key itself."""


class Source(NamedTuple):
    """Where an output frame comes from: time `t` in [0, 1] of gap number `gap`."""

    gap: int
    t: float


@dataclass(frozen=True)
class Timeline:
    """When every output frame is shown, and what it shows."""

    rate: Fraction
    """Frames per second."""
    keys: tuple[Fraction, ...]
    """Seconds at which each key is reached; with a loop, the return to the first key at the end."""
    sources: tuple[Source, ...]
    """One per output frame, in order; the way back of a ping-pong is not among them."""


def number(text: str) -> Fraction:
    """`2.5`, `5/2`, `1e-3`: exactly what is written.

    Raises:
        ValueError, ZeroDivisionError: not a number, or one that would take for ever to write out, as 1e999999999.
    """
    if len(text) > MOST_LETTERS or re.search(r"e[+-]?[\d_]{4}", text.lower()):
        raise ValueError(text)
    return Fraction(text)


def parse_rate(text: str) -> Fraction:
    """`25`, `24000/1001`, `23.976`: frames per second.

    Raises:
        WordsRefused: not a number, or not from 0.001 to 1000.
    """
    try:
        rate = Fraction(NTSC[text] * 1000, 1001) if text in NTSC else number(text)
    except (ValueError, ZeroDivisionError):
        raise UsageError(f"`{text}` is no frame rate", "write it as 25, 23.976 or 24000/1001") from None
    if not SLOWEST_RATE <= rate <= FASTEST_RATE or rate.denominator > 1_000_000:
        raise UsageError(f"a rate of {text} frames per second cannot be", "take one from 0.001 to 1000")
    return rate


def parse_time(text: str, rate: Fraction) -> Fraction:
    """`1.5`, `1.5s`, `500ms`, `0:01.5`, `1:00:01.5` or `36f` (frames at `rate`): seconds.

    Raises:
        WordsRefused: not a time.
    """
    minutes, seconds = Fraction(0), text.strip()
    scale = Fraction(1)
    if clock := re.fullmatch(r"(?:(\d{1,9}):(?=\d{1,2}:))?(\d{1,9}):(\d{1,2}(?:\.\d+)?)", seconds):
        minutes, seconds = Fraction(int(clock[1] or 0) * 3600 + int(clock[2]) * 60), clock[3]
    elif seconds.endswith("ms"):
        seconds, scale = seconds[:-2], Fraction(1, 1000)
    elif seconds.endswith("s"):
        seconds = seconds[:-1]
    elif seconds.endswith("f"):
        seconds, scale = seconds[:-1], 1 / rate
    if len(text) > MOST_LETTERS or not re.fullmatch(r"\d+(\.\d*)?|\.\d+", seconds):
        raise UsageError(f"`{text}` is no time", "write it as 1.5s, 500ms, 0:01.5 or 36f")
    return minutes + Fraction(seconds) * scale


def even(key_count: int, frames: int, rate: Fraction, loop: bool = False) -> Timeline:
    """`frames` pictures between every two neighbouring keys; a loop also goes back to the first key."""
    gaps = key_count if loop else key_count - 1
    steps = frames + 1
    return on_grid([i * steps for i in range(gaps + 1)], rate, loop)


def on_grid(places: Sequence[int], rate: Fraction, loop: bool = False) -> Timeline:
    """Keys at these frame numbers, ascending from 0; a loop's last one is the first key again, not shown.

    Raises:
        WordsRefused: two keys on one frame, or more frames than `MOST_FRAMES`.
    """
    count = places[-1] + (0 if loop else 1)
    if count > MOST_FRAMES:
        raise UsageError(
            f"a film of {count} frames is beyond the bound of {MOST_FRAMES}",
            "ask for fewer, or in several films",
        )
    if any(a >= b for a, b in pairwise(places)):
        raise UsageError("two keys fall on the same frame", "give them more time, or a higher --fps")
    sources = [
        Source(gap, float(Fraction(k, end - start)))
        for gap, (start, end) in enumerate(pairwise(places))
        for k in range(end - start)
    ]
    if not loop:
        sources.append(Source(len(places) - 2, 1.0))
    return Timeline(rate, tuple(place / rate for place in places), tuple(sources))


def spread(key_count: int, count: int, loop: bool = False) -> list[int]:
    """Frame numbers of keys spread evenly over `count` frames, each snapped to the nearest frame.

    Raises:
        WordsRefused: fewer frames than keys.
    """
    if count < key_count:
        raise UsageError(
            f"{count} frames are too few for {key_count} keys",
            "ask for a longer --duration or a higher --fps",
        )
    gaps, last = (key_count, count) if loop else (key_count - 1, count - 1)
    return [round_half_up(Fraction(i * last, gaps)) for i in range(gaps + 1)]


def round_half_up(value: Fraction) -> int:
    """The nearest whole number, halves upwards."""
    return (value + Fraction(1, 2)).__floor__()


def without_keys(timeline: Timeline) -> Timeline:
    """The in-betweens alone; call it before `eased`, which may hold a key's picture elsewhere."""
    return replace(timeline, sources=tuple(s for s in timeline.sources if 0 < s.t < 1))


def eased(timeline: Timeline, easing: Callable[[float], float]) -> Timeline:
    """Every frame's time bent inside its gap; keys stay where they are, and no time goes beyond one.

    Raises:
        WordsRefused: the easing runs backwards inside the gap.
    """
    return _bent(timeline, (easing(s.t) if 0 < s.t < 1 else s.t for s in timeline.sources))


def with_times(timeline: Timeline, times: Sequence[float], name: str) -> Timeline:
    """The in-betweens of every gap at the times listed.

    Raises:
        WordsRefused: a gap has more or fewer in-betweens than there are times.
    """
    listed: list[float] = []
    for _, run in groupby(timeline.sources, key=lambda source: source.gap):
        before = list(run)
        inner = sum(0 < source.t < 1 for source in before)
        if inner != len(times):
            raise UsageError(
                f"{name} has {len(times)} times, but a gap has {inner} in-betweens",
                f"ask for -n {len(times)}, or leave -n, --fps and --duration out",
            )
        rest = iter(times)
        listed += [next(rest) if 0 < source.t < 1 else source.t for source in before]
    return _bent(timeline, listed)


def _bent(timeline: Timeline, times: Iterable[float]) -> Timeline:
    sources, before = [], Source(-1, 0.0)
    for (gap, _), t in zip(timeline.sources, times, strict=True):
        t = 0.0 if t < EXACT else 1.0 if t > 1 - EXACT else t
        if gap == before.gap and t < before.t:
            raise UsageError("this easing runs backwards between its ends", "take one that only goes forwards")
        before = Source(gap, t)
        sources.append(before)
    return replace(timeline, sources=tuple(sources))


# ------------------------------------------------------------------ easings


def cubic_bezier(x1: float, y1: float, x2: float, y2: float) -> Callable[[float], float]:
    """The timing curve of CSS: (0, 0), (x1, y1), (x2, y2), (1, 1); x1 and x2 in [0, 1]."""

    def at(p: float, q: float, s: float) -> float:
        return 3 * (1 - s) ** 2 * s * p + 3 * (1 - s) * s**2 * q + s**3

    def ease(t: float) -> float:
        low, high = 0.0, 1.0
        # x grows with s, so halving finds it; 60 halvings exhaust a double.
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if at(x1, x2, middle) < t else (low, middle)
        return at(y1, y2, (low + high) / 2)

    return ease


EASINGS: dict[str, Callable[[float], float]] = {
    "linear": lambda t: t,
    "ease-in": cubic_bezier(0.42, 0, 1, 1),
    "ease-out": cubic_bezier(0, 0, 0.58, 1),
    "ease-in-out": cubic_bezier(0.42, 0, 0.58, 1),
}


def parse_easing(text: str) -> Callable[[float], float]:
    """A name of `EASINGS`, `cubic-bezier(a,b,c,d)` or `steps(n)`: a function of [0, 1].

    `steps(n)` holds n pictures per gap, the first of them the start key, like CSS's jump-end.

    Raises:
        UnknownName, WordsRefused: no such easing, or the wrong numbers for it.
    """
    if text in EASINGS:
        return EASINGS[text]
    call = re.fullmatch(r"\s*(cubic-bezier|steps)\s*\(([^()]*)\)\s*", text)
    if call is None:
        raise UnknownName("easing", text, [*EASINGS, "cubic-bezier(a,b,c,d)", "steps(n)"])
    name, words = call[1], [word.strip() for word in call[2].split(",")]
    if name == "steps":
        if len(words) != 1 or not re.fullmatch(r"\d{1,9}", words[0]) or not 1 <= int(words[0]) <= MOST_FRAMES:
            raise UsageError(f"`{text}` needs one whole number from 1 on", "write it as steps(4)")
        count = int(words[0])
        # A time that is a step's own beginning must not fall below it by rounding.
        return lambda t: int(t * count + EXACT) / count
    try:
        x1, y1, x2, y2 = (float(word) for word in words)
    except ValueError:
        raise UsageError(f"`{text}` needs four numbers", "write it as cubic-bezier(0.42,0,0.58,1)") from None
    if not (0 <= x1 <= 1 and 0 <= x2 <= 1 and abs(y1) <= 100 and abs(y2) <= 100):
        raise UsageError(
            f"in `{text}` the first and third number must be from 0 to 1",
            "they are times; see CSS's cubic-bezier",
        )
    return cubic_bezier(x1, y1, x2, y2)


def parse_times(text: str, name: str) -> tuple[float, ...]:
    """The numbers of a file of times: one per in-between, in [0, 1], ascending, by white space or commas.

    Lines that begin with `#` are remarks.

    Raises:
        WordsRefused: something else in it.
    """
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    words = re.split(r"[\s,;]+", " ".join(lines).strip())
    try:
        times = tuple(float(word) for word in words)
    except ValueError:
        raise UsageError(f"{name} is no file of times", "one number from 0 to 1 per in-between picture") from None
    if not all(0 <= t <= 1 for t in times) or any(a > b for a, b in pairwise(times)):
        raise UsageError(f"the times in {name} must ascend from 0 to 1", "one number per in-between picture")
    return times
