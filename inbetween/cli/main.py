"""The commands, and the one place where errors become lines and exit codes."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from itertools import pairwise

import typer

from inbetween import __version__
from inbetween.cli import answers, batch, bench, compare, conditions, doctor, logs, match, models, motion, run, slowmo
from inbetween.cli import engines as engines_command
from inbetween.cli.help import Grouped
from inbetween.cli.logs import LOGGER
from inbetween.cli.streams import error, lead_nowhere, one_line, say
from inbetween.errors import InbetweenError, UsageError
from inbetween.faults import fault, refuse_gone_folder

app = typer.Typer(
    name="inbetween",
    help="Make the frames between two pictures: in-betweens, slow motion and loops.",
    epilog="Start with: inbetween run start.png end.png -o out.mp4. More: inbetween COMMAND --help, --version.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    add_help_option=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("run", cls=Grouped, epilog=run.EXAMPLES)(run.run)
app.command("slowmo", cls=Grouped, epilog=slowmo.EXAMPLES)(slowmo.slowmo)
app.command("batch", cls=batch.BatchCommand, epilog=batch.EXAMPLES)(batch.batch)
app.command("match", cls=Grouped, epilog=match.EXAMPLES)(match.match)
app.command("motion", cls=Grouped, epilog=motion.EXAMPLES)(motion.motion)
app.command("conditions", cls=Grouped, epilog=conditions.EXAMPLES)(conditions.conditions)
app.command("compare", cls=Grouped, epilog=compare.EXAMPLES)(compare.compare)
app.command("bench", cls=Grouped, epilog=bench.EXAMPLES)(bench.bench)
app.command("engines", cls=Grouped)(engines_command.engines)
app.add_typer(models.app, name="models")
app.command("doctor", cls=Grouped)(doctor.doctor)


def main(arguments: list[str] | None = None) -> None:
    """Run a command and exit. The exit code is 0 if it did what was asked, 1 for trouble with files or memory, 2 for
    options that make no sense, 129, 130 or 143 if it was stopped, and 70 for a bug in inbetween.

    Args:
        arguments: the arguments after `inbetween`; None for those of the process.
    """
    _open_streams()
    code = 70
    try:
        code = _code(sys.argv[1:] if arguments is None else arguments)
    finally:
        logs.end(code)
    sys.exit(code)


def _open_streams() -> None:
    """Open streams that the caller has closed to nowhere: else the next file that is opened would take their place."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115


def _code(arguments: list[str]) -> int:
    try:
        try:
            code = _run(arguments)
        except typer.TyperException as complaint:
            raise _usage(complaint.format_message(), arguments) from None
    except InbetweenError as problem:
        return _failed(problem, problem.exit_code, arguments)
    except (KeyboardInterrupt, typer.Abort) as stopped:
        return int(getattr(stopped, "exit_code", 130))
    except BrokenPipeError:
        # The reader of stdout has gone, so there is nobody to show an error to.
        lead_nowhere(sys.stdout)
        return 1
    except Exception as problem:
        if (known := fault(problem)) is not None:
            return _failed(known, known.exit_code, arguments)
        import traceback

        with contextlib.suppress(OSError):
            traceback.print_exc()
        LOGGER.exception("a bug")
        hint = "please report it with the lines above and the command"
        return _failed(InbetweenError("this is a bug in inbetween", hint, "bug"), 70, arguments)
    return code if isinstance(code, int) else 0


def _failed(problem: InbetweenError, exit_code: int, arguments: list[str]) -> int:
    """Say that a command failed, in the way that it was asked to; the exit code is returned."""
    words = arguments[: arguments.index("--")] if "--" in arguments else arguments
    LOGGER.error("%s (%s)", one_line(problem.message), one_line(problem.hint))
    if "--progress=json" in words or ("--progress", "json") in pairwise(words):
        say(json.dumps({"event": "error", "code": problem.code, "message": problem.message, "hint": problem.hint}))
    else:
        error(problem)
    if "--json" in words:
        with contextlib.suppress(InbetweenError, BrokenPipeError):
            answers.failure(words[0] if words else "", problem, exit_code)
    return exit_code


def _run(arguments: list[str]) -> object:
    # These options are handled here, because typer would load pydantic for them, before the help of every command.
    if arguments == ["--version"]:
        typer.echo(f"inbetween {__version__}")
        return 0
    command = typer.main.get_command(app)
    if arguments[:1] in ([], ["-h"], ["--help"]):
        with command.make_context("inbetween", [], resilient_parsing=True) as ctx:
            typer.echo(ctx.get_help())
        return 0
    refuse_gone_folder()
    return command.main(arguments, prog_name="inbetween", standalone_mode=False)


def _usage(text: str, arguments: list[str]) -> UsageError:
    """A complaint of typer about the arguments of a command as an error with a hint."""
    known = {command.name for command in app.registered_commands} | {group.name for group in app.registered_groups}
    hint = f"see {' '.join(['inbetween', *(word for word in arguments[:1] if word in known)])} --help"
    if text.startswith("No such option"):
        hint += "; put -- before names that begin with a dash"
    elif text.startswith("No such command") and arguments[0] not in known:
        hint += "; pictures come after a command: inbetween run start.png end.png -o out.mp4"
    return UsageError(text[:1].lower() + text[1:].rstrip("."), hint)
