"""The keys of a film, from files or from memory, all brought to one size, depth and number of channels."""

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
from inbetween.sizes import FilmSize
from inbetween.types import Picture, Report

KEYS_HELD = 6
"""The least number of keys that are kept decoded: the four that a gap looks at, and two that are read ahead."""
KEY_BYTES = 256_000_000
"""Bytes of decoded keys: more than `KEYS_HELD` keys are kept while they fit into it. Chosen by eye."""

KeyMap = tuple[tuple[int, int], tuple[float, float], tuple[float, float]]
"""The size (H, W) in pixels in which a key was given, and the scale and offset, each (x, y), from its pixel coordinates
to those of the film."""


class KeySource(Protocol):
    """The keys of a film in order, all of one size, with the same channels and bits.

    A loop has its first key again at the end. Neighbouring gaps get the same object for the key that they share, while
    it is kept decoded.
    """

    @property
    def size(self) -> tuple[int, int]:
        """The size (H, W) of the film in pixels."""

    @property
    def channels(self) -> int:
        """The number of channels: 3, or 4 if any key has alpha."""

    @property
    def bits(self) -> int:
        """The number of bits of a channel: 8, or 16 if any key has them."""

    def map(self, index: int) -> KeyMap:
        """How a key was brought to the film's size."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> Picture:
        """A key: (H, W, channels) uint8 or uint16, read-only."""


class KeyArrays:
    """Keys that are in memory already; see `KeySource`."""

    def __init__(
        self,
        arrays: Sequence[Picture],
        size: FilmSize | None,
        fit: str | None,
        report: Report,
        names: Sequence[str] = (),
    ) -> None:
        """
        Args:
            arrays: the keys, each (H, W, 3 or 4) uint8 or uint16; a loop has the first one again at the end.
            size: of the film; None for the size of the first key.
            fit: how keys of another shape are brought to that size, as in `pictures.fit`; None: they are refused.
            report: hears a note about each key that is resized.
            names: what messages call the keys; empty for "key 1", "key 2" and so on.

        Raises:
            UsageError: keys differ in size and `fit` is None, or a side is longer than `SIDE_LIMIT`.
        """
        first = arrays[0].shape[0], arrays[0].shape[1]
        self.size = first if size is None else size.of(first)
        check_side(self.size)
        self._stored = [(array.shape[0], array.shape[1]) for array in arrays]
        self._fit = fit or "stretch"
        names = names or [f"key {number}" for number in range(1, len(arrays) + 1)]
        # A name that comes again is the first key of a loop, and is noted once.
        for name, stored in dict(zip(names, self._stored, strict=True)).items():
            harmless = stored == first and one_aspect(first, self.size)
            _note_resize(name, stored, self.size, fit, harmless, report, UsageError)
        distinct = {id(array): array for array in arrays}
        alike = dict(zip(distinct, pictures.unify(list(distinct.values())), strict=True))
        for key, array in alike.items():
            # A copy, because the caller may go on to write to the array.
            alike[key] = pictures.fit(array, self.size, self._fit).copy()
            alike[key].flags.writeable = False
        self._keys = [alike[id(array)] for array in arrays]
        self.channels = self._keys[0].shape[2]
        self.bits = self._keys[0].itemsize * 8

    def close(self) -> None:
        """Do nothing: there are no threads to end, as `KeyFiles` has."""

    def map(self, index: int) -> KeyMap:
        """See `KeySource.map`."""
        return self._stored[index], *fit_map(self._stored[index], self.size, self._fit)

    def __len__(self) -> int:
        return len(self._keys)

    def __getitem__(self, index: int, /) -> Picture:
        return self._keys[index]


class KeyFiles(Sequence[Picture]):
    """Keys that are read from files when they are asked for; see `KeySource`. A film of a thousand keys needs no more
    memory than one of six.

    It is used in a `with`, which ends the threads that read. Where no key is read, none is needed.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        size: FilmSize | None,
        fit: str | None,
        force: bool,
        report: Report,
        threads: int = 1,
    ) -> None:
        """
        Args:
            paths: the files in order; a loop has the first one again at the end. The headers of all are read now.
            size: of the film; None for the size of the first key.
            fit: how keys of another shape are brought to that size, as in `pictures.fit`; None: they are refused.
            force: whether pictures of more than 64 megapixels are accepted.
            report: hears the progress, and notes about the keys.
            threads: with more than one, the next two keys are read ahead.

        Raises:
            UsageError: a side is longer than `SIDE_LIMIT`.
            InbetweenError: a file is not a picture, or keys differ in size and `fit` is None.
        """
        self._paths, self._fit, self._force, self._report = paths, fit, force, report
        headers: dict[Path, pictures.Header] = {}
        for path in paths:
            report.progress("open", len(headers), len(paths))
            headers[path] = pictures.header(path, force)
        first = headers[paths[0]].size
        self.size = first if size is None else size.of(first)
        if size is not None:
            check_side(self.size)
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
        """End the threads that read; no key can be read any more."""
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
        return self._decoding(index).result()

    def _decoding(self, index: int) -> Future[Picture]:
        """A key that is decoded or being decoded; the keys after it are begun too."""
        # An engine may ask for keys in a thread of its own.
        with self._lock:
            for path in self._paths[index : index + 1 + self._ahead]:
                if path not in self._held:
                    self._held[path] = self._reader.submit(self._picture, path)
                    while len(self._held) > self._kept:
                        self._held.popitem(last=False)
                self._held.move_to_end(path)
            return self._held[self._paths[index]]

    def _picture(self, path: Path) -> Picture:
        # Notes about a key are reported once, however often it is read, and two threads may read it at the same time.
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
    """Note that a key is resized, if it is.

    Args:
        name: what messages call the key.
        size: (H, W) of the key.
        film: (H, W) of the film.
        fit: how it is resized; None where the user did not say.
        harmless: whether it may be resized without the user saying how.
        report: hears the note.
        error: the class of the error that is raised.

    Raises:
        InbetweenError: it has another size, the user did not say how it is to fit, and that is not `harmless`.
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
    """Refuse a size (H, W) of a film that is too large.

    Raises:
        UsageError: a side is longer than `SIDE_LIMIT`.
    """
    if max(size) > SIDE_LIMIT:
        text = f"a film of {size[1]}x{size[0]} is too large"
        raise UsageError(text, f"no side may have more than {SIDE_LIMIT} pixels")


def one_aspect(a: tuple[int, int], b: tuple[int, int]) -> bool:
    """Whether resizing from one size (H, W) to the other distorts by less than a pixel."""
    return abs(a[0] * b[1] - a[1] * b[0]) < max(*a, *b)
