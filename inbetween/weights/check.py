"""Check files of weights: their size and hash, the names and shapes of their tensors."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from inbetween.errors import InbetweenError
from inbetween.types import Report
from inbetween.weights import load, store
from inbetween.weights.files import AGAIN, json_object
from inbetween.weights.table import File, Folder, Published, Shards

SUMS = "SHA256SUMS"
"""The file beside the weights of one name with the hashes of what was put there, as `sha256sum --check` reads them."""
CHUNK = 1 << 22
"""Bytes that are read at once."""
MEGABYTE = 1_000_000
HASH = re.compile("[0-9a-f]{64}")
ShapesOf = Callable[..., load.Shapes]
"""Gives the names and shapes of a part's tensors. It is called with the parsed config, if the part has one, else
without arguments."""


@dataclass(frozen=True)
class Verdict:
    """The result of checking one file."""

    path: Path
    checked: tuple[str, ...]
    """What was compared, and was right."""
    wrong: str = ""
    """What is wrong with the file; empty if nothing is."""


def verify(name: str, folder: Path | None, report: Report, shapes: Mapping[str, ShapesOf]) -> Iterator[Verdict]:
    """Check the files of some weights that are there, wherever they were found.

    Args:
        name: the weights.
        folder: where they are looked for first, see `store.placed`.
        shapes: by part, where it is known which tensors it has.

    Raises:
        UnknownName: there are no weights of that name.
        Interrupted: by `report`.
    """
    for key, path in store.placed(name, folder).items():
        if path is not None:
            one = store.published(store.get(name).parts[key], path)
            yield from _verdicts(name, key, one, path, folder, report, shapes)
        elif begun := store.incomplete(name, key, folder):
            yield Verdict(begun[0], (), f"is not all there: {', '.join(begun[1])} missing")


def hashed(path: Path, report: Report, digest: hashlib._Hash) -> str:
    """Hash a file, in hexadecimal.

    Args:
        digest: a new one of hashlib, or one that was updated with what comes before the file; it may be updated more.

    Raises:
        InbetweenError: the file cannot be read.
        Interrupted: by `report`.
    """
    try:
        total, done = path.stat().st_size, 0
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
                done += len(chunk)
                report.progress("hash", done // MEGABYTE, total // MEGABYTE)
    except OSError as error:
        raise InbetweenError(f"{path} cannot be read: {error.strerror or error}", AGAIN) from None
    return digest.hexdigest()


def check_sum(called: object, file: File, size: int, sha256: str, wanted: str | None) -> None:
    """Check a file's size and SHA-256.

    Args:
        called: the file's name in messages.
        file: what the table knows of it.
        size, sha256: the file's own.
        wanted: the SHA-256 that it should have; None if that is unknown.

    Raises:
        InbetweenError: it has another size or hash.
    """
    if file.size is not None and size != file.size:
        raise InbetweenError(f"{called} has {size} bytes, not {file.size}", AGAIN)
    if wanted and sha256 != wanted:
        raise InbetweenError(f"{called} has the SHA-256 {sha256[:12]}…, not {wanted[:12]}…", AGAIN)


def check_names(
    name: str,
    key: str,
    one: Published,
    path: Path,
    folder: Path | None,
    shapes: Mapping[str, ShapesOf],
    beside: Mapping[str, Path] | None = None,
) -> str:
    """Check that a part can be read, and has the tensors that it should have.

    Args:
        name, key: the weights and the part.
        one: the way in which the part is published that is found at `path`.
        folder: where configs are looked for, see `store.placed`.
        shapes: see `verify`.
        beside: paths of the other parts, which are looked at before those in `folder`.

    Returns:
        What was compared, or nothing if it is unknown what the part should have.

    Raises:
        InbetweenError: it is something else, or cannot be read.
    """
    part = store.get(name).parts[key]
    if isinstance(one, Folder):
        configs = [file for file in store.files_of(one, path) if file.suffix == ".json"]
        for file in configs:
            json_object(file)
        return "JSON" if configs else ""
    if path.suffix == ".json" and isinstance(one, File):
        json_object(path)
        return "JSON"
    wanted = _wanted(name, key, folder, shapes, beside or {})
    if wanted is not None:
        load.check_shapes(wanted, load.shapes(path), path, store.get(name).title, whole=part.whole)
    elif path.suffix != ".onnx":
        load.shapes(path)
    return "names and shapes" if wanted is not None else ""


def record_sums(home: Path, sums: Mapping[str, str]) -> None:
    """Add hashes of files that were put into `home`, by their names below it, to those that are kept there."""
    kept = {**recorded_sums(home), **sums}
    fresh = home / f".{SUMS}.new"
    fresh.write_text("".join(f"{digest}  {name}\n" for name, digest in sorted(kept.items())), "utf-8")
    fresh.replace(home / SUMS)


def recorded_sums(home: Path) -> dict[str, str]:
    """Read what `record_sums` has kept in `home`; lines of any other form are ignored."""
    try:
        lines = (home / SUMS).read_text("utf-8", "replace").splitlines()
    except OSError:
        return {}
    pairs = (line.split("  ", 1) for line in lines)
    return {pair[1]: pair[0] for pair in pairs if len(pair) == 2 and HASH.fullmatch(pair[0])}


def recorded_sum(file: File, path: Path) -> str | None:
    """The SHA-256 that is kept of a file: in its name in the Hub's cache, else beside it; None if there is none."""
    blob = path.resolve().name
    if HASH.fullmatch(blob):
        return blob
    home = path.parents[len(Path(file.name).parts) - 1]
    return recorded_sums(home).get(file.name)


