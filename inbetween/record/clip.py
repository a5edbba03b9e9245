"""Records of `slowmo`: writing them, and the files that their films are made of."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, replace

from inbetween.produce import Made
from inbetween.record import read
from inbetween.record.run import absolute_out, made_by, stamped
from inbetween.request import ClipRequest
from inbetween.retime import footage
from inbetween.retime.opening import OpenFilm
from inbetween.types import Report
from inbetween.video.sinks import film_size


def summary(film: OpenFilm, made: Made | None, notes: Sequence[object], report: Report) -> dict[str, object]:
    """The record of a film by `slowmo`, as plain values: the request, the plan, the clip, the film and the notes. The
    film can be made again from it.

    Args:
        film: the clip and the output.
        made: facts about the film; None if it was not made.
        notes: all notes of the work.
        report: hears the progress of hashing the inputs.

    Raises:
        InbetweenError: an input cannot be read any more.
        Interrupted: by `report`.
    """
    opened = film.clip
    plan, clip, grid = opened.plan, opened.clip, opened.grid
    findings = opened.findings.within(clip.duration)
    return {
        "command": "slowmo",
        "made": made is not None,
        "words": asdict(_absolute(plan.request)),
        "engine": plan.making.engine.name,
        "why": plan.making.why,
        "options": asdict(plan.making.options),
        "frames": grid.count,
        "size": list(film_size(film.sink, clip.size)),
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
        "cuts": [round(float(time + opened.since), 6) for time in sorted(findings.cuts)],
        "repeats": len(findings.repeats),
        "seed": plan.request.seed,
        **({"inputs": [stamped(*one, report) for one in opened.inputs]} if made else {}),
        **made_by(plan.making),
        **(made.to_json() if made else {}),
        "notes": notes,
    }


def files(request: ClipRequest) -> list[str]:
    """The files that the film of a request of a record will be made of: for a sequence, all its pictures.

    Raises:
        InbetweenError: there is no such sequence.
    """
    pictures = footage.sequence(request.clip)
    clip = [request.clip] * bool(request.clip) if pictures is None else map(str, pictures)
    return [*clip, *(name for name in read.files(request) if name != request.clip)]


def _absolute(request: ClipRequest) -> ClipRequest:
    """The same request with names of files that are valid from any current folder."""
    return replace(
        request,
        clip=footage.absolute(request.clip),
        protect=request.protect and os.path.abspath(request.protect),
        cuts=request.cuts if request.cuts in ("auto", "off") else os.path.abspath(request.cuts),
        out=absolute_out(request.out),
    )
