"""Put weights that the user got by hand where they are looked for, and remove them again."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from inbetween.errors import InbetweenError
from inbetween.types import Report
from inbetween.weights import store
from inbetween.weights.check import (
    CHUNK,
    MEGABYTE,
    SUMS,
    ShapesOf,
    check_names,
    check_sum,
    hashed,
    record_sums,
    recorded_sums,
)
from inbetween.weights.disk import locked, need_space, writing
from inbetween.weights.shards import SHARD
from inbetween.weights.table import File, Folder, Part, Published, Shards, Weights


@dataclass(frozen=True)
class Given:
    """A part that the user has."""

    path: Path
    """What it is opened by: a file, an index of shards, or a folder."""
    one: Published
    """The way in which it is published."""


def given(name: str, path: Path, folder: Path) -> dict[str, Given]:
    """Find the files of some weights that the user has.

    Args:
        name: the weights.
        path: one of the files, an index beside its shards, a folder that is one part, or a folder that has all files
            as they are published, or has such a folder in it.
        folder: where weights are kept; parts that are there may be left out.

    Returns:
        What was found, by part.

    Raises:
        InbetweenError: `path` is not there, is none of them, or does not have all of them.
    """
    weights = store.get(name)
    if not path.exists():
        raise InbetweenError(f"{path} does not exist", "name a file, or the folder with the files")
    fits = [(key, one) for key, part in weights.parts.items() for one in part.files if _is(path, one, part, weights)]
    if path.is_dir() and not fits:
        return _in_folder(name, weights, path, folder)
    if len(fits) != 1:
        names = ", ".join(store.described(one) for part in weights.parts.values() for one in part.files)
        raise InbetweenError(
            f"{path} may be more than one file of {weights.title}"
            if fits
            else f"{path} is not a file of {weights.title}, by its name",
            f"its files are called {names}; name the folder that has them",
        )
    ((key, one),) = fits
    return {key: Given(path, one)}


def install(
    name: str,
    parts: Mapping[str, Given],
    folder: Path,
    report: Report,
    shapes: Mapping[str, ShapesOf],
    *,
    move: bool = False,
) -> None:
    """Copy files into FOLDER/NAME, all or none, once each has passed the checks that a download has to pass.

    Args:
        name: the weights.
        parts: see `given`.
        folder: where weights are kept.
        shapes: see `check.verify`.
        move: whether to take the files away from where they were.

    Raises:
        InbetweenError: a file is not what it should be, cannot be read or written, or there is no space.
        Interrupted: by `report`.
    """
    home, staging = folder / name, folder / f".{name}.new"
    with writing(folder), locked(name, folder, report):
        for key, has in parts.items():
            beside = {other: part.path for other, part in parts.items()}
            check_names(name, key, has.one, has.path, folder, shapes, beside)
        files = {path: file for has in parts.values() for path, file in store.files_of(has.one, has.path).items()}
        fresh = [path for path, file in files.items() if not _same(path, home / file.name)]
        copied = [path for path in fresh if not (move and _moves(path, folder))]
        ready = {path: staging / file.name if path in copied else path for path, file in files.items()}
        total, before = sum(path.stat().st_size for path in copied), 0
        need_space(folder, total)
        sums: dict[str, str] = {}
        try:
            for path, file in files.items():
                if path in copied:
                    before = _copy(path, ready[path], report, before, total)
                sums[file.name] = hashed(ready[path], report, hashlib.sha256())
                check_sum(path, file, ready[path].stat().st_size, sums[file.name], file.sha256)
            for path in fresh:
                target = home / files[path].name
                target.parent.mkdir(parents=True, exist_ok=True)
                ready[path].replace(target)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
        record_sums(home, sums)
        if move:
            for path in copied:
                path.unlink()


def ours(name: str, folder: Path) -> list[Path]:
    """List what `remove` would remove: files of these weights below FOLDER/NAME, and what is left of a download."""
    home, staging = folder / name, folder / f".{name}.part"
    if home.is_symlink():
        return [home]
    published = [one for part in store.get(name).parts.values() for one in part.files]
    names = [file.name for one in published for file in store.files_of(one, home / one.name).values()]
    for index in [home / one.name for one in published if isinstance(one, Shards)]:
        # Shards of an index that is gone, damaged or another one by now.
        put = [home / name for name in recorded_sums(home) if SHARD.fullmatch(Path(name).name)]
        names += [path.relative_to(home).as_posix() for path in put if path.parent == index.parent]
    found = [
        path for path in (home / one for one in dict.fromkeys([SUMS, *names])) if path.is_file() or path.is_symlink()
    ]
    return found + ([path for path in staging.iterdir() if path.is_file()] if staging.is_dir() else [])


def remove(name: str, folder: Path, report: Report) -> None:
    """Remove the files that `ours` lists, and folders that they leave empty. Of a link only the link is removed.

    Raises:
        InbetweenError: one of them cannot be removed.
    """
    with writing(folder), locked(name, folder, report):
        for path in ours(name, folder):
            path.unlink()
            for parent in path.parents[: len(path.relative_to(folder).parts) - 1]:
                # A folder that still has something stays.
                with contextlib.suppress(OSError):
                    parent.rmdir()


def _in_folder(name: str, weights: Weights, path: Path, folder: Path) -> dict[str, Given]:
    places = [path, *sorted(inner for inner in path.iterdir() if inner.is_dir())]
    found: dict[str, Given] = {}
    for key, part in weights.parts.items():
        candidates = (Given(place / one.name, one) for place in places for one in part.files)
        has = next((has for has in candidates if _whole(has.one, has.path)), None)
        if has is not None:
            found[key] = has
    there = store.placed(name, folder)
    missing = [key for key in weights.parts if key not in found and there[key] is None]
    if missing or not found:
        names = "; ".join(_lacking(weights.parts[key], places) for key in missing)
        raise InbetweenError(
            f"{path} has no {names or f'file of {weights.title}'}",
            f"it should have what {weights.drive or weights.page} has, under the same names",
        )
    return found


def _lacking(part: Part, places: Sequence[Path]) -> str:
    """The files that would complete a part: the rest of what is there in part, or else any way it is published."""
    for place in places:
        for one in part.files:
            lacking = store.lacking(one, place / one.name)
            if lacking:
                return " and no ".join(lacking)
    return " or ".join(store.described(one) for one in part.files)


def _whole(one: Published, path: Path) -> bool:
    return all(file.is_file() for file in store.files_of(one, path))


def _is(path: Path, one: Published, part: Part, weights: Weights) -> bool:
    """Whether a file or a folder is what is published so, by its name.

    For weights that are a single file its suffix is enough, if its name is not that of another one.
    """
    if isinstance(one, Folder):
        return path.name == Path(one.name).name and _whole(one, path)
    if path.is_dir():
        return False
    if path.name in {Path(other.name).name for other in part.files}:
        return path.name == Path(one.name).name
    return isinstance(one, File) and len(weights.parts) == 1 and path.suffix == Path(one.name).suffix != ""


def _moves(path: Path, folder: Path) -> bool:
    """Whether a file can be moved below a folder without being copied."""
    return not path.is_symlink() and path.stat().st_dev == folder.stat().st_dev


def _same(path: Path, other: Path) -> bool:
    return other.exists() and path.samefile(other)


def _copy(path: Path, target: Path, report: Report, before: int, total: int) -> int:
    """Copy a file.

    Args:
        before: bytes of the `total` that were copied before.

    Returns:
        The bytes that are copied by now.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    done = before
    with path.open("rb") as source, target.open("wb") as copy:
        while chunk := source.read(CHUNK):
            copy.write(chunk)
            done += len(chunk)
            report.progress("copy", done // MEGABYTE, total // MEGABYTE)
    return done
