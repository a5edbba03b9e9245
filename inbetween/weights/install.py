"""Puts weights that the user has got by hand where they are looked for, and takes them away again."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from inbetween.errors import InbetweenError
from inbetween.types import Report
from inbetween.weights import store
from inbetween.weights.check import CHUNK, MEGABYTE, SUMS, check_names, check_sum, hashed, record_sums
from inbetween.weights.pull import locked, need_space, writing
from inbetween.weights.table import File, Part, Weights


@dataclass(frozen=True)
class Given:
    """A file that the user has, and what it is."""

    path: Path
    file: File


def given(name: str, path: Path, folder: Path) -> dict[str, Given]:
    """The files of some weights at `path`, by part; those in `folder` may be left out.

    path: one of the files, or a folder that has them as they are published, or that has such a folder.

    Raises:
        InbetweenError: it is not there, or is none of them, or has not all of them.
    """
    weights = store.get(name)
    if not path.exists():
        raise InbetweenError(f"{path} does not exist", "name a file, or the folder with the files")
    if path.is_dir():
        return _in_folder(name, weights, path, folder)
    fits = [(key, file) for key, part in weights.parts.items() for file in part.files if _is(path, file, part, weights)]
    if len(fits) != 1:
        names = ", ".join(file.name for part in weights.parts.values() for file in part.files)
        raise InbetweenError(
            f"{path} may be more than one file of {weights.title}"
            if fits
            else f"{path} is no file of {weights.title}, by its name",
            f"its files are called {names}; name the folder that has them",
        )
    ((key, file),) = fits
    return {key: Given(path, file)}


def install(name: str, files: Mapping[str, Given], folder: Path, report: Report, *, move: bool = False) -> None:
    """Copy files into FOLDER/NAME, all or none: first each is checked as a download is.

    move: take them away from where they were.

    Raises:
        InbetweenError: one of them is not what it should be, cannot be read or written, or there is no space.
        Interrupted: by `report`.
    """
    home, staging = folder / name, folder / f".{name}.new"
    placed = {key: home / has.file.name for key, has in files.items()}
    with writing(folder), locked(name, folder, report):
        for key, has in files.items():
            check_names(name, key, has.path, folder, {other: one.path for other, one in files.items()})
        fresh = {key: has for key, has in files.items() if not _same(has.path, placed[key])}
        copied = {key: has for key, has in fresh.items() if not (move and _moves(has.path, folder))}
        ready = {key: staging / has.file.name if key in copied else has.path for key, has in files.items()}
        need_space(folder, sum(has.path.stat().st_size for has in copied.values()))
        sums: dict[str, str] = {}
        try:
            for key, has in files.items():
                if key in copied:
                    _copy(has.path, ready[key], report)
                sums[has.file.name] = hashed(ready[key], report, hashlib.sha256())
                size = ready[key].stat().st_size
                check_sum(has.path, has.file, size, sums[has.file.name], has.file.sha256)
            for key in fresh:
                placed[key].parent.mkdir(parents=True, exist_ok=True)
                ready[key].replace(placed[key])
        finally:
            shutil.rmtree(staging, ignore_errors=True)
        record_sums(home, sums)
        if move:
            for has in copied.values():
                has.path.unlink()


def ours(name: str, folder: Path) -> list[Path]:
    """What `remove` would take away: files of these weights below FOLDER/NAME, and what is left of a download."""
    home, staging = folder / name, folder / f".{name}.part"
    if home.is_symlink():
        return [home]
    names = [SUMS, *(file.name for part in store.get(name).parts.values() for file in part.files)]
    found = [path for path in (home / called for called in names) if path.is_file() or path.is_symlink()]
    return found + ([path for path in staging.iterdir() if path.is_file()] if staging.is_dir() else [])


def remove(name: str, folder: Path, report: Report) -> None:
    """Remove the files of `ours`, and folders that they leave empty. What a link leads to stays.

    Raises:
        InbetweenError: one of them cannot be removed.
    """
    with writing(folder), locked(name, folder, report):
        for path in ours(name, folder):
            path.unlink()
            for parent in path.parents[: len(path.relative_to(folder).parts) - 1]:
                # The first one that still has something ends it.
                with contextlib.suppress(OSError):
                    parent.rmdir()


def _in_folder(name: str, weights: Weights, path: Path, folder: Path) -> dict[str, Given]:
    places = [path, *sorted(inner for inner in path.iterdir() if inner.is_dir())]
    found: dict[str, Given] = {}
    for key, part in weights.parts.items():
        candidates = (Given(place / file.name, file) for place in places for file in part.files)
        has = next((one for one in candidates if one.path.is_file()), None)
        if has is not None:
            found[key] = has
    there = store.placed(name, folder)
    missing = [key for key in weights.parts if key not in found and there[key] is None]
    if missing or not found:
        names = "; ".join(" or ".join(file.name for file in weights.parts[key].files) for key in missing)
        raise InbetweenError(
            f"{path} has no {names or f'file of {weights.title}'}",
            f"it should have what {weights.drive or weights.page} has, under the same names",
        )
    return found


def _is(path: Path, file: File, part: Part, weights: Weights) -> bool:
    """By its name; of weights that are one file the suffix is enough, where the name is none of theirs."""
    if path.name in {Path(other.name).name for other in part.files}:
        return path.name == Path(file.name).name
    return len(weights.parts) == 1 and path.suffix == Path(file.name).suffix != ""


def _moves(path: Path, folder: Path) -> bool:
    """Whether a file can be moved below a folder without being copied."""
    return not path.is_symlink() and path.stat().st_dev == folder.stat().st_dev


def _same(path: Path, other: Path) -> bool:
    return other.exists() and path.samefile(other)


def _copy(path: Path, target: Path, report: Report) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    total, done = path.stat().st_size, 0
    with path.open("rb") as source, target.open("wb") as copy:
        while chunk := source.read(CHUNK):
            copy.write(chunk)
            done += len(chunk)
            report.progress("copy", done // MEGABYTE, total // MEGABYTE)
