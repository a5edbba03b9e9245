"""What the authors' released code does and this package does not, around the package's own functions.

The recorded cases were made with these quirks. No user may choose them, so they are here and not in the package.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from inbetween.conditions.skeletons import draw_people
from inbetween.matching import superpoint
from inbetween.matching.dwpose import Sessions, person_boxes, whole_body
from inbetween.matching.gluestick import Nodes
from inbetween.matching.gluestick_matcher import described
from inbetween.matching.skeleton import BODY, LEFT_HAND, RIGHT_HAND, VISIBLE, openpose
from inbetween.matching.superpoint import SuperPoint
from inbetween.matching.wireframe import wireframe
from inbetween.motion.drags import spline_track
from inbetween.motion.tracks import Numbers, equal_times, sampled
from inbetween.types import People, Picture

# ------------------------------------------------------------------ DWPose


def all_people(picture: Picture, sessions: Sessions) -> People:
    """Everybody, however weak; where nobody was found, the whole picture is taken for a person."""
    boxes = person_boxes(picture, sessions.detector)
    if not len(boxes):
        boxes = np.array([[0.0, 0.0, picture.shape[1], picture.shape[0]]])
    return openpose(*whole_body(picture, boxes, sessions.pose))


# ------------------------------------------------------------------ FCVG


def paired(start: People, end: People, size: tuple[int, int]) -> list[tuple[int, int]]:
    """Pairs of indices: one after the other takes the nearest of those that are left.

    The distance is that of the means of all body joints, visible or not. Whoever stands behind the end of the shorter
    list is not looked at.
    """
    centres = [(people.joints[:, BODY] / (size[1], size[0])).mean(axis=1) for people in (start, end)]
    common = min(map(len, centres))
    free = list(range(common))
    pairs = []
    for i in range(common):
        nearest = min(free, key=lambda j: float(np.linalg.norm(centres[0][i] - centres[1][j])))
        free.remove(nearest)
        pairs.append((i, nearest))
    return pairs


def people_between(start: People, end: People, size: tuple[int, int], f: float) -> People:
    """The pairs alone, at f in [0, 1] of the way: joints, seen or not, and scores go straight from key to key."""
    pairs = paired(start, end, size)
    a, b = _with_mixed_hands(start, [i for i, _ in pairs]), _with_mixed_hands(end, [j for _, j in pairs])
    return People(a.joints + (b.joints - a.joints) * f, a.scores + (b.scores - a.scores) * f)


def _with_mixed_hands(people: People, chosen: list[int]) -> People:
    """The chosen people, with right hands of others where not everybody is chosen.

    The released code lists all left hands and then all right ones, and takes the right ones from place `len(chosen)` of
    that list on, where they begin only if everybody is chosen.
    """
    joints, scores = people.joints[chosen], people.scores[chosen]
    for row, index in enumerate(chosen):
        turn, owner = divmod(len(chosen) + index, len(people.joints))
        hand = (LEFT_HAND, RIGHT_HAND)[turn]
        joints[row, RIGHT_HAND], scores[row, RIGHT_HAND] = people.joints[owner, hand], people.scores[owner, hand]
    return People(joints, scores)


def skeleton_pictures(
    start: People, end: People, times: Sequence[float], size: tuple[int, int]
) -> list[NDArray[np.uint8]]:
    """Everybody as found in the first and the last picture, `people_between` in the others; weak joints are drawn too,
    except those of bodies in the first and the last picture.
    """
    made = []
    for k, t in enumerate(times):
        if k in (0, len(times) - 1):
            people = end if k else start
            shown = np.ones(people.scores.shape, np.bool_)
            shown[:, BODY] = people.scores[:, BODY] > VISIBLE
        else:
            people = people_between(start, end, size, t)
            shown = np.ones(people.scores.shape, np.bool_)
        made.append(draw_people(people, size, shown))
    return made


# ------------------------------------------------------------------ GlueStick


@torch.inference_mode()
def observed(
    network: SuperPoint,
    grey: NDArray[np.uint8],
    lines: NDArray[np.float32],
    line_scores: NDArray[np.float32],
    most: int | None,
) -> Nodes:
    """As `gluestick_matcher.observed`, but lines that join the same two junctions are all kept."""
    scores, descriptors = network(torch.from_numpy(grey).float()[None, None] / 255)
    places, own = (found.numpy() for found in superpoint.points(scores[0], most))
    return described(wireframe(lines, line_scores, places, own), descriptors[0], (grey.shape[0], grey.shape[1]))


# ------------------------------------------------------------------ Framer


def drags_to_tracks(
    drags: Sequence[Sequence[ArrayLike]], original: tuple[int, int], size: tuple[int, int], frames: int
) -> Numbers:
    """Clicks in pixels of `original`, as (frames, P, 2) places in pixels of `size`, both (H, W).

    Clicks are multiplied and cut to whole pixels; one click alone drifts by one pixel to the right and down.
    """
    old, new = np.array(original[::-1], np.float64), np.array(size[::-1], np.float64)
    tracks = []
    for drag in drags:
        if len(drag):
            clicks = np.trunc(np.array(drag, np.float64) * new / old)
            if len(clicks) == 1:
                clicks = np.concatenate([clicks, clicks + 1])
            tracks.append(spline_track(clicks, equal_times(len(clicks))))
    return sampled(tracks, equal_times(frames))


def anchors_to_tracks(flags: ArrayLike, anchors: ArrayLike, *, timed: bool) -> Numbers:
    """Places (F, P, 2) that are known where the flags (F, P) are not 0, as places in all frames.

    timed: each anchor at its own frame's time; else they are taken as equally far apart, which is wrong wherever they
    are not, and an option of Framer's.
    """
    known, places = np.asarray(flags) != 0, np.asarray(anchors, np.float64)
    grid = equal_times(len(known))
    tracks = []
    for point in range(known.shape[1]):
        frames = np.flatnonzero(known[:, point])
        tracks.append(spline_track(places[frames, point], grid[frames] if timed else equal_times(len(frames))))
    return sampled(tracks, grid)
