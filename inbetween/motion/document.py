"""Motion as a file that people can read, write and change: JSON, version 1.

    {
      "inbetween-motion": 1,
      "size": {"width": 1024, "height": 576},
      "tracks": [
        {"places": [[100, 200], [300, 220]]},
        {"places": [[512, 288]]},
        {"kind": "line", "path": "arc", "places": [[[10, 10], [10, 90]], [[50, 10], [130, 10]]]}
      ]
    }

inbetween-motion  version of the format.
size              of the picture in whose pixels the places are; the centre of the first pixel is (0, 0). It may be
                  another size of the same aspect.
tracks            what moves. Each has:
    places        where it is, from the start key to the end key. With one place alone it stays there.
    kind          "point": a place is [x, y]; "line": [[x, y], [x, y]], its ends; "skeleton": 134 such pairs in
                  OpenPose order, body, feet, face, hands. Default "point".
    times         when it is at each of its places, ascending from 0, the start, to 1, the end. Default: equally far
                  apart.
    weights       how visible it is at each of its places, 0..1: for a point one number per place, else a list with one
                  number per point. Default 1.
    path          "straight", "spline" or "arc", see `tracks`. Default "spline".
    pace          "linear", "ease-in", "ease-out", "ease-in-out", "cubic-bezier(a,b,c,d)" or "steps(n)". Default
                  "linear".
    source        "drag" or "match": drawn motion takes precedence over matched motion. Default "drag".
    precision     "single" or "double" precision of the places. Default "double".
kind, path, pace, source and precision may also stand beside "tracks", for all tracks that have none of their own.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np

from inbetween.errors import InbetweenError
from inbetween.motion.tracks import FARTHEST, PATHS, Numbers, equal_times
from inbetween.small_files import read_small
from inbetween.timeline.easing import parse_easing
from inbetween.timeline.grid import EXACT
from inbetween.types import Motion, Report, Track

NAME, VERSION = "inbetween-motion", 1
"""The field that tells a motion file, and the only version so far."""
LARGEST = 32 * 2**20
"""Most bytes of a file; far more than any motion that a film can follow."""
LARGEST_SIDE = 1_000_000
"""The longest side, in pixels, of a motion's size."""
POINTS = {"point": 1, "line": 2, "skeleton": 134}
"""How many points a place has, by the kind of its track."""
DEFAULTS = {"kind": "point", "path": "spline", "pace": "linear", "source": "drag", "precision": "double"}
"""What optional fields of a track are when nobody states them."""
CHOICES: dict[str, Collection[str]] = {
    "kind": POINTS,
    "path": PATHS,
    "source": ("drag", "match"),
    "precision": ("single", "double"),
}
"""The values of the fields in `DEFAULTS`, except for the pace."""
EXAMPLE = '{"inbetween-motion": 1, "size": {"width": 640, "height": 360}, "tracks": [{"places": [[10, 20], [90, 20]]}]}'


def read_motion(path: Path) -> Motion:
    """The motion in a file, in pixels of the size that the file states; see `rescaled_motion`.

    Raises:
        InbetweenError: it cannot be read, or is not a motion file; the message names the place of the fault.
    """
    raw = read_small(path, "motion file", LARGEST)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _no_motion(str(path), "it is not text in UTF-8") from None
    return motion_from_json(text, str(path))


def motion_from_json(text: str, name: str = "motion") -> Motion:
    """The motion in a JSON text.

    Args:
        name: what messages call the text.

    Raises:
        InbetweenError: it is not a motion; the message names the place of the fault.
    """
    try:
        document = json.loads(text, object_pairs_hook=_object)
    except (ValueError, RecursionError) as problem:
        why = "nested too deeply" if isinstance(problem, RecursionError) else str(problem)
        raise _no_motion(name, f"it is not JSON: {why}") from None
    if not isinstance(document, dict) or NAME not in document:
        raise _no_motion(name, f'it has no "{NAME}"')
    version = document[NAME]
    if version is True or version != VERSION:
        raise InbetweenError(
            f"{name} is of version {_shown(version)} of the motion format",
            f"this inbetween reads version {VERSION}; a newer one may read it",
        )
    _check_fields(document, (NAME, "size", "tracks", *DEFAULTS), ("size", "tracks"), f"{name}: ")
    size = _size(document["size"], f"{name}: size")
    defaults = DEFAULTS | _choices(document, f"{name}: ")
    tracks = _list(document["tracks"], None, f"{name}: tracks")
    return Motion(tuple(_track(track, defaults, f"{name}: tracks[{i}]") for i, track in enumerate(tracks)), size)


