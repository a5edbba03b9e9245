"""Installs weights that the user got by hand, and removes installed weights."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from inbetween.errors import InbetweenError
from inbetween.fingerprint import CHUNK, MEGABYTE, hashed
from inbetween.small_files import check_regular
from inbetween.types import Report
from inbetween.weights import store
from inbetween.weights.check import (
    SUMS,
    ShapesOf,
    check_names,
    check_sum,
    record_sums,
    recorded_sums,
)
from inbetween.weights.disk import locked, need_space, writing
from inbetween.weights.shards import SHARD
from inbetween.weights.table import File, Folder, Part, Published, Shards, Weights


@dataclass(frozen=True)
class Given:
    """A part of weights that the user has."""

    path: Path
    """The file, the index of shards or the folder by which it is opened."""
    one: Published
    """How it is published: as a file, in shards or as a folder."""


def given(name: str, path: Path, folder: Path) -> dict[str, Given]:
    """Find the files of weights that the user has.

    Args:
        name: the name of the weights.
        path: one of the files, an index beside its shards, a folder that is one part, or a folder that has all files
            as they are published, or has such a folder in it.
        folder: the folder of all weights; parts that are installed there already may be missing in `path`.

    Returns:
        The parts that were found, by name.

    Raises:
        InbetweenError: `path` does not exist, is nothing of these weights, or does not have all of them.
    """
    weights = store.get(name)
    if not path.exists():
        raise InbetweenError(f"{path} does not exist", "name a file, or the folder with the files")
    fits = [(key, one) for key, part in weights.parts.items() for one in part.files if _is(path, one, part, weights)]
    if path.is_dir() and not fits:
        return _in_folder(name, weights, path, folder)
    if not path.is_dir():
        check_regular(path, "file")
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
        name: the name of the weights.
        parts: the parts that the user has, see `given`.
        folder: the folder of all weights.
        report: hears the progress.
        shapes: see `check.verify`.
        move: whether to move the files instead of copying them.

    Raises:
        InbetweenError: a file is not what it should be, cannot be read or written, or there is not enough space.
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


def removable(name: str, folder: Path) -> list[Path]:
    """List the files that `remove` would remove: those of these weights in FOLDER/NAME, and those of a download that
    was not finished."""
    home, staging = folder / name, folder / f".{name}.part"
    if home.is_symlink():
        return [home]
    published = [one for part in store.get(name).parts.values() for one in part.files]
    names = [file.name for one in published for file in store.files_of(one, home / one.name).values()]
    for index in [home / one.name for one in published if isinstance(one, Shards)]:
        # Shards that were installed count too if their index is gone, damaged or another one by now.
        installed = [home / name for name in recorded_sums(home) if SHARD.fullmatch(Path(name).name)]
        names += [path.relative_to(home).as_posix() for path in installed if path.parent == index.parent]
    found = [
        path for path in (home / one for one in dict.fromkeys([SUMS, *names])) if path.is_file() or path.is_symlink()
    ]
    return found + ([path for path in staging.iterdir() if path.is_file()] if staging.is_dir() else [])


def remove(name: str, folder: Path, report: Report) -> None:
    """Remove the files that `removable` lists, and folders that become empty. A link is removed, but not its target.

    Raises:
        InbetweenError: one of them cannot be removed.
    """
    with writing(folder), locked(name, folder, report):
        for path in removable(name, folder):
            path.unlink()
            for parent in path.parents[: len(path.relative_to(folder).parts) - 1]:
                # A folder that is not empty stays.
                with contextlib.suppress(OSError):
                    parent.rmdir()


def _in_folder(name: str, weights: Weights, path: Path, folder: Path) -> dict[str, Given]:
    """The parts of weights that are in the folder `path`, or in a folder in it.

    Raises:
        InbetweenError: a part is missing, and is not installed in `folder` either.
    """
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
    """The names of the files that are missing of a part, for people.

    Where some of its files are there, these are the others; else they are those of all ways in which it is published.
    """
    for place in places:
        for one in part.files:
            lacking = store.lacking(one, place / one.name)
            if lacking:
                return " and no ".join(lacking)
    return " or ".join(store.described(one) for one in part.files)


def _whole(one: Published, path: Path) -> bool:
    """Whether all files of a part are there."""
    return all(file.is_file() for file in store.files_of(one, path))


def _is(path: Path, one: Published, part: Part, weights: Weights) -> bool:
    """Whether a file or a folder is a certain way in which a part is published, judged by its name.

    For weights that are a single file the suffix is enough, unless the name is that of another file of the part.
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
        path, target: the file, and where it is copied to.
        report: hears the progress over all files.
        before: bytes of other files that were copied before.
        total: bytes of all files.

    Returns:
        The bytes that have been copied so far, of all files.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    done = before
    with path.open("rb") as source, target.open("wb") as copy:
        while chunk := source.read(CHUNK):
            copy.write(chunk)
            done += len(chunk)
            report.progress("copy", done // MEGABYTE, total // MEGABYTE)
    return done
