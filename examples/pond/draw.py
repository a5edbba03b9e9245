"""A paper boat on a pond, seen from above: it sails a curve, slows down, and passes under a bough."""

from __future__ import annotations

import math

import numpy as np
from paint import Array, Sheet, disc, ellipse, inside, mixed, noise, polygon, segment, turned

WIDTH, HEIGHT = 640, 360
PADS = ((70, 62, 44, 0.4), (150, 24, 30, 2.2), (590, 300, 50, 3.6), (508, 336, 34, 5.0), (40, 330, 36, 1.2), (585, 60, 30, 4.2))


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
    # The way left shrinks with the square of the time left: an even slowing down.
    s = 1 - (1 - t) ** 2 * 0.8 - 0.2 * (1 - t)
    angle = 0.42 - 1.05 * s
    # An arc of a circle: 225 pixels long.
    radius = 225 / 1.05
    x = 190 + radius * (math.sin(0.42) - math.sin(angle))
    y = 172 + radius * (math.cos(angle) - math.cos(0.42))
    return x, y, angle


def _water(sheet: Sheet, t: float) -> None:
    """A bed of sand and stones, and the light that ripples on it."""
    x, y = sheet.x, sheet.y
    deep = 0.5 + 0.35 * noise(x, y, 170, 2) + 0.12 * noise(x, y, 38, 3)
    bed = mixed((58, 132, 134), (24, 84, 108), deep + (x - 320) / 1400)
    stones = noise(x, y, 17, 4) + 0.5 * noise(x, y, 9, 5)
    bed = mixed(bed, (116, 160, 132), 0.34 * inside(0.25 - stones, 0.3))
    bed = mixed(bed, (16, 58, 84), 0.34 * inside(stones + 0.45, 0.3))
    u, v = x - 8 * t, y + 5 * t
    bend = 9 * noise(u, v, 60, 6)
    ripple = np.abs(noise(u + bend, v - bend, (44, 30), 7)) + 0.35 * np.abs(noise(u - bend, v, (20, 15), 8))
    sheet.lay(bed, np.ones(sheet.cover.shape))
    sheet.lay((158, 214, 196), 0.42 * inside(ripple - 0.085, 0.14))


def _shadow(sheet: Sheet, cx: float, cy: float, angle: float) -> None:
    part = sheet.part(cx - 80, cy - 80, cx + 80, cy + 80)
    x, y = turned(part.x - cx, part.y - cy, angle)
    part.lay((10, 40, 66), 0.5 * inside(_hull(x, y), 16))


def _hull(x: Array, y: Array) -> Array:
    """A long lens: pointed bow and stern."""
    return np.maximum(disc(x, y - 66, 96), disc(x, y + 66, 96))


def _boat(sheet: Sheet, cx: float, cy: float, angle: float) -> None:
    """Folded from printed paper; the sail is the ridge in the middle."""
    part = sheet.part(cx - 80, cy - 80, cx + 80, cy + 80)
    x, y = turned(part.x - cx, part.y - cy, angle)
    shape = _hull(x, y)
    part.lay((226, 246, 236), 0.55 * inside(np.abs(shape - 4) - 1.5, 3))
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
    part.lay((10, 44, 66), 0.45 * inside(np.roll(shape, (12, 10), (0, 1)), 10))
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
    """A bough with maple-red leaves that hangs over the water from the top, and sways a little."""
    sway = 3 * math.sin(2.6 * t)
    random = np.random.RandomState(9)
    leaves = [
        (float(340 + 30 * a + random.uniform(-26, 26)), float(-6 + 30 * b + random.uniform(-12, 12)), float(random.uniform(0, 6.3)))
        for b in range(5) for a in range(-3, 5) if abs(a - 0.5) < 4.4 - 0.75 * b
    ]
    for x, y, _ in leaves:
        part = sheet.part(x - 40, y - 20, x + 60, y + 80)
        part.lay((14, 36, 52), 0.16 * inside(disc(part.x - x - 12 - sway, part.y - y - 26, 19), 18))
    for width, end in ((7, (392, 70)), (4, (330, 112)), (4, (430, 104))):
        sheet.lay((84, 60, 58), inside(segment(sheet.x - sway * end[1] / 90, sheet.y, (372, -30), end, width)))
    for number, (x, y, turn) in enumerate(leaves):
        lean = sway * (0.4 + y / 120)
        _leaf(sheet, x + lean, y, turn + 0.012 * sway, number)


def _leaf(sheet: Sheet, cx: float, cy: float, turn: float, seed: int) -> None:
    part = sheet.part(cx - 32, cy - 32, cx + 32, cy + 32)
    x, y = turned(part.x - cx, part.y - cy, turn)
    r, around = np.hypot(x, y), np.arctan2(y, x)
    shape = r - 19 * (0.74 + 0.26 * np.cos(5 * around)) - 2 * noise(x, y, 6, seed)
    tone = (seed * 7 % 10) / 10
    light, dark = ((236, 150, 70), (198, 84, 56)) if seed % 3 else ((222, 96, 70), (160, 54, 58))
    part.lay((60, 30, 44), 0.3 * inside(np.roll(shape, (4, 3), (0, 1)), 7))
    grain = noise(x, y, 7, 60 + seed) + 0.5 * noise(x, y, 3, 61)
    part.lay(mixed(light, dark, 0.1 + 0.5 * tone + r / 50 + 0.2 * grain), inside(shape * 0.7))
    ribs = np.abs((around / (2 * np.pi) * 5 + 0.5) % 1 - 0.5) * r * 1.2 - 0.5
    part.lay((248, 206, 130), 0.45 * inside(ribs, 1) * inside(shape + 3, 3))
