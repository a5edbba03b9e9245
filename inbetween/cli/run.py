"""`inbetween run`: pictures in, a film out."""

from __future__ import annotations

import json
import os
from collections.abc import Collection
from dataclasses import fields
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from inbetween.cli import options as o
from inbetween.cli.repeat import repeated
from inbetween.cli.sidecars import sidecars_of
from inbetween.cli.streams import data, one_line

if TYPE_CHECKING:
    from inbetween.cli.console import Show
    from inbetween.plan import Plan, RunRequest
    from inbetween.report import Collect

EXAMPLES = """Examples:

  inbetween run start.png end.png -o out.mp4

  inbetween run a.png b.png c.png -o out.gif --loop -n 12

  inbetween run a.png b.png -o frames/ --duration 2s --easing ease-in-out
"""


def run(
    keys: o.Keys = None,
    out: o.Out = None,
    loop: o.Loop = False,
    ping_pong: o.PingPong = False,
    preset: o.Preset = None,
    codec: o.Codec = None,
    encoder: o.Encoder = None,
    start_number: o.StartNumber = "0",
    overwrite: o.Overwrite = False,
    frames: o.Frames = None,
    fps: o.Fps = None,
    duration: o.Duration = None,
    at: o.At = None,
    easing: o.Easing = "linear",
    size: o.Size = None,
    fit: o.Fit = None,
    keyframes: o.Keyframes = "own",
    if_unrelated: o.IfUnrelated = "blend",
    force: o.Force = False,
    drag: o.Drag = None,
    motion: o.MotionFile = None,
    engine: o.EngineName = "auto",
    set_: o.Set = None,
    seed: o.Seed = "0",
    device: o.Device = "auto",
    threads: o.Threads = None,
    weights: o.Weights = None,
    memory: o.Memory = "auto",
    max_vram: o.MaxVram = None,
    commercial_only: o.CommercialOnly = False,
    dry_run: o.DryRun = False,
    record: o.Record = False,
    repeat: o.Repeat = None,
    contact_sheet: o.ContactSheet = None,
    preview: o.Preview = None,
    json_: o.Json = False,
    progress: o.ProgressMode = "auto",
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
) -> None:
    """Make the frames between two or more pictures, and a film."""
    said = dict(locals())
    from inbetween.cli.console import watched

    with watched(progress, quiet, verbose) as show:
        _run(said, show)


def _run(said: dict[str, Any], show: Show) -> None:
    from inbetween.plan import plan
    from inbetween.report import Collect

    words, report = _words(said), Collect(show)
    if said["repeat"] is not None:
        words = repeated(said["repeat"], words, report)
    what = plan(words)
    also = sidecars_of(said, what)
    if said["dry_run"]:
        _say_plan(what, said, show, report)
        return
    from inbetween import produce
    from inbetween.cli.previews import previews
    from inbetween.record.run import summary

    with show.making(what.sink), previews(report, also.preview, also.every) as watching:
        made = produce.make(what, watching, overwrite=said["overwrite"], sheet=also.sheet)
    with show.recording(what.sink.path):
        facts = {"made": True, **summary(what, made, report.notes, show)} if said["record"] or said["json_"] else {}
        if also.record is not None:
            produce.save(also.record, as_json(facts, indent=1))
    show.close()
    if said["json_"]:
        data(as_json(facts))
        return
    height, width = made.output.size
    seconds = float(made.output.duration)
    show.made(
        f"{made.output.count} frames, {width}x{height}, {rate_of(what.timeline.rate)} fps, {seconds:.2f} s; "
        f"engine {what.engine}, {sum(made.seconds.values()):.1f} s of work"
    )
    data(os.fsencode(what.sink.path))


def as_json(facts: dict[str, Any], indent: int | None = None) -> bytes:
    """One object, for programs."""
    # A byte of a name that is no UTF-8 becomes a \udcXX, which JSON takes and Python makes that byte again.
    return json.dumps(facts, indent=indent, ensure_ascii=False).encode("utf-8", "backslashreplace")


def rate_of(rate: Fraction | str) -> str:
    """For people: 25 or 23.976."""
    rate = Fraction(rate)
    return str(rate) if rate.denominator == 1 else f"{float(rate):.3f}"


def _words(said: dict[str, Any]) -> RunRequest:
    ours = {
        "keys": tuple(said["keys"] or ()),
        "drag": tuple(said["drag"] or ()),
        "frames": o.whole("-n", said["frames"]),
    }
    return film_words({**said, **ours})


def film_words(said: dict[str, Any], without: Collection[str] = ()) -> RunRequest:
    """Those of the options that are words of a plan, but not those `without` it.

    Raises:
        UsageError: one is no number.
    """
    from inbetween.plan import RunRequest

    ours = {
        "keys": (),
        **said,
        "set": tuple(said["set_"] or ()),
        "out": said["out"] or "",
        "threads": o.whole("--threads", said["threads"], 1),
        "start_number": o.whole("--start-number", said["start_number"], 0),
        "seed": o.whole("--seed", said["seed"]),
    }
    names = [field.name for field in fields(RunRequest) if field.name in ours and field.name not in without]
    return RunRequest(**{name: ours[name] for name in names})


def _say_plan(what: Plan, said: dict[str, Any], show: Show, report: Collect) -> None:
    """Everything that a run would refuse is refused here too; nothing is made."""
    from inbetween import produce
    from inbetween.video.sinks import film_size

    for code, text in what.notes:
        report.note(code, text)
    keys = produce.try_out(what, said["overwrite"], report)
    show.close()
    height, width = film_size(what.sink, keys.size)
    if said["json_"]:
        facts = {"made": False, "size": [height, width], **what.to_json(), "notes": report.notes}
        data(as_json(facts))
        return
    times = [f"{float(key):g}" for key in what.timeline.keys]
    if len(times) > 12:
        times[5:-1] = ["…"]
    rows = {
        "keys": f"{len(what.words.keys)} of {keys.bits} bits" + (", with alpha" if keys.channels == 4 else ""),
        "film": f"{what.count} frames, {width}x{height}, {rate_of(what.timeline.rate)} fps, "
        f"{float(what.count / what.timeline.rate):.2f} s",
        "gaps": f"{len(what.timeline.keys) - 1}, keys at {', '.join(times)} s",
        "engine": f"{what.engine} ({what.why})",
        "output": f"{one_line(what.sink.path)} ({what.sink.codec})",
    }
    for name, text in rows.items():
        data(f"{name:<8}{text}".encode("utf-8", "surrogateescape"))
