"""Finds jobs in folders: pictures in order or by the patterns of their names, folders of keys, clips."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from inbetween.batch.jobs import Fault, Found
from inbetween.errors import InbetweenError, UsageError
from inbetween.file_names import CLIP_SUFFIXES, PICTURE_SUFFIXES, by_number

SHOT = "{shot}"
"""The place of a shot's name in `--start` and `--end`."""
START, END = "{shot}_start.*", "{shot}_end.*"
"""The patterns of the names of start and end keys that are looked for where the user gives none."""


@dataclass(frozen=True)
class Search:
    """How jobs are found in a folder."""

    slowmo: bool = False
    """Whether the jobs are clips, and not keys."""
    chain: bool = False
    """Whether all pictures of a folder become one film."""
    pairs: bool = False
    """Whether pictures are taken two by two: 1 and 2, 3 and 4, and so on."""
    start: str | None = None
    end: str | None = None
    """Patterns of the names of start and end keys, with `{shot}`; None for the usual ones, if any picture has them."""

    def __post_init__(self) -> None:
        if self.chain and self.pairs:
            raise UsageError("--chain and --pairs exclude each other", "use one: each says which pictures are one film")
        if (self.start is None) != (self.end is None):
            raise UsageError(
                "--start and --end are patterns for the two keys of each film", f"give both: {START} and {END}"
            )
        if self.start is not None and (self.chain or self.pairs):
            raise UsageError("--start and --end say which pictures are one film", "leave --chain and --pairs out")
        if self.slowmo and (self.chain or self.pairs or self.start is not None):
            raise UsageError("--chain, --pairs, --start and --end are for pictures", "leave them out with --slowmo")


def in_folder(folder: Path, search: Search) -> tuple[list[Found], list[Fault]]:
    """The jobs in a folder, in natural order, so that 2.png comes before 10.png. Hidden files, and files that are
    neither pictures nor clips, are left alone.

    Args:
        folder: an existing folder.
        search: how to look.

    Returns:
        The jobs; and the faults: pictures that are left over, folders with fewer than two keys, mixtures.

    Raises:
        InbetweenError: the folder cannot be read, or has nothing in it that could be a job.
    """
    pictures, clips, folders = _entries(folder)
    if search.slowmo:
        if pictures:
            raise _mixture(folder, "clips", f"the picture {pictures[0].name}")
        found = [Found(name, str(path), (str(path),)) for path, name in _names([*clips, *folders])]
        if not found:
            raise InbetweenError(f"the folder {folder} has no clips", _hint(folder), "input_missing")
        return found, []
    if clips:
        raise InbetweenError(
            f"the folder {folder} has the clip {clips[0].name} among its keys",
            "for slow motion add --slowmo; or move the clips away",
            "input_unreadable",
        )
    if pictures and folders:
        raise _mixture(folder, "pictures", f"the folder {folders[0].name}")
    if folders:
        return _shots(folders, search)
    if not pictures:
        raise InbetweenError(f"the folder {folder} has no pictures", _hint(folder), "input_missing")
    return _films(folder, pictures, search)


def _entries(folder: Path) -> tuple[list[Path], list[Path], list[Path]]:
    """The pictures, the clips and the folders in a folder, each in natural order."""
    try:
        entries = sorted(folder.iterdir(), key=lambda path: by_number(path.name))
    except OSError as error:
        hint = "check its name and its permissions"
        raise InbetweenError(f"{folder} cannot be read: {error.strerror}", hint, "input_unreadable") from error
    seen = [path for path in entries if not path.name.startswith(".")]
    folders = [path for path in seen if path.is_dir()]
    files = [path for path in seen if path not in set(folders)]
    pictures = [path for path in files if path.suffix.lower() in PICTURE_SUFFIXES]
    clips = [path for path in files if path.suffix.lower() in CLIP_SUFFIXES]
    return pictures, clips, folders


def _shots(folders: Sequence[Path], search: Search) -> tuple[list[Found], list[Fault]]:
    """One film for each folder of keys."""
    if search.pairs or search.start is not None:
        raise UsageError(
            "--pairs, --start and --end are for a folder of pictures, and here every folder in it is one film",
            "leave them out, or name one of the folders",
        )
    found, faults = [], []
    for folder in folders:
        keys, clips, inner = _entries(folder)
        if clips or inner:
            other = (clips or inner)[0].name
            faults.append(Fault.of(str(folder), _mixture(folder, "keys", other)))
        elif len(keys) < 2:
            text = f"{folder} has {len(keys) or 'no'} key{'s' * (len(keys) != 1)}, a film needs two or more"
            faults.append(Fault(str(folder), text, "add the keys that are missing, or move it away", "input_missing"))
        else:
            found.append(Found(folder.name, str(folder), tuple(map(str, keys))))
    return found, faults


