"""Writes small films of unfinished frames, while a network works in steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inbetween.report import Forward
from inbetween.types import Report


class Previews(Forward):
    """Passes everything on, except previews, which it writes to a file."""

    def __init__(self, report: Report, path: Path, every: int) -> None:
        """
        Args:
            report: hears all but the previews.
            path: the GIF, replaced by each preview.
            every: the number of steps from one preview to the next.
        """
        super().__init__(report)
        self._path, self._every = path, every

    def preview(self, step: int, frames: Callable[[], NDArray[np.uint8]]) -> None:
        """See `Report.preview`."""
        if step % self._every == 0:
            from inbetween.pictures.contact_sheet import small_film
            from inbetween.sidecars import save

            save(self._path, small_film(frames()))


@contextmanager
def previews(report: Report, path: Path | None, every: int) -> Iterator[Report]:
    """A report that writes previews to a file, which is removed at the end.

    Args:
        report: hears everything else. It is returned itself where there is no file.
        path: the GIF; None for no previews.
        every: the number of steps from one preview to the next.
    """
    if path is None:
        yield report
        return
    try:
        yield Previews(report, path, every)
    finally:
        path.unlink(missing_ok=True)
