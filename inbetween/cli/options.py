"""The options of the commands, each defined once. Nothing heavy is imported here."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Annotated

import typer

from inbetween.cli.help import ENGINE, FILM, KEYS, MOTION, PICTURES, SAID, TIME, WORK, option
from inbetween.errors import UnknownName, UsageError

Keys = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="KEY KEY [KEY ...]",
        help="The key pictures, in the order of the film: PNG, JPEG, WebP, TIFF or BMP.",
        show_default=False,
        rich_help_panel=FILM,
    ),
]
Out = Annotated[
    str | None,
    option(
        "--out",
        "-o",
        group=FILM,
        metavar="OUT",
        help="What to write: a film (.mp4, .mov, .mkv, .webm), an animation (.gif, .webp, .apng), a folder of PNG "
        "files, or numbered pictures such as f_%05d.png (.tif, .jpg).",
    ),
]
Preset = Annotated[
    str | None,
    option(
        "--preset",
        group=FILM,
        metavar="NAME",
        help="web (an .mp4 that plays everywhere), prores4444 (.mov), archive (a lossless .mkv) or gif.",
    ),
]
Codec = Annotated[
    str | None,
    option(
        "--codec",
        group=FILM,
        metavar="NAME",
        help="ffmpeg's name of an encoder, such as libx265, libsvtav1, prores_ks or ffv1. Default: libx264; for .webm "
        "libvpx-vp9.",
    ),
]
Encoder = Annotated[
    str | None,
    option(
        "--encoder",
        group=FILM,
        metavar="WORDS",
        help="Options of ffmpeg's encoder: '-crf 12 -preset slow', '-pix_fmt yuv444p'. Accepted are those for quality, "
        "rate, speed, profile, pixel format, groups of pictures and colour tags, and the encoder's own parameters that "
        "name no file; docs/run.md lists them.",
    ),
]
StartNumber = Annotated[
    str,
    option(
        "--start-number", group=FILM, metavar="N", help="The number of the first picture of a sequence. Default: 0."
    ),
]
Loop = Annotated[bool, option("--loop", group=FILM, help="Go back to the first key, so that the film can start again.")]
PingPong = Annotated[
    bool, option("--ping-pong", group=FILM, help="Play there and back, without repeating the frame at either end.")
]
Overwrite = Annotated[bool, option("--overwrite", group=FILM, help="Replace an output that exists.")]

Frames = Annotated[
    str | None,
    option(
        "--frames",
        "-n",
        group=TIME,
        metavar="N",
        help="How many frames to make between two keys. Default: 23, so that two keys give 25 frames.",
    ),
]
Fps = Annotated[
    str | None,
    option(
        "--fps",
        group=TIME,
        metavar="RATE",
        help="Frames per second: 25, 24000/1001, or 23.976, which means the same. Default: 25.",
    ),
]
Duration = Annotated[
    str | None,
    option(
        "--duration",
        group=TIME,
        metavar="TIME",
        help="The length of the film, to the end of its last frame: 2s, 500ms, 0:01.5 or 48f (frames). With -n it "
        "decides the frame rate, otherwise the number of frames.",
    ),
]
At = Annotated[
    str | None,
    option("--at", group=TIME, metavar="TIMES", help="The time of each key, with commas between them: 0,1.5s,72f."),
]
Easing = Annotated[
    str,
    option(
        "--easing",
        group=TIME,
        metavar="EASING",
        help="The pace between two keys: linear, ease-in, ease-out, ease-in-out, cubic-bezier(a,b,c,d), "
        "steps(n), or a file with a time from 0 to 1 for each frame between two keys. Default: linear.",
    ),
]

Size = Annotated[
    str | None,
    option(
        "--size", group=PICTURES, metavar="WxH", help="The size of the frames in pixels. Default: the first key's size."
    ),
]
Fit = Annotated[
    str | None,
    option(
        "--fit",
        group=PICTURES,
        metavar="HOW",
        help="What to do with keys of another size or shape: crop, pad or stretch.",
    ),
]
Keyframes = Annotated[
    str,
    option(
        "--keyframes",
        group=PICTURES,
        metavar="WHICH",
        help="The frames at the keys: own (your pixels, unchanged), generated (made by the engine) or none (left out). "
        "Default: own.",
    ),
]
IfUnrelated = Annotated[
    str,
    option(
        "--if-unrelated",
        group=PICTURES,
        metavar="WHAT",
        help="What to do between two keys that have nothing in common: blend, hold or fail. Default: blend.",
    ),
]
Force = Annotated[bool, option("--force", group=PICTURES, help="Accept pictures of more than 64 megapixels.")]

Drag = Annotated[
    list[str] | None,
    option(
        "--drag",
        group=MOTION,
        metavar='"X,Y X,Y ..."',
        help="Something moves from the first point, in the start picture, to the last, in the end picture. Points "
        "are in pixels or percent; a single point stays where it is. May be repeated. With more than two keys, name "
        'the gap: "2: X,Y X,Y" for the second.',
    ),
]
MotionFile = Annotated[
    str | None,
    option("--motion", group=MOTION, metavar="JSON", help="Follow the motion in a file that `inbetween motion` wrote."),
]

Pair = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="START END",
        help="Two pictures: PNG, JPEG, WebP, TIFF or BMP.",
        show_default=False,
        rich_help_panel=KEYS,
    ),
]
FitKeys = Annotated[
    str | None,
    option(
        "--fit", group=KEYS, metavar="HOW", help="If END has another size or shape than START: crop, pad or stretch it."
    ),
]
ForceKeys = Annotated[bool, option("--force", group=KEYS, help="Accept pictures of more than 64 megapixels.")]
OutFile = Annotated[
    str | None,
    option("--out", "-o", group=SAID, metavar="OUT", help="The file to write; its suffix is that of the examples."),
]
OverwriteFile = Annotated[bool, option("--overwrite", group=SAID, help="Replace an output that exists.")]
Matcher = Annotated[
    str | None,
    option(
        "--matcher",
        group=MOTION,
        metavar="NAME",
        help="What finds matching points or lines: sift (needs no weights), sift-homography, sift-fundamental, disk, "
        "aliked, loftr, gluestick; or none, if you give the motion yourself. Default: sift.",
    ),
]
Poses = Annotated[
    str | None,
    option(
        "--poses",
        group=MOTION,
        metavar="WHICH",
        help="auto: follow people too, if the weights of DWPose are installed; or none. Default: auto, unless "
        "nothing is matched.",
    ),
]
DragTiming = Annotated[
    str,
    option(
        "--drag-timing",
        group=MOTION,
        metavar="HOW",
        help="The time from point to point of a drag: equal, or length (at constant speed). Default: equal.",
    ),
]
Points = Annotated[
    str,
    option(
        "--points",
        group=MOTION,
        metavar="WHICH",
        help="Which matched points to use: all, random, max_dist, max_score or max_score_even. Default: all.",
    ),
]
Top = Annotated[
    str | None,
    option("--top", group=MOTION, metavar="K", help="The largest number of points to use with --points. Default: 20."),
]
MotionPath = Annotated[
    str | None,
    option(
        "--path",
        group=MOTION,
        metavar="HOW",
        help="How things move between their places: straight, spline or arc. Default: spline for drags, straight for "
        "matches.",
    ),
]
MotionPace = Annotated[
    str,
    option(
        "--pace",
        group=MOTION,
        metavar="EASING",
        help="The pace along the path: an easing, as for `inbetween run`. Default: linear.",
    ),
]
MotionSeed = Annotated[
    str,
    option(
        "--seed", group=MOTION, metavar="N", help="Seed for random points, and for the colours of lines. Default: 0."
    ),
]
Kind = Annotated[
    str,
    option(
        "--kind",
        group=PICTURES,
        metavar="WHICH",
        help="lines: lines and poses, for FCVG; heatmaps: a spot of light for each point, for Framer. Default: lines.",
    ),
]
ConditionSize = Annotated[
    str | None,
    option(
        "--size",
        group=PICTURES,
        metavar="WxH",
        help="The size of the pictures in pixels. Default: 1024x576; for heatmaps 512x320.",
    ),
]
Even = Annotated[
    bool,
    option(
        "--even",
        group=PICTURES,
        help="Space the pictures evenly in time. Without it they follow FCVG, which shows either key twice.",
    ),
]
Thickness = Annotated[
    str,
    option(
        "--thickness",
        group=PICTURES,
        metavar="N",
        help="Thickness of the lines, in pixels; FCVG was trained with 1. Default: 1.",
    ),
]

EngineName = Annotated[
    str,
    option(
        "--engine", "-e", group=ENGINE, metavar="NAME", help="auto, or a name from `inbetween engines`. Default: auto."
    ),
]
Set = Annotated[
    list[str] | None,
    option(
        "--set",
        group=ENGINE,
        metavar="NAME=VALUE",
        help="Set an option of the engine; `inbetween engines NAME` lists them. May be repeated.",
    ),
]
Seed = Annotated[
    str,
    option(
        "--seed",
        group=ENGINE,
        metavar="N",
        help="Seed of the noise that some engines start from; the same seed gives the same frames. Default: 0.",
    ),
]

Device = Annotated[
    str,
    option(
        "--device",
        group=WORK,
        metavar="DEVICE",
        help="Where networks run: auto, cpu, cuda, cuda:0 or mps. Default: auto.",
    ),
]
Threads = Annotated[
    str | None,
    option(
        "--threads",
        group=WORK,
        metavar="N",
        help="How many threads to use; this never changes the pixels. Default: INBETWEEN_THREADS, or all cores.",
    ),
]
Weights = Annotated[
    str | None,
    option(
        "--weights",
        group=WORK,
        metavar="FOLDER",
        help="The folder with the weights of networks. Default: INBETWEEN_WEIGHTS, or ~/.cache/inbetween.",
    ),
]
Memory = Annotated[
    str,
    option(
        "--memory",
        group=WORK,
        metavar="HOW",
        help="How networks use memory: auto (by what is free), low (as little as possible) or high (all for speed). "
        "Default: auto.",
    ),
]
MaxVram = Annotated[
    str | None,
    option(
        "--max-vram",
        group=WORK,
        metavar="SIZE",
        help="The most memory of the device to use: 8GB. Default: what is free.",
    ),
]
CommercialOnly = Annotated[
    bool,
    option(
        "--commercial-only",
        group=WORK,
        help="Refuse engines that are not known to allow commercial use (also INBETWEEN_COMMERCIAL_ONLY=1).",
    ),
]
DryRun = Annotated[bool, option("--dry-run", group=WORK, help="Check everything and show the plan, but make nothing.")]
Record = Annotated[
    bool, option("--record", group=WORK, help="Also write OUT.json, a record of everything needed to make OUT again.")
]
Repeat = Annotated[
    str | None,
    option(
        "--repeat",
        group=WORK,
        metavar="OUT.json",
        help="Make the film of a record again, at -o or at its old place.",
    ),
]

ContactSheet = Annotated[
    str | None,
    option(
        "--contact-sheet", group=SAID, metavar="PNG", help="Also draw a picture with some of the frames side by side."
    ),
]
Preview = Annotated[
    str | None,
    option(
        "--preview",
        group=SAID,
        metavar="N",
        help="With engines that work in steps: every N steps, write how the frames look so far to OUT.preview.gif.",
    ),
]
Json = Annotated[bool, option("--json", group=SAID, help="Print one JSON object instead of the path.")]
ProgressMode = Annotated[
    str,
    option(
        "--progress",
        group=SAID,
        metavar="HOW",
        help="How progress is shown on stderr: auto, plain, json or none. Default: auto.",
    ),
]
Quiet = Annotated[bool, option("--quiet", "-q", group=SAID, help="Show only errors.")]
Verbose = Annotated[bool, option("--verbose", "-v", group=SAID, help="Show details too.")]


def number(name: str, text: str, least: int | None = None) -> int:
    """The value of an option that needs a whole number. It is parsed here, because typer's error does not show it.

    Args:
        name: the name of the option.
        text: its value as written.
        least: the least number that is accepted; None for any.

    Raises:
        UsageError: the text is not a whole number, or the number is below `least`.
    """
    if not re.fullmatch(r"[+-]?[0-9]{1,18}", text) or (least is not None and int(text) < least):
        bound = "" if least is None else f" from {least} on"
        raise UsageError(f"{name} needs a whole number{bound}, not `{text}`", f"write it as {name} 12")
    return int(text)


def whole(name: str, text: str | None, least: int | None = None) -> int | None:
    """The value of an option that needs a whole number, see `number`; None where the option was not given."""
    return None if text is None else number(name, text, least)


def one_of(name: str, value: str | None, known: Collection[str]) -> None:
    """Refuse an unknown value of an option; None is always accepted.

    Raises:
        UnknownName: the value is not in `known`.
    """
    if value is not None and value not in known:
        raise UnknownName(name, value, known)
