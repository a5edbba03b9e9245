"""Which frames of a clip are keys: where it is cut, which drawings are shown twice, and where it stands still."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise
from math import gcd
from pathlib import Path
from statistics import median_low
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from inbetween.errors import InbetweenError, UsageError
from inbetween.timeline.text import parse_time
from inbetween.types import Picture, Report

Seen: TypeAlias = "tuple[Fraction, Picture, Small]"
"""A frame of the clip: seconds since the clip's start, the frame, and the frame made small."""
Cut: TypeAlias = Callable[["Seen", "Seen"], bool]
"""(frame, next frame) -> whether the clip is cut between them."""

if TYPE_CHECKING:
    from inbetween.dense.cuts import Small

MOST_SHOWN = 4
"""Times that a drawing is shown at most: what stands for longer is meant to stand."""
AROUND, CYCLE = 10, 5
"""Pictures each way in which a cycle of repeats must be steady, and drawings in one at most: films of 24 pictures in 30
repeat every fourth, in 60 they are shown for 2, 3, 2, 3."""
FIELD, ROUNDED = Fraction(1001, 60000), Fraction(3, 2000)
"""Seconds of a field, and by how much time stamps are rounded at most."""
BLOCK = 5
"""Pixels of the small picture, each way, over which differences are averaged."""
SAME, NOISY, CHANGED, TIMES = 8.0, 24.0, 2.0, 3.0
"""Grey levels, in the block that differs most. What differs from the picture before by no more than the first may be
that drawing again; by no more than the second if its drawing differed `TIMES` as much from the one before. It is if
what comes before and after differs by more than the third, and `TIMES` as much as the noise between equal ones. Of 13
clips on twos, coded at x264's crf 20, 28 and 34, 100, 98 and 80 percent of the repeats are found, and none in clips
that have none, where the largest such ratio is 2.4."""
PAUSE = Fraction(1, 2)
"""Seconds for which a picture stands before it is a pause: then it stands, and moves in the last moment."""


@dataclass(frozen=True, eq=False)
class Key:
    """A frame of the clip that the film goes through."""

    time: Fraction
    """Seconds since the clip's start; of a drawing shown several times when it appears, or would in an even film."""
    picture: Picture
    joined: bool
    """It goes on what the key before shows; False after a cut, and for the first one."""
    shown: int = 1
    """Pictures of the clip that show it."""


@dataclass
class Findings:
    """What was found in a clip. All times are seconds since its start; what two segments have seen counts once."""

    cuts: set[Fraction] = field(default_factory=set)
    """The times of the first frames after a cut."""
    repeats: set[Fraction] = field(default_factory=set)
    """The times of frames that only repeat the drawing before."""
    pauses: set[Fraction] = field(default_factory=set)
    """The times at which pauses end."""

    def within(self, duration: Fraction) -> Findings:
        """Only what is in the clip: frames beyond its end are looked at too."""
        kept = ({time for time in times if 0 < time < duration} for times in (self.cuts, self.repeats, self.pauses))
        return Findings(*kept)


def keys(
    pictures: Iterable[tuple[Fraction, Picture]],
    cut: Cut,
    retimed: bool,
    usual: Fraction | None,
    findings: Findings,
) -> Iterator[Key]:
    """The keys among the pictures of a clip, in order; few pictures are held.

    retimed: a drawing that is shown up to `MOST_SHOWN` times is one key; see `_evened`. usual: seconds between
    pictures; a picture that stands for `PAUSE` or longer is a key once more when it ends. None: nothing is a pause.
    """
    drawings = _drawings(pictures, findings) if retimed else ((_seen(one), 1) for one in pictures)
    found = _joined(drawings, cut, usual, findings)
    return _evened(found) if retimed else found


