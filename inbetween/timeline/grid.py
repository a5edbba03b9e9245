"""From key frames and an output frame rate to a timeline: for every output frame its gap and its time in it.

Pure arithmetic, exact wherever time is a fraction. The counting rules are those of the documentation: `-n` counts the
frames between two neighbouring keys, and a film's duration includes the display time of its last frame.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import groupby, pairwise
from typing import NamedTuple

from inbetween.errors import UsageError

DEFAULT_FRAMES = 23
"""Frames between two neighbouring keys where nothing is requested: with its first key a gap lasts 24 frames."""
DEFAULT_RATE = Fraction(25)
"""Frames per second where nothing is requested."""
MOST_FRAMES = 100_000
"""Most frames of one film: over an hour at 25 fps. A request for more is taken for a typing error."""
EXACT = 1e-9
"""A time closer than this to 0 or 1 is the key itself."""


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
    """Seconds at which each key is reached; with a loop, also the time at its end when the first key is reached
    again."""
    sources: tuple[Source, ...]
    """One for each output frame, in order. The way back of a ping-pong is not among them."""


def even_timeline(key_count: int, frames: int, rate: Fraction, loop: bool = False) -> Timeline:
    """The timeline with `frames` in-betweens between every two neighbouring keys; a loop also has them from the last
    key to the first.
    """
    gaps = key_count if loop else key_count - 1
    steps = frames + 1
    return timeline_of([i * steps for i in range(gaps + 1)], rate, loop)


def timeline_of(places: Sequence[int], rate: Fraction, loop: bool = False) -> Timeline:
    """The timeline with its keys at these frame numbers, which ascend from 0.

    Args:
        places: the keys' frame numbers. With a loop, the last one is the first key again, which is not shown.
        rate: frames per second.

    Raises:
        UsageError: two keys fall on one frame, or there are more frames than `MOST_FRAMES`.
    """
    count = places[-1] + (0 if loop else 1)
    if count > MOST_FRAMES:
        raise UsageError(
            f"a film of {count} frames is too long: the most are {MOST_FRAMES}",
            "ask for fewer frames, or make several films",
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


def spread_keys(key_count: int, count: int, loop: bool = False) -> list[int]:
    """The frame numbers of keys that are spread evenly over `count` frames, each rounded to the nearest frame.

    Raises:
        UsageError: there are fewer frames than keys.
    """
    if count < key_count:
        raise UsageError(
            f"{count} frames are too few for {key_count} keys",
            "ask for a longer --duration or a higher --fps",
        )
    gaps, last = (key_count, count) if loop else (key_count - 1, count - 1)
    return [round_half_up(Fraction(i * last, gaps)) for i in range(gaps + 1)]


def round_half_up(value: Fraction) -> int:
    """The nearest whole number; halves are rounded up."""
    return (value + Fraction(1, 2)).__floor__()


def without_keys(timeline: Timeline) -> Timeline:
    """The timeline with its in-betweens alone. Call it before `eased`, which may show a key's picture at other
    times."""
    return replace(timeline, sources=tuple(s for s in timeline.sources if 0 < s.t < 1))


def eased(timeline: Timeline, easing: Callable[[float], float]) -> Timeline:
    """The timeline with every frame's time bent inside its gap. Keys stay where they are, and no time goes beyond one.

    Args:
        easing: a function of [0, 1], see `parse_easing`.

    Raises:
        UsageError: the easing runs backwards inside the gap.
    """
    return _bent(timeline, (easing(s.t) if 0 < s.t < 1 else s.t for s in timeline.sources))


def with_times(timeline: Timeline, times: Sequence[float], name: str) -> Timeline:
    """The timeline with the in-betweens of every gap at the given times.

    Args:
        times: in [0, 1], ascending, for each gap the same.
        name: where they are from, for messages.

    Raises:
        UsageError: a gap has more or fewer in-betweens than there are times.
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
            raise UsageError("this easing runs backwards between its ends", "use one that only goes forwards")
        before = Source(gap, t)
        sources.append(before)
    return replace(timeline, sources=tuple(sources))
