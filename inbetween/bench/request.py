"""Requests for `bench`, and their plans: everything that can be refused without opening a clip is refused here."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from inbetween import engines
from inbetween.devices import thread_count
from inbetween.errors import UnknownName, UsageError
from inbetween.plan import Making, choose, making
from inbetween.request import FilmRequest
from inbetween.timeline.grid import MOST_FRAMES

AGAINST = ("hold", "crossfade", "minterpolate")
"""The baselines; `methods.BASELINES` makes their frames."""
NOTHING = "none"
"""The value of `--against` for no baseline."""


@dataclass(frozen=True, kw_only=True)
class BenchRequest:
    """All that the user asked for, as written. None means that the default is used."""

    clips: tuple[str, ...]
    engine: str = "auto"
    """Names of engines, with commas between them."""
    against: str = ",".join(AGAINST)
    """Names of baselines, with commas between them, or "none"."""
    gaps: str = "1,3,7"
    """Numbers of hidden frames, with commas between them."""
    set: tuple[str, ...] = ()
    """Texts NAME=VALUE, each an option of all engines that have it."""
    vmaf: bool = True
    most: int | None = None
    """Frames to read of each clip, from its beginning; None: all."""
    device: str = "auto"
    threads: int | None = None
    weights: str | None = None
    memory: str = "auto"
    max_vram: str | None = None


@dataclass(frozen=True, kw_only=True)
class BenchPlan:
    """The clips and methods that will be scored, and how."""

    clips: tuple[Path, ...]
    engines: dict[str, Making]
    """The engines by name, in the order of the table."""
    against: tuple[str, ...]
    """The names of the baselines."""
    gaps: tuple[int, ...]
    """The numbers of hidden frames between two keys, ascending."""
    vmaf: bool
    threads: int
    most: int | None
    """Frames to read of each clip, from its beginning; None: all."""


def plan(request: BenchRequest) -> BenchPlan:
    """Check a request.

    Raises:
        UsageError, UnknownName: something makes no sense; the hint says what would.
        InbetweenError: weights are missing.
    """
    clips = request.clips
    if not clips:
        raise UsageError("no clip is named", "inbetween bench clip.mp4")
    if "" in clips:
        raise UsageError(f"clip {clips.index('') + 1} has no name", "look for an empty word in the command")
    names = list(dict.fromkeys(choose(name)[0] for name in _listed(request.engine)))
    for name in names:
        if name in AGAINST:
            raise UsageError(f"`{name}` is not an engine but a baseline", f"name it as --against {name}")
        engines.get(name)
    baselines = tuple(dict.fromkeys(_listed(request.against))) if request.against != NOTHING else ()
    for name in baselines:
        if name not in AGAINST:
            raise UnknownName("baseline", name, (*AGAINST, NOTHING))
    return BenchPlan(
        clips=tuple(Path(clip) for clip in dict.fromkeys(clips)),
        gaps=tuple(sorted({_gap(word) for word in _listed(request.gaps)})),
        engines=_engines(names, request),
        against=baselines,
        vmaf=request.vmaf,
        threads=thread_count(request.threads),
        most=request.most,
    )


def _listed(text: str) -> list[str]:
    return [word.strip() for word in text.split(",")]


def _gap(word: str) -> int:
    if not (word.isascii() and word.isdecimal() and 1 <= int(word[:9]) <= MOST_FRAMES and len(word) < 9):
        raise UsageError(
            f"--gaps needs whole numbers from 1 on, not `{word}`",
            "each is a number of hidden frames between two keys: --gaps 1,3,7",
        )
    return int(word)


def _engines(names: Sequence[str], request: BenchRequest) -> dict[str, Making]:
    """The engines, each with those texts of `--set` that name one of its options.

    Raises:
        UnknownName: no engine has an option of that name.
    """
    known = {name: [field.name for field in dataclasses.fields(engines.get(name).Options)] for name in names}
    for text in request.set:
        option, equals, _ = text.partition("=")
        if equals and all(option not in fields for fields in known.values()):
            raise UnknownName("option", option, dict.fromkeys(one for fields in known.values() for one in fields))
    found = {}
    for name in names:
        own = tuple(text for text in request.set if "=" not in text or text.partition("=")[0] in known[name])
        found[name] = making(
            FilmRequest(
                engine=name,
                set=own,
                device=request.device,
                threads=request.threads,
                weights=request.weights,
                memory=request.memory,
                max_vram=request.max_vram,
            )
        )
    return found
