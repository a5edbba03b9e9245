"""From requests to plans: everything that can be refused without opening a picture is refused here.

The commands, records (`--repeat`) and the Python API all come through `plan` or `plan_frames`; a clip's request goes
through `retime.plan`, which shares `making`.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from inbetween import engines, environment, sizes
from inbetween.devices import GPU, thread_count
from inbetween.engine import Engine, parse_options
from inbetween.errors import UnknownName, UsageError
from inbetween.request import PIXELS, FilmRequest, RunRequest, values
from inbetween.sizes import FilmSize
from inbetween.timeline.grid import MOST_FRAMES, Timeline
from inbetween.timeline.planning import shown_count, timeline_of
from inbetween.types import Settings
from inbetween.video import sinks
from inbetween.video.sinks import Sink
from inbetween.weights import store

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

KEYFRAMES = ("own", "generated", "none")
FITS = ("crop", "pad", "stretch")
UNRELATED = ("blend", "hold", "fail")
MEMORY = ("auto", "low", "high")
"""The values that `--keyframes`, `--fit`, `--if-unrelated` and `--memory` accept."""
MOST_SEED = 10**18 - 1
"""The largest seed. PyTorch accepts 64 bits, and each gap of a film adds 1."""


@dataclass(frozen=True, kw_only=True)
class Making:
    """How frames are made: an engine, and all that it is loaded with."""

    engine: Engine
    """The engine's record."""
    why: str
    """Why this engine was chosen, for people."""
    options: DataclassInstance
    """An instance of the engine's `Options`."""
    settings: Settings
    """Where the work is done."""
    notes: tuple[tuple[str, str], ...] = ()
    """Notes about the engine, each (code, text)."""


@dataclass(frozen=True, kw_only=True)
class FramesPlan:
    """Which frames are made between keys, and how."""

    request: RunRequest
    """The user's request with `auto` and files of times resolved: enough to make the same frames again."""
    making: Making
    """How the frames are made."""
    timeline: Timeline
    """The times of the keys, and every frame that is made; those of the way back of a ping-pong are not in it."""
    size: FilmSize | None
    """The size of the frames; None for the size of the first key."""
    notes: tuple[tuple[str, str], ...] = ()
    """Notes about decisions and about the engine, each (code, text)."""

    @property
    def count(self) -> int:
        """The number of frames that are shown; in a ping-pong it is larger than the number that are made."""
        return shown_count(len(self.timeline.sources), self.request.ping_pong)

    @property
    def key_paths(self) -> list[Path]:
        """The file of each key of the timeline; a loop ends with the first one again."""
        paths = [Path(key) for key in self.request.keys]
        return [*paths, paths[0]] if self.request.loop else paths