def _joined(
    drawings: Iterable[tuple[Seen, int]], cut: Cut, usual: Fraction | None, findings: Findings
) -> Iterator[Key]:
    before: Seen | None = None
    for now, shown in drawings:
        time, picture, _ = now
        if before is None:
            before = now
            yield Key(time, picture, False, shown)
            continue
        if usual is not None and time - before[0] > max(PAUSE, 4 * usual):
            findings.pauses.add(time)
            before = time - usual, *before[1:]
            yield Key(*before[:2], True)
        joined = not cut(before, now)
        if not joined:
            findings.cuts.add(time)
        before = now
        yield Key(time, picture, joined, shown)


def _seen(one: tuple[Fraction, Picture]) -> Seen:
    from inbetween.dense.cuts import reduced

    return *one, reduced(one[1])


# ------------------------------------------------------------------ drawings shown twice


def _drawings(pictures: Iterable[tuple[Fraction, Picture]], findings: Findings) -> Iterator[tuple[Seen, int]]:
    """Without the pictures that only repeat one; how many show each. What a run is depends on few pictures around."""
    run: list[Seen] = []
    noise, appeared, like = 0.0, np.inf, SAME
    for now in map(_seen, pictures):
        change = differ(run[-1][2], now[2]) if run else np.inf
        if change <= like:
            run.append(now)
            noise = max(noise, change)
            if len(run) > MOST_SHOWN:
                # It stands: all of it is kept.
                yield from ((one, 1) for one in run[:-1])
                run, appeared, like = run[-1:], 0.0, SAME
            continue
        yield from _one(run, noise, min(appeared, change), findings)
        if run:
            like = max(SAME, min(change / TIMES, NOISY))
        run, noise, appeared = [now], 0.0, change
    yield from _one(run, noise, appeared, findings)


def _one(run: list[Seen], noise: float, change: float, findings: Findings) -> list[tuple[Seen, int]]:
    """The first of a run of like frames and how many there are, if the drawings before and after differ clearly; else
    all of them, each by itself."""
    if len(run) > 1 and change >= max(CHANGED, TIMES * noise):
        findings.repeats.update(time for time, _, _ in run[1:])
        return [(run[0], len(run))]
    return [(one, 1) for one in run]


def _evened(found: Iterable[Key]) -> Iterator[Key]:
    """Where drawings repeat in a steady cycle (telecine) at even times, as in the film that was brought to another
    rate. What a time is depends on `AROUND` pictures each way, in the shot; the first of a shot stays.
    """
    waiting: deque[Key] = deque()
    past: list[tuple[Fraction, int]] = []

    def first() -> Key:
        shot = [*past, *((key.time, key.shown) for key in waiting)]
        key = waiting.popleft()
        time = _even(shot, len(past)) if past else key.time
        past.append((key.time, key.shown))
        while sum(shown for _, shown in past[1:]) >= AROUND:
            del past[0]
        return replace(key, time=time)

    for key in found:
        if not key.joined:
            while waiting:
                yield first()
            past.clear()
        waiting.append(key)
        while sum(key.shown for key in waiting) - key.shown >= AROUND:
            yield first()
    while waiting:
        yield first()


