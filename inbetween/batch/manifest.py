"""Reads manifests: tables with one row for each film, as CSV, JSON Lines or TOML.

A row names its inputs, `keys` or `start` and `end` or `clip`, and may have `out`, `name` and any option of the command
under its long name, with `-` or `_` between words.
"""

from __future__ import annotations

import csv
import io
import json
import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import Field, dataclass, fields
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from inbetween.batch.jobs import Fault, Found
from inbetween.errors import InbetweenError, UnknownName, UsageError
from inbetween.request import PLACE, ClipRequest, FilmRequest, RunRequest, effect, is_of, option
from inbetween.small_files import read_small

SUFFIXES = (".csv", ".jsonl", ".toml")
"""The suffixes of manifests."""
TABLE = "film"
"""The name of the array of tables in a TOML manifest: each film is a `[[film]]`."""
SEPARATOR = "|"
"""Between the values of an option that may be given more than once, in a CSV."""
_TRUE, _FALSE = {"true", "yes", "1"}, {"false", "no", "0", ""}


@dataclass(frozen=True)
class _Column:
    """A field of a request as a column of a manifest."""

    field: str
    kind: Any
    """The type of the field's values."""


def read(path: Path, slowmo: bool) -> tuple[list[Found], list[Fault]]:
    """The jobs of a manifest.

    Names of files in it are relative to its own folder.

    Args:
        path: a .csv, .jsonl or .toml.
        slowmo: whether its rows are clips, and not keys.

    Returns:
        The jobs; and a fault for each row that cannot be one.

    Raises:
        InbetweenError: it cannot be read, or has no rows.
    """
    data = read_small(path, "manifest")
    try:
        rows = list(_rows(path, data.decode("utf-8-sig")))
    except UnicodeDecodeError as error:
        raise InbetweenError(f"{path} is not UTF-8", "save it as UTF-8", "input_unreadable") from error
    except (ValueError, csv.Error, RecursionError) as error:
        raise InbetweenError(f"{path} cannot be read: {error}", "mend it there", "input_unreadable") from error
    if not rows:
        raise InbetweenError(f"{path} has no rows", "write one row for each film", "input_unreadable")
    columns = _columns(ClipRequest if slowmo else RunRequest)
    found, faults = [], []
    for label, row in rows:
        where = f"{label} of {path}"
        try:
            found.append(_found(row, where, path.parent, columns, slowmo))
        except InbetweenError as error:
            faults.append(Fault.of(where, error))
    return found, faults


def _rows(path: Path, text: str) -> Iterator[tuple[str, object]]:
    """Each row of a manifest, as (what people call it, its values by column)."""
    suffix = path.suffix.lower()
    if suffix == ".csv":
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        for row in reader:
            if None in row:
                raise ValueError(f"line {reader.line_num} has more values than there are columns")
            # In a table every row has every column: an empty value is one that is not given.
            values = {name: value for name, value in row.items() if value not in (None, "")}
            if values:
                yield f"line {reader.line_num}", values
    elif suffix == ".jsonl":
        for number, line in enumerate(text.splitlines(), 1):
            if line.strip():
                yield f"line {number}", _json(line, number)
    else:
        try:
            tables = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ValueError(str(error)) from error
        films = tables.get(TABLE)
        if not isinstance(films, list) or len(tables) != 1:
            raise ValueError(f"it needs a table [[{TABLE}]] for each film, and nothing else")
        yield from ((f"film {number}", row) for number, row in enumerate(films, 1))


def _json(line: str, number: int) -> object:
    try:
        return json.loads(line)
    except ValueError as error:
        raise ValueError(f"line {number} is not JSON: {error}") from error


def _columns(kind: type[FilmRequest]) -> dict[str, _Column]:
    """The options that a row may have, by name. What the batch itself decides is not among them."""
    types = get_type_hints(kind)
    return {
        _name(one): _Column(one.name, types[one.name])
        for one in fields(kind)
        if one.name not in ("out", "keys", "clip") and (effect(one) != PLACE or one.name == "weights")
    }


