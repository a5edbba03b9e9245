"""What travels between the rooms. numpy and the standard library only.

Conventions, said once: sizes are (H, W); points are (x, y) with pixel centres at integers; pictures are RGB
or RGBA, full range, as stored (sRGB), alpha straight; t = 0 is the start key of a gap and t = 1 its end key.
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
"""(H, W, 3 or 4), RGB or RGBA with straight alpha, 0..255 or 0..65535. Never written to once it is made."""


@dataclass(frozen=True, eq=False)
class Matches:
    """What was found in both keys. Points in pixels of the key each was found in; row i of a belongs to row i of b."""

    points_a: NDArray[np.float32]
    points_b: NDArray[np.float32]
    """(N, 2)."""
    point_scores: NDArray[np.float32]
    """(N,), 0..1, higher is surer."""
    lines_a: NDArray[np.float32]
    lines_b: NDArray[np.float32]
    """(M, 2, 2): line, end, x and y; end 0 of a line in a is end 0 of its partner in b."""
    line_scores: NDArray[np.float32]
    """(M,), 0..1."""


NO_MATCHES = Matches(*(np.zeros(shape, np.float32) for shape in ((0, 2), (0, 2), 0, (0, 2, 2), (0, 2, 2), 0)))


@dataclass(frozen=True, eq=False)
class People:
    """People found in one picture, in OpenPose order: body 0..17, feet 18..23, face 24..91, hands 92..112, 113..133."""

    joints: NDArray[np.float64]
    """(P, 134, 2), pixels."""
    scores: NDArray[np.float64]
    """(P, 134)."""


@dataclass(frozen=True, eq=False)
class Track:
    """Where one thing is, from the start key to the end key of a gap."""

    kind: str
    """"point" (P = 1), "line" (P = 2, its ends) or "skeleton" (P = 134, see `People`)."""
    times: NDArray[np.float64]
    """(K,), strictly ascending from 0 to 1, K >= 2: when it is at each of its places."""
    places: NDArray[np.float32] | NDArray[np.float64]
    """(K, P, 2), pixels of the start key."""
    weights: NDArray[np.float64]
    """(K, P), 0..1: how far each point is there at all; joints have their scores here, what fades in begins at 0."""
    path: str = "straight"
    """How it goes from place to place: "straight", "spline" or "arc"."""
    pace: str = "linear"
    """Its law of time, an easing as the command line takes it: at t it is as far as `easing(t)` says."""
    source: str = "drag"
    """Who says so: "drag" or "match"; what was drawn is followed before what was found."""


@dataclass(frozen=True, eq=False)
class Motion:
    """Where things are at every time of a gap; drags, matches and poses all become this."""

    tracks: tuple[Track, ...]
    size: tuple[int, int]
    """(H, W) of the start key, in whose pixels the places are."""

    def mapped(self, scale: tuple[float, float], offset: tuple[float, float], size: tuple[int, int]) -> Motion:
        """The same motion over a picture of another size: (x, y) becomes (x, y) * scale + offset.

        A picture that is scaled moves its pixel centres: pass offset = (scale - 1) / 2 with that.
        """
        times, plus = np.asarray(scale), np.asarray(offset)
        moved = (
            replace(track, places=(track.places * times + plus).astype(track.places.dtype)) for track in self.tracks
        )
        return Motion(tuple(moved), size)


@dataclass(frozen=True, eq=False)
class Gap:
    """What is to be made between two keys. Neighbouring gaps share the same key objects."""

    start: Picture
    end: Picture
    times: tuple[float, ...]
    """In [0, 1], strictly ascending; 0 and 1 only where the keys themselves are to be made again."""
    seed: int = 0
    number: int = 0
    """Its place in the film, for messages."""
    before: tuple[Picture, float] | None = None
    """The key before `start` and its time in units of this gap (< 0), or None at a clip's end or a cut."""
    after: tuple[Picture, float] | None = None
    """The key after `end` and its time in units of this gap (> 1), or None at a clip's end or a cut."""
    motion: Motion | None = None
    """What the user drew or the matcher found, in pixels of `start`."""
    prompt: str = ""
    """What the frames show, for engines that read a prompt."""
    grid: int = 0
    """Frames of the even grid that `times` lie on, both keys included; 0 where they lie on none. `adapt` sets it for
    engines that declare `lengths`."""


@dataclass(frozen=True)
class Settings:
    """Where the work is done. Must never change the pixels."""

    device: str = "cpu"
    threads: int = 1
    weights: Path | None = None
    """The folder of networks' weights; None: the usual one."""
    memory: str = "auto"
    """"low": as little as possible; "high": all of it for speed; "auto": what is free decides."""
    max_vram: int | None = None
    """Bytes of the device's memory that may be used; None: what is free."""


class Report:
    """The one way up for everything that is not a picture. This base class keeps silent."""

    def progress(self, stage: str, done: int, total: int) -> None:
        """Say how far a stage has come; a total of 0 is unknown. Every loop calls this at least each 2 s.

        Raises:
            Interrupted: when the user asked to stop; the one way of cancelling.
        """

    def note(self, code: str, text: str, *, detail: bool = False, **facts: object) -> None:
        """Say a choice, a warning or a doubt, for people (`text`) and for programs (`code`, `facts`).

        A `detail` is for those who ask for more.
        """

    def preview(self, step: int, frames: Callable[[], NDArray[np.uint8]]) -> None:
        """Offer how the pictures of a gap look after a step, small: (F, h, w, 3). They are made only if wanted."""


Maker: TypeAlias = Callable[[Iterable[Gap], Report], Iterator[Picture]]
"""Makes all pictures of the first gap, then of the next: size and dtype of `gap.start`, one per time."""


class Map(Protocol):
    """`map`, or that of a thread pool."""

    def __call__(self, work: Callable[..., Out], /, *items: Iterable[object]) -> Iterable[Out]:
        """The results of `work` for the first items, the second ones and so on, in their order."""


IN_TURN = cast(Map, map)
"""`map` itself, which mypy does not accept as a `Map`."""
