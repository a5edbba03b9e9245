"""Paper and paint for the example scenes: noise, soft shapes, and sheets on which they are laid.

Everything is computed in float64 by NumPy alone. A last bit that differs between two machines then never reaches the 8
bits of a picture, so the same pictures come out everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

Array = NDArray[np.float64]
Colour = tuple[int, int, int]

SCALE = 2
"""Pictures are painted this many times larger, both ways, and averaged, which gives shapes smooth edges."""


class Sheet:
    """A picture in the making, `SCALE` times as large as it will be; all lengths are in pixels of the finished
    picture."""

    def __init__(self, width: int, height: int) -> None:
        self.x: Array = ((np.arange(width * SCALE) + 0.5) / SCALE)[None, :]
        self.y: Array = ((np.arange(height * SCALE) + 0.5) / SCALE)[:, None]
        # Multiplied by the cover, so that a transparent place has no colour that could bleed.
        self.colour: Array = np.zeros((height * SCALE, width * SCALE, 3))
        self.cover: Array = np.zeros((height * SCALE, width * SCALE))

    def part(self, left: float, top: float, right: float, bottom: float) -> Sheet:
        """A window on this sheet, cut off at its edges; it may be empty. What is laid on the window is laid on the
        sheet.
        """
        xs = slice(*np.searchsorted(self.x[0], (left, right)))
        ys = slice(*np.searchsorted(self.y[:, 0], (top, bottom)))
        view = Sheet.__new__(Sheet)
        view.x, view.y = self.x[:, xs], self.y[ys]
        view.colour, view.cover = self.colour[ys, xs], self.cover[ys, xs]
        return view

    def local(self, x: float, y: float, zoom: float = 1.0) -> Sheet:
        """The same sheet with lengths measured from (x, y) and divided by `zoom`: what is painted on it is larger."""
        view = self.part(-np.inf, -np.inf, np.inf, np.inf)
        view.x, view.y = (view.x - x) / zoom, (view.y - y) / zoom
        return view

    def lay(self, colour: ArrayLike, cover: Array) -> None:
        """Lay paint over what is there.

        Args:
            colour: one RGB colour, or (H, W, 3) of them, in 0..255.
            cover: (H, W), 0..1: how opaque the paint is.
        """
        # Few shapes cover the whole sheet: leave out the rows that stay as they are.
        rows = np.flatnonzero(cover.any(axis=1))
        if not len(rows):
            return
        some = slice(rows[0], rows[-1] + 1)
        colour = np.asarray(colour, np.float64)
        cover = cover[some]
        self.colour[some] *= (1 - cover)[..., None]
        self.colour[some] += (colour[some] if colour.ndim == 3 else colour) * cover[..., None]
        self.cover[some] *= 1 - cover
        self.cover[some] += cover

    def done(self) -> NDArray[np.uint8]:
        """The finished picture: (H, W, 3) where everything is covered, else (H, W, 4) with straight alpha."""
        height, width = self.cover.shape[0] // SCALE, self.cover.shape[1] // SCALE
        cover = self.cover.reshape(height, SCALE, width, SCALE).mean(axis=(1, 3))
        colour = self.colour.reshape(height, SCALE, width, SCALE, 3).mean(axis=(1, 3))
        colour = colour / np.maximum(cover, 1e-9)[..., None]
        if cover.min() < 1 - 1e-6:
            colour = np.concatenate([colour, 255 * cover[..., None]], axis=2)
        return np.clip(np.floor(colour + 0.5), 0, 255).astype(np.uint8)


# ------------------------------------------------------------------ shapes
# A shape is the signed distance to its edge in pixels, negative inside, so that one array gives the sharp
# shape, its soft shadow and its rim.


def inside(distance: Array, soft: float = 0.0) -> Array:
    """1 inside, 0 outside, with an edge that is `soft` pixels wide, one fine pixel at least."""
    width = max(soft, 1 / SCALE)
    s = np.clip(0.5 - distance / width, 0, 1)
    return s * s * (3 - 2 * s) if soft else s


def disc(x: Array, y: Array, radius: float) -> Array:
    """A disc around the origin."""
    return np.hypot(x, y) - radius


def ellipse(x: Array, y: Array, wide: float, high: float) -> Array:
    """An ellipse around the origin with these half axes. The distance is exact only near its edge."""
    k = np.hypot(x / wide, y / high)
    slope = np.hypot(x / wide**2, y / high**2)
    return k * (k - 1) / np.maximum(slope, 1e-9)


def segment(x: Array, y: Array, a: tuple[float, float], b: tuple[float, float], width: float) -> Array:
    """A line from a to b with round ends."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    along = np.clip(((x - a[0]) * dx + (y - a[1]) * dy) / (dx * dx + dy * dy), 0, 1)
    return np.hypot(x - a[0] - along * dx, y - a[1] - along * dy) - width / 2


def polygon(x: Array, y: Array, corners: list[tuple[float, float]]) -> Array:
    """A convex polygon, corners clockwise on the screen."""
    out = np.full(np.broadcast_shapes(x.shape, y.shape), -np.inf)
    for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1], strict=True):
        out = np.maximum(out, ((x - ax) * (by - ay) - (y - ay) * (bx - ax)) / np.hypot(bx - ax, by - ay))
    return out


def moved(distance: Array, dx: float, dy: float) -> Array:
    """A shape shifted to the right and down by whole painted pixels, for its shadow."""
    across, down = round(dx * SCALE), round(dy * SCALE)
    return np.pad(distance, ((down, 0), (across, 0)), mode="edge")[: distance.shape[0], : distance.shape[1]]


