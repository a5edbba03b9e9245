"""What a picture file is, from its header alone; every file that is not accepted is refused here.

No pixels are decoded. `read` uses `facts` too, so that the two cannot disagree.
"""

from __future__ import annotations

import stat
import struct
import threading
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from PIL import (
    BmpImagePlugin,
    Image,
    ImageFile,
    JpegImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from inbetween.errors import InbetweenError
from inbetween.pictures.containers import (
    ORIENTATION,
    PLANAR,
    Directory,
    Refusal,
    damaged,
    exif_orientation,
    png_chunks,
    png_profile,
    tiff_directory,
)
from inbetween.pictures.kinds import RAW_HINT, kind_of

MAX_PIXELS = 64_000_000
"""Most pixels that are read without --force: about 0.5 GB per picture of 16-bit RGBA."""
SIDE_LIMIT = 32_000
"""The longest side, in pixels, even with --force: OpenCV cannot warp pictures of 32767 pixels and more."""

_PNG_BITS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
"""Bits per channel that PNG allows, by its colour type."""
_TIFF_TAGS = (254, 256, 257, 258, 262, 277, 338, 339, 34675, 50706, ORIENTATION, PLANAR)
"""Numbers of the tags that are read: NewSubfileType, width, height, bits, colours, samples, extra samples, sample
format, ICC profile, DNG version, orientation and planar configuration."""
_TIFF_SPACES = {0: "GRAY", 1: "GRAY", 2: "RGB", 3: "RGB", 5: "CMYK", 6: "RGB"}
"""Colours by the value of the tag PhotometricInterpretation; 3 is a palette, 6 is YCbCr."""

_CLASSES: dict[str, type[ImageFile.ImageFile]] = {
    "JPEG": JpegImagePlugin.JpegImageFile,
    "WEBP": WebPImagePlugin.WebPImageFile,
    "TIFF": TiffImagePlugin.TiffImageFile,
    "BMP": BmpImagePlugin.BmpImageFile,
}
_DECODER_ERRORS = (
    OSError,
    EOFError,
    SyntaxError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RuntimeError,
    struct.error,
    zlib.error,
)
"""What Pillow raises for damaged files, found by feeding it damaged files."""

_PILLOW = threading.Lock()
"""Held while Python's warning filters are changed, which are those of the whole process."""


def header(path: Path, force: bool = False) -> Header:
    """Size, channels and bits of the picture that `read` would return, from the file's header.

    Args:
        force: accept more than `MAX_PIXELS` pixels; never a side above `SIDE_LIMIT`.

    Raises:
        InbetweenError: the file is missing, unreadable, empty, no picture, of a kind that is not supported, too large,
            or its header is damaged. Damage behind the header is found by `read`.
    """
    with naming(path), opened(path) as stream:
        return facts(stream, force).header


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Turn every refusal inside into an error that names the file."""
    try:
        yield
    except Refusal as refusal:
        raise InbetweenError(f"{shown(path)} {refusal.what}", refusal.hint, refusal.code) from refusal
    except MemoryError as error:
        raise InbetweenError(
            f"{shown(path)} needs more memory than there is", "make it smaller", "out_of_memory"
        ) from error


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """The file as a stream.

    Raises:
        Refusal: it is missing, may not be read, is empty, or is not a regular file.
    """
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise Refusal("is a folder, not a picture", "name the pictures in it, such as FOLDER/*.png")
        if not stat.S_ISREG(status.st_mode):
            raise Refusal("is not a file", "give a picture that lies on a disk, not a pipe or a device")
        if status.st_size == 0:
            raise Refusal("is empty: it has 0 bytes", "copy or export it again")
        stream = path.open("rb")
    except (FileNotFoundError, NotADirectoryError):
        raise Refusal("does not exist", "check the spelling and the folder", "input_missing") from None
    except PermissionError:
        raise Refusal("may not be read", "change its permissions, or copy it to where you may") from None
    except OSError as error:
        raise Refusal(f"cannot be opened: {error.strerror or error}", "check the name and the disk") from None
    with stream:
        yield stream


@contextmanager
def decoding(name: str) -> Iterator[None]:
    """Let Pillow work without warnings, and turn its errors into refusals.

    One thread at a time, because Python has one list of warning filters for the whole process.

    Args:
        name: the file's format, for the message.
    """
    try:
        with _PILLOW, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except Image.DecompressionBombError as error:
        raise Refusal(
            "has more pixels than can be read from this format", "convert it to PNG, or make it smaller"
        ) from error
    except _DECODER_ERRORS as error:
        raise damaged(name) from error


def facts(stream: BinaryIO, force: bool = False) -> Facts:
    """Everything that decides how a file is decoded.

    Args:
        stream: the file from its beginning.
        force: see `header`.

    Raises:
        Refusal: it is not a picture of a supported kind, damaged, or too large.
    """
    name = kind_of(stream.read(4096))
    found = {"PNG": _png_facts, "TIFF": _tiff_facts}.get(name, _pillow_facts)(stream, name)
    height, width = found.header.size
    if min(height, width) < 1:
        raise damaged()
    if max(height, width) > SIDE_LIMIT:
        raise Refusal(f"is {width}×{height} pixels; no side may have more than {SIDE_LIMIT}", "make it smaller first")
    if height * width > MAX_PIXELS and not force:
        raise Refusal(
            f"is {width}×{height} pixels, more than {MAX_PIXELS // 1_000_000} million",
            "make it smaller first, or insist with --force",
        )
    return found


def pillow_image(stream: BinaryIO, name: str) -> ImageFile.ImageFile:
    """The file by its Pillow class; to be used inside `decoding`.

    `Image.open` is not used: it judges the number of pixels by a global limit of its own.
    """
    if name == "AVIF":
        # Pillow before 11.3 has no such module.
        from PIL import AvifImagePlugin

        return AvifImagePlugin.AvifImageFile(stream)
    return _CLASSES[name](stream)


def shown(path: Path) -> str:
    """A path as one line of printable characters."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape", "backslashreplace").decode()
        for letter in str(path)
    )