def _films(folder: Path, pictures: Sequence[Path], search: Search) -> tuple[list[Found], list[Fault]]:
    """The films of the pictures of one folder."""
    if search.start is not None and search.end is not None:
        return _by_pattern(folder, pictures, search.start, search.end)
    if search.chain:
        name = folder.resolve().name or "film"
        if len(pictures) < 2:
            raise InbetweenError(f"the folder {folder} has one picture only", "a film needs two keys", "input_missing")
        return [Found(name, str(folder), tuple(map(str, pictures)))], []
    usual = [_pattern(one) for one in (START, END)]
    if not search.pairs and any(one.fullmatch(path.name) for path in pictures for one in usual):
        return _by_pattern(folder, pictures, START, END)
    if search.pairs:
        couples = list(zip(pictures[::2], pictures[1::2], strict=False))
        odd = pictures[-1:] if len(pictures) % 2 else []
    else:
        couples = list(pairwise(pictures))
        odd = pictures if len(pictures) == 1 else []
    found = []
    for one, other in couples:
        # Where only the suffixes differ, the whole names tell the films apart.
        a, b = (one.stem, other.stem) if one.stem != other.stem else (one.name, other.name)
        found.append(Found(f"{a}_to_{b}", f"{one} and {other.name}", (str(one), str(other))))
    return found, [
        Fault(str(path), f"{path} is left over: it has no partner", "add its partner, or move it away", "input_missing")
        for path in odd
    ]


def _by_pattern(folder: Path, pictures: Sequence[Path], start: str, end: str) -> tuple[list[Found], list[Fault]]:
    """One film for each shot whose name is in the names of a start and an end key."""
    shots: dict[str, list[list[Path]]] = {}
    faults = []
    patterns = _pattern(start), _pattern(end)
    for path in pictures:
        matches = [(side, found) for side, one in enumerate(patterns) if (found := one.fullmatch(path.name))]
        if len(matches) != 1:
            text = f"{path} fits {'both patterns' if matches else f'neither `{start}` nor `{end}`'}"
            faults.append(Fault(str(path), text, "move it away, or give patterns that fit one key", "input_unreadable"))
            continue
        side, found = matches[0]
        shots.setdefault(found["shot"], [[], []])[side].append(path)
    films = []
    for shot, sides in shots.items():
        if all(len(side) == 1 for side in sides):
            keys = tuple(str(side[0]) for side in sides)
            films.append(Found(shot, f"{folder}: {shot}", keys))
            continue
        counts = Counter({"start": len(sides[0]), "end": len(sides[1])})
        which = next(name for name, count in counts.items() if count != 1)
        text = f"the shot {shot} in {folder} has {counts[which] or 'no'} {which} key{'s' * (counts[which] > 1)}"
        faults.append(Fault(f"{folder}: {shot}", text, "a film needs one of each", "input_missing"))
    return films, faults


def _pattern(text: str) -> re.Pattern[str]:
    """A pattern for file names: `{shot}` is the name of the shot, `*` any text. A star that comes before any `{shot}`
    in a pattern without one is the shot.

    Raises:
        UsageError: it has no place for the name of the shot, or two.
    """
    wild = text if SHOT in text else text.replace("*", SHOT, 1)
    if wild.count(SHOT) != 1 or os.sep in wild:
        raise UsageError(
            f"`{text}` does not say where the name of the shot is", f"write it as {START}, for file names in a folder"
        )
    before, after = wild.split(SHOT)

    def escaped(part: str) -> str:
        return ".*".join(map(re.escape, part.split("*")))

    return re.compile(f"{escaped(before)}(?P<shot>.+?){escaped(after)}", re.DOTALL)


def _names(paths: Sequence[Path]) -> list[tuple[Path, str]]:
    """A name for each path: its stem, or its whole name where two have the same stem."""
    stems = Counter(path.stem.casefold() for path in paths)
    return [(path, path.stem if stems[path.stem.casefold()] == 1 else path.name) for path in paths]


def _mixture(folder: Path, what: str, other: str) -> InbetweenError:
    return InbetweenError(
        f"the folder {folder} mixes {what} and other things: {other}",
        "move it away, or write a manifest that says what belongs together",
        "input_unreadable",
    )


def _hint(folder: Path) -> str:
    return "check the name, or write a manifest (.csv, .jsonl, .toml) that names the files"
