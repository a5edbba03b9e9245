"""`inbetween models`: networks' weights, what they may be used for, and how they get here."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from inbetween.cli import options as o
from inbetween.cli.help import SAID, WORK, Grouped, option
from inbetween.cli.streams import data, say
from inbetween.errors import InbetweenError
from inbetween.weights import store
from inbetween.weights.table import WEIGHTS, File, Folder, Published

if TYPE_CHECKING:
    from inbetween.cli.console import Show

ASKED = 1_000_000_000
"""Downloads of so many bytes are asked about."""
HELP = """List, get, check and remove the weights of networks.

An engine with networks needs their weights: files that others have made, each under a licence of its own. They
lie in a folder per name in the folder of --weights or INBETWEEN_WEIGHTS, else in ~/.cache/inbetween; what the
Hugging Face Hub's own cache has is used too. Nothing is downloaded unless you say `pull`.
"""
EXAMPLES = """Without a command: the list.

Examples:

  inbetween models show svd-xt-1.1

  inbetween models pull svd-xt-1.1

  inbetween models install fcvg ~/Downloads/FCVG
"""
app = typer.Typer(
    rich_markup_mode=None, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]}
)

THESE = "Weights"


def _argument(metavar: str, help: str) -> Any:
    return typer.Argument(metavar=metavar, help=help, rich_help_panel=THESE, show_default=False)


Name = Annotated[str, _argument("NAME", "As `inbetween models` lists it.")]
MaybeName = Annotated[str | None, _argument("[NAME]", "Default: all of them.")]
Given = Annotated[str, _argument("PATH", "A file, or a folder of them.")]
AsJson = Annotated[bool, option("--json", help="As JSON.", group=SAID)]
Commercial = Annotated[bool, option("--commercial", group=THESE, help="Only those known to allow commercial use.")]
Full = Annotated[bool, option("--full", group=THESE, help="Files of full precision, where half of it would do.")]
Offline = Annotated[
    bool, option("--offline", group=WORK, help="Ask nobody: fail if something is missing (also INBETWEEN_OFFLINE=1).")
]
Yes = Annotated[bool, option("--yes", "-y", group=WORK, help="Do not ask.")]
Move = Annotated[bool, option("--move", group=WORK, help="Take the files away from PATH.")]


@app.callback(help=HELP, epilog=EXAMPLES)
def models(ctx: typer.Context) -> None:
    """See HELP."""
    if ctx.invoked_subcommand is None:
        list_()


@app.command("list", cls=Grouped)
def list_(commercial: Commercial = False, folder: o.Weights = None, as_json: AsJson = False) -> None:
    """List all that are known, who needs them, and their licences."""
    import json

    names = [name for name, weights in WEIGHTS.items() if weights.commercial or not commercial]
    if as_json:
        typer.echo(json.dumps([_facts(name, _home(folder)) for name in names], ensure_ascii=False))
    elif not names:
        say("no weights here are known to allow commercial use to everybody: inbetween models show NAME says more")
    else:
        _table(names, _home(folder))
        typer.echo("inbetween models show NAME says all of one.")


@app.command("show", cls=Grouped)
def show(name: Name, folder: o.Weights = None, as_json: AsJson = False) -> None:
    """Show all about one: terms, files, how to get it."""
    import json

    home = _home(folder)
    facts = _facts(name, home)
    if as_json:
        typer.echo(json.dumps(facts, ensure_ascii=False))
        return
    weights = store.get(name)
    typer.echo(f"{name}: {weights.title}")
    rows = {
        "needed by": ", ".join(facts["needed_by"]),
        "page": weights.page,
        "files": weights.drive,
        "licence": weights.licence,
        "commercial": _said(weights.commercial),
        "terms": weights.terms or "unknown: see the page",
        "size": _size(name, home),
        "revision": weights.revision or ("the newest" if weights.repository else ""),
        "installed": facts["installed"],
    }
    for label, text in rows.items():
        if text:
            typer.echo(f"  {label:<12}{text}")
    typer.echo("  parts")
    for part in facts["parts"]:
        typer.echo(f"    {part['part']}: {part['path'] or 'not here'}")
        for file in [file for one in part["files"] for file in one.get("files", [one])]:
            size = "size unknown" if file["size"] is None else f"{file['size']} bytes"
            typer.echo(f"      {file['name']}, {size}, SHA-256 {file['sha256'] or 'unknown'}")
    if facts["installed"] != "yes":
        typer.echo(f"  to get it: {store.how(name, Path(folder) if folder else None)}")


@app.command("pull", cls=Grouped)
def pull(
    name: Name,
    full: Full = False,
    offline: Offline = False,
    yes: Yes = False,
    folder: o.Weights = None,
    progress: o.ProgressMode = "auto",
    quiet: o.Quiet = False,
) -> None:
    """Download from the Hugging Face Hub.

    Where it was stopped, the same command goes on. Where the weights are goes to stdout.
    """
    home = _home(folder)
    with watched(progress, quiet, "the download", "what is there of it is kept; the same command goes on") as show:
        from inbetween.engines.shapes import tensor_shapes
        from inbetween.weights.hub import remotes
        from inbetween.weights.pull import pull as download

        weights = store.get(name)
        files = remotes(name, home, full=full, offline=offline)
        if files:
            size = sum(file.size for file in files)
            count = f"{len(files)} file{'s' * (len(files) > 1)}"
            show.note("download", f"{weights.title}: {_bytes(size)} in {count} from {weights.repository}")
            show.note("licence", f"licence: {weights.licence}; terms: {weights.terms or weights.page}")
            if size > ASKED and not yes:
                _ask(f"download {_bytes(size)}?", "nothing was downloaded")
            download(name, files, home, show, tensor_shapes(name))
            show.made(f"{weights.title} is whole, commit {files[0].commit}")
        else:
            show.made(f"{weights.title} is all there already")
        data(os.fsencode(_place(name, home)))


@app.command("install", cls=Grouped)
def install(
    name: Name,
    path: Given,
    move: Move = False,
    folder: o.Weights = None,
    progress: o.ProgressMode = "auto",
    quiet: o.Quiet = False,
) -> None:
    """Take in files that you got by hand.

    They are checked, and copied to where they are looked for. Where that is goes to stdout.
    """
    home = _home(folder)
    with watched(progress, quiet, "the copy", "nothing is left of it; the same command begins anew") as show:
        from inbetween.engines.shapes import tensor_shapes
        from inbetween.weights import install as by_hand

        parts = by_hand.given(name, Path(path).expanduser(), home)
        by_hand.install(name, parts, home, show, tensor_shapes(name), move=move)
        missing = [key for key, found in store.placed(name, home).items() if found is None]
        text = "; still missing: " + ", ".join(missing) if missing else ""
        show.made(f"{store.get(name).title}: {', '.join(has.one.name for has in parts.values())}{text}")
        for key, has in parts.items():
            taken = store.placed(name, home)[key]
            if taken != home / name / has.one.name:
                show.note("other", f"{taken} is taken before it")
        data(os.fsencode(_place(name, home)))


@app.command("verify", cls=Grouped)
def verify(
    name: MaybeName = None, folder: o.Weights = None, progress: o.ProgressMode = "auto", quiet: o.Quiet = False
) -> None:
    """Check hashes, names and shapes of what is here.

    Exits with 1 if something is wrong.
    """
    home, wrong, count = _home(folder), [], 0
    with watched(progress, quiet, "the check", "nothing was changed; the same command begins anew") as show:
        from inbetween.engines.shapes import tensor_shapes
        from inbetween.weights.check import verify as verdicts

        for one in [name] if name else WEIGHTS:
            for verdict in verdicts(one, home, show, tensor_shapes(one)):
                count += 1
                if verdict.wrong:
                    wrong.append(one)
                said = verdict.wrong or ", ".join(verdict.checked) or "nothing is known to check it by"
                show.close()
                typer.echo(f"{'WRONG' if verdict.wrong else 'ok':<7}{verdict.path}: {said}")
        if not count:
            raise InbetweenError(
                f"no weights{f' of {name}' if name else ''} are in {home}", "see inbetween models list"
            )
        if wrong:
            names = list(dict.fromkeys(wrong))
            raise InbetweenError(
                f"{len(wrong)} of {count} files are not what they should be",
                "; ".join(f"inbetween models remove {one}, then {store.how(one, None)}" for one in names),
            )


@app.command("path", cls=Grouped)
def path(name: Name, folder: o.Weights = None) -> None:
    """Print where the files are, one a line.

    Exits with 1 if one is missing.
    """
    for found in store.parts(name, Path(folder).expanduser() if folder else None).values():
        data(os.fsencode(found))


@app.command("remove", cls=Grouped)
def remove(name: Name, yes: Yes = False, folder: o.Weights = None, quiet: o.Quiet = False) -> None:
    """Remove what pull and install have put here.

    Nothing else is touched: neither the cache of the Hugging Face Hub nor files of yours beside them.
    """
    home = _home(folder)
    with watched("auto", quiet, "the removal", "the same command goes on") as show:
        from inbetween.weights import install as by_hand

        store.get(name)
        files = by_hand.ours(name, home)
        if not files:
            others = [str(found) for found in store.placed(name, home).values() if found is not None]
            raise InbetweenError(
                f"nothing of {name} lies in {home / name}",
                f"{others[0]} was put there by others: remove it by hand" if others else "see inbetween models list",
            )
        size = _bytes(sum(file.lstat().st_size for file in files))
        if not yes:
            _ask(f"remove {size} from {home / name}?", "nothing was removed")
        by_hand.remove(name, home, show)
        show.made(f"removed: {len(files)} files, {size}")


@contextmanager
def watched(progress: str, quiet: bool, what: str, left: str) -> Iterator[Show]:
    """As of `cli.console`, which is heavy."""
    from inbetween.cli import console

    with console.watched(progress, quiet, False, what, left) as (report, _):
        yield report


def _home(folder: str | None) -> Path:
    return Path(folder).expanduser() if folder else store.weights_folder()


def _place(name: str, home: Path) -> Path:
    """Where the weights are: their own folder, or the one that the first file is published below."""
    own = home / name
    if own.is_dir():
        return own
    key, first = next((key, found) for key, found in store.placed(name, home).items() if found is not None)
    return first.parents[store.published(store.get(name).parts[key], first).name.count("/")]


def _ask(question: str, otherwise: str) -> None:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise InbetweenError(f"{question.rstrip('?')} is asked about, and nobody is there", "say --yes")
    if not typer.confirm(question, err=True):
        raise InbetweenError(otherwise, "say y, or --yes")


def _facts(name: str, home: Path) -> dict[str, Any]:
    from inbetween import engines

    weights, placed = store.get(name), store.placed(name, home)
    users = [engine for engine in engines.NAMES if name in engines.get(engine).needs]
    there = [found for found in placed.values() if found is not None]
    return {
        "name": name,
        "title": weights.title,
        "needed_by": users + [weights.use] * bool(weights.use),
        "licence": weights.licence,
        "commercial": weights.commercial,
        "terms": weights.terms or None,
        "page": weights.page,
        "repository": weights.repository or None,
        "revision": weights.revision,
        "installed": "no" if not there else "yes" if len(there) == len(placed) else "part",
        "parts": [
            {
                "part": key,
                "path": None if placed[key] is None else str(placed[key]),
                "files": [_published(one) for one in part.files],
            }
            for key, part in weights.parts.items()
        ],
    }


def _published(one: Published) -> dict[str, object]:
    """The facts about one way in which a part is published; about each file where it is several."""
    if isinstance(one, File):
        return {"name": one.name, "size": one.size, "sha256": one.sha256}
    files = one.files if isinstance(one, Folder) else (one.index, *one.shards)
    return {"name": one.name, "size": one.size, "sha256": None, "files": [_published(file) for file in files]}


def _table(names: list[str], home: Path) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("weights", "for", "size", "commercial", "here", "licence"):
        table.add_column(column, no_wrap=column == "weights")
    for name in names:
        facts = _facts(name, home)
        licence = re.split("[;:]", facts["licence"])[0]
        users, commercial = ", ".join(facts["needed_by"]), _said(facts["commercial"])
        table.add_row(name, users, _size(name, home), commercial, facts["installed"], licence)
    Console(highlight=False).print(table)


def _size(name: str, home: Path) -> str:
    """Of what is here, else of what would be downloaded."""
    there = store.files(name, home).values()
    if all(there):
        return _bytes(sum(file.stat().st_size for files in there for file in files))
    return store.said_size(store.get(name)).removeprefix("size ")


def _bytes(size: int) -> str:
    return f"{size / 1e9:.2f} GB" if size >= 1e8 else f"{size / 1e6:.1f} MB"


def _said(allowed: bool | None) -> str:
    return {True: "yes", False: "no", None: "unknown"}[allowed]
