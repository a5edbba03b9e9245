"""Makes the frames between two pictures.

>>> for frame in inbetween.interpolate("start.png", "end.png", frames=23):
...     ...  # (H, W, 3 or 4) arrays, the keys included
>>> made = inbetween.slowmo("clip.mp4", "slow.mp4", factor=4)
>>> engine = inbetween.load_engine("flow")  # once, for many calls: interpolate(..., engine=engine)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inbetween.errors import InbetweenError, Interrupted, UnknownName, UsageError

if TYPE_CHECKING:
    from inbetween.api import interpolate, load_engine, slowmo, slowmo_frames

WordsRefused = UsageError
"""The name of `UsageError` before version 0.2, kept for programs that catch it."""
__version__ = "0.1.0"
__all__ = [
    "InbetweenError",
    "Interrupted",
    "UnknownName",
    "UsageError",
    "WordsRefused",
    "__version__",
    "interpolate",
    "load_engine",
    "slowmo",
    "slowmo_frames",
]


def __getattr__(name: str) -> object:
    # numpy is imported with the first use, not with the package: `inbetween --help` is quick.
    if name in ("interpolate", "load_engine", "slowmo", "slowmo_frames"):
        from inbetween import api

        return getattr(api, name)
    raise AttributeError(f"module `inbetween` has no attribute `{name}`")
