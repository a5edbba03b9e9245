"""The parts that the commands for two keys and their motion share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from inbetween.cli import answers
from inbetween.cli import options as o
from inbetween.errors import UsageError

if TYPE_CHECKING:
    from inbetween.cli.console import Show
    from inbetween.key_files import KeyFiles
    from inbetween.motion.search import Search
    from inbetween.report import Note
    from inbetween.types import Motion, Report

NONE = "none"
"""The value of `--matcher` and `--poses` for no search."""
KINDS = {"point": "points", "line": "lines", "skeleton": "people"}
"""The names for people of the kinds of tracks."""
SEEDS = 2**32
"""The number of seeds, from 0 on, that the random generators accept."""


@dataclass(frozen=True)
class PairRequest:
    """Two keys and the output, as the user wrote them."""

    keys: tuple[str, ...]
    out: str | None
    fit: str | None
    force: bool
    overwrite: bool
    json: bool
    """Whether the answer is a JSON object."""


@dataclass(frozen=True)
class SearchRequest:
    """The search for motion in both keys, as the user wrote it. None means that the default is used."""

    matcher: str | None
    weights: str | None
    points: str = "all"
    top: str | None = None
    seed: str = "0"
    poses: str | None = None


def key_paths(request: PairRequest) -> tuple[Path, Path]:
    """The paths of the start and the end key.

    Raises:
        UsageError: there are not two keys, or one has an empty name.
    """
    keys = request.keys
    if len(keys) != 2:
        raise UsageError(f"two pictures are needed, not {len(keys)}", "give the start and the end: start.png end.png")
    if "" in keys:
        raise UsageError(f"key {keys.index('') + 1} has no name", "look for an empty word in the command")
    return Path(keys[0]), Path(keys[1])


def out_name(name: str | None, example: str) -> str:
    """The name of the output.

    Args:
        name: the name as the user wrote it; None or "" where it is missing.
        example: a name that would do, for the hint.

    Raises:
        UsageError: the name is missing.
    """
    if not name:
        raise UsageError("no output is named", f"say where to write it: -o {example}")
    return name


def out_file(request: PairRequest, suffix: str, example: str) -> Path:
    """The path of the one output file.

    Raises:
        UsageError: the name is missing, or has another suffix.
    """
    name = out_name(request.out, example)
    if Path(name).suffix.lower() != suffix:
        raise UsageError(f"`{name}` does not end in {suffix}", f"write -o {example}")
    return Path(name)


def search(request: SearchRequest, default: str) -> Search:
    """The search that the user asked for.

    Args:
        request: the search as the user wrote it.
        default: the matcher where the user names none; "none" for no matching.

    Raises:
        UsageError: options make no sense together, or a text is not a number.
        UnknownName: there is no such matcher, selection of points or choice for poses.
    """
    from inbetween.matching import matchers, selection
    from inbetween.motion.search import TOP, Search

    matcher = request.matcher or default
    if matcher != NONE:
        matchers.get(matcher)
    o.one_of("--poses", request.poses, ("auto", NONE))
    o.one_of("--points", request.points, ("all", *selection.METHODS))
    if request.top is not None and request.points == "all":
        raise UsageError("--top needs --points, which says how points are chosen", "add --points max_score_even")
    top = o.whole("--top", request.top, 1)
    poses = request.poses or ("auto" if matcher != NONE else NONE)
    return Search(
        matcher=None if matcher == NONE else matcher,
        weights=None if request.weights is None else Path(request.weights),
        points=request.points,
        top=TOP if top is None else top,
        seed=seed(request.seed),
        poses=poses == "auto",
    )


def seed(text: str) -> int:
    """The seed of random numbers: any whole number is accepted.

    Raises:
        UsageError: `text` is not a whole number.
    """
    return (o.whole("--seed", text) or 0) % SEEDS


def opened(request: PairRequest, report: Report) -> KeyFiles:
    """Open both keys, at the size of the first one.

    Raises:
        UnknownName: there is no such way to fit.
        InbetweenError: a key is not a picture, or has another size and no way to fit is named.
    """
    from inbetween.devices import thread_count
    from inbetween.key_files import KeyFiles
    from inbetween.plan import FITS

    o.one_of("--fit", request.fit, FITS)
    return KeyFiles(key_paths(request), None, request.fit, request.force, report, thread_count(None))


def counts(motion: Motion) -> dict[str, int]:
    """The number of tracks of each kind; drags are not counted among the points."""
    found = Counter("drags" if track.source == "drag" else KINDS[track.kind] for track in motion.tracks)
    return {name: found[name] for name in ("drags", *KINDS.values())}


def counted(facts: Mapping[str, int]) -> str:
    """Counts as a text: "3 points, 1 line, 2 people". A count of 0 is left out, except for points and lines."""
    singular = {"people": "person"}
    return ", ".join(
        f"{count} {singular.get(name, name[:-1]) if count == 1 else name}"
        for name, count in facts.items()
        if count or name in ("points", "lines")
    )


def answer(
    command: str, request: PairRequest, show: Show, text: str, facts: Mapping[str, object], notes: Sequence[Note]
) -> None:
    """Print the answer of a command: a text for people and the path, or a JSON object for programs.

    Args:
        command: the name of the command.
        request: has the path of the output, and says whether the answer is JSON.
        show: shows the text.
        text: the text for people.
        facts: facts for programs.
        notes: all notes of the work.
    """
    show.close()
    if request.json:
        outputs = [request.out] if request.out else []
        answers.answer(command, {"path": request.out, **facts}, made=bool(outputs), outputs=outputs, notes=notes)
        return
    show.made(text)
    answers.path(request.out or "")
