"""Writing records of `run`, and the parts that the records of all commands share.

A record holds everything that is needed to make a film again, provided that its inputs have not changed since.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from inbetween.plan import FilmPlan, Making, commercial
from inbetween.produce import Made
from inbetween.record.read import sha256
from inbetween.types import Report
from inbetween.versions import versions
from inbetween.weights import store


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
    return {"what": what, "path": path, "sha256": sha256(what, path, report)}


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


def absolute_out(out: str) -> str:
    """The absolute name of an output, which is valid from any current folder."""
    # A slash at the end says that the output is a folder, so it stays.
    return os.path.join(os.path.abspath(out), "") if out.endswith(("/", os.sep)) else os.path.abspath(out)
