"""The report of a batch: report.json for programs, report.html for people. Both are files that need nothing else."""

from __future__ import annotations

import base64
import html
import json
import os
from collections.abc import Mapping
from io import BytesIO
from typing import Any

from inbetween.batch.film import Outcome
from inbetween.batch.jobs import Job, Place
from inbetween.batch.run import Result, sheet_of
from inbetween.sidecars import save

SHEET_WIDTH = 960
"""The most pixels of the width of a contact sheet in the page: 500 of them stay below 50 MB. Chosen by eye."""
STYLE = """
:root { color-scheme: light dark; --line: #8884; --dim: #888; --bad: #c62828; --doubt: #b26a00; --good: #2e7d32 }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 68rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.4rem } h2 { font-size: 1.05rem; margin: 0; overflow-wrap: anywhere }
.counts span { margin-right: 1.5rem }
.bad { color: var(--bad) } .doubt { color: var(--doubt) } .good { color: var(--good) }
article { border-top: 1px solid var(--line); padding: 1rem 0 } p { margin: .3rem 0 }
img { max-width: 100%; height: auto; margin-top: .5rem } .dim { color: var(--dim) }
pre { overflow-x: auto; font-size: 12px }
"""


def write(result: Result, place: Place, versions: Mapping[str, str]) -> None:
    """Write both reports into the output folder, whole or not at all.

    Args:
        result: what became of the jobs.
        place: the output folder.
        versions: of the software, by name.

    Raises:
        InbetweenError: the disk refuses.
    """
    rows = [as_json(job, result) for job in result.jobs]
    whole = {"made": result.made, "kept": len(result.kept), "failed": result.failed, "jobs": rows, "versions": versions}
    save(place.root / "report.json", json.dumps(whole, indent=1).encode("utf-8", "backslashreplace"))
    save(place.root / "report.html", page(result, place, versions).encode("utf-8", "backslashreplace"))


def as_json(job: Job, result: Result) -> dict[str, object]:
    """What became of a job, as plain values."""
    outcome = result.outcomes.get(job.name)
    state = (
        "waiting"
        if outcome is None
        else "failed"
        if not outcome.made
        else "kept"
        if job.name in result.kept
        else "made"
    )
    found: dict[str, object] = {"item": job.number, "name": job.name, "where": job.where, "command": job.command}
    found |= {"state": state, "inputs": list(job.inputs)}
    if outcome is not None:
        found |= {"film": outcome.facts} if outcome.made else {"error": outcome.error}
    return found


def doubt(outcome: Outcome) -> float:
    """How doubtful the worst gap of a film is, from 0 for no doubt on."""
    notes = outcome.facts.get("notes", [])
    found = [float(note.get("doubt", note.get("worst", 0))) for note in notes if note.get("code") == "doubt"]
    return max(found, default=0.0)


def page(result: Result, place: Place, versions: Mapping[str, str]) -> str:
    """The report as a web page. What needs a look comes first: failures, then films by their doubt."""

    def order(job: Job) -> tuple[int, float, int]:
        outcome = result.outcomes.get(job.name)
        if outcome is None:
            return 2, 0.0, job.number
        return (1, -doubt(outcome), job.number) if outcome.made else (0, 0.0, job.number)

    waiting = len(result.jobs) - len(result.outcomes)
    counts = [
        ("bad", result.failed, "failed"),
        ("good", result.made, "made"),
        ("dim", len(result.kept), "made before"),
        ("dim", waiting, "waiting"),
    ]
    head = "".join(f'<span class="{kind}">{count} {text}</span>' for kind, count, text in counts if count)
    body = "".join(_article(job, result.outcomes.get(job.name), place) for job in sorted(result.jobs, key=order))
    made_by = ", ".join(f"{name} {version}" for name, version in versions.items())
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{len(result.jobs)} films</title><style>{STYLE}</style>"
        f'<h1>{len(result.jobs)} films in {_text(place.root)}</h1><p class="counts">{head}</p>{body}'
        f'<p class="dim">{_text(made_by)}</p></html>'
    )


def _article(job: Job, outcome: Outcome | None, place: Place) -> str:
    lines = [f"<h2>{_text(job.name)}</h2>", f'<p class="dim">{_text(job.where)}</p>']
    if outcome is None:
        lines.append("<p>not made yet</p>")
    elif not outcome.made:
        error = {name: _text(text, "\n") for name, text in outcome.error.items()}
        lines.append(f'<p class="bad">{error.get("message", "")}</p><p>{error.get("hint", "")}</p>')
        if error.get("traceback"):
            lines.append(f"<details><summary>traceback</summary><pre>{error['traceback']}</pre></details>")
    else:
        lines += _film(outcome.facts)
        picture = _sheet(sheet_of(place, job.name))
        if picture:
            lines.append(f'<img loading="lazy" alt="frames of {_text(job.name)}" src="{picture}">')
    return f"<article>{''.join(lines)}</article>"


def _film(facts: Mapping[str, Any]) -> list[str]:
    """Facts about a film, for the page."""
    output, seconds = facts.get("output", {}), facts.get("seconds", {})
    height, width = output.get("size", (0, 0))
    weights = ", ".join(f"{one['name']} ({one['licence']})" for one in facts.get("weights", []))
    options = ", ".join(f"{name}={value}" for name, value in facts.get("options", {}).items())
    text = (
        f"{output.get('count')} frames, {width}x{height}, {facts.get('fps')} fps; engine {facts.get('engine')}"
        f" ({facts.get('licence')}){f', weights {weights}' if weights else ''}; {sum(seconds.values()):.1f} s"
    )
    lines = [f"<p>{_text(text)}</p>"]
    if options:
        lines.append(f'<p class="dim">{_text(options)}</p>')
    for note in facts.get("notes", []):
        kind = "doubt" if note.get("code") == "doubt" else "dim"
        lines.append(f'<p class="{kind}">{_text(note.get("text", ""))}</p>')
    return lines


def _text(value: object, kept: str = "") -> str:
    """A text for the page: what a terminal or a browser would obey is made visible, except the characters in `kept`."""
    letters = (one if one.isprintable() or one in kept else ascii(one)[1:-1] for one in str(value))
    return html.escape("".join(letters))


def _sheet(path: str) -> str:
    """A contact sheet as a data URL, reduced; "" where there is none."""
    from PIL import Image

    if not os.path.isfile(path):
        return ""
    with Image.open(path) as image:
        image.thumbnail((SHEET_WIDTH, SHEET_WIDTH * 4))
        out = BytesIO()
        image.convert("RGB").save(out, "JPEG", quality=80)
    return "data:image/jpeg;base64," + base64.b64encode(out.getvalue()).decode()
