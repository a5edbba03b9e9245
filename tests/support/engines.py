"""Engines without the command."""

from __future__ import annotations

from inbetween import engines
from inbetween.types import Gap, Report, Settings

MIDDLE = (0.25, 0.5, 0.75)


def make(name: str, *gaps: Gap, threads: int = 1, report: Report | None = None, **options: object):
    engine = engines.get(name)
    maker = engine.load(engine.Options(**options), Settings(threads=threads))
    return list(maker(gaps, report or Report()))


AT_ONCE = [name for name in engines.NAMES if not engines.get(name).needs]
"""Those that need no weights; the others have tests of their own, with networks filled at random."""
