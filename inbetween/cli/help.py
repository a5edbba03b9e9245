"""A command whose help groups its options. Nothing heavy is imported here."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

import typer
from typer.core import TyperCommand

from inbetween.errors import UsageError

if TYPE_CHECKING:
    # typer has no public names for these types.
    from typer._click.core import Context
    from typer._click.formatting import HelpFormatter

FILM, TIME, KEYS, PICTURES, MOTION, ENGINE, WORK, SAID = (
    "The film",
    "Counts and times",
    "Keys",
    "Pictures",
    "Motion",
    "Engine",
    "How the work is done",
    "What is shown",
)
"""The headings of the groups of options."""


LOG = "--log FILE", "Append what is done and said, with times, to this file."
"""The option that every command has, for its help."""


class Grouped(TyperCommand):
    """A command whose help shows the options in groups, as plain text. It accepts `-o=OUT` for `-o OUT`, and refuses
    the name of an option as the value of another option."""

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        """Split `-o=OUT` at its `=`, which typer would make a part of the value, and refuse options without a value.

        Raises:
            UsageError: an option has no value.
        """
        args = _logged(args)
        options = {name: param for param in self.params for name in param.opts if name.startswith("-")}
        valued = {name: param for name, param in options.items() if not getattr(param, "is_flag", True)}
        end = args.index("--") if "--" in args else len(args)
        split: list[str] = []
        for arg in args[:end]:
            split += [arg[:2], arg[3:]] if arg[:2] in valued and arg[2:3] == "=" else [arg]
        for arg, following in pairwise(split):
            if arg in valued and following in options:
                raise UsageError(f"{arg} has no value", f"write it as {arg} {valued[arg].metavar or 'VALUE'}")
        return super().parse_args(ctx, split + args[end:])

    def collect_usage_pieces(self, ctx: Context) -> list[str]:
        """Write arguments as their metavars, around which typer would put another pair of brackets."""
        arguments = [param for param in self.get_params(ctx) if param.param_type_name == "argument"]
        return [self.options_metavar or "", *(str(param.metavar or param.name) for param in arguments)]

    def format_options(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Write one section for each group, in the order of the groups' first options."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            line = param.get_help_record(ctx)
            if line is not None:
                name = getattr(param, "rich_help_panel", None) or ("Other" if self.params else "Options")
                # Some versions of typer add the type to the names of arguments.
                groups.setdefault(name, []).append((re.sub(" <[^<>]*>$", "", line[0]), line[1]))
        groups.setdefault(SAID, []).append(LOG)
        for name, lines in groups.items():
            with formatter.section(name):
                formatter.write_dl(lines)


def _logged(args: list[str]) -> list[str]:
    """The arguments without `--log FILE`, after the log has been begun.

    Raises:
        UsageError: it has no value.
        InbetweenError: the log cannot be written.
    """
    end = args.index("--") if "--" in args else len(args)
    for place, word in enumerate(args[:end]):
        name, equals, value = word.partition("=")
        if name != "--log":
            continue
        rest = args[place + 1 :] if equals else args[place + 2 :]
        value = value if equals else next(iter(args[place + 1 : end]), "")
        if not value or (value.startswith("-") and not equals):
            raise UsageError("--log has no value", "write it as --log FILE")
        from inbetween.cli import logs

        logs.begin(value, args)
        return args[:place] + rest
    return args


def option(*names: str, group: str, help: str, metavar: str | None = None) -> object:
    """An option for the annotation of a parameter.

    Args:
        names: the names of the option, such as "--out" and "-o".
        group: the heading under which the help shows it.
        help: sentences that say what it does.
        metavar: the placeholder for its value in the help; None for a flag.
    """
    return typer.Option(*names, help=help, metavar=metavar, rich_help_panel=group, show_default=False)
