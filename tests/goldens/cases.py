"""The recorded cases of folders: every case.json at any depth, with the one .npz beside it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

OWN = Path(__file__).parent.parent / "data" / "goldens"
"""The small set that comes with the tests."""


@dataclass(frozen=True)
class Case:
    """One recorded case, not yet read but for its kind."""

    name: str
    """Its folder below the one that was named, with slashes."""
    family: str
    kind: str
    words: Mapping[str, Any]
    """case.json."""
    folder: Path

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """What lies in the .npz beside case.json."""
        (path,) = self.folder.glob("*.npz")
        with np.load(path) as arrays:
            return dict(arrays)


def roots() -> list[Path]:
    """The folders named by INBETWEEN_GOLDENS, joined as those of PATH are; or the own set, if it names none.

    Raises:
        UsageError: a name that is relative, or of no folder.
    """
    named = os.environ.get("INBETWEEN_GOLDENS")
    folders = [Path(name) for name in named.split(os.pathsep)] if named else [OWN]
    for folder in folders:
        if not folder.is_absolute():
            raise pytest.UsageError(f"INBETWEEN_GOLDENS needs whole paths, joined by {os.pathsep}; not `{folder}`")
        if not folder.is_dir():
            raise pytest.UsageError(f"INBETWEEN_GOLDENS names a folder that does not exist: {folder}")
    return folders


def found(folder: Path) -> list[Case]:
    """All cases below a folder: family = top folder, kind = the word in case.json, or else the folder below."""
    made = []
    for path in sorted(folder.rglob("case.json")):
        words = json.loads(path.read_text("utf-8"))
        family, kind, *_ = (*path.parent.relative_to(folder).parts, "", "")
        name = path.parent.relative_to(folder).as_posix()
        made.append(Case(name, family, words.get("kind", kind), words, path.parent))
    return made