def _name(one: Field[object]) -> str:
    return option(one).lstrip("-").replace("-", "_")


def _found(row: object, where: str, folder: Path, columns: Mapping[str, _Column], slowmo: bool) -> Found:
    if not isinstance(row, dict):
        raise UsageError("the row is not a table of names and values", 'write it as {"keys": ["a.png", "b.png"]}')
    values = {str(name).strip().lstrip("-").replace("-", "_"): value for name, value in row.items()}
    out, name = (_text(values.pop(one, None), one) for one in ("out", "name"))
    inputs = _inputs(values, folder, slowmo)
    found = []
    for column, value in values.items():
        if column not in columns:
            raise UnknownName(
                "column", column, [*columns, "out", "name", *(("clip",) if slowmo else ("keys", "start", "end"))]
            )
        one = columns[column]
        found.append((one.field, _paths(one.field, _value(value, one.kind, column), folder)))
    return Found(name or _default_name(inputs), where, inputs, tuple(found), out)


def _inputs(values: dict[str, Any], folder: Path, slowmo: bool) -> tuple[str, ...]:
    """Take the inputs out of the values of a row."""
    if slowmo:
        clip = _text(values.pop("clip", None), "clip")
        if clip is None:
            raise UsageError("the row has no clip", "name it in the column `clip`")
        return (os.path.join(folder, clip),)
    keys, start, end = (values.pop(one, None) for one in ("keys", "start", "end"))
    if keys is None:
        keys = [one for one in (start, end) if one is not None]
    elif start is not None or end is not None:
        raise UsageError("the row has `keys` and also `start` or `end`", "leave one out")
    listed = keys.split(SEPARATOR) if isinstance(keys, str) else keys
    if not is_of(tuple(listed) if isinstance(listed, list) else listed, tuple[str, ...]) or len(listed) < 2:
        raise UsageError(
            "the row does not name two keys or more", "give `start` and `end`, or `keys`: a.png|b.png|c.png"
        )
    return tuple(os.path.join(folder, key) for key in listed)


def _text(value: object, column: str) -> str | None:
    if value is not None and not is_of(value, str):
        raise UsageError(f"`{column}` is not a name", "write it as text")
    return value  # type: ignore[return-value]


def _default_name(inputs: tuple[str, ...]) -> str:
    """The name of a film that a row gives no name to: of its first and last key, or of its clip."""
    stems = [Path(one).stem for one in inputs]
    return stems[0] if len(stems) == 1 else f"{stems[0]}_to_{stems[-1]}"


def _value(value: object, kind: Any, column: str) -> object:
    """A value as a field of a request has it. A text is read as a number, a yes or a list where the field is one, and a
    number is accepted as a text.

    Raises:
        UsageError: it cannot be.
    """
    plain = [one for one in get_args(kind) if one is not type(None)] or [kind]
    if get_origin(kind) is tuple:
        listed = value.split(SEPARATOR) if isinstance(value, str) else value
        value = tuple(listed) if isinstance(listed, list) else listed
    elif bool in plain and isinstance(value, str) and value.strip().lower() in _TRUE | _FALSE:
        return value.strip().lower() in _TRUE
    elif int in plain and isinstance(value, str) and value.strip().lstrip("-").isdigit() and len(value) < 20:
        return int(value)
    elif str in plain and isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    if not is_of(value, kind):
        raise UsageError(
            f"`{column}` cannot be {json.dumps(value, default=str)[:60]}",
            f"see inbetween run --help for --{column.replace('_', '-')}",
        )
    return value


def _paths(field: str, value: object, folder: Path) -> object:
    """A value with the name of a file in it made relative to the current folder, as all names of a request are."""
    is_file = field in ("motion", "protect") or (field == "cuts" and value not in ("auto", "off"))
    return os.path.join(folder, str(value)) if is_file and value is not None else value
