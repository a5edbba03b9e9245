"""Encoding frames to films, animations and GIFs with ffmpeg.

The same frames always give the same bytes: encoders run with a fixed number of threads, and containers are written
bit-exact, without dates and version numbers.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import cast

import numpy as np

from inbetween.types import Picture, Report
from inbetween.video import animation, codecs, disk, ffmpeg, sinks, workfolder
from inbetween.video.clip import Colour, scaler_name
from inbetween.video.codecs import Codec
from inbetween.video.encoder_options import RATES, name_of
from inbetween.video.sinks import Sink
from inbetween.video.verify import Expected

_RAW = {(3, 1): "rgb24", (4, 1): "rgba", (3, 2): "rgb48le", (4, 2): "rgba64le"}

THREADS = "2"
"""Number of threads of an encoder. It does not depend on the machine, for with another number x264 makes other bytes. A
choice."""

_SCALE = "scale=flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp"


def _filters(expected: Expected, rgb: bool) -> str:
    """ffmpeg's filters that convert frames to the colours of the film, and tag them.

    RGB is tagged as sRGB, or as the clip says. Luma and chroma are those of the clip, or BT.709 in limited range. The
    tags are set by a filter, for -color_primaries and -color_trc would be overruled by the tags of the filtered frames.

    Args:
        expected: the film.
        rgb: the film's pixel format has red, green and blue, not luma and chroma.
    """
    colour, aspect = expected.colour, expected.aspect
    # Square pixels are set too, for a PNG would have an unknown shape as 0:1.
    shape = f",setsar={aspect.numerator}/{aspect.denominator}" if rgb or aspect != 1 else ""
    if rgb:
        primaries, transfer = (colour.primaries, colour.transfer) if colour else ("bt709", "iec61966-2-1")
        return f"{_SCALE}{shape},setparams=range=pc:colorspace=gbr{_tags(primaries, transfer)}"
    if colour is None or colour.matrix == "gbr":
        return f"{_SCALE}:out_color_matrix=bt709:out_range=tv{shape},setparams={_tags('bt709', 'bt709')[1:]}"
    # The reader has enlarged the chroma of 4:2:0 to full size; the mean of an area comes nearest to what it was.
    scale = _SCALE.replace("bicubic", "area")
    scaled = f"{scale}:out_color_matrix={scaler_name(colour.matrix)}:out_range={colour.range}"
    return f"{scaled}{shape},setparams=colorspace={colour.matrix}{_tags(colour.primaries, colour.transfer)}"


def _tags(primaries: str, transfer: str) -> str:
    """The options of `setparams` for primaries and transfer; an empty name is tagged as unknown."""
    return f":color_primaries={primaries or 'unknown'}:color_trc={transfer or 'unknown'}"


def make_film(path: str, expected: Expected, frames: Iterable[Picture], report: Report) -> None:
    """Write a film or an animation, with the channels and the depth of the first frame as far as the codec has them.

    Luma and chroma are BT.709 in limited range, RGB is sRGB, unless `expected.colour` says otherwise; they are tagged
    so.

    Notes: `alpha`, `bit_depth`, `chroma`, `padded`, `pixel_format`, `viewer_rate`. Progress: `write`.

    Args:
        path: the file to write; it must not exist.
        expected: the film.
        frames: (H, W, 3 or 4) uint8 or uint16.
        report: hears the notes, some of them for every frame, and the progress.

    Raises:
        InbetweenError: ffmpeg stopped.
    """
    sink = expected.sink
    frames = iter(frames)
    first = next(frames)
    pixel_format = _pixel_format(expected, first, report)
    fit = _Fit(expected, pixel_format, first, report)
    with ffmpeg.started(_film_arguments(path, expected, pixel_format, fit.raw)) as child:
        child.write(fit(first))
        del first
        for frame in frames:
            child.write(fit(frame))
        child.finish(lambda: report.progress("write", expected.count, expected.count))
    if sink.kind == "animation":
        _note_rate(expected, report)
        with disk.errors(sink.path):
            animation.finish(path, sink.suffix, expected.rate, expected.count, expected.loop)


def _film_arguments(path: str, expected: Expected, pixel_format: str, raw: str) -> list[str]:
    """ffmpeg's arguments. The user's come last, for of an option that is given twice the last one counts."""
    sink, rate = expected.sink, expected.rate
    form, codec = sinks.SINKS[sink.suffix], codecs.codec(sink.codec)
    facts = {"last": expected.count - 1, "slices": codecs.slices(expected.size)}
    asked = list(sink.encoder)
    ours = codec.params.format(**facts) + _screen(sink.codec, expected.colour)
    if ours and codec.option in asked[:-1]:
        # Into the last one, for of several ffmpeg uses only that.
        at = len(asked) - asked[:-1][::-1].index(codec.option) - 1
        asked[at] = f"{ours}:{asked[at]}"
    elif ours:
        asked = [codec.option, ours, *asked]
    words = [*_raw_input(expected, raw), "-filter_threads", "1"]
    words += ["-vf", _filters(expected, codecs.is_rgb(pixel_format))]
    words += ["-pix_fmt", pixel_format, "-c:v", sink.codec, "-threads", THREADS]
    words += [word.format(**facts) for word in _usual(codec, sink, expected.colour is not None)]
    if form.muxer in ("mp4", "mov"):
        words += [word for name, value in muxer_options(form.muxer, rate).items() for word in (f"-{name}", value)]
        words += ["-tag:v", codec.tag] if codec.tag else []
    if form.loop:
        words += [form.loop[0], form.loop[1 if expected.loop else 2]]
    words += ["-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact"]
    return [*words, *asked, "-f", form.muxer, *ffmpeg.WHITELIST, f"file:{path}"]


def _usual(codec: Codec, sink: Sink, hurried: bool) -> list[str]:
    """The options of an encoder that are used where the user says nothing. A user who asks for a rate gets it: beside
    -crf encoders would not obey."""
    words = [*codec.words, *(codec.hurried if hurried else ())]
    asked = {name_of(option) for option in sink.encoder[::2]}
    if asked & RATES and "-crf" in words:
        at = words.index("-crf")
        del words[at : at + 2]
    return words


def muxer_options(muxer: str, rate: Fraction) -> dict[str, str]:
    """ffmpeg's options for a container: for MP4 and MOV the index in front, and a clock in which each frame, at `rate`
    frames per second, lasts a whole number of ticks."""
    if muxer not in ("mp4", "mov"):
        return {}
    return {"movflags": "+faststart", "video_track_timescale": str(_timescale(rate))}


def _screen(codec: str, colour: Colour | None) -> str:
    """x265's parameters for the screen on which HDR frames were graded; "" for other encoders."""
    if colour is None or codec != "libx265":
        return ""
    mastering = f":master-display={colour.mastering}" if colour.mastering else ""
    return mastering + (f":max-cll={colour.light}" if colour.light else "")


