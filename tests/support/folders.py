"""What lies in a folder."""

from __future__ import annotations

import os
from pathlib import Path


def contents(folder: Path) -> dict[str, object]:
    """Everything in a folder: the bytes and the time of the last change of files, where links lead."""
    found: dict[str, object] = {}
    for path in sorted(folder.rglob("*")):
        name, status = str(path.relative_to(folder)), path.lstat()
        if path.is_symlink():
            found[name] = os.readlink(path)
        elif path.is_file():
            found[name] = status.st_mtime_ns, path.read_bytes() if os.access(path, os.R_OK) else b""
        else:
            found[name] = "folder"
    return found


def names(folder: Path) -> set[str]:
    """What lies in a folder itself."""
    return {path.name for path in folder.iterdir()}


def hidden(folder: Path) -> list[str]:
    """Names that begin with a dot: what is not yet finished, or was left behind."""
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]
