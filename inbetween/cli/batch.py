"""`inbetween batch`: makes many films, of folders of pictures or clips, or of a manifest."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_type_hints

import typer

from inbetween.cli import answers
from inbetween.cli import options as o
from inbetween.cli.help import ENGINE, FILM, KEYS, WORK, Grouped, option
from inbetween.cli.streams import data, one_line, say
from inbetween.errors import InbetweenError, UsageError
from inbetween.request import ClipRequest, RunRequest, built
from inbetween.request import option as option_of

if TYPE_CHECKING:
    from typer._click.core import Context, Parameter

    from inbetween.batch.jobs import Fault, Job, Place
    from inbetween.batch.run import Result
    from inbetween.cli.console import Show

EXAMPLES = """Examples:

  inbetween batch keys/ -o films/

  inbetween batch shots/ -o 'films/{name}.mov' -n 47 --engine flow

  inbetween batch clips/ --slowmo --factor 4 -o slow/

  inbetween batch shots.csv -o films/ --workers 2 --dry-run

Every other option of `inbetween run` may be given too, with --slowmo every other option of `inbetween slowmo`: it is
used for all films. A manifest has a row for each film, with the columns start and end, or keys, or clip, and any of
these options under its long name.
"""
NOT_FOR_BATCHES = ("--repeat", "--contact-sheet", "--preview")
"""Options of `run` and `slowmo` that are about one film."""

Source = Annotated[
    str | None,
    typer.Argument(
        metavar="SOURCE",
        help="A folder of pictures, of folders with the keys of one film each, or of clips; or a manifest (.csv, "
        ".jsonl, .toml). Pictures are taken in natural order: each and the next one become a film.",
        show_default=False,
        rich_help_panel=FILM,
    ),
]
Out = Annotated[
    str | None,
    option(
        "--out",
        "-o",
        group=FILM,
        metavar="OUT",
        help="The folder for the films, or a pattern such as 'films/{name}.mov' or 'films/{name}/' (folders of PNG).",
    ),
]
Chain = Annotated[bool, option("--chain", group=KEYS, help="Make one film through all pictures of the folder.")]
Pairs = Annotated[bool, option("--pairs", group=KEYS, help="Take pictures two by two: 1 and 2, 3 and 4, and so on.")]
StartPattern = Annotated[
    str | None,
    option(
        "--start-pattern",
        group=KEYS,
        metavar="PATTERN",
        help="The names of start keys, with {shot} for the shot's name. Default: {shot}_start.*, if there are any.",
    ),
]
EndPattern = Annotated[
    str | None,
    option("--end-pattern", group=KEYS, metavar="PATTERN", help="The names of end keys, such as {shot}_end.*"),
]
Slowmo = Annotated[bool, option("--slowmo", group=ENGINE, help="The folder has clips, for `inbetween slowmo`.")]
Items = Annotated[
    str | None,
    option("--items", group=WORK, metavar="RANGES", help="Make only these jobs, by number: 17-32, or 3,5,8-."),
]
Workers = Annotated[
    str | None,
    option("--workers", group=WORK, metavar="N", help="How many films are made at the same time. Default: 1."),
]
Devices = Annotated[
    str | None,
    option("--devices", group=WORK, metavar="LIST", help="A device for each worker: cuda:0,cuda:1."),
]
KeepGoing = Annotated[
    bool, option("--keep-going", group=WORK, help="Make the other films if something is wrong with some of them.")
]
DryRun = Annotated[bool, option("--dry-run", group=WORK, help="Check everything and show the jobs, but make nothing.")]
Record = Annotated[bool, option("--record", group=FILM, help="Write a record beside each film, for `--repeat`.")]


class BatchCommand(Grouped):
    """The command, which also accepts the options of `run`, or with `--slowmo` those of `slowmo`."""

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        """Put the options of the other command aside, into `ctx.meta`."""
        other = _other(slowmo="--slowmo" in args)
        own, aside = _split(args, _options(self.params), _options(other.params))
        ctx.meta["words"] = aside
        return super().parse_args(ctx, own)


def _other(slowmo: bool) -> Any:
    """typer's command `slowmo` or `run`."""
    from inbetween.cli import run as run_command
    from inbetween.cli import slowmo as slowmo_command

    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command(cls=Grouped)(slowmo_command.slowmo if slowmo else run_command.run)
    return typer.main.get_command(app)


