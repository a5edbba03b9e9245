"""The options of the commands, each said once. Nothing heavy is imported here."""

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
        help="The pictures to go through, in order: PNG, JPEG, WebP, TIFF or BMP.",
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
        help="film.mp4, .mov, .mkv, .webm, .gif, .webp or .apng; a folder of PNG; or names like f_%05d.png "
        "(.tif, .jpg).",
    ),
]
Preset = Annotated[
    str | None,
    option(
        "--preset",
        group=FILM,
        metavar="NAME",
        help="web (.mp4 that plays everywhere), prores4444 (.mov), archive (.mkv, every bit kept) or gif.",
    ),
]
Codec = Annotated[
    str | None,
    option(
        "--codec",
        group=FILM,
        metavar="NAME",
        help="ffmpeg's name of the encoder: libx265, libsvtav1, prores_ks, ffv1. Default: libx264; of .webm "
        "libvpx-vp9.",
    ),
]
Encoder = Annotated[
    str | None,
    option("--encoder", group=FILM, metavar="WORDS", help='More options for ffmpeg: "-crf 12 -preset slow".'),
]
StartNumber = Annotated[
    str, option("--start-number", group=FILM, metavar="N", help="First number of a sequence. Default: 0.")
]
Loop = Annotated[bool, option("--loop", group=FILM, help="Go back to the first key, so that the film can start again.")]
PingPong = Annotated[bool, option("--ping-pong", group=FILM, help="There and back; neither end is repeated.")]
Overwrite = Annotated[bool, option("--overwrite", group=FILM, help="Replace an output that exists.")]

Frames = Annotated[
    str | None,
    option(
        "--frames",
        "-n",
        group=TIME,
        metavar="N",
        help="Frames between two keys. Default: 23, so two keys make 25.",
    ),
]
Fps = Annotated[
    str | None,
    option("--fps", group=TIME, metavar="RATE", help="25, 24000/1001, 23.976 (meant exactly). Default: 25."),
]
Duration = Annotated[
    str | None,
    option(
        "--duration",
        group=TIME,
        metavar="TIME",
        help="2s, 500ms, 0:01.5 or 48f, the last frame's display included. With -n it decides the rate, "
        "otherwise the count.",
    ),
]
At = Annotated[
    str | None,
    option("--at", group=TIME, metavar="TIMES", help="When each key is reached, one time per key: 0,1.5s,72f."),
]
Easing = Annotated[
    str,
    option(
        "--easing",
        group=TIME,
        metavar="EASING",
        help="Between every two keys: linear, ease-in, ease-out, ease-in-out, cubic-bezier(a,b,c,d), "
        "steps(n), or a file with one time from 0 to 1 per in-between. Default: linear.",
    ),
]

Size = Annotated[str | None, option("--size", group=PICTURES, metavar="WxH", help="Default: the first key's size.")]
Fit = Annotated[
    str | None,
    option("--fit", group=PICTURES, metavar="HOW", help="Keys of another size or shape: crop, pad or stretch."),
]
Keyframes = Annotated[
    str,
    option(
        "--keyframes",
        group=PICTURES,
        metavar="WHICH",
        help="The keys in the film: own (their own pixels), generated (by the engine) or none. Default: own.",
    ),
]
IfUnrelated = Annotated[
    str,
    option(
        "--if-unrelated",
        group=PICTURES,
        metavar="WHAT",
        help="Keys that have nothing to do with each other: blend, hold or fail. Default: blend.",
    ),
]
Force = Annotated[bool, option("--force", group=PICTURES, help="Accept pictures of more than 64 megapixels too.")]

Drag = Annotated[
    list[str] | None,
    option(
        "--drag",
        group=MOTION,
        metavar='"X,Y X,Y ..."',
        help="Something goes from the first point (in the start picture) to the last (in the end picture), in pixels "
        'or percent; one point is pinned. Repeatable. With more keys: "2: X,Y X,Y" for the second gap.',
    ),
]
MotionFile = Annotated[
    str | None,
    option("--motion", group=MOTION, metavar="JSON", help="Follow the motion in a file of `inbetween motion`."),
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
    str | None, option("--fit", group=KEYS, metavar="HOW", help="Keys of unlike size: crop, pad or stretch END.")
]
ForceKeys = Annotated[bool, option("--force", group=KEYS, help="Accept pictures of more than 64 megapixels too.")]
OutFile = Annotated[
    str | None, option("--out", "-o", group=SAID, metavar="OUT", help="The file to write: see the examples.")
]
OverwriteFile = Annotated[bool, option("--overwrite", group=SAID, help="Replace an output that exists.")]
Matcher = Annotated[
    str | None,
    option(
        "--matcher",
        group=MOTION,
        metavar="NAME",
        help="sift (needs no weights), sift-homography, sift-fundamental, disk, aliked, loftr, gluestick; or none, "
        "where something else is given. Default: sift.",
    ),
]
Poses = Annotated[
    str | None,
    option(
        "--poses",
        group=MOTION,
        metavar="WHICH",
        help="auto: of people too, where DWPose is there; or none. Default: auto, where anything is matched.",
    ),
]
DragTiming = Annotated[
    str,
    option(
        "--drag-timing",
        group=MOTION,
        metavar="HOW",
        help="Time between the points of a drag: equal, or by length, at one speed. Default: equal.",
    ),
]
Points = Annotated[
    str,
    option(
        "--points",
        group=MOTION,
        metavar="WHICH",
        help="Which of the matched points: all, random, max_dist, max_score or max_score_even. Default: all.",
    ),
]
Top = Annotated[
    str | None, option("--top", group=MOTION, metavar="K", help="The most points that --points leaves. Default: 20.")
]
MotionPath = Annotated[
    str | None,
    option(
        "--path",
        group=MOTION,
        metavar="HOW",
        help="Ways between places: straight, spline or arc. Default: spline for drags, straight for matches.",
    ),
]
MotionPace = Annotated[
    str,
    option("--pace", group=MOTION, metavar="EASING", help="Time on the way: an easing as in run. Default: linear."),
]
MotionSeed = Annotated[
    str,
    option("--seed", group=MOTION, metavar="N", help="For random points, and for the colours of lines. Default: 0."),
]
Kind = Annotated[
    str,
    option(
        "--kind",
        group=PICTURES,
        metavar="WHICH",
        help="lines, with poses, for FCVG; or heatmaps, a spot per point, for Framer. Default: lines.",
    ),
]
ConditionSize = Annotated[
    str | None, option("--size", group=PICTURES, metavar="WxH", help="Default: 1024x576; of heatmaps 512x320.")
]
Even = Annotated[
    bool, option("--even", group=PICTURES, help="Equal steps of time; FCVG's own grid shows either key twice.")
]
Thickness = Annotated[
    str,
    option(
        "--thickness",
        group=PICTURES,
        metavar="N",
        help="Width of lines in pixels; FCVG was trained with 1. Default: 1.",
    ),
]

