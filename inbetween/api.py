"""The Python API: the same requests, plans and frames as the commands', in memory or to a file."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from inbetween import pictures
from inbetween.devices import quiet_opencv
from inbetween.errors import InbetweenError, UsageError
from inbetween.interpolation import frame_source, motions_of, refuse_unrelated
from inbetween.key_files import KeyArrays, KeyFiles
from inbetween.ping_pong import Spool
from inbetween.plan import FramesPlan, Making, check_motion, making, plan_frames
from inbetween.produce import Made, Makers, check_memory, load
from inbetween.python_words import python_words, request_of
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

Key: TypeAlias = "str | os.PathLike[str] | Picture | Image"
"""A picture: a file's name, an array (H, W, 3 or 4) uint8 or uint16 as `types.Picture`, or Pillow's."""
Progress: TypeAlias = Callable[[str, int, int], object]
"""(stage, done, total); a total of 0 is unknown. What it raises ends the work."""
File: TypeAlias = "str | os.PathLike[str]"
Number: TypeAlias = "str | float | Fraction"
"""A number, or text as the command takes it."""
Size: TypeAlias = "str | tuple[int, int]"
"""(H, W), or text such as "1280x720"."""
Drag: TypeAlias = "str | Sequence[tuple[float, float]]"
"""Text, or points (x, y) in pixels."""
Engine: TypeAlias = "str | LoadedEngine"


@dataclass(frozen=True)
class LoadedEngine:
    """An engine with its networks in memory, for any number of films: see `load_engine`."""

    making: Making
    makers: Makers

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
        device: "auto", "cpu", "cuda", "cuda:0" or "mps".
        threads: how many are used; None: INBETWEEN_THREADS, or all cores.
        weights: the folder of networks' weights, unless it is the usual one.
        memory: for networks: "auto", "low" or "high".
        max_vram: gigabytes, or text such as "8GB", of the device's memory that may be used.
        commercial_only: refuse an engine that is not known to allow commercial use; INBETWEEN_COMMERCIAL_ONLY=1 does so
            everywhere.
        options: the engine's own, as `--set` takes them.

    Raises:
        UsageError, UnknownName: arguments that make no sense.
        InbetweenError: weights are missing, or the engine cannot be loaded.
    """
    with python_words(FilmRequest):
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

    They are arrays (H, W, 3 or 4), RGB or RGBA with straight alpha, uint8 or uint16: with alpha, or of 16 bits, if any
    key is. OpenCV's own threads rest until the last frame is taken, or the iterator is closed.

    Args:
        start, end: the keys; or one list of two keys or more.
        frames: between two neighbouring keys; 23 if nothing else says how many there are.
        engine: "auto", the name of an engine, or one that `load_engine` returned.
        fps: frames per second, which decides how many frames `duration` or `at` ask for.
        duration, at: of all frames, and when each key is reached: seconds, or text such as "48f".
        easing: as for `--easing`; or the time of each frame between two keys, from 0 to 1.
        loop, ping_pong: go back to the first key; or there and back. Neither repeats a frame.
        size, fit: (height, width) or text such as "1280x720"; and how keys are brought to it: "crop", "pad", "stretch".
        keyframes: the keys among the frames: "own" (as they are), "generated" (by the engine) or "none".
        if_unrelated: what is made between keys that have nothing to do with each other: "blend", "hold" or "fail".
        force: also accept files of more than 64 megapixels.
        drag: text as for `--drag`, or a list of drags: text, or points (x, y) in pixels of the gap's start key.
        motion: of two keys: a file of `inbetween motion`, or a `Motion`.
        device, threads, weights, memory, max_vram, commercial_only, options: see `load_engine`.
        report, progress: are told how far the work is; frames are counted as the stage "frames".

    Raises:
        UsageError, UnknownName: arguments that make no sense.
        InbetweenError: a file that cannot be read, keys of unlike size, missing weights, not enough memory.
    """
    with python_words(RunRequest):
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
        told = _told(report, progress)
        return _between(plan, keys, engine, motion if isinstance(motion, Motion) else None, told)


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

    Args:
        clip: a video file, a folder of pictures, or a pattern of their names.
        out: a film, an animation, or a folder.
        speed: as for `--speed`, or pairs (time in seconds, speed).
        since, until: seconds, or text: where the clip begins and ends, as `--from` and `--to`.
        engine, device, threads, weights, memory, max_vram, commercial_only, options: see `load_engine`.
        report, progress: see `interpolate`.

    All other arguments are those of the command, whose names have a dash for each underscore.

    Returns:
        What was made; `output` says what is in the file.

    Raises:
        UsageError, UnknownName: arguments that make no sense.
        InbetweenError: a clip that cannot be read, an output that cannot be written, missing weights, no memory.
    """
    with python_words(ClipRequest):
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
        return make_film(film, _told(report, progress), overwrite=overwrite, makers=makers).made


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
    """Yield the frames that `slowmo` would write, each when it is asked for: arrays as those of `interpolate`.

    Args:
        clip: see `slowmo`, as for all other arguments. The clip is read on the way, and need not fit into the memory.

    Raises:
        UsageError, UnknownName: arguments that make no sense.
        InbetweenError: a clip that cannot be read, missing weights, not enough memory.
    """
    with python_words(ClipRequest):
        arguments = {
            "clip": clip, "factor": factor, "fps": fps, "duration": duration, "speed": speed, "easing": easing,
            "end": end, "since": since, "until": until, "input_fps": input_fps, "holes": holes, "cuts": cuts,
            "deinterlace": deinterlace, "at_cut": at_cut, "repeats": repeats, "size": size, "fit": fit,
            "protect": protect, "force": force, "engine": _engine_name(engine), "seed": seed, "device": device,
            "threads": threads, "weights": weights, "memory": memory, "max_vram": max_vram,
            "commercial_only": commercial_only,
        }
        request, made_by = request_of(ClipRequest, arguments, options), _loaded(engine, arguments, options)
        return _of_clip(retime_plan.plan_frames(request, made_by), engine, _told(report, progress))
