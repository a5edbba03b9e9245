"""`inbetween bench`: measures on real clips how near made frames come to the true ones."""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inbetween.cli import answers
from inbetween.cli import options as o
from inbetween.cli.help import SAID, WORK, option
from inbetween.cli.streams import data
from inbetween.errors import UsageError

if TYPE_CHECKING:
    from inbetween.bench.request import BenchPlan, BenchRequest
    from inbetween.bench.score import Mean, Result, Row
    from inbetween.cli.console import Show

EXAMPLES = """At a gap of G, every (G+1)th frame of a clip is a key. The G frames between two keys are
hidden, made again from the keys by every engine and baseline, and compared with the hidden ones.

PSNR (in dB), SSIM and VMAF: higher is better. dup: how many made frames only repeat another frame.
s/frame and cpu s/frame: seconds, and processor seconds of all cores together, to make a frame.

Examples:

  inbetween bench clip.mp4

  inbetween bench a.mp4 frames/ -e flow,blend --gaps 1,7 --sheet worst.png
"""
SCORED = "What is scored"
"""The heading of the options that choose clips, methods and measures."""


Clips = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="CLIP [CLIP ...]",
        help="Video files, or folders of pictures. One clip at a time is held in memory.",
        show_default=False,
        rich_help_panel=SCORED,
    ),
]
EngineNames = Annotated[
    str,
    option(
        "--engine",
        "-e",
        group=SCORED,
        metavar="NAMES",
        help="Engines to score, with commas between them: flow,blend. Default: auto.",
    ),
]
Against = Annotated[
    str,
    option(
        "--against",
        group=SCORED,
        metavar="NAMES",
        help="Baselines to compare with: hold (repeats the key before), crossfade, minterpolate (ffmpeg's), or none. "
        "Default: all three.",
    ),
]
Gaps = Annotated[
    str,
    option("--gaps", group=SCORED, metavar="G,G", help="Numbers of hidden frames between two keys. Default: 1,3,7."),
]
Vmaf = Annotated[bool, option("--vmaf/--no-vmaf", group=SCORED, help="Measure VMAF too. Default: yes.")]
MostFrames = Annotated[
    str | None, option("--max-frames", group=SCORED, metavar="N", help="Read only the first N frames of each clip.")
]
Set = Annotated[
    list[str] | None,
    option("--set", group=SCORED, metavar="NAME=VALUE", help="Set an option of every engine that has it."),
]
Threads = Annotated[
    str | None,
    option(
        "--threads",
        group=WORK,
        metavar="N",
        help="Threads of engines and measures. Default: INBETWEEN_THREADS, or all cores.",
    ),
]
SheetFile = Annotated[
    str | None,
    option("--sheet", group=SAID, metavar="PNG", help="Draw the worst frames of the first engine beside the truth."),
]
Overwrite = Annotated[bool, option("--overwrite", group=SAID, help="Replace a sheet that exists.")]
Json = Annotated[bool, option("--json", group=SAID, help="Print one JSON object instead of the table.")]
Verbose = Annotated[bool, option("--verbose", "-v", group=SAID, help="Also show a table for each clip, and details.")]


@dataclass(frozen=True)
class Display:
    """How the user wants to see the scores."""

    sheet: Path | None
    """The PNG of the worst frames; None for none."""
    overwrite: bool
    """Whether a sheet that exists is replaced."""
    json: bool
    """Whether the answer is a JSON object."""
    each_clip: bool
    """Whether there is a table for each clip too."""


def bench(
    clips: Clips = None,
    engine: EngineNames = "auto",
    against: Against = "hold,crossfade,minterpolate",
    gaps: Gaps = "1,3,7",
    set_: Set = None,
    vmaf: Vmaf = True,
    max_frames: MostFrames = None,
    device: o.Device = "auto",
    threads: Threads = None,
    weights: o.Weights = None,
    memory: o.Memory = "auto",
    max_vram: o.MaxVram = None,
    sheet: SheetFile = None,
    overwrite: Overwrite = False,
    json_: Json = False,
    progress: o.ProgressMode = "auto",
    quiet: o.Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Measure how near made frames come to the true ones.

    Frames of your clips are hidden, made again, and compared with the hidden ones.
    """
    from inbetween.bench.request import BenchRequest
    from inbetween.cli.console import watched

    with watched(progress, quiet, verbose, "everything was scored", "the same command begins anew") as show:
        request = BenchRequest(
            clips=tuple(clips or ()),
            engine=engine,
            against=against,
            gaps=gaps,
            set=tuple(set_ or ()),
            vmaf=vmaf,
            most=o.whole("--max-frames", max_frames, 3),
            device=device,
            threads=o.whole("--threads", threads, 1),
            weights=weights,
            memory=memory,
            max_vram=max_vram,
        )
        display = Display(sheet=_sheet(sheet), overwrite=overwrite, json=json_, each_clip=verbose)
        _bench(request, display, show)


def _bench(request: BenchRequest, display: Display, show: Show) -> None:
    from inbetween.bench import score
    from inbetween.bench.request import plan
    from inbetween.report import Collect
    from inbetween.sidecars import save
    from inbetween.video import publish

    bench_plan, report, sheet = plan(request), Collect(show), display.sheet
    if sheet is not None:
        publish.prepare_file(str(sheet), display.overwrite, bench_plan.clips, "--sheet")
    begin = time.monotonic()
    with show.making():
        result = score.bench(bench_plan, report)
        if sheet is not None:
            save(sheet, result.worst.png())
    show.close()
    if display.json:
        outputs = [] if sheet is None else [sheet]
        facts = _facts(bench_plan, result, sheet)
        answers.answer("bench", facts, made=bool(outputs), outputs=outputs, notes=report.notes)
    else:
        data(_tables(result, display.each_clip))
    clips = len({row.clip for row in result.rows})
    text = f"{clips} clip{'s' * (clips != 1)}, {sum(row.frames for row in result.rows)} frames made and scored"
    text += f", {time.monotonic() - begin:.1f} s"
    show.made(f"{text}; worst frames: {sheet}" if sheet else text)


def _sheet(name: str | None) -> Path | None:
    """The path of the sheet.

    Raises:
        UsageError: it is not a PNG.
    """
    if name is not None and Path(name).suffix.lower() != ".png":
        raise UsageError(f"`{name}` does not end in .png, and the sheet is a PNG", "write --sheet worst.png")
    return None if name is None else Path(name)


def _facts(plan: BenchPlan, result: Result, sheet: Path | None) -> dict[str, object]:
    from inbetween.versions import versions

    return {
        "clips": [os.path.abspath(clip) for clip in plan.clips],
        "engines": {name: dataclasses.asdict(making.options) for name, making in plan.engines.items()},
        "against": plan.against,
        "gaps": plan.gaps,
        "max_frames": plan.most,
        "threads": plan.threads,
        "rows": [dataclasses.asdict(row) for row in result.rows],
        "means": [dataclasses.asdict(mean) for mean in result.means],
        "sheet": None if sheet is None else str(sheet),
        "versions": versions(*(making.engine for making in plan.engines.values())),
    }


def _tables(result: Result, each_clip: bool) -> bytes:
    """A table of means over clips for each gap; before it, with `each_clip`, one for each clip."""
    tables = []
    for gap, group in groupby(result.means, key=lambda mean: mean.gap):
        means, rows = list(group), [row for row in result.rows if row.gap == gap]
        clips = means[0].clips
        if each_clip and clips > 1:
            by_clip = groupby(rows, key=lambda row: row.clip)
            tables += [_table(f"gap {gap}: {clip}", list(rows_of_clip)) for clip, rows_of_clip in by_clip]
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
