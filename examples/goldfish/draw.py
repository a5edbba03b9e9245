"""A goldfish among sea grass, cut out: no background. All swings with one period, so that it loops."""

from __future__ import annotations

import math

import numpy as np
from paint import Array, Sheet, disc, ellipse, inside, mixed, moved, noise, turned

SIZE = 480
# Foot, height and width of each blade, how late it swings, seed.
BEHIND = ((120, 356, 29, 0.0, 0), (196, 392, 31, 1.1, 1), (356, 352, 29, 2.3, 2), (420, 196, 25, 5.2, 8))
BEFORE = ((246, 226, 40, 3.4, 3), (392, 262, 31, 0.9, 4), (66, 186, 27, 4.3, 5), (152, 138, 31, 2.2, 6))
# x, y, half axes, colour.
STONES = (
    (110, 446, 36, 21, (176, 178, 176)),
    (158, 456, 24, 14, (204, 176, 150)),
    (310, 444, 46, 26, (158, 164, 172)),
    (368, 454, 30, 17, (206, 190, 170)),
    (238, 457, 26, 12, (150, 146, 150)),
)


def draw(t: float) -> Sheet:
    """The fish at time t; t + 1 is the same again."""
    phase = 2 * math.pi * t
    sheet = Sheet(SIZE, SIZE)
    for blade in BEHIND:
        _grass(sheet, *blade, phase, dark=True)
    _fish(sheet, 242 + 5 * math.cos(phase), 208 + 7 * math.sin(phase + 0.8), phase)
    for blade in BEFORE:
        _grass(sheet, *blade, phase, dark=False)
    _bank(sheet)
    return sheet


def _grass(
    sheet: Sheet, foot: float, high: float, wide: float, lag: float, seed: int, phase: float, *, dark: bool
) -> None:
    """One long leaf; its upper end swings most, and last."""
    part = sheet.part(foot - 90, 440 - high - 10, foot + 90, 446)
    up = (440 - part.y) / high
    rise = np.clip(up, 0, 1)
    lean = (34 * math.sin(seed * 2.4) * rise**1.6) + 9 * rise**1.5 * np.sin(phase - lag - 1.3 * rise)
    across = part.x - foot - lean
    half = wide / 2 * np.sqrt(np.clip(1 - rise**4, 0, 1)) * (0.62 + 0.38 * np.sin(math.pi * np.sqrt(rise)))
    shape = np.maximum(np.abs(across) - half, (up - 1) * high)
    grain = noise(across, part.y, (5, 46), seed) + 0.7 * noise(across, part.y, (14, 11), seed + 10)
    colours = ((34, 92, 88), (84, 148, 112)) if dark else ((58, 128, 74), (162, 196, 98))
    leaf = mixed(*colours, 0.35 + 0.3 * rise + 0.2 * grain - 0.3 * across / wide)
    spots = noise(across, part.y, (9, 16), seed + 20) - 0.42
    leaf = mixed(leaf, (206, 214, 132) if not dark else (112, 172, 128), 0.55 * inside(-spots, 0.2))
    leaf = mixed(leaf, colours[0], 0.7 * inside(np.abs(across) - 0.9, 1) * inside(up - 0.93, 0.1))
    part.lay(leaf, inside(shape))


def _fish(sheet: Sheet, cx: float, cy: float, phase: float) -> None:
    """Head to the right; a wave runs from it to the tail."""
    part = sheet.part(cx - 190, cy - 110, cx + 130, cy + 110)
    x, y = turned(part.x - cx, part.y - cy, 0.05 * math.sin(phase + 2.0))
    back = np.clip((80 - x) / 220, 0, None)
    y = y - 19 * back**1.6 * np.sin(phase - 2.6 * back)
    _tail(part, x, y)
    _fin(part, x + 4, y + 40, (62, 30), 0.10, 5)
    _fin(part, x + 34, y - 36, (32, 20), -0.75, 6)
    _body(part, x, y)
    # The near fin paddles.
    _fin(part, x - 22, y - 22, (34, 17), -0.60 + 0.24 * math.sin(phase + 0.4), 7)


