"""Names of inputs as users write them: folders, patterns, numbered names, addresses. Nothing is opened here, but
folders are listed."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Sequence
from pathlib import Path, PurePath

from inbetween.errors import InbetweenError, UsageError

PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".avif")
"""The suffixes of the files of a folder that count as pictures."""
CLIP_SUFFIXES = (
    ".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v", ".mpg", ".mpeg", ".ts", ".mts", ".m2ts", ".mxf", ".wmv", ".flv",
    ".ogv", ".3gp", ".y4m", ".gif", ".apng",
)  # fmt: skip
"""The suffixes of the files of a folder that count as clips."""
NUMBER = re.compile(r"%(?:0(\d{0,2}))?d")
"""Matches the place of the number in a name such as `f_%05d.png`."""
_HASHES = re.compile(r"#{2,99}")
_ADDRESS = re.compile(r"([a-z][a-z0-9+.-]+)://", re.IGNORECASE)


def with_percent(name: str) -> str:
    """A file name in which `####`, as Nuke writes the place of a number, is written `%04d`. A name that has a `%d`
    already, and a single `#`, which many file names have, are left alone.

    Args:
        name: the last part of a path.
    """
    return name if NUMBER.search(name) else _HASHES.sub(lambda found: f"%0{len(found[0])}d", name)


def local(name: str) -> str:
    """The path of a file that a user named, where the name may be an address such as `file:///home/me/a.png`.

    Raises:
        UsageError: the address is not that of a file on this machine. Nothing is ever fetched from the network.
    """
    found = _ADDRESS.match(name)
    if found is None:
        return name
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    try:
        parts = urlsplit(name)
    except ValueError:
        raise UsageError(f"`{name}` is not an address", "name a file on this machine") from None
    if parts.scheme.lower() == "file" and parts.netloc.lower() in ("", "localhost") and parts.path:
        return url2pathname(parts.path)
    if parts.scheme.lower() == "file":
        raise UsageError(f"`{name}` is on another machine", "name a file on this machine: file:///home/me/a.png")
    raise UsageError(f"`{name}` is an address, and nothing is fetched", "download it first, and name the file")


def sequence(name: str) -> list[Path] | None:
    """The pictures of a folder, a glob or a numbered name such as `f_%05d.png` or `f_####.png`, in the order of their
    numbers.

    Returns:
        The files, 2.png before 10.png; None if the name is that of a single file.

    Raises:
        InbetweenError: there are no such pictures.
    """
    if os.path.isfile(name):
        return None
    folder, last = os.path.split(name)
    last = with_percent(last)
    if os.path.isdir(name):
        paths = [path for path in _listed(name) if path.suffix.lower() in PICTURE_SUFFIXES and path.name[0] != "."]
        what = f"the folder {name} has no pictures"
    elif NUMBER.search(last):
        before, after = (re.escape(part) for part in NUMBER.split(last)[::2])
        wanted = re.compile(f"{before}[0-9]+{after}")
        paths = [path for path in Path(folder or os.curdir).glob("*") if wanted.fullmatch(path.name)]
        what = f"there are no pictures `{name}`"
    elif glob.has_magic(name):
        paths = [Path(path) for path in glob.glob(name) if os.path.isfile(path)]
        what = f"there are no pictures `{name}`"
    else:
        return None
    if not paths:
        raise InbetweenError(what, "check the name; PNG, JPEG, WebP, TIFF and BMP are accepted", "input_missing")
    return sorted(paths, key=lambda path: by_number(path.name))


def absolute(name: str) -> str:
    """A name for `sequence` that means the same files from any other current folder."""
    magic = glob.has_magic(name) and not os.path.exists(name)
    return os.path.join(glob.escape(os.getcwd()), name) if magic else os.path.abspath(name)


def by_number(name: str) -> list[tuple[str, int]]:
    """The key to sort names by, so that 2.png comes before 10.png."""
    return [(text, int(digits or 0)) for text, digits in re.findall(r"(\D*)(\d*)", name)]


def is_clip(name: str) -> bool:
    """Whether a name is that of a clip, by its suffix."""
    return PurePath(name).suffix.lower() in CLIP_SUFFIXES


def is_picture(name: str) -> bool:
    """Whether a name is that of a picture, by its suffix."""
    return PurePath(name).suffix.lower() in PICTURE_SUFFIXES


def all_of(names: Sequence[str]) -> list[str]:
    """Files that a user named: each folder, pattern or numbered name is replaced by its pictures, and each address by
    its path. Shells on Windows do not do that.

    Raises:
        UsageError: an address is not that of a file on this machine.
        InbetweenError: there are no such pictures.
    """
    found: list[str] = []
    for name in map(local, names):
        pictures = sequence(name)
        found += [name] if pictures is None else map(str, pictures)
    return found


def _listed(folder: str) -> list[Path]:
    """The entries of a folder.

    Raises:
        InbetweenError: it cannot be read.
    """
    try:
        return list(Path(folder).iterdir())
    except OSError as error:
        hint = "check its name and its permissions"
        raise InbetweenError(f"{folder} cannot be read: {error.strerror}", hint, "input_unreadable") from error
