"""What a user drew for the gaps of a film."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from inbetween.errors import UsageError
from inbetween.motion.document import read_motion, rescaled_motion
from inbetween.motion.drags import parse_drag
from inbetween.types import Motion, Report, Track

ANY_SIZE = (1, 1)
"""Stands for the start key's size where only the form of a drag is checked."""


def check_drags(drags: Sequence[str], gaps: int) -> None:
    """Check drags before any picture is opened.

    Args:
        drags: as for `parse_drag`.
        gaps: how many gaps there are.

    Raises:
        UsageError: a drag cannot be read, names no gap where there are several, or one that does not exist.
    """
    for text in drags:
        _gap_of(text, parse_drag(text, ANY_SIZE)[0], gaps)


def user_motions(
    drags: Sequence[str],
    file: str | None,
    sizes: Sequence[tuple[int, int]],
    report: Report,
    timing: str = "equal",
) -> dict[int, Motion]:
    """The drawn motion of each gap that has one, by the gap's number from 0, in pixels of its start key.

    Args:
        drags: as for `parse_drag`.
        file: of a motion for the first gap, or None.
        sizes: (H, W) of each gap's start key.
        timing: of the drags, see `parse_drag`.

    Raises:
        UsageError: see `check_drags`.
        UnknownName: there is no such timing.
        InbetweenError: see `read_motion` and `rescaled_motion`.
    """
    tracks: dict[int, list[Track]] = defaultdict(list)
    if file is not None:
        tracks[0] += rescaled_motion(read_motion(Path(file)), sizes[0], report).tracks
    for text in drags:
        gap = _gap_of(text, parse_drag(text, ANY_SIZE)[0], len(sizes))
        tracks[gap].append(parse_drag(text, sizes[gap], timing=timing)[1])
        _note_outside(text, tracks[gap][-1], sizes[gap], report)
    return {gap: Motion(tuple(found), sizes[gap]) for gap, found in tracks.items()}


def _note_outside(text: str, track: Track, size: tuple[int, int], report: Report) -> None:
    """Note that points of a drag are outside the picture. They are legal, for things come and leave; but they may also
    be the pixels of a picture of another size."""
    height, width = size
    outside = [
        number
        for number, ((x, y),) in enumerate(track.places, 1)
        if not (-0.5 <= x <= width - 0.5 and -0.5 <= y <= height - 0.5)
    ]
    if outside:
        what = f"point {outside[0]} of the drag `{text}` is outside the picture, which is {width}x{height}"
        report.note("outside", f"{what}: the thing comes in or leaves", point=outside[0], size=[height, width])


def film_motions(
    drags: Sequence[str],
    motion: str | Motion | None,
    maps: Sequence[tuple[tuple[int, int], tuple[float, float], tuple[float, float]]],
    size: tuple[int, int],
    report: Report,
) -> dict[int, Motion]:
    """The motion of each gap that has one, by the gap's number from 0, in pixels of the film.

    Args:
        drags: as for `parse_drag`, in pixels of the start key as it was given.
        motion: of the first gap: a file's name, or the motion itself; None for none.
        maps: of each gap's start key the size (H, W) that it was given in, and the scale and offset (x, y) that bring
            its pixels to the film's.
        size: (H, W) of the film.

    Raises:
        UsageError: see `check_drags`.
        InbetweenError: the motion's file cannot be read, or is for keys of another shape.
    """
    file = motion if isinstance(motion, str) else None
    sizes = [stored for stored, _, _ in maps]
    found = user_motions(drags, file, sizes, report)
    if isinstance(motion, Motion):
        drawn = found[0].tracks if 0 in found else ()
        found[0] = Motion((*rescaled_motion(motion, sizes[0], report).tracks, *drawn), sizes[0])
    return {number: one.mapped(*maps[number][1:], size) for number, one in found.items()}


def _gap_of(text: str, named: int | None, gaps: int) -> int:
    if named is None and gaps > 1:
        raise UsageError(f"there are {gaps} gaps, and the drag `{text}` names none", f'name its gap: "1: {text}"')
    if named is not None and not 1 <= named <= gaps:
        there = "there is only one" if gaps == 1 else f"there are only {gaps}"
        raise UsageError(f"the drag `{text}` is for gap {named}, but {there}", "gaps are counted from 1")
    return (named or 1) - 1
