"""A paper boat on a pond, seen from above: it sails a curve, slows down, and passes under a bough."""

from __future__ import annotations

import math

import numpy as np
from paint import Array, Sheet, disc, ellipse, inside, mixed, moved, noise, polygon, segment, turned

WIDTH, HEIGHT = 640, 360
# x, y, radius, turn.
PADS = (
    (70, 62, 44, 0.4),
    (150, 24, 30, 2.2),
    (590, 300, 50, 3.6),
    (508, 336, 34, 5.0),
    (40, 330, 36, 1.2),
    (585, 60, 30, 4.2),
)
# x, y of both ends, and the leaves on each.
TWIGS = (
    (340, -60, 362, 50, 8),
    (362, 50, 336, 138, 8),
    (362, 50, 408, 122, 6),
    (346, -30, 272, 82, 8),
    (356, 10, 462, 66, 8),
)
LEAVES = (
    ((240, 176, 84), (208, 120, 60)),
    ((226, 112, 74), (178, 70, 60)),
    ((246, 200, 104), (222, 146, 70)),
    ((206, 84, 66), (150, 54, 60)),
)


def draw(t: float) -> Sheet:
    """The pond at time t in 0..1."""
    sheet = Sheet(WIDTH, HEIGHT)
    x, y, angle = _course(t)
    _water(sheet, t)
    _shadow(sheet, x + 16, y + 22, angle)
    for number, (px, py, radius, turn) in enumerate(PADS):
        sway = math.sin(2.2 * t + number)
        _pad(sheet, px + 2 * sway, py + 1.5 * sway, radius, turn + 0.05 * sway, number)
    _lily(sheet, 96 + 1.5 * math.sin(2.2 * t), 82, 25)
    _boat(sheet, x, y, angle)
    _bough(sheet, t)
    return sheet


def _course(t: float) -> tuple[float, float, float]:
    """Where the boat is, and where its bow points (radians, clockwise from the right)."""
    # An even slowing down, on an arc of a circle.
    s = t + 0.5 * t * (1 - t)
    first, turn, length = 0.30, -0.62, 118.0
    angle, radius = first + turn * s, length / turn
    x = 236 + radius * (math.sin(angle) - math.sin(first))
    y = 196 - radius * (math.cos(angle) - math.cos(first))
    return x, y, angle


def _water(sheet: Sheet, t: float) -> None:
    """A bed of sand and stones, and the light that ripples on it."""
    x, y = sheet.x, sheet.y
    deep = 0.5 + 0.35 * noise(x, y, 170, 2) + 0.12 * noise(x, y, 38, 3)
    bed = mixed((58, 132, 134), (24, 84, 108), deep + (x - 320) / 1400)
    across, down = turned(x, y, 0.6)
    stones = noise(across, down, 19, 4) + 0.5 * noise(x, y, 15, 5)
    bed = mixed(bed, (116, 160, 132), 0.34 * inside(0.25 - stones, 0.3))
    bed = mixed(bed, (16, 58, 84), 0.34 * inside(stones + 0.45, 0.3))
    u, v = x - 8 * t, y + 5 * t
    bend = 9 * noise(u, v, 60, 6)
    ripple = np.abs(noise(u + bend, v - bend, (44, 30), 7)) + 0.3 * np.abs(noise(u - bend, v, (26, 20), 8))
    sheet.lay(bed, np.ones(sheet.cover.shape))
    sheet.lay((158, 214, 196), 0.42 * inside(ripple - 0.085, 0.14))


def _shadow(sheet: Sheet, cx: float, cy: float, angle: float) -> None:
    part = sheet.local(cx, cy, 1.25).part(-80, -80, 80, 80)
    x, y = turned(part.x, part.y, angle)
    part.lay((10, 40, 66), 0.5 * inside(_hull(x, y), 16))


def _hull(x: Array, y: Array) -> Array:
    """A long lens: pointed bow and stern."""
    return np.maximum(disc(x, y - 66, 96), disc(x, y + 66, 96))


def _boat(sheet: Sheet, cx: float, cy: float, angle: float) -> None:
    """Folded from printed paper; the sail is the ridge in the middle."""
    part = sheet.local(cx, cy, 1.25).part(-80, -80, 80, 80)
    x, y = turned(part.x, part.y, angle)
    shape = _hull(x, y)
    part.lay((226, 246, 236), 0.4 * inside(np.abs(shape - 3) - 1, 3))
    grain = noise(x, y, (7, 4), 11) + 0.6 * noise(x, y, 4, 12)
    paper = mixed((252, 244, 222), (214, 196, 178), 0.35 + y / 60 + 0.10 * grain)
    stripe = np.minimum(np.abs(x - 34) - 7, np.minimum(np.abs(x - 17) - 3, np.abs(x + 39) - 4))
    paper = mixed(paper, (206, 74, 66), 0.9 * inside(stripe))
    part.lay(paper, inside(shape))
    part.lay((120, 100, 104), 0.75 * inside(ellipse(x + 2, y, 45, 17)))
    part.lay((70, 60, 76), 0.45 * inside(ellipse(x + 2, y - 3, 40, 12), 9))
    light = polygon(x, y, [(-36, 0), (0, -15), (36, 0)])
    dark = polygon(x, y, [(-36, 0), (36, 0), (0, 15)])
    dots = np.hypot((x + 4.5) % 15 - 7.5, (y + 4) % 12 - 6) - 2.2
    part.lay(mixed((255, 250, 232), (46, 108, 136), 0.9 * inside(dots) - 0.1 * grain), inside(light))
    part.lay(mixed((206, 190, 182), (46, 92, 120), 0.9 * inside(dots) + 0.12 * grain), inside(dark))
    part.lay((150, 62, 60), inside(segment(x, y, (-37, 0), (37, 0), 2)))


