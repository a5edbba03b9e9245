"""The types that travel between the rooms. This module needs numpy and the standard library only.

Conventions everywhere: sizes are (H, W) in pixels; points are (x, y) with pixel centres at integers; pictures are RGB
or RGBA, full range, as stored (sRGB), with straight alpha; t = 0 is the start key of a gap and t = 1 its end key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, TypeAlias, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

Out = TypeVar("Out")

Picture: TypeAlias = NDArray[np.uint8] | NDArray[np.uint16]
"""A picture or a frame: (H, W, 3 or 4), RGB or RGBA with straight alpha, 0 to 255 or 0 to 65535. Nobody writes to it
once it is made."""


@dataclass(frozen=True, eq=False)
class Matches:
    """Points and lines that were found in both keys, a and b. Row i of an array for a belongs to row i of that for b;
    coordinates are in pixels of the key."""

    points_a: NDArray[np.float32]
    """(N, 2), points (x, y) in key a."""
    points_b: NDArray[np.float32]
    """(N, 2), the same points in key b."""
    point_scores: NDArray[np.float32]
    """(N,), 0 to 1; a higher score is surer."""
    lines_a: NDArray[np.float32]
    """(M, 2, 2), both ends (x, y) of the lines in key a."""
    lines_b: NDArray[np.float32]
    """(M, 2, 2), the same lines in key b, with their ends in the same order."""
    line_scores: NDArray[np.float32]
    """(M,), 0 to 1; a higher score is surer."""


NO_MATCHES = Matches(*(np.zeros(shape, np.float32) for shape in ((0, 2), (0, 2), 0, (0, 2, 2), (0, 2, 2), 0)))
"""The matches of keys in which nothing was found."""


@dataclass(frozen=True, eq=False)
class People:
    """People that were found in one picture. Their joints are in the order of OpenPose: body 0 to 17, feet 18 to 23,
    face 24 to 91, hands 92 to 112 and 113 to 133."""

    joints: NDArray[np.float64]
    """(P, 134, 2), the joints (x, y) of each person in pixels."""
    scores: NDArray[np.float64]
    """(P, 134), 0 to 1; a higher score is surer."""


@dataclass(frozen=True, eq=False)
class Track:
    """Where one thing is, from the start key to the end key of a gap."""

    kind: str
    """"point" (P = 1), "line" (P = 2, its ends) or "skeleton" (P = 134, see `People`)."""
    times: NDArray[np.float64]
    """(K,), the times at which the thing is at each of its K >= 2 places, strictly ascending from 0 to 1."""
    places: NDArray[np.float32] | NDArray[np.float64]
    """(K, P, 2), the points (x, y) of the thing at each time, in pixels of the start key."""
    weights: NDArray[np.float64]
    """(K, P), 0 to 1: how much each point counts at each time. Joints have their scores here; a thing that fades in
    begins at 0."""
    path: str = "straight"
    """How the thing moves from place to place: "straight", "spline" or "arc"."""
    pace: str = "linear"
    """The pace along the path, an easing as for the command line: at time t the thing is where it would be at the time
    `easing(t)` of a linear pace."""
    source: str = "drag"
    """Where the track comes from: "drag" for the user, "match" for a matcher. Engines follow drags rather than
    matches where both disagree."""


@dataclass(frozen=True, eq=False)
class Motion:
    """Where things are at every time of a gap. Drags, matches and poses are all turned into it."""

    tracks: tuple[Track, ...]
    size: tuple[int, int]
    """(H, W) of the start key, in whose pixels the places of the tracks are."""

    def mapped(self, scale: tuple[float, float], offset: tuple[float, float], size: tuple[int, int]) -> Motion:
        """The same motion over a picture of another size: (x, y) becomes (x, y) * scale + offset.

        Where a picture is scaled its pixel centres move, so the offset of a plain resize is (scale - 1) / 2.

        Args:
            scale: factors for x and y.
            offset: pixels that are added to x and y.
            size: (H, W) of the other picture.
        """
        times, plus = np.asarray(scale), np.asarray(offset)
        moved = (
            replace(track, places=(track.places * times + plus).astype(track.places.dtype)) for track in self.tracks
        )
        return Motion(tuple(moved), size)


@dataclass(frozen=True, eq=False)
class Gap:
    """Two neighbouring keys, and the times between them at which frames are wanted. Neighbouring gaps share the same
    key objects."""

    start: Picture
    """The start key, at time 0."""
    end: Picture
    """The end key, at time 1."""
    times: tuple[float, ...]
    """The times of the frames to make, in [0, 1], strictly ascending; 0 and 1 only where the keys themselves are to be
    made again."""
    seed: int = 0
    """The seed of the noise that some engines start from."""
    number: int = 0
    """The place of the gap in the film, counted from 0, for messages."""
    before: tuple[Picture, float] | None = None
    """The key before `start` and its time in units of this gap (< 0), or None at a clip's end or a cut."""
    after: tuple[Picture, float] | None = None
    """The key after `end` and its time in units of this gap (> 1), or None at a clip's end or a cut."""
    motion: Motion | None = None
    """The motion that the user drew or a matcher found, in pixels of `start`; None for none."""
    prompt: str = ""
    """A description of the frames, for engines that read a prompt."""
    grid: int = 0
    """The number of frames of the even grid that `times` lie on, both keys included; 0 where they lie on none. `adapt`
    sets it for engines that declare `lengths`."""


@dataclass(frozen=True)
class Settings:
    """Where the work is done. Settings must never change which frames are made; networks may round differently."""

    device: str = "cpu"
    """The device that networks run on: "cpu", "cuda", "cuda:0", "mps", or "auto" for the best one."""
    threads: int = 1
    """The number of threads to use, from 1 on."""
    weights: Path | None = None
    """The folder of the weights of networks; None: INBETWEEN_WEIGHTS, or the cache folder."""
    memory: str = "auto"
    """How networks use memory: "low" as little as possible, "high" all of it for speed, "auto" by what is free."""
    max_vram: int | None = None
    """The most bytes of the device's memory to use; None: all that are free."""


class Report:
    """Carries progress, notes and previews up to the caller. This base class ignores them all."""

    def progress(self, stage: str, done: int, total: int) -> None:
        """Report how far a stage has come. Every loop calls this at least every 2 s.

        Args:
            stage: the name of the stage.
            done: how much of it is done.
            total: how much there is; 0 where that is unknown.

        Raises:
            Interrupted: the user asked to stop. This is the only way in which work is cancelled.
        """

    def note(self, code: str, text: str, *, detail: bool = False, **facts: object) -> None:
        """Report a choice, a fallback or a doubt.

        Args:
            code: the kind of note, for programs.
            text: the note, for people.
            detail: whether it is only for people who ask for more.
            facts: further values, for programs.
        """

    def preview(self, step: int, frames: Callable[[], NDArray[np.uint8]]) -> None:
        """Offer to show how the frames of a gap look after a step of the work.

        Args:
            step: the number of the step, from 1 on.
            frames: makes small frames, (F, h, w, 3). It is called only if they are wanted.
        """


Maker: TypeAlias = Callable[[Iterable[Gap], Report], Iterator[Picture]]
"""Yields the frames of the first gap, then those of the next: one for each time, with the size and dtype of the gap's
start key."""


class Map(Protocol):
    """The builtin function `map`, or the method `map` of a thread pool."""

    def __call__(self, work: Callable[..., Out], /, *items: Iterable[object]) -> Iterable[Out]:
        """The results of `work` for the first of the items, the second and so on, in order."""


IN_TURN = cast(Map, map)
"""`map` itself, which mypy does not accept as a `Map`."""