def turned(x: Array, y: Array, angle: float) -> tuple[Array, Array]:
    """The coordinates on a thing that is turned by `angle` radians, clockwise on the screen."""
    c, s = float(np.cos(angle)), float(np.sin(angle))
    return c * x + s * y, c * y - s * x


# ------------------------------------------------------------------ noise and colours


def noise(x: Array, y: Array, cell: float | tuple[float, float], seed: int) -> Array:
    """Smooth noise in -1..1 with a grain of `cell` pixels, or of (across, down) pixels."""
    across, down = cell if isinstance(cell, tuple) else (cell, cell)
    # The only generator of NumPy whose numbers are guaranteed never to change.
    lattice = np.random.RandomState(seed).uniform(-1, 1, (64, 64))
    u, v = x / across, y / down
    i, j = np.floor(u).astype(np.int64), np.floor(v).astype(np.int64)
    u, v = u - i, v - j
    u, v = u * u * (3 - 2 * u), v * v * (3 - 2 * v)
    i0, i1, j0, j1 = i & 63, (i + 1) & 63, j & 63, (j + 1) & 63
    if x.shape[0] == y.shape[1] == 1:
        # Rows and columns: half the work.
        lines = lattice[:, i0[0]] * (1 - u) + lattice[:, i1[0]] * u
        return np.asarray(lines[j0[:, 0]] * (1 - v) + lines[j1[:, 0]] * v)
    flat, j0, j1 = lattice.ravel(), 64 * j0, 64 * j1
    top = flat.take(j0 + i0) * (1 - u) + flat.take(j0 + i1) * u
    return np.asarray(top * (1 - v) + (flat.take(j1 + i0) * (1 - u) + flat.take(j1 + i1) * u) * v)


def mixed(a: ArrayLike, b: ArrayLike, share: Array) -> Array:
    """A mixture of the colours a and b, (H, W, 3), with the share (H, W) of b in 0..1."""
    first = np.asarray(a, np.float64)
    return first + np.clip(share, 0, 1)[..., None] * (np.asarray(b, np.float64) - first)


# ------------------------------------------------------------------ few colours, small files


def with_palette(pictures: Sequence[NDArray[np.uint8]], count: int) -> list[Image.Image]:
    """The pictures with `count` colours (256 at most) for all of them together, for small files.

    Pillow could do it, but its colours may differ in its next version. Here sums are of whole numbers, which are the
    same in any order and on any machine.
    """
    channels = pictures[0].shape[2]
    flat = np.concatenate([picture.reshape(-1, channels) for picture in pictures])
    places = 256 ** np.arange(channels)
    packed, where, often = np.unique(flat @ places, return_inverse=True, return_counts=True)
    colours = packed[:, None] // places % 256
    # Weighted by the root of how often they occur, so that a small flower keeps its colour beside a large pond.
    weight = np.sqrt(often).astype(np.int64)
    palette = _split(colours, weight, count)
    for _ in range(4):
        nearest = _nearest(colours, palette)
        total = np.bincount(nearest, weight, count)
        sums = np.stack([np.bincount(nearest, weight * c, count) for c in colours.T], axis=1)
        palette = np.where(total[:, None] > 0, sums / np.maximum(total, 1)[:, None] + 0.5, palette)
        palette = palette.astype(np.int64)
    names = _nearest(colours, palette).astype(np.uint8)[where]
    return [
        _image(part.reshape(picture.shape[:2]), palette)
        for part, picture in zip(np.split(names, len(pictures)), pictures, strict=True)
    ]


def _split(colours: NDArray[np.int64], weight: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """The means of boxes of colours: the box with the largest error is halved at its mean until there are `count`."""

    def judged(box: NDArray[np.int64]) -> tuple[float, int, NDArray[np.int64], NDArray[np.int64]]:
        w, c = weight[box, None], colours[box]
        total, sums = w.sum(), (w * c).sum(axis=0)
        errors = (w * c * c).sum(axis=0) - sums * sums / total
        axis = int(errors.argmax())
        return float(errors[axis]), axis, sums // total, box

    boxes = [judged(np.arange(len(colours)))]
    while len(boxes) < count:
        worst = max(range(len(boxes)), key=lambda i: boxes[i][0])
        _, axis, mean, box = boxes.pop(worst)
        low = colours[box, axis] <= mean[axis]
        boxes += [judged(box[low]), judged(box[~low])]
    return np.stack([mean for _, _, mean, _ in boxes])


def _nearest(colours: NDArray[np.int64], palette: NDArray[np.int64]) -> NDArray[np.int64]:
    # |c - p|² without |c|², which is the same for all p. Whole numbers, which are exact as floats.
    squares = (palette * palette).sum(axis=1).astype(np.float64)
    chunks = np.array_split(colours.astype(np.float64), len(colours) // 20_000 + 1)
    return np.concatenate([(squares - 2 * (c @ palette.T.astype(np.float64))).argmin(axis=1) for c in chunks])


def _image(names: NDArray[np.uint8], palette: NDArray[np.int64]) -> Image.Image:
    image = Image.frombytes("P", names.shape[::-1], names.tobytes())
    image.putpalette(palette[:, :3].astype(np.uint8).tobytes())
    if palette.shape[1] == 4:
        image.info["transparency"] = palette[:, 3].astype(np.uint8).tobytes()
    return image
