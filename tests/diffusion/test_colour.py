"""Previews and colours held to the keys."""

from __future__ import annotations

import numpy as np

from inbetween.diffusion.colour import held_to
from inbetween.diffusion.colour import psnr as apart
from inbetween.diffusion.preview import preview_of
from support.pictures import scene


def test_previews_know_the_colours_of_the_keys() -> None:
    draw = np.random.default_rng(0)
    keys = [draw.integers(0, 256, (64, 64, 3)).astype(np.uint8) for _ in range(2)]
    matrix = draw.normal(size=(3, 4)).astype(np.float32) / 100
    small = [key.reshape(8, 8, 8, 8, 3).mean((1, 3)) for key in keys]
    latents = [np.moveaxis(one.astype(np.float32) @ matrix, -1, 0) for one in small]
    look = preview_of(keys, latents)
    assert np.abs(look(np.stack(latents)).astype(float) - np.stack(small)).max() < 2


def test_colours_are_mended_in_proportion() -> None:
    truth = np.stack([scene(t, (32, 32)) for t in (0, 1, 2)])
    faded = np.clip(truth * np.array([0.8, 0.9, 1.0]) + 20, 0, 255).astype(np.uint8)
    mended = held_to(faded, truth[0], truth[2])
    assert apart(mended[1], truth[1]) > apart(faded[1], truth[1]) + 10
    assert apart(mended[0], truth[0]) > 40
    assert apart(truth[0], truth[0]) == 100
