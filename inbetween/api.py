"""The Python API: the same requests, plans and frames as the commands', in memory or to a file."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from inbetween import picture_arguments, pictures
from inbetween.devices import quiet_opencv
from inbetween.errors import UsageError
from inbetween.interpolation import frame_source, motions_of, refuse_unrelated
from inbetween.key_files import KeyArrays, KeyFiles
from inbetween.ping_pong import Spool
from inbetween.plan import FramesPlan, Making, check_motion, making, plan_frames
from inbetween.produce import Made, Makers, check_memory, load
from inbetween.python_arguments import in_python_terms, request_of, shown
from inbetween.report import Forward, Once
from inbetween.request import ClipRequest, FilmRequest, RunRequest
from inbetween.retime import plan as retime_plan
from inbetween.retime.opening import OpenClip, kept_bytes, open_clip
from inbetween.retime.plan import ClipPlan
from inbetween.retime.produce import Doubts, make_film, report_all
from inbetween.retime.produce import frames as clip_frames
from inbetween.types import Motion, Picture, Report

if TYPE_CHECKING:
    from fractions import Fraction

    from PIL.Image import Image
    from torch import Tensor

Key: TypeAlias = "str | os.PathLike[str] | Picture | Image | Tensor | Sequence[Sequence[object]]"
"""A picture: the name of a file, an array (H, W, 3 or 4) of uint8 or uint16 as `types.Picture`, one of Pillow, or what
else `picture_arguments.array` accepts."""
Progress: TypeAlias = Callable[[str, int, int], object]
"""Called as (stage, done, total); a total of 0 is unknown. An exception that it raises ends the work."""
File: TypeAlias = "str | os.PathLike[str]"
"""The name of a file or a folder."""
Number: TypeAlias = "str | float | Fraction"
"""A number, or text as the command accepts it."""
Size: TypeAlias = "str | tuple[int, int]"
"""(H, W) in pixels, or text such as "1280x720" (width first)."""
Drag: TypeAlias = "str | Sequence[tuple[float, float]]"
"""Text as for `--drag`, or points (x, y) in pixels."""
Engine: TypeAlias = "str | LoadedEngine"
"""The name of an engine, or one that is loaded already."""


@dataclass(frozen=True)
class LoadedEngine:
    """An engine with its networks in memory, for any number of films: see `load_engine`."""

    making: Making
    """The engine's record, its options and its settings."""
    makers: Makers
    """The functions that make frames."""

    @property
    def name(self) -> str:
        """The engine's name."""
        return self.making.engine.name


# Signatures have several arguments a line, as the help of the commands has groups of options.
# fmt: off
def load_engine(
    name: str = "auto", *, device: str = "auto", threads: int | None = None, weights: File | None = None,
    memory: str = "auto", max_vram: Number | None = None, commercial_only: bool = False, **options: object,
) -> LoadedEngine:
    """Load an engine once, to be given to `interpolate` and `slowmo` as `engine`.

    Args:
        name: "auto", or a name that `inbetween engines` lists.
        device: where networks run: "auto", "cpu", "cuda", "cuda:0" or "mps".
        threads: the number of threads to use; None: INBETWEEN_THREADS, or all cores.
        weights: the folder of the weights of networks; None: INBETWEEN_WEIGHTS, or the cache folder.
        memory: how networks use memory: "auto", "low" or "high".
        max_vram: the most memory of the device to use, in gigabytes, or text such as "8GB"; None: all that is free.
        commercial_only: refuse an engine that is not known to allow commercial use; INBETWEEN_COMMERCIAL_ONLY=1 does so
            everywhere.
        options: the engine's own options, by the names and with the values that `--set` accepts.

    Raises:
        UsageError, UnknownName: an argument makes no sense.
        InbetweenError: weights are missing, or the engine cannot be loaded.
    """
    with in_python_terms(FilmRequest):
        made_by = making(request_of(FilmRequest, {
            "engine": name, "device": device, "threads": threads, "weights": weights, "memory": memory,
            "max_vram": max_vram, "commercial_only": commercial_only,
        }, options))
        return LoadedEngine(made_by, load(made_by))