EngineName = Annotated[
    str,
    option("--engine", "-e", group=ENGINE, metavar="NAME", help="auto, or a name of `inbetween engines`."),
]
Set = Annotated[
    list[str] | None,
    option(
        "--set",
        group=ENGINE,
        metavar="NAME=VALUE",
        help="An option of the engine; `inbetween engines NAME` lists them.",
    ),
]
Seed = Annotated[str, option("--seed", group=ENGINE, metavar="N", help="For engines that draw noise. Default: 0.")]

Device = Annotated[str, option("--device", group=WORK, metavar="DEVICE", help="auto, cpu, cuda, cuda:0 or mps.")]
Threads = Annotated[
    str | None,
    option(
        "--threads",
        group=WORK,
        metavar="N",
        help="Default: all cores, or INBETWEEN_THREADS. Never changes pixels.",
    ),
]
Weights = Annotated[
    str | None,
    option("--weights", group=WORK, metavar="FOLDER", help="Where networks' weights lie. Default: INBETWEEN_WEIGHTS."),
]
Memory = Annotated[
    str,
    option(
        "--memory",
        group=WORK,
        metavar="HOW",
        help="For networks: auto (what is free decides), low (as little as can be) or high (all at once).",
    ),
]
MaxVram = Annotated[
    str | None,
    option("--max-vram", group=WORK, metavar="SIZE", help="Use at most so much of the device's memory: 8GB."),
]
CommercialOnly = Annotated[
    bool,
    option(
        "--commercial-only",
        group=WORK,
        help="Refuse engines that are not known to allow commercial use (also INBETWEEN_COMMERCIAL_ONLY=1).",
    ),
]
DryRun = Annotated[bool, option("--dry-run", group=WORK, help="Check everything and show the plan; make nothing.")]
Record = Annotated[
    bool, option("--record", group=WORK, help="Also write OUT.json: everything needed to make OUT again.")
]
Repeat = Annotated[
    str | None,
    option(
        "--repeat",
        group=WORK,
        metavar="OUT.json",
        help="Make again what a record says, to -o or its own place.",
    ),
]

ContactSheet = Annotated[
    str | None,
    option("--contact-sheet", group=SAID, metavar="PNG", help="Also draw some of the frames side by side."),
]
Preview = Annotated[
    str | None,
    option(
        "--preview",
        group=SAID,
        metavar="N",
        help="With networks that work in steps: after every N of them a small film of how it looks, OUT.preview.gif.",
    ),
]
Json = Annotated[bool, option("--json", group=SAID, help="One JSON object on stdout instead of the path.")]
ProgressMode = Annotated[
    str, option("--progress", group=SAID, metavar="HOW", help="auto, plain, json (lines on stderr) or none.")
]
Quiet = Annotated[bool, option("--quiet", "-q", group=SAID, help="Only errors.")]
Verbose = Annotated[bool, option("--verbose", "-v", group=SAID, help="Details too.")]


def number(name: str, text: str, least: int | None = None) -> int:
    """The whole number that an option was given; what typer says of one that is none does not show it.

    Raises:
        UsageError: it is none, or below `least`.
    """
    if not re.fullmatch(r"[+-]?[0-9]{1,18}", text) or (least is not None and int(text) < least):
        bound = "" if least is None else f" from {least} on"
        raise UsageError(f"{name} needs a whole number{bound}, not `{text}`", f"write it as {name} 12")
    return int(text)


def whole(name: str, text: str | None, least: int | None = None) -> int | None:
    """As `number`, or None where the option was not given."""
    return None if text is None else number(name, text, least)


def one_of(name: str, value: str | None, known: Collection[str]) -> None:
    """Refuse a value, if there is one, that an option does not know.

    Raises:
        UnknownName: it is not in `known`.
    """
    if value is not None and value not in known:
        raise UnknownName(name, value, known)
