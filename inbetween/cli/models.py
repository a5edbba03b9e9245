"""`inbetween models`: the weights of networks, what they may be used for, and how to get them."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NotRequired, TypedDict

import typer

from inbetween.cli import answers
from inbetween.cli import options as o
from inbetween.cli.help import SAID, WORK, Grouped, option
from inbetween.cli.streams import say
from inbetween.errors import InbetweenError
from inbetween.weights import store
from inbetween.weights.table import WEIGHTS, File, Folder, Published

if TYPE_CHECKING:
    from inbetween.cli.console import Show

ASKED = 1_000_000_000
"""The size in bytes above which the user is asked before a download; chosen by eye."""
HELP = """List, get, check and remove the weights of networks.

An engine with networks needs their weights: files that others have made, each under a licence of its own. They are
kept in the folder of --weights or INBETWEEN_WEIGHTS, or in ~/.cache/inbetween, one folder for each name. Files in the
cache of the Hugging Face Hub are used too. Nothing is downloaded unless you ask for it with `pull`.
"""
EXAMPLES = """Without a command, the list is shown.

Examples:

  inbetween models show svd-xt-1.1

  inbetween models pull svd-xt-1.1

  inbetween models install fcvg ~/Downloads/FCVG
"""
app = typer.Typer(
    rich_markup_mode=None, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]}
)

THESE = "Weights"
"""The heading of the options that choose weights."""


def _argument(metavar: str, help: str) -> object:
    return typer.Argument(metavar=metavar, help=help, rich_help_panel=THESE, show_default=False)


Name = Annotated[str, _argument("NAME", "A name from the list of `inbetween models`.")]
MaybeName = Annotated[str | None, _argument("[NAME]", "A name from the list. Default: all of them.")]
Given = Annotated[str, _argument("PATH", "A file of weights, or a folder with such files.")]
AsJson = Annotated[bool, option("--json", help="Print JSON.", group=SAID)]
Commercial = Annotated[
    bool, option("--commercial", group=THESE, help="Only weights that are known to allow commercial use.")
]
Full = Annotated[bool, option("--full", group=THESE, help="Get files of full precision where half precision would do.")]
Offline = Annotated[
    bool,
    option(
        "--offline",
        group=WORK,
        help="Do not use the network: fail if a file is missing (also INBETWEEN_OFFLINE=1).",
    ),
]
Yes = Annotated[bool, option("--yes", "-y", group=WORK, help="Answer all questions with yes.")]
Move = Annotated[bool, option("--move", group=WORK, help="Move the files instead of copying them.")]


class FileFacts(TypedDict):
    """The facts about a file of weights, or about shards or a folder that are published together."""

    name: str
    size: int | None
    """The size in bytes; None if it is unknown."""
    sha256: str | None
    """The SHA-256 in hexadecimal; None if it is unknown."""
    files: NotRequired[list[FileFacts]]
    """The files that belong together, if there are several."""


class PartFacts(TypedDict):
    """The facts about one part of weights."""

    part: str
    path: str | None
    """The path by which it is opened; None if it is not installed."""
    files: list[FileFacts]
    """The ways in which it is published; one of them is enough."""


class Facts(TypedDict):
    """The facts about weights that `--json` prints."""

    name: str
    title: str
    needed_by: list[str]
    licence: str
    commercial: bool | None
    terms: str | None
    page: str
    repository: str | None
    revision: str | None
    installed: str
    """"yes", "no" or "part"."""
    parts: list[PartFacts]


@app.callback(help=HELP, epilog=EXAMPLES)
def models(ctx: typer.Context) -> None:
    """Show the list, if no command is named. The help is in `HELP`."""
    if ctx.invoked_subcommand is None:
        list_()


@app.command("list", cls=Grouped)
def list_(commercial: Commercial = False, folder: o.Weights = None, as_json: AsJson = False) -> None:
    """List all known weights, their users and their licences."""
    names = [name for name, weights in WEIGHTS.items() if weights.commercial or not commercial]
    if as_json:
        answers.answer("models list", {"weights": [_facts(name, _home(folder)) for name in names]})
    elif not names:
        say("no weights are known to allow commercial use to everybody: see inbetween models show NAME")
    else:
        _table(names, _home(folder))
        typer.echo("For more about one of them: inbetween models show NAME")


@app.command("show", cls=Grouped)
def show(name: Name, folder: o.Weights = None, as_json: AsJson = False) -> None:
    """Show the terms and the files of weights, and how to get them."""
    home = _home(folder)
    facts = _facts(name, home)
    if as_json:
        answers.answer("models show", facts)
        return
    weights = store.get(name)
    typer.echo(f"{name}: {weights.title}")
    rows = {
        "needed by": ", ".join(facts["needed_by"]),
        "page": weights.page,
        "files": weights.drive,
        "licence": weights.licence,
        "commercial": _yes_or_no(weights.commercial),
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
    """Download weights from the Hugging Face Hub.

    After it was stopped, the same command goes on. The folder of the weights is printed to stdout.
    """
    home = _home(folder)
    with watched(progress, quiet, "the download was whole", "what has come is kept; the same command goes on") as show:
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
            show.made(f"{weights.title} is complete, commit {files[0].commit}")
        else:
            show.made(f"{weights.title} is complete already")
        answers.path(os.fspath(_place(name, home)))


@app.command("install", cls=Grouped)
def install(
    name: Name,
    path: Given,
    move: Move = False,
    folder: o.Weights = None,
    progress: o.ProgressMode = "auto",
    quiet: o.Quiet = False,
) -> None:
    """Install files that you downloaded yourself.

    They are checked, and copied to where engines look for them. That folder is printed to stdout.
    """
    home = _home(folder)
    with watched(progress, quiet, "the copy was whole", "nothing is left of it; the same command begins anew") as show:
        from inbetween.engines.shapes import tensor_shapes
        from inbetween.weights import install as by_hand

        parts = by_hand.given(name, Path(path).expanduser(), home)
        by_hand.install(name, parts, home, show, tensor_shapes(name), move=move)
        missing = [key for key, found in store.placed(name, home).items() if found is None]
        text = "; still missing: " + ", ".join(missing) if missing else ""
        show.made(f"{store.get(name).title}: {', '.join(has.one.name for has in parts.values())}{text}")
        for key, has in parts.items():
            used = store.placed(name, home)[key]
            if used != home / name / has.one.name:
                show.note("other", f"{used} is used instead of it")
        answers.path(os.fspath(_place(name, home)))


@app.command("verify", cls=Grouped)
def verify(
    name: MaybeName = None, folder: o.Weights = None, progress: o.ProgressMode = "auto", quiet: o.Quiet = False
) -> None:
    """Check the hashes, names and shapes of installed files.

    Exits with 1 if something is wrong.
    """
    home, wrong, count = _home(folder), [], 0
    with watched(
        progress, quiet, "everything was checked", "nothing was changed; the same command begins anew"
    ) as show:
        from inbetween.engines.shapes import tensor_shapes
        from inbetween.weights.check import verify as verdicts

        for one in [name] if name else WEIGHTS:
            for verdict in verdicts(one, home, show, tensor_shapes(one)):
                count += 1
                if verdict.wrong:
                    wrong.append(one)
                text = verdict.wrong or ", ".join(verdict.checked) or "there is nothing to check it by"
                show.close()
                typer.echo(f"{'WRONG' if verdict.wrong else 'ok':<7}{verdict.path}: {text}")
        if not count:
            raise InbetweenError(
                f"no weights{f' of {name}' if name else ''} are in {home}",
                "see inbetween models list",
                "weights_missing",
            )
        if wrong:
            names = list(dict.fromkeys(wrong))
            raise InbetweenError(
                f"{len(wrong)} of {count} files are not what they should be",
                "; ".join(f"inbetween models remove {one}, then {store.how(one, None)}" for one in names),
                "weights_damaged",
            )


@app.command("path", cls=Grouped)
def path(name: Name, folder: o.Weights = None) -> None:
    """Print the paths of the files, one on each line.

    Exits with 1 if one is missing.
    """
    for found in store.parts(name, Path(folder).expanduser() if folder else None).values():
        answers.path(os.fspath(found))


@app.command("remove", cls=Grouped)
def remove(name: Name, yes: Yes = False, folder: o.Weights = None, quiet: o.Quiet = False) -> None:
    """Remove weights that were put here by pull or install.

    Nothing else is touched: neither the cache of the Hugging Face Hub nor your own files beside them.
    """
    home = _home(folder)
    with watched("auto", quiet, "everything was removed", "the same command goes on") as show:
        from inbetween.weights import install as by_hand

        store.get(name)
        files = by_hand.removable(name, home)
        if not files:
            others = [str(found) for found in store.placed(name, home).values() if found is not None]
            hint = "see inbetween models list"
            if others:
                hint = f"{others[0]} was not put there by inbetween: remove it yourself"
            raise InbetweenError(f"no files of {name} are in {home / name}", hint, "weights_damaged")
        size = _bytes(sum(file.lstat().st_size for file in files))
        if not yes:
            _ask(f"remove {size} from {home / name}?", "nothing was removed")
        by_hand.remove(name, home, show)
        show.made(f"removed: {len(files)} files, {size}")


@contextmanager
def watched(progress: str, quiet: bool, goal: str, left: str) -> Iterator[Show]:
    """The report of a command, see `console.watched`. That module takes long to import, and the list of weights does
    not need it."""
    from inbetween.cli import console

    with console.watched(progress, quiet, False, goal, left) as show:
        yield show


def _home(folder: str | None) -> Path:
    return Path(folder).expanduser() if folder else store.weights_folder()


def _place(name: str, home: Path) -> Path:
    """The folder of the weights: their own, or the one below which their first file was published."""
    own = home / name
    if own.is_dir():
        return own
    key, first = next((key, found) for key, found in store.placed(name, home).items() if found is not None)
    return first.parents[store.published(store.get(name).parts[key], first).name.count("/")]


def _ask(question: str, otherwise: str) -> None:
    """Ask the user a question.

    Raises:
        InbetweenError: the answer is no, which the message says with `otherwise`; or there is nobody to ask.
    """
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise InbetweenError(f"nobody is there to answer the question: {question}", "answer it with --yes", "failed")
    if not typer.confirm(question, err=True):
        raise InbetweenError(otherwise, "answer y, or use --yes", "failed")


def _facts(name: str, home: Path) -> Facts:
    """The facts about weights, for `--json` and for people."""
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


def _published(one: Published) -> FileFacts:
    """The facts about one way in which a part is published, and about each file if it has several."""
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
        users, commercial = ", ".join(facts["needed_by"]), _yes_or_no(facts["commercial"])
        table.add_row(name, users, _size(name, home), commercial, facts["installed"], licence)
    Console(highlight=False).print(table)


def _size(name: str, home: Path) -> str:
    """The size, as text, of the files that are installed, or of those that would be downloaded."""
    there = store.files(name, home).values()
    if all(there):
        return _bytes(sum(file.stat().st_size for files in there for file in files))
    return store.size_text(store.get(name)).removeprefix("size ")


def _bytes(size: int) -> str:
    return f"{size / 1e9:.2f} GB" if size >= 1e8 else f"{size / 1e6:.1f} MB"


def _yes_or_no(allowed: bool | None) -> str:
    return {True: "yes", False: "no", None: "unknown"}[allowed]
