"""Contact sheets: some pictures of a film side by side, each with its number and time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from io import BytesIO

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from inbetween.pictures.formats import to_8_bit
from inbetween.types import Picture

COLUMNS = 5
MOST = 15
CELL_WIDTH = 320
LABEL_HEIGHT = 18
MARGIN = 4


class Sheet:
    """Looks at a film as it passes and keeps at most `MOST` of its pictures, small, both ends among them."""

    def __init__(self, count: int, rate: Fraction) -> None:
        self._rate = rate
        self._wanted = {round(x) for x in np.linspace(0, count - 1, _cells(count))}
        self._seen: dict[int, Image.Image] = {}

    @property
    def missing(self) -> list[int]:
        """Numbers of those that are wanted and were not seen yet."""
        return sorted(self._wanted - {*self._seen})

    def seen(self, frames: Iterable[Picture], first: int = 0) -> Iterator[Picture]:
        """The frames, unchanged, from number `first` on."""
        for number, frame in enumerate(frames, first):
            if number in self._wanted:
                self._seen[number] = _thumbnail(frame)
            yield frame

    def png(self) -> bytes:
        """The sheet of what has been seen."""
        width = max(image.width for image in self._seen.values()) + MARGIN
        height = max(image.height for image in self._seen.values()) + LABEL_HEIGHT + MARGIN
        columns = min(COLUMNS, len(self._seen))
        rows = -(-len(self._seen) // columns)
        sheet = Image.new("RGB", (columns * width + MARGIN, rows * height + MARGIN), "#202020")
        draw = ImageDraw.Draw(sheet)
        font = ImageFont.load_default(13)
        for place, (number, image) in enumerate(sorted(self._seen.items())):
            x, y = MARGIN + place % columns * width, MARGIN + place // columns * height
            label = f"{number}   {float(number / self._rate):.2f} s"
            draw.text((x + 2, y), label, fill="#d0d0d0", font=font)
            sheet.paste(image, (x, y + LABEL_HEIGHT))
        out = BytesIO()
        sheet.save(out, "PNG")
        return out.getvalue()


def small_film(frames: Picture) -> bytes:
    """An animated GIF, ten pictures a second, for ever, of (F, h, w, 3) uint8, enlarged to be looked at."""
    scale = max(1, CELL_WIDTH // frames.shape[2])
    size = frames.shape[2] * scale, frames.shape[1] * scale
    first, *rest = (Image.fromarray(frame).resize(size, Image.Resampling.BICUBIC) for frame in frames)
    out = BytesIO()
    first.save(out, "GIF", save_all=True, append_images=rest, duration=100, loop=0)
    return out.getvalue()


def _cells(count: int) -> int:
    """As many as fit, evenly spaced where that costs few of them."""
    even = [n for n in range(MOST // 2, MOST + 1) if (count - 1) % (n - 1) == 0]
    return min(count, even[-1] if even else MOST)


def _thumbnail(frame: Picture) -> Image.Image:
    image = Image.fromarray(to_8_bit(frame))
    image.thumbnail((CELL_WIDTH, CELL_WIDTH), Image.Resampling.BOX)
    if image.mode == "RGBA":
        grey = Image.new("RGBA", image.size, "#808080")
        image = Image.alpha_composite(grey, image)
    return image.convert("RGB")