def _pixel_format(expected: Expected, first: Picture, report: Report) -> str:
    """The pixel format that the user asked for, or else the one that keeps most of frames like `first`. What it does
    not keep is noted."""
    sink, (height, width) = expected.sink, expected.size
    given = {name_of(option): value for option, value in zip(sink.encoder[::2], sink.encoder[1::2], strict=False)}
    asked = given.get("pix_fmt")
    odd = height % 2 == 1 or width % 2 == 1
    codec = codecs.codec(sink.codec)
    name = asked or codecs.best(codec, sink.suffix, first.shape[2] == 4, 8 * first.itemsize, odd)
    if odd and not asked and "yuv444p" in codec.pixels:
        text = f"{width}×{height} is odd: written as {name}, which some players cannot show"
        report.note("pixel_format", text, pixel_format=name)
    if codecs.halved(name):
        text = f"colour has half the width and height in {name}; --preset archive keeps it whole"
        report.note("chroma", text, detail=True, pixel_format=name)
    return name


class _Fit:
    """Converts frames to the raw layout that ffmpeg is fed with. What is lost by that is noted."""

    def __init__(self, expected: Expected, pixel_format: str, first: Picture, report: Report) -> None:
        self._expected, self._report = expected, report
        self._bits = codecs.depth(pixel_format)
        self._channels = min(first.shape[2], 4 if codecs.has_alpha(pixel_format) else 3)
        self._dtype = np.dtype(np.uint8) if self._bits == 8 else first.dtype
        self._deep_luma = self._dtype == np.uint16 and not codecs.is_rgb(pixel_format)
        self.raw = _RAW[self._channels, self._dtype.itemsize]
        """ffmpeg's name of the raw layout."""

    def __call__(self, frame: Picture) -> memoryview:
        """The frame's bytes in the layout `raw`."""
        from inbetween import pictures

        sink, report = self._expected.sink, self._report
        if frame.shape[2] > self._channels:
            _note_alpha(frame, sink, report)
        colour = self._expected.colour
        if frame.dtype != np.uint8 and (colour.depth if colour else 16) > self._bits:
            _note_depth(self._bits, sink, report)
        frame = pictures.like(frame, self._channels, self._dtype)
        (height, width), (high, wide) = frame.shape[:2], self._expected.size
        if (height, width) != (high, wide):
            text = f"{width}×{height} is odd: one edge is repeated, {wide}×{high}, for players that know only 4:2:0"
            report.note("padded", text, size=[high, wide])
            frame = cast("Picture", np.pad(frame, ((0, high - height), (0, wide - width), (0, 0)), "edge"))
        if self._deep_luma:
            frame = frame.copy()
            # ffmpeg converts RGB of 16 bits as if white were 255 × 256, not 65535. Luma would be too bright.
            frame[..., :3] -= pictures.to_8_bit(frame[..., :3])
        return np.ascontiguousarray(frame).data


