"""Keys, a timeline and an engine into frames: gaps, ends, keys with no relation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from inbetween.errors import InbetweenError
from inbetween.timeline import Timeline
from inbetween.types import Gap, Maker, Motion, Picture, Report


def frames(
    keys: Sequence[Picture],
    timeline: Timeline,
    makers: Mapping[str, Maker],
    report: Report,
    *,
    unrelated: str = "blend",
    generated: bool = False,
    loop: bool = False,
    seed: int = 0,
    motions: Mapping[int, Motion] | None = None,
) -> Iterator[Picture]:
    """Every picture of the timeline, in order, as it is made.

    keys: of one size, channels and dtype; for a loop closed by the first one again. makers: "engine", and
    "blend" for keys that have nothing to do with each other. Keys are passed through untouched unless
    `generated`. motions: by the number of their gap, in pixels of the keys.

    Raises:
        InbetweenError: keys with no relation, where `unrelated` is "fail".
    """
    relation = _Relation(keys, unrelated, report)
    made = _made(_gaps(keys, timeline, relation, generated, loop, seed, motions or {}), makers, report)
    last, picture = None, None
    for source in timeline.sources:
        if source.t in (0.0, 1.0) and not generated:
            yield keys[source.gap + int(source.t)]
            continue
        # An easing may hold a picture: it is made once.
        if source != last:
            last, picture = source, next(made)
        assert picture is not None
        yield picture
    # Lets the makers end, and with them what they opened.
    assert next(made, None) is None


def refuse_unrelated(keys: Sequence[Picture], report: Report) -> None:
    """Compare all neighbouring keys.

    Raises:
        InbetweenError: two of them have no relation.
    """
    _Relation(keys, "fail", report)


class _Relation:
    """Which neighbouring keys have anything to do with each other, asked once per gap."""

    def __init__(self, keys: Sequence[Picture], unrelated: str, report: Report) -> None:
        self._keys, self._unrelated, self._report = keys, unrelated, report
        self._known: dict[int, bool] = {}
        if unrelated == "fail":
            for gap in range(len(keys) - 1):
                report.progress("compare", gap, len(keys) - 1)
                self.exists(gap)

    def exists(self, gap: int) -> bool:
        if gap not in self._known:
            from inbetween.dense.relation import related

            self._known[gap] = related(self._keys[gap], self._keys[gap + 1])
            if not self._known[gap]:
                self._say(gap)
        return self._known[gap]

    def kind(self, gap: int) -> str:
        return "engine" if self.exists(gap) else self._unrelated

    def _say(self, gap: int) -> None:
        what = f"keys {gap + 1} and {gap + 2} have nothing to do with each other"
        if self._unrelated == "fail":
            raise InbetweenError(what, "take --if-unrelated blend or hold, or another pair")
        done = "cross-faded" if self._unrelated == "blend" else "the first one is held"
        self._report.note("unrelated", f"{what}: {done}", gap=gap)


def _gaps(
    keys: Sequence[Picture],
    timeline: Timeline,
    relation: _Relation,
    generated: bool,
    loop: bool,
    seed: int,
    motions: Mapping[int, Motion],
) -> Iterator[tuple[str, Gap]]:
    """(kind, gap) for every gap of which a picture is to be made."""
    last = len(keys) - 2
    for number, run in groupby(timeline.sources, key=lambda source: source.gap):
        times = dict.fromkeys(s.t for s in run if generated or 0 < s.t < 1)
        if not times:
            continue
        length = timeline.keys[number + 1] - timeline.keys[number]
        before = after = None
        previous = last if loop and number == 0 else number - 1
        following = 0 if loop and number == last else number + 1
        # A cut ends the neighbourhood. The key before or after is at hand already in the usual order.
        if previous >= 0 and relation.exists(previous):
            span = timeline.keys[previous + 1] - timeline.keys[previous]
            before = keys[previous], -float(span / length)
        if following <= last and relation.exists(following):
            span = timeline.keys[following + 1] - timeline.keys[following]
            after = keys[following + 1], 1 + float(span / length)
        start, end = keys[number], keys[number + 1]
        motion = motions.get(number)
        # Who drew how one becomes the other has related them.
        kind = relation.kind(number) if motion is None else "engine"
        yield kind, Gap(start, end, tuple(times), seed + number, number, before, after, motion)


def _made(gaps: Iterator[tuple[str, Gap]], makers: Mapping[str, Maker], report: Report) -> Iterator[Picture]:
    for kind, run in groupby(gaps, key=lambda pair: pair[0]):
        if kind == "hold":
            for _, gap in run:
                yield from (gap.start for _ in gap.times)
        else:
            yield from makers["engine" if kind == "engine" else "blend"]((gap for _, gap in run), report)
