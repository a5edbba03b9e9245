"""Animated WebP, which PyAV does not read, by Pillow; and what PyAV does not tell of a GIF and an animated PNG."""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from itertools import accumulate

import numpy as np
from PIL import Image, ImageFile

from inbetween.errors import InbetweenError
from inbetween.types import Picture
from inbetween.video import animation
from inbetween.video.clip import Clip

UNIT = Fraction(1, 1000)
"""Seconds of a tick."""
UNSAID = 100
"""Ticks for which browsers show a picture that has no time."""


def is_webp(path: str) -> bool:
    """By its first bytes; False for what cannot be read."""
    try:
        with open(path, "rb") as file:
            head = file.read(12)
    except OSError:
        return False
    return head[:4] == b"RIFF" and head[8:] == b"WEBP"


def stamps(path: str) -> tuple[array[int], int]:
    """Ticks at which each picture is shown, and for which the last one is; none for a single picture.

    Raises:
        InbetweenError: it is damaged.
    """
    with _opened(path):
        lengths = [round(delay / UNIT) or UNSAID for delay in animation.times(path, ".webp").delays]
    *starts, end = accumulate(lengths, initial=0)
    return array("q", starts), end - starts[-1] if starts else 0


def shape(path: str) -> tuple[int, int, int]:
    """(H, W, channels).

    Raises:
        InbetweenError: it is damaged.
    """
    with _opened(path) as image:
        return image.height, image.width, 4 if image.mode == "RGBA" else 3


def loops(path: str) -> bool:
    """Whether a GIF, an animated PNG or WebP starts again for ever."""
    with _opened(path) as image:
        return image.info.get("loop") == 0


def frames(clip: Clip, begin: Fraction) -> Iterator[tuple[Fraction, Picture]]:
    """See `read.frames`."""
    starts, _ = stamps(clip.path)
    times = [clip.on_grid(tick * UNIT - clip.start) for tick in starts]
    first = max([0, *(number for number, time in enumerate(times) if time <= begin)])
    with _opened(clip.path) as image:
        for number, time in enumerate(times):
            # Each is drawn over the one before.
            image.seek(number)
            image.load()
            if number >= first:
                picture = np.asarray(image.convert("RGBA" if clip.channels == 4 else "RGB"))
                picture.flags.writeable = False
                yield time, picture


def cut_off(path: str) -> bool:
    """Whether a GIF or an animated PNG has no end."""
    with open(path, "rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(0, file.tell() - 1024))
        end = file.read()
    return b"IEND" not in end and not end.rstrip(b"\0").endswith(b";")


@contextmanager
def _opened(path: str) -> Iterator[ImageFile.ImageFile]:
    try:
        with Image.open(path, formats=["GIF", "PNG", "WEBP"]) as image:
            yield image
    except (OSError, EOFError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise InbetweenError(
            f"{path} cannot be read as a clip: it is damaged or cut off", "get a whole file"
        ) from error
