"""Records: everything needed to make a film again, and the check that nothing has changed since."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
from collections.abc import Mapping
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from inbetween import engines
from inbetween.errors import InbetweenError
from inbetween.plan import Plan, commercial
from inbetween.produce import Made
from inbetween.types import Report
from inbetween.versions import versions
from inbetween.weights import store
from inbetween.weights.check import hashed

Said = TypeVar("Said")
"""The words of a command."""
COMMANDS = ("run", "slowmo")
"""Those that write records."""
TAKE = "take the .json that --record wrote"


def summary(plan: Plan, made: Made, notes: list[dict[str, Any]], report: Report) -> dict[str, Any]:
    """What was asked of `run`, what it came to, what was made and what was said on the way.

    Raises:
        InbetweenError: an input cannot be read any more.
        Interrupted: by `report`.
    """
    said, facts = plan.words, plan.to_json()
    # Found again from any other folder.
    keys, motion = [os.path.abspath(key) for key in said.keys], said.motion and os.path.abspath(said.motion)
    facts["words"] |= {"keys": keys, "motion": motion, "out": absolute_out(said.out)}
    inputs = [*(("key", key) for key in keys), *(("motion", one) for one in [motion] if one)]
    return {
        "command": "run",
        **facts,
        "seed": said.seed,
        "inputs": [stamped(what, path, report) for what, path in inputs],
        **made_by(plan),
        **made.to_json(),
        "notes": notes,
    }


def made_by(plan: Plan) -> dict[str, Any]:
    """Licences, weights and versions of what makes a plan's pictures."""
    engine = engines.get(plan.engine)
    return {
        "licence": engine.licence,
        "commercial": commercial(engine),
        "weights": [_weights(name, plan.settings.weights) for name in engine.needs],
        "versions": versions(engine),
    }


def stamped(what: str, path: str | os.PathLike[str], report: Report) -> dict[str, str]:
    """An input of a film; `what` it is, as messages say.

    Raises:
        InbetweenError: it cannot be read.
        Interrupted: by `report`.
    """
    path = os.path.abspath(path)
    return {"what": what, "path": path, "sha256": _sha256(what, path, report)}


def _weights(name: str, folder: Path | None) -> dict[str, Any]:
    weights = store.get(name)
    parts, files = store.parts(name, folder), store.files(name, folder)
    sizes = {part: sum(path.stat().st_size for path in paths) for part, paths in files.items()}
    return {
        "name": name,
        "licence": weights.licence,
        "commercial": weights.commercial,
        "files": {part: {"path": str(path), "bytes": sizes[part]} for part, path in parts.items()},
    }


def sidecar_of(plan: Plan) -> Path:
    """OUT.json."""
    path = plan.sink.path.rstrip("/" + os.sep)
    # Beside the current folder too, not a `..json` in it.
    return Path((os.path.abspath(path) if os.path.basename(path) in (".", "..") else path) + ".json")


def preview_of(plan: Plan) -> Path:
    """OUT.preview.gif."""
    return sidecar_of(plan).with_suffix(".preview.gif")


def recalled(path: Path, command: str, kind: type[Said], report: Report) -> tuple[Said, list[str]]:
    """The words of a command's record, its inputs unchanged since, and the inputs' paths.

    Raises:
        InbetweenError: no record, one of another command, or an input that is missing or not the same any more.
    """
    words, inputs, engine, then = _read(path, command, kind)
    for what, file, digest in dict.fromkeys(inputs):
        if not os.path.isfile(file):
            raise InbetweenError(f"the {what} {file} is gone", "put it back, or make a new film")
        if _sha256(what, file, report) != digest:
            raise InbetweenError(f"the {what} {file} has changed since the record", "run it anew without --repeat")
    now = versions(engines.get(engine))
    for name in sorted(now):
        if then.get(name) != now[name]:
            report.note("version", f"{name} was {then.get(name)}, is {now[name]}: bytes may differ", name=name)
    return words, [file for _, file, _ in inputs]


def _read(path: Path, command: str, kind: type[Said]) -> tuple[Said, list[tuple[str, str, str]], str, dict[str, Any]]:
    """What a record says: the words, (what, path, digest) of each input, the engine, the versions.

    Raises:
        InbetweenError: it cannot be read, or is no record of this command.
    """
    try:
        data = json.loads(path.read_bytes())
        other = COMMANDS[COMMANDS.index(data["command"])]
        if other != command:
            again = shlex.join(["inbetween", other, "--repeat", str(path)])
            raise InbetweenError(f"{path} is a record of `inbetween {other}`", f"make it again with {again}")
        words = words_from_json(data["words"], kind)
        inputs = [(str(one["what"]), os.fspath(one["path"]), str(one["sha256"])) for one in data["inputs"]]
        return words, inputs, str(data["engine"]), dict(data["versions"])
    except OSError as error:
        raise InbetweenError(f"{path} cannot be read: {error.strerror}", "check the name") from error
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise InbetweenError(f"{path} is not a record of a film", TAKE) from error


def words_from_json(data: Mapping[str, Any], kind: type[Said]) -> Said:
    """The words of a command as a record has them; words may be in words.

    Raises:
        InbetweenError: something is missing or unknown.
    """
    kinds = get_type_hints(kind)
    said: dict[str, Any] = {}
    for name, value in data.items():
        if is_dataclass(kinds.get(name)) and isinstance(value, dict):
            said[name] = words_from_json(value, kinds[name])
            continue
        said[name] = tuple(value) if isinstance(value, list) else value
        if name not in kinds or not _is(said[name], kinds[name]):
            raise InbetweenError(f"not a record of a film: `{name}` is {said[name]!r}", TAKE)
    try:
        return kind(**said)
    except TypeError as error:
        raise InbetweenError(f"not a record of a film: {error}", TAKE) from None


def _is(value: object, kind: Any) -> bool:
    """Whether a value is of a field's type, bool being no int here."""
    if get_origin(kind) is tuple:
        return isinstance(value, tuple) and all(_is(item, get_args(kind)[0]) for item in value)
    if get_args(kind):
        return any(_is(value, one) for one in get_args(kind))
    if isinstance(value, bool):
        return kind is bool
    return isinstance(value, (int, float) if kind is float else kind)


def absolute_out(out: str) -> str:
    """An output's name, from any other folder."""
    # A folder's last slash says that it is one.
    return os.path.join(os.path.abspath(out), "") if out.endswith(("/", os.sep)) else os.path.abspath(out)


def _sha256(what: str, path: str, report: Report) -> str:
    try:
        return hashed(Path(path), report, hashlib.sha256())
    except InbetweenError as error:
        raise InbetweenError(f"the {what} {error.message}", "look at the disk") from None