def interpolate(
    start: Key | Sequence[Key], end: Key | None = None, frames: int | None = None, engine: Engine = "auto", *,
    fps: Number | None = None, duration: Number | None = None, at: str | Sequence[Number] | None = None,
    easing: str | Sequence[float] = "linear", loop: bool = False, ping_pong: bool = False, size: Size | None = None,
    fit: str | None = None, keyframes: str = "own", if_unrelated: str = "blend", force: bool = False,
    drag: str | Sequence[Drag] = (), motion: File | Motion | None = None, seed: int = 0, device: str = "auto",
    threads: int | None = None, weights: File | None = None, memory: str = "auto", max_vram: Number | None = None,
    commercial_only: bool = False, report: Report | None = None, progress: Progress | None = None, **options: object,
) -> Iterator[Picture]:
    """Yield the frames from key to key, as `inbetween run` makes them, each when it is asked for.

    Frames are arrays (H, W, 3 or 4), RGB or RGBA with straight alpha, uint8 or uint16: with alpha if any key has it,
    and of 16 bits if any key has them. OpenCV works on one thread until the last frame is read or the iterator closed.

    Args:
        start: the first key; or a list of two keys or more, or an array (N, H, W, C), without `end`.
        end: the second key.
        frames: the number of frames between two neighbouring keys; None: what `duration`, `at` or `easing` ask for,
            else 23.
        engine: "auto", the name of an engine, or one that `load_engine` returned.
        fps: frames per second; together with `duration` or `at` it decides how many frames there are. None: what
            `frames` and `duration` ask for, else 25.
        duration: the length of all frames together, in seconds, or text such as "48f".
        at: the time of each key, in seconds or text; the first one is the start of the film.
        easing: the pace between two keys, as for `--easing`; or the time of each frame between two keys, from 0 to 1.
        loop: go back to the first key after the last one; the first key is not repeated at the end.
        ping_pong: go there and back; neither end is repeated.
        size: the size of the frames, (height, width) or text such as "1280x720"; None: the first key's.
        fit: how keys of another shape are brought to that size: "crop", "pad" or "stretch"; None: they are refused.
        keyframes: the keys among the frames: "own" (as they are), "generated" (by the engine) or "none".
        if_unrelated: what is made between keys that have nothing to do with each other: "blend", "hold" or "fail".
        force: also accept files of more than 64 megapixels.
        drag: text as for `--drag`, or a list of drags: text, or points (x, y) in pixels of the gap's start key.
        motion: for two keys: the name of a file of `inbetween motion`, or a `Motion`.
        seed: the seed of the noise that some engines start from.
        device, threads, weights, memory, max_vram, commercial_only: see `load_engine`.
        report: hears the progress and the notes; frames are counted as the stage "frames".
        progress: called as (stage, done, total), beside `report`.
        options: the engine's own options, see `load_engine`.

    Raises:
        UsageError, UnknownName: an argument makes no sense.
        InbetweenError: a file cannot be read, keys differ in size, weights are missing, or memory is short.
    """
    with in_python_terms(RunRequest):
        keys = _listed(start, end)
        arguments = {
            "keys": tuple(map(_name, keys, count(1))), "frames": frames, "engine": _engine_name(engine), "fps": fps,
            "duration": duration, "at": at, "easing": easing, "loop": loop, "ping_pong": ping_pong, "size": size,
            "fit": fit, "keyframes": keyframes, "if_unrelated": if_unrelated, "force": force, "drag": drag,
            "motion": None if isinstance(motion, Motion) else motion, "seed": seed, "device": device,
            "threads": threads, "weights": weights, "memory": memory, "max_vram": max_vram,
            "commercial_only": commercial_only,
        }
        plan = plan_frames(request_of(RunRequest, arguments, options), _loaded(engine, arguments, options))
        heard = _report(report, progress)
        return _between(plan, keys, engine, motion if isinstance(motion, Motion) else None, heard)


