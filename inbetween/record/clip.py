"""What there is to say of a film of a clip, and the words of one that was recorded."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from inbetween.errors import InbetweenError
from inbetween.produce import Made
from inbetween.record.run import absolute_out, made_by, recalled, stamped
from inbetween.slowmo import footage
from inbetween.slowmo.produce import Opened
from inbetween.slowmo.request import ClipRequest
from inbetween.types import Report
from inbetween.video.sinks import film_size


def summary(opened: Opened, made: Made | None, notes: list[dict[str, Any]], report: Report) -> dict[str, Any]:
    """What was asked, what it came to, what was made and what was said on the way: plain values. What was made can be
    made again from it.

    Raises:
        InbetweenError: an input cannot be read any more.
        Interrupted: by `report`.
    """
    slow, clip, grid = opened.slow, opened.clip, opened.grid
    counts = opened.counts.within(opened.clip.duration)
    return {
        "command": "slowmo",
        "made": made is not None,
        "words": _words(slow.words),
        "engine": slow.base.engine,
        "why": slow.base.why,
        "options": asdict(slow.base.options),
        "frames": grid.count,
        "size": list(film_size(opened.sink, clip.size)),
        "fps": str(grid.rate),
        "seconds_shown": float(grid.count / grid.rate),
        "clip": {
            "path": os.path.abspath(clip.path),
            "count": clip.count,
            "size": list(opened.whole.size),
            "fps": str(clip.rate),
            "even": clip.even,
            "start": float(clip.start),
            "duration": float(clip.duration),
            "bits": clip.bits,
            "channels": clip.channels,
            "colour": asdict(clip.colour),
            "rotation": clip.rotation,
        },
        "cuts": [round(float(time + opened.since), 6) for time in sorted(counts.cuts)],
        "repeats": len(counts.repeats),
        "seed": slow.words.film.seed,
        **({"inputs": [stamped(*one, report) for one in _inputs(opened)]} if made else {}),
        **made_by(slow.base),
        **(made.to_json() if made else {}),
        "notes": notes,
    }


def repeated(path: Path, report: Report) -> ClipRequest:
    """The words of a record of `slowmo`, its inputs unchanged since.

    Raises:
        InbetweenError: see `record.recalled`; a picture that was not there then.
    """
    words, inputs = recalled(path, "slowmo", ClipRequest, report)
    then = {os.path.realpath(file) for file in inputs}
    for file in footage.sequence(words.clip) or ():
        if os.path.realpath(file) not in then:
            raise InbetweenError(f"the picture {file} was not there then", "take it away, or make a new film")
    return words


def _inputs(opened: Opened) -> list[tuple[str, Path]]:
    said, files = opened.slow.words, opened.footage.inputs
    beside = {"mask": said.protect, "list of cuts": None if said.cuts in ("auto", "off") else said.cuts}
    clip = "clip" if opened.clip.video >= 0 else "picture"
    return [*((clip, file) for file in files), *((what, Path(file)) for what, file in beside.items() if file)]


def _words(said: ClipRequest) -> dict[str, Any]:
    """As plain values, from any other folder."""
    words = asdict(said)
    words["clip"] = footage.absolute(said.clip)
    words["protect"] = said.protect and os.path.abspath(said.protect)
    words["cuts"] = said.cuts if said.cuts in ("auto", "off") else os.path.abspath(said.cuts)
    words["film"]["out"] = absolute_out(said.film.out)
    return words
