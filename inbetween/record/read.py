"""Reading records. A record may come from a stranger, so it is data: every value is checked, nothing in it is run, and
what it asks for beyond the film is shown."""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, NoReturn, TypeVar, get_type_hints

from inbetween import engines
from inbetween.errors import InbetweenError
from inbetween.fingerprint import hashed
from inbetween.request import ClipRequest, FilmRequest, RunRequest, built
from inbetween.small_files import read_small
from inbetween.types import Report
from inbetween.versions import versions

R = TypeVar("R", bound=FilmRequest)
COMMANDS = ("run", "slowmo")
"""The commands that write records."""
HINT = "give the .json that --record wrote"
"""The hint for a file that is not a record."""
LARGEST = 10**18
"""The largest number in a record, as for seeds: calculations with far larger ones could take very long."""
SHOWN = 3
"""How many files are named in one note. A choice."""
_HASH = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class Input:
    """A file that a film was made of."""

    what: str
    """What messages call it, such as "key"."""
    path: str
    sha256: str
    """The SHA-256 of its content then, in hexadecimal."""


@dataclass(frozen=True)
class Record(Generic[R]):
    """A record, of which every value has the right type."""

    request: R
    inputs: tuple[Input, ...]
    engine: str
    """The name of the engine."""
    versions: Mapping[str, str]
    """The versions that the film was made with, by names of packages."""


def read(path: Path, command: str, kind: type[R]) -> Record[R]:
    """Read a record. No other file is looked at.

    Args:
        path: the record.
        command: the command that it must be a record of.
        kind: the class of that command's requests.

    Raises:
        InbetweenError: the file cannot be read, or is not a record of this command.
    """
    text = read_small(path, "record")
    try:
        data = json.loads(text, parse_constant=_no_number)
        other = COMMANDS[COMMANDS.index(data["command"])]
        if other != command:
            again = shlex.join(["inbetween", other, "--repeat", str(path)])
            raise InbetweenError(f"{path} is a record of `inbetween {other}`", f"make it again with {again}", "usage")
        request = request_from_json(data["words"], kind)
        inputs = tuple(_input(one) for one in data["inputs"])
        found = {name: _text(value, 200) for name, value in data["versions"].items()}
        return Record(request, inputs, _text(data["engine"], 200), found)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise InbetweenError(f"{path} is not a record of a film", HINT, "input_unreadable") from error


def _no_number(text: str) -> NoReturn:
    raise ValueError(text)


def _text(value: object, most: int = 10_000) -> str:
    """The value, which must be a text that can be part of a file's name. most: the most characters."""
    if not isinstance(value, str) or len(value) > most or "\0" in value:
        raise TypeError(value)
    # A byte that is not UTF-8 is written as \udc80 to \udcff; no other half of a surrogate pair can be in a name.
    value.encode("utf-8", "surrogateescape")
    return value


def _input(data: Mapping[str, object]) -> Input:
    found = Input(_text(data["what"], 40), _text(data["path"]), _text(data["sha256"]))
    if not _HASH.fullmatch(found.sha256):
        raise ValueError(found.sha256)
    return found


def request_from_json(data: Mapping[str, object], kind: type[R]) -> R:
    """The request in a record.

    Args:
        data: the request's fields by name.
        kind: the class of the request.

    Raises:
        InbetweenError: a field is unknown, or has a value of another type.
    """
    # JSON has lists where requests have tuples.
    found = {name: tuple(value) if isinstance(value, list) else value for name, value in _flat(data, kind).items()}

    def wrong(name: str, value: object) -> InbetweenError:
        text = f"not a record of a film: `{name[:40]}` is {_shown(value)}"
        return InbetweenError(text, HINT, "input_unreadable")

    for name, value in found.items():
        if not all(map(_is_plain, value if isinstance(value, tuple) else (value,))):
            raise wrong(name, value)
    return built(kind, found, wrong)


def _is_plain(value: object) -> bool:
    """Whether a single value is one that a request can have: no huge number, no text that names no file."""
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, int):
        return abs(value) <= LARGEST
    try:
        return value is None or bool(_text(value) or True)
    except (TypeError, ValueError):
        return False


def _shown(value: object) -> str:
    """A value for messages, its end left out if it is long."""
    if isinstance(value, int) and abs(value) > LARGEST:
        return "too large a number"
    try:
        # Cut first: of a long value only the beginning is written out.
        text = repr(value[:60] if isinstance(value, str | tuple) else value)
    except RecursionError:
        return "nested too deep"
    return text if len(text) <= 60 else f"{text[:60]}…"


