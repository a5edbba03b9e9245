"""Networks with a control."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from inbetween.diffusion import svd
from inbetween.diffusion.legacy import legacy_context
from inbetween.diffusion.sampling import seeded_draw
from inbetween.engines.fcvg.inject import Control, controlled, injected, prepared
from inbetween.networks.hooks import ticking
from support import tiny_svd


@pytest.fixture(scope="module")
def unet() -> Any:
    network = svd.unet(tiny_svd.TINY["unet"]).eval().requires_grad_(False)
    network.load_state_dict(tiny_svd.random(svd.unet_shapes(tiny_svd.TINY["unet"]), torch.float32))
    return network


def called(unet: Any) -> torch.Tensor:
    draw = seeded_draw(3)
    with torch.no_grad():
        output: torch.Tensor = unet(
            draw("x", (2, 3, 8, 16, 16)),
            torch.tensor(0.5),
            draw("e", (2, 1, 32)),
            torch.tensor([[6, 127, 0.02]] * 2),
            return_dict=False,
        )[0]
    return output


def test_hooks_leave_the_network_as_it_was(unet: Any) -> None:
    before = called(unet)
    control = prepared(torch.randn(3, 32, 15, 15, generator=torch.Generator().manual_seed(0)), (8, 8))
    beats = []
    with (
        controlled(unet.down_blocks[0], Control(1.0, {1: control})),
        legacy_context(unet),
        ticking(unet, lambda: beats.append(1)),
    ):
        within = called(unet)
    assert not torch.equal(before[1], within[1])
    assert len(beats) > 100
    assert torch.equal(before, called(unet))
    with controlled(unet.down_blocks[0], Control(1.0, {1: control})):
        assert torch.equal(before[0], called(unet)[0])


def test_injection_takes_the_scale_of_each_frame() -> None:
    generator = torch.Generator().manual_seed(1)
    hidden = 3 + 5 * torch.randn(2, 8, 6, 6, generator=generator)
    control = prepared(100 + 7 * torch.randn(2, 8, 6, 6, generator=generator), (6, 6))
    added = (injected(hidden, control, 1.0) - hidden) / 0.2
    for frame in range(2):
        assert float(added[frame].mean()) == pytest.approx(float(hidden[frame].mean()), rel=1e-4)
        assert float(added[frame].std()) == pytest.approx(float(hidden[frame].std()), rel=1e-3)
    assert injected(hidden.half(), control, 1.0).dtype == torch.float16
