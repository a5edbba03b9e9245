"""`flow`: DIS optical flow, inverted to the time asked for, on the CPU; no weights, no download."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inbetween.devices import in_order
from inbetween.engine import Engine, option
from inbetween.pictures.working import from_working, to_working
from inbetween.types import Gap, Maker, Picture, Report, Settings

if TYPE_CHECKING:
    from inbetween.dense.pair import Flows, View

WORK_BYTES, BYTES_PER_PIXEL = 400_000_000, 60
"""Pictures are made at once while what they need in passing, measured, fits here: any number of cores."""
VISIBLE, BROKEN = 0.1, 0.3
"""Doubt from which failures show in places, and from which they are everywhere."""


@dataclass(frozen=True)
class Options:
    """What changes the pictures of `flow`."""

    sampling: str = option(
        "adaptive",
        "how the keys are read: bicubic is crisper, bilinear more forgiving; adaptive is bicubic, softened "
        "where the keys are out of register",
        choices=("adaptive", "bilinear", "bicubic"),
    )
    acceleration: bool = option(True, "with three keys or more, let motion speed up and slow down")
    fallback: bool = option(True, "cross-fade where both keys' motions disagree beyond hope, instead of tearing")


def load(options: Options, settings: Settings) -> Maker:
    """The maker; it keeps the flows of the last few pairs, for the gaps that share them."""

    def make(gaps: Iterable[Gap], report: Report) -> Iterator[Picture]:
        with ThreadPoolExecutor(settings.threads) as pool:
            known = _Pairs(pool.map, report)
            for gap in gaps:
                one = _picture_maker(gap, known, options, report)
                pixels = gap.start.shape[0] * gap.start.shape[1]
                ahead = min(settings.threads, max(1, WORK_BYTES // (BYTES_PER_PIXEL * pixels)))
                yield from in_order(pool, one, gap.times, ahead)

    return make


class _Pairs:
    """Flows between keys, kept for the last few pairs: neighbouring gaps ask for the same ones.

    Keys are kept with what is known of them: while they are, nothing else can have their id.
    """

    def __init__(self, both: Callable[..., Iterable[Any]], report: Report) -> None:
        self._both, self._report = both, report
        self._views: OrderedDict[int, tuple[Picture, View]] = OrderedDict()
        self._flows: OrderedDict[tuple[int, int], tuple[Picture, Picture, Flows | None]] = OrderedDict()
        self._made = 0

    def get(self, start: Picture, end: Picture, before: tuple[Flows, float] | None = None) -> Flows | None:
        """See `dense.pair.flows`."""
        from inbetween.dense.pair import flows

        name = id(start), id(end)
        if name not in self._flows:
            self._report.progress("flow", self._made, 0)
            self._made += 1
            self._flows[name] = start, end, flows(self._view(start), self._view(end), before, self._both)
            if len(self._flows) > 3:
                self._flows.popitem(last=False)
        return self._flows[name][2]

    def _view(self, key: Picture) -> View:
        from inbetween.dense.pair import view

        if id(key) not in self._views:
            self._views[id(key)] = key, view(key)
            if len(self._views) > 3:
                self._views.popitem(last=False)
        return self._views[id(key)][1]


def _picture_maker(gap: Gap, known: _Pairs, options: Options, report: Report) -> Callable[[float], Picture]:
    """time -> picture, for one gap."""
    import cv2

    from inbetween.dense.acceleration import accelerations, edge_factor
    from inbetween.dense.between import flow_at, merged

    before = after = None
    if gap.before is not None and options.acceleration:
        before = _neighbour(known.get(gap.before[0], gap.start), gap.before[1])
    flows = known.get(gap.start, gap.end, before)
    if gap.after is not None and options.acceleration:
        key, time = gap.after
        after = _neighbour(known.get(gap.end, key, _neighbour(flows, -1 / (time - 1))), time)
    start, end = to_working(gap.start), to_working(gap.end)
    if flows is None:
        report.note("tiny", "pictures too small for optical flow: cross-faded", gap=gap.number)
        return lambda t: from_working(cv2.addWeighted(start, 1 - t, end, t, 0), gap.start)
    _say_doubt(flows.doubt, gap.number, report)
    bend = accelerations(flows, before, after, edge_factor(sum(0 < t < 1 for t in gap.times)))

    def one(t: float) -> Picture:
        to_start, to_end = flow_at(t, flows, bend)
        out = merged(start, end, to_start, to_end, t, options.sampling, options.fallback)
        return from_working(out, gap.start)

    return one


def _neighbour(flows: Flows | None, time: float) -> tuple[Flows, float] | None:
    return None if flows is None else (flows, time)


def _say_doubt(doubt: float, number: int, report: Report) -> None:
    where = f"between keys {number + 1} and {number + 2}"
    if doubt > BROKEN:
        text = f"{where} the motion is beyond this engine (doubt {doubt:.2f}): expect broken pictures"
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
    paper="Kroeger et al. 2016 (DIS); Chen et al. 2008 (inversion)",
)
