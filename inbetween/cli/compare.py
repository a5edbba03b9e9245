"""`inbetween compare`: two or more clips in one film."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inbetween.cli import answers
from inbetween.cli import clip_options as c
from inbetween.cli import options as o
from inbetween.errors import UsageError

if TYPE_CHECKING:
    from inbetween.cli.console import Show

EXAMPLES = """Examples:

  inbetween compare clip.mp4 smooth.mp4 -o side.mp4

  inbetween compare a.mp4 b.mp4 -o split.mp4 --as split

  inbetween compare truth.mp4 a.mp4 b.mp4 -o differences.mkv --as difference
"""


@dataclass(frozen=True)
class CompareRequest:
    """All that the user asked `compare` for, as written."""

    clips: tuple[str, ...]
    out: str | None
    way: str
    overwrite: bool
    json: bool
    """Whether the answer is a JSON object."""


def compare(
    clips: c.Compared = None,
    out: o.Out = None,
    way: c.Way = "side",
    overwrite: o.Overwrite = False,
    json_: o.Json = False,
    progress: o.ProgressMode = "auto",
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
) -> None:
    """Show two or more clips in one film.

    They are side by side, or parts of one picture, or the film shows how they differ.
    """
    from inbetween.cli.console import watched

    request = CompareRequest(clips=tuple(clips or ()), out=out, way=way, overwrite=overwrite, json=json_)
    with watched(progress, quiet, verbose) as show:
        _compare(request, show)


def _compare(request: CompareRequest, show: Show) -> None:
    from inbetween.video import sinks

    clips, way = request.clips, request.way
    o.one_of("--as", way, c.WAYS)
    if len(clips) < 2:
        raise UsageError("a comparison needs two clips or more", "inbetween compare a.mp4 b.mp4 -o side.mp4")
    if not request.out:
        raise UsageError("no output is named", "say where to: -o side.mp4")
    sink = sinks.parse(request.out)
    from inbetween.compare import compare, names
    from inbetween.report import Collect

    report = Collect(show)

    with show.making(sink):
        written, ratios = compare(clips, sink, way, report, overwrite=request.overwrite)
    show.close()
    height, width = written.size
    if request.json:
        facts = {
            "as": way,
            "clips": clips,
            "psnr": [round(ratio, 3) for ratio in ratios],
            "frames": written.count,
            "size": [height, width],
            "seconds": float(written.duration),
            "bytes": written.bytes,
        }
        answers.answer("compare", facts, made=True, outputs=[written.path], notes=report.notes)
        return
    first, *others = names(clips)
    psnr = ", ".join(f"{name} {ratio:.2f} dB" for name, ratio in zip(others, ratios, strict=True))
    seconds = float(written.duration)
    show.made(f"{written.count} frames, {width}x{height}, {seconds:.2f} s; PSNR against {first}: {psnr}")
    answers.path(written.path)
