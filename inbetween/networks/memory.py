"""How much of the work is done at once: chosen from an estimate before anything is loaded, and less when it fails.

All choices compute the same numbers, up to rounding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

CALL_NUMBERS, CHUNKED_NUMBERS = 9_400, 5_600
"""What the denoiser holds in passing for every latent pixel of every frame in a call, read off the tensors that live at
once in SVD's UNet at 25 frames of 1024x576, without and with feed-forward layers by frame."""
DECODE_NUMBERS, ENCODE_NUMBERS = 1_024, 640
"""The same of the decoder and of the encoder, for every pixel of every frame."""
CONTROL_NUMBERS = 130
"""The same of ControlNeXt."""
MARGIN, BESIDES = 1.15, 500_000_000
"""For what a library takes for itself."""


@dataclass(frozen=True)
class MemoryPlan:
    """How much is held at once."""

    rows: int
    """Entries of the denoiser's batch: four are both directions, each with and without its key."""
    chunked: bool
    """Feed-forward layers take one frame at a time."""
    together: bool
    """All networks stay on the device; else only the one in use."""
    streamed: bool = False
    """Of the denoiser only the block in use is on the device."""

    def __str__(self) -> str:
        words = [f"{self.rows} of 4 passes at once"]
        words += ["feed-forward by frame"] * self.chunked
        words += ["one network at a time"] * (not self.together)
        words += ["the denoiser block by block"] * self.streamed
        return ", ".join(words)


def plans_for(device: str) -> tuple[MemoryPlan, ...]:
    """What can be done on a device, from the fastest to the leanest."""
    fast = (MemoryPlan(4, False, True), MemoryPlan(2, False, True))
    lean = (MemoryPlan(2, False, False), MemoryPlan(1, False, False), MemoryPlan(1, True, False))
    if device == "cpu":
        # More rows are hardly faster there, and to read a network again takes a moment of the minutes that it works.
        return lean[1:]
    streamed = (MemoryPlan(1, True, False, streamed=True),) if device.startswith("cuda") else ()
    return fast + lean + streamed


@dataclass(frozen=True)
class ModelSize:
    """What a run holds; counts are numbers, not bytes."""

    denoiser: int
    """Of its weights, with what controls it."""
    encoder: int
    autoencoder: int
    frames: int
    size: tuple[int, int]
    """(H, W) of the pictures."""
    decoded: int
    """Frames that are decoded together."""
    number_bytes: int
    """Of the networks' type; the autoencoder's first half is float32."""


def peak(work: MemoryPlan, load: ModelSize) -> int:
    """Bytes on the device that a run needs at most, about."""
    height, width = load.size
    pixels, wide = height * width, load.number_bytes
    per_pixel = CHUNKED_NUMBERS if work.chunked else CALL_NUMBERS
    calls = work.rows * load.frames * (pixels // 64) * per_pixel * wide
    denoiser = load.denoiser * wide // (8 if work.streamed else 1)
    stages = [
        (load.encoder * wide, 0),
        (load.autoencoder * 4, ENCODE_NUMBERS * pixels * 4),
        (denoiser, max(calls, CONTROL_NUMBERS * CONTROL_FRAMES * pixels * wide)),
        (load.autoencoder * wide, DECODE_NUMBERS * load.decoded * pixels * wide),
    ]
    if work.together:
        held = sum(weights for weights, _ in stages[:3]) + max(passing for _, passing in stages)
    else:
        held = max(weights + passing for weights, passing in stages)
    return int(held * MARGIN) + BESIDES


CONTROL_FRAMES = 4
"""Condition pictures that ControlNeXt sees at once: it sees every one on its own."""


def fastest_that_fits(steps: Sequence[MemoryPlan], load: ModelSize, free: int | None, asked: str) -> MemoryPlan:
    """Of a ladder the fastest that fits in `free` bytes (None: nobody knows), or the leanest where none does.

    asked: "auto"; or "high", the fastest in any case, or "low", the leanest.
    """
    if asked == "high":
        return steps[0]
    if asked == "low" or free is None:
        return steps[-1]
    return next((work for work in steps if peak(work, load) <= free), steps[-1])
