"""`blend`: a cross-fade in linear light, the honest baseline."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inbetween.engine import Engine, option
from inbetween.types import Gap, Maker, Picture, Report, Settings


@dataclass(frozen=True)
class Options:
    """The options of `blend`."""

    light: str = option(
        "linear",
        "mix light, as two slide projectors do, or code values, as most editors do",
        choices=("linear", "coded"),
    )


def load(options: Options, settings: Settings) -> Maker:
    """The maker of this engine, see `Engine.load`."""
    linear = options.light == "linear"

    def make(gaps: Iterable[Gap], report: Report) -> Iterator[Picture]:
        for gap in gaps:
            start, end = _light(gap.start, linear), _light(gap.end, linear)
            for t in gap.times:
                yield _picture((1 - np.float32(t)) * start + np.float32(t) * end, gap.start.dtype, linear)

    return make


def _light(picture: Picture, linear: bool) -> NDArray[np.float32]:
    """A picture as light, or as code values where not `linear`: (H, W, C) in 0 to 1, RGB premultiplied by alpha."""
    top = np.iinfo(picture.dtype).max
    codes = np.linspace(0, 1, top + 1, dtype=np.float32)
    out: NDArray[np.float32] = (_decoded(codes) if linear else codes)[picture]
    if picture.shape[2] == 4:
        out[..., 3] = codes[picture[..., 3]]
        out[..., :3] *= out[..., 3:]
    return out


def _picture(light: NDArray[np.float32], dtype: np.dtype[np.uint8] | np.dtype[np.uint16], linear: bool) -> Picture:
    """The picture of that light: the reverse of `_light`, rounded."""
    colour = light[..., :3]
    if light.shape[2] == 4:
        # Fully transparent pixels become black, instead of a division by zero.
        colour = np.asarray(colour / np.where(light[..., 3:] > 0, light[..., 3:], np.float32(1)), np.float32)
    coded = _encoded(colour) if linear else colour
    top = np.iinfo(dtype).max
    out: Picture = np.empty(light.shape, dtype)
    out[..., :3] = np.clip(coded * top + 0.5, 0, top)
    if light.shape[2] == 4:
        out[..., 3] = np.clip(light[..., 3] * top + 0.5, 0, top)
    return out


def _decoded(coded: NDArray[np.float32]) -> NDArray[np.float32]:
    """sRGB code values as linear light, both 0 to 1 (IEC 61966-2-1)."""
    out = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)
    return np.asarray(out, np.float32)


def _encoded(light: NDArray[np.float32]) -> NDArray[np.float32]:
    """Linear light as sRGB code values, both 0 to 1 (IEC 61966-2-1)."""
    out = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.asarray(out, np.float32)


ENGINE = Engine(
    name="blend",
    title="cross-fade: no motion at all, the baseline",
    load=load,
    Options=Options,
    licence="Apache-2.0",
    commercial=True,
)
