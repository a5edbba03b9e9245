"""The networks of an engine: read when they are first used, and where they wait while they are not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from inbetween.diffusion.control import ticking
from inbetween.networks.heartbeat import Heartbeat
from inbetween.networks.memory import MemoryPlan
from inbetween.types import Report
from inbetween.weights import load

DENOISER = "denoiser"
"""The name of the large one, which can be taken apart: its feed-forward layers, its blocks."""


@dataclass(frozen=True)
class Part:
    """One network."""

    make: Callable[[], nn.Module]
    path: Path
    dtype: torch.dtype
    over: Path | None = None
    """A second file, whose tensors are taken instead of those in `path`."""


class Networks:
    """Networks by name, and how much is done at once: the first of `steps`, until `leaner` goes on to the next.

    One that is not in use waits on the device; or in the computer's memory, where the device has one of its own; or
    in its file, as on a CPU nothing else is left.
    """

    def __init__(self, parts: Mapping[str, Part], device: str, steps: Sequence[MemoryPlan], report: Report) -> None:
        self.device, self.pulse = device, Heartbeat(report)
        self._parts, self._steps, self._report = dict(parts), list(steps), report
        self._held: dict[str, Any] = {}
        self._streamed = False

    @property
    def work(self) -> MemoryPlan:
        """How much is done at once."""
        return self._steps[0]

    def dtype(self, name: str) -> torch.dtype:
        """In which a network computes."""
        return self._parts[name].dtype

    @contextmanager
    def use(self, name: str) -> Iterator[Any]:
        """A network on the device, for inference; `Report.progress` is heard at every layer.

        Raises:
            InbetweenError: its files do not fit.
            Interrupted: by `Report.progress`.
        """
        network = self._held.pop(name, None)
        if network is None:
            network = self._read(name)
        self._arrange(name, network)
        try:
            with ticking(network, self.pulse.beat):
                yield network
        finally:
            if self.work.together or self.device != "cpu":
                self._held[name] = network
            if not self.work.together:
                self._leave(name, network)

    def leaner(self, name: str, network: Any) -> bool:
        """Do less at once, with `network` in use; False where there is nothing less. What it frees is given back."""
        if len(self._steps) == 1:
            return False
        del self._steps[0]
        if not self.work.together:
            for other, waiting in self._held.items():
                self._leave(other, waiting)
        self._arrange(name, network)
        if self.device.startswith("cuda"):
            torch.cuda.empty_cache()
        return True

    def widen(self, name: str) -> None:
        """From now on a network that is not in use computes in float32."""
        self._parts[name] = replace(self._parts[name], dtype=torch.float32)
        self._held.pop(name, None)
        if name == DENOISER:
            self._streamed = False

    def _arrange(self, name: str, network: Any) -> None:
        if name == DENOISER and self.work.chunked:
            network.enable_forward_chunking(1, 0)
        if name != DENOISER or not self.work.streamed:
            network.to(self.device)
        elif not self._streamed:
            network.to("cpu")
            network.enable_group_offload(
                onload_device=torch.device(self.device),
                offload_device=torch.device("cpu"),
                offload_type="leaf_level",
                use_stream=self.device.startswith("cuda"),
            )
            self._streamed = True

    def _leave(self, name: str, network: Any) -> None:
        # Group offload moves the denoiser itself, and forbids others to.
        if not (name == DENOISER and self._streamed):
            network.to("cpu")

    def _read(self, name: str) -> Any:
        part = self._parts[name]
        wide = part.dtype.itemsize
        whole = name != DENOISER or not self.work.streamed
        network, replaced = load.loaded(
            part.make,
            part.path,
            part.over,
            self.device if whole else "cpu",
            part.dtype,
            lambda done, total: self.pulse.at("load", done * wide // 1_000_000, total * wide // 1_000_000),
        )
        if part.over is not None:
            total = len(network.state_dict())
            self._report.note(
                "replaced",
                f"{replaced} of {total} tensors of the {name} are those of {part.over}",
                detail=True,
                replaced=replaced,
                tensors=total,
            )
        if part.dtype != torch.float32 and self.device.startswith("cuda"):
            channels_last(network)
        return network


def channels_last(network: nn.Module) -> None:
    """Lay the kernels of convolutions out as half-precision units read them; the stock call fails on 3-D ones."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Conv3d):
            layout = torch.channels_last if isinstance(module, nn.Conv2d) else torch.channels_last_3d
            module.weight.data = module.weight.data.contiguous(memory_format=layout)
