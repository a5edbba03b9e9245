"""`inbetween bench`: how near what is made comes to the truth, on real clips."""

from __future__ import annotations

import dataclasses
import json
import os
import time
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from inbetween.cli import options as o
from inbetween.cli.help import SAID, WORK, option
from inbetween.cli.streams import data, error
from inbetween.errors import InbetweenError, Interrupted, UsageError

if TYPE_CHECKING:
    from inbetween.bench.request import Request
    from inbetween.bench.score import Mean, Result, Row
    from inbetween.cli.console import Show, Stop

EXAMPLES = """Of a gap of G every (G+1)th frame of a clip is kept; the G frames between two of them are hidden,
made again by every engine and baseline, and compared with the hidden ones.

PSNR in dB, SSIM and VMAF: higher is better. dup: frames that only repeat another. s, cpu s: seconds, and
processor seconds of all cores, for making a frame.

Examples:

  inbetween bench clip.mp4

  inbetween bench a.mp4 frames/ -e flow,blend --gaps 1,7 --sheet worst.png
"""
SCORED = "What is scored"


Clips = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="CLIP [CLIP ...]",
        help="Video files, or folders of pictures. Held in memory, one clip at a time.",
        show_default=False,
        rich_help_panel=SCORED,
    ),
]
EngineNames = Annotated[
    str,
    option("--engine", "-e", group=SCORED, metavar="NAMES", help="auto, or names of `inbetween engines`: flow,blend."),
]
Against = Annotated[
    str,
    option(
        "--against",
        group=SCORED,
        metavar="NAMES",
        help="Baselines: hold (the key before), crossfade, minterpolate (ffmpeg's), or none. Default: all three.",
    ),
]
Gaps = Annotated[
    str, option("--gaps", group=SCORED, metavar="G,G", help="Hidden frames between two keys. Default: 1,3,7.")
]
Vmaf = Annotated[bool, option("--vmaf/--no-vmaf", group=SCORED, help="Measure VMAF too. Default: yes.")]
MostFrames = Annotated[
    str | None, option("--max-frames", group=SCORED, metavar="N", help="Only the first N frames of each clip.")
]
Set = Annotated[
    list[str] | None,
    option("--set", group=SCORED, metavar="NAME=VALUE", help="An option of every engine that has it."),
]
Threads = Annotated[
    str | None,
    option(
        "--threads",
        group=WORK,
        metavar="N",
        help="Of engines and measures. Default: all cores, or INBETWEEN_THREADS.",
    ),
]
SheetFile = Annotated[
    str | None,
    option("--sheet", group=SAID, metavar="PNG", help="Draw the worst frames of the first engine beside the truth."),
]
Overwrite = Annotated[bool, option("--overwrite", group=SAID, help="Replace a sheet that exists.")]
Json = Annotated[bool, option("--json", group=SAID, help="One JSON object on stdout instead of the table.")]
Verbose = Annotated[bool, option("--verbose", "-v", group=SAID, help="A table for each clip, and details, too.")]