@dataclass(frozen=True, kw_only=True)
class FilmPlan(FramesPlan):
    """Which frames are made between keys, how, and the film that they become."""

    sink: Sink
    """Where the film goes."""

    def to_json(self) -> dict[str, object]:
        """The plan as plain values, for records and JSON answers."""
        return {
            "words": asdict(self.request),
            "engine": self.making.engine.name,
            "why": self.making.why,
            "options": asdict(self.making.options),
            "frames": self.count,
            "fps": str(self.timeline.rate),
            "duration": str(self.count / self.timeline.rate),
            "digest": self.digest(),
        }

    def digest(self) -> str:
        """A SHA-256 of all that decides the pixels, except the contents of the keys and of the motion's file."""
        fields = {one.name: value for one, value in values(self.request, PIXELS) if one.name != "set"}
        text = json.dumps([fields, asdict(self.making.options), self.sink.suffix], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def plan(request: RunRequest, made_by: Making | None = None) -> FilmPlan:
    """Check a request for a film, and work out counts, rates and times.

    Args:
        request: the request.
        made_by: see `plan_frames`.

    Raises:
        UsageError, UnknownName: something in the request makes no sense; the hint says what would.
        InbetweenError: a file of times cannot be read, or weights are missing.
    """
    frames = plan_frames(request, made_by)
    sink = sink_of(request)
    if sink.kind == "picture" and frames.count != 1:
        raise UsageError(
            f"{request.out} is one picture, the film has {frames.count} frames",
            f"name a folder, or names like f_%05d{sink.suffix}; for one picture: -n 1 --keyframes none",
        )
    sinks.check(sink, frames.timeline.rate, frames.count)
    return FilmPlan(**vars(replace(frames, notes=(*frames.notes, *_same_keys(frames)))), sink=sink)


def _same_keys(plan: FramesPlan) -> list[tuple[str, str]]:
    """Notes about keys that follow each other and are the same file. That is how a picture is held, but it may also be
    a slip of the hand."""
    names = [os.path.realpath(key) for key in plan.request.keys]
    return [
        (
            "same",
            f"keys {number} and {number + 1} are the same file: nothing moves between them",
        )
        for number, (one, other) in enumerate(pairwise(names), 1)
        if one == other
    ]


def plan_frames(request: RunRequest, made_by: Making | None = None) -> FramesPlan:
    """Check a request for frames in memory, whose output is not looked at.

    Args:
        request: the request.
        made_by: an engine that is loaded already, used instead of the one that is requested.

    Raises:
        UsageError, UnknownName: something in the request makes no sense; the hint says what would.
        InbetweenError: a file of times cannot be read, or weights are missing.
    """
    if len(request.keys) < 2:
        raise UsageError("a film needs two keys or more", "inbetween run start.png end.png -o out.mp4")
    if "" in request.keys:
        raise UsageError(f"key {request.keys.index('') + 1} has no name", "look for an empty word in the command")
    check_choices(request, {"keyframes": KEYFRAMES, "if_unrelated": UNRELATED})
    if request.loop and request.ping_pong:
        raise UsageError("--loop and --ping-pong exclude each other", "use one: both end where they began")
    made_by = made_by or making(request)
    line, easing, notes = timeline_of(request)
    check_motion(request.drag, request.motion is not None, len(line.keys) - 1, made_by.engine)
    resolved = replace(request, engine=made_by.engine.name, easing=easing)
    count = shown_count(len(line.sources), request.ping_pong)
    if count > MOST_FRAMES:
        raise UsageError(f"a film may have at most {MOST_FRAMES} frames, not {count}", "ask for fewer")
    return FramesPlan(
        request=resolved, making=made_by, timeline=line, size=size_of(request), notes=(*notes, *made_by.notes)
    )


def making(request: FilmRequest) -> Making:
    """The engine that a request asks for, with its options and settings.

    Raises:
        UnknownName: no such engine, option, device, way to fit or way to use memory.
        UsageError: the engine does not accept an option or a setting, or the user excludes its licence.
        InbetweenError: weights are missing.
    """
    check_choices(request, {"fit": FITS, "memory": MEMORY})
    name, why = choose(request.engine)
    engine = engines.get(name)
    options = parse_options(engine.Options, request.set)
    sizes.check_working(engine, options)
    if request.threads is not None and request.threads < 1:
        raise UsageError(f"--threads must be 1 or more, not {request.threads}", "leave --threads out for all cores")
    if abs(request.seed) > MOST_SEED:
        raise UsageError(f"--seed {request.seed} is too large", "give a number of at most 18 digits")
    settings = Settings(
        device_for(request.device, engine),
        thread_count(request.threads),
        None if request.weights is None else Path(request.weights).expanduser(),
        request.memory,
        _bytes(request.max_vram),
    )
    _check_licence(request, engine)
    store.require(engine.needs, settings.weights)
    return Making(engine=engine, why=why, options=options, settings=settings, notes=tuple(_licences(engine)))


def sink_of(request: FilmRequest) -> Sink:
    """The output that a request names; see `sinks.parse` for what it raises."""
    return sinks.parse(request.out, request.codec, request.encoder, request.start_number, request.preset)


def size_of(request: FilmRequest) -> FilmSize | None:
    """The size that `--size` asks for, or None where the user named none.

    Raises:
        UsageError: the text is not a size.
    """
    return None if request.size is None else sizes.parse_film_size(request.size)


def check_choices(request: FilmRequest, known: Mapping[str, Collection[str]]) -> None:
    """Refuse unknown names in a request.

    Args:
        request: the request.
        known: for each of some fields the values that it may have; None is always allowed.

    Raises:
        UnknownName: a field has another value.
    """
    for name, choices in known.items():
        value = getattr(request, name)
        if value is not None and value not in choices:
            raise UnknownName("--" + name.replace("_", "-"), value, choices)


def check_motion(drags: Sequence[str], others: bool, gaps: int, engine: Engine) -> None:
    """Refuse motion that an engine does not follow, or that belongs to no gap.

    Args:
        drags: texts as for `--drag`.
        others: whether there is other motion too, such as that of a file.
        gaps: the number of gaps of the film.
        engine: the engine's record.

    Raises:
        UsageError: the engine does not follow it, a text is not a drag, or a gap does not exist.
    """
    if (drags or others) and not engine.follows:
        raise UsageError(f"the engine `{engine.name}` follows no motion", "use --engine flow, or leave the motion out")
    if drags and "point" not in engine.follows:
        raise UsageError(f"the engine `{engine.name}` follows no drags", "use --engine flow, or --motion with lines")
    if others and gaps > 1:
        raise UsageError(f"--motion is for two keys, and there are {gaps} gaps", 'write --drag "2: x,y x,y" for a gap')
    if drags:
        from inbetween.motion.user import check_drags

        check_drags(drags, gaps)


def choose(engine: str) -> tuple[str, str]:
    """The name of the engine that is used for a name or "auto", and why, for people."""
    if engine == "auto":
        return "flow", "the only one that is fast on every machine"
    return engine, "asked for"


def device_for(asked: str, engine: Engine) -> str:
    """The device that an engine uses, by the name that the user writes; "auto" for an engine that chooses when it is
    loaded.

    Raises:
        UnknownName: there is no such device.
        UsageError: the engine does not run on it.
    """
    supported = engine.devices
    if asked == "auto":
        return "auto" if len(supported) > 1 else supported[0]
    if asked == GPU and set(supported) - {"cpu"}:
        return GPU
    if asked == GPU:
        raise UsageError(f"the engine `{engine.name}` runs on the CPU only", "leave --device out")
    kind, _, number = asked.partition(":")
    if kind not in ("cpu", "cuda", "mps") or (number and not number.isdecimal()):
        raise UnknownName("device", asked, ("auto", "cpu", "cuda", "cuda:0", "mps", GPU))
    if kind not in supported:
        names = " and the ".join(supported)
        raise UsageError(f"the engine `{engine.name}` runs on the {names} only", "leave --device out")
    return asked


def commercial(engine: Engine) -> bool | None:
    """Whether an engine and its weights may be used commercially; None where that is unknown of some of them."""
    return engine.commercial and store.commercial(engine.needs)


def _bytes(text: str | None) -> int | None:
    """The number of bytes that a text such as `8GB`, `500MB` or `8` (gigabytes) stands for.

    Raises:
        UsageError: the text is not an amount of memory.
    """
    if text is None:
        return None
    # No machine has a number of bytes with more digits.
    found = re.fullmatch(r"([0-9]{1,18}(?:\.[0-9]{1,18})?)\s*(GB|MB|G|M)?", text.strip(), re.IGNORECASE)
    count = 0 if found is None else int(float(found[1]) * (10**6 if (found[2] or "G")[0] in "Mm" else 10**9))
    if count <= 0:
        raise UsageError(f"--max-vram `{text}` is not an amount of memory", "write it as --max-vram 8GB")
    return count


def _check_licence(request: FilmRequest, engine: Engine) -> None:
    """Refuse an engine that is not known to allow commercial use, if the user wants that."""
    if request.commercial_only or environment.flag("INBETWEEN_COMMERCIAL_ONLY"):
        excluded = store.not_commercial(engine.needs)
        if excluded or not engine.commercial:
            why = "; ".join(f"{weights.title}: {weights.licence}" for weights in excluded) or engine.licence
            raise UsageError(
                f"the engine `{engine.name}` is not known to allow commercial use ({why})",
                "use one for which `inbetween engines` says yes, or leave --commercial-only out",
            )


def _licences(engine: Engine) -> list[tuple[str, str]]:
    """A note, if any of the engine's weights are not known to allow commercial use."""
    doubtful = [name for name in engine.needs if store.commercial([name]) is not True]
    if not doubtful:
        return []
    text = f"the weights {' and '.join(doubtful)} are not known to allow commercial use: see inbetween models show"
    return [("licence", text)]
