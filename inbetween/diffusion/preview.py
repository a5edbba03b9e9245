"""Turns latents into small frames without a decoder, to preview them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from inbetween.types import Picture


def preview_of(
    keys: Sequence[Picture], latents: Sequence[NDArray[np.float32]]
) -> Callable[[NDArray[np.float32]], NDArray[np.uint8]]:
    """A function from latents (F, 4, h, w) to small frames (F, h, w, 3): the affine one that fits the keys best.

    Decoding is nearly linear in the mean colours of areas, and both the pictures and the latents of the keys are known.
    So nothing needs to be known of the decoder.

    Args:
        keys: pictures (H, W, 3) uint8.
        latents: the latents of the keys, each (4, h, w), in the scale of the latents that will be mapped.
    """
    import cv2

    height, width = latents[0].shape[1:]
    colours = [cv2.resize(key, (width, height), interpolation=cv2.INTER_AREA).reshape(-1, 3) for key in keys]
    samples = np.concatenate([np.moveaxis(z, 0, -1).reshape(-1, z.shape[0]) for z in latents])
    samples = np.column_stack([samples, np.ones(len(samples), samples.dtype)])
    matrix = np.linalg.lstsq(samples, np.concatenate(colours).astype(np.float32), rcond=None)[0].astype(np.float32)

    def pictures(x: NDArray[np.float32]) -> NDArray[np.uint8]:
        # Latents that half precision broke have values that are not finite.
        with np.errstate(invalid="ignore", over="ignore"):
            coloured = np.moveaxis(x, 1, -1) @ matrix[:-1] + matrix[-1]
        return np.asarray(np.clip(np.nan_to_num(coloured) + 0.5, 0, 255), np.uint8)

    return pictures
