"""The options of the commands, each said once, and help that groups them. Nothing heavy is imported here."""

from __future__ import annotations

import re
from collections.abc import Collection
from itertools import pairwise
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from inbetween.errors import UnknownName, WordsRefused

FILM, TIME, KEYS, PICTURES, MOTION, ENGINE, WORK, SAID = (
    "The film",
    "Counts and times",
    "Keys",
    "Pictures",
    "Motion",
    "Engine",
    "How it is done",
    "What is said",
)


class Grouped(TyperCommand):
    """A command that shows its options in groups, as plain text, and that takes `-o=OUT` for `-o OUT`. The name of an
    option is no value of another."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The `=` after a letter would be taken for the value's first one.

        Raises:
            WordsRefused: an option has no value.
        """
        options = {name: param for param in self.params for name in param.opts if name.startswith("-")}
        valued = {name: param for name, param in options.items() if not getattr(param, "is_flag", True)}
        end = args.index("--") if "--" in args else len(args)
        words: list[str] = []
        for word in args[:end]:
            words += [word[:2], word[3:]] if word[:2] in valued and word[2:3] == "=" else [word]
        for word, following in pairwise(words):
            if word in valued and following in options:
                raise WordsRefused(f"{word} has no value", f"write it as {word} {valued[word].metavar or 'VALUE'}")
        return super().parse_args(ctx, words + args[end:])

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Arguments as their metavar says: typer would put one more pair of brackets around it."""
        arguments = [param for param in self.get_params(ctx) if param.param_type_name == "argument"]
        return [self.options_metavar or "", *(str(param.metavar or param.name) for param in arguments)]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write one section a group, in the order of their first options."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            line = param.get_help_record(ctx)
            if line is not None:
                name = getattr(param, "rich_help_panel", None) or ("Other" if self.params else "Options")
                # Some typers add the type to the names of arguments.
                groups.setdefault(name, []).append((re.sub(" <[^<>]*>$", "", line[0]), line[1]))
        for name, lines in groups.items():
            with formatter.section(name):
                formatter.write_dl(lines)


def option(*names: str, group: str, help: str, **more: Any) -> Any:
    """An option in a group of the help."""
    return typer.Option(*names, help=help, rich_help_panel=group, show_default=False, **more)


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
    option("--encoder", group=FILM, metavar="WORDS", help='More words for ffmpeg: "-crf 12 -preset slow".'),
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
        help="Pictures between two keys. Default: 23, so two keys make 25.",
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
        help="The keys in the film: own (your own pixels), generated (by the engine) or none. Default: own.",
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
Force = Annotated[bool, option("--force", group=PICTURES, help="Take pictures of more than 64 megapixels too.")]

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
ForceKeys = Annotated[bool, option("--force", group=KEYS, help="Take pictures of more than 64 megapixels too.")]
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
        help="From point to point of a drag: equal times, or by length, at one speed. Default: equal.",
    ),
]
Points = Annotated[
    str,
    option(
        "--points",
        group=MOTION,
        metavar="WHICH",
        help="Of the matched points: all, random, max_dist, max_score or max_score_even. Default: all.",
    ),
]
Top = Annotated[
    str | None, option("--top", group=MOTION, metavar="K", help="With --points: how many at most. Default: 20.")
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
    str, option("--thickness", group=PICTURES, metavar="N", help="Of lines, in pixels; FCVG knows 1. Default: 1.")
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
    option("--max-vram", group=WORK, metavar="SIZE", help="Of the device's memory use no more than this: 8GB."),
]
CommercialOnly = Annotated[
    bool,
    option(
        "--commercial-only",
        group=WORK,
        help="Refuse engines that are not known to allow commercial use (also INBETWEEN_COMMERCIAL_ONLY=1).",
    ),
]
DryRun = Annotated[bool, option("--dry-run", group=WORK, help="Check everything, say the plan, make nothing.")]
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


def whole(name: str, text: str | None, least: int | None = None) -> int | None:
    """The whole number that an option was given; typer's own words for one that is none do not show it.

    Raises:
        WordsRefused: it is none, or below `least`.
    """
    if text is None:
        return None
    if not re.fullmatch(r"[+-]?[0-9]{1,18}", text) or (least is not None and int(text) < least):
        bound = "" if least is None else f" from {least} on"
        raise WordsRefused(f"{name} needs a whole number{bound}, not `{text}`", f"write it as {name} 12")
    return int(text)


def one_of(name: str, value: str | None, known: Collection[str]) -> None:
    """Refuse a value, if there is one, that an option does not know.

    Raises:
        UnknownName: it is not in `known`.
    """
    if value is not None and value not in known:
        raise UnknownName(name, value, known)
