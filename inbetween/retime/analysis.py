"""Finds the keys among the frames of a clip: where it is cut, which drawings repeat, and where it stands still."""

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
from inbetween.small_files import read_small
from inbetween.timeline.text import parse_time
from inbetween.types import Picture, Report

Seen: TypeAlias = "tuple[Fraction, Picture, Small]"
"""A frame of the clip: the time in seconds since the clip's start, the frame, and a small copy of it."""
Cut: TypeAlias = Callable[["Seen", "Seen"], bool]
"""(frame, next frame) -> whether the clip is cut between them."""

if TYPE_CHECKING:
    from inbetween.dense.cuts import Small

MOST_SHOWN = 4
"""The most frames for which a drawing counts as repeated: one that is shown for longer is meant to stand still."""
AROUND, CYCLE = 10, 5
"""The frames before and after a drawing in which a cycle of repeats must be steady, and the most drawings in a cycle.
A film of 24 frames per second repeats every fourth drawing in a video of 30; in one of 60 drawings are shown for 2, 3,
2, 3 frames. The first is chosen by eye."""
FIELD, ROUNDED = Fraction(1001, 60000), Fraction(3, 2000)
"""The duration of a field of NTSC video in seconds, and the largest error in seconds of rounded time stamps: files of
Matroska round to milliseconds. The second is chosen by eye."""
BLOCK = 5
"""The side, in pixels of the small copies, of the blocks over which differences are averaged. Chosen by eye."""
SAME, NOISY, CHANGED, TIMES = 8.0, 24.0, 2.0, 3.0
"""Differences between frames in grey levels, in the block that differs most, and a factor.

A frame may repeat the drawing before it if it differs from it by at most `SAME`; or by at most `NOISY`, where that
drawing differs `TIMES` as much from the one before it. It does repeat it if the drawings before and after the run of
such frames differ from the run by at least `CHANGED`, and by `TIMES` the noise between the frames of the run. Measured
on 13 clips on twos, coded by x264 at crf 20, 28 and 34: 100, 98 and 80 percent of the repeats are found, and none in
clips that have none, where the largest such ratio is 2.4."""
PAUSE = Fraction(1, 2)
"""The seconds for which a frame must be shown to count as a pause. In a pause the film stands still too, and moves only
in its last moment. Chosen by eye."""


@dataclass(frozen=True, eq=False)
class Key:
    """A frame of the clip that the film goes through."""

    time: Fraction
    """The time in seconds since the clip's start. A drawing that is shown several times has the time at which it
    appears, or would appear in a film with even times."""
    picture: Picture
    """The frame."""
    joined: bool
    """Whether it continues the shot of the key before it; False after a cut, and for the first key."""
    shown: int = 1
    """The number of frames of the clip that show it."""


@dataclass
class Findings:
    """The cuts, repeats and pauses of a clip, as times in seconds since its start. They are sets, because neighbouring
    segments of the film find some of them twice."""

    cuts: set[Fraction] = field(default_factory=set)
    """The times of the first frames after a cut."""
    repeats: set[Fraction] = field(default_factory=set)
    """The times of frames that only repeat the drawing before."""
    pauses: set[Fraction] = field(default_factory=set)
    """The times at which pauses end."""

    def within(self, duration: Fraction) -> Findings:
        """The findings before `duration`, the end of the part that is used: the search looks beyond it too."""
        kept = ({time for time in times if 0 < time < duration} for times in (self.cuts, self.repeats, self.pauses))
        return Findings(*kept)


def keys(
    pictures: Iterable[tuple[Fraction, Picture]],
    cut: Cut,
    retimed: bool,
    usual: Fraction | None,
    findings: Findings,
) -> Iterator[Key]:
    """Yield the keys among the frames of a clip, in order. Only few frames are held in memory.

    Args:
        pictures: (time in seconds, frame) of the clip.
        cut: decides whether the clip is cut between two frames.
        retimed: whether a drawing that is shown up to `MOST_SHOWN` times becomes one key; see also `_evened`.
        usual: seconds between frames. A frame that is shown for `PAUSE` or longer becomes a key once more just before
            the next frame. None: there are no pauses.
        findings: cuts, repeats and pauses are added to it.
    """
    drawings = _drawings(pictures, findings) if retimed else ((_seen(one), 1) for one in pictures)
    found = _joined(drawings, cut, usual, findings)
    return _evened(found) if retimed else found