# fmt: on


class _Told(Forward):
    """A report that also calls a function with progress."""

    def __init__(self, report: Report, call: Progress) -> None:
        super().__init__(report)
        self._call = call

    def progress(self, stage: str, done: int, total: int) -> None:
        """See `Report.progress`."""
        super().progress(stage, done, total)
        self._call(stage, done, total)


def _told(report: Report | None, progress: Progress | None) -> Report:
    report = Report() if report is None else report
    return report if progress is None else _Told(report, progress)


def _engine_name(engine: Engine) -> str:
    return engine.name if isinstance(engine, LoadedEngine) else engine


def _loaded(engine: Engine, arguments: Mapping[str, object], options: Mapping[str, object]) -> Making | None:
    """How a loaded engine makes frames; None for one that is still to be loaded.

    Raises:
        UsageError: an argument would have to be given when it is loaded.
    """
    if not isinstance(engine, LoadedEngine):
        return None
    usual, own = FilmRequest(), ("device", "threads", "weights", "memory", "max_vram", "commercial_only")
    late = [*options, *(name for name in own if arguments[name] != getattr(usual, name))]
    if late:
        what = f"`{late[0]}` is given with an engine that is loaded already"
        raise UsageError(what, f"give it to load_engine({engine.name!r}, {late[0]}=...)")
    return engine.making


def _between(
    plan: FramesPlan, given: Sequence[Key], engine: Engine, motion: Motion | None, report: Report
) -> Iterator[Picture]:
    """Check all that can be checked before a frame is made; the frames."""
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
    with python_words(RunRequest), closing(keys), quiet_opencv(), Spool(tempfile.gettempdir()) as spool:
        source = frame_source(plan, keys, motions, spool, Once(report))
        for number, frame in enumerate(source(makers, 0, plan.count), 1):
            report.progress("frames", number, plan.count)
            # The caller may write to frames. Others may still be made of this one, or show it again.
            yield frame.copy()


def _of_clip(plan: ClipPlan, engine: Engine, report: Report) -> Iterator[Picture]:
    """Check all that can be checked before a frame is made; the frames."""
    for code, text in plan.making.notes:
        report.note(code, text)
    opened = open_clip(plan, report)
    check_memory(plan.making.engine, None, opened.clip.size, kept_bytes(opened.clip))
    makers = engine.makers if isinstance(engine, LoadedEngine) else load(plan.making)
    return _clip_frames(opened, makers, report)


