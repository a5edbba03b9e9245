"""`inbetween run`: makes a film from pictures."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING

from inbetween.cli import answers
from inbetween.cli import options as o
from inbetween.cli.answers import as_json
from inbetween.cli.repeat import repeated
from inbetween.cli.sidecars import Display, Sidecars, sidecars_of
from inbetween.cli.streams import data, one_line
from inbetween.request import RunRequest

if TYPE_CHECKING:
    from inbetween.cli.console import Show
    from inbetween.plan import FilmPlan
    from inbetween.produce import Made
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
    request = RunRequest(
        keys=tuple(keys or ()), out=out or "", loop=loop, ping_pong=ping_pong, preset=preset, codec=codec,
        encoder=encoder, start_number=o.number("--start-number", start_number, 0), frames=o.whole("-n", frames),
        fps=fps, duration=duration, at=at, easing=easing, size=size, fit=fit, keyframes=keyframes,
        if_unrelated=if_unrelated, force=force, drag=tuple(drag or ()), motion=motion, engine=engine,
        set=tuple(set_ or ()), seed=o.number("--seed", seed), device=device, threads=o.whole("--threads", threads, 1),
        weights=weights, memory=memory, max_vram=max_vram, commercial_only=commercial_only,
    )  # fmt: skip
    display = Display(
        overwrite=overwrite, dry_run=dry_run, record=record, contact_sheet=contact_sheet, preview=preview, json=json_,
        progress=progress, quiet=quiet, verbose=verbose,
    )  # fmt: skip
    _run(request, repeat, display)


def _run(request: RunRequest, record: str | None, display: Display) -> None:
    """Make the film of a request, or of a record."""
    from inbetween.cli.console import watched

    with watched(display.progress, display.quiet, display.verbose) as show:
        from inbetween.plan import plan
        from inbetween.report import Collect

        report = Collect(show)
        chosen = plan(request if record is None else repeated(record, request, report))
        beside = sidecars_of(display, chosen.sink, chosen.making.engine, chosen.key_paths)
        if display.dry_run:
            _show_plan(chosen, display, show, report)
        else:
            _make(chosen, display, beside, show, report)


def _make(plan: FilmPlan, display: Display, beside: Sidecars, show: Show, report: Collect) -> None:
    """Make a film and the files beside it, and print the answer."""
    from inbetween.cli.previews import previews
    from inbetween.interpolation import make
    from inbetween.record.run import summary
    from inbetween.sidecars import finish, save, save_sheet

    with show.making(plan.sink), previews(report, beside.preview, beside.every) as watching:
        made = make(plan, watching, overwrite=display.overwrite, beside=beside.any)
    with show.recording(plan.sink.path):
        if beside.sheet is not None:
            save_sheet(beside.sheet, plan.sink, made.output.count, plan.timeline.rate, show)
        facts = {"made": True, **summary(plan, made, report.notes, show)} if display.record or display.json else {}
        if beside.record is not None:
            save(beside.record, as_json(facts, indent=1), plan.sink)
        finish(plan.sink)
    show.close()
    if display.json:
        answers.answer("run", facts, outputs=[made.output.path, *beside.written], notes=report.notes)
    else:
        show_made(made, plan.timeline.rate, plan.making.engine.name, show)


def show_made(made: Made, rate: Fraction, engine: str, show: Show) -> None:
    """Print the answer of a command that made a film, for people: a line about it, and its path.

    Args:
        made: the film.
        rate: its frames per second.
        engine: the name of the engine.
        show: shows the line for people.
    """
    (height, width), count = made.output.size, made.output.count
    show.made(
        f"{count} frames, {width}x{height}, {rate_of(rate)} fps, {float(made.output.duration):.2f} s; "
        f"engine {engine}, {sum(made.seconds.values()):.1f} s of work"
    )
    answers.path(made.output.path)


def rate_of(rate: Fraction | str) -> str:
    """A frame rate as text for people: "25" or "23.976"."""
    rate = Fraction(rate)
    return str(rate) if rate.denominator == 1 else f"{float(rate):.3f}"


def _show_plan(plan: FilmPlan, display: Display, show: Show, report: Collect) -> None:
    """Refuse everything that making the film would refuse, and show the plan. Nothing is made."""
    from inbetween.interpolation import try_out
    from inbetween.video.sinks import film_size

    for code, text in plan.notes:
        report.note(code, text)
    keys = try_out(plan, display.overwrite, report)
    show.close()
    height, width = film_size(plan.sink, keys.size)
    if display.json:
        answers.answer("run", {"size": [height, width], **plan.to_json()}, notes=report.notes)
        return
    times = [f"{float(key):g}" for key in plan.timeline.keys]
    if len(times) > 12:
        times[5:-1] = ["…"]
    rate = plan.timeline.rate
    rows = {
        "keys": f"{len(plan.request.keys)} of {keys.bits} bits" + (", with alpha" if keys.channels == 4 else ""),
        "film": f"{plan.count} frames, {width}x{height}, {rate_of(rate)} fps, {float(plan.count / rate):.2f} s",
        "gaps": f"{len(plan.timeline.keys) - 1}, keys at {', '.join(times)} s",
        "engine": f"{plan.making.engine.name} ({plan.making.why})",
        "output": f"{one_line(plan.sink.path)} ({plan.sink.codec})",
    }
    show_rows(rows, 8)


def show_rows(rows: Mapping[str, str], width: int) -> None:
    """Print lines for people to stdout, each beginning with its name, which fills `width` columns."""
    for name, text in rows.items():
        data(f"{name:<{width}}{text}".encode("utf-8", "surrogateescape"))
