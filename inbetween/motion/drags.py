"""Drags: points that the user drew, as tracks.

A drag is a list of points in the order of time: the first says where something is in the start key, the last where it
is in the end key. Its track is a spline through them (see `tracks`), as in Framer (arXiv 2410.18978).
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from inbetween.errors import UnknownName, UsageError
from inbetween.motion.tracks import FARTHEST, Numbers, arc_length_times, equal_times
from inbetween.types import Track

NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?"
"""A decimal number, as a regular expression."""
POINT = re.compile(rf"({NUMBER})(%?),({NUMBER})(%?)", re.ASCII | re.IGNORECASE)
"""A point, with its percent signs."""
LONGEST = 60
"""Most characters of a drag that an error message repeats."""
TIMINGS = {"equal": lambda places: equal_times(len(places)), "length": arc_length_times}
"""When a drag is at its points, by name: after equal times (Framer's way), or at constant speed."""


def parse_drag(text: str, size: tuple[int, int], *, timing: str = "equal") -> tuple[int | None, Track]:
    """The number of the gap that a drag is for, and its track of one point.

    A drag is written `x0,y0 x1,y1 …`, in pixels or percent. `50%,20%` is half way from the first column's centre to the
    last one's, and a fifth of the way down. One point alone is pinned: it stays where it is. Points outside the picture
    are legal, as things come and leave. `2: x,y x,y` names a gap, counted from 1.

    Args:
        text: what the user wrote.
        size: (H, W) of the start key, in pixels.
        timing: a name in `TIMINGS`.

    Returns:
        The gap's number, None where none is named; and the track.

    Raises:
        UsageError: there is no point in it, or something that is not a point, which the message names by its number.
        UnknownName: there is no such timing.
    """
    if timing not in TIMINGS:
        raise UnknownName("timing", timing, TIMINGS)
    head, colon, rest = text.rpartition(":")
    gap = _gap(text, head) if colon else None
    words = re.sub(r"\s*,\s*", ",", rest).split()
    if not words:
        raise UsageError(f"the drag `{_shown(text)}` has no points", 'write it as "x0,y0 x1,y1": from where to where')
    clicks = np.array([_point(text, number, word, size) for number, word in enumerate(words, 1)])
    if len(clicks) == 1:
        clicks = clicks.repeat(2, axis=0)
    return gap, spline_track(clicks, TIMINGS[timing](clicks))


def _gap(text: str, head: str) -> int:
    if not re.fullmatch(r"\s*0*[1-9]\d{0,8}\s*", head, re.ASCII):
        raise UsageError(
            f"`{_shown(head)}:` in the drag `{_shown(text)}` is not a gap",
            'write "2: x,y x,y" for the second gap; the first is 1',
        )
    return int(head)


def _point(text: str, number: int, word: str, size: tuple[int, int]) -> tuple[float, float]:
    found = POINT.fullmatch(word)
    if found is None:
        raise UsageError(
            f"point {number} of the drag `{_shown(text)}` is not a point: `{_shown(word)}`",
            "write it as x,y in pixels or percent: 120,80 or 50%,20%",
        )
    height, width = size
    x, y = (
        float(value) * (side - 1) / 100 if percent else float(value)
        for value, percent, side in ((found[1], found[2], width), (found[3], found[4], height))
    )
    if not (abs(x) <= FARTHEST and abs(y) <= FARTHEST):
        raise UsageError(
            f"point {number} of the drag `{_shown(text)}` is too far away: `{_shown(word)}`",
            f"stay within {FARTHEST:.0f} pixels of the picture",
        )
    return x, y


def _shown(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def spline_track(places: NDArray[np.float64], times: Numbers) -> Track:
    """The track of one point through places (K, 2), in pixels, at times (K,) that ascend from 0 to 1."""
    return Track("point", times, places[:, None], np.ones((len(places), 1)), path="spline")
