"""The table of engines. A new one is a file or folder here and its name in `NAMES`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from inbetween.errors import UnknownName

if TYPE_CHECKING:
    from inbetween.engine import Engine

NAMES = ("flow", "blend", "fcvg")


def get(name: str) -> Engine:
    """The record of an engine; its module is imported now, its networks are not.

    Raises:
        UnknownName: no engine has that name.
    """
    if name not in NAMES:
        raise UnknownName("engine", name, NAMES)
    engine: Engine = import_module(f"inbetween.engines.{name}").ENGINE
    return engine
