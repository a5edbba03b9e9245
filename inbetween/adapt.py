"""An engine that works at certain sizes and counts only, adapted to any gap."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain, groupby, islice
from typing import Any

import numpy as np

from inbetween.engine import EXACT, Engine, Lengths, Sizes, place_on_grid
from inbetween.key_cache import KeyCache
from inbetween.pictures.fit import fit
from inbetween.report import AsDetail, Once
from inbetween.sizes import NATIVE, frames_wanted, size_wanted, working_size
from inbetween.types import Gap, Maker, Motion, Picture, Report

KEPT = 4
"""Keys that are kept in their adapted form: as many as a gap looks at, its own two, the one before and the one
after."""
FAR = np.float32(1e-4)
"""The weight of the mean of all visible colours where hidden ones are filled in: so small that it decides only far
from anything visible. Chosen by eye."""


@dataclass(frozen=True)
class Placement:
    """Where keys lie within the working size of an engine; all sizes are (H, W) in pixels."""

    size: tuple[int, int]
    """The size of the keys."""
    working: tuple[int, int]
    """The size that the engine is given."""
    inner: tuple[int, int]
    """The size that the keys are scaled to; it lies within `working`."""
    top: int
    """The row of `working` where the scaled keys begin."""
    left: int
    """The column of `working` where the scaled keys begin."""

    def place(self, key: Picture) -> Picture:
        """A key at the working size: scaled, and its edges repeated around it."""
        scaled = fit(key, self.inner, "stretch")
        below = self.working[0] - self.inner[0] - self.top
        right = self.working[1] - self.inner[1] - self.left
        placed: Any = np.pad(scaled, ((self.top, below), (self.left, right), (0, 0)), mode="edge")
        return np.ascontiguousarray(placed)

    def crop(self, frame: Picture) -> Picture:
        """A frame of the working size at the size of the keys: the reverse of `place`."""
        inner: Picture = frame[self.top : self.top + self.inner[0], self.left : self.left + self.inner[1]]
        return fit(inner, self.size, "stretch")

    def map_motion(self, motion: Motion) -> Motion:
        """A motion over the keys as the same motion over the working size."""
        down, across = (a / b for a, b in zip(self.inner, self.size, strict=True))
        offset = (across - 1) / 2 + self.left, (down - 1) / 2 + self.top
        return motion.mapped((across, down), offset, self.working)


def placement_of(size: tuple[int, int], working: tuple[int, int], scaled: bool) -> Placement:
    """The placement that puts keys in the middle of the working size.

    Args:
        size: (H, W) of the keys.
        working: (H, W) that the engine is given.
        scaled: whether keys are scaled to the largest size that fits there; else they keep their size, which must fit.
    """
    (height, width), (tall, wide) = size, working
    if not scaled:
        inner = size
    elif tall * width <= wide * height:
        inner = tall, max(1, round(width * tall / height))
    else:
        inner = max(1, round(height * wide / width)), wide
    return Placement(size, working, inner, (tall - inner[0]) // 2, (wide - inner[1]) // 2)


@dataclass(frozen=True, eq=False)
class AdaptedGap:
    """A gap, and the gap that the engine is given in its place."""

    gap: Gap
    """The gap as the film has it."""
    given: Gap
    """The gap that the engine is given: keys at the working size, and times on an even grid."""
    keys: tuple[Picture, Picture]
    """The start and the end key at their own size, with the channels that the engine is given."""
    placement: Placement | None
    """Where the keys lie in what the engine is given; None: they are given at their own size."""

    @property
    def with_ends(self) -> bool:
        """Whether the engine makes the keys again too."""
        return self.given.times[0] == 0

    def restore(self, frame: Picture) -> Picture:
        """A frame that the engine made, at the size of the keys."""
        return frame if self.placement is None else self.placement.crop(frame)


def adapted(maker: Maker, engine: Engine, options: object, fill: Maker) -> Maker:
    """Make a maker for any gap from that of an engine which can only be given what its record declares.

    - Keys are scaled to lie within a size that the engine works at, and their edges are repeated around them; the
      frames that it makes are cropped and scaled back.
    - The engine makes an even grid of frames. Frames at other times are made by `fill` from the two frames of the grid
      around them.
    - Where the engine knows colours only, the alpha of the frames is that of the frames that `fill` makes of the keys.

    Args:
        maker: the engine's own maker.
        engine: the engine's record.
        options: an instance of the engine's `Options`.
        fill: the maker of `flow`. It is called only where it is needed.
    """
    adapter = _Adapter(engine, options)

    def make(gaps: Iterable[Gap], report: Report) -> Iterator[Picture]:
        waiting: deque[AdaptedGap] = deque()
        loud_once, quiet = _LoudOnce(report), AsDetail(report)

        def given() -> Iterator[Gap]:
            for gap in gaps:
                waiting.append(adapter.adapted(gap, loud_once))
                yield waiting[-1].given

        made = maker(given(), report)
        # An engine that reads ahead has more than one gap waiting: each frame that comes first belongs to the oldest.
        for first in made:
            oldest = waiting.popleft()
            yield from _finish(oldest, chain([first], islice(made, len(oldest.given.times) - 1)), fill, quiet)

    return make


class _LoudOnce(Once):
    """Passes on the first note of each code as it is; later ones that say something new become details."""

    def __init__(self, report: Report) -> None:
        super().__init__(report)
        self._loud: set[str] = set()

    def note(self, code: str, text: str, *, detail: bool = False, **facts: object) -> None:
        """See `Report.note`."""
        super().note(code, text, detail=detail or code in self._loud, **facts)
        self._loud.add(code)


class _Adapter:
    """Adapts gaps to an engine. A key that several gaps share is adapted once: the engine sees the same object.

    A film is often made gap by gap, each in a call of its own, so the last few keys are kept from call to call.
    """

    def __init__(self, engine: Engine, options: object) -> None:
        self._engine, self._options = engine, options
        self._colours: KeyCache[Picture] = KeyCache(KEPT)
        self._placed: KeyCache[Picture] = KeyCache(KEPT)

    def adapted(self, gap: Gap, report: Report) -> AdaptedGap:
        """A gap, with the gap that the engine is given in its place. Choices are reported as notes."""
        engine, sizes, lengths = self._engine, self._engine.sizes, self._engine.lengths
        times, count, placement = gap.times, 0, None
        if lengths is not None:
            count = _grid(times, lengths, frames_wanted(self._options), report)
            ends = times[0] <= EXACT or times[-1] >= 1 - EXACT
            times = tuple(k / (count - 1) for k in (range(count) if ends else range(1, count - 1)))
        if sizes is not None:
            if gap.start.shape[2] == 4 and not sizes.alpha:
                report.note("alpha", "transparency is made by flow: the engine knows colours only")
            placement = _placement(sizes, size_wanted(self._options), gap.start.shape[:2], report)

        def key(picture: Picture) -> Picture:
            return self._place(self._channels(picture), placement)

        def neighbour(keyed: tuple[Picture, float] | None) -> tuple[Picture, float] | None:
            return (key(keyed[0]), keyed[1]) if keyed is not None and engine.neighbours else None

        given = replace(
            gap,
            start=key(gap.start),
            end=key(gap.end),
            times=times,
            before=neighbour(gap.before),
            after=neighbour(gap.after),
            motion=gap.motion if placement is None or gap.motion is None else placement.map_motion(gap.motion),
            grid=count,
        )
        return AdaptedGap(gap, given, (self._channels(gap.start), self._channels(gap.end)), placement)

    def _channels(self, key: Picture) -> Picture:
        """A key with the channels that the engine is given."""
        sizes = self._engine.sizes
        if key.shape[2] == 3 or sizes is None or sizes.alpha:
            return key
        return self._colours.get((key,), lambda: _visible(key))

    def _place(self, key: Picture, placement: Placement | None) -> Picture:
        return key if placement is None else self._placed.get((key,), lambda: placement.place(key))


def _placement(sizes: Sizes, wanted: str, size: tuple[int, ...], report: Report) -> Placement | None:
    """Where keys of a size (H, W) lie within the working size; None where the engine works at their own size.

    Args:
        sizes: the sizes that the engine works at.
        wanted: the engine's option `size`, as text.
        size: (H, W) of the keys.
        report: hears a note about the working size, where it differs.
    """
    height, width = size
    working = working_size(sizes, wanted, (height, width))
    if working == size:
        return None
    placement = placement_of((height, width), working, scaled=sizes.native is not None or wanted != NATIVE)
    how = [] if placement.inner == size else [f"scaled to {_by(placement.inner)}"]
    how += [] if placement.inner == working else ["filled up by their edges"]
    report.note(
        "working-size",
        f"the engine works at {_by(working)}: keys of {_by(size)} are {' and '.join(how)}, frames brought back",
        working=list(working),
        size=list(size),
    )
    return placement


def _by(size: tuple[int, ...]) -> str:
    return f"{size[1]}x{size[0]}"


def _grid(times: Sequence[float], lengths: Lengths, forced: int, report: Report) -> int:
    """The number of frames of the even grid that the engine makes for a gap, both keys included.

    Args:
        times: the times of the gap, 0 to 1.
        lengths: the numbers of frames that the engine can make.
        forced: the number that the user asked for; 0 for none.
        report: hears notes about few frames, and about frames that are left to `flow`.
    """
    count = forced or lengths.grid(times)
    if count * 2 < lengths.native:
        text = f"the engine makes {count} frames at once; it was trained on {lengths.native}"
        report.note("few", text, frames=count)
    inner = [t for t in times if EXACT < t < 1 - EXACT]
    off = sum(place_on_grid(t, count)[1] > 0 for t in inner)
    if off:
        why = f"frames={forced} is asked for" if forced else "no number of frames that it can make has all the times"
        text = f"{off} of {len(inner)} frames are made by flow, between the {count} of the engine: {why}"
        report.note("filled", text, filled=off, pictures=len(inner), frames=count)
    return count


def _finish(adapted_gap: AdaptedGap, made: Iterator[Picture], fill: Maker, report: Report) -> Iterator[Picture]:
    """The frames of a gap as the film wants them, from all frames that the engine made for it."""
    on_grid = bool(adapted_gap.given.grid)
    frames = _resample(adapted_gap, list(made), fill, report) if on_grid else map(adapted_gap.restore, made)
    if adapted_gap.keys[0].shape[2] == adapted_gap.gap.start.shape[2]:
        yield from frames
        return
    for colours, moved in zip(frames, fill(iter([adapted_gap.gap]), report), strict=True):
        yield np.concatenate([colours, moved[..., 3:]], axis=2)


def _resample(adapted_gap: AdaptedGap, made: Sequence[Picture], fill: Maker, report: Report) -> Iterator[Picture]:
    """The frames at the times of the gap, from those of the engine's even grid.

    The first and the last frame of the grid are the keys, unless the engine made these too.
    """
    gap, count = adapted_gap.gap, adapted_gap.given.grid
    places = [place_on_grid(t, count) for t in gap.times]

    # Eight are kept, so that neighbouring gaps share the same objects, by which `fill` finds the flows that it keeps.
    @lru_cache(8)
    def frame(k: int) -> Picture:
        if adapted_gap.with_ends:
            return adapted_gap.restore(made[k])
        return adapted_gap.restore(made[k - 1]) if 0 < k < count - 1 else adapted_gap.keys[k == count - 1]

    def between() -> Iterator[Gap]:
        for k, run in groupby((place for place in places if place[1]), key=lambda place: place[0]):
            before = (frame(k - 1), -1.0) if k > 0 else None
            after = (frame(k + 2), 2.0) if k + 2 < count else None
            yield replace(
                gap,
                start=frame(k),
                end=frame(k + 1),
                times=tuple(part for _, part in run),
                before=before,
                after=after,
                motion=None,
            )

    if not any(part for _, part in places):
        yield from (frame(k) for k, _ in places)
        return
    filled = fill(between(), report)
    yield from (next(filled) if part else frame(k) for k, part in places)
    # All frames have been read. Asked for one more, the maker ends and closes its threads now, instead of when the
    # garbage collector finds it.
    if next(filled, None) is not None:
        raise RuntimeError("more frames were made by flow than it was asked for")


def _visible(key: Picture) -> Picture:
    """The colours (H, W, 3) of a key with alpha. Transparent pixels get the colours of the visible ones around them or,
    far from any visible pixel, the mean of all visible colours."""
    from inbetween.dense.holes import push_pull

    top = np.iinfo(key.dtype).max
    colours, trust = key[..., :3].astype(np.float32), key[..., 3].astype(np.float32) / np.float32(top)
    weighted = colours * trust[..., None]
    mean = weighted.sum((0, 1), np.float64) / max(float(trust.sum()), 1e-9)
    seen = weighted + (1 - trust)[..., None] * mean.astype(np.float32)
    filled = push_pull(seen, np.maximum(trust, FAR))
    visible: Picture = np.clip(filled + 0.5, 0, top).astype(key.dtype)
    return visible
