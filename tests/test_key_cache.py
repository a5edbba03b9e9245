"""Things that are made of keys and kept."""

from __future__ import annotations

import gc
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from inbetween.key_cache import KeyCache
from inbetween.types import Picture


class Made:
    """Something that was made; it can be asked whether it still exists."""


def key() -> Picture:
    return np.zeros((2, 3, 3), np.uint8)


def test_equal_keys_are_not_the_same_key() -> None:
    cache: KeyCache[Made] = KeyCache(3)
    a, b = key(), key()
    of_a = cache.get((a,), Made)
    assert cache.get((a,), Made) is of_a
    assert cache.get((b,), Made) is not of_a
    assert cache.get((a, b), Made) is not cache.get((b, a), Made)


def test_the_one_that_was_not_asked_for_the_longest_is_dropped() -> None:
    cache: KeyCache[Made] = KeyCache(2)
    a, b, c = key(), key(), key()
    of_a = cache.get((a,), Made)
    of_b = weakref.ref(cache.get((b,), Made))
    assert cache.get((a,), Made) is of_a
    cache.get((c,), Made)
    gc.collect()
    assert of_b() is None
    assert cache.get((a,), Made) is of_a


def test_a_key_that_nobody_else_has_is_never_taken_for_another() -> None:
    cache: KeyCache[int] = KeyCache(3)
    # Freed memory is used again at once: without the keys being kept, ids would repeat.
    assert [cache.get((key(),), lambda number=number: number) for number in range(50)] == list(range(50))


def test_many_threads_each_get_what_is_made_of_their_keys() -> None:
    cache: KeyCache[int] = KeyCache(3)
    keys = [key() for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: cache.get((keys[n % 8],), lambda: n % 8), range(4000)))
    assert found == [n % 8 for n in range(4000)]