def _fin(part: Sheet, x: Array, y: Array, half: tuple[float, float], turn: float, seed: int) -> None:
    """A fin that is fast at the origin and points back to the left."""
    u, v = turned(x, y, turn)
    shape = ellipse(u + half[0] * 0.55, v, *half)
    around = np.arctan2(v, 14 - u)
    rays = noise(around * 60, np.hypot(u, v), (4, 40), seed)
    fin = mixed((250, 190, 96), (224, 92, 46), 0.5 + u / (2.4 * half[0]) + 0.3 * rays)
    part.lay((110, 40, 34), 0.3 * inside(moved(shape, 0, 3), 6) * (part.cover > 0.5))
    part.lay(fin, inside(shape))


def _tail(part: Sheet, x: Array, y: Array) -> None:
    """Two flowing lobes."""
    back = -(x + 74)
    for side in (-1, 1):
        u, v = turned(x + 74, y, side * 0.52)
        shape = ellipse(u + 50, v, 62, 25)
        rays = noise(np.arctan2(v, 26 - u) * 60, np.hypot(u, v), (4, 46), 8 + side)
        tail = mixed((236, 108, 50), (255, 206, 120), back / 105 + 0.3 * rays)
        part.lay(tail, inside(shape))


def _outline(x: Array, y: Array) -> Array:
    """Half an ellipse for the head, a longer one that narrows for the rest."""
    head = ellipse(x - 18, y, 74, 52)
    rest = ellipse(x - 18, y, 116, 52)
    return np.where(x > 18, head, rest)


def _body(part: Sheet, x: Array, y: Array) -> None:
    shape = _outline(x, y)
    row = np.floor(x / 13)
    u, v = x / 13 - row - 0.5, (y / 15 + 0.5 * (row % 2)) % 1 - 0.5
    scales = np.hypot(u - 0.5, 1.15 * v) - 0.62
    grain = noise(x, y, (9, 6), 3) + 0.5 * noise(x, y, 4, 4)
    body = mixed((255, 196, 92), (222, 84, 40), 0.55 - y / 85 + 0.10 * grain)
    patch = noise(x + 6 * grain, y, (40, 30), 15)
    body = mixed(body, mixed((255, 246, 226), (236, 214, 196), 0.5 + y / 80), 0.92 * inside(patch + 0.12, 0.12))
    body = mixed(body, (170, 60, 36), 0.38 * inside(np.abs(scales) - 0.05, 0.16) * inside(x - 42, 16))
    body = mixed(body, (255, 236, 180), 0.5 * np.exp(-(((y + 26) / 13) ** 2) - ((x - 10) / 60) ** 2))
    belly = np.exp(-(((y - 58) / 30) ** 2))
    part.lay(mixed(body, (150, 62, 70), 0.5 * belly), inside(shape))
    gill = np.maximum(np.abs(disc(x - 74, y - 2, 36)) - 1.4, x - 54)
    part.lay((176, 66, 40), 0.7 * inside(gill, 1.5) * inside(shape + 6, 4))
    for radius, colour in ((12.5, (250, 226, 150)), (9.5, (38, 34, 46))):
        part.lay(colour, inside(disc(x - 66, y + 12, radius)))
    part.lay((255, 255, 250), inside(disc(x - 69, y + 16, 3)))
    mouth = np.maximum(np.abs(disc(x - 96, y - 2, 13)) - 1.2, np.maximum(x - 93, -y + 4))
    part.lay((150, 54, 40), 0.8 * inside(mouth, 1) * inside(shape + 1, 1))


def _bank(sheet: Sheet) -> None:
    """Sand and stones that hold the grass; they stand still."""
    part = sheet.part(0, 385, SIZE, SIZE)
    x, y = part.x, part.y
    grain = noise(x, y, (18, 7), 51) + 0.6 * noise(x, y, 4, 52)
    sand = np.maximum(ellipse(x - 240, y - 462, 226, 44), y - 462)
    part.lay(mixed((236, 206, 154), (176, 134, 100), 0.3 + (y - 420) / 70 + 0.16 * grain), inside(sand))
    for cx, cy, wide, high, tone in STONES:
        shape = ellipse(x - cx, y - cy, wide, high) + 1.5 * noise(x, y, 17, int(cx))
        part.lay((70, 54, 60), 0.4 * inside(moved(shape, 3, 3), 8) * inside(sand - 1))
        stone = mixed(tone, (66, 70, 84), 0.2 + (y - cy) / high / 2.4 + (x - cx) / wide / 6 + 0.16 * grain)
        part.lay(stone, inside(np.maximum(shape, y - 462)))