def motion_to_json(motion: Motion) -> str:
    """The text of a motion file, one line per track. Read again it gives the same motion to the last bit."""
    height, width = motion.size
    size = json.dumps({"width": width, "height": height})
    lines = [json.dumps(_track_words(track), allow_nan=False) for track in motion.tracks]
    tracks = "".join(f"\n    {line}," for line in lines).removesuffix(",")
    return f'{{\n  "{NAME}": {VERSION},\n  "size": {size},\n  "tracks": [{tracks}\n  ]\n}}\n'


def rescaled_motion(motion: Motion, size: tuple[int, int], report: Report) -> Motion:
    """The motion in pixels of a picture of another size and the same aspect.

    Args:
        size: (H, W).
        report: gets the note `motion-scaled` if it is scaled.

    Raises:
        InbetweenError: the aspect differs.
    """
    if motion.size == size:
        return motion
    (old_height, old_width), (height, width) = motion.size, size
    scale = width / old_width, height / old_height
    # A size that was scaled and rounded differs by less than a pixel from one of the same aspect.
    if min(abs(scale[0] * old_height - height), abs(scale[1] * old_width - width)) >= 1:
        raise InbetweenError(
            f"the motion is for pictures of {old_width}x{old_height}, but the start picture has {width}x{height}",
            "give a motion for this size, or for one of the same aspect",
        )
    report.note("motion-scaled", f"the motion is scaled from {old_width}x{old_height} to {width}x{height}")
    return motion.mapped(scale, ((scale[0] - 1) / 2, (scale[1] - 1) / 2), size)


# ------------------------------------------------------------------ reading


def _track(words: object, defaults: Mapping[str, str], place: str) -> Track:
    if not isinstance(words, dict):
        raise _fault(place, f"`{_shown(words)}` is not a track", 'write it as {"places": [[10, 20], [90, 20]]}')
    _check_fields(words, ("places", "times", "weights", *DEFAULTS), ("places",), f"{place}.")
    chosen = {**defaults, **_choices(words, f"{place}.")}
    points = POINTS[chosen["kind"]]
    inner = () if points == 1 else (points,)
    places = _numbers(words["places"], (None, *inner, 2), f"{place}.places", -FARTHEST, FARTHEST)
    count = len(places)
    if count == 0:
        raise _fault(
            f"{place}.places", "there is no place", "give one place where it stays, or two or more along its path"
        )
    weights = np.ones((count, *inner))
    if "weights" in words:
        weights = _numbers(words["weights"], (count, *inner), f"{place}.weights", 0, 1)
    times = equal_times(count)
    if "times" in words:
        times = _times(words["times"], count, f"{place}.times")
    if count == 1:
        places, weights, times = places.repeat(2, 0), weights.repeat(2, 0), equal_times(2)
    places = places.reshape(-1, points, 2)
    return Track(
        chosen["kind"],
        times,
        places.astype(np.float32) if chosen["precision"] == "single" else places,
        weights.reshape(-1, points),
        chosen["path"],
        chosen["pace"],
        chosen["source"],
    )


def _size(words: object, place: str) -> tuple[int, int]:
    hint = 'write it as {"width": 1024, "height": 576}'
    if not isinstance(words, dict):
        raise _fault(place, f"`{_shown(words)}` is not a size", hint)
    _check_fields(words, ("width", "height"), ("width", "height"), f"{place}.")
    for side in ("width", "height"):
        value = words[side]
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= LARGEST_SIDE:
            raise _fault(f"{place}.{side}", f"`{_shown(value)}` is not a number of pixels", hint)
    return words["height"], words["width"]


