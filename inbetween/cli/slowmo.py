"""`inbetween slowmo`: a clip in, more of its time out."""

from __future__ import annotations

import os
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from inbetween.cli import clip_options as c
from inbetween.cli import options as o
from inbetween.cli.repeat import clip_repeated
from inbetween.cli.run import as_json, film_words, rate_of
from inbetween.cli.sidecars import sidecars_of
from inbetween.cli.streams import data, one_line
from inbetween.errors import UsageError

if TYPE_CHECKING:
    from inbetween.cli.console import Show
    from inbetween.slowmo.request import ClipRequest, Slow

EXAMPLES = """Examples:

  inbetween slowmo clip.mp4 --factor 4 -o slow.mp4

  inbetween slowmo clip.mp4 --fps 60 -o smooth.mp4

  inbetween slowmo clip.mp4 --speed "0:1, 2s:0.25, 3s:1" -o ramp.mp4

  inbetween slowmo frames/ --input-fps 12 --fps 24 -o film.mp4
"""


def slowmo(
    clip: c.ClipNames = None,
    out: o.Out = None,
    preset: o.Preset = None,
    codec: o.Codec = None,
    encoder: o.Encoder = None,
    start_number: o.StartNumber = "0",
    sound: c.Sound = "keep",
    overwrite: o.Overwrite = False,
    factor: c.Factor = None,
    fps: c.ClipFps = None,
    duration: c.ClipDuration = None,
    speed: c.Speed = None,
    easing: c.SpeedEasing = "linear",
    end: c.End = "hold",
    since: c.Since = None,
    until: c.Until = None,
    input_fps: c.InputFps = None,
    holes: c.Holes = False,
    deinterlace: c.Deinterlace = False,
    cuts: c.Cuts = "auto",
    at_cut: c.AtCut = "hold",
    repeats: c.Repeats = "auto",
    size: c.ClipSize = None,
    fit: c.ClipFit = None,
    protect: c.Protect = None,
    force: o.Force = False,
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
    """Slow a clip down, or give it more frames per second.

    The frames of the clip stay as they are, and new ones are made between them.
    """
    said = dict(locals())
    from inbetween.cli.console import watched

    with watched(progress, quiet, verbose) as show:
        _slowmo(said, show)


def _slowmo(said: dict[str, Any], show: Show) -> None:
    from inbetween.report import Collect
    from inbetween.slowmo.request import plan

    words, report = _words(said), Collect(show)
    if said["repeat"] is not None:
        words = clip_repeated(said["repeat"], words, report)
    slow = plan(words)
    also = sidecars_of(said, slow.base)
    from inbetween import produce
    from inbetween.cli.previews import previews
    from inbetween.record.clip import summary
    from inbetween.slowmo.produce import look, make_film

    if said["dry_run"]:
        found = look(slow, said["overwrite"], report)
        show.close()
        _say_plan(slow, summary(found, None, report.notes, show), said["json_"])
        return
    with show.making(slow.base.sink), previews(report, also.preview, also.every) as watching:
        result = make_film(slow, watching, overwrite=said["overwrite"], sheet=also.sheet)
    made = result.made
    with show.recording(slow.base.sink.path):
        facts = summary(result.found, made, report.notes, show) if said["record"] or said["json_"] else {}
        if also.record is not None:
            produce.save(also.record, as_json(facts, indent=1))
    show.close()
    if said["json_"]:
        data(as_json(facts))
        return
    height, width = made.output.size
    show.made(
        f"{made.output.count} frames, {width}x{height}, {rate_of(result.found.grid.rate)} fps, "
        f"{float(made.output.duration):.2f} s; engine {slow.base.engine}, {sum(made.seconds.values()):.1f} s of work"
    )
    data(os.fsencode(slow.base.sink.path))


def _words(said: dict[str, Any]) -> ClipRequest:
    from inbetween.slowmo.request import ClipRequest

    clips = said["clip"] or [""]
    if len(clips) > 1:
        hint = "take one at a time; of pictures name the folder, or write the pattern in quotes: 'f_*.png'"
        raise UsageError(f"`{clips[1]}` is one clip too many", hint)
    ours = {field.name for field in fields(ClipRequest)} - {"film", "clip"}
    return ClipRequest(clips[0], film_words(said, ours), **{name: said[name] for name in ours})


def _say_plan(slow: Slow, facts: dict[str, Any], as_object: bool) -> None:
    if as_object:
        data(as_json(facts))
        return
    clip = facts["clip"]
    (height, width), (high, wide) = clip["size"], facts["size"]
    cuts = [f"{time:.3f}" for time in facts["cuts"]]
    pictures = f"{clip['count']} pictures, {width}x{height}, {clip['bits']} bits"
    rows = {
        "clip": pictures
        + (", with alpha" if clip["channels"] == 4 else "")
        + f", {rate_of(clip['fps'])} fps, {clip['duration']:.2f} s",
        "film": f"{facts['frames']} frames, {wide}x{high}, {rate_of(facts['fps'])} fps, {facts['seconds_shown']:.2f} s",
        "cuts": f"{len(cuts)}" + (f", at {' '.join(cuts)} s" if cuts else ""),
        "repeats": f"{facts['repeats']} pictures",
        "engine": f"{slow.base.engine} ({slow.base.why})",
        "output": f"{one_line(slow.base.sink.path)} ({slow.base.sink.codec})",
    }
    for name, text in rows.items():
        data(f"{name:<9}{text}".encode("utf-8", "surrogateescape"))
