"""A night train behind birches: windows that all look alike, and a way between two keys that is too long."""

from __future__ import annotations

import numpy as np
from paint import Array, Sheet, disc, inside, mixed, noise, polygon, segment

WIDTH, HEIGHT = 640, 360
RAIL = 246.0
WAY = 190.0
"""Pixels the train goes from the first key to the last."""


def draw(t: float) -> Sheet:
    """The night at time t in 0..1."""
    sheet = Sheet(WIDTH, HEIGHT)
    _sky(sheet)
    _woods(sheet, 7, 204, 26, ((44, 66, 108), (86, 112, 150)))
    _woods(sheet, 8, 232, 18, ((28, 46, 82), (70, 96, 132)))
    _train(sheet.local(205 + WAY * t, RAIL, 1.5))
    _snow(sheet, t)
    for foot, x, wide, lean in (
        (338, 66, 21, 5),
        (322, 182, 15, -4),
        (350, 322, 25, 3),
        (330, 452, 17, 6),
        (344, 580, 23, -6),
    ):
        _birch(sheet, x, foot, wide, lean)
    return sheet


def _sky(sheet: Sheet) -> None:
    x, y = sheet.x, sheet.y
    brush = noise(x, y, (80, 10), 1) + 0.6 * noise(x, y, (30, 6), 2)
    sheet.lay(mixed((22, 32, 72), (104, 126, 168), y / 250 + 0.04 * brush), np.ones(sheet.cover.shape))
    random = np.random.RandomState(3)
    for _ in range(60):
        cx, cy, size = random.uniform(0, 640), random.uniform(0, 150), random.uniform(0.5, 1.5)
        part = sheet.part(cx - 4, cy - 4, cx + 4, cy + 4)
        part.lay((255, 248, 220), 0.85 * inside(disc(part.x - cx, part.y - cy, size), 1))
    moon = x - 505, y - 66
    sheet.lay((206, 212, 226), 0.32 * np.exp(-np.hypot(*moon) / 46))
    crater = noise(*moon, 13, 4) + 0.5 * noise(*moon, 6, 5)
    sheet.lay(mixed((250, 242, 214), (214, 206, 192), 0.4 + 0.4 * crater), inside(disc(*moon, 29)))


def _woods(sheet: Sheet, seed: int, level: float, swing: float, colours: tuple[tuple[int, int, int], ...]) -> None:
    x = sheet.x
    ridge = level + swing * noise(x, 0 * x, 120, seed)
    cell = np.floor(x / 9).astype(np.int64)
    spire = np.clip(1 - 2.0 * np.abs(x / 9 - cell - 0.5), 0, 1)
    ridge = ridge - spire * np.random.RandomState(seed).uniform(5, 22, 128)[cell % 128]
    part = sheet.part(0, 120, WIDTH, 300)
    brush = noise(x, part.y, (26, 8), seed + 10) + 0.6 * noise(x, part.y, 6, seed + 20)
    part.lay(mixed(*colours, (part.y - level) / 70 + 0.1 + 0.14 * brush), inside(ridge - part.y))


def _train(sheet: Sheet) -> None:
    """Carriages, and from the origin on the engine that pulls them to the right."""
    for number in range(2):
        _carriage(sheet, -178 * (number + 1), number)
    _engine(sheet)


def _carriage(sheet: Sheet, left: float, number: int) -> None:
    part = sheet.part(left - 6, -92, left + 180, 4)
    x, y = part.x - left, part.y
    grain = noise(x, y, (22, 5), 31) + 0.5 * noise(x, y, 4, 32)
    for wheel in (24, 46, 126, 148):
        _wheel(part, left + wheel, 9)
    side = np.maximum(np.abs(x - 86) - 85, np.abs(y + 42) - 30)
    roof = np.maximum(np.abs(x - 86) - 88, np.abs(y + 74) - 5)
    part.lay(mixed((150, 46, 52), (92, 28, 48), 0.3 + (y + 60) / 70 + 0.15 * grain), inside(side))
    part.lay((232, 190, 112), inside(np.maximum(side, np.abs(y + 30) - 1.6)))
    part.lay(mixed((196, 206, 222), (130, 142, 172), (y + 80) / 10 + 0.3 * grain), inside(roof))
    part.lay((40, 38, 56), inside(np.maximum(np.abs(x + 1) - 6, np.abs(y + 32) - 12)))
    for k in range(5):
        _window(part, x - 19 - 33.5 * k, y + 53, 7 * number + k)