def _png_facts(stream: BinaryIO, name: str) -> Facts:
    found: dict[bytes, bytes] = {}
    for kind, payload in png_chunks(stream, skip=(b"IDAT", b"fdAT")):
        found.setdefault(kind, payload)
    width, height, bits, colour = struct.unpack(">IIBB", found.get(b"IHDR", b"").ljust(10, b"\0")[:10])
    if bits not in _PNG_BITS.get(colour, ()):
        raise damaged()
    profile = png_profile(found[b"iCCP"]) if b"iCCP" in found else None
    return Facts(
        name=name,
        stored=(height, width),
        orientation=exif_orientation(found.get(b"eXIf")),
        channels=4 if colour in (4, 6) or b"tRNS" in found else 3,
        bits=16 if bits == 16 else 8,
        space="GRAY" if colour in (0, 4) else "RGB",
        profile=profile,
        several=b"acTL" in found and found[b"acTL"][:4] != b"\0\0\0\x01",
        # A palette holds its own transparency, which the decoder applies.
        clear=_clear(found[b"tRNS"], bits) if b"tRNS" in found and colour in (0, 2) else None,
    )


def _clear(payload: bytes, bits: int) -> tuple[int, ...]:
    """The one grey level or colour that a tRNS chunk makes transparent, at 8 or 16 bits."""
    values = struct.unpack(f">{len(payload) // 2}H", payload[: len(payload) // 2 * 2])
    scale = 255 // ((1 << bits) - 1) if bits < 8 else 1
    return tuple((value & (1 << bits) - 1) * scale for value in values)


def _tiff_facts(stream: BinaryIO, name: str) -> Facts:
    directory = tiff_directory(stream, _TIFF_TAGS)
    samples = directory.number(277, 1)
    extra = directory.numbers(338)
    photometric = directory.number(262, -1)
    space = _TIFF_SPACES.get(photometric)
    bits = _tiff_bits(directory, space)
    plain = 1 if space == "GRAY" or photometric == 3 else 4 if space == "CMYK" else 3
    if samples < plain or not directory.numbers(256) or not directory.numbers(257):
        raise damaged()
    if bits == 16 and (samples not in (1, 3, 4) or (samples > 1 and directory.number(PLANAR, 1) != 1)):
        raise Refusal(
            "is a 16-bit TIFF of a rare layout (grey with alpha, separate planes or extra channels)",
            "save it as a 16-bit PNG",
        )
    # A fourth channel of unstated meaning is alpha; a 0 says that it is something else.
    has_alpha = space != "CMYK" and samples > plain and (not extra or extra[0] in (1, 2))
    profile = directory.values.get(34675)
    return Facts(
        name=name,
        stored=(directory.number(257, 0), directory.number(256, 0)),
        orientation=directory.orientation,
        channels=4 if has_alpha else 3,
        bits=bits,
        space=space or "",
        profile=profile if isinstance(profile, bytes) else None,
        several=directory.more,
        directory=directory,
        premultiplied=bool(extra) and extra[0] == 1,
        inverted=photometric == 0 and bits == 16,
    )


def _tiff_bits(directory: Directory, space: str | None) -> int:
    """8 or 16; what cannot be read as either is refused."""
    if 50706 in directory.values or directory.number(254, 0) & 1 or directory.number(262, 0) in (32803, 34892):
        raise Refusal("is a camera raw file", RAW_HINT)
    bits = set(directory.numbers(258, (1,)))
    kinds = set(directory.numbers(339, (1,)))
    hint = "convert it to 16 bits per channel"
    if 3 in kinds:
        raise Refusal("is a floating point TIFF", hint)
    if not kinds <= {1, 4}:
        raise Refusal("is a TIFF of signed or complex numbers", hint)
    if len(bits) != 1:
        raise Refusal("is a TIFF of unlike bits per channel", hint)
    if not bits <= {1, 2, 4, 8, 16}:
        raise Refusal(f"is a TIFF of {max(bits)} bits per channel", hint)
    if space is None:
        raise Refusal("is a TIFF in other colours than grey, RGB and CMYK", "convert it to RGB")
    # 16-bit CMYK is decoded by Pillow, to 8 bits; its conversion to RGB is not exact anyway.
    return 16 if bits == {16} and space != "CMYK" else 8


def _pillow_facts(stream: BinaryIO, name: str) -> Facts:
    stream.seek(0)
    with decoding(name):
        image = pillow_image(stream, name)
    mode = image.mode
    exif = image.info.get("exif")
    profile = image.info.get("icc_profile")
    return Facts(
        name=name,
        stored=(image.height, image.width),
        orientation=exif_orientation(exif),
        channels=4 if mode in ("RGBA", "LA", "PA") or "transparency" in image.info else 3,
        bits=8,
        space="GRAY" if mode in ("1", "L", "LA") else "CMYK" if mode == "CMYK" else "RGB",
        profile=profile,
        several=getattr(image, "n_frames", 1) > 1,
        # Pillow treats every CMYK JPEG as one by Adobe, whose inks are inverted.
        inverted=name == "JPEG" and mode == "CMYK" and "adobe" not in image.info,
    )


@dataclass(frozen=True)
class Header:
    """The picture that `read` would return."""

    size: tuple[int, int]
    """(H, W), after the rotation in Exif."""
    channels: int
    """3 (RGB) or 4 (RGBA)."""
    bits: int
    """8 or 16 per channel."""


@dataclass(frozen=True)
class Facts:
    """A file's header, as `read` needs it."""

    name: str
    """PNG, JPEG, WEBP, TIFF, BMP or AVIF."""
    stored: tuple[int, int]
    """(H, W) before the rotation."""
    orientation: int
    """1..8, as in Exif."""
    channels: int
    """3 (RGB) or 4 (RGBA), of the picture that `read` will return."""
    bits: int
    space: str
    """GRAY, RGB or CMYK; a palette counts as RGB."""
    profile: bytes | None
    """The ICC profile; None where there is none, empty where it cannot be unpacked."""
    several: bool
    """Whether more pictures follow the first."""
    clear: tuple[int, ...] | None = None
    """The one colour that is transparent, see `_clear`."""
    directory: Directory | None = None
    premultiplied: bool = False
    """Whether the colours of a 16-bit TIFF are premultiplied; at 8 bits Pillow takes care of it."""
    inverted: bool = False
    """Whether the decoder will return a negative."""

    @property
    def header(self) -> Header:
        """What `read` will return."""
        height, width = self.stored
        size = (width, height) if self.orientation >= 5 else (height, width)
        return Header(size, self.channels, self.bits)
