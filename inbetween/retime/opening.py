"""Opens clips: everything that can be refused before any work is refused here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from inbetween import file_names, pictures
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
"""The most frames of the clip that are decoded ahead of their use; chosen by eye."""
LOOK_BACK = analysis.AROUND + 3 * analysis.MOST_SHOWN + 2
"""Frames before a segment that decide which of its first frames are keys, and at what times."""
KEPT = LOOK_BACK + analysis.AROUND + analysis.MOST_SHOWN + READ_AHEAD + 5
"""Frames that are kept for the next segment, which looks back while this one has looked ahead."""


@dataclass(frozen=True)
class OpenClip:
    """A clip that is open, the frames to be made of it, and the findings so far. The caller closes its footage."""

    plan: ClipPlan
    """The plan that it was opened for."""
    whole: Clip
    """The facts about the whole clip, as it is stored."""
    clip: Clip
    """The facts about the part that is used, at the size of the film."""
    footage: Footage
    """Reads the frames at the size of the film."""
    grid: Grid
    """The times of the output frames."""
    cuts: analysis.Cut
    """Decides whether the clip is cut between two frames."""
    protect: Picture | None
    """A mask, (H, W, 1) uint8, 255 where the clip's own frames are to be shown; None for no mask."""
    findings: Findings
    """The cuts, repeats and pauses that were found so far."""
    shared: Shared
    """The frames of the clip, for the segments one after the other."""

    @property
    def since(self) -> Fraction:
        """The seconds of the whole clip before the part that is used."""
        return self.clip.start - self.whole.start

    @property
    def inputs(self) -> list[tuple[str, Path]]:
        """The files that decide the frames, as (what messages call it, path)."""
        request = self.plan.request
        found = [("clip" if self.clip.video >= 0 else "picture", path) for path in self.footage.inputs]
        if request.protect is not None:
            found.append(("mask", Path(request.protect)))
        if request.cuts not in ("auto", "off"):
            found.append(("list of cuts", Path(request.cuts)))
        return found


@dataclass(frozen=True)
class OpenFilm:
    """A clip that is open, and the film that it becomes."""

    clip: OpenClip
    sink: Sink
    """Where the film goes."""


def open_clip(plan: ClipPlan, report: Report) -> OpenClip:
    """Open a clip, and refuse everything that can be refused before any work, except its output.

    Raises:
        InbetweenError: the clip is missing or damaged, or a mask or a list of cuts cannot be read.
        UsageError: options do not fit the clip.
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
    """Open a clip for a film, and refuse everything that can be refused before any work.

    Args:
        plan: the film.
        overwrite: whether an output that exists may be replaced.
        report: hears the progress and the notes.

    Raises:
        InbetweenError: see `open_clip`; the output cannot be written, or there is not enough memory or no ffmpeg.
    """
    opened = open_clip(plan, report)
    clip, grid = opened.clip, opened.grid
    sink = sink_for(plan.sink, plan.request, clip, report)
    sinks.check(sink, grid.rate, grid.count)
    # The list of cuts was read already, but a user would not want it to be replaced either.
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
    """Bytes per pixel of all frames of a clip that are held in memory at the same time."""
    return KEPT * clip.channels * clip.bits // 8


def _footage(plan: ClipPlan, report: Report) -> Footage:
    """The frames of the clip that a plan names, at their own size."""
    request = plan.request
    paths = file_names.sequence(request.clip)
    if paths is None:
        if request.fit is not None and plan.size is None:
            raise UsageError("--fit needs another size", "say which: --size 1280x720")
        video = footage.of_video(request.clip, request.deinterlace, report)
        # These options are refused only once the file is known to be a video.
        if request.input_fps is not None or request.holes:
            raise UsageError(f"{request.clip} has its own times", "leave --input-fps and --holes out")
        return video
    if request.deinterlace:
        raise UsageError("--deinterlace needs a video: pictures do not say that they have fields", "leave it out")
    rate, threads = planning.input_rate(request), plan.making.settings.threads
    return footage.of_pictures(request.clip, paths, rate, request.holes, threads, report, request.fit, request.force)


def sink_for(sink: Sink, request: ClipRequest, clip: Clip, report: Report) -> Sink:
    """The output for a clip.

    The default codecs write 8 bits and mostly no alpha. Where the clip has more, and the user named no codec, another
    codec is chosen, and that is noted.
    """
    if sink.kind != "film" or clip.video < 0 or request.codec or request.preset or request.encoder:
        return sink
    if clip.channels == 4 and sink.suffix == ".mov":
        codec = "prores_ks"
    elif clip.bits > 8 and min(clip.size) >= 16:
        codec = "libsvtav1" if sink.suffix == ".webm" else "libx265"
    else:
        return sink
    has = "alpha" if codec == "prores_ks" else "more than 8 bits"
    report.note("codec", f"{clip.path} has {has}: written by {codec}; --codec names another", codec=codec)
    return replace(sink, codec=codec)


def _cuts(option: str, whole: Clip, clip: Clip, report: Report) -> analysis.Cut:
    """The function that decides where a part of the whole clip is cut, by the option `--cuts`."""
    if option in ("auto", "off"):
        return analysis.cut_by_content if option == "auto" else analysis.never_cut
    times = analysis.read_cuts(Path(option), clip.rate)
    late = [f"{float(time):g}" for time in times if time >= whole.duration]
    if late:
        text = f"{whole.path} lasts {float(whole.duration):.2f} s: {len(late)} times in {option} are beyond its end"
        report.note("beyond", f"{text}, the first of them {late[0]} s", duration=float(whole.duration))
    return analysis.cut_at(time - (clip.start - whole.start) for time in times)


def _mask(name: str | None, clip: Clip) -> Picture | None:
    """Read a mask and bring it to the clip's size: (H, W, 1) uint8, 255 where the clip's own frames are to be shown."""
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
