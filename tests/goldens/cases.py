"""The recorded cases of a folder: every case.json at any depth, with the one .npz beside it."""

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
    """Its folder below the root, with slashes."""
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


def root() -> Path:
    """The folder named by INBETWEEN_GOLDENS, or the own set.

    Raises:
        UsageError: the name of no folder.
    """
    named = os.environ.get("INBETWEEN_GOLDENS")
    if named and not Path(named).is_dir():
        raise pytest.UsageError(f"INBETWEEN_GOLDENS names no folder: {named}")
    return Path(named) if named else OWN


def found(folder: Path) -> list[Case]:
    """All cases below a folder: family = top folder, kind = the word in case.json, or else the folder below."""
    made = []
    for path in sorted(folder.rglob("case.json")):
        words = json.loads(path.read_text("utf-8"))
        family, kind, *_ = (*path.parent.relative_to(folder).parts, "", "")
        name = path.parent.relative_to(folder).as_posix()
        made.append(Case(name, family, words.get("kind", kind), words, path.parent))
    return made
