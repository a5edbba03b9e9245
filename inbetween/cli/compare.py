"""`inbetween compare`: clips beside each other."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from inbetween.cli import clip_options as c
from inbetween.cli import options as o
from inbetween.cli.streams import data
from inbetween.errors import UsageError

if TYPE_CHECKING:
    from inbetween.cli.console import Show, Stop

EXAMPLES = """Examples:

  inbetween compare clip.mp4 smooth.mp4 -o side.mp4

  inbetween compare a.mp4 b.mp4 -o split.mp4 --as split

  inbetween compare truth.mp4 a.mp4 b.mp4 -o differences.mkv --as difference
"""


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
    """Show two or more clips in one film: side by side, as parts of one picture, or what differs."""
    said = dict(locals())
    from inbetween.cli.console import watched

    with watched(progress, quiet, verbose) as (show, stop):
        _compare(said, show, stop)


def _compare(said: dict[str, Any], show: Show, stop: Stop) -> None:
    from inbetween.video import sinks

    clips, way = said["clips"] or [], said["way"]
    o.one_of("--as", way, c.WAYS)
    if len(clips) < 2:
        raise UsageError("a comparison needs two clips or more", "inbetween compare a.mp4 b.mp4 -o side.mp4")
    if not said["out"]:
        raise UsageError("no output is named", "say where to: -o side.mp4")
    sink = sinks.parse(said["out"])
    show.sink, stop.patient = sink, True
    from inbetween.compare import compare, names

    written, ratios = compare(clips, sink, way, show, overwrite=said["overwrite"])
    show.close()
    if said["json_"]:
        facts = {"as": way, "clips": clips, "psnr": [round(ratio, 3) for ratio in ratios], "frames": written.count}
        size, bytes_ = list(written.size), written.bytes
        text = json.dumps({**facts, "size": size, "seconds": float(written.duration), "bytes": bytes_})
        data(text.encode("utf-8", "backslashreplace"))
        return
    first, *others = names(clips)
    told = ", ".join(f"{name} {ratio:.2f} dB" for name, ratio in zip(others, ratios, strict=True))
    height, width = written.size
    show.made(f"{written.count} frames, {width}x{height}, {float(written.duration):.2f} s; PSNR to {first}: {told}")
    data(os.fsencode(written.path))
