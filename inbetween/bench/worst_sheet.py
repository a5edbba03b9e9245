"""A picture of the worst frames: each in a row with the keys around it, the true frame and what every method made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

from inbetween.types import Picture

MOST = 6
"""The most frames on the sheet; chosen by eye."""
MOST_OF_ONE = 2
"""The most frames from one clip and gap, because the frame beside a bad one is bad in the same way. Chosen by eye."""
CELL = 320
"""Pixels of the longer side of a frame on the sheet; chosen by eye."""
LABEL_HEIGHT = 18
MARGIN = 4
"""Pixels of the height of a label, and between the cells of the sheet; chosen by eye."""


@dataclass(frozen=True, eq=False)
class Strip:
    """A row of the sheet, which shows one frame."""

    title: str
    """The clip, the number of the frame and the gap."""
    ssim: float
    """The SSIM of the first method, by which the worst frames are found."""
    cells: list[tuple[str, Image.Image]]
    """(label, small picture) from left to right."""


class Worst:
    """Keeps small copies of the frames that the first method made worst. All methods make the same frames."""

    def __init__(self) -> None:
        self.strips: list[Strip] = []
        """The rows, the worst frame first."""
        self._now: dict[int, Strip] = {}
        self._clip, self._gap = "", 0
        self._true: Sequence[Picture] = ()

    def begin(self, clip: str, gap: int, true: Sequence[Picture]) -> None:
        """Begin with a clip and a gap: `true` are its frames, some of which one method after the other will make."""
        self._clip, self._gap, self._true, self._now = clip, gap, true, {}

    def see(self, method: str, scores: Mapping[int, tuple[float, float]], whole: Sequence[Picture]) -> None:
        """Keep the worst of a method's frames.

        Args:
            method: its name.
            scores: (psnr, ssim) of each made frame, by its number.
            whole: the restored sequence of frames.
        """
        if not self._now:
            self._now = {
                i: self._strip(i, scores[i][1]) for i in sorted(scores, key=lambda i: scores[i][1])[:MOST_OF_ONE]
            }
            self.strips = sorted([*self.strips, *self._now.values()], key=lambda strip: strip.ssim)[:MOST]
        for i, strip in self._now.items():
            psnr, ssim = scores[i]
            # The last cell is the key after the frame.
            strip.cells.insert(-1, (f"{method}   {psnr:.2f} dB   SSIM {ssim:.4f}", _small(whole[i])))

    def png(self) -> bytes:
        """The sheet as a PNG file, the worst frame first."""
        font, rows, height = ImageFont.load_default(13), [], MARGIN
        for strip in self.strips:
            # Each row has cells as wide as its frames or their labels, because clips are upright or wide.
            wide = max(max(image.width, font.getlength(label) + 4) for label, image in strip.cells)
            rows.append((strip, height, round(wide) + MARGIN))
            height += 2 * LABEL_HEIGHT + strip.cells[0][1].height + 2 * MARGIN
        sheet = Image.new("RGB", (max(step * len(strip.cells) for strip, _, step in rows) + MARGIN, height), "#202020")
        draw = ImageDraw.Draw(sheet)
        for strip, y, step in rows:
            draw.text((MARGIN + 2, y), strip.title, fill="#ffffff", font=font)
            for column, (label, image) in enumerate(strip.cells):
                x = MARGIN + column * step
                draw.text((x + 2, y + LABEL_HEIGHT), label, fill="#d0d0d0", font=font)
                sheet.paste(image, (x, y + 2 * LABEL_HEIGHT))
        out = BytesIO()
        sheet.save(out, "PNG")
        return out.getvalue()

    def _strip(self, frame: int, ssim: float) -> Strip:
        step = self._gap + 1
        before = frame // step * step
        after = before + step
        return Strip(
            f"{self._clip}, frame {frame}, gap {self._gap}",
            ssim,
            [
                (f"key before ({before})", _small(self._true[before])),
                (f"truth ({frame})", _small(self._true[frame])),
                (f"key after ({after})", _small(self._true[after])),
            ],
        )


def _small(picture: Picture) -> Image.Image:
    """A small copy of a frame, with a longer side of `CELL` pixels."""
    image = Image.fromarray(picture)
    image.thumbnail((CELL, CELL), Image.Resampling.BOX)
    return image
