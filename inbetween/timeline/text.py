"""Numbers, frame rates and times as people write them, as exact fractions."""

from __future__ import annotations

import re
from fractions import Fraction

from inbetween.errors import UsageError

MOST_CHARACTERS = 100
"""Most characters accepted in a number; longer text is refused before it is parsed."""
SLOWEST_RATE, FASTEST_RATE = Fraction(1, 1000), Fraction(1000)
"""The least and the largest frame rate, in frames per second."""
UNITS = {
    "s": ("s", "sec", "secs", "second", "seconds"),
    "ms": ("ms", "msec", "msecs", "millisecond", "milliseconds"),
    "min": ("min", "mins", "minute", "minutes"),
    "f": ("f", "frame", "frames"),
}
"""The units of times, and how people write them."""
NTSC = {"23.976": 24, "23.98": 24, "29.97": 30, "47.952": 48, "59.94": 60, "119.88": 120}
"""Rates that people write rounded, and the n of the exact rate n * 1000/1001."""


def parse_number(text: str) -> Fraction:
    """Exactly the number that is written: `2.5`, `5/2` or `1e-3`.

    Raises:
        ValueError: it is not a number, or one that would take for ever to write out, as 1e999999999.
        ZeroDivisionError: it is a fraction with 0 below.
    """
    if len(text) > MOST_CHARACTERS or re.search(r"e[+-]?[\d_]{4}", text.lower()):
        raise ValueError(text)
    return Fraction(text)


def parse_rate(text: str) -> Fraction:
    """Frames per second, from `25`, `24000/1001` or `23.976`; `fps` may follow.

    Raises:
        UsageError: it is not a number, or not from 0.001 to 1000.
    """
    number = re.sub(r"\s*fps\s*$", "", text, flags=re.IGNORECASE)
    try:
        rate = Fraction(NTSC[number] * 1000, 1001) if number in NTSC else parse_number(number)
    except (ValueError, ZeroDivisionError):
        raise UsageError(f"`{text}` is not a frame rate", "write it as 25, 23.976 or 24000/1001") from None
    if not SLOWEST_RATE <= rate <= FASTEST_RATE or rate.denominator > 1_000_000:
        raise UsageError(
            f"the frame rate must be between 0.001 and 1000, not {text}", "common rates are 24, 25, 30 and 60"
        )
    return rate


def parse_time(text: str, rate: Fraction) -> Fraction:
    """Seconds, from `1.5`, `1.5s`, `500ms`, `0:01.5`, `1:00:01.5`, or `36f` (frames at `rate`). The units may be
    written out, as in `2 sec`, `2 seconds`, `1min` or `36 frames`.

    Raises:
        UsageError: it is not a time.
    """
    minutes, seconds = Fraction(0), text.strip()
    scale = Fraction(1)
    if clock := re.fullmatch(r"(?:(\d{1,9}):(?=\d{1,2}:))?(\d{1,9}):(\d{1,2}(?:\.\d+)?)", seconds):
        minutes, seconds = Fraction(int(clock[1] or 0) * 3600 + int(clock[2]) * 60), clock[3]
    elif unit := re.search(r"\s*([a-z]+)$", seconds, re.IGNORECASE):
        name = next((name for name, words in UNITS.items() if unit[1].lower() in words), None)
        # An unknown unit stays where it is, and is refused below.
        seconds = seconds if name is None else seconds[: unit.start()]
        scale = {"s": Fraction(1), "ms": Fraction(1, 1000), "min": Fraction(60)}.get(name or "s", 1 / rate)
    if len(text) > MOST_CHARACTERS or not re.fullmatch(r"\d+(\.\d*)?|\.\d+", seconds):
        raise UsageError(f"`{text}` is not a time", "write it as 1.5s, 500ms, 0:01.5 or 36f")
    return minutes + Fraction(seconds) * scale