def _even(shot: Sequence[tuple[Fraction, int]], place: int) -> Fraction:
    """When the drawing at that place is shown in an even film; shot: when each appears, and pictures that show it."""
    times, lengths, unit, exact = _shown(shot)
    for period in range(1, CYCLE + 1):
        if 2 * period < len(lengths) and _repeats(lengths, period):
            step = unit * sum(lengths[:period]) / period
            even = [time - (number - place) * step for number, time in enumerate(times[:period])]
            # Even times that were rounded to pictures differ by no more from their own.
            if max(even) - min(even) <= unit * gcd(*lengths):
                # What is even from the clip's beginning on is met by a film of that rate. Else one of the cycle has the
                # very time that it had: own pictures are met.
                begun = -(-min(even) // step) * step
                return begun if exact and begun <= max(even) else median_low(even)
            break
    return shot[place][0]


def _repeats(lengths: Sequence[int], period: int) -> bool:
    """The end of a clip may cut the last one short."""
    return lengths[period:-1] == lengths[: -period - 1] and lengths[-1] <= lengths[-period - 1]


def _shown(shot: Sequence[tuple[Fraction, int]]) -> tuple[list[Fraction], list[int], Fraction, bool]:
    """When drawings appear, for how many units each is shown, the seconds of a unit, and whether it is known exactly: a
    picture of the clip; or, where time stamps say that each is shown for two or three fields of video (DVDs of films
    have it so), a field. For no units where something is missing."""
    times, lengths = [time for time, _ in shot], [shown for _, shown in shot]
    unit = (times[1] - times[0]) / lengths[0]
    if all(end - start == shown * unit for start, end, shown in zip(times, times[1:], lengths, strict=False)):
        return times, lengths, unit, True
    fields = [round((time - times[0]) / FIELD) for time in times]
    lengths = [end - start for start, end in pairwise(fields)]
    if set(lengths) == {2, 3}:
        mean = (times[-1] - times[0]) / fields[-1]
        # By the clip's beginning, where time stamps are only rounded.
        for start, unit in ((round(times[0] / FIELD) * FIELD, FIELD), (times[0], mean)):
            exact = [start + field * unit for field in fields]
            if all(abs(a - b) <= ROUNDED for a, b in zip(times, exact, strict=True)):
                return exact, lengths, unit, unit == FIELD
    return times, [], unit, True


def differ(a: Small, b: Small) -> float:
    """Grey levels, where two small pictures differ most; noise is averaged out, a mouth that opens is not."""
    import cv2

    return float(np.max(np.abs(cv2.blur(a - b, (BLOCK, BLOCK)))))


# ------------------------------------------------------------------ cuts


def cut_by_content(before: Seen, now: Seen) -> bool:
    """Whether two neighbours are of two shots."""
    from inbetween.dense.cuts import same_shot

    return not same_shot(before[2], now[2])


def never_cut(before: Seen, now: Seen) -> bool:
    """Whether there is a cut: never."""
    return False


def cut_at(times: Iterable[Fraction]) -> Cut:
    """A function that cuts at these times, each at the nearest frame."""
    known = sorted(times)

    def cut(before: Seen, now: Seen) -> bool:
        # Half a picture early or late is the same picture.
        half = (now[0] - before[0]) / 2
        place = bisect_left(known, now[0] - half)
        return place < len(known) and known[place] < now[0] + half

    return cut


def read_cuts(path: Path, rate: Fraction) -> list[Fraction]:
    """Times from a file: seconds of the clip by white space or commas, as `--dry-run` prints them. Lines that begin
    with `#` are remarks.

    Raises:
        InbetweenError: it cannot be read.
        UsageError: something in it is no time.
    """
    try:
        # Editors on Windows begin a text with a mark.
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        hint = "give a text file of times, or --cuts auto or off"
        raise InbetweenError(f"the list of cuts {path} cannot be read: {why}", hint) from None
    words = re.split(r"[\s,;]+", " ".join(line for line in lines if not line.lstrip().startswith("#")))
    try:
        return [parse_time(word, rate) for word in words if word]
    except UsageError as error:
        raise UsageError(f"{path} is no list of cuts: {error.message}", error.hint) from None


def report_findings(findings: Findings, since: Fraction, report: Report) -> None:
    """Report in notes what was found; `since` is added to its times."""
    if findings.cuts:
        times = [f"{float(time + since):.2f}" for time in sorted(findings.cuts)]
        some = ", ".join(times if len(times) <= 8 else [*times[:8], "…"])
        what = "1 cut" if len(times) == 1 else f"{len(times)} cuts"
        report.note("cuts", f"{what}, never morphed: at {some} s", cuts=len(times))
    if findings.repeats:
        what = f"{len(findings.repeats)} pictures only repeat a drawing"
        text = f"{what}: it moves over the time of all; --repeats keep holds it"
        report.note("repeats", text, repeats=len(findings.repeats))
    if findings.pauses:
        text = f"{len(findings.pauses)} pictures stand for {float(PAUSE):g} s or longer: they stand in the film too"
        report.note("pauses", text, pauses=len(findings.pauses))
