"""Keys of a film, from files or from memory, all brought to one size, depth and number of channels."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Protocol, overload

from inbetween import pictures
from inbetween.errors import InbetweenError, UsageError
from inbetween.pictures.fit import fit_map
from inbetween.pictures.header import SIDE_LIMIT
from inbetween.types import Picture, Report

KEYS_HELD = 6
KEY_BYTES = 256_000_000
"""Keys kept decoded: at least `KEYS_HELD`, and more while they fit here."""


KeyMap = tuple[tuple[int, int], tuple[float, float], tuple[float, float]]
"""The size (H, W) that a key was given in, and the scale and offset (x, y) that bring its pixels to the film's."""


class KeySource(Protocol):
    """The keys of a film: of one size, with the same channels and bits, in the order of the film.

    A loop has its first key again at the end. Neighbouring gaps get the same object for the key that they share, as
    long as it is at hand.
    """

    @property
    def size(self) -> tuple[int, int]:
        """(H, W) of the film."""

    @property
    def channels(self) -> int:
        """3, or 4 if any key has alpha."""

    @property
    def bits(self) -> int:
        """Per channel: 8, or 16 if any key has them."""

    def map(self, index: int) -> KeyMap:
        """How a key was brought to the film's size."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> Picture:
        """(H, W, channels), uint8 or uint16, not to be written to."""


class KeyArrays:
    """Keys that are in memory already."""

    def __init__(
        self,
        arrays: Sequence[Picture],
        size: tuple[int, int] | None,
        fit: str | None,
        report: Report,
        names: Sequence[str] = (),
    ) -> None:
        """
        Args:
            arrays: (H, W, 3 or 4) each, uint8 or uint16; for a loop the first one again at the end.
            size: (H, W) of the film, or None for the first key's.
            fit: as in `pictures.fit`, or None where nothing may be resized.
            names: what messages call the keys.

        Raises:
            UsageError: keys of unlike size without `fit`, or a size beyond `SIDE_LIMIT`.
        """
        first = arrays[0].shape[0], arrays[0].shape[1]
        self.size = size or first
        check_side(self.size)
        self._stored = [(array.shape[0], array.shape[1]) for array in arrays]
        self._fit = fit or "stretch"
        names = names or [f"key {number}" for number in range(1, len(arrays) + 1)]
        # The first one again is the same one.
        for name, stored in dict(zip(names, self._stored, strict=True)).items():
            harmless = stored == first and one_aspect(first, self.size)
            _note_resize(name, stored, self.size, fit, harmless, report, UsageError)
        distinct = {id(array): array for array in arrays}
        alike = dict(zip(distinct, pictures.unify(list(distinct.values())), strict=True))
        for key, array in alike.items():
            # A copy, which whoever has the array may not write to any more.
            alike[key] = pictures.fit(array, self.size, self._fit).copy()
            alike[key].flags.writeable = False
        self._keys = [alike[id(array)] for array in arrays]
        self.channels = self._keys[0].shape[2]
        self.bits = self._keys[0].itemsize * 8

    def close(self) -> None:
        """Nothing: as `KeyFiles`, for whoever has either."""

    def map(self, index: int) -> KeyMap:
        """See `KeySource.map`."""
        return self._stored[index], *fit_map(self._stored[index], self.size, self._fit)

    def __len__(self) -> int:
        return len(self._keys)

    def __getitem__(self, index: int, /) -> Picture:
        return self._keys[index]


class KeyFiles(Sequence[Picture]):
    """Keys that are read from files when they are asked for: a film of a thousand keys needs no more memory than one
    of four. It is used in a `with`, which ends the threads that read; it may be used without if no key is read.
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
        """
        Args:
            paths: in order; for a loop the first one again at the end. The headers of all are read at once.
            size: (H, W) of the film, or None for the first key's.
            fit: as in `pictures.fit`, or None where nothing may be resized.
            force: also take pictures of more than 64 megapixels.
            threads: with more than one, the next two keys are read ahead.

        Raises:
            UsageError: a size beyond `SIDE_LIMIT`.
            InbetweenError: a file that is no picture, or keys of unlike size without `fit`.
        """
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
            harmless = header.size == first and one_aspect(first, self.size)
            _note_resize(str(path), header.size, self.size, fit, harmless, report, InbetweenError)
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

    def __enter__(self) -> KeyFiles:
        return self

    def __exit__(self, *problem: object) -> None:
        self.close()

    def close(self) -> None:
        """End the threads that read; no key can be asked for any more."""
        self._reader.shutdown(cancel_futures=True)

    def map(self, index: int) -> KeyMap:
        """See `KeySource.map`."""
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
        # What is said of a key is said once, however often it is read. Two threads may read it at once.
        with self._lock:
            report = None if path in self._read else self._report
            self._read.add(path)
        picture = pictures.read(path, report, self._force)
        picture = pictures.like(picture, self.channels, f"uint{self.bits}")
        picture = pictures.fit(picture, self.size, self._fit or "stretch")
        picture.flags.writeable = False
        return picture


def _note_resize(
    name: str,
    size: tuple[int, int],
    film: tuple[int, int],
    fit: str | None,
    harmless: bool,
    report: Report,
    error: type[InbetweenError],
) -> None:
    """Say that a key is resized.

    Raises:
        InbetweenError: of the class `error`, if the user did not say how, and it is not `harmless`.
    """
    if size == film:
        return
    (height, width), (other_height, other_width) = film, size
    if fit is None and not harmless:
        raise error(
            f"{name} is {other_width}x{other_height}, the film is {width}x{height}",
            "say how it is to fit: --fit crop, --fit pad or --fit stretch",
        )
    report.note(
        "resized",
        f"{os.path.basename(name)} is brought from {other_width}x{other_height} to {width}x{height}"
        + (f" ({fit})" if fit else ""),
        file=name,
        size=[height, width],
    )


def check_side(size: tuple[int, int]) -> None:
    """Refuse a film of such a size (H, W).

    Raises:
        UsageError: a side is beyond `SIDE_LIMIT`.
    """
    if max(size) > SIDE_LIMIT:
        what = f"a film of {size[1]}x{size[0]} is too large"
        raise UsageError(what, f"no side may have more than {SIDE_LIMIT} pixels")


def one_aspect(a: tuple[int, int], b: tuple[int, int]) -> bool:
    """Whether a resize from one to the other distorts by less than a pixel."""
    return abs(a[0] * b[1] - a[1] * b[0]) < max(a[1], b[1])