def slowmo(
    clip: File, out: File, *, factor: Number | None = None, fps: Number | None = None, duration: Number | None = None,
    speed: str | Sequence[tuple[Number, Number]] | None = None, easing: str = "linear", end: str = "hold",
    since: Number | None = None, until: Number | None = None, input_fps: Number | None = None, holes: bool = False,
    deinterlace: bool = False, cuts: File = "auto", at_cut: str = "hold", repeats: str = "auto",
    size: Size | None = None, fit: str | None = None, protect: File | None = None, sound: str = "keep",
    force: bool = False, preset: str | None = None, codec: str | None = None, encoder: str | None = None,
    start_number: int = 0, overwrite: bool = False, engine: Engine = "auto", seed: int = 0, device: str = "auto",
    threads: int | None = None, weights: File | None = None, memory: str = "auto", max_vram: Number | None = None,
    commercial_only: bool = False, report: Report | None = None, progress: Progress | None = None, **options: object,
) -> Made:
    """Make a film of a clip at another speed or rate, as `inbetween slowmo` does. It is whole, or it is not there.

    One of `factor`, `duration`, `speed` and `fps` is needed.

    Args:
        clip: a video file, a folder of pictures, or a pattern of their names.
        out: the name of a film, an animation, or a folder.
        factor: how many times slower the clip is played.
        fps, duration: frames per second of the film (None: those of the clip), and its length in seconds or text.
        speed: text as for `--speed`, or pairs (time in seconds, speed), 1 being the clip's own speed.
        easing: how the speed changes between those times.
        end: "hold" (the last frame of the clip is shown for its full time) or "key" (the film ends when it is reached).
        since, until: where the part of the clip that is used begins and ends, in seconds or text; `--from` and `--to`.
        input_fps, holes: for pictures: their frame rate, and whether those whose number is missing leave their time.
        deinterlace: make a frame of each field of interlaced video.
        cuts: "auto", "off", or the name of a file with the times of the cuts.
        at_cut: what is shown up to a cut: "hold" (the last frame) or "blend".
        repeats: drawings that are shown two to four times: "auto" (their motion is spread over that time) or "keep".
        size, fit: see `interpolate`; None: the clip's size.
        protect: the name of a picture, white where nothing should move.
        sound: "keep" or "drop".
        force: also accept pictures of more than 64 megapixels.
        preset, codec, encoder: how the film is encoded, as for `--preset`, `--codec` and `--encoder`.
        start_number: the number of the first picture, where pictures are written.
        overwrite: replace an output that exists.
        device, threads, weights, memory, max_vram, commercial_only: see `load_engine`.
        engine, seed, report, progress, options: see `interpolate`; frames are counted as the stage "write".

    Returns:
        Facts about the film: `output` describes the file, `seconds` the time of each stage.

    Raises:
        UsageError, UnknownName: an argument makes no sense.
        InbetweenError: the clip cannot be read, the output cannot be written, weights are missing, or memory is short.
    """
    with in_python_terms(ClipRequest):
        arguments = {
            "clip": clip, "out": out, "factor": factor, "fps": fps, "duration": duration, "speed": speed,
            "easing": easing, "end": end, "since": since, "until": until, "input_fps": input_fps, "holes": holes,
            "deinterlace": deinterlace, "cuts": cuts, "at_cut": at_cut, "repeats": repeats, "size": size, "fit": fit,
            "protect": protect, "sound": sound, "force": force, "preset": preset, "codec": codec, "encoder": encoder,
            "start_number": start_number, "engine": _engine_name(engine), "seed": seed, "device": device,
            "threads": threads, "weights": weights, "memory": memory, "max_vram": max_vram,
            "commercial_only": commercial_only,
        }
        request, made_by = request_of(ClipRequest, arguments, options), _loaded(engine, arguments, options)
        makers = engine.makers if isinstance(engine, LoadedEngine) else None
        film = retime_plan.plan(request, made_by)
        return make_film(film, _report(report, progress), overwrite=_flag("overwrite", overwrite), makers=makers).made