def _clip_frames(opened: OpenClip, makers: Makers, report: Report) -> Iterator[Picture]:
    doubts, count = Doubts(report, opened.clip.rate), opened.grid.count
    with python_words(ClipRequest), closing(opened.footage), quiet_opencv():
        for number, frame in enumerate(clip_frames(opened, makers, 0, count, doubts), 1):
            report.progress("frames", number, count)
            # The caller may write to frames; a frame of the clip may still be a key of others.
            yield frame.copy()
    report_all(opened, doubts, report)


# ------------------------------------------------------------------ keys


def _listed(start: Key | Sequence[Key], end: Key | None) -> list[Key]:
    """All keys.

    Raises:
        UsageError: there are not two at least.
    """
    if isinstance(start, (list, tuple)):
        if end is not None:
            raise UsageError("keys are given as a list and as `end`", "put all of them into the list")
        keys = list(start)
    else:
        keys = [start] if end is None else [start, end]
    if len(keys) < 2:
        raise UsageError(f"two keys or more are needed, not {len(keys)}", "interpolate(start, end), or a list of keys")
    return keys


def _name(key: Key, number: int) -> str:
    """What messages call a key."""
    return os.fspath(key) if isinstance(key, (str, os.PathLike)) else f"key {number}"


def _opened(plan: FramesPlan, given: Sequence[Key], report: Report) -> KeyArrays | KeyFiles:
    request = plan.request
    if all(isinstance(key, (str, os.PathLike)) for key in given):
        threads = plan.making.settings.threads
        return KeyFiles(plan.key_paths, plan.size, request.fit, request.force, report, threads)
    arrays = [_array(key, name, request.force, report) for key, name in zip(given, request.keys, strict=True)]
    back = range(1 if request.loop else 0)
    names = [*request.keys, *(request.keys[i] for i in back)]
    return KeyArrays([*arrays, *(arrays[i] for i in back)], plan.size, request.fit, report, names)


def _array(key: Key, name: str, force: bool, report: Report) -> Picture:
    from PIL.Image import Image

    if isinstance(key, (str, os.PathLike)):
        return pictures.read(Path(key), report, force)
    if isinstance(key, Image):
        return _of_pillow(key, name, report)
    if not isinstance(key, np.ndarray):
        raise UsageError(f"{name} is no picture: {key!r}", "give a file's name, an array, or a picture of Pillow")
    if key.ndim != 3 or key.shape[2] not in (3, 4) or key.dtype not in (np.uint8, np.uint16) or not key.size:
        raise UsageError(
            f"{name} is no picture: an array of shape {key.shape} and type {key.dtype}",
            "give (H, W, 3 or 4), uint8 or uint16, RGB or RGBA",
        )
    return key


def _of_pillow(image: Image, name: str, report: Report) -> Picture:
    """Pillow's picture, read as a file of it would be: upright, in sRGB, with its alpha and depth.

    Raises:
        UsageError: it is empty, or of a mode without a range of values.
        InbetweenError: its file is damaged, or it is closed.
    """
    from PIL import ImageOps
    from PIL.Image import fromarray

    try:
        image.load()
    except (OSError, ValueError, SyntaxError) as error:
        raise InbetweenError(f"{name} cannot be read: {error}", "give a picture that Pillow can load") from error
    if image.mode == "F" or 0 in image.size:
        raise UsageError(
            f"{name} is no picture: Pillow's, of {image.width}x{image.height} and mode {image.mode}",
            "give one that has pixels, of 8 or 16 bits",
        )
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I"):
        # Pillow has several modes for 16 bits, and writes only this one to a PNG.
        info, image = image.info, fromarray(np.asarray(image).clip(0, 65_535).astype(np.uint16))
        image.info = info
    elif image.mode not in ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK"):
        image = image.convert({"La": "LA", "PA": "RGBA", "RGBa": "RGBA"}.get(image.mode, "RGB"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"{name}.tif" if image.mode == "CMYK" else f"{name}.png")
        image.save(path, compress_level=1)
        return pictures.read(path, report, force=True)
