"""The commands, and the one place where errors become lines and exit codes."""

from __future__ import annotations

import os
import sys
from typing import Any

import typer

from inbetween import __version__
from inbetween.cli import doctor, run
from inbetween.cli import engines as engines_command
from inbetween.cli.options import Grouped
from inbetween.cli.say import error, say
from inbetween.errors import InbetweenError, WordsRefused

app = typer.Typer(
    name="inbetween",
    help="Makes the pictures between two pictures.",
    epilog="Start with: inbetween run start.png end.png -o out.mp4. More: inbetween COMMAND --help, --version.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    add_help_option=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("run", cls=Grouped, epilog=run.EXAMPLES)(run.run)
app.command("engines")(engines_command.engines)
app.command("doctor")(doctor.doctor)

# typer may carry its own click: the class of all its complaints is found through the one name it exports.
_Complaint: Any = typer.BadParameter.__mro__[2]


def main(arguments: list[str] | None = None) -> None:
    """Run a command and exit: 0 made, 1 files or memory, 2 words, 130 or 143 stopped, 70 a bug."""
    sys.exit(_code(arguments))


def _code(arguments: list[str] | None) -> int:
    try:
        try:
            code = _run(sys.argv[1:] if arguments is None else arguments)
        except _Complaint as complaint:
            raise _words(complaint) from None
    except InbetweenError as problem:
        error(problem)
        return problem.exit_code
    except KeyboardInterrupt as stopped:
        return int(getattr(stopped, "exit_code", 130))
    except BrokenPipeError:
        # Whoever read our output has gone: nobody is left to be told.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception:
        import traceback

        traceback.print_exc()
        say("error: this is a bug in inbetween")
        say("hint: please report it with the lines above and the command")
        return 70
    return code if isinstance(code, int) else 0


def _run(arguments: list[str]) -> object:
    # The options of the whole are ours: typer would load pydantic for them before every command's help.
    if arguments == ["--version"]:
        typer.echo(f"inbetween {__version__}")
        return 0
    command = typer.main.get_command(app)
    if arguments[:1] in ([], ["-h"], ["--help"]):
        with command.make_context("inbetween", [], resilient_parsing=True) as ctx:
            typer.echo(ctx.get_help())
        return 0
    return command.main(arguments, prog_name="inbetween", standalone_mode=False)


def _words(complaint: Any) -> WordsRefused:
    text = complaint.format_message()
    path = complaint.ctx.command_path if complaint.ctx is not None else "inbetween"
    hint = f"see {path} --help"
    if text.startswith("No such option"):
        hint += "; put -- before names that begin with a dash"
    return WordsRefused(text[:1].lower() + text[1:].rstrip("."), hint)
