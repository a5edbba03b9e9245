"""Makes the pictures between two pictures.

>>> for picture in inbetween.interpolate("start.png", "end.png", frames=23):
...     ...  # (H, W, 3 or 4) arrays, the keys included
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inbetween.errors import InbetweenError, Interrupted, UnknownName, UsageError

if TYPE_CHECKING:
    from inbetween.api import interpolate

__version__ = "0.1.0"
__all__ = ["InbetweenError", "Interrupted", "UnknownName", "WordsRefused", "__version__", "interpolate"]


def __getattr__(name: str) -> Any:
    # numpy is imported with the first use, not with the package: `inbetween --help` is quick.
    if name == "interpolate":
        from inbetween.api import interpolate

        return interpolate
    raise AttributeError(f"module `inbetween` has no attribute `{name}`")
