"""Contact sheets: some frames of a film side by side, each with its number and time."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from io import BytesIO

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from inbetween.pictures.formats import to_8_bit
from inbetween.types import Picture

COLUMNS = 5
"""Frames in a row."""
MOST = 15
"""Most frames on a sheet."""
CELL_WIDTH = 320
"""The longer side, in pixels, of a frame on the sheet."""
LABEL_HEIGHT = 18
"""Pixels above each frame, for its number and time."""
MARGIN = 4
"""Pixels between frames, and around all of them."""


def wanted(count: int) -> list[int]:
    """The numbers of the frames that are on the sheet of a film of `count` frames: at most `MOST`, evenly spaced, the
    first and the last among them."""
    return sorted({round(x) for x in np.linspace(0, count - 1, _cells(count))})


def png(shown: Mapping[int, Image.Image], rate: Fraction) -> bytes:
    """A contact sheet as a PNG.

    Args:
        shown: reduced frames, see `thumbnail`, by their numbers.
        rate: frames per second.
    """
    width = max(image.width for image in shown.values()) + MARGIN
    height = max(image.height for image in shown.values()) + LABEL_HEIGHT + MARGIN
    columns = min(COLUMNS, len(shown))
    rows = -(-len(shown) // columns)
    sheet = Image.new("RGB", (columns * width + MARGIN, rows * height + MARGIN), "#202020")
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(13)
    for place, (number, image) in enumerate(sorted(shown.items())):
        x, y = MARGIN + place % columns * width, MARGIN + place // columns * height
        label = f"{number}   {float(number / rate):.2f} s"
        draw.text((x + 2, y), label, fill="#d0d0d0", font=font)
        sheet.paste(image, (x, y + LABEL_HEIGHT))
    out = BytesIO()
    # Packing it well takes longer than making a small film.
    sheet.save(out, "PNG", compress_level=1)
    return out.getvalue()


def small_film(frames: Picture) -> bytes:
    """An animated GIF of small frames, enlarged to be looked at: ten frames per second, repeated for ever.

    Args:
        frames: (F, h, w, 3) uint8.
    """
    scale = max(1, CELL_WIDTH // frames.shape[2])
    size = frames.shape[2] * scale, frames.shape[1] * scale
    first, *rest = (Image.fromarray(frame).resize(size, Image.Resampling.BICUBIC) for frame in frames)
    out = BytesIO()
    first.save(out, "GIF", save_all=True, append_images=rest, duration=100, loop=0)
    return out.getvalue()


def _cells(count: int) -> int:
    """How many frames of a film are on its sheet: as many as fit, or somewhat fewer if these are evenly spaced."""
    even = [n for n in range(MOST // 2, MOST + 1) if (count - 1) % (n - 1) == 0]
    return min(count, even[-1] if even else MOST)


def thumbnail(frame: Picture) -> Image.Image:
    """A frame, (H, W, 3 or 4), reduced for the sheet; alpha is laid over grey."""
    image = Image.fromarray(to_8_bit(frame))
    image.thumbnail((CELL_WIDTH, CELL_WIDTH), Image.Resampling.BOX)
    if image.mode == "RGBA":
        grey = Image.new("RGBA", image.size, "#808080")
        image = Image.alpha_composite(grey, image)
    return image.convert("RGB")
