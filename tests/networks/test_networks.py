"""What is chosen for the memory there is."""

from __future__ import annotations

from pathlib import Path

import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file

from inbetween.networks import memory
from inbetween.networks.memory import Footprint, MemoryPlan, Stage
from inbetween.networks.networks import Networks, Part
from inbetween.networks.session import Session
from inbetween.types import Report


@given(
    st.integers(2, 25),
    st.integers(1, 30),
    st.sampled_from(["cpu", "cuda:0", "mps"]),
    st.sampled_from([2, 4]),
    st.integers(1, 60) | st.none(),
    st.integers(1, 4),
)
def test_what_is_chosen_fits_or_is_the_leanest(
    frames: int, side: int, device: str, wide: int, free: int | None, rows: int
) -> None:
    parts = {name: size * wide for name, size in (("denoiser", 1_500_000_000), ("encoder", 630_000_000))}
    pixels = 64 * 64 * side * side
    stages = (
        Stage({"encoder": parts["encoder"]}),
        Stage({"denoiser": parts["denoiser"]}, 0, frames * pixels * 150 * wide, frames * pixels * 90 * wide, True),
        Stage({"decoder": 98_000_000 * wide}, 1_024 * min(8, frames) * pixels * wide),
    )
    needs = Footprint(stages, rows)
    plans, room = memory.plans_for(device, needs), None if free is None else free * 10**9
    peaks = [memory.peak(plan, needs) for plan in plans]
    assert peaks == sorted(peaks, reverse=True)
    left = memory.fastest_that_fits(plans, needs, room, "auto")
    assert left == plans[-len(left) :]
    assert len(left) == 1 or (room is not None and memory.peak(left[0], needs) <= room)
    assert len(left) == len(plans) or room is None or memory.peak(plans[-len(left) - 1], needs) > room
    assert memory.fastest_that_fits(plans, needs, room, "low") == plans[-1:]
    assert memory.fastest_that_fits(plans, needs, room, "high") == plans


def test_networks_wait_where_they_should(tmp_path: Path) -> None:
    path = tmp_path / "one.safetensors"
    layer = torch.nn.Linear(3, 3)
    save_file(layer.state_dict(), path)
    part = Part(lambda: torch.nn.Linear(3, 3), path, torch.float32)
    # The only network of an engine is always kept; of two, one that is not in use makes room for the other.
    for names, together, kept in (
        (("one",), False, True),
        (("one", "other"), True, True),
        (("one", "other"), False, False),
    ):
        networks, seen = Networks(dict.fromkeys(names, part), "cpu"), []
        for _ in range(2):
            session = Session(networks, [MemoryPlan(1, False, together)], Report())
            with session.use("one") as network:
                seen.append(network)
                torch.testing.assert_close(network.weight, layer.weight)
        assert (seen[0] is seen[1]) is kept