def bench(
    clips: Clips = None,
    engine: EngineNames = "auto",
    against: Against = "hold,crossfade,minterpolate",
    gaps: Gaps = "1,3,7",
    set_: Set = None,
    vmaf: Vmaf = True,
    max_frames: MostFrames = None,
    threads: Threads = None,
    sheet: SheetFile = None,
    overwrite: Overwrite = False,
    json_: Json = False,
    progress: o.ProgressMode = "auto",
    quiet: o.Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Hide frames of clips, make them again, and measure how near they come."""
    said = dict(locals())
    from inbetween.cli.console import watched

    with watched(progress, quiet, verbose) as (show, stop):
        try:
            _bench(said, show, stop)
        except Interrupted as stopped:
            show.close()
            error(InbetweenError("stopped before everything was scored", "the same command begins anew"))
            raise typer.Exit(stopped.exit_code) from None


def _bench(said: dict[str, Any], show: Show, stop: Stop) -> None:
    request, sheet = _request(said), _sheet(said["sheet"])
    from inbetween.bench import score
    from inbetween.sidecars import save
    from inbetween.video import publish

    if sheet is not None:
        publish.prepare_file(str(sheet), said["overwrite"], request.clips, "--sheet")
    stop.patient = True
    begin = time.monotonic()
    result = score.bench(request, show)
    if sheet is not None:
        save(sheet, result.worst.png())
    show.close()
    if said["json_"]:
        data(_json(request, result, sheet, show.notes))
    else:
        data(_tables(result, said["verbose"]))
    clips = len({row.clip for row in result.rows})
    words = f"{clips} clip{'s' * (clips != 1)}, {sum(row.frames for row in result.rows)} frames made and scored"
    words += f", {time.monotonic() - begin:.1f} s"
    show.made(f"{words}; worst frames: {sheet}" if sheet else words)


def _request(said: dict[str, Any]) -> Request:
    from inbetween.bench.request import request

    return request(
        said["clips"] or (),
        said["engine"],
        said["against"],
        said["gaps"],
        said["set_"] or (),
        said["vmaf"],
        o.whole("--threads", said["threads"], 1),
        o.whole("--max-frames", said["max_frames"], 3),
    )


def _sheet(name: str | None) -> Path | None:
    if name is not None and Path(name).suffix.lower() != ".png":
        raise UsageError(f"the sheet is a PNG, `{name}` is none", "write --sheet worst.png")
    return None if name is None else Path(name)


def _json(request: Request, result: Result, sheet: Path | None, notes: list[dict[str, Any]]) -> bytes:
    from inbetween import engines
    from inbetween.versions import versions

    facts = {
        "clips": [os.path.abspath(clip) for clip in request.clips],
        "engines": {name: dataclasses.asdict(options) for name, options in request.options.items()},
        "against": request.against,
        "gaps": request.gaps,
        "max_frames": request.most,
        "threads": request.settings.threads,
        "rows": [dataclasses.asdict(row) for row in result.rows],
        "means": [dataclasses.asdict(mean) for mean in result.means],
        "sheet": None if sheet is None else str(sheet),
        "notes": notes,
        "versions": versions(*map(engines.get, request.options)),
    }
    return json.dumps(facts, ensure_ascii=False).encode("utf-8", "backslashreplace")


def _tables(result: Result, each_clip: bool) -> bytes:
    """One for each gap, of means over clips; before it, where asked for, those of the clips."""
    tables = []
    for gap, group in groupby(result.means, key=lambda mean: mean.gap):
        means, rows = list(group), [row for row in result.rows if row.gap == gap]
        clips = means[0].clips
        if each_clip and clips > 1:
            by_clip = groupby(rows, key=lambda row: row.clip)
            tables += [_table(f"gap {gap}: {clip}", list(its)) for clip, its in by_clip]
        tables.append(_table(f"gap {gap}: {f'mean of {clips} clips' if clips > 1 else rows[0].clip}", means))
    return "\n\n".join(tables).encode("utf-8", "replace")


def _table(title: str, rows: Sequence[Row | Mean]) -> str:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title=f"{title}, {rows[0].frames} frames", title_justify="left")
    table.add_column("method")
    for name in ("PSNR", "SSIM", "VMAF", "dup", "s/frame", "cpu s/frame"):
        table.add_column(name, justify="right")
    for row in rows:
        vmaf = "-" if row.vmaf is None else f"{row.vmaf:.2f}"
        times = [f"{value:.4f}" for value in (row.seconds, row.processor_seconds)]
        table.add_row(row.method, f"{row.psnr:.3f}", f"{row.ssim:.4f}", vmaf, str(row.dup), *times)
    console = Console(highlight=False, markup=False, emoji=False)
    with console.capture() as drawn:
        console.print(table)
    lines = (line.rstrip() for line in drawn.get().splitlines())
    return "\n".join(line for line in lines if line)
