"""A paper-cut valley: the camera tracks to the right, a balloon drifts before the hills."""

from __future__ import annotations

import numpy as np
from paint import Array, Colour, Sheet, disc, inside, mixed, moved, noise, polygon, segment, turned

WIDTH, HEIGHT = 640, 360
SUN = 430.0, 118.0
BALLOON = 196.0, 132.0
RED, SAND, AMBER, TEAL = (214, 84, 70), (246, 206, 130), (236, 150, 70), (72, 124, 136)
# No even rhythm: a flow that slips by one stripe would not notice.
STRIPES = np.array([RED, SAND, RED, AMBER, SAND, RED, SAND, TEAL, SAND, AMBER, RED], np.float64)


def draw(t: float) -> Sheet:
    """The valley at time t in 0..1."""
    sheet = Sheet(WIDTH, HEIGHT)
    _sky(sheet, t)
    _cloud(sheet, 90 + 4 * t, 92, 1.0, 21)
    _cloud(sheet, 545 + 2 * t, 60, 0.8, 22)
    _mountains(sheet, -7 * t)
    _hill(sheet, -12 * t, 5, 222, 20, ((112, 146, 168), (172, 190, 192)), 3.0)
    _cloud(sheet, 326 - 6 * t, 214, 0.9, 23)
    _hill(sheet, -18 * t, 6, 250, 22, ((74, 124, 132), (134, 166, 150)), 4.6)
    _balloon(sheet, BALLOON[0] + 16 * t, BALLOON[1] - 10 * t, -0.03 + 0.06 * t)
    _cloud(sheet, 108 + 8 * t, 190, 0.95, 24)
    _hill(sheet, -24 * t, 7, 292, 18, ((62, 104, 84), (124, 150, 96)), 7.5)
    _cottage(sheet, 452 - 24 * t, 284)
    _hill(sheet, -30 * t, 8, 330, 12, ((48, 74, 62), (84, 110, 74)), 0.0)
    for x, foot, high in ((44, 370, 166), (128, 374, 122), (610, 372, 221), (682, 372, 150), (545, 374, 96)):
        _fir(sheet, x - 34 * t, foot, high)
    return sheet


def _sky(sheet: Sheet, t: float) -> None:
    x, y = sheet.x, sheet.y
    brush = noise(x, y, (90, 9), 1) + 0.6 * noise(x, y, (34, 5), 2)
    glow = np.exp(-np.hypot(x - SUN[0], 1.25 * (y - SUN[1])) / 130)
    sky = mixed((112, 152, 186), (250, 208, 158), y / 235 + 0.035 * brush)
    sky = mixed(sky, (255, 226, 170), 0.85 * glow)
    sheet.lay(sky, np.ones(sheet.cover.shape))
    sheet.lay((255, 244, 212), inside(disc(x - SUN[0] + 2 * t, y - SUN[1], 27)))


def _cloud(sheet: Sheet, cx: float, cy: float, size: float, seed: int) -> None:
    """Round lobes on a flat foot, cut from white paper."""
    part = sheet.part(cx - 95 * size, cy - 55 * size, cx + 95 * size, cy + 30 * size)
    x, y = (part.x - cx) / size, (part.y - cy) / size
    random = np.random.RandomState(seed)
    shape = np.full(part.cover.shape, np.inf)
    for place in np.linspace(-52, 52, 5):
        radius = 24 - 0.2 * abs(place) + random.uniform(-5, 5)
        shape = np.minimum(shape, disc(x - place - random.uniform(-5, 5), y + 0.45 * radius, radius))
    shape = np.maximum(shape, y - 7) * size
    part.lay((70, 84, 120), 0.22 * inside(moved(shape, 2, 3), 12))
    grain = noise(x, y, (26, 7), seed) + 0.5 * noise(x, y, 5, seed + 1)
    part.lay(mixed((255, 250, 240), (224, 212, 214), 0.42 + y / 50 + 0.2 * grain), inside(shape))


def _mountains(sheet: Sheet, shift: float) -> None:
    """A jagged range with snow on its tops."""
    random = np.random.RandomState(4)
    corners = np.arange(-20, 760, 58.0)
    tops = np.where(np.arange(len(corners)) % 2 == 0, 206.0, 154.0) + random.uniform(-26, 26, len(corners))
    # Lower at both sides, where the big firs pass in front.
    tops = 214 + (tops - 214) * np.clip(1.25 - np.abs(corners - 330) / 290, 0.1, 1)
    corners = corners + random.uniform(-16, 16, len(corners))
    x = sheet.x - shift
    ridge = np.interp(x, corners, tops) + 1.5 * noise(x, 0 * x, 6, 41)
    part = sheet.part(0, 105, WIDTH, 285)
    y = part.y
    below = y - ridge
    side = np.interp(x, corners[:-1], np.sign(np.diff(tops)))
    folds = noise(x + 0.5 * y, y - 0.3 * x, (22, 9), 42) + 0.5 * noise(x, y, 7, 43)
    rock = mixed((138, 140, 176), (208, 186, 192), 0.35 + below / 140 + 0.16 * folds - 0.12 * side)
    snow = inside(below - 15 - 9 * noise(x, y, (7, 30), 44), 1.5) * inside(y - 185, 30)
    rock = mixed(rock, mixed((250, 240, 236), (214, 208, 228), 0.5 + 0.5 * side), 0.9 * snow)
    part.lay(rock, inside(-below))


