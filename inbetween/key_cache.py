"""What engines make of keys, kept while the next gaps may ask for it again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

from inbetween.types import Picture

Made = TypeVar("Made")


class KeyCache(Generic[Made]):
    """The last few things that were made of one or several keys, such as their features or the flow between two.

    Keys are compared by identity, which costs nothing: neighbouring gaps share the same key objects. The cache keeps
    the keys too, because the id of an object that is gone may become that of another one.

    Several threads may use it at once. They do not wait for each other, so two that ask for the same thing at the same
    time may both make it.
    """

    def __init__(self, most: int) -> None:
        """
        Args:
            most: how many things are kept; beyond that the one that was not asked for the longest is dropped.
        """
        self._most, self._lock = most, threading.Lock()
        self._kept: OrderedDict[tuple[int, ...], tuple[tuple[Picture, ...], Made]] = OrderedDict()

    def get(self, keys: tuple[Picture, ...], make: Callable[[], Made]) -> Made:
        """What was made of these keys, in this order; `make` makes it where it is not kept."""
        ids = tuple(map(id, keys))
        with self._lock:
            if ids in self._kept:
                self._kept.move_to_end(ids)
                return self._kept[ids][1]
        made = make()
        with self._lock:
            self._kept[ids] = keys, made
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return made
