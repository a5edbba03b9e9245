"""Sound over another time, its pitch kept: WSOLA (Verhelst and Roelands 1993) that lets attacks pass as they are.

Overlapping windows of the source are laid where the film wants them, each moved by a few milliseconds so that it goes
on as the one before did. That would repeat what sets in suddenly: there a new chain begins with the attack itself, at
its exact time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
"""(channels, N), -1..1."""

WINDOW, SEARCH, ATTACK, FADE = 0.030, 0.010, 0.010, 0.002
"""Seconds: of a window; that it is moved by at most; of an attack; in which what was before is faded under it."""
HOP, APART = 0.005, 0.050
"""Seconds: between looks for attacks; between two of them at least."""
RISE, FAINT, LOOKS = 8.0, 1e-3, 8
"""An attack has so many times the energy of so many looks before it, and such a share of the loudest one's."""


def stretched(
    blocks: Iterable[Samples],
    channels: int,
    rate: int,
    source: Callable[[float], float],
    shown: Callable[[float], float],
    count: int,
) -> Iterator[Samples]:
    """`count` samples, in blocks: at second `t` of them sounds what is at second `source(t)` of the blocks.

    rate: samples a second. shown: the inverse of `source`; both ascend. Before and after the blocks there is silence.
    No more than about a second of the source is held.
    """
    tape = _Tape(blocks, channels, rate)
    half, search, attack, fade = (round(seconds * rate) for seconds in (WINDOW / 2, SEARCH, ATTACK, FADE))
    window = 2 * half
    rise = (0.5 - 0.5 * np.cos(np.pi * (np.arange(half) + 0.5) / half)).astype(np.float32)
    ramp = np.linspace(0, 1, fade, dtype=np.float32)
    # Where in the film the next sample goes, and which of the source would go on there; no window may begin before.
    place, goes_on = 0, round(source(0.0) * rate)
    least = goes_on
    while place < count:
        ideal = round(source((place + half) / rate) * rate) - half
        onset = tape.onset(least, ideal + 3 * window)
        until = place + window if onset is None else round(shown(onset / rate) * rate) - fade
        if onset is not None and until < place - attack:
            # Played too fast for it.
            least = onset
            continue
        if onset is not None and until <= place + half:
            rest, late = max(0, until - place), max(0, place - until)
            held = tape.part(goes_on, rest + fade)
            fresh = tape.part(onset - fade + late, fade + attack - late)
            fresh[:, :fade] = fresh[:, :fade] * ramp + held[:, rest:] * (1 - ramp)
            out = np.concatenate([held[:, :rest], fresh], 1)
            goes_on = least = onset + attack
        else:
            begin = goes_on
            if abs(ideal - goes_on) > 1 or (onset is not None and goes_on + until - place > onset - fade + 1):
                most = ideal + search if onset is None else onset - fade - window
                ideal = max(min(ideal, most), least)
                low, high = max(ideal - search, least), max(ideal, min(ideal + search, most))
                begin = _alike(tape, ideal, low, high, goes_on, window)
            out = tape.part(goes_on, half) * (1 - rise) + tape.part(begin, half) * rise
            goes_on = begin + half
        yield out[:, : count - place]
        place += out.shape[1]
        tape.forget(min(goes_on, ideal) - 2 * window)


def _alike(tape: _Tape, begin: int, low: int, high: int, goes_on: int, window: int) -> int:
    """Where from `low` to `high` a window is most like what would go on."""
    natural = tape.part(goes_on, window).mean(0)
    there = tape.part(low, high - low + window).mean(0)
    power = np.concatenate([[0.0], np.cumsum(there.astype(np.float64) ** 2)])
    power = power[window:] - power[:-window]
    like = np.correlate(there, natural, "valid") / np.sqrt(power + 1e-9)
    # Of equals, and of silence, the one at its time.
    like -= 1e-6 * np.abs(np.arange(low, high + 1) - begin)
    return low + int(like.argmax())


class _Tape:
    """The samples of a stream of blocks by their numbers, as long as they are wanted; beyond its ends silence."""

    def __init__(self, blocks: Iterable[Samples], channels: int, rate: int) -> None:
        self._blocks, self._channels, self._rate = iter(blocks), channels, rate
        self._held: Samples = np.zeros((channels, 0), np.float32)
        self._first, self._ended = 0, False
        self._looked, self._loudest = 0, 0.0
        self._energies: deque[float] = deque([0.0], LOOKS)
        self._onsets: list[int] = []

    def part(self, begin: int, length: int) -> Samples:
        """(channels, length) from sample `begin` on."""
        self._read(begin + length)
        out = np.zeros((self._channels, length), np.float32)
        low, high = max(begin, self._first), min(begin + length, self._end)
        if low < high:
            out[:, low - begin : high - begin] = self._held[:, low - self._first : high - self._first]
        return out

    def onset(self, after: int, before: int) -> int | None:
        """The sample with which a sound sets in, the first one between the two."""
        step = round(HOP * self._rate)
        self._read(before + 4 * step)
        while self._looked + 3 * step < min(before + step, self._end - step):
            self._look(step)
        return next((onset for onset in self._onsets if after < onset <= before), None)

    def forget(self, before: int) -> None:
        """Samples before this one, and before those that are still to be looked at, are not asked for any more."""
        drop = min(before, self._looked) - self._first
        if drop > self._rate // 2:
            self._held, self._first = self._held[:, drop:].copy(), self._first + drop
            self._onsets = [onset for onset in self._onsets if onset >= before]

    @property
    def _end(self) -> int:
        return self._first + int(self._held.shape[1])

    def _read(self, until: int) -> None:
        while self._end < until and not self._ended:
            block = next(self._blocks, None)
            if block is None:
                self._ended = True
            else:
                self._held = np.concatenate([self._held, block], 1)

    def _look(self, step: int) -> None:
        """At the steps one by one: the energy of what changes fast."""
        change = np.abs(np.diff(self.part(self._looked, 3 * step).mean(0)))
        energy = float(np.square(change[:step]).sum())
        before, last = sum(self._energies) / len(self._energies), self._onsets[-1:] or [-self._rate]
        self._loudest = max(self._loudest, energy)
        if energy > max(RISE * before, FAINT * self._loudest) and self._looked - last[0] > APART * self._rate:
            # A look may hold no more than the beginning of it.
            self._onsets.append(self._looked + int(np.argmax(change > change.max() / 4)))
        self._energies.append(energy)
        self._looked += step
