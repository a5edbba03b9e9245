"""An engine that works at certain sizes and counts only, made fit for any gap."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain, groupby, islice
from typing import Any

import numpy as np

from inbetween import engines
from inbetween.engine import Engine, Lengths, Sizes
from inbetween.pictures.fit import fit
from inbetween.sizes import NATIVE, working_size
from inbetween.types import Gap, Maker, Motion, Picture, Report, Settings

EXACT = 1e-9
"""Times so near each other are one."""
FAR = np.float32(1e-4)
"""How much the mean of the visible colours counts, beside them."""


@dataclass(frozen=True)
class Placement:
    """How keys of one size (H, W) lie in the working size: scaled to `inner`, from `top` and `left` on."""

    size: tuple[int, int]
    working: tuple[int, int]
    inner: tuple[int, int]
    top: int
    left: int

    def filled(self, key: Picture) -> Picture:
        """The key at the working size, its edges repeated."""
        scaled = fit(key, self.inner, "stretch")
        below = self.working[0] - self.inner[0] - self.top
        right = self.working[1] - self.inner[1] - self.left
        filled: Any = np.pad(scaled, ((self.top, below), (self.left, right), (0, 0)), mode="edge")
        return np.ascontiguousarray(filled)

    def cut(self, picture: Picture) -> Picture:
        """A picture of the working size at the size of the keys."""
        inner: Picture = picture[self.top : self.top + self.inner[0], self.left : self.left + self.inner[1]]
        return fit(inner, self.size, "stretch")

    def moved(self, motion: Motion) -> Motion:
        """A motion of the keys in pixels of the working size."""
        down, across = (a / b for a, b in zip(self.inner, self.size, strict=True))
        offset = (across - 1) / 2 + self.left, (down - 1) / 2 + self.top
        return motion.mapped((across, down), offset, self.working)


def placement_of(size: tuple[int, int], working: tuple[int, int], scaled: bool) -> Placement:
    """Keys of a size in the middle of the working size, as large as they can be if they are scaled at all."""
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
    """A gap, and what the engine is given of it."""

    gap: Gap
    keys: tuple[Picture, Picture]
    """At their own size, in the channels that the engine is given."""
    frame: Placement | None
    frames: int
    """Pictures of the grid that the engine makes, both ends included; 0: it is given the gap's own times."""
    legal: Gap

    @property
    def ends(self) -> bool:
        """Whether the ends of the grid are made too."""
        return self.legal.times[0] == 0

    def back(self, picture: Picture) -> Picture:
        """A picture of the engine at the size of the keys."""
        return picture if self.frame is None else self.frame.cut(picture)


def load_makers(name: str, options: Any, settings: Settings) -> dict[str, Maker]:
    """Those that `gaps.frames_of` asks for: the engine called `name`, for any gap, and one for keys with no relation.

    Raises:
        InbetweenError: the engine cannot be loaded, see there.
    """
    engine, flow, blend = (engines.get(one) for one in (name, "flow", "blend"))
    maker = engine.load(options, settings)
    if engine.lengths is not None or engine.sizes is not None:
        maker = adapted(maker, engine, options, flow.load(flow.Options(), settings))
    return {"engine": maker, "blend": blend.load(blend.Options(), settings)}


def adapted(maker: Maker, engine: Engine, options: Any, fill: Maker) -> Maker:
    """A maker for any gap by one that is only given what `engine` declares; options: the engine's.

    Where there is a native size, keys are scaled to lie within the working size; edges are repeated to fill it, and
    pictures cut and scaled back. Times that are no even grid, or one of a count that the engine does not make, are read
    off a grid that it makes, and what lies between is made by `fill`, the maker of `flow`; so is alpha.
    """

    def make(gaps: Iterable[Gap], report: Report) -> Iterator[Picture]:
        waiting: deque[AdaptedGap] = deque()
        say, quiet = _once(report), _Detail(report)

        def legal() -> Iterator[Gap]:
            for gap in gaps:
                waiting.append(_adapted_gap(gap, engine, options, say))
                yield waiting[-1].legal

        made = maker(legal(), report)
        # An engine that reads ahead has more than one of them waiting.
        for first in made:
            fitting = waiting.popleft()
            yield from _finish(fitting, chain([first], islice(made, len(fitting.legal.times) - 1)), fill, quiet)

    return make


def _once(report: Report) -> Callable[..., None]:
    """Notes: the first of a kind for all, others that say something new for those who ask for more."""
    said: set[str] = set()

    def say(code: str, text: str, **facts: Any) -> None:
        if text not in said:
            report.note(code, text, detail=code in said, **facts)
            said.update((code, text))

    return say


class _Detail(Report):
    """What those who fill in have to say is for those who ask for more."""

    def __init__(self, report: Report) -> None:
        self._report = report

    def progress(self, stage: str, done: int, total: int) -> None:
        self._report.progress(stage, done, total)

    def note(self, code: str, text: str, *, detail: bool = False, **facts: Any) -> None:
        self._report.note(code, text, detail=True, **facts)


