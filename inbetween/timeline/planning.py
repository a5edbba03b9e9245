"""The timeline that a request for frames between keys asks for: counts, rate, and times."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from fractions import Fraction

from inbetween.errors import InbetweenError, UnknownName, UsageError
from inbetween.request import RunRequest
from inbetween.small_files import read_small
from inbetween.timeline import grid
from inbetween.timeline.easing import parse_easing, parse_times
from inbetween.timeline.grid import DEFAULT_FRAMES, DEFAULT_RATE, MOST_FRAMES, Timeline
from inbetween.timeline.text import FASTEST_RATE, SLOWEST_RATE, parse_rate, parse_time

Notes = list[tuple[str, str]]
"""(code, text) of what was decided on the way."""


def timeline_of(request: RunRequest) -> tuple[Timeline, str | tuple[float, ...], Notes]:
    """The timeline of a request, its easing with a file of times read, and notes.

    Raises:
        UsageError: counts, rates and times that make no sense together.
        UnknownName: no such easing.
        InbetweenError: a file of times that cannot be read.
    """
    ease, easing = _easing(request.easing)
    frames = request.frames
    if frames is not None and not 0 <= frames <= MOST_FRAMES:
        raise UsageError(f"-n must be from 0 to {MOST_FRAMES}, not {frames}", "it counts the frames between two keys")
    if isinstance(easing, tuple) and frames is None and request.duration is None and request.at is None:
        frames = len(easing)
    line, notes = _with_keys(request, frames)
    if request.keyframes == "none":
        line = grid.without_keys(line)
        if not line.sources and frames == 0:
            raise UsageError("-n 0 and --keyframes none leave nothing to make", "ask for 1 or more: -n 1")
        if not line.sources:
            raise UsageError(
                "no frames lie between the keys, and --keyframes none leaves the keys out",
                "leave --keyframes none out, or give the film more time or a higher --fps",
            )
    if isinstance(easing, tuple):
        given = "the file of times" if isinstance(request.easing, str) else "the list of times"
        line = grid.with_times(line, easing, given)
    elif ease is not None:
        line = grid.eased(line, ease)
    return line, easing, notes


def shown_count(frames: int, ping_pong: bool) -> int:
    """Frames of a film of which so many are made: there and back shows all but both ends twice."""
    return max(1, 2 * frames - 2) if ping_pong else frames


def _easing(
    easing: str | tuple[float, ...],
) -> tuple[Callable[[float], float] | None, str | tuple[float, ...]]:
    """The function, None for times and for "linear"; and the easing, a file's name replaced by its times."""
    if not isinstance(easing, str):
        if not easing:
            raise UsageError("the list of times is empty", "give one number from 0 to 1 per frame between two keys")
        return None, parse_times(" ".join(map(repr, easing)), "the list of times")
    try:
        ease = parse_easing(easing)
    except UnknownName:
        # Not Path.exists: it fails where the text is too long for a name.
        if not os.path.exists(easing):
            raise
        data = read_small(easing, "easing")
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise InbetweenError(
                f"the easing {easing} cannot be read: it is not text", "give a text file of times", "input_unreadable"
            ) from None
        return None, parse_times(text, easing)
    return (None if easing == "linear" else ease), easing


def _with_keys(request: RunRequest, frames: int | None) -> tuple[Timeline, Notes]:
    """The timeline with all its keys, at even times; `frames` between two keys if their number is known."""
    rate = DEFAULT_RATE if request.fps is None else parse_rate(request.fps)
    keys, loop = len(request.keys), request.loop
    if request.at is not None:
        if frames is not None or request.duration is not None:
            raise UsageError("--at excludes -n and --duration", "the keys' times and --fps decide the count")
        return _at(request.at, keys, rate, loop)
    if request.duration is None:
        return grid.even_timeline(keys, DEFAULT_FRAMES if frames is None else frames, rate, loop), []
    if frames is not None and request.fps is not None:
        raise UsageError("-n, --fps and --duration are one too many", "any two of them decide the third")
    duration = parse_time(request.duration, rate)
    if duration <= 0:
        raise UsageError(f"--duration {request.duration} leaves no time", "write it as 2s or 500ms")
    if frames is None:
        return _spread(request, grid.round_half_up(duration * rate), rate)
    line = grid.even_timeline(keys, frames, rate, loop)
    shown = shown_count(
        len((grid.without_keys(line) if request.keyframes == "none" else line).sources), request.ping_pong
    )
    rate = (shown / duration).limit_denominator(1_000_000)
    if not SLOWEST_RATE <= rate <= FASTEST_RATE:
        raise UsageError(
            f"{shown} frames in {request.duration} are {float(rate):g} a second", "take a rate from 0.001 to 1000"
        )
    return grid.even_timeline(keys, frames, rate, loop), []


def _spread(request: RunRequest, count: int, rate: Fraction) -> tuple[Timeline, Notes]:
    """Keys spread evenly over a film that shows `count` frames."""
    keys, notes = len(request.keys), []
    if request.ping_pong:
        if count % 2:
            count += 1
            notes.append(("count", f"there and back makes an even count: {count} frames"))
        count = count // 2 + 1
    places = grid.spread_keys(keys, count, request.loop)
    if len({b - a for a, b in itertools.pairwise(places)}) > 1:
        notes.append(("snapped", f"the keys are snapped to frames {', '.join(map(str, places[:keys]))}"))
    return grid.timeline_of(places, rate, request.loop), notes


def _at(text: str, keys: int, rate: Fraction, loop: bool) -> tuple[Timeline, Notes]:
    """Keys at the times of `--at`, each snapped to the nearest frame."""
    times = [parse_time(word, rate) for word in text.split(",")]
    wanted = keys + 1 if loop else keys
    if len(times) != wanted:
        more = "; a loop's last time is the return to the first key" if loop else ""
        raise UsageError(f"--at has {len(times)} times, {wanted} are needed", f"one time per key{more}")
    if any(a >= b for a, b in itertools.pairwise(times)):
        raise UsageError("the times of --at must ascend", "write them as 0,1.5s,72f")
    exact = [(time - times[0]) * rate for time in times]
    places = [grid.round_half_up(place) for place in exact]
    notes = [
        ("snapped", f"key {i + 1} at {float(place / rate):g} s is snapped to frame {snapped}")
        for i, (place, snapped) in enumerate(zip(exact, places, strict=True))
        if place != snapped
    ]
    return grid.timeline_of(places, rate, loop), notes
