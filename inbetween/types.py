"""What travels between the rooms. numpy and the standard library only.

Conventions, said once: sizes are (H, W); points are (x, y) with pixel centres at integers; pictures are RGB
or RGBA, full range, as stored (sRGB), alpha straight; t = 0 is the start key of a gap and t = 1 its end key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Picture: TypeAlias = NDArray[np.uint8] | NDArray[np.uint16]
"""(H, W, 3 or 4), RGB or RGBA with straight alpha, 0..255 or 0..65535. Never written to once it is made."""


@dataclass(frozen=True, eq=False)
class Gap:
    """What is to be made between two keys. Neighbouring gaps share the same key objects."""

    start: Picture
    end: Picture
    times: tuple[float, ...]
    """In [0, 1], strictly ascending; 0 and 1 only where the keys themselves are to be made again."""
    seed: int = 0
    number: int = 0
    """Its place in the film, for messages."""
    before: tuple[Picture, float] | None = None
    """The key before `start` and its time in units of this gap (< 0), or None at a clip's end or a cut."""
    after: tuple[Picture, float] | None = None
    """The key after `end` and its time in units of this gap (> 1), or None at a clip's end or a cut."""


@dataclass(frozen=True)
class Settings:
    """Where the work is done. Must never change the pixels."""

    device: str = "cpu"
    threads: int = 1


class Report:
    """The one way up for everything that is not a picture. This base class keeps silent."""

    def progress(self, stage: str, done: int, total: int) -> None:
        """Say how far a stage has come; a total of 0 is unknown. Every loop calls this at least each 2 s.

        Raises:
            Interrupted: when the user asked to stop; the one way of cancelling.
        """

    def note(self, code: str, text: str, *, detail: bool = False, **facts: Any) -> None:
        """Say a choice, a warning or a doubt, for people (`text`) and for programs (`code`, `facts`).

        A `detail` is for those who ask for more.
        """


Maker: TypeAlias = Callable[[Iterable[Gap], Report], Iterator[Picture]]
"""Makes all pictures of the first gap, then of the next: size and dtype of `gap.start`, one per time."""
