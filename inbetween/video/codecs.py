"""What is asked of each encoder, and the presets. Standard library only.

Every number here is a constant, for the same frames have to give the same bytes on any machine: with another
number of threads, x264 and x265 make other files.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Codec:
    """An encoder of ffmpeg, and what it needs to be told."""

    name: str
    suffixes: tuple[str, ...] = ()
    """Films that it goes into, the usual one first. Of an unknown encoder ffmpeg decides."""
    pixels: tuple[str, ...] = ("yuv420p", "yuv444p")
    """ffmpeg's names of the pixel formats that may be taken, of equals the best known first."""
    words: tuple[str, ...] = ()
    """Options: good enough that the ends of a film, the user's own pictures, stay above 40 dB. `{slices}` is
    what `slices` says."""
    hurried: tuple[str, ...] = ()
    """More of them for films made of clips: they have many frames, most much like the one before, and 44 dB in place
    of 48 take less than half the time."""
    option: str = ""
    """The option that takes a list `a=1:b=2`. What the user gives with it is added to `params`."""
    params: str = ""
    """Such a list; `{last}` is the number of the last frame."""
    odd: bool = False
    """4:2:0 can have odd sides."""
    alpha: tuple[str, ...] = ()
    """Suffixes in which an alpha channel arrives."""
    tag: str = ""
    """The mark in MP4 and MOV."""
    least: int = 1
    """Pixels of a side. Below, libsvtav1 dies now and then."""


CODECS: dict[str, Codec] = {
    codec.name: codec
    for codec in (
        Codec(
            "libx264",
            (".mp4", ".mov", ".mkv"),
            words=("-crf", "16", "-preset", "medium"),
            hurried=("-preset", "veryfast"),
            option="-x264-params",
            # Nothing refers to the last frame: x264 would give it the fewest bits of all.
            params="zones=0,0,b=2/{last},{last},b=2",
        ),
        Codec(
            "libx265",
            (".mp4", ".mov", ".mkv"),
            ("yuv420p", "yuv420p10le", "yuv444p", "yuv444p10le"),
            ("-crf", "16", "-preset", "medium"),
            ("-preset", "veryfast"),
            option="-x265-params",
            # Without cutree, which takes from the last frame what nothing refers to. `info` would write the
            # processor's abilities into the file.
            params="pools=2:frame-threads=2:cutree=0:info=0:log-level=error",
            # The only mark of HEVC that Apple's players take.
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
            # It makes 4:2:0 of it by itself, as the format demands.
            ("bgra",),
            ("-quality", "90"),
            alpha=(".webp",),
        ),
        Codec(
            "apng",
            (".apng",),
            # Of rgba64be it lays some frames over the one before, which no decoder of ffmpeg's can.
            ("rgb24", "rgba", "rgb48be"),
            ("-pred", "mixed", "-compression_level", "3"),
            alpha=(".apng",),
        ),
    )
}


@dataclass(frozen=True)
class Preset:
    """A choice with a name."""

    suffix: str
    codec: str
    even: bool = False
    """One edge is repeated where a side is odd, for players that know only 4:2:0."""


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
"""What people call what encoders make, each with the encoder."""


def codec(name: str) -> Codec:
    """What is known of an encoder: for one that is in no table, how most films are made."""
    return CODECS.get(name) or Codec(name, tag="hvc1" if name.startswith("hevc") else "")


def best(codec: Codec, suffix: str, alpha: bool, bits: int, odd: bool) -> str:
    """The pixel format that keeps most of such pictures, and of those the one that holds least."""
    can = [name for name in codec.pixels if codec.odd or not odd or not halved(name)]
    can = [name for name in can if suffix in codec.alpha or not has_alpha(name)]
    return min(
        can, key=lambda name: (alpha and not has_alpha(name), max(0, bits - depth(name)), has_alpha(name), depth(name))
    )


def slices(size: tuple[int, int]) -> int:
    """Parts of a picture of (H, W) that FFV1 codes one by one: it takes not all numbers, and none too small."""
    count = 1 if min(size) == 1 else 4
    while count > 1 and size[0] * size[1] > count << 20:
        count *= 4
    return count


def depth(pixel_format: str) -> int:
    """Bits of each value."""
    found = re.search(r"(?:p0?|gray)(9|1\d)[bl]e$|(48|64)[bl]e$", pixel_format)
    return 8 if found is None else int(found[1] or 16)


def has_alpha(pixel_format: str) -> bool:
    """Whether it has an alpha channel."""
    return re.match(r"yuva|gbrap|rgba|bgra|argb|abgr|ya\d", pixel_format) is not None


def is_rgb(pixel_format: str) -> bool:
    """Whether it has red, green and blue, not luma and chroma."""
    return re.match(r"0?a?(rgb|bgr|gbr)", pixel_format) is not None


def halved(pixel_format: str) -> bool:
    """Whether it is 4:2:0: one colour for two by two pixels."""
    return "420" in pixel_format
