"""Words into a plan: everything that can be refused without opening a picture is refused here.

`run`, its records (`--repeat`) and the Python API all come through `plan`.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inbetween import engines, sizes
from inbetween.devices import thread_count
from inbetween.engine import Engine, parse_options
from inbetween.errors import InbetweenError, UnknownName, UsageError
from inbetween.timeline import grid
from inbetween.timeline.easing import parse_easing, parse_times
from inbetween.timeline.grid import DEFAULT_FRAMES, DEFAULT_RATE, MOST_FRAMES, Timeline
from inbetween.timeline.text import FASTEST_RATE, SLOWEST_RATE, parse_rate, parse_time
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
WHERE = ("device", "threads", "weights", "memory", "max_vram", "commercial_only")
"""Words that change no picture, but where and whether it is made."""


@dataclass(frozen=True)
class RunRequest:
    """What the user asked for, as written. None is: not said."""

    keys: tuple[str, ...]
    out: str
    frames: int | None = None
    fps: str | None = None
    duration: str | None = None
    at: str | None = None
    engine: str = "auto"
    set: tuple[str, ...] = ()
    easing: str | tuple[float, ...] = "linear"
    """A name, a call, a file of times; or the times themselves."""
    loop: bool = False
    ping_pong: bool = False
    size: str | None = None
    fit: str | None = None
    keyframes: str = "own"
    start_number: int = 0
    if_unrelated: str = "blend"
    seed: int = 0
    device: str = "auto"
    threads: int | None = None
    weights: str | None = None
    memory: str = "auto"
    max_vram: str | None = None
    commercial_only: bool = False
    codec: str | None = None
    encoder: str | None = None
    preset: str | None = None
    force: bool = False
    drag: tuple[str, ...] = ()
    motion: str | None = None


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


@dataclass(frozen=True)
class Plan:
    """What will be made, how and where."""

    words: RunRequest
    """As written, with `auto` and files of times resolved: enough to make the same film again."""
    timeline: Timeline
    engine: str
    why: str
    options: Any
    settings: Settings
    sink: Sink
    size: tuple[int, int] | None
    notes: tuple[tuple[str, str], ...] = field(default=())
    """(code, text) of what was decided on the way."""

    @property
    def count(self) -> int:
        """Pictures in the output."""
        count = len(self.timeline.sources)
        return max(1, 2 * count - 2) if self.words.ping_pong else count

    @property
    def key_paths(self) -> list[Path]:
        """One per key of the timeline; a loop ends with the first one again."""
        paths = [Path(key) for key in self.words.keys]
        return [*paths, paths[0]] if self.words.loop else paths

    def to_json(self) -> dict[str, Any]:
        """The words, and what they came to."""
        return {
            "words": asdict(self.words),
            "engine": self.engine,
            "why": self.why,
            "options": asdict(self.options),
            "frames": self.count,
            "fps": str(self.timeline.rate),
            "duration": str(self.count / self.timeline.rate),
            "digest": self.digest(),
        }

    def digest(self) -> str:
        """Of all that decides the pixels but what is in the keys and the motion's file."""
        said = asdict(self.words)
        for where in ("keys", "motion", "out", "set", "force", *WHERE):
            del said[where]
        text = json.dumps([said, asdict(self.options), self.sink.suffix], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def plan(words: RunRequest) -> Plan:
    """Check the words and work out counts, rates and times.

    Raises:
        WordsRefused, UnknownName: anything that makes no sense, with the cure.
        InbetweenError: an easing file that cannot be read.
    """
    if len(words.keys) < 2:
        raise UsageError("a film needs two keys or more", "inbetween run start.png end.png -o out.mp4")
    if "" in words.keys:
        raise UsageError(f"key {words.keys.index('') + 1} has no name", "look for an empty word in the command")
    for name, value, known in (
        ("--keyframes", words.keyframes, KEYFRAMES),
        ("--fit", words.fit, FITS),
        ("--if-unrelated", words.if_unrelated, UNRELATED),
        ("--memory", words.memory, MEMORY),
    ):
        if value is not None and value not in known:
            raise UnknownName(f"{name}", value, known)
    if words.loop and words.ping_pong:
        raise UsageError("--loop and --ping-pong exclude each other", "take one: both end where they began")
    name, why = choose(words.engine)
    engine = engines.get(name)
    options = parse_options(engine.Options, words.set)
    sizes.check_working(engine, options)
    settings = _settings(words, engine)
    sink = sinks.parse(words.out, words.codec, words.encoder, words.start_number, words.preset)
    line, easing, notes = _timeline(words)
    _check_motion(words, len(line.keys) - 1, engine)
    resolved = replace(words, engine=name, easing=easing)
    out = Plan(resolved, line, name, why, options, settings, sink, _size(words.size), (*notes, *_licences(engine)))
    if out.count > MOST_FRAMES:
        raise UsageError(f"a film of {out.count} frames is beyond the bound of {MOST_FRAMES}", "ask for fewer")
    if sink.kind == "picture" and out.count != 1:
        raise UsageError(
            f"{words.out} is one picture, the film has {out.count}",
            f"name a folder, or names like f_%05d{sink.suffix}; for one picture: -n 1 --keyframes none",
        )
    sinks.check(sink, line.rate, out.count)
    _check_weights(words, engine, settings)
    return out


def making(words: RunRequest) -> Making:
    """The engine that a request asks for, with its options and settings.

    Raises:
        UnknownName: no such engine, option, device or way to use memory.
        UsageError: options or settings that the engine does not take, or a licence that the user excludes.
        InbetweenError: weights are missing.
    """
    if words.memory not in MEMORY:
        raise UnknownName("--memory", words.memory, MEMORY)
    name, why = choose(words.engine)
    engine = engines.get(name)
    options = parse_options(engine.Options, words.set)
    sizes.check_working(engine, options)
    settings = _settings(words, engine)
    _check_weights(words, engine, settings)
    return Making(engine=engine, why=why, options=options, settings=settings, notes=tuple(_licences(engine)))


def _settings(words: RunRequest, engine: Engine) -> Settings:
    return Settings(
        device_for(words.device, engine),
        thread_count(words.threads),
        None if words.weights is None else Path(words.weights).expanduser(),
        words.memory,
        _bytes(words.max_vram),
    )


def _bytes(text: str | None) -> int | None:
    """Of 8GB, 500MB or a number of GB."""
    if text is None:
        return None
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)\s*(GB|MB|G|M)?", text.strip(), re.IGNORECASE)
    count = 0 if found is None else int(float(found[1]) * (10**6 if (found[2] or "G")[0] in "Mm" else 10**9))
    if count <= 0:
        raise UsageError(f"--max-vram `{text}` is no amount of memory", "write it as --max-vram 8GB")
    return count