def slowmo_frames(
    clip: File, *, factor: Number | None = None, fps: Number | None = None, duration: Number | None = None,
    speed: str | Sequence[tuple[Number, Number]] | None = None, easing: str = "linear", end: str = "hold",
    since: Number | None = None, until: Number | None = None, input_fps: Number | None = None, holes: bool = False,
    deinterlace: bool = False, cuts: File = "auto", at_cut: str = "hold", repeats: str = "auto",
    size: Size | None = None, fit: str | None = None, protect: File | None = None, force: bool = False,
    engine: Engine = "auto", seed: int = 0, device: str = "auto", threads: int | None = None,
    weights: File | None = None, memory: str = "auto", max_vram: Number | None = None, commercial_only: bool = False,
    report: Report | None = None, progress: Progress | None = None, **options: object,
) -> Iterator[Picture]:
    """Yield the frames that `slowmo` would write, each when it is asked for: arrays like those of `interpolate`.

    The clip is read while frames are asked for, so it need not fit into memory.

    Args:
        clip, factor and all others but `report` and `progress`: see `slowmo`.
        report, progress: see `interpolate`; frames are counted as the stage "frames".

    Raises:
        UsageError, UnknownName: an argument makes no sense.
        InbetweenError: the clip cannot be read, weights are missing, or memory is short.
    """
    with in_python_terms(ClipRequest):
        arguments = {
            "clip": clip, "factor": factor, "fps": fps, "duration": duration, "speed": speed, "easing": easing,
            "end": end, "since": since, "until": until, "input_fps": input_fps, "holes": holes, "cuts": cuts,
            "deinterlace": deinterlace, "at_cut": at_cut, "repeats": repeats, "size": size, "fit": fit,
            "protect": protect, "force": force, "engine": _engine_name(engine), "seed": seed, "device": device,
            "threads": threads, "weights": weights, "memory": memory, "max_vram": max_vram,
            "commercial_only": commercial_only,
        }
        request, made_by = request_of(ClipRequest, arguments, options), _loaded(engine, arguments, options)
        return _of_clip(retime_plan.plan_frames(request, made_by), engine, _report(report, progress))
# fmt: on


class _WithProgress(Forward):
    """Passes everything on, and also calls a function with the progress."""

    def __init__(self, report: Report, call: Progress) -> None:
        super().__init__(report)
        self._call = call

    def progress(self, stage: str, done: int, total: int) -> None:
        """See `Report.progress`."""
        super().progress(stage, done, total)
        self._call(stage, done, total)


def _report(report: Report | None, progress: Progress | None) -> Report:
    """The report that hears about the work, where the caller gave a report, a function, both or neither.

    Raises:
        UsageError: they are something else.
    """
    if report is not None and not isinstance(report, Report):
        raise UsageError(f"`report` cannot be {shown(report)}", "give an object of a class derived from Report")
    if progress is not None and not callable(progress):
        raise UsageError(f"`progress` cannot be {shown(progress)}", "give a function of (stage, done, total)")
    report = Report() if report is None else report
    return report if progress is None else _WithProgress(report, progress)


