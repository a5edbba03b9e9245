"""Whether files of weights are what they should be: their size and hash, the names and shapes of their tensors."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from inbetween.errors import InbetweenError
from inbetween.types import Report
from inbetween.weights import load, store
from inbetween.weights.files import AGAIN
from inbetween.weights.table import File

SUMS = "SHA256SUMS"
"""Beside the weights of one name: the hashes of what was put there, as `sha256sum --check` reads them."""
CHUNK = 1 << 22
MEGABYTE = 1_000_000
HASH = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class Verdict:
    """What became of the check of one file."""

    path: Path
    checked: tuple[str, ...]
    """What was compared."""
    wrong: str = ""
    """What is wrong with it."""


def verify(name: str, folder: Path | None, report: Report) -> Iterator[Verdict]:
    """Check the files of some weights that are there, wherever they were found.

    Raises:
        UnknownName: there are no weights of that name.
        Interrupted: by `report`.
    """
    for key, path in store.placed(name, folder).items():
        if path is None:
            continue
        file = store.file_of(store.get(name).parts[key], path)
        checked = []
        try:
            wanted = file.sha256 or _recorded(file, path)
            if file.size is not None or wanted:
                sha256 = hashed(path, report, hashlib.sha256()) if wanted else ""
                check_sum(path, file, path.stat().st_size, sha256, wanted)
                checked.append("SHA-256" if wanted else "size")
            if check_names(name, key, path, folder):
                checked.append("names and shapes" if path.suffix != ".json" else "JSON")
        except InbetweenError as problem:
            yield Verdict(path, tuple(checked), problem.message.removeprefix(f"{path} "))
        else:
            yield Verdict(path, tuple(checked))


def hashed(path: Path, report: Report, digest: Any) -> str:
    """The hash of a file, in hexadecimal; `digest` may have been fed before, and may be fed more.

    Raises:
        InbetweenError: it cannot be read.
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
    return str(digest.hexdigest())


def check_sum(called: object, file: File, size: int, sha256: str, wanted: str | None) -> None:
    """Nothing, if what messages call `called` has the size and the hash that are known of a file.

    Raises:
        InbetweenError: else.
    """
    if file.size is not None and size != file.size:
        raise InbetweenError(f"{called} has {size} bytes, not {file.size}", AGAIN)
    if wanted and sha256 != wanted:
        raise InbetweenError(f"{called} has the SHA-256 {sha256[:12]}…, not {wanted[:12]}…", AGAIN)


def check_names(name: str, key: str, path: Path, folder: Path | None, beside: Mapping[str, Path] | None = None) -> bool:
    """Whether it is known what the file of a part holds, and it is that.

    beside: files of the other parts, by part, which are looked at before those in `folder`.

    Raises:
        InbetweenError: it is something else, or cannot be read.
    """
    part = store.get(name).parts[key]
    if path.suffix == ".json":
        json_object(path)
        return True
    wanted = _wanted(name, key, folder, beside or {})
    if wanted is not None:
        load.check_shapes(wanted, load.shapes(path), path, store.get(name).title, whole=part.whole)
    elif path.suffix != ".onnx":
        load.shapes(path)
    return wanted is not None


def json_object(path: Path) -> dict[str, Any]:
    """What a config holds.

    Raises:
        InbetweenError: it is no JSON object, or cannot be read.
    """
    try:
        config = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise InbetweenError(f"{path} cannot be read: {error.strerror or error}", AGAIN) from None
    except ValueError:
        config = None
    if not isinstance(config, dict):
        raise InbetweenError(f"{path} is no config: no JSON, or no object", AGAIN)
    return config


def record_sums(home: Path, sums: Mapping[str, str]) -> None:
    """Keep the hashes of files that were put into `home`, by their names below it."""
    kept = {**recorded_sums(home), **sums}
    fresh = home / f".{SUMS}.new"
    fresh.write_text("".join(f"{digest}  {name}\n" for name, digest in sorted(kept.items())), "utf-8")
    fresh.replace(home / SUMS)


def recorded_sums(home: Path) -> dict[str, str]:
    """What `record_sums` has kept in `home`; whatever else stands there is passed over."""
    try:
        lines = (home / SUMS).read_text("utf-8", "replace").splitlines()
    except OSError:
        return {}
    pairs = (line.split("  ", 1) for line in lines)
    return {pair[1]: pair[0] for pair in pairs if len(pair) == 2 and HASH.fullmatch(pair[0])}


def _recorded(file: File, path: Path) -> str | None:
    """The Hub's cache calls large files by their hash."""
    blob = path.resolve().name
    if HASH.fullmatch(blob):
        return blob
    home = path.parents[len(Path(file.name).parts) - 1]
    return recorded_sums(home).get(file.name)


def _wanted(name: str, key: str, folder: Path | None, beside: Mapping[str, Path]) -> load.Shapes | None:
    part = store.get(name).parts[key]
    if not part.shapes:
        return None
    configs = []
    if part.config:
        other, _, config = part.config.rpartition(":")
        path = (None if other else beside.get(config)) or store.placed(other or name, folder)[config]
        if path is None:
            return None
        configs.append(json_object(path))
    module, _, function = part.shapes.partition(":")
    make = getattr(import_module(module), function)
    try:
        shapes: load.Shapes = make(*configs)
    except Exception as error:
        # What networks raise on a config that is not theirs is of every kind.
        if not configs:
            raise
        raise InbetweenError(f"{path} describes no such network: {error}", AGAIN) from None
    return shapes
