"""From keys to frames, and to a film.

`run` makes the film of a `FilmPlan`; the Python API makes the same frames of a `FramesPlan` in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path

from inbetween import gaps
from inbetween.devices import quiet_opencv
from inbetween.fingerprint import Fingerprints
from inbetween.identity import identity
from inbetween.key_files import KeyFiles, KeySource
from inbetween.ping_pong import Spool, cuts_of, there_and_back
from inbetween.plan import FilmPlan, FramesPlan
from inbetween.produce import FilmJob, Made, Makers, check_memory, load, produce, segment_least
from inbetween.report import Once
from inbetween.timing import Stages
from inbetween.types import Motion, Picture, Report
from inbetween.video import publish
from inbetween.video.segments import choose_borders
from inbetween.video.write import FilmFormat, WriteOptions, rehearse


def open_keys(plan: FilmPlan, overwrite: bool, report: Report) -> KeyFiles:
    """Open the keys of a film, and refuse everything that can be refused before any work. The caller closes the keys.

    Args:
        plan: the film.
        overwrite: whether an output that exists may be replaced.
        report: hears the progress and the notes.

    Raises:
        InbetweenError: a key is not a picture or does not fit, the output cannot be written, there is not enough
            memory or no ffmpeg, or ffmpeg does not accept the user's options.
    """
    request = plan.request
    keys = KeyFiles(plan.key_paths, plan.size, request.fit, request.force, report, plan.making.settings.threads)
    publish.prepare(plan.sink, overwrite, plan.key_paths)
    check_memory(plan.making.engine, plan.sink, keys.size)
    rehearse(plan.sink, plan.timeline.rate, keys.size, keys.channels, keys.bits)
    return keys


def try_out(plan: FilmPlan, overwrite: bool, report: Report) -> KeySource:
    """Refuse also what `make` would only find out while it works: every key is decoded, and nothing is made.

    Returns:
        The keys, closed: their size, channels and bits are known, but none can be read any more.

    Raises:
        InbetweenError: see `open_keys`; a key is damaged, or two keys are unrelated and that is to fail.
    """
    with open_keys(plan, overwrite, report) as keys:
        motions_of(plan, keys, report)
        for number in range(len(keys)):
            report.progress("read", number, len(keys))
            keys[number]
        refuse_unrelated(plan, keys, report)
    return keys


def make(
    plan: FilmPlan,
    report: Report,
    *,
    overwrite: bool = False,
    beside: bool = False,
    makers: Makers | None = None,
) -> Made:
    """Make the film of a plan. It is whole and checked, or it is not there.

    Args:
        plan: the film.
        report: hears the progress and the notes.
        overwrite: whether an output that exists may be replaced.
        beside: whether files beside the film are written when it is whole; `sidecars.finish` is called after them.
        makers: the plan's engine, if it is loaded already.

    Raises:
        InbetweenError: see `open_keys`; a key is damaged, the disk is full, or ffmpeg died.
        Interrupted: the user asked to stop.
    """
    stages, inputs = Stages(), Fingerprints(report)
    for code, text in plan.notes:
        report.note(code, text)
    inputs.watch(_inputs(plan).values())
    with stages.stage("open"):
        opened = open_keys(plan, overwrite, report)
    with opened as keys, Spool(plan.sink.parts_folder) as spool:
        with stages.stage("open"):
            motions = motions_of(plan, keys, report)
            refuse_unrelated(plan, keys, report)
        with stages.stage("load"):
            makers = makers or load(plan.making)
        once = Once(report)
        job = FilmJob(
            form=FilmFormat(plan.sink, plan.timeline.rate, plan.count, keys.size, _loops(plan)),
            frames=frame_source(plan, keys, motions, spool, once),
            borders=choose_borders(_cuts(plan), segment_least(plan.making.engine)),
            identity=identity(plan.request, plan.making, _inputs(plan), inputs),
            remember=once.remember,
            recall=once.recall,
            inputs=inputs,
            options=WriteOptions(overwrite, plan.making.settings.threads, beside),
        )
        return produce(job, makers, report, stages)


def frame_source(
    plan: FramesPlan, keys: KeySource, motions: Mapping[int, Motion], spool: Spool, report: Report
) -> Callable[[Makers, int, int], Iterator[Picture]]:
    """The function that makes frames of a plan: (makers, first, stop) -> frames `first` to `stop` - 1, in order.

    Args:
        plan: the frames.
        keys: the keys of the plan.
        motions: the user's motion by the number of its gap, in pixels of the film.
        spool: keeps the frames of a ping-pong for the way back.
        report: hears the progress and the notes.
    """
    request, sources = plan.request, plan.timeline.sources

    def made(makers: Makers, first: int, stop: int) -> Iterator[Picture]:
        return gaps.frames_of(
            keys,
            replace(plan.timeline, sources=sources[first:stop]),
            makers,
            report,
            # With "fail", `refuse_unrelated` has made sure that all keys are related.
            unrelated="blend" if request.if_unrelated == "fail" else request.if_unrelated,
            generated=request.keyframes == "generated",
            loop=request.loop,
            seed=request.seed,
            motions=motions,
        )

    def both_ways(makers: Makers, first: int, stop: int) -> Iterator[Picture]:
        return there_and_back(partial(made, makers), len(sources), spool, report)(first, stop)

    return both_ways if request.ping_pong else made


def motions_of(plan: FramesPlan, keys: KeySource, report: Report, motion: Motion | None = None) -> dict[int, Motion]:
    """The motion that the user gave, by the number of its gap, in pixels of the film.

    Args:
        plan: has the drags, and the name of the motion's file.
        keys: the keys of the plan.
        report: hears the notes.
        motion: the motion of the first gap, where it is not in a file.

    Raises:
        InbetweenError: the motion's file cannot be read, or is for keys of another shape.
    """
    request = plan.request
    if not request.drag and request.motion is None and motion is None:
        return {}
    from inbetween.motion.user import film_motions

    maps = [keys.map(number) for number in range(len(keys) - 1)]
    return film_motions(request.drag, request.motion if motion is None else motion, maps, keys.size, report)


def refuse_unrelated(plan: FramesPlan, keys: KeySource, report: Report) -> None:
    """Compare all neighbouring keys, if the user wants unrelated keys to be refused.

    Raises:
        InbetweenError: two of them have nothing to do with each other.
    """
    if plan.request.if_unrelated == "fail":
        with quiet_opencv():
            gaps.refuse_unrelated(keys, report)


def _loops(plan: FramesPlan) -> bool:
    """Whether the film can start again after its last frame."""
    return plan.request.loop or plan.request.ping_pong


def _inputs(plan: FramesPlan) -> dict[str, Path]:
    """The files that frames are made of, by what messages call them."""
    files = {f"key {number}": Path(key) for number, key in enumerate(plan.request.keys, 1)}
    return files if plan.request.motion is None else {**files, "--motion": Path(plan.request.motion)}


def _cuts(plan: FramesPlan) -> list[int]:
    """Frames at which a segment may begin: at the start of a gap; and inside a long gap, where the engine makes every
    frame independently of the others and enough frames are left on either side."""
    sources = plan.timeline.sources
    cuts = [n for n in range(1, len(sources)) if sources[n].gap != sources[n - 1].gap]
    if plan.making.engine.lengths is None:
        least, ranges = segment_least(plan.making.engine), pairwise([0, *cuts, len(sources)])
        cuts = sorted(cuts + [n for a, b in ranges for n in range(a + least, b - least + 1, least)])
    return cuts_of(cuts, len(sources)) if plan.request.ping_pong else cuts
