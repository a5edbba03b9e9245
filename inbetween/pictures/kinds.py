"""What a file is by its first bytes: a picture of a supported format, or what else."""

from __future__ import annotations

import struct
from importlib.util import find_spec

from inbetween.pictures.containers import PNG_SIGNATURE, Refusal

TAKEN = "PNG, JPEG, WebP, TIFF and BMP pictures are accepted"
"""The end of hints: what may be given instead."""

_CONVERT = f"convert it to PNG; {TAKEN}"
_VIDEO = "give still pictures; `ffmpeg -i CLIP frame_%05d.png` takes them out of a video"
RAW_HINT = "develop it to a 16-bit TIFF or PNG first"
"""The hint for camera raw files."""

_SIGNATURES = (
    (PNG_SIGNATURE, "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
)
"""The first bytes of supported formats."""
_OTHERS = (
    (b"v/1\x01", "is an OpenEXR picture", "convert it to a 16-bit PNG or TIFF"),
    (b"GIF8", "is a GIF", f"save the pictures it holds as PNG; {TAKEN}"),
    (b"%PDF", "is a PDF document", f"export its pages as PNG; {TAKEN}"),
    (b"8BPS", "is a Photoshop document", f"export it as a PNG or TIFF; {TAKEN}"),
    (b"gimp xcf", "is a GIMP document", f"export it as a PNG or TIFF; {TAKEN}"),
    (b"\0\0\0\x0cjP  ", "is a JPEG 2000 picture", _CONVERT),
    (b"\xffO\xffQ", "is a JPEG 2000 picture", _CONVERT),
    (b"\0\0\0\x0cJXL ", "is a JPEG XL picture", _CONVERT),
    (b"\xff\n", "is a JPEG XL picture", _CONVERT),
    (b"\0\0\x01\0", "is an icon", _CONVERT),
    (b"SDPX", "is a DPX picture", "convert it to a 16-bit PNG or TIFF"),
    (b"XPDS", "is a DPX picture", "convert it to a 16-bit PNG or TIFF"),
    (b"#?RADIANCE", "is a Radiance HDR picture", "convert it to a 16-bit PNG or TIFF"),
    (b"DDS ", "is a DDS texture", _CONVERT),
    (b"\x1aE\xdf\xa3", "is a video (Matroska or WebM)", _VIDEO),
    (b"\0\0\x01\xba", "is a video (MPEG)", _VIDEO),
    (b"FLV", "is a video (Flash)", _VIDEO),
    (b"OggS", "is an Ogg video or sound", _VIDEO),
    (b"PK\x03\x04", "is a zip archive", "unpack it first"),
)
"""The first bytes of other formats, what to say of them, and a hint."""
_RIFF = {b"AVI ": ("is a video (AVI)", _VIDEO), b"WAVE": ("is a sound", TAKEN)}


def kind_of(start: bytes) -> str:
    """PNG, JPEG, WEBP, TIFF, BMP or AVIF, by the first 4096 bytes of a file, which is not empty.

    Raises:
        Refusal: it is something else, which the message names.
    """
    if start.startswith(b"II*\0") and start[8:10] == b"CR":
        raise Refusal("is a camera raw file", RAW_HINT)
    for signature, name in _SIGNATURES:
        if start.startswith(signature):
            return name
    for signature, what, hint in _OTHERS:
        if start.startswith(signature):
            raise Refusal(what, hint)
    # Checked before the signatures that are words: a letter may begin with "BMW" or "The wide".
    if _is_text(start):
        raise _text(start)
    if start.startswith(b"BM"):
        return "BMP"
    if start.startswith(b"RIFF"):
        if start[8:12] == b"WEBP":
            return "WEBP"
        raise Refusal(*_RIFF.get(start[8:12], ("is not a picture", TAKEN)))
    if start[4:8] == b"ftyp":
        return _iso_format(start)
    if start[4:8] in (b"moov", b"mdat", b"wide", b"free"):
        raise Refusal("is a video (QuickTime)", _VIDEO)
    if start[:1] == b"G" and start[188:189] == b"G":
        raise Refusal("is a video (MPEG transport stream)", _VIDEO)
    raise Refusal("is not a picture of a known kind", TAKEN)


def _text(start: bytes) -> Refusal:
    """The refusal of a text file: a drawing, a web page, or plain text."""
    if b"<svg" in start:
        return Refusal("is an SVG drawing", f"export it as PNG; {TAKEN}")
    if b"<html" in start.lower():
        return Refusal("is a web page, not a picture", "download the picture itself")
    return Refusal("is a text file, not a picture", TAKEN)


def _iso_format(start: bytes) -> str:
    """AVIF, or a refusal: AVIF, HEIC, camera raw files and videos share one kind of container."""
    brands = start[8 : min(struct.unpack(">I", start[:4])[0], 256)]
    if b"avif" in brands or b"avis" in brands:
        if find_spec("PIL._avif"):
            return "AVIF"
        raise Refusal("is an AVIF picture, which this Pillow cannot read", _CONVERT)
    if start[8:11] in (b"hei", b"hev", b"mif", b"msf"):
        raise Refusal("is a HEIC picture", _CONVERT)
    if start[8:12] == b"crx ":
        raise Refusal("is a camera raw file", RAW_HINT)
    raise Refusal("is a video (MP4 or QuickTime)", _VIDEO)


def _is_text(start: bytes) -> bool:
    """Whether these bytes are text in UTF-8, or begin like UTF-16."""
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return True
    try:
        text = start.decode("utf-8")
    except UnicodeDecodeError as error:
        # The last character may be cut in two.
        if error.start < len(start) - 3:
            return False
        text = start[: error.start].decode("utf-8")
    return all(letter >= " " or letter in "\t\n\r\f\x1b" for letter in text)