def _pad(sheet: Sheet, cx: float, cy: float, radius: float, turn: float, seed: int) -> None:
    """A leaf of the water lily with its notch, veins, and shadow."""
    part = sheet.part(cx - radius - 22, cy - radius - 22, cx + radius + 22, cy + radius + 22)
    x, y = turned(part.x - cx, part.y - cy, turn)
    r, around = np.hypot(x, y), np.arctan2(y, x)
    notch = (0.20 - np.abs(around)) * np.minimum(r, 40)
    shape = np.maximum(r - radius + 0.03 * radius * np.sin(5 * around), notch)
    part.lay((10, 44, 66), 0.45 * inside(moved(shape, 5, 6), 10))
    grain = noise(x, y, 9, 30 + seed) + 0.6 * noise(x, y, 4, 40 + seed)
    leaf = mixed((70, 132, 78), (136, 178, 92), 0.25 + 0.5 * r / radius + 0.2 * grain)
    veins = np.abs((around / (2 * np.pi) * 13 + 0.5) % 1 - 0.5) * r * 0.48 - 0.7
    leaf = mixed(leaf, (178, 204, 124), 0.6 * inside(veins, 1) * inside(r - radius * 0.86, 6))
    part.lay(leaf, inside(shape))
    part.lay((190, 116, 104), 0.7 * inside(np.abs(shape + 1.5) - 1.0))


def _lily(sheet: Sheet, cx: float, cy: float, radius: float) -> None:
    part = sheet.part(cx - 50, cy - 50, cx + 50, cy + 50)
    part.lay((26, 66, 62), 0.4 * inside(disc(part.x - cx - 6, part.y - cy - 8, radius), 14))
    for ring, (count, long, wide) in enumerate(((9, 1.0, 0.26), (8, 0.74, 0.24), (6, 0.46, 0.20))):
        for k in range(count):
            x, y = turned(part.x - cx, part.y - cy, 2 * math.pi * (k + 0.37 * ring) / count)
            petal = ellipse(x - 0.52 * long * radius, y, 0.5 * long * radius, wide * radius)
            tint = mixed((226, 112, 146), (255, 232, 232), x / (long * radius) * 1.1 + 0.1 * ring)
            part.lay((150, 60, 100), 0.4 * inside(petal - 1.2, 2.5))
            part.lay(tint, inside(petal))
    part.lay((246, 196, 84), inside(disc(part.x - cx, part.y - cy, 0.2 * radius)))


def _bough(sheet: Sheet, t: float) -> None:
    """A twig with autumn leaves that hangs over the water from the top, and sways a little."""
    sway = 3 * math.sin(2.6 * t)
    random = np.random.RandomState(9)
    leaves: list[tuple[float, float, float]] = []
    for x0, y0, x1, y1, count in TWIGS:
        for k in range(count):
            along = (k + 1) / count
            # To the left and to the right by turns, and the last one straight on.
            side = 0.0 if k == count - 1 else 0.8 if k % 2 else -0.8
            turn = math.atan2(y1 - y0, x1 - x0) + side + random.uniform(-0.2, 0.2)
            leaves.append((x0 + along * (x1 - x0), y0 + along * (y1 - y0), turn))
    for x, y, turn in leaves:
        _leaf_shadow(sheet, x + 14 + sway * y / 90, y + 24, turn)
    for x0, y0, x1, y1, _ in TWIGS:
        ends = (x0 + sway * y0 / 90, y0), (x1 + sway * y1 / 90, y1)
        sheet.lay((92, 64, 58), inside(segment(sheet.x, sheet.y, *ends, 3.2)))
    for number, (x, y, turn) in enumerate(leaves):
        _leaf(sheet, x + sway * y / 90, y, turn + 0.012 * sway, number)


def _blade(x: Array, y: Array) -> Array:
    """A leaf that begins at the origin and points to the right."""
    return np.maximum(disc(x - 20, y - 21, 31), disc(x - 20, y + 21, 31))


def _leaf_shadow(sheet: Sheet, cx: float, cy: float, turn: float) -> None:
    part = sheet.part(cx - 60, cy - 60, cx + 60, cy + 60)
    part.lay((12, 34, 52), 0.26 * inside(_blade(*turned(part.x - cx, part.y - cy, turn)), 10))


def _leaf(sheet: Sheet, cx: float, cy: float, turn: float, seed: int) -> None:
    part = sheet.part(cx - 50, cy - 50, cx + 50, cy + 50)
    x, y = turned(part.x - cx, part.y - cy, turn)
    shape = _blade(x, y)
    light, dark = LEAVES[seed * 5 % len(LEAVES)]
    part.lay((60, 30, 44), 0.35 * inside(moved(shape, 2, 2), 6))
    grain = noise(x, y, (11, 6), 60 + seed) + 0.5 * noise(x, y, 4, 61)
    part.lay(mixed(light, dark, 0.25 + 0.35 * (y > 0) + 0.25 * grain), inside(shape))
    part.lay((250, 214, 140), 0.6 * inside(segment(x, y, (0, 0), (38, 0), 1.2)))
