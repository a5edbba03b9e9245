"""A picture of both keys, with what was matched in them."""

from __future__ import annotations

from io import BytesIO

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from inbetween.conditions.palette import line_colours
from inbetween.pictures import like
from inbetween.types import Matches, Picture

SIDES = 1600, 1200
"""Most pixels across and down that the keys and their margins may take."""
ASPECT = 1.5
"""Width / height that looks best: the keys lie beside or above each other, whichever comes nearer to it. Chosen by
eye."""
MOST_ENLARGED = 4
"""How many times small keys are enlarged at most."""
CELLS = 8, 6
"""Cells across and down the start key; in each cell one point is joined to its partner: more would hide the picture."""
VIVID, BRIGHT = 0.35, 0.65
"""How much of their saturation and of their brightness the keys keep, so that the marks stand out. Chosen by eye."""
LABEL_HEIGHT = 20
"""Pixels above the keys, for the label."""
MARGIN = 6
"""Pixels between the keys, and around them."""
PART = 4
"""Bits of a pixel's fraction with which marks are placed (`shift` of OpenCV's drawing functions)."""
DOT, RIM = int(2.5 * 2**PART), int(3.5 * 2**PART)
"""Radius of a dot without and with its rim, in units of 2 ** -PART pixels."""

Canvas = NDArray[np.uint8]
Floats = NDArray[np.floating]


def match_sheet(start: Picture, end: Picture, matches: Matches) -> bytes:
    """A PNG of both keys with the matched points and lines, each in the same colour in both.

    The colour of a point says where in the start key it is, as on a colour wheel, so a wrong match has another colour
    than those around it. One point in each of `CELLS` is joined to its partner.

    Args:
        start, end: (H, W, C) of one size.
    """
    height, width = start.shape[:2]
    upright = _upright(width, height)
    across, down = (1, 2) if upright else (2, 1)
    room = (SIDES[0] - (across + 1) * MARGIN) / (across * width), (SIDES[1] - (down + 1) * MARGIN) / (down * height)
    scale = min(*room, MOST_ENLARGED)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    corners = np.array([[MARGIN, MARGIN + LABEL_HEIGHT]] * 2)
    corners[1, int(upright)] += MARGIN + size[int(upright)]
    canvas = np.full((corners[1, 1] + size[1] + MARGIN, corners[1, 0] + size[0] + MARGIN, 3), 32, np.uint8)
    for key, (x, y) in zip((start, end), corners, strict=True):
        canvas[y : y + size[1], x : x + size[0]] = _dimmed(key, size)
    ratio = np.array(size) / (width, height)

    def placed(places: Floats, key: int) -> NDArray[np.int64]:
        on_sheet = (places + 0.5) * ratio - 0.5 + corners[key]
        return np.asarray(np.rint(on_sheet * 2**PART), np.int64)

    points = placed(matches.points_a, 0), placed(matches.points_b, 1)
    colours = _wheel(matches.points_a - (width / 2, height / 2))
    cells = np.floor((matches.points_a + 0.5) * CELLS / (width, height)).astype(int)
    _draw_joins(canvas, points, colours, np.unique(cells, axis=0, return_index=True)[1])
    _draw_lines(canvas, (placed(matches.lines_a, 0), placed(matches.lines_b, 1)))
    _draw_dots(canvas, points, colours)
    return _labelled(canvas, f"{len(points[0])} points, {len(matches.lines_a)} lines")


def _upright(width: int, height: int) -> bool:
    """Whether the keys lie above each other."""
    beside, above = 2 * width / height / ASPECT, width / (2 * height) / ASPECT
    return max(above, 1 / above) < max(beside, 1 / beside)


def _dimmed(key: Picture, size: tuple[int, int]) -> Canvas:
    """The key at the size (width, height), paler and darker: (h, w, 3)."""
    eight = like(key, 3, np.uint8)
    smaller = size[0] < key.shape[1]
    picture = cv2.resize(eight, size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC).astype(np.float32)
    grey = picture @ np.array([0.299, 0.587, 0.114], np.float32)
    return np.asarray(BRIGHT * (VIVID * picture + (1 - VIVID) * grey[..., None]), np.uint8)


def _wheel(places: Floats) -> list[list[int]]:
    """For each place (N, 2), measured from the centre, the RGB of its direction."""
    if not len(places):
        return []
    hues = np.rint(np.rad2deg(np.arctan2(places[:, 1], places[:, 0])) % 360 / 2).astype(np.uint8) % 180
    wheel = np.stack([hues, np.full_like(hues, 190), np.full_like(hues, 255)], axis=-1)
    colours: list[list[int]] = cv2.cvtColor(wheel[None], cv2.COLOR_HSV2RGB)[0].tolist()
    return colours


def _draw_joins(
    canvas: Canvas, points: tuple[NDArray[np.int64], ...], colours: list[list[int]], joined: NDArray[np.intp]
) -> None:
    drawn = canvas.copy()
    for i in joined:
        cv2.line(drawn, points[0][i].tolist(), points[1][i].tolist(), colours[i], 1, cv2.LINE_AA, PART)
    cv2.addWeighted(drawn, 0.7, canvas, 0.3, 0, dst=canvas)


def _draw_lines(canvas: Canvas, lines: tuple[NDArray[np.int64], ...]) -> None:
    colours = line_colours(len(lines[0]), 0).tolist()
    for side in lines:
        for (a, b), colour in zip(side.tolist(), colours, strict=True):
            cv2.line(canvas, a, b, colour, 2, cv2.LINE_AA, PART)


def _draw_dots(canvas: Canvas, points: tuple[NDArray[np.int64], ...], colours: list[list[int]]) -> None:
    for side in points:
        for place, colour in zip(side.tolist(), colours, strict=True):
            cv2.circle(canvas, place, RIM, (16, 16, 16), -1, cv2.LINE_AA, PART)
            cv2.circle(canvas, place, DOT, colour, -1, cv2.LINE_AA, PART)


def _labelled(canvas: Canvas, label: str) -> bytes:
    sheet = Image.fromarray(canvas)
    font = ImageFont.load_default(14)
    ImageDraw.Draw(sheet).text((MARGIN + 2, 4), label, fill="#d0d0d0", font=font)
    out = BytesIO()
    sheet.save(out, "PNG")
    return out.getvalue()
