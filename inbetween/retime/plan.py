"""From requests for clips to plans, before any file is opened; and the times of the film once the clip is known."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from inbetween.errors import UsageError
from inbetween.plan import Making, check_choices, making, sink_of, size_of
from inbetween.request import ClipRequest
from inbetween.sizes import FilmSize
from inbetween.system import quoted
from inbetween.timeline.speed import Grid, Speed, clip_grid, parse_factor, parse_speed
from inbetween.timeline.text import parse_rate, parse_time
from inbetween.types import Report
from inbetween.video.clip import Clip
from inbetween.video.sinks import Sink

AT_CUT = ("hold", "blend")
REPEATS = ("auto", "keep")
END = ("hold", "key")
SOUND = ("keep", "drop")
"""The values that `--at-cut`, `--repeats`, `--end` and `--sound` accept."""
WITHOUT_CLIP = Fraction(25)
"""The frames per second by which a time such as `36f` is checked before the clip's own rate is known; any would do."""


@dataclass(frozen=True, kw_only=True)
class ClipPlan:
    """The frames that will be made of a clip, and how."""

    request: ClipRequest
    """The user's request with the engine `auto` resolved: enough to make the same film again."""
    making: Making
    """How the frames are made."""
    size: FilmSize | None
    """The size of the frames; None for the clip's own size."""


@dataclass(frozen=True, kw_only=True)
class ClipFilmPlan(ClipPlan):
    """The frames that will be made of a clip, how, and the film that they become."""

    sink: Sink
    """Where the film goes. A clip with alpha or more than 8 bits may get another codec once it is open, see
    `opening.sink_for`."""


def plan(request: ClipRequest, made_by: Making | None = None) -> ClipFilmPlan:
    """Check a request for a film of a clip.

    Args:
        request: the request.
        made_by: see `plan_frames`.

    Raises:
        UsageError, UnknownName: something in the request makes no sense; the hint says what would.
        InbetweenError: weights are missing.
    """
    frames = plan_frames(request, made_by)
    sink = sink_of(request)
    if sink.kind == "picture":
        out = request.out
        raise UsageError(f"{out} is one picture, a clip makes many", f"name a folder: -o {quoted(out + '/')}")
    return ClipFilmPlan(**vars(frames), sink=sink)


def plan_frames(request: ClipRequest, made_by: Making | None = None) -> ClipPlan:
    """Check a request for frames in memory, whose output is not looked at.

    Args:
        request: the request.
        made_by: an engine that is loaded already, used instead of the one that is requested.

    Raises:
        UsageError, UnknownName: something in the request makes no sense; the hint says what would.
        InbetweenError: weights are missing.
    """
    if not request.clip:
        raise UsageError("no clip is named", "inbetween slowmo clip.mp4 --factor 4 -o out.mp4")
    check_choices(request, {"at_cut": AT_CUT, "repeats": REPEATS, "end": END, "sound": SOUND})
    if request.cuts == "off" and request.at_cut == "blend":
        raise UsageError("--at-cut says what is made at cuts, and with --cuts off there are none", "leave one out")
    _check_times(request)
    made_by = made_by or making(request)
    resolved = replace(request, engine=made_by.engine.name)
    return ClipPlan(request=resolved, making=made_by, size=size_of(request))


def _check_times(request: ClipRequest) -> None:
    """Refuse speeds, times and rates that cannot be parsed, or that exclude each other."""
    given = [name for name in ("factor", "duration", "speed") if getattr(request, name) is not None]
    if len(given) > 1:
        raise UsageError(f"--{given[0]} and --{given[1]} exclude each other", "use one: each says how slow the film is")
    if not given and request.fps is None:
        raise UsageError("nothing is asked of the clip", "say --factor 4 for slow motion, or --fps 60 for more frames")
    if request.easing != "linear" and request.speed is None:
        raise UsageError("--easing is for --speed", 'write --speed "0:1, 2s:0.25" with it')
    speed(request, WITHOUT_CLIP, Fraction(1))
    for text in (request.since, request.until):
        if text is not None:
            parse_time(text, WITHOUT_CLIP)
    for text in (request.fps, request.input_fps):
        if text is not None:
            parse_rate(text)


def speed(request: ClipRequest, rate: Fraction, duration: Fraction, after: Fraction = Fraction(0)) -> Speed:
    """The playback speed of a clip, over its time.

    Args:
        request: has the factor, the duration or the speeds.
        rate: frames per second of the clip.
        duration: seconds of the clip that are played.
        after: further seconds of the film, in which the clip's last frame is shown.

    Raises:
        UsageError: one of them cannot be parsed, or the duration leaves no time.
    """
    if request.speed is not None:
        return parse_speed(request.speed, rate, request.easing)
    value = Fraction(1)
    if request.factor is not None:
        value = 1 / parse_factor(request.factor)
    elif request.duration is not None:
        wanted = parse_time(request.duration, rate)
        if wanted <= after:
            raise UsageError(f"--duration {request.duration} leaves no time", "write it as 2s or 500ms")
        value = duration / (wanted - after)
    return Speed(((Fraction(0), value),))


def part(request: ClipRequest, clip: Clip, report: Report) -> Clip:
    """The part of a clip from `--from` to `--to`. A `--to` beyond its end is noted.

    Raises:
        UsageError: the part is empty.
    """
    since = Fraction(0) if request.since is None else parse_time(request.since, clip.rate)
    until = clip.duration if request.until is None else parse_time(request.until, clip.rate)
    if until - clip.duration > 1 / clip.rate:
        text = f"{clip.path} lasts {float(clip.duration):.2f} s: --to {request.until} is beyond its end"
        report.note("beyond", text, duration=float(clip.duration))
    return clip if request.since is None and request.until is None else clip.part(since, until)


def grid(request: ClipRequest, whole: Clip, clip: Clip, report: Report) -> Grid:
    """The times of the output frames. It is noted if all of them fall on frames of the clip.

    Args:
        request: the request.
        whole: the whole clip, whose times are those of `--speed`.
        clip: the part of it that is used.
        report: hears the note.

    Raises:
        UsageError: there are too many frames.
    """
    fps = None if request.fps is None else parse_rate(request.fps)
    if request.end == "key" and clip.last > 0:
        # The clip's last frame is shown for one frame of the film.
        found = speed(request, clip.rate, clip.last, 1 / (fps or clip.rate))
    else:
        found = speed(request, clip.rate, clip.duration)
    late = [time for time, _ in found.points if time - whole.duration > 1 / whole.rate]
    if late:
        text = f"{whole.path} lasts {float(whole.duration):.2f} s: the point of --speed at {float(late[0]):g} s"
        report.note("beyond", f"{text} is beyond its end", duration=float(whole.duration))
    found = replace(found, begin=clip.start - whole.start)
    made = clip_grid(clip.rate, clip.duration, found, fps, clip.last if request.end == "key" else None)
    speeds = {value for _, value in found.points}
    if clip.even and not request.holes and len(speeds) == 1 and (speeds.pop() * clip.rate / made.rate).denominator == 1:
        moved = "" if request.repeats == "keep" else ", but where one is repeated"
        report.note(
            "copied",
            f"every frame falls on a frame of the clip: none is made between them{moved}; a larger --factor or --fps "
            "makes some",
        )
    return made


def input_rate(request: ClipRequest) -> Fraction:
    """The frames per second of a sequence of pictures, which the user has to give.

    Raises:
        UsageError: `--input-fps` is missing, or is not a rate.
    """
    if request.input_fps is None:
        raise UsageError(f"{request.clip} has no frame rate of its own", "say which it is: --input-fps 24")
    return parse_rate(request.input_fps)
