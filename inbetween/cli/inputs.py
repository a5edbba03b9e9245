"""The inputs that a user named, as the files that they mean; or the command that does what was meant. Nothing heavy is
imported here."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from inbetween.cli.suggest import line
from inbetween.errors import InbetweenError, UsageError
from inbetween.file_names import all_of, is_clip, is_picture, local
from inbetween.system import quoted

_START_OR_END = re.compile(r".+_(start|end)\.\w+", re.IGNORECASE)


def keys_of(names: Sequence[str] | None, out: str | None) -> tuple[str, ...]:
    """The key pictures of `inbetween run`: folders and patterns are replaced by their pictures, in natural order.

    Args:
        names: as the user wrote them; None for none.
        out: the output, for the commands in hints.

    Raises:
        UsageError: what was named is for another command, which the hint has.
        InbetweenError: a folder or a pattern has no pictures.
    """
    names = names or ()
    for name in names:
        if is_clip(name) and not name.lower().endswith((".gif", ".apng")):
            words = [name, "--factor", "4", "-o", out or "slow.mp4"]
            raise UsageError(f"`{name}` is a clip, and `run` is for pictures", f"write {line('slowmo', words)}")
        if os.path.isdir(name):
            _check_folder(name)
    return tuple(all_of(names))


def clip_of(names: Sequence[str] | None, out: str | None) -> str:
    """The clip of `inbetween slowmo`, or "" for none.

    Args:
        names: as the user wrote them; None for none.
        out: the output, for the commands in hints.

    Raises:
        UsageError: the user named more than one, or what was named is an address on the network.
    """
    names = names or ()
    if len(names) > 1:
        text = f"`{names[1]}` is one clip too many"
        if all(is_picture(name) for name in names) and len(names) == 2:
            words = [*names, "-o", out or "out.mp4"]
            raise UsageError(
                text, f"for a film between them write {line('run', words)}; for numbered pictures, in quotes: 'f_*.png'"
            )
        raise UsageError(
            text, "name one at a time; for pictures name the folder, or write the pattern in quotes: 'f_*.png'"
        )
    return local(names[0]) if names else ""


def _check_folder(folder: str) -> None:
    """Refuse a folder whose pictures are not the keys of one film.

    Raises:
        UsageError: it has clips or folders and no pictures, or start and end keys of several films.
    """
    with_slash = os.path.join(folder, "")
    try:
        found = [entry for entry in os.scandir(folder) if not entry.name.startswith(".")]
    except OSError as error:
        hint = "check its name and its permissions"
        raise InbetweenError(f"{folder} cannot be read: {error.strerror}", hint, "input_unreadable") from error
    pictures = [entry.name for entry in found if is_picture(entry.name)]
    batch = f"inbetween batch {quoted(with_slash)}"
    if pictures and all(_START_OR_END.fullmatch(name) for name in pictures):
        raise UsageError(
            f"the folder {folder} has start and end keys, each two of which are one film", f"write {batch} -o films/"
        )
    if pictures:
        return
    if any(is_clip(entry.name) for entry in found):
        raise UsageError(f"the folder {folder} has clips", f"write {batch} --slowmo --factor 4 -o films/")
    if any(entry.is_dir() for entry in found):
        raise UsageError(f"the folder {folder} has folders and no pictures", f"write {batch} -o films/")
