"""The use of networks for one gap."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import nn

from inbetween.networks.heartbeat import Heartbeat
from inbetween.networks.hooks import ticking
from inbetween.networks.memory import MemoryPlan
from inbetween.networks.networks import Held, Networks, Part
from inbetween.types import Report


class Session:
    """Networks for the time of one gap, with its own report, memory plan and number types.

    When memory runs out or half precision fails, only this session changes: the next gap begins anew, so that no gap
    changes the pixels of another.
    """

    def __init__(self, networks: Networks, plans: Sequence[MemoryPlan], report: Report) -> None:
        """
        Args:
            networks: gives out modules, and takes them back.
            plans: the plan to begin with, then those that follow when memory runs out.
            report: hears the progress and the notes of this gap.
        """
        self.device, self.report, self.heartbeat = networks.device, report, Heartbeat(report)
        self._networks, self._plans, self._parts = networks, list(plans), dict(networks.parts)
        self._in_use: dict[str, Held] = {}
        self._noted: set[str] = set()

    @property
    def plan(self) -> MemoryPlan:
        """How much is done at once."""
        return self._plans[0]

    def part(self, name: str) -> Part:
        """The facts about a network, with the types that it has in this session."""
        return self._parts[name]

    def dtype(self, name: str) -> torch.dtype:
        """The type that a network computes in."""
        return self._parts[name].dtype

    @contextmanager
    def use(self, name: str) -> Iterator[nn.Module]:
        """A network on the device, ready for inference, while this lasts. `Report.progress` is called between its
        layers.

        Raises:
            InbetweenError: its files cannot be read, or do not fit the network.
            Interrupted: by `Report.progress`.
        """
        part = self._parts[name]
        self._networks.make_room(self.plan)
        held = self._networks.take(
            name,
            part,
            part.divisible and self.plan.streamed,
            lambda done, total: self.heartbeat.at("load", done, total),
        )
        self._in_use[name] = held
        try:
            self._note_replaced(name, held)
            self._arrange(held)
            with ticking(held.module, self.heartbeat.beat):
                yield held.module
        finally:
            del self._in_use[name]
            self._networks.put(name, held, self.plan)

    def step_down(self) -> bool:
        """Go on with the next leaner plan, for the networks in use too, and free the memory that it does not need.

        Returns:
            Whether there was a leaner plan.
        """
        if len(self._plans) == 1:
            return False
        del self._plans[0]
        self._networks.make_room(self.plan)
        for held in self._in_use.values():
            self._arrange(held)
        if self.device.startswith("cuda"):
            torch.cuda.empty_cache()
        return True

    def widen(self, *names: str) -> None:
        """Compute in float32 from now on, with the numbers as they are in the files.

        Args:
            names: networks that are not in use; without names, all networks.
        """
        for name in names or self._parts:
            self._parts[name] = self._parts[name].widened()

    def _arrange(self, held: Held) -> None:
        """Bring a network to the device in the way that the plan says."""
        if held.part.divisible:
            held.chunk(self.plan.chunked)
        if held.part.divisible and self.plan.streamed:
            if not held.streamed:
                held.stream(self.device)
        else:
            held.module.to(self.device)

    def _note_replaced(self, name: str, held: Held) -> None:
        """Note once how many tensors of a network came from a second file."""
        if held.part.over is None or name in self._noted:
            return
        self._noted.add(name)
        total = len(held.module.state_dict())
        self.report.note(
            "replaced",
            f"{held.replaced} of {total} tensors of the {name} are those of {held.part.over}",
            detail=True,
            replaced=held.replaced,
            tensors=total,
        )
