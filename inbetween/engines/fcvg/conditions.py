"""The pictures that FCVG's condition network sees: matched lines, and poses over them (arXiv 2412.11755)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from inbetween.conditions.drawing import Canvas, draw_lines, overlaid
from inbetween.conditions.palette import line_colours
from inbetween.conditions.skeletons import draw_people
from inbetween.engines.fcvg.crop import crop_map
from inbetween.errors import UsageError
from inbetween.matching.skeleton import JOINTS
from inbetween.motion.tracks import places_at, weights_at
from inbetween.types import Motion, People, Report, Track


def condition_times(frames: int, *, even: bool = False) -> tuple[float, ...]:
    """The times of a gap that its condition pictures show, ascending from 0 to 1.

    FCVG shows either key twice: the F times are 0, then (k - 1) / (F - 3) for k = 1 … F - 2, then 1. With three
    pictures the middle one is at 1/2.

    Args:
        frames: F, the number of pictures, both keys included.
        even: whether the times are evenly spaced instead, k / (F - 1).

    Raises:
        UsageError: there are fewer than 2 frames.
    """
    if frames < 2:
        raise UsageError(f"{frames} condition pictures are too few", "ask for 2 or more: both keys have one")
    if even or frames <= 3:
        return tuple(k / (frames - 1) for k in range(frames))
    return (0.0, *(k / (frames - 3) for k in range(frames - 2)), 1.0)


def conditions(
    motion: Motion,
    times: Sequence[float],
    size: tuple[int, int],
    report: Report,
    *,
    seed: int = 0,
    thickness: int = 1,
) -> NDArray[np.uint8]:
    """Draw one picture for each time: the lines of a motion, and its people over them, on black.

    A line has the same colour in all pictures. It is drawn while its weight is above 0, and darker while that is below
    1. Points are not drawn. If any picture stays black, because nothing was matched or everything lies outside, that is
    noted as `black-conditions`: black pictures steer the network too, so the caller must decide whether to go on.

    Args:
        motion: the motion; one of another size is cropped and scaled as keys are by `crop.cropped`.
        times: the times of the pictures in [0, 1], see `condition_times`.
        size: (H, W) of the pictures in pixels.
        report: hears the progress and the note.
        seed: decides which line gets which colour.
        thickness: the thickness of lines in pixels; the published weights were trained with 1.

    Returns:
        (F, H, W, 3) uint8 RGB.

    Raises:
        UnknownName, UsageError: the pace of a track is not an easing.
        Interrupted: by `report.progress`.
    """
    if motion.size != size:
        motion = motion.mapped(*crop_map(motion.size, size), size)
    lines = _line_pictures([track for track in motion.tracks if track.kind == "line"], times, size, seed, thickness)
    skeletons = [track for track in motion.tracks if track.kind == "skeleton"]
    made = np.zeros((len(times), *size, 3), np.uint8)
    for k, (t, picture) in enumerate(zip(times, lines, strict=True)):
        report.progress("conditions", k, len(times))
        people = _people_at(skeletons, t)
        made[k] = overlaid(picture, draw_people(people, size)) if len(people.joints) else picture
    black = int((~made.any(axis=(1, 2, 3))).sum())
    if black:
        report.note(
            "black-conditions",
            f"{black} of {len(times)} condition pictures are black: there is no line and no pose to draw",
            black=black,
            pictures=len(times),
        )
    return made


def network_input(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Condition pictures (F, H, W, 3) as the input of the network: (1, F, 3, H, W) in [0, 1]."""
    return np.ascontiguousarray(np.moveaxis(pictures, -1, 1)[None], np.float32) / np.float32(255)


def _line_pictures(
    tracks: Sequence[Track], times: Sequence[float], size: tuple[int, int], seed: int, thickness: int
) -> list[Canvas]:
    """The lines of a motion at each time, each picture (H, W, 3)."""
    # FCVG draws in the order blue, green, red, and reads the palette in that order.
    colours = line_colours(len(tracks), seed)[:, ::-1]
    places = np.array([places_at(track, times) for track in tracks]).reshape(len(tracks), len(times), 2, 2)
    # The weight of a line is the smaller one of those of its ends.
    weights = np.array([weights_at(track, times).min(axis=1) for track in tracks]).reshape(len(tracks), len(times))
    pictures = []
    for k in range(len(times)):
        there = weights[:, k] > 0
        dimmed = (colours[there] * weights[there, k, None]).astype(np.int64).tolist()
        pictures.append(draw_lines(places[there, k], dimmed, size, thickness))
    return pictures


def _people_at(skeletons: Sequence[Track], t: float) -> People:
    """The people of a motion at a time in [0, 1]."""
    joints = [places_at(track, t) for track in skeletons]
    scores = [weights_at(track, t) for track in skeletons]
    return People(np.array(joints, np.float64).reshape(-1, JOINTS, 2), np.array(scores).reshape(-1, JOINTS))
