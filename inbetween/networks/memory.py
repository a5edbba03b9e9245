"""Chooses how much of the work is done at once, from an estimate before anything is loaded.

All plans compute the same numbers, up to rounding. When memory runs out all the same, a leaner plan follows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from inbetween.errors import InbetweenError
from inbetween.system import installed_memory
from inbetween.types import Report, Settings

MARGIN, BESIDES = 1.15, 500_000_000
"""The estimate is multiplied by a factor, and bytes are added, for what libraries need besides; chosen by eye."""
STREAMED = 8
"""At most one part in this many of a streamed network is on the device at the same time; chosen by eye."""


@dataclass(frozen=True)
class MemoryPlan:
    """How much of the work is done, and held in memory, at once."""

    rows: int
    """The number of entries of the divisible network's batch that are computed in one call."""
    chunked: bool
    """Whether its feed-forward layers take one frame at a time."""
    together: bool
    """Whether all networks stay on the device; else only those in use."""
    streamed: bool = False
    """Whether only the block in use of the divisible network is on the device."""

    def described(self, rows: int) -> str:
        """The plan as a text for people, where the whole batch has `rows` entries."""
        parts = [f"{self.rows} of {rows} passes at once"]
        parts += ["feed-forward by frame"] * self.chunked
        parts += ["one network at a time"] * (not self.together)
        parts += ["the denoiser block by block"] * self.streamed
        return ", ".join(parts)


@dataclass(frozen=True)
class Stage:
    """A step of an engine's work, and the bytes that it holds on the device."""

    weights: Mapping[str, int]
    """Bytes of the weights in use, by the name of the network."""
    passing: int = 0
    """Bytes of activations that are needed whatever the plan."""
    per_row: int = 0
    """Bytes of activations for each entry of the batch, where the batch can be divided."""
    per_row_chunked: int = 0
    """Bytes of activations for each entry, where feed-forward layers take one frame at a time."""
    divisible: bool = False
    """Whether the feed-forward layers of its network can take one frame at a time, and its blocks can be streamed."""

    def weights_at_once(self, plan: MemoryPlan) -> int:
        """Bytes of weights on the device while the stage works."""
        return sum(self.weights.values()) // (STREAMED if self.divisible and plan.streamed else 1)

    def activations(self, plan: MemoryPlan) -> int:
        """The most bytes of activations while the stage works."""
        return max(self.passing, plan.rows * (self.per_row_chunked if plan.chunked else self.per_row))


@dataclass(frozen=True)
class Footprint:
    """The memory that an engine needs to make one gap."""

    stages: tuple[Stage, ...]
    """The steps of its work, one after the other."""
    rows: int = 1
    """The number of entries of the largest batch that it can compute in one call."""

    @property
    def divisible(self) -> bool:
        """Whether the network of any stage is divisible."""
        return any(stage.divisible for stage in self.stages)


def peak(plan: MemoryPlan, footprint: Footprint) -> int:
    """An estimate of the most bytes on the device that a plan needs."""
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
        # On a CPU more rows are hardly faster, and reading a network again takes little of the minutes that it works.
        return tuple(plan for plan in lean if plan.rows == 1)
    streamed = [MemoryPlan(1, True, False, streamed=True)] * (footprint.divisible and device.startswith("cuda"))
    return (*fast, *lean, *streamed)


def fastest_that_fits(
    plans: Sequence[MemoryPlan], footprint: Footprint, room: int | None, asked: str
) -> tuple[MemoryPlan, ...]:
    """The fastest plan that fits into memory, and after it the leaner ones.

    Args:
        plans: all plans, from the fastest to the leanest.
        footprint: the memory that the engine needs.
        room: bytes of memory; None where that is unknown.
        asked: "auto"; or "high" for the fastest plan in any case, or "low" for the leanest.
    """
    if asked == "high":
        return tuple(plans)
    if asked == "low" or room is None:
        return tuple(plans[-1:])
    fits = (k for k, plan in enumerate(plans) if peak(plan, footprint) <= room)
    return tuple(plans[next(fits, len(plans) - 1) :])


@dataclass(frozen=True)
class Choice:
    """The plans for gaps of one size and number of frames."""

    plans: tuple[MemoryPlan, ...]
    """The plan that a gap begins with, then those that follow when memory runs out."""
    footprint: Footprint = field(repr=False)
    """The memory that the engine needs."""
    free: int | None
    """Bytes of memory that were free; None where that is unknown."""
    device: str
    """The device, by a name that torch knows."""

    @property
    def needed(self) -> int:
        """An estimate of the bytes that the first plan needs."""
        return peak(self.plans[0], self.footprint)

    def report(self, precision: str, cure: str, report: Report) -> None:
        """Note the choice, and whether memory is short.

        Args:
            precision: the name of the networks' number type.
            cure: the hint where even the leanest plan needs too much memory.
            report: hears the notes.

        Raises:
            InbetweenError: memory is short on a CPU, where the operating system would kill the process.
        """
        if self.free is not None and self.needed > self.free:
            text = f"about {self.needed / 1e9:.1f} GB of memory on {self.device} are needed, "
            text += f"{self.free / 1e9:.1f} GB are free"
            if self.device == "cpu":
                least = peak(self.plans[-1], self.footprint)
                lean = f"--memory low needs {least / 1e9:.1f} GB; or close other programs"
                raise InbetweenError(text, lean if least <= self.free else cure, "out_of_memory")
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

    Plans round differently. On a CPU the installed memory decides, so that the same command makes the same bytes
    whatever else is running; free memory only decides whether the work is refused.

    Args:
        footprint: the memory that the engine needs.
        device: a name that torch knows.
        free: bytes of the device's memory that are free; None where that is unknown.
        settings: how much of it the user allows.
    """
    room = installed_memory() if device == "cpu" else free
    if settings.max_vram is not None:
        room, free = (settings.max_vram if size is None else min(size, settings.max_vram) for size in (room, free))
    plans = plans_for(device, footprint)
    return Choice(fastest_that_fits(plans, footprint, room, settings.memory), footprint, free, device)
