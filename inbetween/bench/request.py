"""Words into what is to be scored: everything that can be refused without opening a clip is refused here."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inbetween import engines
from inbetween.devices import thread_count
from inbetween.engine import parse_options
from inbetween.errors import UnknownName, UsageError
from inbetween.plan import choose
from inbetween.sizes import check_working
from inbetween.timeline.grid import MOST_FRAMES
from inbetween.types import Settings

AGAINST = ("hold", "crossfade", "minterpolate")
"""The baselines; `methods.BASELINES` makes them."""
NOTHING = "none"


@dataclass(frozen=True)
class Request:
    """What is to be scored, and how."""

    clips: tuple[Path, ...]
    options: dict[str, Any]
    """Of each engine, by its name, in the order of the table."""
    against: tuple[str, ...]
    gaps: tuple[int, ...]
    vmaf: bool
    settings: Settings
    most: int | None
    """Frames that are read of each clip."""


def request(
    clips: Sequence[str],
    engine: str,
    against: str,
    gaps: str,
    set_: Sequence[str],
    vmaf: bool,
    threads: int | None,
    most: int | None,
) -> Request:
    """Check the words.

    Raises:
        WordsRefused, UnknownName: anything that makes no sense, with the cure.
    """
    if not clips:
        raise UsageError("no clip is named", "inbetween bench clip.mp4")
    if "" in clips:
        raise UsageError(f"clip {clips.index('') + 1} has no name", "look for an empty word in the command")
    names = dict.fromkeys(choose(name)[0] for name in _listed(engine))
    for name in names:
        if name in AGAINST:
            raise UsageError(f"`{name}` is no engine", f"it is a baseline: --against {name}")
        engines.get(name)
    baselines = dict.fromkeys(_listed(against)) if against != NOTHING else {}
    for name in baselines:
        if name not in AGAINST:
            raise UnknownName("baseline", name, (*AGAINST, NOTHING))
    return Request(
        tuple(Path(clip) for clip in dict.fromkeys(clips)),
        _options([*names], set_),
        tuple(baselines),
        tuple(sorted({_gap(word) for word in _listed(gaps)})),
        vmaf,
        Settings(threads=thread_count(threads)),
        most,
    )


def _listed(text: str) -> list[str]:
    return [word.strip() for word in text.split(",")]


def _gap(word: str) -> int:
    if not (word.isascii() and word.isdecimal() and 1 <= int(word[:9]) <= MOST_FRAMES and len(word) < 9):
        raise UsageError(
            f"--gaps needs whole numbers from 1 on, not `{word}`",
            "it counts the hidden frames between two keys: --gaps 1,3,7",
        )
    return int(word)


def _options(names: Sequence[str], words: Sequence[str]) -> dict[str, Any]:
    """Each word goes to every engine that has such an option."""
    known = {name: [field.name for field in dataclasses.fields(engines.get(name).Options)] for name in names}
    for word in words:
        option, equals, _ = word.partition("=")
        if equals and all(option not in fields for fields in known.values()):
            raise UnknownName("option", option, dict.fromkeys(one for fields in known.values() for one in fields))
    options = {}
    for name in names:
        engine = engines.get(name)
        own = [word for word in words if "=" not in word or word.partition("=")[0] in known[name]]
        options[name] = parse_options(engine.Options, own)
        check_working(engine, options[name])
    return options
