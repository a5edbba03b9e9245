"""Records: everything needed to make a film again, and the check that nothing has changed since."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from inbetween import engines
from inbetween.errors import InbetweenError
from inbetween.make import Made
from inbetween.plan import Plan, Words, commercial, words_from_json
from inbetween.types import Report
from inbetween.versions import versions
from inbetween.weights import store


def summary(plan: Plan, made: Made, notes: list[dict[str, Any]]) -> dict[str, Any]:
    """What was asked, what it came to, what was made and what was said on the way."""
    engine = engines.get(plan.engine)
    words = plan.to_json()
    motion = plan.words.motion
    # Found again from any other folder.
    words["words"]["keys"] = [os.path.abspath(key) for key in plan.words.keys]
    words["words"]["motion"] = motion and os.path.abspath(motion)
    words["words"]["out"] = _absolute(plan.words.out)
    return {
        **words,
        "licence": engine.licence,
        "commercial": commercial(engine),
        "weights": [_weights(name, plan.settings.weights) for name in engine.needs],
        "seed": plan.words.seed,
        "keys": [{"path": os.path.abspath(key), "sha256": _sha256(Path(key))} for key in plan.words.keys],
        "motion": motion and {"path": os.path.abspath(motion), "sha256": _sha256(Path(motion))},
        **made.to_json(),
        "notes": notes,
        "versions": versions(engine),
    }


def _weights(name: str, folder: Path | None) -> dict[str, Any]:
    weights = store.get(name)
    files = store.parts(name, folder)
    return {
        "name": name,
        "licence": weights.licence,
        "commercial": weights.commercial,
        "files": {part: {"path": str(path), "bytes": path.stat().st_size} for part, path in files.items()},
    }


def sidecar_of(plan: Plan) -> Path:
    """OUT.json."""
    path = plan.sink.path.rstrip("/" + os.sep)
    # Beside the current folder too, not a `..json` in it.
    return Path((os.path.abspath(path) if os.path.basename(path) in (".", "..") else path) + ".json")


def preview_of(plan: Plan) -> Path:
    """OUT.preview.gif."""
    return sidecar_of(plan).with_suffix(".preview.gif")


def repeated(path: Path, report: Report) -> Words:
    """The words of a record, its keys and its motion unchanged since.

    Raises:
        InbetweenError: no record, or a key that is missing or not the same any more.
    """
    words, keys, motion, then = _read(path)
    for name, (file, digest) in [*(("key", key) for key in dict.fromkeys(keys)), *(("motion", one) for one in motion)]:
        if not os.path.isfile(file):
            raise InbetweenError(f"the {name} {file} is gone", "put it back, or make a new film")
        if _sha256(Path(file)) != digest:
            raise InbetweenError(f"the {name} {file} has changed since the record", "run it anew without --repeat")
    now = versions(engines.get(words.engine))
    for name in sorted(now):
        if then.get(name) != now[name]:
            report.note("version", f"{name} was {then.get(name)}, is {now[name]}: bytes may differ", name=name)
    return replace(words, keys=tuple(key for key, _ in keys))


def _read(path: Path) -> tuple[Words, list[tuple[str, str]], list[tuple[str, str]], dict[str, Any]]:
    """What a record says: the words, (path, digest) of each key and of the motion if there is one, the versions.

    Raises:
        InbetweenError: it cannot be read, or is no record.
    """
    no_record = InbetweenError(f"{path} is not a record of a run", "take the .json that --record wrote")
    try:
        data = json.loads(path.read_bytes())
        words = words_from_json(data["words"])
        keys = [(os.fspath(key["path"]), key["sha256"]) for key in data["keys"]]
        motion = [(os.fspath(one["path"]), one["sha256"]) for one in [data.get("motion")] if one]
        return words, keys, motion, dict(data["versions"])
    except OSError as error:
        raise InbetweenError(f"{path} cannot be read: {error.strerror}", "check the name") from error
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise no_record from error


def _absolute(out: str) -> str:
    # A folder's last slash says that it is one.
    return os.path.join(os.path.abspath(out), "") if out.endswith(("/", os.sep)) else os.path.abspath(out)


def _sha256(path: Path) -> str:
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InbetweenError(f"the key {path} cannot be read: {error.strerror}", "look at the disk") from error
