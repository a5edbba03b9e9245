"""`inbetween run`: pictures in, a film out."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from inbetween.cli import options as o
from inbetween.errors import WordsRefused

if TYPE_CHECKING:
    from inbetween.cli.show import Show, Stop
    from inbetween.plan import Plan, Words

EXAMPLES = """Examples:

  inbetween run start.png end.png -o out.mp4

  inbetween run a.png b.png c.png -o out.gif --loop -n 12

  inbetween run a.png b.png -o frames/ --duration 2s --fps 24 --easing ease-in-out
"""


def run(
    keys: o.Keys = None,
    out: o.Out = None,
    loop: o.Loop = False,
    ping_pong: o.PingPong = False,
    codec: o.Codec = None,
    encoder: o.Encoder = None,
    start_number: o.StartNumber = 0,
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
    engine: o.EngineName = "auto",
    set_: o.Set = None,
    seed: o.Seed = 0,
    device: o.Device = "auto",
    threads: o.Threads = None,
    dry_run: o.DryRun = False,
    record: o.Record = False,
    repeat: o.Repeat = None,
    contact_sheet: o.ContactSheet = None,
    json_: o.Json = False,
    progress: o.ProgressMode = "auto",
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
) -> None:
    """Make the pictures between two or more pictures, and the film of them all."""
    said = dict(locals())
    from inbetween.cli.show import watched

    with watched(progress, quiet, verbose) as (show, stop):
        _run(said, show, stop)


def _run(said: dict[str, Any], show: Show, stop: Stop) -> None:
    from inbetween.plan import plan

    words = _words(said)
    if said["repeat"] is not None:
        words = _repeated(said["repeat"], words, show)
    what = plan(words)
    if said["dry_run"]:
        _say_plan(what, said, show)
        return
    from inbetween import make
    from inbetween.record import sidecar_of, summary

    sidecar = sidecar_of(what) if said["record"] else None
    for extra in filter(None, (sidecar, _sheet(said))):
        make.refuse_extra(extra, what, said["overwrite"])
    stop.patient = True
    made = make.make(what, show, overwrite=said["overwrite"], sheet=_sheet(said))
    facts = {"made": True, **summary(what, made, show.notes)}
    if sidecar is not None:
        make.save(sidecar, json.dumps(facts, indent=1, ensure_ascii=False).encode())
    show.close()
    if said["json_"]:
        typer.echo(json.dumps(facts, ensure_ascii=False))
        return
    height, width = made.output.size
    seconds = float(made.output.duration)
    show.made(
        f"{made.output.count} frames, {width}x{height}, {_rate(what)} fps, {seconds:.2f} s; "
        f"engine {what.engine}, {sum(made.seconds.values()):.1f} s of work"
    )
    typer.echo(what.sink.path)


def _sheet(said: dict[str, Any]) -> Path | None:
    return Path(said["contact_sheet"]) if said["contact_sheet"] else None


def _rate(what: Plan) -> str:
    rate = what.timeline.rate
    return str(rate) if rate.denominator == 1 else f"{float(rate):.3f}"


def _words(said: dict[str, Any]) -> Words:
    from inbetween.plan import Words

    names = [field.name for field in fields(Words)]
    said = {
        **said,
        "keys": tuple(said["keys"] or ()),
        "set": tuple(said["set_"] or ()),
        "out": said["out"] or "",
    }
    if not said["out"] and said["repeat"] is None:
        raise WordsRefused("no output is named", "say where to: -o out.mp4")
    return Words(**{name: said[name] for name in names})


def _repeated(file: str, words: Words, show: Show) -> Words:
    """The record's words; of the command's own only where to, and how it is done, may differ."""
    from inbetween.plan import Words
    from inbetween.record import repeated

    ours = {"out", "threads", "device", "force"}
    nothing = Words((), "")
    extra = [
        f.name
        for f in fields(Words)
        if f.name not in ours and getattr(words, f.name) != getattr(nothing, f.name)
    ]
    if extra:
        name = "keys" if extra[0] == "keys" else "--" + extra[0].replace("_", "-")
        raise WordsRefused(
            f"--repeat takes everything from {file}; {name} would change it", f"leave {name} out"
        )
    recorded = repeated(Path(file), show)
    return replace(recorded, out=words.out or recorded.out, threads=words.threads, force=words.force)


def _say_plan(what: Plan, said: dict[str, Any], show: Show) -> None:
    """Everything that a run would refuse is refused here too; nothing is made."""
    from inbetween import make

    for code, text in what.notes:
        show.note(code, text)
    keys = make.open_keys(what, said["overwrite"], show)
    height, width = keys.size
    if said["json_"]:
        facts = {"made": False, "size": [height, width], **what.to_json(), "notes": show.notes}
        typer.echo(json.dumps(facts, ensure_ascii=False))
        return
    gaps = len(what.timeline.keys) - 1
    rows = {
        "keys": f"{len(what.words.keys)} of {keys.bits} bits"
        + (", with alpha" if keys.channels == 4 else ""),
        "film": f"{what.count} frames, {width}x{height}, {_rate(what)} fps, "
        f"{float(what.count / what.timeline.rate):.2f} s",
        "gaps": f"{gaps}, keys at " + ", ".join(f"{float(key):g}" for key in what.timeline.keys) + " s",
        "engine": f"{what.engine} ({what.why})",
        "output": f"{what.sink.path} ({what.sink.codec})",
    }
    for name, text in rows.items():
        typer.echo(f"{name:<8}{text}")
