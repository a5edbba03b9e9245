"""People of one key paired with those of the other key, and the tracks that their joints follow."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from inbetween.matching.skeleton import BODY
from inbetween.types import People, Track

SHAPE_SHARE = 2.0
"""How much a pixel of difference in shape counts, relative to a pixel of difference in position. Chosen by eye."""

Array = NDArray[np.float64]


def paired(start: People, end: People, size: tuple[int, int]) -> list[tuple[int, int]]:
    """(index in start, index in end) of those who are the same person; each index occurs at most once.

    This is the assignment with the least sum of distances (Hungarian method). A distance is that of the body joints
    that are visible in both, by where they are and by how they lie to each other. Two people without a common visible
    joint are never a pair.

    Args:
        size: (H, W) of both keys.
    """
    distances = _distances(start, end)
    # A finite number stands for infinity: the method fails where a whole row is infinite.
    out_of_reach = np.isinf(distances)
    rows, columns = linear_sum_assignment(np.where(out_of_reach, 1e9, distances))
    return [(int(i), int(j)) for i, j in zip(rows, columns, strict=True) if not out_of_reach[i, j]]


def people_tracks(start: People, end: People, size: tuple[int, int]) -> tuple[Track, ...]:
    """One skeleton track per person: first the pairs, then those who are in one key only, who fade in or out on the
    spot.

    A joint that is visible in one key only fades too, and moves along with the joints of its body that are visible in
    both.

    Args:
        size: (H, W) of both keys, in whose pixels the joints are.
    """
    pairs = paired(start, end, size)
    leaving = sorted(set(range(len(start.joints))) - {i for i, _ in pairs})
    coming = sorted(set(range(len(end.joints))) - {j for _, j in pairs})
    ends = [_moving_together(_person(start, i), _person(end, j)) for i, j in pairs]
    ends += [(person, _faded(person)) for person in (_person(start, i) for i in leaving)]
    ends += [(_faded(person), person) for person in (_person(end, j) for j in coming)]
    return tuple(
        Track("skeleton", np.array([0.0, 1.0]), np.stack([a[0], b[0]]), np.stack([a[1], b[1]]), source="match")
        for a, b in ends
    )


def _distances(start: People, end: People) -> Array:
    """(P, Q), pixels; infinite where no body joint is visible in both."""
    seen = (start.scores[:, None, BODY] > 0) & (end.scores[None, :, BODY] > 0)
    count = np.maximum(seen.sum(axis=2), 1)[..., None]
    moves = np.where(seen[..., None], end.joints[None, :, BODY] - start.joints[:, None, BODY], 0)
    together = moves.sum(axis=2) / count
    apart = np.linalg.norm(moves - together[:, :, None], axis=3) * seen
    distance = np.linalg.norm(together, axis=2) + SHAPE_SHARE * apart.sum(axis=2) / count[..., 0]
    return np.asarray(np.where(seen.any(axis=2), distance, np.inf))


def _person(people: People, index: int) -> tuple[Array, Array]:
    """(134, 2) joints and (134,) weights in 0..1."""
    return people.joints[index], np.clip(people.scores[index], 0, 1)


def _faded(person: tuple[Array, Array]) -> tuple[Array, Array]:
    """The person, invisible."""
    return person[0], np.zeros_like(person[1])


def _moving_together(a: tuple[Array, Array], b: tuple[Array, Array]) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """Both, with each joint that is visible in one of them only put where the motion of the rest of the body says."""
    (from_joints, from_weights), (to_joints, to_weights) = a, b
    seen = (from_weights > 0) & (to_weights > 0)
    move = (to_joints - from_joints)[BODY][seen[BODY]].mean(axis=0)
    starts = np.where((from_weights > 0)[:, None], from_joints, to_joints - move)
    ends = np.where((to_weights > 0)[:, None], to_joints, from_joints + move)
    return (starts, from_weights), (ends, to_weights)
