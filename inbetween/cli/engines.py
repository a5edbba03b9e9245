"""`inbetween engines`: the engines, what they need, and what they may be used for."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated

import typer

from inbetween.cli import answers
from inbetween.cli.help import ENGINE, SAID, option

if TYPE_CHECKING:
    from inbetween.engine import Engine

Name = Annotated[
    str | None,
    typer.Argument(
        metavar="[NAME]",
        help="An engine, to see its options. Default: the list of all engines.",
        show_default=False,
        rich_help_panel=ENGINE,
    ),
]
COMMERCIAL = {True: "yes", False: "no", None: "unknown"}
AsJson = Annotated[bool, option("--json", group=SAID, help="Print JSON.")]


def engines(name: Name = None, as_json: AsJson = False) -> None:
    """List the engines, or show one and its options."""
    from inbetween.engines import get, names

    chosen = [get(n) for n in ([name] if name else names())]
    if as_json:
        answers.answer("engines", {"engines": [_facts(engine) for engine in chosen]})
    elif name:
        _show_one(chosen[0])
    else:
        _show_table(chosen)


def _facts(engine: Engine) -> dict[str, object]:
    """The facts about an engine as plain values, for `--json`."""
    from inbetween.plan import commercial
    from inbetween.weights import store

    return {
        "name": engine.name,
        "title": engine.title,
        "needs": list(engine.needs),
        "devices": list(engine.devices),
        "licence": engine.licence,
        "commercial": commercial(engine),
        "installed": store.installed(engine.needs),
        "paper": engine.paper,
        "frames": None if engine.lengths is None else [count for count in engine.lengths.counts if count > 2],
        "fps": None if engine.fps is None else str(engine.fps),
        "options": [
            {"name": field.name, "default": field.default, **field.metadata}
            for field in dataclasses.fields(engine.Options)
        ],
    }


def _show_table(chosen: list[Engine]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from inbetween.plan import commercial
    from inbetween.weights import store

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("engine", "what it is", "needs", "licence", "commercial", "installed"):
        table.add_column(column)
    for engine in chosen:
        table.add_row(
            engine.name,
            engine.title,
            ", ".join(engine.needs) or "nothing",
            engine.licence,
            COMMERCIAL[commercial(engine)],
            "yes" if store.installed(engine.needs) else "no",
        )
    Console(highlight=False).print(table)
    typer.echo("For the options of one of them: inbetween engines NAME")


def _show_one(engine: Engine) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from inbetween.plan import commercial
    from inbetween.sizes import counts_text
    from inbetween.weights import store

    console = Console(highlight=False)
    rows = {
        "needs": ", ".join(engine.needs) or "nothing; it works at once",
        "runs on": ", ".join(engine.devices),
        "frames": "" if engine.lengths is None else f"{counts_text(engine.lengths)} at once, both keys included",
        "rate": "" if engine.fps is None else f"trained on clips of {float(engine.fps):g} frames per second",
        "licence": f"{engine.licence} (the code)" if engine.needs else engine.licence,
        "weights": "; ".join(f"{one.title}: {one.licence}" for one in map(store.get, engine.needs)),
        "commercial": COMMERCIAL[commercial(engine)],
        "paper": engine.paper,
    }
    console.print(f"{engine.name}: {engine.title}")
    for label, text in rows.items():
        if text:
            console.print(f"  {label:<11}{text}", markup=False)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("--set", "default", "values", "what it does"):
        table.add_column(column)
    for field in dataclasses.fields(engine.Options):
        default = str(field.default).lower() if isinstance(field.default, bool) else str(field.default)
        table.add_row(field.name, default, _values(field), field.metadata["help"])
    console.print(table)


def _values(field: dataclasses.Field[object]) -> str:
    """The values that an option of an engine accepts, as text."""
    low, high, choices = (field.metadata[key] for key in ("low", "high", "choices"))
    if choices:
        return ", ".join(choices)
    if isinstance(field.default, bool):
        return "true, false"
    if low is not None and high is not None:
        return f"{low} to {high}"
    return type(field.default).__name__ if low is None else f"from {low}"
