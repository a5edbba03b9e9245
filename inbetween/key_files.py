"""Key pictures read when they are asked for, all brought to one size and kind."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import overload

from inbetween import pictures
from inbetween.errors import InbetweenError, UsageError
from inbetween.pictures.fit import fit_map
from inbetween.pictures.header import SIDE_LIMIT
from inbetween.types import Picture, Report

KEYS_HELD = 6
KEY_BYTES = 256_000_000
"""Keys kept decoded: at least `KEYS_HELD`, and more while they fit here."""


class KeyFiles(Sequence[Picture]):
    """Pictures of one size, channels and dtype, read when asked for: a film of a thousand keys needs no more
    memory than one of four. `headers` of all files are known, so that all are alike from the first on.

    paths: in order; for a loop the first one again at the end. size: (H, W), or the first key's; `fit` as in
    `pictures.fit`, or None where nothing may be resized. With several threads the next two keys are read ahead.

    Raises:
        WordsRefused: a size beyond `SIDE_LIMIT`.
        InbetweenError: a file that is no picture, or keys of unlike size without `fit`.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        size: tuple[int, int] | None,
        fit: str | None,
        force: bool,
        report: Report,
        threads: int = 1,
    ) -> None:
        self._paths, self._fit, self._force, self._report = paths, fit, force, report
        if size is not None:
            check_side(size)
        headers: dict[Path, pictures.Header] = {}
        for path in paths:
            report.progress("open", len(headers), len(paths))
            headers[path] = pictures.header(path, force)
        first = headers[paths[0]].size
        self.size = size or first
        self.channels = max(header.channels for header in headers.values())
        self.bits = max(header.bits for header in headers.values())
        for path, header in headers.items():
            self._check(path, header.size, header.size == first and one_aspect(first, self.size))
        height, width = self.size
        self._kept = max(KEYS_HELD, KEY_BYTES // (height * width * self.channels * self.bits // 8))
        self._ahead = 0 if threads == 1 else 2
        self._reader = ThreadPoolExecutor(2)
        self._stored = [headers[path].size for path in paths]
        self._lock = threading.Lock()
        self._held: OrderedDict[Path, Future[Picture]] = OrderedDict()
        self._read: set[Path] = set()

    def __len__(self) -> int:
        return len(self._paths)

    def map(self, index: int) -> tuple[tuple[int, int], tuple[float, float], tuple[float, float]]:
        """The stored size (H, W) of a key, and the scale and offset that bring its places (x, y) to the film's."""
        return self._stored[index], *fit_map(self._stored[index], self.size, self._fit or "stretch")

    @overload
    def __getitem__(self, index: int) -> Picture: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Picture]: ...
    def __getitem__(self, index: int | slice) -> Picture | Sequence[Picture]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        return self._asked(index).result()

    def _asked(self, index: int) -> Future[Picture]:
        # An engine may ask in a thread of its own.
        with self._lock:
            for path in self._paths[index : index + 1 + self._ahead]:
                if path not in self._held:
                    self._held[path] = self._reader.submit(self._picture, path)
                    while len(self._held) > self._kept:
                        self._held.popitem(last=False)
                self._held.move_to_end(path)
            return self._held[self._paths[index]]

    def _picture(self, path: Path) -> Picture:
        # What is said of a key is said once, however often it is read.
        picture = pictures.read(path, None if path in self._read else self._report, self._force)
        self._read.add(path)
        picture = pictures.like(picture, self.channels, f"uint{self.bits}")
        picture = pictures.fit(picture, self.size, self._fit or "stretch")
        picture.flags.writeable = False
        return picture

    def _check(self, path: Path, size: tuple[int, int], harmless: bool) -> None:
        if size == self.size:
            return
        (height, width), (other_height, other_width) = self.size, size
        if self._fit is None and not harmless:
            raise InbetweenError(
                f"{path} is {other_width}x{other_height}, the film is {width}x{height}",
                "say how it is to fit: --fit crop, --fit pad or --fit stretch",
            )
        self._report.note(
            "resized",
            f"{path.name} is brought from {other_width}x{other_height} to {width}x{height}"
            + (f" ({self._fit})" if self._fit else ""),
            file=str(path),
            size=[height, width],
        )


def check_side(size: tuple[int, int]) -> None:
    """Refuse a film of such a size (H, W).

    Raises:
        WordsRefused: a side is beyond `SIDE_LIMIT`.
    """
    if max(size) > SIDE_LIMIT:
        what = f"a film of {size[1]}x{size[0]} is too large"
        raise UsageError(what, f"no side may have more than {SIDE_LIMIT} pixels")


def one_aspect(a: tuple[int, int], b: tuple[int, int]) -> bool:
    """Whether a resize from one to the other distorts by less than a pixel."""
    return abs(a[0] * b[1] - a[1] * b[0]) < max(a[1], b[1])
