"""`flow`: DIS optical flow, inverted to the time asked for, on the CPU; no weights, no download."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, count
from typing import TYPE_CHECKING

from inbetween.devices import in_order
from inbetween.engine import Engine, option
from inbetween.key_cache import KeyCache
from inbetween.pictures.premultiplied import from_working, to_working
from inbetween.types import Gap, Maker, Map, Picture, Report, Settings

if TYPE_CHECKING:
    from inbetween.dense.blend_pair import PreparedKey
    from inbetween.dense.flows import Flows, View
    from inbetween.dense.follow import Handles
    from inbetween.dense.warp import Field

WORK_BYTES, BYTES_PER_PIXEL = 400_000_000, 60
"""The bytes of memory within which several frames are made at once, chosen by eye; and the bytes per pixel that making
one frame needs, measured."""
KEPT = 3
"""The number of pairs of keys whose flows are kept: as many as a gap looks at, its own pair and those before and after
it."""
VISIBLE, BROKEN = 0.1, 0.3
"""The doubts, 0 to 1, from which failures are visible in places, and from which they are everywhere; chosen by eye."""


@dataclass(frozen=True)
class Options:
    """The options of `flow`."""

    quality: str = option(
        "normal",
        "draft looks at a quarter of the pixels and reads bilinearly; best follows the motion twice, in two ways, and "
        "takes the mean: steadier and smoother, at two to three times the time",
        choices=("draft", "normal", "best"),
    )
    sampling: str = option(
        "adaptive",
        "how the keys are read: bicubic is crisper, bilinear more forgiving; adaptive is bicubic, softened "
        "where the keys are out of register",
        choices=("adaptive", "bilinear", "bicubic"),
    )
    reach: float = option(
        10.0,
        "how far around a drag things move with it, in percent of the shorter side; half as far for matches",
        0.1,
        100,
    )
    acceleration: bool = option(True, "with three keys or more, let motion speed up and slow down")
    fallback: bool = option(True, "cross-fade where both keys' motions disagree beyond hope, instead of tearing")


def load(options: Options, settings: Settings) -> Maker:
    """The maker of this engine, see `Engine.load`.

    While it works it keeps the flows of the last few pairs of keys, for the gaps that share them. With several threads
    it prepares the next gap while the frames of one are made.
    """
    if options.quality == "draft":
        options = replace(options, sampling="bilinear")

    def make(gaps: Iterable[Gap], report: Report) -> Iterator[Picture]:
        gaps = iter(gaps)
        first = next(gaps, None)
        if first is None:
            return
        gaps = chain([first], gaps)
        threads = settings.threads
        pixels = first.start.shape[0] * first.start.shape[1]
        ahead = min(threads, max(1, WORK_BYTES // (BYTES_PER_PIXEL * pixels))) if threads > 1 else 0
        # The next gap is prepared in a thread of its own, so that it does not queue behind the frames of this one.
        both, one_ahead = ThreadPoolExecutor(min(threads, 2)), ThreadPoolExecutor(1)
        with ThreadPoolExecutor(threads) as pool, both, one_ahead:
            known = _Known(both.map, report, options)

            def prepared(_: int) -> tuple[Gap, Callable[[float], Picture]] | None:
                gap = next(gaps, None)
                return None if gap is None else (gap, _picture_maker(gap, known, options, report))

            ready = in_order(one_ahead, prepared, count(), 1) if threads > 1 else map(prepared, count())
            pictures = (partial(one, t) for gap, one in iter(ready.__next__, None) for t in gap.times)
            yield from in_order(pool, lambda picture: picture(), pictures, ahead)

    return make


class _Known:
    """The flows of the last few pairs of keys, and what is prepared of keys, kept because neighbouring gaps need the
    same."""

    def __init__(self, both: Map, report: Report, options: Options) -> None:
        """
        Args:
            both: computes things of both keys of a gap, perhaps in two threads.
            report: hears the progress.
            options: those of the engine.
        """
        self._both, self._report = both, report
        self._draft, self._sampling = options.quality == "draft", options.sampling
        self._views: KeyCache[View] = KeyCache(KEPT)
        self._sources: KeyCache[PreparedKey] = KeyCache(KEPT)
        self._flows: dict[bool, KeyCache[Flows | None]] = {False: KeyCache(KEPT), True: KeyCache(KEPT)}
        self._made = 0

    def flows(
        self, start: Picture, end: Picture, before: tuple[Flows, float] | None = None, fine: bool = False
    ) -> Flows | None:
        """The flows between two keys; see `dense.flows.flows` for the arguments."""

        def found() -> Flows | None:
            from inbetween.dense.dis import MOST_PIXELS
            from inbetween.dense.flows import flows, view

            self._report.progress("flow", self._made, 0)
            self._made += 1
            most = MOST_PIXELS // 4 if self._draft else MOST_PIXELS
            one, other = self._both(lambda key: self._views.get((key,), partial(view, key, most)), (start, end))
            return flows(one, other, before, self._both, fine)

        return self._flows[fine].get((start, end), found)

    def sources(self, gap: Gap) -> Iterable[PreparedKey]:
        """Both keys of a gap, prepared for sampling; see `dense.blend_pair.prepared`."""
        from inbetween.dense.blend_pair import prepared

        def found(key: Picture) -> PreparedKey:
            return self._sources.get((key,), lambda: prepared(to_working(key), self._sampling))

        return self._both(found, (gap.start, gap.end))


def _picture_maker(gap: Gap, known: _Known, options: Options, report: Report) -> Callable[[float], Picture]:
    """The function that makes the frame of a gap at a time in [0, 1]."""
    import cv2

    from inbetween.dense.blend_pair import blend
    from inbetween.dense.flow_at import flow_at

    ways = [False, True] if options.quality == "best" else [False]
    motions = [found for fine in ways if (found := _motion(gap, known, options.acceleration, fine)) is not None]
    if not motions:
        report.note("tiny", "the keys are too small for optical flow: cross-faded", gap=gap.number)
        a, b = to_working(gap.start), to_working(gap.end)
        return lambda t: from_working(cv2.addWeighted(a, 1 - t, b, t, 0), gap.start)
    start, end = known.sources(gap)
    _note_doubt(motions[0][0].doubt, gap.number, report)

    steered = [_followed(flows, gap, options.reach) for flows, _ in motions]

    def one(t: float) -> Picture:
        made = [
            blend(start, end, flow_at(t, flows, bend, bent), t, options.sampling, options.fallback)
            for (flows, bend), bent in zip(motions, steered, strict=True)
        ]
        return from_working(made[0] if len(made) == 1 else cv2.addWeighted(made[0], 0.5, made[1], 0.5, 0), gap.start)

    return one


def _motion(gap: Gap, known: _Known, accelerated: bool, fine: bool) -> tuple[Flows, tuple[Field, Field]] | None:
    """The flows of a gap, and their accelerations, which follow from the neighbouring keys; None for tiny keys."""
    from inbetween.dense.acceleration import accelerations, edge_factor

    before = after = None
    if gap.before is not None and accelerated:
        before = _neighbour(known.flows(gap.before[0], gap.start, None, fine), gap.before[1])
    flows = known.flows(gap.start, gap.end, before, fine)
    if flows is None:
        return None
    if gap.after is not None and accelerated:
        key, time = gap.after
        after = _neighbour(known.flows(gap.end, key, (flows, -1 / (time - 1)), fine), time)
    return flows, accelerations(flows, before, after, edge_factor(sum(0 < t < 1 for t in gap.times)))


def _followed(flows: Flows, gap: Gap, reach: float) -> tuple[Flows, Handles] | None:
    """The flows bent to follow the gap's motion, and the handles to follow at every time; None for no motion."""
    if gap.motion is None:
        return None
    from inbetween.dense.follow import follow_handles
    from inbetween.motion.handles import handles

    height, width = flows.forward.shape[:2]
    bent, held = follow_handles(flows, handles(gap.motion, (height, width), reach))
    return (bent, held) if len(held.start) else None


def _neighbour(flows: Flows | None, time: float) -> tuple[Flows, float] | None:
    return None if flows is None else (flows, time)


def _note_doubt(doubt: float, number: int, report: Report) -> None:
    """Note how much of the motion between two keys could not be followed."""
    where = f"between keys {number + 1} and {number + 2}"
    if doubt > BROKEN:
        text = f"{where} the motion is beyond this engine (doubt {doubt:.2f}): expect broken frames"
    elif doubt > VISIBLE:
        text = f"{where} the motion is hard to follow (doubt {doubt:.2f}): expect ghosts in places"
    else:
        text = f"{where} no large failure is seen (doubt {doubt:.2f}); small fast things may still be ghosts"
    report.note("doubt", text, detail=doubt <= VISIBLE, gap=number, doubt=round(doubt, 4))


ENGINE = Engine(
    name="flow",
    title="optical flow both ways, followed to the time asked for",
    load=load,
    Options=Options,
    licence="Apache-2.0",
    commercial=True,
    follows=("point", "line", "skeleton"),
    neighbours=True,
    paper="Kroeger et al. 2016 (DIS); Chen et al. 2008 (inversion)",
)
