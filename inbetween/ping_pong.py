"""Films that go there and back: their frames are kept on the disk for the way back."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import IO

import numpy as np

from inbetween.types import Picture, Report
from inbetween.video import disk
from inbetween.video.segments import FrameSource


class Spool:
    """Frames of one shape by their number, kept in a file without a name instead of in memory. It is used in a `with`,
    which removes the file."""

    def __init__(self, folder: str) -> None:
        """
        Args:
            folder: where the file is created, when the first frame is kept.
        """
        self._folder, self._name = folder, f"{folder}, for the way back of a ping-pong"
        self._file: IO[bytes] | None = None
        self._like: Picture | None = None
        self._kept: set[int] = set()

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, *problem: object) -> None:
        if self._file is not None:
            self._file.close()

    def __contains__(self, number: int) -> bool:
        return number in self._kept

    def keep(self, number: int, picture: Picture) -> None:
        """Write a frame to the file.

        Raises:
            InbetweenError: the disk is full or refuses.
        """
        with disk.errors(self._name):
            if self._file is None:
                # Without a buffer: after a failure, what is left in a buffer would fail once more on close.
                self._file = tempfile.TemporaryFile(buffering=0, dir=self._folder)  # noqa: SIM115
            self._file.seek(number * picture.nbytes)
            rest = np.ascontiguousarray(picture).data.cast("B")
            while rest:
                rest = rest[self._file.write(rest) :]
        self._like = picture
        self._kept.add(number)

    def frame(self, number: int) -> Picture:
        """The frame that was kept under `number`.

        Raises:
            InbetweenError: the disk refuses.
        """
        assert self._file is not None
        assert self._like is not None
        with disk.errors(self._name):
            self._file.seek(number * self._like.nbytes)
            data = self._file.read(self._like.nbytes)
        frame = np.empty_like(self._like)
        frame.data.cast("B")[:] = data
        return frame


def there_and_back(make: FrameSource, count: int, spool: Spool, report: Report) -> FrameSource:
    """The frames of a film of `count` frames and then the same backwards, 2 count - 2 in all: neither end is repeated.

    Frames of the way there that an earlier process made, before it was stopped, are made again for the way back.

    Args:
        make: gives the frames of the way there.
        count: the number of frames of the way there.
        spool: keeps them for the way back.
        report: hears the progress of frames that are made again, as the stage `back`.
    """
    last = 2 * count - 2

    def both(first: int, stop: int) -> Iterator[Picture]:
        if first < count:
            for number, picture in enumerate(make(first, min(stop, count)), first):
                spool.keep(number, picture)
                yield picture
        back = range(last - stop + 1, last - max(first, count) + 1)
        missing = [number for number in back if number not in spool]
        if missing:
            # Begin where a gap begins: frame 0 is not shown again, but belongs to the first gap.
            begin = missing[0] if missing[0] > 1 else 0
            for number, picture in enumerate(make(begin, missing[-1] + 1), begin):
                report.progress("back", number - begin, len(missing))
                spool.keep(number, picture)
        yield from map(spool.frame, reversed(back))

    return both


def cuts_of(cuts: list[int], count: int) -> list[int]:
    """Frames at which a segment of the film there and back may begin.

    Args:
        cuts: the frames at which a segment of the way there may begin, ascending.
        count: the number of frames of the way there.
    """
    return cuts + [2 * count - 1 - cut for cut in reversed(cuts) if cut > 1]
