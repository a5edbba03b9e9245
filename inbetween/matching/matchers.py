"""The matchers by name. Each is imported on use: most need networks, the default does not.

A new one is one function here and one line in the table.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from inbetween.errors import UnknownName
from inbetween.types import Matches, Picture, Settings

LEAST_POINTS, LEAST_LINES = 15, 10
"""Fewer of both, and two pictures may have nothing to do with each other."""

Matcher = Callable[[Picture, Picture, Path | None, Settings], Matches]
"""(start, end, folder of weights or None for the usual one, settings); both pictures of one size (H, W, C)."""


def _sift(start: Picture, end: Picture, weights: Path | None, settings: Settings, model: str | None = None) -> Matches:
    from inbetween.matching.sift import match

    return match(start, end, settings.threads, model)


def _gluestick(start: Picture, end: Picture, weights: Path | None, settings: Settings) -> Matches:
    from inbetween.matching.gluestick_matcher import match

    return match(start, end, weights, settings.device)


def _learned(start: Picture, end: Picture, weights: Path | None, settings: Settings, points: str) -> Matches:
    from inbetween.matching.kornia_matchers import match

    return match(start, end, points, weights, settings)


DEFAULT = "sift"
MATCHERS: dict[str, Matcher] = {
    "sift": _sift,
    "sift-homography": partial(_sift, model="homography"),
    "sift-fundamental": partial(_sift, model="fundamental"),
    "disk": partial(_learned, points="disk"),
    "aliked": partial(_learned, points="aliked"),
    "loftr": partial(_learned, points="loftr"),
    "gluestick": _gluestick,
}


def get(name: str) -> Matcher:
    """The matcher called `name`.

    Raises:
        UnknownName: there is none.
    """
    if name not in MATCHERS:
        raise UnknownName("matcher", name, MATCHERS)
    return MATCHERS[name]


def enough(matches: Matches) -> str | None:
    """None, or what to tell the user when too little was found to rely on: an empty condition is never used silently.

    Below 15 points or 10 lines the pictures may have nothing in common (matches of a scene cut look like that).
    """
    points, lines = len(matches.points_a), len(matches.lines_a)
    if points >= LEAST_POINTS and lines >= LEAST_LINES:
        return None
    needed = f"{LEAST_POINTS} and {LEAST_LINES} are needed"
    return f"only {points} points and {lines} lines were found in both pictures, {needed}"
