"""The table of engines. To add one, put a file or a folder here and its name into `NAMES`.

Other packages add an engine by an entry point of the group `inbetween.engines` that names its record, `ENGINE`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from inbetween.errors import UnknownName

if TYPE_CHECKING:
    from inbetween.engine import Engine

NAMES = ("flow", "blend", "fcvg")
"""The engines of this package; the module of each has its record, `ENGINE`."""
GROUP = "inbetween.engines"
"""The group of entry points by which other packages add engines."""


def names() -> tuple[str, ...]:
    """The names of all engines: those of this package first, then those of other packages that are installed."""
    from importlib.metadata import entry_points

    return *NAMES, *sorted(entry_points(group=GROUP).names - set(NAMES))


def get(name: str) -> Engine:
    """The record of an engine; its module is imported now, its networks are not.

    Raises:
        UnknownName: no engine has that name.
    """
    if name in NAMES:
        engine: Engine = import_module(f"inbetween.engines.{name}").ENGINE
        return engine
    from importlib.metadata import entry_points

    for point in entry_points(group=GROUP, name=name):
        engine = point.load()
        return engine
    raise UnknownName("engine", name, names())