def _times(value: object, count: int, place: str) -> Numbers:
    if count == 1:
        raise _fault(place, "a single place has no times", "leave the times out, or give more places")
    times = _numbers(value, (count,), place, 0, 1)
    late = np.flatnonzero(np.diff(times) < EXACT)
    wrong = 0 if times[0] != 0 else int(late[0]) + 1 if late.size else count - 1 if times[-1] != 1 else None
    if wrong is not None:
        raise _fault(
            f"{place}[{wrong}]", f"{times[wrong]} is out of order", "times ascend from 0, the start, to 1, the end"
        )
    return times


def _numbers(value: object, shape: Sequence[int | None], place: str, low: float, high: float) -> Numbers:
    return np.array(_nested(value, shape, place, low, high), np.float64).reshape([n or -1 for n in shape])


def _nested(value: object, shape: Sequence[int | None], place: str, low: float, high: float) -> object:
    if shape:
        items = _list(value, shape[0], place)
        return [_nested(item, shape[1:], f"{place}[{i}]", low, high) for i, item in enumerate(items)]
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise _fault(place, f"`{_shown(value)}` is not a number from {low:.0f} to {high:.0f}", f"an example: {EXAMPLE}")
    return float(value)


def _list(value: object, count: int | None, place: str) -> list[object]:
    if not isinstance(value, list) or count not in (None, len(value)):
        found = f"has {len(value)}" if isinstance(value, list) else f"is `{_shown(value)}`"
        raise _fault(
            place, f"a list{'' if count is None else f' of {count}'} is needed, this {found}", f"an example: {EXAMPLE}"
        )
    return value


def _check_fields(words: Mapping[str, object], known: Collection[str], needed: Collection[str], place: str) -> None:
    for field in words:
        if field not in known:
            near = difflib.get_close_matches(field, known, n=1)
            hint = f"did you mean `{near[0]}`?" if near else f"known: {', '.join(known)}"
            raise _fault(f"{place}{_shown(field)}", "there is no such field", hint)
    for field in needed:
        if field not in words:
            raise _fault(f"{place}{field}", "this field is missing", f"an example: {EXAMPLE}")


def _choices(words: Mapping[str, object], place: str) -> dict[str, str]:
    """The fields of `DEFAULTS` that are given, each checked to be one of its choices."""
    chosen = {}
    for field in DEFAULTS:
        if field not in words:
            continue
        value = words[field]
        if field == "pace" and isinstance(value, str):
            try:
                parse_easing(value)
            except InbetweenError as problem:
                raise _fault(f"{place}pace", problem.message, problem.hint) from None
            chosen[field] = value
        elif not isinstance(value, str) or value not in CHOICES.get(field, ()):
            known = CHOICES.get(field, ("linear", "ease-in-out", "steps(4)"))
            raise _fault(f"{place}{field}", f"`{_shown(value)}` is not known", f"known: {', '.join(known)}")
        else:
            chosen[field] = value
    return chosen


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) < len(pairs):
        twice = next(key for i, (key, _) in enumerate(pairs) if key in dict(pairs[:i]))
        raise ValueError(f"`{_shown(twice)}` is there twice")
    return made


def _no_motion(name: str, why: str) -> InbetweenError:
    return InbetweenError(f"{name} is not a motion file: {why}", f"an example: {EXAMPLE}")


def _fault(place: str, what: str, hint: str) -> InbetweenError:
    return InbetweenError(f"{place}: {what}", hint)


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 40 else f"{text[:39]}…"


# ------------------------------------------------------------------ writing


def _track_words(track: Track) -> dict[str, object]:
    """A track as its fields in a file, without those that have their default."""
    single = track.places.dtype == np.float32
    stated = {
        "kind": track.kind,
        "path": track.path,
        "pace": track.pace,
        "source": track.source,
        "precision": "single" if single else "double",
    }
    words: dict[str, object] = {field: value for field, value in stated.items() if value != DEFAULTS[field]}
    if not np.array_equal(track.times, equal_times(len(track.times))):
        words["times"] = track.times.tolist()
    # The shortest decimals that give the float32 back; those of its double are longer.
    places = track.places.astype(str).astype(np.float64) if single else track.places
    words["places"] = (places[:, 0] if track.kind == "point" else places).tolist()
    if (track.weights != 1).any():
        words["weights"] = (track.weights[:, 0] if track.kind == "point" else track.weights).tolist()
    return words