def _flat(data: Mapping[str, object], kind: type[FilmRequest]) -> dict[str, object]:
    """The fields of a request, flat. Early records of `slowmo` have a request of `run` under the name `film`, of which
    only the fields that a clip has are used."""
    inner = data.get("film")
    if kind is not ClipRequest or not isinstance(inner, dict):
        return dict(data)
    outer = {name: value for name, value in data.items() if name != "film"}
    unused = get_type_hints(RunRequest).keys() - get_type_hints(ClipRequest).keys()
    return {**{name: value for name, value in inner.items() if name not in unused}, **outer}


def show(record: Record[Any], out: bool, report: Report) -> None:
    """Note what a record asks for that a user may not expect, before anything is done.

    Notes: `record_output`, `record_inputs`, `record_encoder`.

    Args:
        record: the record.
        out: whether the output is the record's, not the user's.
        report: hears the notes.
    """
    request = record.request
    if out and request.out:
        report.note("record_output", f"the record writes {_begun(request.out)}", path=request.out)
    foreign = [path for path in files(request) if not is_below_here(path)]
    if foreign:
        more = f" and {len(foreign) - SHOWN} more" if len(foreign) > SHOWN else ""
        text = f"the record reads outside of the current folder: {', '.join(map(_begun, foreign[:SHOWN]))}{more}"
        report.note("record_inputs", text, paths=foreign)
    if request.encoder or request.codec:
        asked = {"--codec": request.codec, "--encoder": request.encoder}
        words = " ".join(f"{option} {_begun(text)}" for option, text in asked.items() if text)
        text = f"the record sets how the film is encoded: {words}"
        report.note("record_encoder", text, codec=request.codec, encoder=request.encoder)


def _begun(text: str) -> str:
    """The text, its end left out if it is longer than names and options usually are."""
    return text if len(text) <= 300 else f"{text[:300]}…"


def files(request: FilmRequest) -> list[str]:
    """The names of the files, folders and patterns that a request of a record reads, each once."""
    found: list[str | None] = []
    if isinstance(request, RunRequest):
        # An easing that is no file is a name, or has been replaced by its times when the record was written.
        is_file = isinstance(request.easing, str) and os.path.isfile(request.easing)
        found = [*request.keys, request.motion, str(request.easing) if is_file else None]
    elif isinstance(request, ClipRequest):
        cuts = None if request.cuts in ("auto", "off") else request.cuts
        found = [request.clip, request.protect, cuts]
    return list(dict.fromkeys(name for name in found if name))


def is_below_here(path: str) -> bool:
    """Whether a path lies in the current folder or below it, with all links and `..` followed. Nothing lies in one that
    has been removed."""
    try:
        return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(os.curdir))
    except OSError:
        return False


def check_inputs(record: Record[R], files_of: Callable[[R], Iterable[str]], report: Report) -> None:
    """Refuse inputs that are missing or have changed since the record was written, or of which it says nothing.

    Args:
        record: the record.
        files_of: returns the names of all files that the film of a request will be made of.
        report: hears the progress of hashing the inputs, and a note for each version that has changed.

    Raises:
        InbetweenError: an input is missing, has changed, or is not among those of the record.
        UnknownName: there is no engine of the record's name.
    """
    inputs = dict.fromkeys(record.inputs)
    for one in inputs:
        if not os.path.isfile(one.path):
            raise InbetweenError(
                f"the {one.what} {one.path} is gone", "put it back, or make a new film", "input_missing"
            )
    then = {os.path.realpath(one.path) for one in inputs}
    for path in files_of(record.request):
        if os.path.realpath(path) not in then:
            hint = "move it away, or make a new film without --repeat"
            raise InbetweenError(f"the record does not say what was in {path}", hint, "input_changed")
    for one in inputs:
        if sha256(one.what, one.path, report) != one.sha256:
            text = f"the {one.what} {one.path} has changed since the record"
            raise InbetweenError(text, "run it anew without --repeat", "input_changed")
    before, now = record.versions, versions(engines.get(record.engine))
    for name in sorted(now):
        if before.get(name) != now[name]:
            text = f"{name} was {before.get(name)}, is {now[name]}: bytes may differ"
            report.note("version", text, name=name)


def sha256(what: str, path: str, report: Report) -> str:
    """The SHA-256 of a file in hexadecimal; `what` is what messages call it.

    Raises:
        InbetweenError: the file cannot be read.
        Interrupted: by `report`.
    """
    try:
        return hashed(Path(path), report, hashlib.sha256())
    except InbetweenError as error:
        raise InbetweenError(f"the {what} {error.message}", "look at the disk", "input_unreadable") from None
