"""A command whose help groups its options. Nothing heavy is imported here."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import typer
from typer.core import TyperCommand

from inbetween.errors import UsageError

FILM, TIME, KEYS, PICTURES, MOTION, ENGINE, WORK, SAID = (
    "The film",
    "Counts and times",
    "Keys",
    "Pictures",
    "Motion",
    "Engine",
    "How it is done",
    "What is said",
)


class Grouped(TyperCommand):
    """A command that shows its options in groups, as plain text, and that takes `-o=OUT` for `-o OUT`. The name of an
    option is no value of another."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The `=` after a letter would be taken for the value's first one.

        Raises:
            WordsRefused: an option has no value.
        """
        options = {name: param for param in self.params for name in param.opts if name.startswith("-")}
        valued = {name: param for name, param in options.items() if not getattr(param, "is_flag", True)}
        end = args.index("--") if "--" in args else len(args)
        words: list[str] = []
        for word in args[:end]:
            words += [word[:2], word[3:]] if word[:2] in valued and word[2:3] == "=" else [word]
        for word, following in pairwise(words):
            if word in valued and following in options:
                raise UsageError(f"{word} has no value", f"write it as {word} {valued[word].metavar or 'VALUE'}")
        return super().parse_args(ctx, words + args[end:])

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Arguments as their metavar says: typer would put one more pair of brackets around it."""
        arguments = [param for param in self.get_params(ctx) if param.param_type_name == "argument"]
        return [self.options_metavar or "", *(str(param.metavar or param.name) for param in arguments)]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write one section a group, in the order of their first options."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            line = param.get_help_record(ctx)
            if line is not None:
                name = getattr(param, "rich_help_panel", None) or ("Other" if self.params else "Options")
                # Some typers add the type to the names of arguments.
                groups.setdefault(name, []).append((re.sub(" <[^<>]*>$", "", line[0]), line[1]))
        for name, lines in groups.items():
            with formatter.section(name):
                formatter.write_dl(lines)


def option(*names: str, group: str, help: str, **more: Any) -> Any:
    """An option in a group of the help."""
    return typer.Option(*names, help=help, rich_help_panel=group, show_default=False, **more)