def _options(params: Sequence[Parameter]) -> dict[str, bool]:
    """The names of options, and whether each has a value."""
    named = ((name, param) for param in params for name in param.opts if name.startswith("-"))
    return {name: not getattr(param, "is_flag", True) for name, param in named}


def _split(args: Sequence[str], own: Mapping[str, bool], other: Mapping[str, bool]) -> tuple[list[str], list[str]]:
    """The words of a command line for the batch itself, and those for the films."""
    mine: list[str] = []
    theirs: list[str] = []
    words = iter(args)
    for word in words:
        if word == "--":
            mine += [word, *words]
            break
        name = word.partition("=")[0]
        if name not in other and word[:1] == "-" and word[:2] in other and other[word[:2]]:
            name = word[:2]
        place, options = (theirs, other) if name in other and name not in own else (mine, own)
        place.append(word)
        if options.get(name) and word == name:
            place += [value for value in [next(words, None)] if value is not None]
    return mine, theirs


@dataclass(frozen=True)
class _Said:
    """How the user wants to see the batch."""

    dry_run: bool
    json: bool


def batch(
    ctx: typer.Context,
    source: Source = None,
    out: Out = None,
    overwrite: o.Overwrite = False,
    record: Record = False,
    chain: Chain = False,
    pairs: Pairs = False,
    start_pattern: StartPattern = None,
    end_pattern: EndPattern = None,
    slowmo: Slowmo = False,
    items: Items = None,
    workers: Workers = None,
    devices: Devices = None,
    threads: o.Threads = None,
    keep_going: KeepGoing = False,
    dry_run: DryRun = False,
    json_: o.Json = False,
    progress: o.ProgressMode = "auto",
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
) -> None:
    """Make many films: of folders of pictures or clips, or of a manifest. The same command goes on where it stopped."""
    from inbetween.batch.folders import Search
    from inbetween.batch.jobs import jobs_of, place_of, selected
    from inbetween.batch.run import BatchOptions
    from inbetween.cli.console import watched
    from inbetween.devices import thread_count

    count = o.whole("--workers", workers, 1) or 1
    each = o.whole("--threads", threads, 1) or max(1, thread_count(None) // count)
    base = request_of(ctx.meta.get("words", []), slowmo)
    place = place_of(out)
    search = Search(slowmo, chain, pairs, start_pattern, end_pattern)
    options = BatchOptions(
        workers=count,
        devices=tuple(devices.split(",") if devices else ()),
        threads=each,
        overwrite=overwrite,
        record=record,
    )
    left = f"what is done is in `{place.root}`: the same command goes on"
    with watched(progress, quiet, verbose, "all films were made", left) as show:
        found, faults = _found(source, search)
        jobs, more = jobs_of(found, base, place)
        chosen = selected(jobs, items) if jobs else []
        _batch(chosen, [*faults, *more], place, options, items, keep_going, _Said(dry_run, json_), show)


def request_of(words: Sequence[str], slowmo: bool) -> RunRequest | ClipRequest:
    """The request that all films of a batch share.

    Args:
        words: options of `run` or `slowmo`, as the user wrote them.
        slowmo: whether they are those of `slowmo`.

    Raises:
        UsageError: an option makes no sense, or is about one film only.
    """
    for word in words:
        if word.partition("=")[0] in NOT_FOR_BATCHES:
            raise UsageError(f"{word} is about one film", "leave it out: the report has a contact sheet of every film")
    command = _other(slowmo)
    with command.make_context("batch", list(words)) as ctx:
        given: dict[str, Any] = ctx.params
    kind: type[RunRequest] | type[ClipRequest] = ClipRequest if slowmo else RunRequest
    types, found = get_type_hints(kind), dict[str, Any]()
    for one in fields(kind):
        value = given.get("set_" if one.name == "set" else one.name)
        if value is None or one.name in ("out", "keys", "clip"):
            continue
        if isinstance(value, list):
            value = tuple(value)
        elif _whole(types[one.name]):
            value = o.whole(option_of(one), str(value))
        found[one.name] = value
    return built(kind, found, lambda name, value: UsageError(f"`{name}` cannot be {value}", "see --help"))


def _whole(kind: Any) -> bool:
    return kind is int or (isinstance(kind, UnionType) and int in get_args(kind))


def _found(source: str | None, search: Any) -> tuple[list[Any], list[Fault]]:
    """The jobs in a folder or a manifest, and the faults in it."""
    from inbetween.batch import folders, manifest

    if not source:
        raise UsageError("no folder is named", "inbetween batch keys/ -o films/")
    path = Path(source)
    if path.is_dir():
        return folders.in_folder(path, search)
    if path.suffix.lower() not in manifest.SUFFIXES:
        if path.exists():
            raise UsageError(f"`{source}` is one file, a batch makes many films", "name a folder, or use inbetween run")
        raise InbetweenError(f"there is no folder `{source}`", "check the name", "input_missing")
    if search.chain or search.pairs or search.start is not None:
        raise UsageError("--chain, --pairs and patterns are for folders", "the manifest says what belongs together")
    return manifest.read(path, search.slowmo)


def _batch(
    jobs: Sequence[Job],
    faults: Sequence[Fault],
    place: Place,
    options: Any,
    items: str | None,
    keep_going: bool,
    said: _Said,
    show: Show,
) -> None:
    from inbetween.batch import run as running
    from inbetween.batch.journal import opened

    if said.dry_run:
        found = [*faults, *running.check_all(jobs, place, None, True, show)]
        show.close()
        _show_jobs(jobs, found, said)
        raise typer.Exit(1 if found else 0)
    with opened(place, items) as journal:
        found = [*faults, *running.check_all(jobs, place, journal, options.overwrite, show)]
        if found and not (keep_going and jobs):
            show.close()
            _say_faults(found)
            text = f"{len(found)} of {len(jobs) + len(faults)} jobs have faults, and nothing was made"
            raise InbetweenError(text, "mend them, or add --keep-going to make the others", "input_unreadable")
        bad = {fault.where for fault in found}
        good = [job for job in jobs if job.where not in bad]
        for fault in found:
            show.note("fault", f"{fault.where}: {fault.message}")
        result = _make(good, place, options, journal, show)
    show.close()
    _answer(result, len(found), place, said, show)


def _make(jobs: Sequence[Job], place: Place, options: Any, journal: Any, show: Show) -> Result:
    from inbetween.batch import report
    from inbetween.batch import run as running
    from inbetween.versions import versions

    result = running.Result(jobs)
    try:
        with show.making():
            for event, result in running.run(jobs, place, options, journal, show):
                show.progress("films", len(result.outcomes), len(jobs))
                if event is not None and event.outcome is not None and not event.outcome.made:
                    show.note("failed", f"{event.task.name}: {event.outcome.error['message']}")
    finally:
        report.write(result, place, versions())
    return result


def _say_faults(faults: Sequence[Fault]) -> None:
    for fault in faults:
        say(f"fault: {one_line(fault.where)}: {one_line(fault.message)}; {one_line(fault.hint)}")


def _show_jobs(jobs: Sequence[Job], faults: Sequence[Fault], said: _Said) -> None:
    """Print the plan of a batch."""
    if said.json:
        rows = [
            {"item": job.number, "name": job.name, "where": job.where, "command": job.command, "inputs": job.inputs}
            for job in jobs
        ]
        found = [vars(fault) for fault in faults]
        answers.answer("batch", {"jobs": rows, "faults": found}, exit_code=1 if faults else 0)
        return
    width = len(str(len(jobs)))
    for job in jobs:
        keys = job.inputs if len(job.inputs) < 4 else (*job.inputs[:2], f"… {len(job.inputs)} keys")
        data(one_line(f"{job.number:>{width}}  {job.name}  <-  {'  '.join(keys)}").encode())
    _say_faults(faults)


def _answer(result: Result, faults: int, place: Place, said: _Said, show: Show) -> None:
    """Print the answer of a batch that was run to its end, and exit with 3 if a film is missing."""
    failed = result.failed + faults
    facts: dict[str, object] = {"films": result.made, "kept": len(result.kept), "failed": failed}
    if said.json:
        written = [os.path.join(place.root, job.name) for job in result.jobs if job.name in result.outcomes]
        facts |= {"report": os.path.join(place.root, "report.json")}
        answers.answer("batch", facts, made=bool(result.made), outputs=written, exit_code=3 if failed else 0)
    else:
        show.made(f"{facts['films']} films made, {facts['kept']} were there, {failed} failed")
        answers.path(os.path.join(place.root, "report.html"))
    raise typer.Exit(3 if failed else 0)
