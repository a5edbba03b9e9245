"""The options that only clips have. Nothing heavy is imported here."""

from __future__ import annotations

from typing import Annotated

import typer

from inbetween.cli.help import FILM, PICTURES, TIME, option

CLIP, CUTS = "The clip", "Cuts and repeats"

ClipNames = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="CLIP",
        help="A video file; a folder of pictures; or their names, as f_%05d.png or 'f_*.png'.",
        show_default=False,
        rich_help_panel=CLIP,
    ),
]
Factor = Annotated[
    str | None,
    option("--factor", "-f", group=TIME, metavar="F", help="How many times slower, at the clip's frame rate: 4, 2.5."),
]
ClipFps = Annotated[
    str | None,
    option("--fps", group=TIME, metavar="RATE", help="Frames a second: 60, 60000/1001, 59.94. Default: the clip's."),
]
ClipDuration = Annotated[
    str | None, option("--duration", group=TIME, metavar="TIME", help="How long the film is to be: 10s, 0:30.")
]
Speed = Annotated[
    str | None,
    option(
        "--speed",
        group=TIME,
        metavar='"TIME:SPEED, ..."',
        help='Playback speed at times of the clip, 1 being its own: "0:1, 2s:0.25, 3s:1". Two at one time are a jump.',
    ),
]
SpeedEasing = Annotated[
    str,
    option(
        "--easing",
        group=TIME,
        metavar="EASING",
        help="How the speed changes from point to point of --speed: linear, ease-in, ease-out, ease-in-out, "
        "cubic-bezier(a,b,c,d). Default: linear.",
    ),
]
End = Annotated[
    str,
    option(
        "--end",
        group=TIME,
        metavar="WHERE",
        help="hold: the last picture is shown for its own time too; key: the film ends with it. Default: hold.",
    ),
]
Since = Annotated[str | None, option("--from", group=CLIP, metavar="TIME", help="Where to begin: 1.5s, 0:10, 36f.")]
Until = Annotated[str | None, option("--to", group=CLIP, metavar="TIME", help="Where to end.")]
InputFps = Annotated[
    str | None,
    option(
        "--input-fps", group=CLIP, metavar="RATE", help="The frame rate of pictures, which have none of their own: 24."
    ),
]
Holes = Annotated[
    bool,
    option("--holes", group=CLIP, help="Numbers that are missing are time; without it pictures follow each other."),
]
Deinterlace = Annotated[
    bool,
    option(
        "--deinterlace",
        group=CLIP,
        help="Make a frame of each field of interlaced video; of film in it (3:2), the film's own frames.",
    ),
]
Cuts = Annotated[
    str,
    option(
        "--cuts",
        group=CUTS,
        metavar="WHICH",
        help="auto: cuts are found and never morphed; off: there are none; or a file with their times, such as "
        "--dry-run prints them. Default: auto.",
    ),
]
AtCut = Annotated[
    str,
    option("--at-cut", group=CUTS, metavar="WHAT", help="Up to a cut: hold the last picture, or blend. Default: hold."),
]
Repeats = Annotated[
    str,
    option(
        "--repeats",
        group=CUTS,
        metavar="WHAT",
        help="Drawings shown two to four times: auto lets them move over all of that time; keep. Default: auto.",
    ),
]
ClipSize = Annotated[
    str | None,
    option(
        "--size",
        group=PICTURES,
        metavar="WxH",
        help="Default: the clip's. For a first look: --size 640x360.",
    ),
]
ClipFit = Annotated[
    str | None,
    option(
        "--fit",
        group=PICTURES,
        metavar="HOW",
        help="How a clip of another shape is brought to --size: crop, pad or stretch.",
    ),
]
Protect = Annotated[
    str | None,
    option(
        "--protect",
        group=PICTURES,
        metavar="MASK",
        help="A picture of the film's shape, white where nothing is to move: logos, subtitles.",
    ),
]
Sound = Annotated[
    str,
    option(
        "--sound",
        group=FILM,
        metavar="WHAT",
        help="keep: in time with the pictures, stretched with them at its own pitch; or drop. Default: keep.",
    ),
]

WAYS = ("side", "split", "difference")
Compared = Annotated[
    list[str] | None,
    typer.Argument(metavar="CLIP CLIP [CLIP ...]", help="Video files.", show_default=False, rich_help_panel=FILM),
]
Way = Annotated[
    str,
    option(
        "--as",
        group=FILM,
        metavar="WHAT",
        help="side: beside each other; split: parts of one picture; difference: to the first, 4 times, on grey. "
        "Default: side.",
    ),
]