def _window(part: Sheet, x: Array, y: Array, seed: int) -> None:
    pane = np.maximum(np.abs(x) - 11, np.abs(y) - 11)
    part.lay((70, 26, 42), inside(pane - 2.5))
    light = mixed((255, 226, 138), (246, 176, 78), (y + 12) / 24 + 0.1 * noise(x, y, 9, 5))
    part.lay(light, inside(pane))
    if seed % 3 != 1:
        who = np.minimum(disc(x - 3, y + 1, 4.2), np.maximum(disc(x - 3, y - 12, 8), y - 11))
        part.lay((110, 60, 66), inside(np.maximum(who, pane)))


def _engine(sheet: Sheet) -> None:
    part = sheet.part(-4, -104, 180, 4)
    x, y = part.x, part.y
    grain = noise(x, y, (16, 5), 33) + 0.5 * noise(x, y, 4, 34)
    for wheel, radius in ((26, 13), (60, 13), (94, 13), (128, 9)):
        _wheel(part, wheel, radius)
    boiler = np.maximum(np.abs(x - 96) - 50, np.abs(y + 42) - 22)
    part.lay(mixed((96, 124, 128), (24, 46, 66), (y + 66) / 46 + 0.1 * grain), inside(boiler))
    for band in (64, 92, 120):
        part.lay((210, 172, 104), inside(np.maximum(boiler, np.abs(x - band) - 1.6)))
    cab = np.maximum(np.abs(x - 26) - 24, np.abs(y + 50) - 34)
    part.lay(mixed((58, 96, 106), (26, 50, 70), 0.4 + (y + 50) / 80 + 0.12 * grain), inside(cab))
    part.lay((255, 214, 120), inside(np.maximum(np.abs(x - 28) - 11, np.abs(y + 62) - 10)))
    part.lay((40, 52, 70), inside(np.maximum(np.abs(x - 26) - 29, np.abs(y + 86) - 4)))
    part.lay((38, 46, 60), inside(polygon(x, y, [(126, -96), (142, -96), (137, -62), (131, -62)])))
    part.lay((38, 46, 60), inside(np.maximum(np.abs(x - 90) - 7, np.abs(y + 66) - 7)))
    part.lay((120, 46, 50), inside(polygon(x, y, [(140, -24), (152, -24), (170, 0), (140, 0)])))
    part.lay((255, 240, 190), inside(disc(x - 146, y + 48, 6)))


def _wheel(part: Sheet, cx: float, radius: float) -> None:
    x, y = part.x - cx, part.y + radius
    part.lay((34, 32, 46), inside(disc(x, y, radius)))
    part.lay((150, 130, 110), inside(np.abs(disc(x, y, 0.62 * radius)) - 0.8))


def _snow(sheet: Sheet, t: float) -> None:
    """The bank in front, with the light of the windows that wanders on it."""
    x = sheet.x
    edge = RAIL - 4 + 4 * noise(x, 0 * x, 60, 41)
    part = sheet.part(0, RAIL - 12, WIDTH, HEIGHT)
    brush = noise(x, part.y, (60, 9), 42) + 0.6 * noise(x, part.y, (17, 5), 43)
    snow = mixed((170, 186, 216), (226, 230, 242), (part.y - RAIL) / 110 + 0.2 * brush)
    below = part.y - RAIL
    glow = np.exp(-(((below - 26) / 22) ** 2)) * inside(x - 265 - WAY * t, 150)
    part.lay(mixed(snow, (255, 206, 140), 0.4 * glow), inside(edge - part.y))


def _birch(sheet: Sheet, foot_x: float, foot: float, wide: float, lean: float) -> None:
    part = sheet.part(foot_x - wide - 60, 0, foot_x + wide + 40, foot + 14)
    up = (foot - part.y) / 360
    across = part.x - foot_x - lean * up * 4
    half = wide / 2 * (1 - 0.3 * up) + 3.5 * np.exp(-up * 28)
    shape = np.maximum(np.abs(across) - half, part.y - foot)
    shade = np.hypot((part.x - foot_x + 18) / 2.2, (part.y - foot) / 0.55)
    part.lay((80, 96, 150), 0.32 * inside(shade - wide, 14) * inside(RAIL - part.y))
    seed = int(foot_x)
    grain = noise(across, part.y, (8, 26), seed) + 0.6 * noise(across, part.y, 5, seed + 1)
    bark = mixed((246, 242, 236), (132, 134, 164), 0.28 - 0.9 * across / wide + 0.16 * grain)
    scar = noise(across, part.y, (13, 4.4), seed + 2) + 0.35 * noise(across, part.y, (5, 3), seed + 3)
    part.lay(mixed(bark, (44, 40, 58), 0.9 * inside(0.5 - scar, 0.16)), inside(shape))
    for k, side in enumerate((-1, 1, -1)):
        y0 = 40 + 34 * k + seed % 23
        x0 = foot_x + lean * (foot - y0) / 90
        part.lay((66, 60, 80), inside(segment(part.x, part.y, (x0, y0), (x0 + side * 46, y0 - 40), 3)))