def _check_weights(words: RunRequest, engine: Engine, settings: Settings) -> None:
    """Refuse an engine whose weights are not there, or whose licences do not allow what the user is bound to.

    Raises:
        WordsRefused: only commercial use is wanted, and it is not known to be allowed.
        InbetweenError: weights are missing.
    """
    if words.commercial_only or store.flag("INBETWEEN_COMMERCIAL_ONLY"):
        kept = store.not_commercial(engine.needs)
        if kept or not engine.commercial:
            why = "; ".join(f"{weights.title}: {weights.licence}" for weights in kept) or engine.licence
            raise UsageError(
                f"the engine `{engine.name}` is not known to allow commercial use ({why})",
                "take one that `inbetween engines` says yes for, or leave --commercial-only out",
            )
    store.require(engine.needs, settings.weights)


def commercial(engine: Engine) -> bool | None:
    """Whether an engine and its weights may be used commercially; None where nobody says so of some."""
    return engine.commercial and store.commercial(engine.needs)


def _licences(engine: Engine) -> list[tuple[str, str]]:
    kept = [name for name in engine.needs if store.commercial([name]) is not True]
    if not kept:
        return []
    text = f"the weights {' and '.join(kept)} are not known to allow commercial use: see inbetween models show"
    return [("licence", text)]


def _check_motion(words: RunRequest, gaps: int, engine: Engine) -> None:
    if (words.drag or words.motion is not None) and not engine.follows:
        raise UsageError(f"the engine `{engine.name}` follows no motion", "take --engine flow, or leave it out")
    if words.drag and "point" not in engine.follows:
        raise UsageError(f"the engine `{engine.name}` follows no drags", "take --engine flow, or --motion with lines")
    if words.motion is not None and gaps > 1:
        raise UsageError(f"--motion is for two keys, here are {gaps} gaps", 'write --drag "2: x,y x,y" for each gap')
    if words.drag:
        from inbetween.motion.user import check_drags

        check_drags(words.drag, gaps)


def choose(engine: str) -> tuple[str, str]:
    """The engine that is taken, and why."""
    if engine == "auto":
        return "flow", "the only one that is fast on every machine"
    return engine, "asked for"


