"""Records of `run`, and the parts that the records of all commands share.

A record holds everything that is needed to make a film again, provided that its inputs have not changed since.
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TypeVar, get_type_hints

from inbetween import engines
from inbetween.errors import InbetweenError
from inbetween.fingerprint import hashed
from inbetween.plan import FilmPlan, Making, commercial
from inbetween.produce import Made
from inbetween.request import ClipRequest, FilmRequest, RunRequest, built
from inbetween.types import Report
from inbetween.versions import versions
from inbetween.weights import store

R = TypeVar("R", bound=FilmRequest)
COMMANDS = ("run", "slowmo")
"""The commands that write records."""
HINT = "give the .json that --record wrote"
"""The hint for a file that is not a record."""


def summary(plan: FilmPlan, made: Made, notes: Sequence[object], report: Report) -> dict[str, object]:
    """The record of a film by `run`, as plain values: the request, the plan, the film and the notes.

    Args:
        plan: the film.
        made: facts about the film, and the time that it took.
        notes: all notes of the work.
        report: hears the progress of hashing the inputs.

    Raises:
        InbetweenError: an input cannot be read any more.
        Interrupted: by `report`.
    """
    request = plan.request
    # Absolute names are valid from any current folder.
    keys = tuple(os.path.abspath(key) for key in request.keys)
    motion = request.motion and os.path.abspath(request.motion)
    inputs = [*(("key", key) for key in keys), *(("motion", one) for one in [motion] if one)]
    absolute = replace(request, keys=keys, motion=motion, out=absolute_out(request.out))
    return {
        "command": "run",
        **plan.to_json(),
        "words": asdict(absolute),
        "seed": request.seed,
        "inputs": [stamped(what, path, report) for what, path in inputs],
        **made_by(plan.making),
        **made.to_json(),
        "notes": notes,
    }


def made_by(making: Making) -> dict[str, object]:
    """The licences, the weights and the versions that an engine works with, as plain values."""
    engine = making.engine
    return {
        "licence": engine.licence,
        "commercial": commercial(engine),
        "weights": [_weights(name, making.settings.weights) for name in engine.needs],
        "versions": versions(engine),
    }


def stamped(what: str, path: str | os.PathLike[str], report: Report) -> dict[str, str]:
    """The entry of a record for an input of a film.

    Args:
        what: what messages call the input, such as "key".
        path: the file.
        report: hears the progress of hashing it.

    Raises:
        InbetweenError: the file cannot be read.
        Interrupted: by `report`.
    """
    path = os.path.abspath(path)
    return {"what": what, "path": path, "sha256": _sha256(what, path, report)}


def _weights(name: str, folder: Path | None) -> dict[str, object]:
    """The entry of a record for weights."""
    weights = store.get(name)
    parts, files = store.parts(name, folder), store.files(name, folder)
    sizes = {part: sum(path.stat().st_size for path in paths) for part, paths in files.items()}
    return {
        "name": name,
        "licence": weights.licence,
        "commercial": weights.commercial,
        "files": {part: {"path": str(path), "bytes": sizes[part]} for part, path in parts.items()},
    }


def recalled(path: Path, command: str, kind: type[R], report: Report) -> tuple[R, list[str]]:
    """The request of a record whose inputs have not changed since, and the paths of the inputs.

    Args:
        path: the record.
        command: the command that it must be a record of.
        kind: the class of that command's requests.
        report: hears the progress of hashing the inputs, and a note for each version that has changed.

    Raises:
        InbetweenError: the file is not a record of this command, or an input is missing or has changed.
    """
    request, inputs, engine, then = _read(path, command, kind)
    for what, file, digest in dict.fromkeys(inputs):
        if not os.path.isfile(file):
            raise InbetweenError(f"the {what} {file} is gone", "put it back, or make a new film")
        if _sha256(what, file, report) != digest:
            raise InbetweenError(f"the {what} {file} has changed since the record", "run it anew without --repeat")
    now = versions(engines.get(engine))
    for name in sorted(now):
        if then.get(name) != now[name]:
            report.note("version", f"{name} was {then.get(name)}, is {now[name]}: bytes may differ", name=name)
    return request, [file for _, file, _ in inputs]


def _read(path: Path, command: str, kind: type[R]) -> tuple[R, list[tuple[str, str, str]], str, dict[str, object]]:
    """Read a record.

    Returns:
        The request; (what messages call it, path, SHA-256) of each input; the name of the engine; the versions.

    Raises:
        InbetweenError: the file cannot be read, or is not a record of this command.
    """
    try:
        data = json.loads(path.read_bytes())
        other = COMMANDS[COMMANDS.index(data["command"])]
        if other != command:
            again = shlex.join(["inbetween", other, "--repeat", str(path)])
            raise InbetweenError(f"{path} is a record of `inbetween {other}`", f"make it again with {again}")
        request = request_from_json(data["words"], kind)
        inputs = [(str(one["what"]), os.fspath(one["path"]), str(one["sha256"])) for one in data["inputs"]]
        return request, inputs, str(data["engine"]), dict(data["versions"])
    except OSError as error:
        raise InbetweenError(f"{path} cannot be read: {error.strerror}", "check the name") from error
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise InbetweenError(f"{path} is not a record of a film", HINT) from error


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
        return InbetweenError(f"not a record of a film: `{name}` is {value!r}", HINT)

    return built(kind, found, wrong)


def _flat(data: Mapping[str, object], kind: type[FilmRequest]) -> dict[str, object]:
    """The fields of a request, flat. Early records of `slowmo` have a request of `run` under the name `film`, of which
    only the fields that a clip has are used."""
    inner = data.get("film")
    if kind is not ClipRequest or not isinstance(inner, dict):
        return dict(data)
    outer = {name: value for name, value in data.items() if name != "film"}
    unused = get_type_hints(RunRequest).keys() - get_type_hints(ClipRequest).keys()
    return {**{name: value for name, value in inner.items() if name not in unused}, **outer}


def absolute_out(out: str) -> str:
    """The absolute name of an output, which is valid from any current folder."""
    # A slash at the end says that the output is a folder, so it stays.
    return os.path.join(os.path.abspath(out), "") if out.endswith(("/", os.sep)) else os.path.abspath(out)


def _sha256(what: str, path: str, report: Report) -> str:
    """The SHA-256 of a file in hexadecimal; `what` is what messages call it."""
    try:
        return hashed(Path(path), report, hashlib.sha256())
    except InbetweenError as error:
        raise InbetweenError(f"the {what} {error.message}", "look at the disk") from None
