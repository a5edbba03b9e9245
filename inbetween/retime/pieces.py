"""From the keys of a clip and the times of the output frames to pieces of a film."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import chain

from inbetween.gaps import Piece
from inbetween.retime.analysis import Key
from inbetween.timeline.grid import EXACT
from inbetween.timeline.speed import Grid
from inbetween.types import Gap, Picture


def pieces(
    keys: Iterable[Key], grid: Grid, first: int, stop: int, rate: Fraction, at_cut: str = "hold", seed: int = 0
) -> Iterator[Piece]:
    """Yield the pieces that show the frames `first` to `stop` - 1 of the output grid.

    Args:
        keys: the keys from one at or before the time of frame `first` on. They are read once, in order, up to two
            ahead of a gap; after the last one the film stands still.
        grid: the times of the output frames.
        first: the number of the first frame.
        stop: the number after that of the last frame.
        rate: frames per second of the clip; it gives gaps their numbers.
        at_cut: what is shown up to a cut: "hold" (the key before it) or "blend" (a cross-fade of both keys).
        seed: the seed of a gap is this plus the number of the gap.
    """
    frame, time = first, grid.source(first)
    for before, start, end, after in _windows(keys):
        shows: list[float] = []
        while frame < stop and (end is None or time < end.time):
            t = 0.0 if end is None else float((time - start.time) / (end.time - start.time))
            shows.append(0.0 if t < EXACT else 1.0 if t > 1 - EXACT else t)
            frame, time = frame + 1, grid.source(frame + 1)
        if shows:
            yield _piece(before, start, end, after, shows, at_cut, seed + round(start.time * rate))
        if frame == stop:
            return


def _windows(keys: Iterable[Key]) -> Iterator[tuple[Key | None, Key, Key | None, Key | None]]:
    """Every key as the start of a gap, with the key before and the two after it."""
    before, start, end = None, None, None
    for after in chain(keys, (None, None)):
        if start is not None:
            yield before, start, end, after
        before, start, end = start, end, after


def _piece(
    before: Key | None, start: Key, end: Key | None, after: Key | None, shows: list[float], at_cut: str, number: int
) -> Piece:
    """The piece of one gap.

    Args:
        before, start, end, after: four neighbouring keys; None where there is none.
        shows: times of the output frames in the gap from `start` to `end`, 0 to 1.
        at_cut: see `pieces`.
        number: the number of the gap, which is its seed too.
    """
    times = tuple(dict.fromkeys(t for t in shows if 0 < t < 1))
    held = end is None or end.picture is start.picture or (not end.joined and at_cut == "hold")
    if held or not times or end is None:
        # Up to a cut the key before it stands; the time 1.0 is that of the key after the cut.
        return Piece("keys", None, tuple(end.picture if t == 1.0 and end else start.picture for t in shows))
    length = end.time - start.time
    gap = Gap(
        start.picture,
        end.picture,
        times,
        number,
        number,
        # Across a cut there is no neighbour.
        (before.picture, -float((start.time - before.time) / length)) if before and start.joined else None,
        (after.picture, 1 + float((after.time - end.time) / length)) if after and after.joined else None,
    )
    shown: tuple[Picture | float, ...] = tuple(start.picture if t == 0 else end.picture if t == 1 else t for t in shows)
    return Piece("engine" if end.joined else "blend", gap, shown)
