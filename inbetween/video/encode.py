"""Frames through ffmpeg: films and GIFs.

The same frames give the same bytes: a fixed number of the encoder's threads, bit-exact containers.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from fractions import Fraction

import numpy as np

from inbetween.types import Picture, Report
from inbetween.video import ffmpeg, place, sinks
from inbetween.video.sinks import Sink
from inbetween.video.verify import Expected

# x264 makes other bytes with another number of threads, so it is never the machine's cores.
THREADS = "2"

_TO_709 = (
    "scale=out_color_matrix=bt709:out_range=tv"
    ":flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp"
    # Frames that leave a filter carry its tags: -color_primaries and -color_trc would be overruled.
    ",setparams=color_primaries=bt709:color_trc=bt709"
)


def make_film(path: str, expected: Expected, frames: Iterable[Picture], report: Report) -> None:
    """BT.709 in limited range, tagged so; yuv420p, or yuv444p where a side is odd. `path` must be free.

    Raises:
        InbetweenError: ffmpeg stopped.
    """
    if _odd(expected):
        text = f"{expected.size[1]}×{expected.size[0]} is odd: written as yuv444p, which some players cannot show"
        report.note("pixel_format", text, pixel_format="yuv444p")
    with ffmpeg.started(_film_words(path, expected)) as child:
        for frame in frames:
            child.write(np.ascontiguousarray(opaque(frame, expected.sink, report)).data)
        child.finish(lambda: report.progress("write", expected.count, expected.count))


def _film_words(path: str, expected: Expected) -> list[str]:
    """ffmpeg's words, the user's last: a word that is said twice counts as it was said last."""
    sink, rate = expected.sink, expected.rate
    muxer = sinks.SINKS[sink.suffix].muxer
    words = [*_raw_input(expected, "rgb24"), "-filter_threads", "1", "-vf", _TO_709]
    # ffmpeg takes the encoder's nearest format where it does not have this one.
    words += ["-pix_fmt", "yuv444p" if _odd(expected) else "yuv420p", "-c:v", sink.codec, "-threads", THREADS]
    if sink.codec == "libx264":
        words += ["-crf", "16", "-preset", "medium"]
        # The ends are the user's own pictures, and nothing refers to the last one: x264 would give it the
        # fewest bits of all.
        ends = sorted({0, expected.count - 1})
        words += ["-x264-params", "zones=" + "/".join(f"{end},{end},b=2" for end in ends)]
    if muxer in ("mp4", "mov"):
        words += ["-movflags", "+faststart", "-video_track_timescale", str(_timescale(rate))]
        if "265" in sink.codec or sink.codec.startswith("hevc"):
            # The only tag of HEVC that Apple's players take.
            words += ["-tag:v", "hvc1"]
    words += ["-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact"]
    return [*words, *sink.encoder, "-f", muxer, f"file:{path}"]


def _raw_input(expected: Expected, pixel_format: str) -> list[str]:
    words = [
        "-f",
        "rawvideo",
        "-pix_fmt",
        pixel_format,
        "-video_size",
        f"{expected.size[1]}x{expected.size[0]}",
    ]
    return [*words, "-framerate", f"{expected.rate.numerator}/{expected.rate.denominator}", "-i", "pipe:0"]


def _odd(expected: Expected) -> bool:
    """4:2:0 shares one colour among two by two pixels."""
    return expected.size[0] % 2 == 1 or expected.size[1] % 2 == 1


def _timescale(rate: Fraction) -> int:
    """Ticks a second of an MP4 track: whole ticks in each frame, and at least 10 000.

    ffmpeg would derive it from -framerate, which it rounds to a fraction of numbers up to 1 001 000.
    """
    scale = rate.numerator
    while scale < 10_000:
        scale *= 2
    # The field has 32 bits; beyond it ffmpeg rounds the times to ticks.
    return min(scale, 2**31 - 1)


def make_gif(path: str, expected: Expected, frames: Iterator[Picture], report: Report, loop: bool) -> None:
    """One palette for all frames: they are kept in a lossless file while their colours are counted.

    Transparency is kept, cut at one half, if the first frame has an alpha channel. `path` must be free.

    Raises:
        InbetweenError: ffmpeg stopped, or the disk is full.
    """
    # Browsers show a delay below 2/100 s as 10/100 s.
    if expected.rate > 50:
        text = f"{float(expected.rate):g} frames a second: many viewers play a GIF of more than 50 slower"
        report.note("gif_rate", text, rate=float(expected.rate))
    folder = os.path.dirname(path)
    first = next(frames)
    clear = first.shape[2] == 4
    count = f"palettegen=reserve_transparent={clear:d}"
    graph = f"[0:v]format=bgra,split[film][all];[all]{count}[colours]"
    keep = ["-c:v", "ffv1", "-threads", THREADS, "-f", "nut"]
    with place.part(folder, ".frames.nut") as film, place.part(folder, ".palette.nut") as palette:
        words = [*_raw_input(expected, "rgba"), "-filter_complex_threads", "1", "-filter_complex", graph]
        words += ["-map", "[film]", *keep, f"file:{film}", "-map", "[colours]", *keep, f"file:{palette}"]
        with ffmpeg.started(words) as child:
            child.write(_rgba(first, clear, report).data)
            del first
            for frame in frames:
                child.write(_rgba(frame, clear, report).data)
            child.finish(lambda: report.progress("palette", 0, 1))
        _paint_gif(path, film, palette, report, loop)


def _paint_gif(path: str, film: str, palette: str, report: Report, loop: bool) -> None:
    # Error diffusion has no bands where an ordered pattern has them; kept inside the rectangle that changes,
    # it leaves the standing part of the picture still.
    paint = "[0:v][1:v]paletteuse=dither=sierra2_4a:diff_mode=rectangle:alpha_threshold=128"
    words = ["-f", "nut", "-i", "pipe:0", "-f", "nut", "-i", f"file:{palette}"]
    words += ["-filter_complex_threads", "1", "-filter_complex", paint]
    words += ["-loop", "0" if loop else "-1", "-f", "gif", f"file:{path}"]
    total = os.path.getsize(film)
    # Through the pipe, so that this ffmpeg too ends with us, and the progress is known.
    with open(film, "rb") as kept, ffmpeg.started(words) as child:
        while block := kept.read(1 << 18):
            child.write(block)
            report.progress("palette", kept.tell(), total)
        child.finish(lambda: report.progress("palette", total, total))


def opaque(frame: Picture, sink: Sink, report: Report) -> Picture:
    """(H, W, 3) uint8: alpha over black, 16 bits reduced to 8."""
    from inbetween import pictures

    if frame.shape[2] == 4:
        if np.any(frame[..., 3] < np.iinfo(frame.dtype).max):
            text = f"transparency is laid over black: {sink.suffix} has none, a folder of PNG keeps it"
            report.note("alpha", text)
        frame = pictures.flattened(frame)
    return _eight_bits(frame, sink.suffix, report)


def _rgba(frame: Picture, clear: bool, report: Report) -> Picture:
    """(H, W, 4) uint8, contiguous; opaque unless `clear`."""
    from inbetween import pictures

    if frame.shape[2] == 4 and not clear:
        report.note("alpha", "transparency is laid over black: the first frame has none")
        frame = pictures.flattened(frame)
    frame = _eight_bits(frame, ".gif", report)
    if frame.shape[2] == 4:
        if np.any((frame[..., 3] > 0) & (frame[..., 3] < 255)):
            report.note("alpha", "alpha is cut at one half: a GIF knows no more, a folder of PNG keeps it")
        return np.ascontiguousarray(frame, np.uint8)
    return np.concatenate([frame, np.full((*frame.shape[:2], 1), 255, np.uint8)], axis=2, dtype=np.uint8)


def _eight_bits(frame: Picture, suffix: str, report: Report) -> Picture:
    from inbetween import pictures

    if frame.dtype == np.uint8:
        return frame
    report.note("bit_depth", f"16 bits are reduced to 8 for {suffix}: a folder of PNG keeps them")
    return pictures.to_8_bit(frame)
