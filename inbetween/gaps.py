"""From keys and a timeline to frames: the timeline is cut into gaps, and an engine makes the frames of each."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol

from inbetween.errors import InbetweenError
from inbetween.timeline.grid import Source, Timeline
from inbetween.types import Gap, Maker, Motion, Picture, Report

PASSED = 4
"""Longest run of key-only frames that is sent along with the next gap. A longer run ends the engine's stream, which
bounds the memory. Chosen by eye: more than a slow easing repeats a key, and few enough to be held."""


class Keys(Protocol):
    """The keys of a film by their number, all of one size, with the same channels and dtype."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> Picture: ...


@dataclass(frozen=True, eq=False)
class Piece:
    """Some frames of a film, in order."""

    kind: str
    """The maker of the gap's frames, "engine" or "blend"; or "keys" where no frame is made."""
    gap: Gap | None
    """The gap that the frames lie in; None for the kind "keys"."""
    shows: tuple[Picture | float, ...]
    """For each frame the key that is shown untouched, or a time of the gap, 0 to 1. A time that is repeated shows the
    same frame again."""


def frames_of(
    keys: Keys,
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
    """Yield every frame of the timeline, in order, as it is made.

    Args:
        keys: the keys, all of one size, with the same channels and dtype; a loop has the first one again at its end.
        timeline: the times of the keys, and for every frame its gap and its time there.
        makers: "engine", and "blend" for keys that have nothing to do with each other.
        report: hears the progress and the notes.
        unrelated: what is made between such keys: "blend", "hold" (the first key is shown) or "fail".
        generated: whether the engine makes the keys again; else they are passed through untouched.
        loop: whether the last gap is followed by the first one.
        seed: the seed of the first gap; each further gap has the next number.
        motions: the user's motion by the number of its gap, in pixels of the keys.

    Raises:
        InbetweenError: two neighbouring keys are unrelated, and `unrelated` is "fail".
    """
    relation = _Relation(keys, unrelated, report)
    return render(_pieces(keys, timeline, relation, generated, loop, seed, motions or {}), makers, report)


def render(
    pieces: Iterable[Piece],
    makers: Mapping[str, Maker],
    report: Report,
    finish: Callable[[Picture, Gap, float], Picture] = lambda picture, gap, t: picture,
) -> Iterator[Picture]:
    """Yield every frame of the pieces, in order, as it is made.

    Only the gaps that an engine reads ahead are held in memory, so the pieces may come from a clip of any length.

    Args:
        pieces: the frames to show, read as they are needed.
        makers: by the kind of the pieces: "engine" and "blend".
        report: hears the progress and the notes.
        finish: (frame, its gap, its time) -> the frame that is shown; called for every frame that is no key.
    """
    for kind, run in groupby(_few_passed(pieces), key=lambda piece: piece.kind):
        if kind == "keys":
            for piece in run:
                yield from (shown for shown in piece.shows if not isinstance(shown, float))
        else:
            yield from _run(run, makers[kind], report, finish)


def _few_passed(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Join pieces that only show keys to the piece that follows, while there are at most `PASSED` of their frames."""
    passed: tuple[Picture | float, ...] = ()
    for piece in pieces:
        if piece.kind != "keys":
            yield Piece(piece.kind, piece.gap, passed + piece.shows)
            passed = ()
            continue
        passed += piece.shows
        if len(passed) > PASSED:
            yield Piece("keys", None, passed)
            passed = ()
    if passed:
        yield Piece("keys", None, passed)


def _run(
    run: Iterator[Piece], maker: Maker, report: Report, finish: Callable[[Picture, Gap, float], Picture]
) -> Iterator[Picture]:
    """Yield the frames of pieces that one maker makes; a gap is read when the maker asks for it."""
    begun: deque[tuple[Gap, tuple[Picture | float, ...]]] = deque()

    def gaps() -> Iterator[Gap]:
        for piece in run:
            assert piece.gap is not None
            begun.append((piece.gap, piece.shows))
            yield piece.gap

    pictures = maker(gaps(), report)
    # The maker is read to its end, which lets it close what it has opened.
    for first in pictures:
        gap, shows = begun.popleft()
        fresh: Picture | None = first
        before, picture = -1.0, first
        for shown in shows:
            if not isinstance(shown, float):
                yield shown
                continue
            # An easing may hold a frame: it is made once.
            if shown != before:
                before, picture = shown, finish(next(pictures) if fresh is None else fresh, gap, shown)
                fresh = None
            yield picture


def refuse_unrelated(keys: Keys, report: Report) -> None:
    """Compare all neighbouring keys, and refuse those that have nothing to do with each other.

    Raises:
        InbetweenError: two neighbouring keys are unrelated.
    """
    _Relation(keys, "fail", report)


class _Relation:
    """Which neighbouring keys have anything to do with each other; every gap is compared only once."""

    def __init__(self, keys: Keys, unrelated: str, report: Report) -> None:
        self._keys, self._unrelated, self._report = keys, unrelated, report
        self._known: dict[int, bool] = {}
        if unrelated == "fail":
            for gap in range(len(keys) - 1):
                report.progress("compare", gap, len(keys) - 1)
                self.exists(gap)

    def exists(self, gap: int) -> bool:
        """Whether the two keys of a gap show related things."""
        if gap not in self._known:
            from inbetween.dense.unrelated import are_related

            self._known[gap] = are_related(self._keys[gap], self._keys[gap + 1])
            if not self._known[gap]:
                self._report_unrelated(gap)
        return self._known[gap]

    def kind(self, gap: int) -> str:
        """How the frames of a gap are made: "engine", or the user's choice for unrelated keys."""
        return "engine" if self.exists(gap) else self._unrelated

    def _report_unrelated(self, gap: int) -> None:
        text = f"keys {gap + 1} and {gap + 2} have nothing to do with each other"
        if self._unrelated == "fail":
            raise InbetweenError(text, "use --if-unrelated blend or hold, or another pair", "input_unreadable")
        done = "cross-faded" if self._unrelated == "blend" else "the first one is held"
        self._report.note("unrelated", f"{text}: {done}", gap=gap)


def _pieces(
    keys: Keys,
    timeline: Timeline,
    relation: _Relation,
    generated: bool,
    loop: bool,
    seed: int,
    motions: Mapping[int, Motion],
) -> Iterator[Piece]:
    last = len(keys) - 2
    for number, run in groupby(timeline.sources, key=lambda source: source.gap):
        sources = list(run)
        times = tuple(dict.fromkeys(s.t for s in sources if generated or 0 < s.t < 1))
        # A user who drew how one key becomes the other has said that they are related.
        kind = "keys" if not times else "engine" if number in motions else relation.kind(number)
        if kind in ("keys", "hold"):
            yield Piece("keys", None, tuple(keys[number + int(source.t)] for source in sources))
            continue
        length = timeline.keys[number + 1] - timeline.keys[number]
        before = after = None
        previous = last if loop and number == 0 else number - 1
        following = 0 if loop and number == last else number + 1
        # Across a cut there is no neighbour. Frames are asked for in order, so both neighbours are decoded already.
        if previous >= 0 and relation.exists(previous):
            span = timeline.keys[previous + 1] - timeline.keys[previous]
            before = keys[previous], -float(span / length)
        if following <= last and relation.exists(following):
            span = timeline.keys[following + 1] - timeline.keys[following]
            after = keys[following + 1], 1 + float(span / length)
        gap = Gap(keys[number], keys[number + 1], times, seed + number, number, before, after, motions.get(number))
        yield Piece(kind, gap, tuple(_shown(gap, source, generated) for source in sources))


def _shown(gap: Gap, source: Source, generated: bool) -> Picture | float:
    if source.t in (0.0, 1.0) and not generated:
        return gap.end if source.t else gap.start
    return source.t
