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
        help="A video file, a folder of pictures, or a pattern of their names, such as f_%05d.png or 'f_*.png'.",
        show_default=False,
        rich_help_panel=CLIP,
    ),
]
Factor = Annotated[
    str | None,
    option(
        "--factor",
        "-f",
        group=TIME,
        metavar="F",
        help="How many times slower to play: 4, 2.5, 4x. The frame rate stays the clip's.",
    ),
]
ClipFps = Annotated[
    str | None,
    option(
        "--fps", group=TIME, metavar="RATE", help="Frames per second: 60, 60000/1001, 59.94. Default: the clip's rate."
    ),
]
ClipDuration = Annotated[
    str | None, option("--duration", group=TIME, metavar="TIME", help="The length of the film: 10s, 0:30.")
]
Speed = Annotated[
    str | None,
    option(
        "--speed",
        group=TIME,
        metavar='"TIME:SPEED, ..."',
        help='The playback speed at times of the clip, 1 being normal: "0:1, 2s:0.25, 3s:1". Two speeds at the same '
        "time make a sudden change.",
    ),
]
SpeedEasing = Annotated[
    str,
    option(
        "--easing",
        group=TIME,
        metavar="EASING",
        help="How --speed changes between its times: linear, ease-in, ease-out, ease-in-out, cubic-bezier(a,b,c,d). "
        "Default: linear.",
    ),
]
End = Annotated[
    str,
    option(
        "--end",
        group=TIME,
        metavar="WHERE",
        help="hold: the last frame of the clip is shown for its full time; key: the film ends when it is reached. "
        "Default: hold.",
    ),
]
Since = Annotated[
    str | None, option("--from", group=CLIP, metavar="TIME", help="The time in the clip to begin at: 1.5s, 0:10, 36f.")
]
Until = Annotated[str | None, option("--to", group=CLIP, metavar="TIME", help="The time in the clip to end at.")]
InputFps = Annotated[
    str | None,
    option("--input-fps", group=CLIP, metavar="RATE", help="The frame rate of a clip that is given as pictures: 24."),
]
Holes = Annotated[
    bool,
    option(
        "--holes",
        group=CLIP,
        help="Keep the time of pictures whose number is missing; otherwise the next picture follows at once.",
    ),
]
Deinterlace = Annotated[
    bool,
    option(
        "--deinterlace",
        group=CLIP,
        help="Make a frame of each field of interlaced video; where it holds film (3:2 pulldown), recover the film's "
        "frames.",
    ),
]
Cuts = Annotated[
    str,
    option(
        "--cuts",
        group=CUTS,
        metavar="WHICH",
        help="auto: find cuts, and never make frames across them; off: treat the clip as one shot; or a file with "
        "the times of the cuts, as --dry-run prints them. Default: auto.",
    ),
]
AtCut = Annotated[
    str,
    option(
        "--at-cut",
        group=CUTS,
        metavar="WHAT",
        help="What is shown up to a cut: hold (the last frame) or blend. Default: hold.",
    ),
]
Repeats = Annotated[
    str,
    option(
        "--repeats",
        group=CUTS,
        metavar="WHAT",
        help="Drawings that are shown two to four times: auto (spread their motion over that time) or keep (show "
        "them as long as in the clip). Default: auto.",
    ),
]
ClipSize = Annotated[
    str | None,
    option(
        "--size",
        group=PICTURES,
        metavar="WxH",
        help="The size of the frames in pixels: 1280x720, 1280x, x720 or 50%; a small one is quick to try. Default: "
        "the clip's size.",
    ),
]
ClipFit = Annotated[
    str | None,
    option(
        "--fit", group=PICTURES, metavar="HOW", help="If --size has another shape than the clip: crop, pad or stretch."
    ),
]
Protect = Annotated[
    str | None,
    option(
        "--protect",
        group=PICTURES,
        metavar="MASK",
        help="A picture of the film's shape, white where nothing should move, such as logos and subtitles.",
    ),
]
Sound = Annotated[
    str,
    option(
        "--sound",
        group=FILM,
        metavar="WHAT",
        help="keep: the sound stays in time with the frames and keeps its pitch; or drop. Default: keep.",
    ),
]

WAYS = ("side", "row", "column", "split", "difference")
"""The values that `--as` accepts."""
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
        help="side: all in rows and columns, as near to 16:9 as it goes, so that wide clips lie above each other; row: "
        "beside each other; column: above each other; split: parts of one picture; difference: how each differs from "
        "the first, enlarged 4 times, on grey. Default: side.",
    ),
]
