"""Frames through ffmpeg: films, animations and GIFs.

The same frames give the same bytes: a fixed number of the encoder's threads, bit-exact containers.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from inbetween.types import Picture, Report
from inbetween.video import animation, codecs, disk, ffmpeg, sinks, workfolder
from inbetween.video.clip import Colour, scaler_name
from inbetween.video.sinks import Sink
from inbetween.video.verify import Expected

_RAW = {(3, 1): "rgb24", (4, 1): "rgba", (3, 2): "rgb48le", (4, 2): "rgba64le"}

THREADS = "2"
"""Of an encoder. x264 makes other bytes with another number, so it is never the machine's cores."""

_SCALE = "scale=flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp"


def _filters(expected: Expected, rgb: bool) -> str:
    """To the colours of the film, which are tagged: red, green and blue of a picture are sRGB, unless a clip says
    what they are; luma and chroma are the clip's, or BT.709 in limited range.

    Frames that leave a filter carry its tags: -color_primaries and -color_trc would be overruled.
    """
    colour, aspect = expected.colour, expected.aspect
    # Square pixels are said, for a PNG would have the unknown shape as 0:1.
    shape = f",setsar={aspect.numerator}/{aspect.denominator}" if rgb or aspect != 1 else ""
    if rgb:
        primaries, transfer = (colour.primaries, colour.transfer) if colour else ("bt709", "iec61966-2-1")
        return f"{_SCALE}{shape},setparams=range=pc:colorspace=gbr{_tags(primaries, transfer)}"
    if colour is None or colour.matrix == "gbr":
        return f"{_SCALE}:out_color_matrix=bt709:out_range=tv{shape},setparams={_tags('bt709', 'bt709')[1:]}"
    # Of what the reader made of 4:2:0, the mean of an area gives back most.
    scale = _SCALE.replace("bicubic", "area")
    scaled = f"{scale}:out_color_matrix={scaler_name(colour.matrix)}:out_range={colour.range}"
    return f"{scaled}{shape},setparams=colorspace={colour.matrix}{_tags(colour.primaries, colour.transfer)}"


def _tags(primaries: str, transfer: str) -> str:
    """What is not known is not said."""
    return f":color_primaries={primaries or 'unknown'}:color_trc={transfer or 'unknown'}"


def make_film(path: str, expected: Expected, frames: Iterable[Picture], report: Report) -> None:
    """A film or an animation, of the channels and the depth of the first frame as far as the codec can have
    them. `path` must be free.

    Luma and chroma are BT.709 in limited range, red, green and blue sRGB, unless `expected.colour` says otherwise,
    and tagged so.

    Raises:
        InbetweenError: ffmpeg stopped.
    """
    sink = expected.sink
    frames = iter(frames)
    first = next(frames)
    pixel_format = _pixel_format(expected, first, report)
    fit = _Fit(expected, pixel_format, first, report)
    with ffmpeg.started(_film_words(path, expected, pixel_format, fit.raw)) as child:
        child.write(fit(first))
        del first
        for frame in frames:
            child.write(fit(frame))
        child.finish(lambda: report.progress("write", expected.count, expected.count))
    if sink.kind == "animation":
        _say_rate(expected, report)
        with disk.errors(sink.path):
            animation.finish(path, sink.suffix, expected.rate, expected.count, expected.loop)