def _hill(
    sheet: Sheet,
    shift: float,
    seed: int,
    level: float,
    swing: float,
    colours: tuple[Colour, Colour],
    trees: float,
) -> None:
    """A rounded hill of paper, its shadow on what is behind, and a row of small firs on it."""
    x = sheet.x - shift
    ridge = level + swing * noise(x, 0 * x, 150, seed) + 0.3 * swing * noise(x, 0 * x, 47, seed + 50)
    part = sheet.part(0, float(ridge.min()) - 3 * trees - 14, WIDTH, HEIGHT)
    below = part.y - ridge
    part.lay((34, 50, 82), 0.30 * inside(-below - 5, 14))
    edge = -below - trees * _firs_on_ridge(x, 1.35 * trees, seed) if trees else -below
    brush = noise(x, part.y, (46, 8), seed + 60) + 0.7 * noise(x, part.y, (13, 5), seed + 70)
    part.lay(mixed(*colours, below / 75 + 0.2 + 0.17 * brush), inside(edge))


def _firs_on_ridge(x: Array, pitch: float, seed: int) -> Array:
    """Heights in 0..3 of a wood of little pointed firs, in groves."""
    cell = np.floor(x / pitch).astype(np.int64)
    high = np.random.RandomState(seed + 80).uniform(0.9, 2.6, 512)[cell % 512]
    across = np.abs(x / pitch - cell - 0.5)
    spire = np.clip(1 - 2.1 * across, 0, 1)
    grove = np.clip(1.6 * noise(cell * pitch, 0 * x, 70, seed + 81) + 0.35, 0, 1)
    return high * spire * np.sqrt(grove)


def _balloon(sheet: Sheet, cx: float, cy: float, tilt: float) -> None:
    part = sheet.part(cx - 80, cy - 72, cx + 80, cy + 112)
    x, y = turned(part.x - cx, part.y - cy, tilt)
    # A round crown that narrows to the mouth.
    half = np.where(y < 0, np.sqrt(np.clip(56**2 - y**2, 1, None)), 56 * np.cos(np.clip(y / 78, 0, 1.25)) ** 0.9)
    shape = np.where(y < 0, disc(x, y, 56), np.maximum(0.86 * (np.abs(x) - half), y - 72))
    for rope in (-1, 1):
        part.lay((92, 66, 58), inside(segment(x, y, (19 * rope, 68), (11 * rope, 84), 2)))
    basket = polygon(x, y, [(-14, 82), (14, 82), (11, 101), (-11, 101)])
    weave = noise(x, y, (4, 2.5), 31)
    part.lay(mixed((122, 72, 48), (176, 118, 72), 0.5 + 0.8 * weave), inside(basket))
    part.lay((104, 66, 48), inside(segment(x, y, (-14, 83), (14, 83), 4)))
    around = np.arcsin(np.clip(x / half, -1, 1)) / np.pi * 10 + 0.5
    gore = np.floor(around).astype(np.int64)
    cloth = STRIPES[np.clip(gore + 5, 0, 10)]
    zigzag = np.abs(y + 2 - 9 * np.abs(2 * (around - gore) - 1)) - 6
    cloth = mixed(cloth, (58, 110, 128), inside(zigzag))
    grain = noise(x, y, (5, 11), 32) + 0.6 * noise(x, y, 4, 33)
    cloth = mixed(cloth, (84, 44, 70), 0.22 - 0.31 * x / 56 + 0.35 * y / 90 + 0.06 * grain)
    light = np.exp(-((np.hypot(x - 22, y + 24) / 26) ** 2))
    part.lay(mixed(cloth, (255, 246, 220), 0.30 * light), inside(shape))


def _cottage(sheet: Sheet, cx: float, foot: float) -> None:
    part = sheet.part(cx - 30, foot - 46, cx + 30, foot + 4)
    x, y = part.x - cx, part.y - foot
    grain = noise(x, y, (6, 3), 35)
    part.lay(
        mixed((238, 220, 190), (206, 180, 156), 0.4 + x / 40 + 0.3 * grain),
        inside(np.maximum(np.abs(x) - 17, np.abs(y + 10) - 11)),
    )
    part.lay((120, 74, 60), inside(np.maximum(np.abs(x - 9) - 3, np.abs(y + 34) - 9)))
    roof = polygon(x, y, [(-14, -36), (14, -36), (22, -20), (-22, -20)])
    part.lay(mixed((186, 84, 66), (140, 58, 56), 1 + 0.5 * grain + y / 60), inside(roof))
    for window in (-9, 3):
        part.lay((255, 214, 112), inside(np.maximum(np.abs(x - window) - 3, np.abs(y + 12) - 4)))
    part.lay((110, 76, 62), inside(np.maximum(np.abs(x - 12) - 3.2, np.abs(y + 6) - 7)))


def _fir(sheet: Sheet, cx: float, foot: float, high: float) -> None:
    """A big dark fir with boughs that hang in tiers."""
    wide = 0.30 * high
    part = sheet.part(cx - wide - 14, foot - high - 18, cx + wide + 14, foot)
    x, y = part.x - cx, (part.y - foot) / high + 1
    seed = 90 + int(high) % 7
    tier = 7 * np.clip(y, 0, 1) ** 0.85
    droop = tier - np.floor(tier)
    ragged = 0.08 * noise(x, part.y - foot, (9, 6), seed)
    half = wide * np.clip(y, 0, 1) * (0.58 + 0.42 * droop + ragged) + 1
    shape = np.hypot(np.maximum((np.abs(x) - half) * 0.8, 0), np.maximum(-high * y, 0))
    shape = np.where(shape > 0, shape, np.maximum((np.abs(x) - half) * 0.8, -high * y))
    part.lay((24, 38, 58), 0.25 * inside(shape - 5, 12))
    needles = noise(x, part.y - foot, (5, 9), seed) + 0.6 * noise(x, part.y - foot, 4, seed + 1)
    light = 0.36 - 0.42 * droop + 0.30 * x / wide + 0.16 * needles
    part.lay(mixed((28, 50, 54), (86, 116, 84), light), inside(shape))