def device_for(asked: str, engine: Engine) -> str:
    """The device to be used, in words; "auto" for engines that can choose.

    Raises:
        UnknownName: there is no such device.
        WordsRefused: the engine does not run there.
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


def _size(text: str | None) -> tuple[int, int] | None:
    return None if text is None else sizes.parse_size(text, "--size ")


# ------------------------------------------------------------------ counts and times


def _timeline(words: RunRequest) -> tuple[Timeline, str | tuple[float, ...], list[tuple[str, str]]]:
    """The output's timeline, the easing as it is to be recorded, and notes."""
    ease, easing = _easing(words.easing)
    frames = words.frames
    if frames is not None and not 0 <= frames <= MOST_FRAMES:
        raise UsageError(f"-n must be from 0 to {MOST_FRAMES}, not {frames}", "it counts the pictures between two keys")
    if isinstance(easing, tuple) and frames is None and words.duration is None and words.at is None:
        frames = len(easing)
    line, notes = _grid(words, frames)
    if words.keyframes == "none":
        line = grid.without_keys(line)
        if not line.sources:
            raise UsageError("-n 0 and --keyframes none leave nothing to make", "ask for 1 or more: -n 1")
        if not line.sources:
            raise UsageError("no pictures are left without the keys", "leave --keyframes none out")
    if isinstance(easing, tuple):
        line = grid.with_times(line, easing, "the file of times")
    elif ease is not None:
        line = grid.eased(line, ease)
    return line, easing, notes


def _easing(
    words: str | tuple[float, ...],
) -> tuple[Callable[[float], float] | None, str | tuple[float, ...]]:
    if not isinstance(words, str):
        return None, parse_times(" ".join(map(repr, words)), "the list of times")
    try:
        ease = parse_easing(words)
    except UnknownName:
        # Not Path.is_file: it fails where words are too long for a name.
        if not os.path.isfile(words):
            raise
        try:
            text = Path(words).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InbetweenError(f"{words} cannot be read: {error}", "give a text file of times") from None
        return None, parse_times(text, words)
    return (None if words == "linear" else ease), words


def _grid(words: RunRequest, frames: int | None) -> tuple[Timeline, list[tuple[str, str]]]:
    rate = DEFAULT_RATE if words.fps is None else parse_rate(words.fps)
    keys, loop = len(words.keys), words.loop
    if words.at is not None:
        if frames is not None or words.duration is not None:
            raise UsageError("--at excludes -n and --duration", "the keys' times and --fps decide the count")
        return _at(words.at, keys, rate, loop)
    if words.duration is None:
        return grid.even_timeline(keys, DEFAULT_FRAMES if frames is None else frames, rate, loop), []
    if frames is not None and words.fps is not None:
        raise UsageError("-n, --fps and --duration are one too many", "any two of them decide the third")
    duration = parse_time(words.duration, rate)
    if duration <= 0:
        raise UsageError(f"--duration {words.duration} leaves no time", "write it as 2s or 500ms")
    if frames is not None:
        line = grid.even_timeline(keys, frames, rate, loop)
        shown = _shown(line, words)
        rate = (shown / duration).limit_denominator(1_000_000)
        if not SLOWEST_RATE <= rate <= FASTEST_RATE:
            raise UsageError(
                f"{shown} frames in {words.duration} are {float(rate):g} a second",
                "take a rate from 0.001 to 1000",
            )
        return grid.even_timeline(keys, frames, rate, loop), []
    return _spread(words, grid.round_half_up(duration * rate), rate)


def _shown(line: Timeline, words: RunRequest) -> int:
    if words.keyframes == "none":
        line = grid.without_keys(line)
    count = len(line.sources)
    return max(1, 2 * count - 2) if words.ping_pong else count


def _spread(words: RunRequest, count: int, rate: Fraction) -> tuple[Timeline, list[tuple[str, str]]]:
    keys, notes = len(words.keys), []
    if words.ping_pong:
        if count % 2:
            count += 1
            notes.append(("count", f"there and back makes an even count: {count} frames"))
        count = count // 2 + 1
    places = grid.spread_keys(keys, count, words.loop)
    if len({b - a for a, b in itertools.pairwise(places)}) > 1:
        notes.append(("snapped", f"the keys are snapped to frames {', '.join(map(str, places[:keys]))}"))
    return grid.timeline_of(places, rate, words.loop), notes


def _at(text: str, keys: int, rate: Fraction, loop: bool) -> tuple[Timeline, list[tuple[str, str]]]:
    times = [parse_time(word, rate) for word in text.split(",")]
    wanted = keys + 1 if loop else keys
    if len(times) != wanted:
        more = "; a loop's last time is the return to the first key" if loop else ""
        raise UsageError(f"--at has {len(times)} times, {wanted} are needed", f"one time per key{more}")
    if any(a >= b for a, b in itertools.pairwise(times)):
        raise UsageError("the times of --at must ascend", "write them as 0,1.5s,72f")
    exact = [(time - times[0]) * rate for time in times]
    places = [grid.round_half_up(place) for place in exact]
    notes = [
        ("snapped", f"key {i + 1} at {float(place / rate):g} s is snapped to frame {snapped}")
        for i, (place, snapped) in enumerate(zip(exact, places, strict=True))
        if place != snapped
    ]
    return grid.timeline_of(places, rate, loop), notes