def _adapted_gap(gap: Gap, engine: Engine, options: Any, say: Callable[..., None]) -> AdaptedGap:
    frames, times = 0, gap.times
    if engine.lengths is not None:
        frames = _frames(times, engine.lengths, options.frames, say)
        ends = times[0] <= EXACT or times[-1] >= 1 - EXACT
        times = tuple(k / (frames - 1) for k in (range(frames) if ends else range(1, frames - 1)))
    keys, motion, frame = (gap.start, gap.end), gap.motion, None
    if engine.sizes is not None:
        if gap.start.shape[2] == 4:
            say("alpha", "transparency is made by flow: the engine knows colours only")
            keys = _visible(gap.start), _visible(gap.end)
        frame = _placement(engine.sizes, options.size, (gap.start.shape[0], gap.start.shape[1]), say)
    start, end = keys
    if frame is not None:
        start, end = frame.filled(start), frame.filled(end)
        motion = None if motion is None else frame.moved(motion)
    legal = replace(gap, start=start, end=end, times=times, before=None, after=None, motion=motion)
    return AdaptedGap(gap, keys, frame, frames, legal)


def _placement(sizes: Sizes, words: str, size: tuple[int, int], say: Callable[..., None]) -> Placement | None:
    working = working_size(sizes, words, size)
    if working == size:
        return None
    frame = placement_of(size, working, scaled=sizes.native is not None or words != NATIVE)
    how = [] if frame.inner == size else [f"scaled to {_by(frame.inner)}"]
    how += [] if frame.inner == working else ["filled up by their edges"]
    text = f"the engine works at {_by(working)}: keys of {_by(size)} are {' and '.join(how)}, pictures brought back"
    say("working-size", text, working=list(working), size=list(size))
    return frame


def _by(size: tuple[int, int]) -> str:
    return f"{size[1]}x{size[0]}"


def _frames(times: tuple[float, ...], lengths: Lengths, forced: int, say: Callable[..., None]) -> int:
    """Pictures of the grid that is made, both ends included."""
    inner = [t for t in times if EXACT < t < 1 - EXACT]
    wanted = len(inner) + 2
    even = all(abs(t - k / (wanted - 1)) <= EXACT for k, t in enumerate(inner, 1))
    frames = forced or (wanted if even and lengths.allows(wanted) else lengths.native)
    if frames * 2 < lengths.native:
        say("few", f"the engine makes {frames} pictures at once; it was trained on {lengths.native}", frames=frames)
    off = sum(_place(t, frames)[1] > 0 for t in inner)
    if off:
        why = f"frames={forced} is asked for" if forced else f"it cannot make {wanted} at once"
        why = why if even else "their times are not even"
        text = f"{off} of {len(inner)} pictures are made by flow, between the {frames} of the engine: {why}"
        say("filled", text, filled=off, pictures=len(inner), frames=frames)
    return frames


def _place(t: float, frames: int) -> tuple[int, float]:
    """The picture of a grid that is at a time or the last one before it, and how far it is on to the next."""
    k = round(t * (frames - 1))
    if abs(t - k / (frames - 1)) <= EXACT:
        return k, 0.0
    k = int(t * (frames - 1))
    return k, t * (frames - 1) - k


def _finish(fitting: AdaptedGap, made: Iterator[Picture], fill: Maker, report: Report) -> Iterator[Picture]:
    """The pictures of a gap, by all those that the engine made for it."""
    pictures = _resample(fitting, list(made), fill, report) if fitting.frames else map(fitting.back, made)
    if fitting.keys[0].shape[2] == fitting.gap.start.shape[2]:
        yield from pictures
        return
    for colours, moved in zip(pictures, fill(iter([fitting.gap]), report), strict=True):
        yield np.concatenate([colours, moved[..., 3:]], axis=2)


def _resample(fitting: AdaptedGap, made: Sequence[Picture], fill: Maker, report: Report) -> Iterator[Picture]:
    """The pictures at the gap's times; the keys are the ends of the grid unless these are made."""
    gap, last = fitting.gap, fitting.frames - 1
    places = [_place(t, fitting.frames) for t in gap.times]

    # A few are kept, so that neighbouring gaps share them.
    @lru_cache(8)
    def grid(k: int) -> Picture:
        if fitting.ends:
            return fitting.back(made[k])
        return fitting.back(made[k - 1]) if 0 < k < last else fitting.keys[k == last]

    def between() -> Iterator[Gap]:
        for k, run in groupby((place for place in places if place[1]), key=lambda place: place[0]):
            before = (grid(k - 1), -1.0) if k > 0 else None
            after = (grid(k + 2), 2.0) if k + 2 <= last else None
            yield Gap(grid(k), grid(k + 1), tuple(part for _, part in run), gap.seed, gap.number, before, after)

    filled = fill(between(), report)
    yield from (next(filled) if part else grid(k) for k, part in places)
    # Lets the maker end, and with it what it opened.
    assert next(filled, None) is None


def _visible(key: Picture) -> Picture:
    """The colours of a picture with alpha; where nothing is seen, those around, and far from them their mean."""
    from inbetween.dense.holes import push_pull

    top = np.iinfo(key.dtype).max
    colours, trust = key[..., :3].astype(np.float32), key[..., 3].astype(np.float32) / np.float32(top)
    weighted = colours * trust[..., None]
    mean = weighted.sum((0, 1), np.float64) / max(float(trust.sum()), 1e-9)
    seen = weighted + (1 - trust)[..., None] * mean.astype(np.float32)
    filled = push_pull(seen, np.maximum(trust, FAR))
    visible: Picture = np.clip(filled + 0.5, 0, top).astype(key.dtype)
    return visible
