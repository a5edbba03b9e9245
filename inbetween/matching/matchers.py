"""The matchers by name. Each is imported on use: most need networks, the default one does not.

A new matcher is one function here and one entry in the table.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from inbetween.errors import UnknownName
from inbetween.types import Matches, Picture, Settings

LEAST_POINTS, LEAST_LINES = 15, 10
"""With fewer points or fewer lines than these, two pictures may have nothing in common: so look the matches of scene
cuts."""

Matcher = Callable[[Picture, Picture, Path | None, Settings], Matches]
"""Called with the start and the end picture, of one size (H, W, C), the folder of weights (None for the usual one), and
settings."""


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
"""The matcher that is used where none is named."""
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
        UnknownName: there is no such matcher.
    """
    if name not in MATCHERS:
        raise UnknownName("matcher", name, MATCHERS)
    return MATCHERS[name]


def enough(matches: Matches) -> str | None:
    """None, or a message for the user where too little was found to rely on: an empty condition is never used
    silently."""
    points, lines = len(matches.points_a), len(matches.lines_a)
    if points >= LEAST_POINTS and lines >= LEAST_LINES:
        return None
    needed = f"{LEAST_POINTS} and {LEAST_LINES} are needed"
    return f"only {points} points and {lines} lines were found in both pictures, {needed}"
