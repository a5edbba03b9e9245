"""What the user asked of a clip, checked before any file is opened."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from fractions import Fraction

from inbetween import plan as films
from inbetween.errors import UnknownName, UsageError
from inbetween.plan import Plan, RunRequest
from inbetween.timeline.speed import Grid, Speed, clip_grid, parse_factor, parse_speed
from inbetween.timeline.text import parse_rate, parse_time
from inbetween.types import Report
from inbetween.video import sinks
from inbetween.video.clip import Clip

AT_CUT = ("hold", "blend")
REPEATS = ("auto", "keep")
END = ("hold", "key")
SOUND = ("keep", "drop")
WITHOUT_CLIP = Fraction(25)
"""Rate for `36f` in a word that is only checked."""


@dataclass(frozen=True)
class ClipRequest:
    """What the user asked for, as written. None is: not said."""

    clip: str
    film: RunRequest
    """Where to and by which engine; its keys and times are not used."""
    factor: str | None = None
    fps: str | None = None
    duration: str | None = None
    speed: str | None = None
    easing: str = "linear"
    since: str | None = None
    until: str | None = None
    end: str = "hold"
    input_fps: str | None = None
    holes: bool = False
    deinterlace: bool = False
    cuts: str = "auto"
    """`auto`, `off` or a file of times."""
    at_cut: str = "hold"
    repeats: str = "auto"
    protect: str | None = None
    sound: str = "keep"


@dataclass(frozen=True)
class Slow:
    """What will be made of a clip, how and where."""

    words: ClipRequest
    base: Plan
    """Engine, options, settings and sink."""


def plan(words: ClipRequest) -> Slow:
    """Check the words.

    Raises:
        WordsRefused, UnknownName: anything that makes no sense, with the cure.
    """
    if not words.clip:
        raise UsageError("no clip is named", "inbetween slowmo clip.mp4 --factor 4 -o out.mp4")
    for name, value, known in (
        ("--at-cut", words.at_cut, AT_CUT),
        ("--repeats", words.repeats, REPEATS),
        ("--end", words.end, END),
        ("--sound", words.sound, SOUND),
    ):
        if value not in known:
            raise UnknownName(name, value, known)
    if words.cuts == "off" and words.at_cut == "blend":
        raise UsageError("--at-cut says what is made at cuts, and with --cuts off there are none", "leave one out")
    _check_times(words)
    out = words.film.out
    if sinks.parse(out).kind == "picture":
        raise UsageError(f"{out} is one picture, a clip makes many", f"name a folder: -o {shlex.quote(out + '/')}")
    # Of two pictures, for all that does not depend on how many there are.
    base = films.plan(replace(words.film, keys=(words.clip, words.clip), frames=1))
    return Slow(replace(words, film=replace(words.film, engine=base.engine)), base)


def _check_times(words: ClipRequest) -> None:
    said = [name for name in ("factor", "duration", "speed") if getattr(words, name) is not None]
    if len(said) > 1:
        raise UsageError(f"--{said[0]} and --{said[1]} exclude each other", "take one: each says how slow it is")
    if not said and words.fps is None:
        raise UsageError("nothing is asked of the clip", "say --factor 4 for slow motion, or --fps 60 for more frames")
    if words.easing != "linear" and words.speed is None:
        raise UsageError("--easing is for --speed", 'write --speed "0:1, 2s:0.25" with it')
    speed(words, WITHOUT_CLIP, Fraction(1))
    for text in (words.since, words.until):
        if text is not None:
            parse_time(text, WITHOUT_CLIP)
    for text in (words.fps, words.input_fps):
        if text is not None:
            parse_rate(text)


def speed(words: ClipRequest, rate: Fraction, duration: Fraction, after: Fraction = Fraction(0)) -> Speed:
    """How fast a clip of that rate and duration, in seconds, is played; `after` it the film has that many more."""
    if words.speed is not None:
        return parse_speed(words.speed, rate, words.easing)
    value = Fraction(1)
    if words.factor is not None:
        value = 1 / parse_factor(words.factor)
    elif words.duration is not None:
        wanted = parse_time(words.duration, rate)
        if wanted <= after:
            raise UsageError(f"--duration {words.duration} leaves no time", "write it as 2s or 500ms")
        value = duration / (wanted - after)
    return Speed(((Fraction(0), value),))


def part(words: ClipRequest, clip: Clip, report: Report) -> Clip:
    """The part of a clip from `--from` to `--to`, which may be beyond its end: said.

    Raises:
        WordsRefused: nothing is left.
    """
    since = Fraction(0) if words.since is None else parse_time(words.since, clip.rate)
    until = clip.duration if words.until is None else parse_time(words.until, clip.rate)
    if until - clip.duration > 1 / clip.rate:
        text = f"{clip.path} lasts {float(clip.duration):.2f} s: --to {words.until} is beyond its end"
        report.note("beyond", text, duration=float(clip.duration))
    return clip if words.since is None and words.until is None else clip.part(since, until)


def grid(words: ClipRequest, whole: Clip, clip: Clip, report: Report) -> Grid:
    """The frames to be made of a part of a whole clip; times of `--speed` are those of the whole. That they all fall on
    its own pictures is said.

    Raises:
        WordsRefused: too many frames.
    """
    fps = None if words.fps is None else parse_rate(words.fps)
    if words.end == "key" and clip.last > 0:
        # The last picture has a frame of its own.
        found = speed(words, clip.rate, clip.last, 1 / (fps or clip.rate))
    else:
        found = speed(words, clip.rate, clip.duration)
    found = replace(found, begin=clip.start - whole.start)
    made = clip_grid(clip.rate, clip.duration, found, fps, clip.last if words.end == "key" else None)
    speeds = {value for _, value in found.points}
    if clip.even and not words.holes and len(speeds) == 1 and (speeds.pop() * clip.rate / made.rate).denominator == 1:
        moved = "" if words.repeats == "keep" else ", but where one is repeated"
        report.note(
            "copied",
            f"every frame falls on a picture of the clip: none is made between them{moved}; a larger --factor or --fps "
            "makes some",
        )
    return made


def input_rate(words: ClipRequest) -> Fraction:
    """Of a sequence of pictures.

    Raises:
        WordsRefused: it is not said.
    """
    if words.input_fps is None:
        raise UsageError(f"{words.clip} does not say how fast it is", "say it: --input-fps 24")
    return parse_rate(words.input_fps)
