"""The encoders with their options, and the presets. Standard library only.

No number here depends on the machine, for the same frames have to give the same bytes everywhere: with another number
of threads, for example, x264 and x265 make other files.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Codec:
    """An encoder of ffmpeg, and its options."""

    name: str
    """ffmpeg's name of the encoder."""
    suffixes: tuple[str, ...] = ()
    """The kinds of film that it goes into, the usual one first; empty for an encoder that is not known here, which
    ffmpeg accepts or refuses."""
    pixels: tuple[str, ...] = ("yuv420p", "yuv444p")
    """ffmpeg's names of the pixel formats that may be used; of equally good ones the more widely played first."""
    words: tuple[str, ...] = ()
    """ffmpeg's options. The quality is chosen so that the first and the last frame of a film, which are the user's own
    pictures, keep a PSNR above 40 dB. `{slices}` is replaced by the number that `slices` returns."""
    hurried: tuple[str, ...] = ()
    """More options for films made of clips. These have many frames, most of them much like the one before; a PSNR of
    44 dB in place of 48 was measured to take less than half the time."""
    option: str = ""
    """The option of ffmpeg whose value is a list such as `a=1:b=2`. The user's list is appended to `params`."""
    params: str = ""
    """The value of that option; `{last}` is replaced by the number of the last frame."""
    odd: bool = False
    """Whether width and height may be odd with 4:2:0."""
    alpha: tuple[str, ...] = ()
    """The kinds of file in which an alpha channel is kept."""
    tag: str = ""
    """The four-character code in MP4 and MOV; "" for ffmpeg's own choice."""
    least: int = 1
    """Least width and height in pixels. With smaller frames libsvtav1 crashes now and then."""


CODECS: dict[str, Codec] = {
    codec.name: codec
    for codec in (
        Codec(
            "libx264",
            (".mp4", ".mov", ".mkv"),
            words=("-crf", "16", "-preset", "medium"),
            hurried=("-preset", "veryfast"),
            option="-x264-params",
            # More bits for the first and the last frame: no frame refers to the last one, so x264 would give it the
            # fewest of all.
            params="zones=0,0,b=2/{last},{last},b=2",
        ),
        Codec(
            "libx265",
            (".mp4", ".mov", ".mkv"),
            ("yuv420p", "yuv420p10le", "yuv444p", "yuv444p10le"),
            ("-crf", "16", "-preset", "medium"),
            ("-preset", "veryfast"),
            option="-x265-params",
            # Without cutree, which takes bits from the last frame, for no frame refers to it. `info` would write the
            # processor's abilities into the file.
            params="pools=2:frame-threads=2:cutree=0:info=0:log-level=error",
            # The only code for HEVC that Apple's players accept.
            tag="hvc1",
            least=16,
        ),
        Codec(
            "libvpx-vp9",
            (".webm", ".mkv", ".mp4"),
            ("yuv420p", "yuva420p"),
            ("-crf", "22", "-b:v", "0", "-deadline", "good", "-cpu-used", "4", "-row-mt", "0"),
            odd=True,
            alpha=(".webm", ".mkv"),
        ),
        Codec(
            "libsvtav1",
            (".webm", ".mp4", ".mkv"),
            ("yuv420p", "yuv420p10le"),
            ("-crf", "14", "-preset", "6"),
            option="-svtav1-params",
            # The temporal filter would blur the first frame.
            params="lp=1:enable-tf=0",
            odd=True,
            least=16,
        ),
        Codec(
            "prores_ks",
            (".mov", ".mkv"),
            ("yuv444p10le", "yuva444p10le"),
            ("-profile:v", "4444", "-alpha_bits", "16"),
            alpha=(".mov", ".mkv"),
        ),
        Codec(
            "ffv1",
            (".mkv",),
            ("bgr0", "bgra", "gbrp16le", "gbrap16le"),
            ("-level", "3", "-g", "1", "-slices", "{slices}", "-slicecrc", "1"),
            alpha=(".mkv",),
        ),
        Codec(
            "libwebp_anim",
            (".webp",),
            # The encoder converts it to 4:2:0 itself, as the format demands.
            ("bgra",),
            ("-quality", "90"),
            alpha=(".webp",),
        ),
        Codec(
            "apng",
            (".apng",),
            # Without rgba64be, of which it blends some frames over the one before; ffmpeg's own decoder cannot do that.
            ("rgb24", "rgba", "rgb48be"),
            ("-pred", "mixed", "-compression_level", "3"),
            alpha=(".apng",),
        ),
    )
}


