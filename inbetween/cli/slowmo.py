"""`inbetween slowmo`: makes slow motion, and more frames per second, of a clip."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from inbetween.cli import answers
from inbetween.cli import clip_options as c
from inbetween.cli import options as o
from inbetween.cli.answers import as_json
from inbetween.cli.repeat import clip_repeated
from inbetween.cli.run import rate_of, show_made, show_rows
from inbetween.cli.sidecars import Display, Sidecars, sidecars_of
from inbetween.cli.streams import one_line
from inbetween.errors import UsageError
from inbetween.request import ClipRequest

if TYPE_CHECKING:
    from inbetween.cli.console import Show
    from inbetween.report import Collect
    from inbetween.retime.plan import ClipFilmPlan

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
    """Slow a clip down, or give it more frames per second."""
    request = ClipRequest(
        clip=one_clip(clip), out=out or "", preset=preset, codec=codec, encoder=encoder, sound=sound, factor=factor,
        start_number=o.number("--start-number", start_number, 0), fps=fps, duration=duration, speed=speed, end=end,
        easing=easing, since=since, until=until, input_fps=input_fps, holes=holes, deinterlace=deinterlace, cuts=cuts,
        at_cut=at_cut, repeats=repeats, size=size, fit=fit, protect=protect, force=force, engine=engine, device=device,
        set=tuple(set_ or ()), seed=o.number("--seed", seed), threads=o.whole("--threads", threads, 1),
        weights=weights, memory=memory, max_vram=max_vram, commercial_only=commercial_only,
    )  # fmt: skip
    _slowmo(request, repeat, Display(
        overwrite=overwrite, dry_run=dry_run, record=record, contact_sheet=contact_sheet, preview=preview, json=json_,
        progress=progress, quiet=quiet, verbose=verbose,
    ))  # fmt: skip


def one_clip(clips: Sequence[str] | None) -> str:
    """The clip that the user named, or "" for none.

    Raises:
        UsageError: the user named more than one.
    """
    if clips and len(clips) > 1:
        hint = "name one at a time; for pictures name the folder, or write the pattern in quotes: 'f_*.png'"
        raise UsageError(f"`{clips[1]}` is one clip too many", hint)
    return clips[0] if clips else ""


def _slowmo(request: ClipRequest, record: str | None, display: Display) -> None:
    """Make the film of a request, or of a record."""
    from inbetween.cli.console import watched

    with watched(display.progress, display.quiet, display.verbose) as show:
        from inbetween.report import Collect
        from inbetween.retime.plan import plan

        report = Collect(show)
        chosen = plan(request if record is None else clip_repeated(record, request, report))
        inputs = [Path(one) for one in (chosen.request.clip, chosen.request.protect) if one]
        beside = sidecars_of(display, chosen.sink, chosen.making.engine, inputs)
        if display.dry_run:
            _show_plan(chosen, display, show, report)
        else:
            _make(chosen, display, beside, show, report)


def _make(plan: ClipFilmPlan, display: Display, beside: Sidecars, show: Show, report: Collect) -> None:
    """Make a film and the files beside it, and print the answer."""
    from inbetween.cli.previews import previews
    from inbetween.record.clip import summary
    from inbetween.retime.produce import make_film
    from inbetween.sidecars import finish, save, save_sheet

    with show.making(plan.sink), previews(report, beside.preview, beside.every) as watching:
        result = make_film(plan, watching, overwrite=display.overwrite, beside=beside.any)
    film, made = result.film, result.made
    with show.recording(plan.sink.path):
        if beside.sheet is not None:
            save_sheet(beside.sheet, plan.sink, made.output.count, film.clip.grid.rate, show)
        facts = summary(film, made, report.notes, show) if display.record or display.json else {}
        if beside.record is not None:
            save(beside.record, as_json(facts, indent=1), plan.sink)
        finish(plan.sink)
    show.close()
    if display.json:
        answers.answer("slowmo", facts, outputs=[made.output.path, *beside.written], notes=report.notes)
    else:
        show_made(made, film.clip.grid.rate, plan.making.engine.name, show)


def _show_plan(plan: ClipFilmPlan, display: Display, show: Show, report: Collect) -> None:
    """Refuse everything that making the film would refuse, and show the plan. Nothing is made."""
    from inbetween.record.clip import summary
    from inbetween.retime.produce import look
    from inbetween.video.sinks import film_size

    film = look(plan, display.overwrite, report)
    show.close()
    if display.json:
        answers.answer("slowmo", summary(film, None, report.notes, show), notes=report.notes)
        return
    opened, grid = film.clip, film.clip.grid
    clip, findings = opened.clip, opened.findings.within(opened.clip.duration)
    (height, width), (high, wide) = opened.whole.size, film_size(film.sink, clip.size)
    cuts = [f"{float(time + opened.since):.3f}" for time in sorted(findings.cuts)]
    alpha = ", with alpha" if clip.channels == 4 else ""
    show_rows(
        {
            "clip": f"{clip.count} frames, {width}x{height}, {clip.bits} bits{alpha}, {rate_of(clip.rate)} fps, "
            f"{float(clip.duration):.2f} s",
            "film": f"{grid.count} frames, {wide}x{high}, {rate_of(grid.rate)} fps, "
            f"{float(grid.count / grid.rate):.2f} s",
            "cuts": f"{len(cuts)}" + (f", at {' '.join(cuts)} s" if cuts else ""),
            "repeats": f"{len(findings.repeats)} frames",
            "engine": f"{plan.making.engine.name} ({plan.making.why})",
            "output": f"{one_line(plan.sink.path)} ({plan.sink.codec})",
        },
        9,
    )
