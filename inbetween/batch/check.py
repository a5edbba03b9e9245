"""Checks all jobs of a batch before the first film is made, so that nothing is found out at four in the morning."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TypeAlias

from inbetween import file_names, pictures
from inbetween import plan as planning
from inbetween.batch.jobs import Job
from inbetween.errors import InbetweenError
from inbetween.key_files import KeyFiles
from inbetween.plan import FilmPlan, Making, making
from inbetween.produce import check_memory
from inbetween.request import ClipRequest, FilmRequest, RunRequest
from inbetween.retime import footage
from inbetween.retime import plan as clip_planning
from inbetween.retime.opening import open_clip
from inbetween.retime.plan import ClipFilmPlan
from inbetween.types import Report
from inbetween.video.write import rehearse

Plan: TypeAlias = FilmPlan | ClipFilmPlan
FILM_BYTES, PICTURE_BYTES = 0.002, 0.05
"""Bytes per pixel and frame below which no film, and no folder of PNG, is expected. Chosen by eye, low on purpose: they
only serve to refuse a batch that cannot fit on the disk in any case."""


class Checker:
    """Checks jobs. What many jobs have in common is looked at once: an engine, a trial of the encoder, a picture that
    two films share, and a request that differs from another one only in pictures of equal headers."""

    def __init__(self) -> None:
        self._making = cache(_making)
        self._header = cache(pictures.header)
        self._tried: set[object] = set()
        self._known: dict[object, int] = {}
        """The least bytes of the films of the requests that are known to make sense."""

    def check(self, job: Job) -> int:
        """Check one job, except whether its output exists.

        Returns:
            The bytes that its film needs on the disk at the very least; 0 where that is not known.

        Raises:
            InbetweenError: the request makes no sense, an input is missing or is not what it should be, there is not
                enough memory, or the encoder does not accept the options.
        """
        request = job.request
        if isinstance(request, ClipRequest):
            return self._check(job)
        headers = tuple(self._header(Path(key), request.force) for key in request.keys)
        out = os.path.basename(request.out)
        kind = replace(request, keys=(), out=""), headers, os.path.splitext(out)[1], "%" in out or "#" in out
        if kind not in self._known:
            self._known[kind] = self._check(job)
        return self._known[kind]

    def _check(self, job: Job) -> int:
        plan = planned(job.request, self._making)
        if isinstance(plan, ClipFilmPlan):
            open_clip(plan, Report()).footage.close()
            return 0
        request = plan.request
        with KeyFiles(plan.key_paths, plan.size, request.fit, request.force, Report()) as keys:
            check_memory(plan.making.engine, plan.sink, keys.size)
            kind = (
                replace(plan.sink, path="", folder="", pattern=""),
                plan.timeline.rate,
                keys.size,
                keys.channels,
                keys.bits,
            )
            if kind not in self._tried:
                rehearse(plan.sink, *kind[1:])
                self._tried.add(kind)
        each = PICTURE_BYTES if plan.sink.kind == "sequence" else FILM_BYTES
        return int(keys.size[0] * keys.size[1] * plan.count * each)


def planned(request: RunRequest | ClipRequest, made_by: Callable[..., Making] | None = None) -> Plan:
    """The plan of a job. Its inputs are not looked at.

    Args:
        request: the request of the job.
        made_by: finds the engine with its options and settings, in place of `plan.making`.

    Raises:
        InbetweenError: the request makes no sense, or weights are missing.
    """
    # Of all fields these alone decide how frames are made.
    how = (made_by or _making)(
        FilmRequest(
            engine=request.engine, set=request.set, seed=request.seed, fit=request.fit, device=request.device,
            threads=request.threads, weights=request.weights, memory=request.memory, max_vram=request.max_vram,
            commercial_only=request.commercial_only,
        )
    )  # fmt: skip
    return clip_planning.plan(request, how) if isinstance(request, ClipRequest) else planning.plan(request, how)


def _making(request: FilmRequest) -> Making:
    return making(request)


def input_files(plan: Plan) -> dict[str, Path]:
    """The files that decide the frames of a job, by what messages call them."""
    request = plan.request
    if isinstance(request, RunRequest):
        files = {f"key {number}": Path(key) for number, key in enumerate(request.keys, 1)}
        return files if request.motion is None else {**files, "--motion": Path(request.motion)}
    return footage.input_files(request, file_names.sequence(request.clip))


def output_exists(path: str) -> bool:
    """Whether there is an output already: a file of any kind, or a folder with something in it."""
    if os.path.isdir(path):
        return any(not name.startswith(".") for name in os.listdir(path))
    return os.path.lexists(path)


def space_fault(needed: int, folder: Path) -> InbetweenError | None:
    """The error that a batch cannot fit on the disk of its output folder; None where it may.

    Args:
        needed: bytes at the very least.
        folder: the output folder, which need not exist yet.
    """
    import shutil

    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if needed <= free:
        return None
    text = f"the films need at least {needed / 1e9:.1f} GB, the disk of {folder} has {free / 1e9:.1f} GB free"
    return InbetweenError(text, "make room, or name a folder on another disk with -o", "disk_full")
