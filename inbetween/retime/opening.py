"""A clip that is looked at: everything that can be refused before any work is refused here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from inbetween import pictures
from inbetween.errors import InbetweenError, UsageError
from inbetween.key_files import one_aspect
from inbetween.produce import check_memory
from inbetween.request import ClipRequest
from inbetween.retime import analysis, footage
from inbetween.retime import plan as planning
from inbetween.retime.analysis import Findings
from inbetween.retime.footage import Footage, Shared
from inbetween.retime.plan import ClipFilmPlan, ClipPlan
from inbetween.timeline.speed import Grid
from inbetween.types import Picture, Report
from inbetween.video import publish, sinks
from inbetween.video.clip import Clip
from inbetween.video.sinks import Sink
from inbetween.video.write import rehearse

READ_AHEAD = 3
"""Frames of the clip that wait to be used, decoded."""
LOOK_BACK = analysis.AROUND + 3 * analysis.MOST_SHOWN + 2
"""Pictures before a segment that say what its first ones are, and when."""
KEPT = LOOK_BACK + analysis.AROUND + analysis.MOST_SHOWN + READ_AHEAD + 5
"""Pictures that are kept for the next segment: it looks back, and the one before has looked ahead."""


@dataclass(frozen=True)
class OpenClip:
    """A clip that has been looked at, what will be made of it, and what is found on the way. Close its footage."""

    plan: ClipPlan
    whole: Clip
    """As it is stored."""
    clip: Clip
    """The part that is used, at the size of the film."""
    footage: Footage
    grid: Grid
    cuts: analysis.Cut
    protect: Picture | None
    """(H, W, 1) uint8, 255 where the clip's own frames are to stand; None for no mask."""
    findings: Findings
    shared: Shared

    @property
    def since(self) -> Fraction:
        """Seconds of the whole clip before the part that is used."""
        return self.clip.start - self.whole.start

    @property
    def inputs(self) -> list[tuple[str, Path]]:
        """All files that frames are made of, each with what messages call it."""
        request = self.plan.request
        found = [("clip" if self.clip.video >= 0 else "picture", path) for path in self.footage.inputs]
        if request.protect is not None:
            found.append(("mask", Path(request.protect)))
        if request.cuts not in ("auto", "off"):
            found.append(("list of cuts", Path(request.cuts)))
        return found


@dataclass(frozen=True)
class OpenFilm:
    """A clip that has been looked at, and the film that it becomes."""

    clip: OpenClip
    sink: Sink


def open_clip(plan: ClipPlan, report: Report) -> OpenClip:
    """Everything that can be refused once the clip is looked at, but for the output.

    Raises:
        InbetweenError: no such clip, or a damaged one; a mask or a list of cuts that cannot be read.
    """
    request = plan.request
    found = _footage(plan, report)
    used = found if plan.size is None else footage.sized(found, plan.size, request.fit, report)
    clip = planning.part(request, used.clip, report)
    grid = planning.grid(request, found.clip, clip, report)
    cuts, mask = _cuts(request.cuts, found.clip, clip, report), _mask(request.protect, clip)
    shared = Shared(lambda begin: footage.begun(used.pictures(clip, report, begin)), KEPT)
    return OpenClip(plan, found.clip, clip, used, grid, cuts, mask, Findings(), shared)


def open_film(plan: ClipFilmPlan, overwrite: bool, report: Report) -> OpenFilm:
    """Everything that can be refused once the clip is looked at, before any work.

    Raises:
        InbetweenError: see `open_clip`; an output that cannot be written; no memory; no ffmpeg.
    """
    opened = open_clip(plan, report)
    clip, grid = opened.clip, opened.grid
    sink = sink_for(plan.sink, plan.request, clip, report)
    sinks.check(sink, grid.rate, grid.count)
    # The list of cuts is small and read already, but a user would not want it to be gone.
    publish.prepare(sink, overwrite, [path for _, path in opened.inputs])
    hint = "close other programs, or make it smaller with --size"
    check_memory(plan.making.engine, sink, clip.size, kept_bytes(clip), hint)
    rehearse(sink, grid.rate, clip.size, clip.channels, clip.bits)
    if clip.aspect != 1 and sink.kind != "film":
        shape = f"{float(clip.aspect):.3g} times as wide as high"
        report.note(
            "aspect", f"a pixel of {clip.path} is {shape}: {sink.suffix} does not say so", aspect=str(clip.aspect)
        )
    return OpenFilm(opened, sink)


def kept_bytes(clip: Clip) -> int:
    """Bytes per pixel of the frames of a clip that are held at a time."""
    return KEPT * clip.channels * clip.bits // 8


def _footage(plan: ClipPlan, report: Report) -> Footage:
    request = plan.request
    paths = footage.sequence(request.clip)
    if paths is None:
        if request.fit is not None and plan.size is None:
            raise UsageError("--fit says how another size is made of it", "say which: --size 1280x720")
        video = footage.of_video(request.clip, request.deinterlace, report)
        # Not before it is known to be there, and no picture.
        if request.input_fps is not None or request.holes:
            raise UsageError(f"{request.clip} has its own times", "leave --input-fps and --holes out")
        return video
    if request.deinterlace:
        raise UsageError("--deinterlace takes a video: pictures do not say that they have halves", "leave it out")
    rate, threads = planning.input_rate(request), plan.making.settings.threads
    return footage.of_pictures(request.clip, paths, rate, request.holes, threads, report, request.fit, request.force)


def sink_for(sink: Sink, request: ClipRequest, clip: Clip, report: Report) -> Sink:
    """The output for a clip. The usual codecs have 8 bits and mostly no alpha: a clip that has more is written by
    another one, if the user named none."""
    if sink.kind != "film" or clip.video < 0 or request.codec or request.preset or request.encoder:
        return sink
    if clip.channels == 4 and sink.suffix == ".mov":
        codec = "prores_ks"
    elif clip.bits > 8 and min(clip.size) >= 16:
        codec = "libsvtav1" if sink.suffix == ".webm" else "libx265"
    else:
        return sink
    what = "alpha" if codec == "prores_ks" else "more than 8 bits"
    report.note("codec", f"{clip.path} has {what}: written by {codec}; --codec names another", codec=codec)
    return replace(sink, codec=codec)


def _cuts(word: str, whole: Clip, clip: Clip, report: Report) -> analysis.Cut:
    if word in ("auto", "off"):
        return analysis.cut_by_content if word == "auto" else analysis.never_cut
    times = analysis.read_cuts(Path(word), clip.rate)
    late = [f"{float(time):g}" for time in times if time >= whole.duration]
    if late:
        text = f"{whole.path} lasts {float(whole.duration):.2f} s: {len(late)} times in {word} are beyond its end"
        report.note("beyond", f"{text}, the first of them {late[0]} s", duration=float(whole.duration))
    return analysis.cut_at(time - (clip.start - whole.start) for time in times)


def _mask(name: str | None, clip: Clip) -> Picture | None:
    """(H, W, 1), 255 where the clip's own pictures are to stand."""
    if name is None:
        return None
    picture = pictures.to_8_bit(pictures.flattened(pictures.read(Path(name))))
    (height, width), (wanted_height, wanted_width) = picture.shape[:2], clip.size
    if not one_aspect((height, width), clip.size):
        raise InbetweenError(
            f"the mask {name} is {width}x{height}, the film {wanted_width}x{wanted_height}",
            "make a mask of the film's shape",
        )
    mask: Picture = pictures.fit(picture, clip.size, "stretch")[..., 1:2]
    return mask
