"""Stretching sound in time while its pitch is kept, by WSOLA (Verhelst and Roelands 1993), with attacks left unchanged.

Overlapping windows of the source are placed at their times in the film. Each is moved by a few milliseconds to where it
continues the one before best. That would repeat an attack, a sound that begins suddenly. So each attack is copied
unchanged to its exact time, and a new chain of windows begins after it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
"""(channels, N), -1..1."""

# All of these are choices, not measured.
WINDOW = 0.030
"""Length of a window, in seconds."""
SEARCH = 0.010
"""Most by which a window is moved, in seconds."""
ATTACK = 0.010
"""Length of an attack, which is copied unchanged, in seconds."""
FADE = 0.002
"""Time before an attack in which it is faded in over the sound before it, in seconds."""
HOP = 0.005
"""Length of a step in the search for attacks, in seconds."""
APART = 0.050
"""Least time between two attacks, in seconds."""
LOOKS = 8
"""Number of steps with whose mean energy a step is compared."""
RISE = 8.0
"""Least energy of an attack, in multiples of that mean."""
FAINT = 1e-3
"""Least energy of an attack, as a share of that of the loudest step so far."""


def stretched(
    blocks: Iterable[Samples],
    channels: int,
    rate: int,
    source: Callable[[float], float],
    shown: Callable[[float], float],
    count: int,
) -> Iterator[Samples]:
    """Stretch sound so that at second `t` of the result sounds what is at second `source(t)` of the blocks.

    Before and after the blocks there is silence. No more than about a second of them is held in memory.

    Args:
        blocks: the sound, in blocks of (channels, N), -1..1.
        channels: the number of channels.
        rate: samples per second.
        source: second of the result -> second of the blocks. It ascends.
        shown: the inverse of `source`.
        count: number of samples of the result.

    Yields:
        Blocks of (channels, N) float32, `count` samples altogether.
    """
    tape = _Tape(blocks, channels, rate)
    half, search, attack, fade = (round(seconds * rate) for seconds in (WINDOW / 2, SEARCH, ATTACK, FADE))
    window = 2 * half
    rise = (0.5 - 0.5 * np.cos(np.pi * (np.arange(half) + 0.5) / half)).astype(np.float32)
    ramp = np.linspace(0, 1, fade, dtype=np.float32)
    # `place`: the sample of the result that is made next. `goes_on`: the sample of the source that would continue there
    # what has been made. `least`: the first sample of the source with which a window may begin.
    place, goes_on = 0, round(source(0.0) * rate)
    least = goes_on
    while place < count:
        ideal = round(source((place + half) / rate) * rate) - half
        onset = tape.onset(least, ideal + 3 * window)
        until = place + window if onset is None else round(shown(onset / rate) * rate) - fade
        if onset is not None and until < place - attack:
            # The sound is played so fast that the attack's time has passed already.
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
    """The sample from `low` to `high` with which the window begins that is most like the one that begins with
    `goes_on`; of equal ones the one nearest to `begin`."""
    natural = tape.part(goes_on, window).mean(0)
    there = tape.part(low, high - low + window).mean(0)
    power = np.concatenate([[0.0], np.cumsum(there.astype(np.float64) ** 2)])
    power = power[window:] - power[:-window]
    like = np.correlate(there, natural, "valid") / np.sqrt(power + 1e-9)
    # So small that it decides only between windows that are alike, as in silence.
    like -= 1e-6 * np.abs(np.arange(low, high + 1) - begin)
    return low + int(like.argmax())


class _Tape:
    """Access to the samples of a stream of blocks by their numbers, until they are forgotten. Beyond its ends is
    silence."""

    def __init__(self, blocks: Iterable[Samples], channels: int, rate: int) -> None:
        self._blocks, self._channels, self._rate = iter(blocks), channels, rate
        self._held: Samples = np.zeros((channels, 0), np.float32)
        self._first, self._ended = 0, False
        self._looked, self._loudest = 0, 0.0
        self._energies: deque[float] = deque([0.0], LOOKS)
        self._onsets: list[int] = []

    def part(self, begin: int, length: int) -> Samples:
        """The samples from number `begin` on, (channels, length)."""
        self._read(begin + length)
        out = np.zeros((self._channels, length), np.float32)
        low, high = max(begin, self._first), min(begin + length, self._end)
        if low < high:
            out[:, low - begin : high - begin] = self._held[:, low - self._first : high - self._first]
        return out

    def onset(self, after: int, before: int) -> int | None:
        """The number of the sample with which the first attack begins that is later than `after` and not later than
        `before`; None if there is none."""
        step = round(HOP * self._rate)
        self._read(before + 4 * step)
        while self._looked + 3 * step < min(before + step, self._end - step):
            self._look(step)
        return next((onset for onset in self._onsets if after < onset <= before), None)

    def forget(self, before: int) -> None:
        """Drop samples before this one, except those in which attacks have not been searched yet. They must not be
        asked for any more."""
        drop = min(before, self._looked) - self._first
        if drop > self._rate // 2:
            self._held, self._first = self._held[:, drop:].copy(), self._first + drop
            self._onsets = [onset for onset in self._onsets if onset >= before]

    @property
    def _end(self) -> int:
        return self._first + int(self._held.shape[1])

    def _read(self, until: int) -> None:
        """Read blocks until the sample before `until` is there, or the stream ends."""
        while self._end < until and not self._ended:
            block = next(self._blocks, None)
            if block is None:
                self._ended = True
            else:
                self._held = np.concatenate([self._held, block], 1)

    def _look(self, step: int) -> None:
        """Search the next step of so many samples for an attack, by the energy of the differences between samples, in
        which high frequencies count most."""
        change = np.abs(np.diff(self.part(self._looked, 3 * step).mean(0)))
        energy = float(np.square(change[:step]).sum())
        before, last = sum(self._energies) / len(self._energies), self._onsets[-1:] or [-self._rate]
        self._loudest = max(self._loudest, energy)
        if energy > max(RISE * before, FAINT * self._loudest) and self._looked - last[0] > APART * self._rate:
            # The attack may begin at the end of this step and be loudest in one of the next two.
            self._onsets.append(self._looked + int(np.argmax(change > change.max() / 4)))
        self._energies.append(energy)
        self._looked += step