def _film_words(path: str, expected: Expected, pixel_format: str, raw: str) -> list[str]:
    """ffmpeg's words, the user's last: a word that is said twice counts as it was said last."""
    sink, rate = expected.sink, expected.rate
    form, codec = sinks.SINKS[sink.suffix], codecs.codec(sink.codec)
    facts = {"last": expected.count - 1, "slices": codecs.slices(expected.size)}
    asked = list(sink.encoder)
    ours = codec.params.format(**facts) + _screen(sink.codec, expected.colour)
    if ours and codec.option in asked[:-1]:
        # The last of several: ffmpeg hears no other.
        at = len(asked) - asked[:-1][::-1].index(codec.option) - 1
        asked[at] = f"{ours}:{asked[at]}"
    elif ours:
        asked = [codec.option, ours, *asked]
    words = [*_raw_input(expected, raw), "-filter_threads", "1"]
    words += ["-vf", _filters(expected, codecs.is_rgb(pixel_format))]
    words += ["-pix_fmt", pixel_format, "-c:v", sink.codec, "-threads", THREADS]
    words += [word.format(**facts) for word in (codec.words + codec.hurried if expected.colour else codec.words)]
    if form.muxer in ("mp4", "mov"):
        words += [word for name, value in muxer_options(form.muxer, rate).items() for word in (f"-{name}", value)]
        words += ["-tag:v", codec.tag] if codec.tag else []
    if form.loop:
        words += [form.loop[0], form.loop[1 if expected.loop else 2]]
    words += ["-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact"]
    return [*words, *asked, "-f", form.muxer, f"file:{path}"]


def muxer_options(muxer: str, rate: Fraction) -> dict[str, str]:
    """What a container is asked for: of MP4 and MOV the index in front, and a clock that knows every frame."""
    if muxer not in ("mp4", "mov"):
        return {}
    return {"movflags": "+faststart", "video_track_timescale": str(_timescale(rate))}


def _screen(codec: str, colour: Colour | None) -> str:
    """What HEVC says of the screen that HDR pictures were graded on."""
    if colour is None or codec != "libx265":
        return ""
    mastering = f":master-display={colour.mastering}" if colour.mastering else ""
    return mastering + (f":max-cll={colour.light}" if colour.light else "")


def _pixel_format(expected: Expected, first: Picture, report: Report) -> str:
    """The user's, or the one that keeps most of pictures like this; what it does not keep is said."""
    sink, (height, width) = expected.sink, expected.size
    words = dict(zip(sink.encoder, sink.encoder[1:], strict=False))
    asked = words.get("-pix_fmt:v") or words.get("-pix_fmt")
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
    """Frames as ffmpeg is to be fed with them; what is lost is said."""

    def __init__(self, expected: Expected, pixel_format: str, first: Picture, report: Report) -> None:
        self._expected, self._report = expected, report
        self._bits = codecs.depth(pixel_format)
        self._channels = min(first.shape[2], 4 if codecs.has_alpha(pixel_format) else 3)
        self._dtype = np.dtype(np.uint8) if self._bits == 8 else first.dtype
        self._deep_luma = self._dtype == np.uint16 and not codecs.is_rgb(pixel_format)
        self.raw = _RAW[self._channels, self._dtype.itemsize]
        """ffmpeg's name of them."""

    def __call__(self, frame: Picture) -> memoryview:
        """Its bytes."""
        from inbetween import pictures

        sink, report = self._expected.sink, self._report
        if frame.shape[2] > self._channels:
            _say_alpha(frame, sink, report)
        colour = self._expected.colour
        if frame.dtype != np.uint8 and (colour.depth if colour else 16) > self._bits:
            _say_depth(self._bits, sink, report)
        frame = pictures.like(frame, self._channels, self._dtype)
        (height, width), (high, wide) = frame.shape[:2], self._expected.size
        if (height, width) != (high, wide):
            text = f"{width}×{height} is odd: one edge is repeated, {wide}×{high}, for players that know only 4:2:0"
            report.note("padded", text, size=[high, wide])
            padded: Any = np.pad(frame, ((0, high - height), (0, wide - width), (0, 0)), "edge")
            frame = padded
        if self._deep_luma:
            frame = frame.copy()
            # ffmpeg makes luma of 16 bits as if white were 255 × 256, not 65535: it would come out too bright.
            frame[..., :3] -= pictures.to_8_bit(frame[..., :3])
        return np.ascontiguousarray(frame).data


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


