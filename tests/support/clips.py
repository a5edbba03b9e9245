"""A disc as a film of any kind, and what is in such a film."""

from __future__ import annotations

import subprocess
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from inbetween.types import Picture, Report
from inbetween.video import ffmpeg, sinks
from inbetween.video.write import FilmFormat, WriteOptions, Written, rehearse, write

SIZE = (48, 64)
NTSC = Fraction(24000, 1001)


def disc(index: int, size: tuple[int, int] = SIZE, channels: int = 3, dtype: type = np.uint8) -> Picture:
    """A disc before a gradient, one step further to the right; transparent around it where there is alpha."""
    height, width = size
    y, x = np.mgrid[:height, :width]
    picture = np.empty((height, width, channels), np.uint8)
    picture[..., 0] = x * 255 // width
    picture[..., 1] = y * 255 // height
    picture[..., 2] = 128
    inside = (x - 8 - 3 * index) ** 2 + (y - height // 2) ** 2 < 100
    picture[inside, :3] = (240, 200, 40)
    if channels == 4:
        picture[..., 3] = np.where(inside, 255, 0)
    return picture.astype(dtype) * 257 if dtype == np.uint16 else picture


def made(
    out: str | Path,
    count: int = 5,
    rate: Fraction = NTSC,
    size: tuple[int, int] = SIZE,
    report: Report | None = None,
    channels: int = 3,
    dtype: type = np.uint8,
    codec: str | None = None,
    encoder: str | None = None,
    start: int = 0,
    preset: str | None = None,
    **more: Any,
) -> Written:
    sink = sinks.parse(str(out), codec, encoder, start, preset)
    frames = (disc(index, size, channels, dtype) for index in range(count))
    options = options_of(more)
    return write(FilmFormat(sink, rate, count, size, **more), frames, report or Report(), options)


def options_of(more: dict[str, Any]) -> WriteOptions:
    """Those of some arguments that say how a film is written; they are taken out."""
    return WriteOptions(**{name: more.pop(name) for name in ("overwrite", "threads") if name in more})


def frames_and_facts(path: Path, **options: str) -> tuple[list[Any], Any]:
    """All frames, and the facts of the stream."""
    with av.open(str(path), options=options) as container:
        stream = container.streams.video[0]
        frames = list(container.decode(stream))
        context = stream.codec_context
        facts = {
            "rate": stream.average_rate,
            "duration": stream.duration * stream.time_base
            if stream.duration
            else Fraction(container.duration or 0, av.time_base),
            "tags": (
                context.colorspace,
                context.color_primaries,
                context.color_trc,
                context.color_range,
            ),
            "codec": context.name,
        }
    return frames, facts


def as_ffmpeg_shows(path: Path, size: tuple[int, int] = SIZE) -> np.ndarray:
    """(F, H, W, 3) int, as ffmpeg shows the film. PyAV's own conversion minds the tags in new versions."""
    words = ["-v", "error", "-i", str(path), "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    data = subprocess.run([ffmpeg.executable(), *words], capture_output=True, check=True).stdout
    return np.frombuffer(data, np.uint8).reshape(-1, *size, 3).astype(int)


def plane(frame: Any, index: int) -> np.ndarray:
    """One plane of a decoded frame, in units of 8 bits."""
    bits = frame.format.components[index].bits
    found = frame.planes[index]
    rows = np.frombuffer(found, np.uint8 if bits == 8 else "<u2").reshape(found.height, -1)
    return rows[:, : found.width].astype(float) / 2 ** (bits - 8)


RATES = [Fraction(n, d) for n, d in ((24000, 1001), (25, 1), (30000, 1001), (60, 1), (250, 37), (1, 2), (1000, 1))]
ODD_RATES = [Fraction(2300001, 333337), Fraction(239760239, 10_000_000), Fraction(1, 3600)]


FILMS = [
    (".mp4", "libx264", "h264", "yuv420p", "yuv420p"),
    (".mov", "libx264", "h264", "yuv420p", "yuv420p"),
    (".mp4", "libx265", "hevc", "yuv420p", "yuv420p10le"),
    (".mov", "libx265", "hevc", "yuv420p", "yuv420p10le"),
    (".mkv", "libx265", "hevc", "yuv420p", "yuv420p10le"),
    (".webm", "libvpx-vp9", "vp9", "yuv420p", "yuv420p"),
    (".mp4", "libvpx-vp9", "vp9", "yuv420p", "yuv420p"),
    (".webm", "libsvtav1", "av1", "yuv420p", "yuv420p10le"),
    (".mp4", "libsvtav1", "av1", "yuv420p", "yuv420p10le"),
    (".mkv", "libsvtav1", "av1", "yuv420p", "yuv420p10le"),
    # Its decoder gives 12 bits, of which the encoder of ffmpeg fills 10.
    (".mov", "prores_ks", "prores", "yuv444p12le", "yuv444p12le"),
    (".mkv", "prores_ks", "prores", "yuv444p12le", "yuv444p12le"),
]
"""Suffix, encoder, and what a decoder finds: of 8 bits, of 16."""


def yuv(picture: Picture) -> np.ndarray:
    """(H, W, 3) BT.709 in limited range, in units of 8 bits."""
    colour = picture[..., :3] / np.iinfo(picture.dtype).max
    luma = colour @ [0.2126, 0.7152, 0.0722]
    blue, red = (colour[..., 2] - luma) / 1.8556, (colour[..., 0] - luma) / 1.5748
    return np.stack([16 + 219 * luma, 128 + 224 * blue, 128 + 224 * red], -1)


def written_of(path: Path, pictures: list[Picture], codec: str | None = None, **more: Any) -> Written:
    """The pictures at 25 frames a second, after a rehearsal."""
    sink = sinks.parse(str(path), codec, more.pop("encoder", None), 0, more.pop("preset", None))
    size, channels = pictures[0].shape[:2], pictures[0].shape[2]
    rehearse(sink, Fraction(25), size, channels, 8 * pictures[0].itemsize)
    report, options = more.pop("report", Report()), options_of(more)
    return write(FilmFormat(sink, Fraction(25), len(pictures), size, **more), iter(pictures), report, options)


def deep(index: int, channels: int = 3) -> Picture:
    """16 bits that 8 do not hold; the alpha has all kinds of values."""
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    planes = [x * 1021 + index, y * 1361 + 7 * index, x * 500 + y * 650, np.minimum(x * 1099 + index, 65535)]
    return np.stack(planes[:channels], -1).astype(np.uint16)


def glass(index: int) -> Picture:
    """A disc that fades towards its rim, over nothing."""
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    distance = np.hypot(x - 20 - index, y - 24)
    return np.dstack([disc(index), np.clip((22 - distance) * 16, 0, 255).astype(np.uint8)])
