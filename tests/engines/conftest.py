"""Networks of FCVG, filled at random."""

from __future__ import annotations

from pathlib import Path

import pytest

from inbetween.types import Picture
from support import tiny_svd
from support.fcvg import fcvg_gap, made_by_fcvg


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_svd.fill(tmp_path_factory.mktemp("weights"))


@pytest.fixture(scope="session")
def usual(store: Path) -> list[Picture]:
    """What is made of the usual gap when nothing is said."""
    return made_by_fcvg(store, fcvg_gap())