def _joined(
    drawings: Iterable[tuple[Seen, int]], cut: Cut, usual: Fraction | None, findings: Findings
) -> Iterator[Key]:
    """The keys of drawings: each is joined to the one before it unless the clip is cut there; a pause has two keys."""
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


def _seen(timed: tuple[Fraction, Picture]) -> Seen:
    """A frame at its time, with its small copy."""
    from inbetween.dense.cuts import reduced

    return *timed, reduced(timed[1])


# ------------------------------------------------------------------ drawings shown twice


def _drawings(pictures: Iterable[tuple[Fraction, Picture]], findings: Findings) -> Iterator[tuple[Seen, int]]:
    """The drawings of a clip, each with the number of frames that show it: frames that only repeat are left out.

    Whether a frame repeats depends only on few frames around it, so that segments find the same repeats.
    """
    run: list[Seen] = []
    noise, appeared, like = 0.0, np.inf, SAME
    for now in map(_seen, pictures):
        change = differ(run[-1][2], now[2]) if run else np.inf
        if change <= like:
            run.append(now)
            noise = max(noise, change)
            if len(run) > MOST_SHOWN:
                # The drawing is meant to stand still, so every frame is a key.
                yield from ((one, 1) for one in run[:-1])
                run, appeared, like = run[-1:], 0.0, SAME
            continue
        yield from _drawings_of_run(run, noise, min(appeared, change), findings)
        if run:
            like = max(SAME, min(change / TIMES, NOISY))
        run, noise, appeared = [now], 0.0, change
    yield from _drawings_of_run(run, noise, appeared, findings)


def _drawings_of_run(run: list[Seen], noise: float, change: float, findings: Findings) -> list[tuple[Seen, int]]:
    """The drawings in a run of similar frames, each with the number of frames that show it.

    It is one drawing if those before and after the run are clearly different; else every frame is one by itself.

    Args:
        run: the frames.
        noise: the largest difference between two of them, in grey levels.
        change: the smaller of the differences to the drawings before and after the run, in grey levels.
        findings: repeats are added to it.
    """
    if len(run) > 1 and change >= max(CHANGED, TIMES * noise):
        findings.repeats.update(time for time, _, _ in run[1:])
        return [(run[0], len(run))]
    return [(one, 1) for one in run]