MOST: dict[str, tuple[int, int]] = {
    "libx264": (16384, 16384),
    "libx264rgb": (16384, 16384),
    "libvpx": (16383, 16383),
    "libsvtav1": (8704, 16384),
    "libwebp_anim": (16383, 16383),
    "gif": (65535, 65535),
    "mpeg4": (8191, 8191),
    "h264_nvenc": (4096, 4096),
    "hevc_nvenc": (8192, 8192),
    "av1_nvenc": (8192, 8192),
}
"""The largest (H, W) of frames in pixels, by encoder. Those of nvenc are of NVIDIA's table of its newest cards, all
others were found by trying."""


SYSTEMS = {"_videotoolbox": "macOS", "_mf": "Windows", "_mediacodec": "Android"}
"""The systems that encoders belong to, by the ends of their names: the ffmpeg of others does not have them."""


@dataclass(frozen=True)
class Preset:
    """A kind of file and an encoder, under one name."""

    suffix: str
    """The suffix that the output must have."""
    codec: str
    """ffmpeg's name of the encoder."""
    even: bool = False
    """Width and height are made even by repeating one edge, for players that know only 4:2:0."""


PRESETS = {
    "web": Preset(".mp4", "libx264", even=True),
    "prores4444": Preset(".mov", "prores_ks"),
    "archive": Preset(".mkv", "ffv1"),
    "gif": Preset(".gif", "gif"),
}

FORMATS = {
    "h264": "libx264",
    "h.264": "libx264",
    "avc": "libx264",
    "x264": "libx264",
    "h265": "libx265",
    "h.265": "libx265",
    "hevc": "libx265",
    "x265": "libx265",
    "av1": "libsvtav1",
    "vp9": "libvpx-vp9",
}
"""Names of formats, which users may give in place of an encoder's, and the encoder of each."""


def codec(name: str) -> Codec:
    """An encoder by ffmpeg's name. One that is not known here gets the usual pixel formats and no options."""
    return CODECS.get(name) or Codec(name, tag="hvc1" if name.startswith("hevc") else "")


def best(codec: Codec, suffix: str, alpha: bool, bits: int, odd: bool) -> str:
    """The pixel format that keeps most of the frames; of several, the one with the smallest pixels.

    Args:
        codec: the encoder.
        suffix: the kind of file.
        alpha: the frames have an alpha channel.
        bits: of a value of the frames, 8 or 16.
        odd: their width or height is odd.
    """
    can = [name for name in codec.pixels if codec.odd or not odd or not halved(name)]
    can = [name for name in can if suffix in codec.alpha or not has_alpha(name)]
    return min(
        can, key=lambda name: (alpha and not has_alpha(name), max(0, bits - depth(name)), has_alpha(name), depth(name))
    )


def slices(size: tuple[int, int]) -> int:
    """The number of slices in which FFV1 codes a frame of `size` (H, W): such that none has more than 2^20 pixels. FFV1
    does not accept all numbers, nor slices that are too small."""
    count = 1 if min(size) == 1 else 4
    while count > 1 and size[0] * size[1] > count << 20:
        count *= 4
    return count


def depth(pixel_format: str) -> int:
    """Bits of each value, by ffmpeg's name of a pixel format."""
    found = re.search(r"(?:p0?|gray)(9|1\d)[bl]e$|(48|64)[bl]e$", pixel_format)
    return 8 if found is None else int(found[1] or 16)


def has_alpha(pixel_format: str) -> bool:
    """Whether a pixel format has an alpha channel, by ffmpeg's name."""
    return re.match(r"yuva|gbrap|rgba|bgra|argb|abgr|ya\d", pixel_format) is not None


def is_rgb(pixel_format: str) -> bool:
    """Whether a pixel format has red, green and blue, not luma and chroma, by ffmpeg's name."""
    return re.match(r"0?a?(rgb|bgr|gbr)", pixel_format) is not None


def halved(pixel_format: str) -> bool:
    """Whether a pixel format is 4:2:0, which has one chroma value for two by two pixels, by ffmpeg's name."""
    return "420" in pixel_format
