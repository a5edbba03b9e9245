"""What the commands that look at two keys and their motion have in common."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inbetween.cli import options as o
from inbetween.cli.streams import data
from inbetween.errors import UsageError

if TYPE_CHECKING:
    from inbetween.cli.console import Show
    from inbetween.key_files import KeyFiles
    from inbetween.motion.search import Search
    from inbetween.types import Motion

NONE = "none"
KINDS = {"point": "points", "line": "lines", "skeleton": "people"}


def out_file(name: str | None, suffix: str, example: str) -> Path:
    """Where the one file goes.

    Raises:
        WordsRefused: nowhere, or its name has another suffix.
    """
    if not name:
        raise UsageError("no output is named", f"say where to: -o {example}")
    if Path(name).suffix.lower() != suffix:
        raise UsageError(f"`{name}` does not end in {suffix}", f"write -o {example}")
    return Path(name)


def search(said: dict[str, Any], usual: str) -> Search:
    """What is to be looked for, `usual` being the matcher unless one is named; whatever was not asked is as usual.

    Raises:
        WordsRefused, UnknownName: words that make no sense.
    """
    from inbetween.matching import matchers, selection
    from inbetween.motion.search import TOP, Search

    matcher, points, top = said["matcher"] or usual, said.get("points", "all"), said.get("top")
    if matcher != NONE:
        matchers.get(matcher)
    o.one_of("--poses", said.get("poses"), ("auto", NONE))
    o.one_of("--points", points, ("all", *selection.METHODS))
    if top is not None and points == "all":
        raise UsageError("--top is for some of the points", "say which: --points max_score_even")
    count = o.whole("--top", top, 1)
    return Search(
        None if matcher == NONE else matcher,
        None if said["weights"] is None else Path(said["weights"]),
        points,
        TOP if count is None else count,
        seed(said),
        (said.get("poses") or ("auto" if matcher != NONE else NONE)) == "auto",
    )


def seed(said: dict[str, Any]) -> int:
    """Of random numbers; any whole number will do."""
    return (o.whole("--seed", said.get("seed", "0")) or 0) % 2**32


def opened(said: dict[str, Any], paths: Sequence[Path], show: Show) -> KeyFiles:
    """Both keys at the size of the first.

    Raises:
        UnknownName: no such way to fit.
        InbetweenError: a key that is no picture, or of another size where nothing was said of it.
    """
    from inbetween.devices import thread_count
    from inbetween.key_files import KeyFiles
    from inbetween.plan import FITS

    o.one_of("--fit", said["fit"], FITS)
    return KeyFiles(paths, None, said["fit"], said["force"], show, thread_count(None))


def key_paths(said: dict[str, Any]) -> list[Path]:
    """Of both keys.

    Raises:
        WordsRefused: there are not two, or one has no name.
    """
    keys: list[str] = said["keys"] or []
    if len(keys) != 2:
        raise UsageError(f"two pictures are needed, not {len(keys)}", "give the start and the end: start.png end.png")
    if "" in keys:
        raise UsageError(f"key {keys.index('') + 1} has no name", "look for an empty word in the command")
    return [Path(key) for key in keys]


def counts(motion: Motion) -> dict[str, int]:
    """Tracks of each kind; drags are not counted among the points."""
    found = Counter("drags" if track.source == "drag" else KINDS[track.kind] for track in motion.tracks)
    return {name: found[name] for name in ("drags", *KINDS.values())}


def counted(facts: dict[str, int]) -> str:
    """The same in words."""
    words = {"people": "person"}
    return ", ".join(
        f"{count} {words.get(name, name[:-1]) if count == 1 else name}"
        for name, count in facts.items()
        if count or name in ("points", "lines")
    )


def answer(said: dict[str, Any], show: Show, text: str, facts: dict[str, Any]) -> None:
    """Say what was made: a line for people, and the path or JSON for programs."""
    show.close()
    if said["json_"]:
        facts = {"made": True, "path": said["out"], **facts, "notes": show.notes}
        data(json.dumps(facts, ensure_ascii=False).encode("utf-8", "backslashreplace"))
        return
    show.made(text)
    data(os.fsencode(said["out"]))
