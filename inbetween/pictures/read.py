"""Reading picture files into arrays: upright, RGB or RGBA, sRGB, 8 or 16 bits as stored."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, _imaging

from inbetween.pictures import icc
from inbetween.pictures.containers import ORIENTATION, PLANAR, bare_png, check_deflate, damaged, with_ones
from inbetween.pictures.formats import like
from inbetween.pictures.header import Facts, decoding, facts, naming, opened, pillow_image, shown
from inbetween.types import Picture, Report

_BAND = 1 << 20
"""Pixels worked on at a time: bounds the memory for what is computed in between."""
_OPENCV = threading.Lock()
"""Held while OpenCV's log level is changed, which is one for the whole process."""


def read(path: Path, report: Report | None = None, force: bool = False) -> Picture:
    """Read a picture file whole.

    PNG, JPEG, WebP, TIFF, BMP, and AVIF where Pillow supports it. The rotation in Exif is applied, an ICC profile other
    than sRGB is applied, grey and palettes and CMYK become RGB, 16 bits stay 16 bits, and alpha is kept as stored,
    straight, even if it is opaque everywhere. Of a file with several pictures, the first is read.

    Args:
        report: is told what was chosen, under the codes `icc`, `icc-ignored`, `cmyk` and `first-picture`.
        force: accept more than `MAX_PIXELS` pixels.

    Returns:
        (H, W, 3 or 4), uint8 or uint16, C-contiguous.

    Raises:
        InbetweenError: as `header`, and for a file that is damaged or cut off anywhere.
    """
    report = report or Report()
    with naming(path):
        with opened(path) as stream:
            found = facts(stream, force)
            stream.seek(0)
            data = stream.read()
        pixels = _upright(_decoded(data, found), found.orientation)
        if found.several:
            text = f"{shown(Path(path.name))}: holds several pictures; the first one is used"
            report.note("first-picture", text, file=str(path))
        picture = like(_srgb(pixels, found, path, report), found.channels, pixels.dtype)
        return np.ascontiguousarray(picture)  # type: ignore[return-value]


def _decoded(data: bytes, found: Facts) -> Picture:
    """(H, W, C) as stored: C is 1 or 2 for grey, 3 or 4 for RGB, 4 for CMYK."""
    if found.name == "PNG":
        # All checksums are verified here, also those that a decoder would not look at. Transparency is left in for
        # palettes, which are colour type 3 in IHDR.
        data = bare_png(data, (b"IHDR", b"PLTE", b"IDAT", *([b"tRNS"] if data[25] == 3 else [])))
    elif found.directory is not None:
        check_deflate(data)
        tags = (ORIENTATION, PLANAR) if found.bits == 16 else (ORIENTATION,)
        data = with_ones(data, found.directory, tags)
    # Pillow accepts PNGs with too few rows, and has 8 bits only.
    by_opencv = found.name == "PNG" or found.bits == 16
    pixels = _by_opencv(data, found) if by_opencv else _by_pillow(data, found)
    if pixels.shape[:2] != found.stored or pixels.dtype != (np.uint16 if found.bits == 16 else np.uint8):
        raise damaged()
    if found.inverted:
        pixels = np.invert(pixels)
    if found.clear is not None:
        pixels = _with_clear(pixels, found.clear)
    if found.premultiplied and found.bits == 16:
        _divide_by_alpha(pixels)
    # The fourth channel of a TIFF that is not alpha.
    return pixels[..., :3] if pixels.shape[2] == 4 > found.channels and found.space == "RGB" else pixels


def _by_opencv(data: bytes, found: Facts) -> Picture:
    """A PNG or a 16-bit TIFF."""
    import cv2

    with _silent_opencv():
        try:
            pixels: Any = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
        except cv2.error as error:
            if error.code == cv2.Error.StsNoMem:
                raise MemoryError from error
            raise damaged(found.name) from error
    if pixels is None:
        raise damaged(found.name)
    if pixels.ndim == 2:
        return pixels[..., None]  # type: ignore[no-any-return]
    if found.space == "GRAY":
        # Grey with alpha is returned as BGRA.
        return pixels[..., [0, -1]]  # type: ignore[no-any-return]
    code = cv2.COLOR_BGR2RGB if pixels.shape[2] == 3 else cv2.COLOR_BGRA2RGBA
    return cv2.cvtColor(pixels, code)  # type: ignore[no-any-return]


