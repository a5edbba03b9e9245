"""`--log`: what a command did and said, with times, appended to a file."""

from __future__ import annotations

import logging
import os
import stat
import sys

from inbetween import __version__
from inbetween.cli.streams import one_line
from inbetween.errors import InbetweenError
from inbetween.system import command_line

FIRST = "# log of inbetween"
"""The beginning of every log. A file that does not begin so is not appended to: it may be an input."""
LOGGER = logging.getLogger("inbetween")
LOGGER.propagate = False
# Without any handler, Python would print errors a second time.
LOGGER.addHandler(logging.NullHandler())


def begin(name: str, words: list[str]) -> None:
    """Append to a log from now on, until `end`.

    Args:
        name: the file.
        words: the arguments of the command.

    Raises:
        InbetweenError: the file cannot be written, or is something else than a log.
    """
    try:
        if os.path.lexists(name) and not stat.S_ISREG(os.stat(name).st_mode):
            raise InbetweenError(f"`{name}` is no regular file", "name another one with --log", "output_refused")
        with open(name, "a+b") as file:
            file.seek(0)
            head = file.read(len(FIRST))
            if head and head != FIRST.encode():
                text = f"`{name}` exists and is not a log of inbetween"
                raise InbetweenError(text, "name another file with --log", "output_exists")
            if not head:
                file.write(f"{FIRST}\n".encode())
        handler = logging.FileHandler(name, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        text = f"the log {name} cannot be written: {error.strerror}"
        raise InbetweenError(text, "name another file with --log", "output_refused") from error
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    LOGGER.addHandler(handler)
    LOGGER.setLevel(logging.INFO)
    LOGGER.info("inbetween %s, Python %s: %s", __version__, sys.version.split()[0], one_line(command_line(words)))


def end(exit_code: int) -> None:
    """Close the log, if there is one."""
    for handler in [one for one in LOGGER.handlers if isinstance(one, logging.FileHandler)]:
        LOGGER.info("exit code %d", exit_code)
        LOGGER.removeHandler(handler)
        handler.close()
