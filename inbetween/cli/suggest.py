"""The command that a user may have meant by a word that is none. Nothing heavy is imported here."""

from __future__ import annotations

import os
import shlex
from collections.abc import Collection, Sequence
from pathlib import PurePath

from inbetween.file_names import CLIP_SUFFIXES, PICTURE_SUFFIXES
from inbetween.system import command_line

MEANINGS = {
    "run": ("interpolate", "interp", "interpolation", "inbetween", "tween", "tweening", "morph", "make", "create",
            "generate", "render", "blend", "fill", "animate", "film", "loop", "frames", "gif"),
    "slowmo": ("slow", "slowmotion", "slow-motion", "slow-mo", "slomo", "retime", "speed", "smooth", "fps", "upsample",
               "timelapse", "convert"),
    "batch": ("all", "many", "folder", "multi", "bulk"),
    "match": ("matches", "matching", "find", "lines"),
    "motion": ("track", "tracks", "drag", "path"),
    "conditions": ("condition", "controls", "control", "draw"),
    "compare": ("diff", "difference", "side", "split", "psnr", "vs"),
    "bench": ("benchmark", "measure", "score", "quality", "test", "eval", "evaluate"),
    "engines": ("engine", "list", "methods", "algorithms"),
    "models": ("model", "weights", "weight", "download", "install", "pull", "fetch"),
    "doctor": ("check", "info", "diagnose", "env", "status", "system", "version"),
}  # fmt: skip
"""Other words for the commands, as other programs and the field call them."""
EXAMPLES = {"run": "start.png end.png -o out.mp4", "slowmo": "clip.mp4 --factor 4 -o slow.mp4"}


def hint_for(arguments: Sequence[str], known: Collection[str]) -> str:
    """What to write instead, where the first word names no command.

    Args:
        arguments: the words of the command line, one or more.
        known: the names of the commands.
    """
    word, rest = arguments[0], arguments[1:]
    suffix = PurePath(word).suffix.lower()
    if suffix in CLIP_SUFFIXES:
        return f"a clip comes after a command: {line('slowmo', _with_end(arguments, 'slowmo'))}"
    if suffix in PICTURE_SUFFIXES or os.path.isdir(word):
        return f"pictures come after a command: {line('run', _with_end(arguments, 'run'))}"
    meant = _meant(word, known)
    if meant is None:
        return "see inbetween --help; pictures come after a command: inbetween run start.png end.png -o out.mp4"
    words = list(rest) or shlex.split(EXAMPLES.get(meant, ""))
    return f"did you mean `{line(meant, words)}`?"


def line(command: str, words: Sequence[str]) -> str:
    """A command line that can be copied into a shell."""
    return command_line(["inbetween", command, *words])


def _meant(word: str, known: Collection[str]) -> str | None:
    """The command that a word may mean; None where there is none like it."""
    import difflib

    meanings = {other: command for command, others in MEANINGS.items() for other in others if command in known}
    meanings |= {name: name for name in known}
    near = difflib.get_close_matches(word.lower(), meanings, n=1, cutoff=0.65)
    return meanings[near[0]] if near else None


def _with_end(arguments: Sequence[str], command: str) -> list[str]:
    """The arguments, and what they lack for a command to be whole."""
    words = list(arguments)
    if not any(word.startswith(("-o", "--out")) for word in words):
        words += ["-o", "out.mp4"]
    asked = ("-f", "--factor", "--fps", "--speed", "--duration")
    if command == "slowmo" and not any(word.startswith(asked) for word in words):
        words[1:1] = ["--factor", "4"]
    return words
