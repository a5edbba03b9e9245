"""How much of the work is done at once: chosen from an estimate before anything is loaded, and less when it fails.

All plans compute the same numbers, up to rounding.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from inbetween.errors import InbetweenError
from inbetween.types import Report, Settings

MARGIN, BESIDES = 1.15, 500_000_000
"""A factor, and bytes, for what a library takes for itself; chosen by eye."""
STREAMED = 8
"""Of a network that is streamed at most one part in so many is on the device at once; chosen by eye."""


@dataclass(frozen=True)
class MemoryPlan:
    """How much is held at once."""

    rows: int
    """Entries of the batch of the divisible network that are computed in one call."""
    chunked: bool
    """Whether its feed-forward layers take one frame at a time."""
    together: bool
    """Whether all networks stay on the device; else only those in use."""
    streamed: bool = False
    """Whether only the block in use of the divisible network is on the device."""

    def described(self, rows: int) -> str:
        """The plan in words, where the batch has `rows` entries."""
        parts = [f"{self.rows} of {rows} passes at once"]
        parts += ["feed-forward by frame"] * self.chunked
        parts += ["one network at a time"] * (not self.together)
        parts += ["the denoiser block by block"] * self.streamed
        return ", ".join(parts)


@dataclass(frozen=True)
class Stage:
    """A step of an engine's work, and what it holds on the device; all in bytes."""

    weights: Mapping[str, int]
    """The weights in use, by network."""
    passing: int = 0
    """Activations, whatever the plan."""
    per_row: int = 0
    """Activations of each entry of the batch, where the stage works at a batch that can be parted."""
    per_row_chunked: int = 0
    """The same with feed-forward layers that take one frame at a time."""
    divisible: bool = False
    """Whether its feed-forward layers can be chunked, and its blocks streamed."""

    def weights_at_once(self, plan: MemoryPlan) -> int:
        """Bytes of weights on the device while the stage works."""
        return sum(self.weights.values()) // (STREAMED if self.divisible and plan.streamed else 1)

    def activations(self, plan: MemoryPlan) -> int:
        """Bytes of activations, at most."""
        return max(self.passing, plan.rows * (self.per_row_chunked if plan.chunked else self.per_row))


@dataclass(frozen=True)
class Footprint:
    """What an engine needs to make one gap."""

    stages: tuple[Stage, ...]
    rows: int = 1
    """Entries of the largest batch that it can compute in one call."""

    @property
    def divisible(self) -> bool:
        """Whether any stage is."""
        return any(stage.divisible for stage in self.stages)


def peak(plan: MemoryPlan, footprint: Footprint) -> int:
    """Bytes on the device that are needed at most, about."""
    if plan.together:
        weights: dict[str, int] = {}
        for stage in footprint.stages:
            for name, size in stage.weights.items():
                weights[name] = max(size, weights.get(name, 0))
        held = sum(weights.values()) + max(stage.activations(plan) for stage in footprint.stages)
    else:
        held = max(stage.weights_at_once(plan) + stage.activations(plan) for stage in footprint.stages)
    return int(held * MARGIN) + BESIDES


def plans_for(device: str, footprint: Footprint) -> tuple[MemoryPlan, ...]:
    """The plans that can be followed on a device, from the fastest to the leanest."""
    rows = [footprint.rows >> k for k in range(footprint.rows.bit_length())]
    fast = [MemoryPlan(count, False, True) for count in rows if count > 1 or len(rows) == 1]
    lean = [MemoryPlan(count, False, False) for count in rows if count <= 2]
    lean += [MemoryPlan(1, True, False)] * footprint.divisible
    if device == "cpu":
        # More rows are hardly faster there, and to read a network again takes a moment of the minutes that it works.
        return tuple(plan for plan in lean if plan.rows == 1)
    streamed = [MemoryPlan(1, True, False, streamed=True)] * (footprint.divisible and device.startswith("cuda"))
    return (*fast, *lean, *streamed)


def fastest_that_fits(
    plans: Sequence[MemoryPlan], footprint: Footprint, room: int | None, asked: str
) -> tuple[MemoryPlan, ...]:
    """The fastest of some plans that fits, and after it the leaner ones.

    Args:
        plans: from the fastest to the leanest.
        footprint: what they are followed for.
        room: bytes of memory; None where that is unknown.
        asked: "auto"; or "high" for the fastest in any case, or "low" for the leanest.
    """
    if asked == "high":
        return tuple(plans)
    if asked == "low" or room is None:
        return tuple(plans[-1:])
    fits = (k for k, plan in enumerate(plans) if peak(plan, footprint) <= room)
    return tuple(plans[next(fits, len(plans) - 1) :])


@dataclass(frozen=True)
class Choice:
    """What was chosen for gaps of one size and count."""

    plans: tuple[MemoryPlan, ...]
    """The plan that a gap begins with, then those it goes on to when memory runs out."""
    footprint: Footprint = field(repr=False)
    free: int | None
    """Bytes of memory that were free; None where that is unknown."""
    device: str

    @property
    def needed(self) -> int:
        """Bytes that the first plan needs, about."""
        return peak(self.plans[0], self.footprint)

    def report(self, precision: str, cure: str, report: Report) -> None:
        """Note the choice, and whether memory is short.

        Args:
            precision: name of the networks' type.
            cure: what a user can do where even the leanest plan needs too much memory.
            report: hears the notes.

        Raises:
            InbetweenError: memory is short on a CPU, where the system would end the process.
        """
        if self.free is not None and self.needed > self.free:
            text = f"about {self.needed / 1e9:.1f} GB of memory on {self.device} are needed, "
            text += f"{self.free / 1e9:.1f} GB are free"
            if self.device == "cpu":
                least = peak(self.plans[-1], self.footprint)
                lean = f"--memory low needs {least / 1e9:.1f} GB; or close other programs"
                raise InbetweenError(text, lean if least <= self.free else cure)
            report.note("memory-short", f"{text}: if it fails, {cure}")
        work = self.plans[0].described(self.footprint.rows)
        report.note(
            "work",
            f"{precision} on {self.device}, about {self.needed / 1e9:.1f} GB: {work}",
            detail=True,
            device=self.device,
            precision=precision,
            bytes=self.needed,
            work=work,
        )


def choose(footprint: Footprint, device: str, free: int | None, settings: Settings) -> Choice:
    """Choose the plans for a footprint.

    Plans round differently. On a CPU the memory that the computer has decides, so that the same command makes the
    same bytes whatever else is running; what is free only decides whether it can be done.

    Args:
        footprint: what the engine needs.
        device: a name that torch knows.
        free: bytes of its memory that can be had; None where that is unknown.
        settings: how much of it the user allows.
    """
    room = installed_memory() if device == "cpu" else free
    if settings.max_vram is not None:
        room, free = (settings.max_vram if size is None else min(size, settings.max_vram) for size in (room, free))
    plans = plans_for(device, footprint)
    return Choice(fastest_that_fits(plans, footprint, room, settings.memory), footprint, free, device)


def installed_memory() -> int | None:
    """Bytes of the computer's memory, used or not; None where the system does not say."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None
