"""Key frames and an output frame rate into a timeline: for every output frame its gap and its time in it.

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


DEFAULT_RATE = Fraction(25)


MOST_FRAMES = 100_000
"""Frames of one film: over an hour at 25 fps; more is taken for a slip of the finger."""


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


def even_timeline(key_count: int, frames: int, rate: Fraction, loop: bool = False) -> Timeline:
    """`frames` pictures between every two neighbouring keys; a loop also goes back to the first key."""
    gaps = key_count if loop else key_count - 1
    steps = frames + 1
    return timeline_of([i * steps for i in range(gaps + 1)], rate, loop)


def timeline_of(places: Sequence[int], rate: Fraction, loop: bool = False) -> Timeline:
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


def spread_keys(key_count: int, count: int, loop: bool = False) -> list[int]:
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
