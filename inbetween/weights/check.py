"""Checks files of weights: their sizes and hashes, and the names and shapes of their tensors."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from inbetween.errors import InbetweenError
from inbetween.faults import lacking
from inbetween.fingerprint import hashed
from inbetween.types import Report
from inbetween.weights import load, store
from inbetween.weights.files import AGAIN, json_object, network_config
from inbetween.weights.table import File, Folder, Published, Shards

SUMS = "SHA256SUMS"
"""The name of the file in the folder of weights that has the hashes of their files, as `sha256sum --check` reads it."""
HASH = re.compile("[0-9a-f]{64}")
"""Matches a SHA-256 in hexadecimal."""
ShapesOf = Callable[..., load.Shapes]
"""Returns the names and shapes of a part's tensors. It is called with the parsed config if the part has one, else
without arguments."""


@dataclass(frozen=True)
class Verdict:
    """The result of checking one file."""

    path: Path
    checked: tuple[str, ...]
    """The properties that were compared and are right, such as "SHA-256"."""
    wrong: str = ""
    """A text that says what is wrong with the file; empty if nothing is."""


def verify(name: str, folder: Path | None, report: Report, shapes: Mapping[str, ShapesOf]) -> Iterator[Verdict]:
    """Check the files of weights that are installed, wherever they were found.

    Args:
        name: the name of the weights.
        folder: the folder that is searched first, see `store.placed`.
        report: hears the progress.
        shapes: for some parts a function that returns the names and shapes of their tensors.

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


def check_sum(called: object, file: File, size: int, sha256: str, wanted: str | None) -> None:
    """Check a file's size and SHA-256.

    Args:
        called: the name of the file in messages.
        file: the facts about the file as it is published.
        size: the size of the file in bytes.
        sha256: the SHA-256 of the file.
        wanted: the SHA-256 that it should have; None if that is unknown.

    Raises:
        InbetweenError: the file has another size or hash.
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
        name: the name of the weights.
        key: the name of the part.
        one: how the part is published: as a file, in shards or as a folder.
        path: the file, the index or the folder to check.
        folder: the folder in which configs are searched, see `store.placed`.
        shapes: see `verify`.
        beside: paths of other parts, which are used before those in `folder`.

    Returns:
        The properties that were compared, for people; empty if it is unknown what the part should have.

    Raises:
        InbetweenError: the part cannot be read, or is something else.
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
    """Add the hashes of files that were put into the folder `home`, by their names below it, to its list of hashes."""
    kept = {**recorded_sums(home), **sums}
    fresh = home / f".{SUMS}.new"
    fresh.write_text("".join(f"{digest}  {name}\n" for name, digest in sorted(kept.items())), "utf-8")
    fresh.replace(home / SUMS)


def recorded_sums(home: Path) -> dict[str, str]:
    """Read the list of hashes in the folder `home`, by the names of the files; lines of any other form are ignored."""
    try:
        lines = (home / SUMS).read_text("utf-8", "replace").splitlines()
    except OSError:
        return {}
    pairs = (line.split("  ", 1) for line in lines)
    return {pair[1]: pair[0] for pair in pairs if len(pair) == 2 and HASH.fullmatch(pair[0])}


def recorded_sum(file: File, path: Path) -> str | None:
    """The SHA-256 that a file had when it was downloaded or installed; None if that is not known.

    In the Hub's cache it is the name of the file that a link leads to; elsewhere it is in the list of hashes.
    """
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
                # For a part in shards this is the index, which comes last. If a shard is wrong, the index is not
                # compared with it: one verdict about the damage is enough.
                checked += filter(None, [check_names(name, key, one, path, folder, shapes) if right else ""])
            else:
                checked += filter(None, [check_alone(one, place)])
        except InbetweenError as problem:
            right = False
            yield Verdict(place, tuple(checked), problem.message.removeprefix(f"{place} "))
        else:
            yield Verdict(place, tuple(checked))


def check_alone(one: Published, path: Path) -> str:
    """Check one shard, or one file of a folder, without the other files of its part.

    Returns:
        The property that was checked, for people; empty if there is nothing to check.

    Raises:
        InbetweenError: the file is damaged, or cannot be read.
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
    """The names and shapes of the tensors that a part should have; None if they are unknown, or if the part's config is
    missing."""
    if key not in shapes:
        return None
    part = store.get(name).parts[key]
    if not part.config:
        return shapes[key]()
    other, _, config = part.config.rpartition(":")
    path = (None if other else beside.get(config)) or store.placed(other or name, folder)[config]
    if path is None:
        return None
    described = network_config(path)
    try:
        return shapes[key](described)
    except Exception as error:
        if (known := lacking(error)) is not None:
            raise known from error
        # Networks raise errors of every kind for configs of other networks.
        raise InbetweenError(f"{path} does not describe a network of this kind: {error}", AGAIN) from None