@contextmanager
def _silent_opencv() -> Iterator[None]:
    """Keep OpenCV's complaints about damaged files off stderr: the error says it already.

    One thread at a time, because there is one log level for the whole process.
    """
    import cv2

    with _OPENCV:
        # OpenCV 4.12 has both functions in `cv2` itself.
        home: Any = getattr(cv2.utils, "logging", cv2)
        level = home.getLogLevel()
        home.setLogLevel(0)
        try:
            yield
        finally:
            home.setLogLevel(level)


@contextmanager
def _silent_libtiff() -> Iterator[None]:
    """Keep libtiff's own lines about damaged files off stderr; to be used inside `decoding`, one thread at a time.

    Pillow has no setting for it, so the handler of the library that it has loaded is taken out for a while.
    """
    try:
        set_handler = ctypes.CDLL(_imaging.__file__).TIFFSetErrorHandler
    except (AttributeError, OSError):
        # Where the library cannot be reached through Pillow (on Windows, for one), its lines are shown.
        yield
        return
    set_handler.restype, set_handler.argtypes = ctypes.c_void_p, (ctypes.c_void_p,)
    handler = set_handler(None)
    try:
        yield
    finally:
        set_handler(handler)


def _by_pillow(data: bytes, found: Facts) -> Picture:
    """Every other file, at 8 bits."""
    with decoding(found.name), _silent_libtiff(), pillow_image(BytesIO(data), found.name) as image:
        image.load()
        wanted = "RGBA" if found.channels == 4 else "RGB"
        plain: Image.Image = image
        if found.space == "GRAY":
            plain = image.convert("LA" if wanted == "RGBA" else "L")
        elif found.space == "RGB" and image.mode != wanted:
            plain = image.convert(wanted)
        # A copy, because Pillow's own memory is not writable, and torch warns about that.
        pixels = np.array(plain)
    return pixels[..., None] if pixels.ndim == 2 else pixels


def _with_clear(pixels: Picture, clear: tuple[int, ...]) -> Picture:
    """The pixels with an alpha channel that is 0 where they have the one transparent colour."""
    if len(clear) != pixels.shape[2]:
        raise damaged()
    alpha = np.where((pixels == np.array(clear)).all(axis=2), 0, np.iinfo(pixels.dtype).max)
    return np.dstack([pixels, alpha.astype(pixels.dtype)])


def _divide_by_alpha(pixels: Picture) -> None:
    """Turn premultiplied colours of (H, W, 4) uint16 into straight ones, in place; 0 where alpha is 0."""
    rows = max(1, _BAND // pixels.shape[1])
    for top in range(0, len(pixels), rows):
        band = pixels[top : top + rows]
        alpha = band[..., 3:].astype(np.uint64)
        colour = (band[..., :3] * np.uint64(65_535) + alpha // 2) // np.maximum(alpha, 1)
        band[..., :3] = np.where(alpha > 0, np.minimum(colour, 65_535), 0)


def _upright(pixels: Picture, orientation: int) -> Picture:
    """The pixels turned and mirrored as Exif's orientation 1..8 says."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return pixels


def _srgb(pixels: Picture, found: Facts, path: Path, report: Report) -> Picture:
    """The same pixels in sRGB, (H, W, 3 or 4), by the profile where there is one that fits."""
    name = shown(Path(path.name))
    colours = {"GRAY": 1, "RGB": 3, "CMYK": 4}[found.space]
    way = None
    if found.profile is not None:
        try:
            way = icc.conversion(found.profile, found.space, found.bits)
        except icc.Unusable as reason:
            text = f"{name}: its colour profile {reason}; it is ignored"
            report.note("icc-ignored", text, file=str(path), reason=str(reason))
    if way is not None:
        text = f"{name}: colours brought from {way.profile} to sRGB"
        if not way.exact:
            text += ", at 8 bits, because the profile is made of tables"
        report.note("icc", text, file=str(path), profile=way.profile, exact=way.exact)
        pixels = icc.converted(pixels, colours, way)
    elif found.space == "CMYK":
        text = f"{name}: CMYK without a usable profile brought to RGB; its colours are a guess"
        report.note("cmyk", text, file=str(path))
        pixels = np.array(Image.frombytes("CMYK", pixels.shape[1::-1], pixels.tobytes()).convert("RGB"))
    if found.space == "GRAY":
        pixels = pixels[..., [0, 0, 0, *range(1, pixels.shape[2])]]
    return pixels
