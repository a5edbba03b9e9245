"""Numbers, frame rates and times as people write them, into exact fractions."""

from __future__ import annotations

import re
from fractions import Fraction

from inbetween.errors import UsageError

MOST_CHARACTERS = 100
"""The most characters that a number may have; longer text is refused before it is parsed."""


SLOWEST_RATE, FASTEST_RATE = Fraction(1, 1000), Fraction(1000)


NTSC = {"23.976": 24, "23.98": 24, "29.97": 30, "47.952": 48, "59.94": 60, "119.88": 120}
"""Rates that people write rounded: n x 1000/1001."""


def parse_number(text: str) -> Fraction:
    """`2.5`, `5/2`, `1e-3`: exactly what is written.

    Raises:
        ValueError, ZeroDivisionError: not a number, or one that would take for ever to write out, as 1e999999999.
    """
    if len(text) > MOST_CHARACTERS or re.search(r"e[+-]?[\d_]{4}", text.lower()):
        raise ValueError(text)
    return Fraction(text)


def parse_rate(text: str) -> Fraction:
    """`25`, `24000/1001`, `23.976`: frames per second.

    Raises:
        WordsRefused: not a number, or not from 0.001 to 1000.
    """
    try:
        rate = Fraction(NTSC[text] * 1000, 1001) if text in NTSC else parse_number(text)
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
    if len(text) > MOST_CHARACTERS or not re.fullmatch(r"\d+(\.\d*)?|\.\d+", seconds):
        raise UsageError(f"`{text}` is no time", "write it as 1.5s, 500ms, 0:01.5 or 36f")
    return minutes + Fraction(seconds) * scale