def _verdicts(
    name: str,
    key: str,
    one: Published,
    path: Path,
    folder: Path | None,
    report: Report,
    shapes: Mapping[str, ShapesOf],
) -> Iterator[Verdict]:
    right = True
    for place, file in store.files_of(one, path).items():
        checked = []
        try:
            wanted = file.sha256 or recorded_sum(file, place)
            if file.size is not None or wanted:
                sha256 = hashed(place, report, hashlib.sha256()) if wanted else ""
                check_sum(place, file, place.stat().st_size, sha256, wanted)
                checked.append("SHA-256" if wanted else "size")
            if place == path:
                # Of shards this is the index, the last one: damaged shards need no second verdict.
                checked += filter(None, [check_names(name, key, one, path, folder, shapes) if right else ""])
            else:
                checked += filter(None, [check_alone(one, place)])
        except InbetweenError as problem:
            right = False
            yield Verdict(place, tuple(checked), problem.message.removeprefix(f"{place} "))
        else:
            yield Verdict(place, tuple(checked))


def check_alone(one: Published, path: Path) -> str:
    """Check what can be checked of one shard, or of one file of a folder, without the others.

    Returns:
        What was checked.

    Raises:
        InbetweenError: it is damaged, or cannot be read.
    """
    if isinstance(one, Shards):
        load.shapes(path)
        return "readable"
    if path.suffix == ".json":
        json_object(path)
        return "JSON"
    return ""


def _wanted(
    name: str, key: str, folder: Path | None, shapes: Mapping[str, ShapesOf], beside: Mapping[str, Path]
) -> load.Shapes | None:
    """The tensors that a part should have; None if that is unknown, or if its config is not there."""
    if key not in shapes:
        return None
    part = store.get(name).parts[key]
    if not part.config:
        return shapes[key]()
    other, _, config = part.config.rpartition(":")
    path = (None if other else beside.get(config)) or store.placed(other or name, folder)[config]
    if path is None:
        return None
    described = json_object(path)
    try:
        return shapes[key](described)
    except Exception as error:
        # What networks raise on a config that is not theirs is of every kind.
        raise InbetweenError(f"{path} does not describe a network of this kind: {error}", AGAIN) from None