def _timescale(rate: Fraction) -> int:
    """Ticks a second of an MP4 track: whole ticks in each frame, and at least 10 000.

    ffmpeg would derive it from -framerate, which it rounds to a fraction of numbers up to 1 001 000.
    """
    scale = rate.numerator
    while scale < 10_000:
        scale *= 2
    # The field has 32 bits; beyond it ffmpeg rounds the times to ticks.
    return min(scale, 2**31 - 1)


def _say_rate(expected: Expected, report: Report) -> None:
    rate, smooth = float(expected.rate), sinks.SINKS[expected.sink.suffix].smooth
    if rate > smooth:
        what = {".gif": "a GIF", ".webp": "a WebP", ".apng": "a PNG"}[expected.sink.suffix]
        text = f"{rate:g} frames a second: many viewers play {what} of more than {smooth} slower"
        report.note("viewer_rate", text, rate=rate)


def make_gif(path: str, expected: Expected, frames: Iterator[Picture], report: Report) -> None:
    """One palette for all frames: they are kept in a lossless file while their colours are counted.

    Transparency is kept, cut at one half, if the first frame has an alpha channel. `path` must be free.

    Raises:
        InbetweenError: ffmpeg stopped, or the disk is full.
    """
    _say_rate(expected, report)
    folder = os.path.dirname(path)
    first = next(frames)
    clear = first.shape[2] == 4
    count = f"palettegen=reserve_transparent={clear:d}"
    graph = f"[0:v]format=bgra,split[film][all];[all]{count}[colours]"
    keep = ["-c:v", "ffv1", "-threads", THREADS, "-f", "nut"]
    # By itself it finds no number of parts for a line of pixels.
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
    # Error diffusion has no bands where an ordered pattern has them; kept inside the rectangle that changes,
    # it leaves the standing part of the picture still.
    paint = "[0:v][1:v]paletteuse=dither=sierra2_4a:diff_mode=rectangle:alpha_threshold=128"
    words = ["-f", "nut", "-i", "pipe:0", "-f", "nut", "-i", f"file:{palette}"]
    words += ["-filter_complex_threads", "1", "-filter_complex", paint]
    option, ever, once = sinks.SINKS[".gif"].loop
    words += [option, ever if loop else once, "-f", "gif", f"file:{path}"]
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
        _say_alpha(frame, sink, report)
    return _eight_bits(pictures.flattened(frame), sink, report)


def _rgba(frame: Picture, clear: bool, sink: Sink, report: Report) -> memoryview:
    """The bytes of (H, W, 4) uint8; opaque unless `clear`."""
    from inbetween import pictures

    if frame.shape[2] == 4 and not clear:
        report.note("alpha", "transparency is laid over black: the first frame has none")
        frame = pictures.flattened(frame)
    frame = _eight_bits(frame, sink, report)
    if frame.shape[2] == 4 and np.any((frame[..., 3] > 0) & (frame[..., 3] < 255)):
        report.note("alpha", "alpha is cut at one half: a GIF knows no more; .webp and .apng keep it")
    return np.ascontiguousarray(pictures.like(frame, 4, np.uint8)).data


def _eight_bits(frame: Picture, sink: Sink, report: Report) -> Picture:
    from inbetween import pictures

    if frame.dtype != np.uint8:
        _say_depth(8, sink, report)
    return pictures.to_8_bit(frame)


def _say_alpha(frame: Picture, sink: Sink, report: Report) -> None:
    if np.any(frame[..., 3] < np.iinfo(frame.dtype).max):
        keep = ".webm, .apng, --preset prores4444 and a folder of PNG keep it"
        report.note("alpha", f"transparency is laid over black: {_named(sink)} has none; {keep}")


def _say_depth(bits: int, sink: Sink, report: Report) -> None:
    keep = f"--preset archive{', .apng' * (sink.suffix != '.apng')} and a folder of PNG keep them"
    report.note("bit_depth", f"16 bits are reduced to {bits} for {_named(sink)}; {keep}", bits=bits)


def _named(sink: Sink) -> str:
    return f"{sink.codec} in {sink.suffix}" if sink.kind == "film" else sink.suffix