def _raw_input(expected: Expected, pixel_format: str) -> list[str]:
    """ffmpeg's arguments for raw frames through its standard input."""
    size = f"{expected.size[1]}x{expected.size[0]}"
    words = [*ffmpeg.WHITELIST, "-f", "rawvideo", "-pix_fmt", pixel_format, "-video_size", size]
    return [*words, "-framerate", f"{expected.rate.numerator}/{expected.rate.denominator}", "-i", "pipe:0"]


def _timescale(rate: Fraction) -> int:
    """Ticks per second of an MP4 track: at least 10 000, and such that each frame lasts a whole number of them.

    ffmpeg would derive it from -framerate, which it rounds to a fraction whose terms are at most 1 001 000.
    """
    scale = rate.numerator
    while scale < 10_000:
        scale *= 2
    # The field has 32 bits, of which ffmpeg uses 31; for larger numbers times are rounded to ticks.
    return min(scale, 2**31 - 1)


def _note_rate(expected: Expected, report: Report) -> None:
    rate, smooth = float(expected.rate), sinks.SINKS[expected.sink.suffix].smooth
    if rate > smooth:
        what = {".gif": "a GIF", ".webp": "a WebP", ".apng": "a PNG"}[expected.sink.suffix]
        text = f"{rate:g} frames a second: many viewers play {what} of more than {smooth} slower"
        report.note("viewer_rate", text, rate=rate)


def make_gif(path: str, expected: Expected, frames: Iterator[Picture], report: Report) -> None:
    """Write a GIF with one palette for all frames. They are kept in a lossless file while their colours are counted.

    If the first frame has an alpha channel, transparency is kept, cut at one half.

    Notes: `alpha`, `bit_depth`, `viewer_rate`. Progress: `palette`.

    Args:
        path: the file to write; it must not exist. The lossless file is written beside it.
        expected: the GIF.
        frames: (H, W, 3 or 4) uint8 or uint16.
        report: hears the notes, some of them for every frame, and the progress.

    Raises:
        InbetweenError: ffmpeg stopped, or the disk is full.
    """
    _note_rate(expected, report)
    folder = os.path.dirname(path)
    first = next(frames)
    clear = first.shape[2] == 4
    count = f"palettegen=reserve_transparent={clear:d}"
    graph = f"[0:v]format=bgra,split[film][all];[all]{count}[colours]"
    keep = ["-c:v", "ffv1", "-threads", THREADS, "-f", "nut", *ffmpeg.WHITELIST]
    # For frames of one row or column of pixels ffmpeg finds no number of slices by itself.
    line = ["-slices", "1"] if min(expected.size) == 1 else []
    with workfolder.part(folder, ".frames.nut") as film, workfolder.part(folder, ".palette.nut") as palette:
        words = [*_raw_input(expected, "rgba"), "-filter_complex_threads", "1", "-filter_complex", graph]
        words += ["-map", "[film]", *line, *keep, f"file:{film}", "-map", "[colours]", *keep, f"file:{palette}"]
        with ffmpeg.started(words) as child:
            child.write(_rgba(first, clear, expected.sink, report))
            del first
            for frame in frames:
                child.write(_rgba(frame, clear, expected.sink, report))
            child.finish(lambda: report.progress("palette", 0, 1))
        _paint_gif(path, film, palette, report, expected.loop)