def _flag(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise UsageError(f"`{name}` cannot be {shown(value)}", "give True or False, or leave it out")
    return value


def _engine_name(engine: Engine) -> str:
    return engine.name if isinstance(engine, LoadedEngine) else engine


def _loaded(engine: Engine, arguments: Mapping[str, object], options: Mapping[str, object]) -> Making | None:
    """How a loaded engine makes frames; None for an engine that is still to be loaded.

    Raises:
        UsageError: an argument is given that can only be given to `load_engine`.
    """
    if not isinstance(engine, LoadedEngine):
        return None
    defaults, own = FilmRequest(), ("device", "threads", "weights", "memory", "max_vram", "commercial_only")
    late = [*options, *(name for name in own if arguments[name] != getattr(defaults, name))]
    if late:
        text = f"`{late[0]}` is given with an engine that is loaded already"
        raise UsageError(text, f"give it to load_engine({engine.name!r}, {late[0]}=...)")
    return engine.making


def _between(
    plan: FramesPlan, given: Sequence[Key], engine: Engine, motion: Motion | None, report: Report
) -> Iterator[Picture]:
    """Refuse all that can be refused before a frame is made, and return the iterator over the frames."""
    gaps = len(plan.timeline.keys) - 1
    check_motion((), motion is not None, gaps, plan.making.engine)
    for code, text in plan.notes:
        report.note(code, text)
    keys = _opened(plan, given, report)
    try:
        check_memory(plan.making.engine, None, keys.size)
        motions = motions_of(plan, keys, report, motion)
        refuse_unrelated(plan, keys, report)
        makers = engine.makers if isinstance(engine, LoadedEngine) else load(plan.making)
    except BaseException:
        keys.close()
        raise
    return _frames(plan, keys, motions, makers, report)


def _frames(
    plan: FramesPlan, keys: KeyArrays | KeyFiles, motions: Mapping[int, Motion], makers: Makers, report: Report
) -> Iterator[Picture]:
    with in_python_terms(RunRequest), closing(keys), quiet_opencv(), Spool(tempfile.gettempdir()) as spool:
        source = frame_source(plan, keys, motions, spool, Once(report))
        for number, frame in enumerate(source(makers, 0, plan.count), 1):
            report.progress("frames", number, plan.count)
            # The caller may write to a frame, but others may still be made from this one, or show it again.
            yield frame.copy()


def _of_clip(plan: ClipPlan, engine: Engine, report: Report) -> Iterator[Picture]:
    """Refuse all that can be refused before a frame is made, and return the iterator over the frames."""
    for code, text in plan.making.notes:
        report.note(code, text)
    opened = open_clip(plan, report)
    check_memory(plan.making.engine, None, opened.clip.size, kept_bytes(opened.clip))
    makers = engine.makers if isinstance(engine, LoadedEngine) else load(plan.making)
    return _clip_frames(opened, makers, report)


def _clip_frames(opened: OpenClip, makers: Makers, report: Report) -> Iterator[Picture]:
    doubts, count = Doubts(report, opened.clip.rate), opened.grid.count
    with in_python_terms(ClipRequest), closing(opened.footage), quiet_opencv():
        for number, frame in enumerate(clip_frames(opened, makers, 0, count, doubts), 1):
            report.progress("frames", number, count)
            # The caller may write to a frame, and a frame of the clip may still be a key of others.
            yield frame.copy()
    report_all(opened, doubts, report)


# ------------------------------------------------------------------ keys


def _listed(start: Key | Sequence[Key], end: Key | None) -> list[Key]:
    """The keys as a list. Lists of numbers are one picture where there is an `end`, else a list of keys.

    Raises:
        UsageError: there are fewer than two, or they are given both as a list and as `end`.
    """
    batch = picture_arguments.several(start) if end is None else None
    if batch is not None:
        keys = batch
    elif isinstance(start, (list, tuple)) and not (end is not None and picture_arguments.is_numbers(start)):
        if end is not None:
            raise UsageError("keys are given as a list and as `end`", "put all of them into the list")
        keys = list(start)
    else:
        keys = [start] if end is None else [start, end]
    if len(keys) < 2:
        hint = "interpolate(start, end), or a list of keys"
        if isinstance(start, Iterable) and not isinstance(start, (Sequence, np.ndarray)):
            hint = "give a list, whose order is known: interpolate([*keys])"
        raise UsageError(f"two keys or more are needed, not {len(keys)}", hint)
    return keys


def _name(key: Key, number: int) -> str:
    """What messages call a key."""
    return os.fspath(key) if isinstance(key, (str, os.PathLike)) else f"key {number}"


def _opened(plan: FramesPlan, given: Sequence[Key], report: Report) -> KeyArrays | KeyFiles:
    """The keys of a plan: read when they are needed where all are files, else decoded now."""
    request = plan.request
    if all(isinstance(key, (str, os.PathLike)) for key in given):
        threads = plan.making.settings.threads
        return KeyFiles(plan.key_paths, plan.size, request.fit, request.force, report, threads)
    arrays = [_array(key, name, request.force, report) for key, name in zip(given, request.keys, strict=True)]
    back = range(1 if request.loop else 0)
    names = [*request.keys, *(request.keys[i] for i in back)]
    return KeyArrays([*arrays, *(arrays[i] for i in back)], plan.size, request.fit, report, names)


def _array(key: Key, name: str, force: bool, report: Report) -> Picture:
    """One key as an array.

    Raises:
        UsageError: it is not a picture.
        InbetweenError: its file cannot be read.
    """
    if isinstance(key, (str, os.PathLike)):
        return pictures.read(Path(key), report, force)
    return picture_arguments.array(key, name, report)
