"""Records: everything needed to make a film again, and the check that nothing has changed since."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any

from inbetween import engines
from inbetween.errors import InbetweenError
from inbetween.make import Made
from inbetween.plan import Plan, Words, words_from_json
from inbetween.types import Report

PACKAGES = ("inbetween", "numpy", "opencv-python-headless", "pillow", "av", "imageio-ffmpeg")
"""Those that can change the pixels of an engine without networks, or the file."""


def versions() -> dict[str, str]:
    """Of Python, of our packages and of ffmpeg."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return {**found, "ffmpeg": ffmpeg_version()}


def ffmpeg_version() -> str:
    """As it says itself."""
    import subprocess

    from inbetween.video import ffmpeg

    said = subprocess.run(
        [ffmpeg.executable(), "-version"], capture_output=True, text=True, check=True
    ).stdout
    return said.split("\n", 1)[0].split()[2]


def summary(plan: Plan, made: Made, notes: list[dict[str, Any]]) -> dict[str, Any]:
    """What was asked, what it came to, what was made and what was said on the way."""
    engine = engines.get(plan.engine)
    words = plan.to_json()
    # Found again from any other folder.
    words["words"]["keys"] = [os.path.abspath(key) for key in plan.words.keys]
    words["words"]["out"] = _absolute(plan.words.out)
    return {
        **words,
        "licence": engine.licence,
        "commercial": engine.commercial,
        "seed": plan.words.seed,
        "keys": [{"path": os.path.abspath(key), "sha256": _sha256(Path(key))} for key in plan.words.keys],
        **made.to_json(),
        "notes": notes,
        "versions": versions(),
    }


def sidecar_of(plan: Plan) -> Path:
    """OUT.json."""
    return Path(plan.sink.path.rstrip("/" + os.sep) + ".json")


def repeated(path: Path, report: Report) -> Words:
    """The words of a record, its keys unchanged since.

    Raises:
        InbetweenError: no record, or a key that is missing or not the same any more.
    """
    try:
        data = json.loads(path.read_text("utf-8"))
        words = words_from_json(data["words"])
        keys = {key["path"]: key["sha256"] for key in data["keys"]}
        then = dict(data["versions"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InbetweenError(
            f"{path} cannot be read as a record: {error}", "take the .json of --record"
        ) from None
    for key, digest in keys.items():
        if not Path(key).is_file():
            raise InbetweenError(f"the key {key} is gone", "put it back, or make a new film")
        if _sha256(Path(key)) != digest:
            raise InbetweenError(
                f"the key {key} has changed since the record", "run it anew without --repeat"
            )
    now = versions()
    for name in sorted(now):
        if then.get(name) != now[name]:
            report.note(
                "version", f"{name} was {then.get(name)}, is {now[name]}: bytes may differ", name=name
            )
    return replace(words, keys=tuple(keys))


def _absolute(out: str) -> str:
    # A folder's last slash says that it is one.
    return os.path.join(os.path.abspath(out), "") if out.endswith(("/", os.sep)) else os.path.abspath(out)


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
