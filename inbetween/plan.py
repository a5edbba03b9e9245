"""Requests into plans: everything that can be refused without opening a picture is refused here.

The commands, records (`--repeat`) and the Python API all come through `plan` or `plan_frames`; a clip's request goes
through `retime.plan`, which shares `making`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from inbetween import engines, sizes
from inbetween.devices import thread_count
from inbetween.engine import Engine, parse_options
from inbetween.errors import UnknownName, UsageError
from inbetween.request import PIXELS, FilmRequest, RunRequest, values
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
MOST_SEED = 10**18 - 1
"""The largest seed. PyTorch takes 64 bits, and each gap of a film adds 1."""


@dataclass(frozen=True, kw_only=True)
class Making:
    """How frames are made: an engine, and all that it is loaded with."""

    engine: Engine
    why: str
    """Why this engine was chosen, for people."""
    options: DataclassInstance
    """An instance of the engine's `Options`."""
    settings: Settings
    notes: tuple[tuple[str, str], ...] = ()
    """(code, text) of what the user should know of the engine."""


@dataclass(frozen=True, kw_only=True)
class FramesPlan:
    """Which frames are made between keys, and how."""

    request: RunRequest
    """As the user wrote it, but `auto` and files of times resolved: enough to make the same frames again."""
    making: Making
    timeline: Timeline
    size: tuple[int, int] | None
    """(H, W) of the frames; None for the first key's."""
    notes: tuple[tuple[str, str], ...] = ()
    """(code, text) of what was decided on the way."""

    @property
    def count(self) -> int:
        """Frames that are shown; of a ping-pong, more than are made."""
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

    def to_json(self) -> dict[str, object]:
        """The request and what it came to, as plain values."""
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
        """A SHA-256 of all that decides the pixels, except what is inside the keys and the motion's file."""
        said = {one.name: value for one, value in values(self.request, PIXELS) if one.name != "set"}
        text = json.dumps([said, asdict(self.making.options), self.sink.suffix], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def plan(request: RunRequest) -> FilmPlan:
    """Check a request for a film, and work out counts, rates and times.

    Raises:
        UsageError, UnknownName: anything that makes no sense, with the cure.
        InbetweenError: an easing file that cannot be read; weights are missing.
    """
    frames = plan_frames(request)
    sink = sink_of(request)
    if sink.kind == "picture" and frames.count != 1:
        raise UsageError(
            f"{request.out} is one picture, the film has {frames.count} frames",
            f"name a folder, or names like f_%05d{sink.suffix}; for one picture: -n 1 --keyframes none",
        )
    sinks.check(sink, frames.timeline.rate, frames.count)
    return FilmPlan(**vars(frames), sink=sink)


def plan_frames(request: RunRequest, made_by: Making | None = None) -> FramesPlan:
    """Check a request for frames in memory, which go to no output.

    Args:
        made_by: the engine that is loaded already, in place of the one that is requested.

    Raises:
        UsageError, UnknownName: anything that makes no sense, with the cure.
        InbetweenError: an easing file that cannot be read; weights are missing.
    """
    if len(request.keys) < 2:
        raise UsageError("a film needs two keys or more", "inbetween run start.png end.png -o out.mp4")
    if "" in request.keys:
        raise UsageError(f"key {request.keys.index('') + 1} has no name", "look for an empty word in the command")
    check_choices(request, {"keyframes": KEYFRAMES, "if_unrelated": UNRELATED})
    if request.loop and request.ping_pong:
        raise UsageError("--loop and --ping-pong exclude each other", "take one: both end where they began")
    made_by = made_by or making(request)
    line, easing, notes = timeline_of(request)
    check_motion(request.drag, request.motion is not None, len(line.keys) - 1, made_by.engine)
    resolved = replace(request, engine=made_by.engine.name, easing=easing)
    count = shown_count(len(line.sources), request.ping_pong)
    if count > MOST_FRAMES:
        raise UsageError(f"a film of {count} frames is beyond the bound of {MOST_FRAMES}", "ask for fewer")
    return FramesPlan(
        request=resolved, making=made_by, timeline=line, size=size_of(request), notes=(*notes, *made_by.notes)
    )


def making(request: FilmRequest) -> Making:
    """The engine that a request asks for, with its options and settings.

    Raises:
        UnknownName: no such engine, option, device, way to fit or way to use memory.
        UsageError: options or settings that the engine does not take, or a licence that the user excludes.
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


def size_of(request: FilmRequest) -> tuple[int, int] | None:
    """(H, W) of `--size`, or None where the user does not say.

    Raises:
        UsageError: it is no size.
    """
    return None if request.size is None else sizes.parse_size(request.size, "--size ")


def check_choices(request: FilmRequest, known: Mapping[str, Collection[str]]) -> None:
    """Refuse a value of a field, if it has one, that is not among those that are `known`.

    Raises:
        UnknownName: it is not.
    """
    for name, choices in known.items():
        value = getattr(request, name)
        if value is not None and value not in choices:
            raise UnknownName("--" + name.replace("_", "-"), value, choices)


def check_motion(drags: Sequence[str], others: bool, gaps: int, engine: Engine) -> None:
    """Refuse motion that an engine does not follow, or that belongs to no gap.

    Args:
        drags: as for `--drag`.
        others: whether there is a motion besides, such as a file's.
        gaps: how many the film has.

    Raises:
        UsageError: it is not followed, or a drag is none.
    """
    if (drags or others) and not engine.follows:
        raise UsageError(f"the engine `{engine.name}` follows no motion", "take --engine flow, or leave it out")
    if drags and "point" not in engine.follows:
        raise UsageError(f"the engine `{engine.name}` follows no drags", "take --engine flow, or --motion with lines")
    if others and gaps > 1:
        raise UsageError(f"--motion is for two keys, here are {gaps} gaps", 'write --drag "2: x,y x,y" for each gap')
    if drags:
        from inbetween.motion.user import check_drags

        check_drags(drags, gaps)


def choose(engine: str) -> tuple[str, str]:
    """The name of the engine that is taken, and why."""
    if engine == "auto":
        return "flow", "the only one that is fast on every machine"
    return engine, "asked for"


def device_for(asked: str, engine: Engine) -> str:
    """The device to be used, as the user writes it; "auto" for engines that can choose.

    Raises:
        UnknownName: there is no such device.
        UsageError: the engine does not run there.
    """
    able = engine.devices
    if asked == "auto":
        return "auto" if len(able) > 1 else able[0]
    kind, _, number = asked.partition(":")
    if kind not in ("cpu", "cuda", "mps") or (number and not number.isdecimal()):
        raise UnknownName("device", asked, ("auto", "cpu", "cuda", "cuda:0", "mps"))
    if kind not in able:
        there = " and the ".join(able)
        raise UsageError(f"the engine `{engine.name}` runs on the {there} only", "leave --device out")
    return asked


def commercial(engine: Engine) -> bool | None:
    """Whether an engine and its weights may be used commercially; None where nobody says so of some."""
    return engine.commercial and store.commercial(engine.needs)


def _bytes(text: str | None) -> int | None:
    """The bytes that `8GB`, `500MB` or a number of gigabytes stand for."""
    if text is None:
        return None
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)\s*(GB|MB|G|M)?", text.strip(), re.IGNORECASE)
    count = 0 if found is None else int(float(found[1]) * (10**6 if (found[2] or "G")[0] in "Mm" else 10**9))
    if count <= 0:
        raise UsageError(f"--max-vram `{text}` is no amount of memory", "write it as --max-vram 8GB")
    return count


def _check_licence(request: FilmRequest, engine: Engine) -> None:
    if request.commercial_only or store.flag("INBETWEEN_COMMERCIAL_ONLY"):
        kept = store.not_commercial(engine.needs)
        if kept or not engine.commercial:
            why = "; ".join(f"{weights.title}: {weights.licence}" for weights in kept) or engine.licence
            raise UsageError(
                f"the engine `{engine.name}` is not known to allow commercial use ({why})",
                "take one that `inbetween engines` says yes for, or leave --commercial-only out",
            )


def _licences(engine: Engine) -> list[tuple[str, str]]:
    kept = [name for name in engine.needs if store.commercial([name]) is not True]
    if not kept:
        return []
    text = f"the weights {' and '.join(kept)} are not known to allow commercial use: see inbetween models show"
    return [("licence", text)]
