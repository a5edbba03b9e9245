"""Easing curves: from the share of a gap's time that has passed to the share of its motion that is done, both 0..1."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise

from inbetween.errors import UnknownName, UsageError
from inbetween.timeline.grid import EXACT, MOST_FRAMES


def cubic_bezier(x1: float, y1: float, x2: float, y2: float) -> Callable[[float], float]:
    """The timing curve of CSS through (0, 0), (x1, y1), (x2, y2) and (1, 1), as a function of [0, 1].

    Args:
        x1, x2: in [0, 1].
        y1, y2: any numbers; outside [0, 1] the curve may go beyond its ends.
    """

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
"""The easings with a name; the curves are those of CSS."""


def parse_easing(text: str) -> Callable[[float], float]:
    """An easing curve, as a function of [0, 1], from its name in `EASINGS`, or from `cubic-bezier(a,b,c,d)` or
    `steps(n)`.

    `steps(n)` holds n frames in each gap, the first of them the start key, like CSS's jump-end.

    Raises:
        UnknownName: there is no easing of this name.
        UsageError: the numbers of `cubic-bezier` or `steps` do not fit.
    """
    if text in EASINGS:
        return EASINGS[text]
    call = re.fullmatch(r"\s*(cubic-bezier|steps)\s*\(([^()]*)\)\s*", text)
    if call is None:
        raise UnknownName("easing", text, [*EASINGS, "cubic-bezier(a,b,c,d)", "steps(n)"])
    name, words = call[1], [word.strip() for word in call[2].split(",")]
    if name == "steps":
        if len(words) != 1 or not re.fullmatch(r"\d{1,9}", words[0]) or not 1 <= int(words[0]) <= MOST_FRAMES:
            raise UsageError(f"`{text}` needs one whole number, 1 or more", "write it as steps(4)")
        count = int(words[0])
        # The time at which a step begins must not fall below it by rounding.
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
    """The numbers of a file of times: one per in-between, in [0, 1], ascending, separated by white space, commas or
    semicolons.

    Lines that begin with `#` are comments.

    Args:
        text: the file's text.
        name: the file's name, for messages.

    Raises:
        UsageError: the text has something else in it.
    """
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    words = re.split(r"[\s,;]+", " ".join(lines).strip())
    try:
        times = tuple(float(word) for word in words)
    except ValueError:
        raise UsageError(f"{name} is not a file of times", "write one number from 0 to 1 for each in-between") from None
    if not all(0 <= t <= 1 for t in times) or any(a > b for a, b in pairwise(times)):
        raise UsageError(f"the times in {name} must ascend from 0 to 1", "write one number for each in-between")
    return times
