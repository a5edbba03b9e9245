"""Reading animated WebP with Pillow, for PyAV cannot; also facts about GIF and animated PNG that PyAV does not give."""

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
"""Seconds of one tick: WebP counts milliseconds."""
UNSAID = 100
"""Ticks for which browsers show a frame whose delay is 0."""


def is_webp(path: str) -> bool:
    """Whether a file is a WebP, by its first bytes; False if it cannot be read."""
    try:
        with open(path, "rb") as file:
            head = file.read(12)
    except OSError:
        return False
    return head[:4] == b"RIFF" and head[8:] == b"WEBP"


def stamps(path: str) -> tuple[array[int], int]:
    """The ticks at which the frames of an animated WebP are shown.

    Returns:
        The tick of each frame, from 0 on, and the number of ticks for which the last one is shown. Empty for a still
        picture.

    Raises:
        InbetweenError: the file is damaged.
    """
    with _opened(path):
        lengths = [round(delay / UNIT) or UNSAID for delay in animation.times(path, ".webp").delays]
    *starts, end = accumulate(lengths, initial=0)
    return array("q", starts), end - starts[-1] if starts else 0


def shape(path: str) -> tuple[int, int, int]:
    """(H, W, channels) of a file that Pillow reads; 4 channels with alpha, else 3.

    Raises:
        InbetweenError: the file is damaged.
    """
    with _opened(path) as image:
        return image.height, image.width, 4 if image.mode == "RGBA" else 3


def loops(path: str) -> bool:
    """Whether a GIF, an animated PNG or an animated WebP is played again and again.

    Raises:
        InbetweenError: the file is damaged.
    """
    with _opened(path) as image:
        return image.info.get("loop") == 0


def frames(clip: Clip, begin: Fraction) -> Iterator[tuple[Fraction, Picture]]:
    """The frames of an animated WebP with their times, see `read.frames`."""
    starts, _ = stamps(clip.path)
    times = [clip.on_grid(tick * UNIT - clip.start) for tick in starts]
    first = max([0, *(number for number, time in enumerate(times) if time <= begin)])
    with _opened(clip.path) as image:
        for number, time in enumerate(times):
            # Every frame has to be decoded, for each is drawn over the one before.
            image.seek(number)
            image.load()
            if number >= first:
                picture = np.asarray(image.convert("RGBA" if clip.channels == 4 else "RGB"))
                picture.flags.writeable = False
                yield time, picture


def cut_off(path: str) -> bool:
    """Whether the end of a GIF or an animated PNG is missing."""
    with open(path, "rb") as file:
        # An animated PNG ends with the chunk IEND, a GIF with a semicolon. Some programs write a little more.
        file.seek(0, os.SEEK_END)
        file.seek(max(0, file.tell() - 1024))
        end = file.read()
    return b"IEND" not in end and not end.rstrip(b"\0").endswith(b";")


@contextmanager
def _opened(path: str) -> Iterator[ImageFile.ImageFile]:
    """Open a file with Pillow. What Pillow raises in the `with` block becomes an error for the user."""
    try:
        with Image.open(path, formats=["GIF", "PNG", "WEBP"]) as image:
            yield image
    except (OSError, EOFError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise InbetweenError(
            f"{path} cannot be read as a clip: it is damaged or cut off", "get a whole file", "ffmpeg"
        ) from error