def _evened(found: Iterable[Key]) -> Iterator[Key]:
    """The keys at even times where drawings repeat in a steady cycle (telecine): the times that they had in the film
    which was brought to another rate.

    The time of a key depends on `AROUND` frames before and after it in the same shot. The first key of a shot keeps
    its time.
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
    """The time in seconds of a drawing in the film with even times; its own time if there is no steady cycle.

    Args:
        shot: (time at which it appears, number of frames that show it) of the drawings around it.
        place: the index of the drawing in `shot`.
    """
    times, lengths, unit, exact = _shown(shot)
    for period in range(1, CYCLE + 1):
        if 2 * period < len(lengths) and _repeats(lengths, period):
            step = unit * sum(lengths[:period]) / period
            even = [time - (number - place) * step for number, time in enumerate(times[:period])]
            # Even times that were rounded to whole frames differ from the real ones by at most that.
            if max(even) - min(even) <= unit * gcd(*lengths):
                # Times that are even from the clip's beginning on fall on the frames of a film of that rate. Otherwise
                # one drawing of the cycle keeps its own time, so that frames of the clip are met.
                begun = -(-min(even) // step) * step
                return begun if exact and begun <= max(even) else median_low(even)
            break
    return shot[place][0]


def _repeats(lengths: Sequence[int], period: int) -> bool:
    """Whether lengths repeat with a period; the end of the clip may cut the last one short."""
    return lengths[period:-1] == lengths[: -period - 1] and lengths[-1] <= lengths[-period - 1]


def _shown(shot: Sequence[tuple[Fraction, int]]) -> tuple[list[Fraction], list[int], Fraction, bool]:
    """How long the drawings of a shot are shown.

    The unit is a frame of the clip or, where the time stamps show that every drawing lasts two or three fields of
    video, as on DVDs of films, a field.

    Returns:
        The times in seconds at which the drawings appear; the number of units that each is shown for, empty where the
        times do not fit any unit; the seconds of a unit; and whether these are known exactly.
    """
    times, lengths = [time for time, _ in shot], [shown for _, shown in shot]
    unit = (times[1] - times[0]) / lengths[0]
    if all(end - start == shown * unit for start, end, shown in zip(times, times[1:], lengths, strict=False)):
        return times, lengths, unit, True
    fields = [round((time - times[0]) / FIELD) for time in times]
    lengths = [end - start for start, end in pairwise(fields)]
    if set(lengths) == {2, 3}:
        mean = (times[-1] - times[0]) / fields[-1]
        # First as if fields were counted from the clip's beginning, and time stamps only rounded.
        for start, unit in ((round(times[0] / FIELD) * FIELD, FIELD), (times[0], mean)):
            exact = [start + field * unit for field in fields]
            if all(abs(a - b) <= ROUNDED for a, b in zip(times, exact, strict=True)):
                return exact, lengths, unit, unit == FIELD
    return times, [], unit, True


def differ(a: Small, b: Small) -> float:
    """The difference of two small copies in grey levels, in the block where they differ most. Noise is averaged out
    over a block; a mouth that opens is not."""
    import cv2

    return float(np.max(np.abs(cv2.blur(a - b, (BLOCK, BLOCK)))))


# ------------------------------------------------------------------ cuts


def cut_by_content(before: Seen, now: Seen) -> bool:
    """Whether two neighbouring frames show different shots."""
    from inbetween.dense.cuts import same_shot

    return not same_shot(before[2], now[2])


def never_cut(before: Seen, now: Seen) -> bool:
    """Never cut: return False."""
    return False


def cut_at(times: Iterable[Fraction]) -> Cut:
    """A function that cuts at these times, each at the nearest frame."""
    known = sorted(times)

    def cut(before: Seen, now: Seen) -> bool:
        # A time that is half a frame early or late means the same frame.
        half = (now[0] - before[0]) / 2
        place = bisect_left(known, now[0] - half)
        return place < len(known) and known[place] < now[0] + half

    return cut


def read_cuts(path: Path, rate: Fraction) -> list[Fraction]:
    """Read the times of cuts, in seconds of the clip, from a file with white space or commas between them, as
    `--dry-run` prints them. Lines that begin with `#` are ignored.

    Args:
        path: the file.
        rate: the frames per second of the clip, for times such as "36f".

    Raises:
        InbetweenError: the file cannot be read.
        UsageError: something in it is not a time.
    """
    hint = "give a text file of times, or --cuts auto or off"
    if not path.exists():
        raise InbetweenError(f"there is no list of cuts {path}", hint, "input_missing")
    data = read_small(path, "list of cuts")
    try:
        # Editors on Windows begin a text with a byte order mark.
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise InbetweenError(
            f"the list of cuts {path} cannot be read: it is not text", hint, "input_unreadable"
        ) from None
    words = re.split(r"[\s,;]+", " ".join(line for line in lines if not line.lstrip().startswith("#")))
    try:
        return [parse_time(word, rate) for word in words if word]
    except UsageError as error:
        raise UsageError(f"{path} is not a list of cuts: {error.message}", error.hint) from None


def report_findings(findings: Findings, since: Fraction, report: Report) -> None:
    """Report the findings as notes. `since` is added to their times: the seconds of the clip before the part used."""
    if findings.cuts:
        times = [f"{float(time + since):.2f}" for time in sorted(findings.cuts)]
        first = ", ".join(times if len(times) <= 8 else [*times[:8], "…"])
        count = "1 cut" if len(times) == 1 else f"{len(times)} cuts"
        report.note("cuts", f"{count}, never morphed: at {first} s", cuts=len(times))
    if findings.repeats:
        count = f"{len(findings.repeats)} frames only repeat a drawing"
        text = f"{count}: its motion is spread over all of them; --repeats keep leaves them as they are"
        report.note("repeats", text, repeats=len(findings.repeats))
    if findings.pauses:
        text = f"{len(findings.pauses)} frames stand for {float(PAUSE):g} s or longer: they stand in the film too"
        report.note("pauses", text, pauses=len(findings.pauses))
