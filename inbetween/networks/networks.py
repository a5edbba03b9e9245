"""The networks of an engine: read from their files when they are first used, and kept where there is room."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import nn

from inbetween.networks.memory import MemoryPlan
from inbetween.weights import load


@dataclass(frozen=True)
class Part:
    """How one network is made, the files of its weights, and the types that it computes in."""

    make: Callable[[], nn.Module]
    """Makes the network without its weights."""
    path: Path
    """The file of its weights, or an index of shards."""
    dtype: torch.dtype
    """The type that it computes in."""
    over: Path | None = None
    """A second file, whose tensors replace those in `path`; None for none."""
    inner: tuple[str, torch.dtype] | None = None
    """The name of a submodule that computes in another type, and that type; None for none."""
    divisible: bool = False
    """Whether its feed-forward layers can take one frame at a time, and its blocks can be streamed, as diffusers' UNets
    can."""

    @property
    def narrow(self) -> bool:
        """Whether any of it computes in less than float32."""
        return {self.dtype, self.inner[1] if self.inner else self.dtype} != {torch.float32}

    def widened(self) -> Part:
        """The same network in float32."""
        return replace(self, dtype=torch.float32, inner=None)


@dataclass(eq=False)
class Held:
    """A network in memory."""

    part: Part
    """How it was made."""
    module: nn.Module
    """The network with its weights."""
    replaced: int
    """The number of tensors that came from `part.over`."""
    streamed: bool = False
    """Whether its blocks are moved to the device one by one, by hooks that cannot be removed again."""

    def chunk(self, chunked: bool) -> None:
        """Let feed-forward layers take one frame at a time, or all frames again."""
        for module in self.module.modules():
            set_chunk = getattr(module, "set_chunk_feed_forward", None)
            if set_chunk is not None:
                set_chunk(1 if chunked else None)

    def stream(self, device: str) -> None:
        """Let only the block in use be on the device."""
        self.module.to("cpu")
        self.module.enable_group_offload(  # type: ignore[operator]
            onload_device=torch.device(device),
            offload_device=torch.device("cpu"),
            offload_type="leaf_level",
            use_stream=device.startswith("cuda"),
        )
        self.streamed = True


class Networks:
    """Networks by name, on one device.

    This object keeps modules, but nothing of the gap that they worked for: a network is given out as if it had just
    been read. A network that is not in use stays on the device if the plan is `together`. Otherwise it is moved to the
    computer's memory, where the device has memory of its own, or else dropped and read again. The only network of an
    engine is never dropped.
    """

    def __init__(self, parts: Mapping[str, Part], device: str) -> None:
        """
        Args:
            parts: the networks by name.
            device: a name that torch knows.
        """
        self.parts, self.device = dict(parts), device
        self._held: dict[str, Held] = {}

    def take(self, name: str, part: Part, streamed: bool, tick: Callable[[int, int], None]) -> Held:
        """Give out a network until it is given back by `put`.

        A network that is kept in another type than `part` says is read again, because rounded numbers stay rounded.

        Args:
            name: the name of the network.
            part: one of `parts`, or that part `widened`.
            streamed: whether it will be streamed.
            tick: called as (megabytes read so far, megabytes in all).

        Raises:
            InbetweenError: its files cannot be read, or do not fit.
            Interrupted: by `tick`.
        """
        held = self._held.pop(name, None)
        if held is not None and held.part == part and (streamed or not held.streamed):
            return held
        # There may be no room for both the old and the new one.
        del held
        held = _read(part, "cpu" if streamed else self.device, tick)
        if part.dtype != torch.float32 and self.device.startswith("cuda"):
            channels_last(held.module)
        return held

    def put(self, name: str, held: Held, plan: MemoryPlan) -> None:
        """Take a network back, and keep it for its next use or drop it, as the plan says."""
        if plan.together or self.device != "cpu" or len(self.parts) == 1:
            self._held[name] = held
            self.make_room(plan)

    def make_room(self, plan: MemoryPlan) -> None:
        """Move the networks that are not in use off the device, unless the plan lets them stay."""
        if not plan.together:
            for held in self._held.values():
                # Group offload moves a streamed network itself, and forbids others to.
                if not held.streamed:
                    held.module.to("cpu")

    def bytes_on_device(self) -> int:
        """Bytes of the networks that are kept, but not in use, on a device with memory of its own."""
        tensors = (tensor for held in self._held.values() for tensor in held.module.state_dict().values())
        return sum(tensor.numel() * tensor.element_size() for tensor in tensors if tensor.device.type != "cpu")


def _read(part: Part, device: str, tick: Callable[[int, int], None]) -> Held:
    """Read a network from its files; `tick` is called as (megabytes read so far, megabytes in all)."""
    wide = part.dtype.itemsize
    module, replaced = load.loaded(
        part.make,
        part.path,
        part.over,
        device,
        part.dtype,
        lambda done, total: tick(done * wide // 1_000_000, total * wide // 1_000_000),
    )
    if part.inner is not None:
        module.get_submodule(part.inner[0]).to(part.inner[1])
    return Held(part, module, replaced)


def channels_last(network: nn.Module) -> None:
    """Store the kernels of convolutions in the order in which half-precision units read them. torch's own call for a
    whole network fails where it has 3-D kernels."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Conv3d):
            layout = torch.channels_last if isinstance(module, nn.Conv2d) else torch.channels_last_3d
            module.weight.data = module.weight.data.contiguous(memory_format=layout)
