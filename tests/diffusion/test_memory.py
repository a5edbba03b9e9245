"""What is chosen for the memory there is."""

from __future__ import annotations

from pathlib import Path

import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file

from inbetween.networks import memory
from inbetween.networks.memory import MemoryPlan
from inbetween.networks.networks import Networks, Part
from inbetween.types import Report


@given(
    st.integers(2, 25),
    st.integers(1, 30),
    st.sampled_from(["cpu", "cuda:0", "mps"]),
    st.sampled_from([2, 4]),
    st.integers(1, 60) | st.none(),
)
def test_what_is_chosen_fits_or_is_the_leanest(
    frames: int, side: int, device: str, wide: int, free: int | None
) -> None:
    load = memory.ModelSize(
        1_500_000_000, 630_000_000, 98_000_000, frames, (64 * side, 64 * side), min(8, frames), wide
    )
    steps, room = memory.plans_for(device), None if free is None else free * 10**9
    peaks = [memory.peak(work, load) for work in steps]
    assert peaks == sorted(peaks, reverse=True)
    work = memory.fastest_that_fits(steps, load, room, "auto")
    assert work == steps[-1] or (room is not None and memory.peak(work, load) <= room)
    assert memory.fastest_that_fits(steps, load, room, "low") == steps[-1]
    assert memory.fastest_that_fits(steps, load, room, "high") == steps[0]


def test_networks_wait_where_they_should(tmp_path: Path) -> None:
    path = tmp_path / "one.safetensors"
    layer = torch.nn.Linear(3, 3)
    save_file(layer.state_dict(), path)
    part = Part(lambda: torch.nn.Linear(3, 3), path, torch.float32)
    for together in (True, False):
        held = Networks({"one": part}, "cpu", [MemoryPlan(1, False, together)], Report())
        seen = []
        for _ in range(2):
            with held.use("one") as network:
                seen.append(network)
                torch.testing.assert_close(network.weight, layer.weight)
        assert (seen[0] is seen[1]) is together