def _paint_gif(path: str, film: str, palette: str, report: Report, loop: bool) -> None:
    """Write the frames of the lossless file `film` to a GIF with the colours of the file `palette`."""
    # Error diffusion, for an ordered pattern leaves bands. It is kept inside the rectangle that changes, so that what
    # stands still in the picture does not flicker.
    paint = "[0:v][1:v]paletteuse=dither=sierra2_4a:diff_mode=rectangle:alpha_threshold=128"
    words = [*ffmpeg.WHITELIST, "-f", "nut", "-i", "pipe:0", *ffmpeg.WHITELIST, "-f", "nut", "-i", f"file:{palette}"]
    words += ["-filter_complex_threads", "1", "-filter_complex", paint]
    option, ever, once = sinks.SINKS[".gif"].loop
    words += [option, ever if loop else once, "-f", "gif", *ffmpeg.WHITELIST, f"file:{path}"]
    total = os.path.getsize(film)
    # Through a pipe, so that this ffmpeg too ends when we do, and so that the progress is known.
    with open(film, "rb") as kept, ffmpeg.started(words) as child:
        while block := kept.read(1 << 18):
            child.write(block)
            report.progress("palette", kept.tell(), total)
        child.finish(lambda: report.progress("palette", total, total))


def opaque(frame: Picture, sink: Sink, report: Report) -> Picture:
    """The frame as (H, W, 3) uint8: transparency laid over black, 16 bits reduced to 8. Both are noted."""
    from inbetween import pictures

    if frame.shape[2] == 4:
        _note_alpha(frame, sink, report)
    return _eight_bits(pictures.flattened(frame), sink, report)


def _rgba(frame: Picture, clear: bool, sink: Sink, report: Report) -> memoryview:
    """The bytes of the frame as (H, W, 4) uint8. Without `clear`, transparency is laid over black."""
    from inbetween import pictures

    if frame.shape[2] == 4 and not clear:
        report.note("alpha", "transparency is laid over black: the first frame has none")
        frame = pictures.flattened(frame)
    frame = _eight_bits(frame, sink, report)
    if frame.shape[2] == 4 and np.any((frame[..., 3] > 0) & (frame[..., 3] < 255)):
        report.note("alpha", "alpha is cut at one half: pixels of a GIF are clear or opaque; .webp and .apng keep it")
    return np.ascontiguousarray(pictures.like(frame, 4, np.uint8)).data


def _eight_bits(frame: Picture, sink: Sink, report: Report) -> Picture:
    from inbetween import pictures

    if frame.dtype != np.uint8:
        _note_depth(8, sink, report)
    return pictures.to_8_bit(frame)


def _note_alpha(frame: Picture, sink: Sink, report: Report) -> None:
    if np.any(frame[..., 3] < np.iinfo(frame.dtype).max):
        keep = ".webm, .apng, --preset prores4444 and a folder of PNG keep it"
        report.note("alpha", f"transparency is laid over black: {_named(sink)} has none; {keep}")


def _note_depth(bits: int, sink: Sink, report: Report) -> None:
    keep = f"--preset archive{', .apng' * (sink.suffix != '.apng')} and a folder of PNG keep them"
    report.note("bit_depth", f"16 bits are reduced to {bits} for {_named(sink)}; {keep}", bits=bits)


def _named(sink: Sink) -> str:
    return f"{sink.codec} in {sink.suffix}" if sink.kind == "film" else sink.suffix
