"""Writing frames to a film, an animation, a sequence of pictures or one picture. The output appears whole and checked,
or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from inbetween import environment
from inbetween.devices import in_order
from inbetween.errors import InbetweenError, UnknownName
from inbetween.report import Forward
from inbetween.types import Picture, Report
from inbetween.video import codecs, disk, encode, ffmpeg, publish, sinks, verify, workfolder
from inbetween.video.clip import Colour
from inbetween.video.publish import prepare as prepare
from inbetween.video.sinks import Sink
from inbetween.video.verify import Expected
from inbetween.video.verify import Written as Written


@dataclass(frozen=True)
class FilmFormat:
    """The frames that are to be written, and what they become."""

    sink: Sink
    rate: Fraction
    """Frames per second."""
    count: int
    size: tuple[int, int]
    """(H, W) of the frames; the film may be a pixel larger, see `sinks.film_size`."""
    loop: bool = False
    """Animations and GIFs start again for ever; other outputs know nothing of it."""
    colour: Colour | None = None
    """What the frames' values mean, and how a film is written; None: sRGB, written as BT.709."""
    aspect: Fraction = Fraction(1)
    """Width to height of a pixel as it is shown."""

    @property
    def expected(self) -> Expected:
        """The output as it has to be."""
        size = sinks.film_size(self.sink, self.size)
        return Expected(self.sink, self.rate, self.count, size, self.loop, self.colour, self.aspect)


@dataclass(frozen=True)
class WriteOptions:
    """How an output is written; its bytes are the same."""

    overwrite: bool = False
    """Replace an output that exists."""
    threads: int = 1
    """Single pictures that are packed and checked at once."""
    beside: bool = False
    """Whether files beside the output are written once it is whole: `sidecars.finish` must be called after them."""


DEFAULT = WriteOptions()


def write(form: FilmFormat, frames: Iterable[Picture], report: Report, options: WriteOptions = DEFAULT) -> Written:
    """Write `form.count` frames of `form.size`. They are read once, in order, and never kept.

    Whatever goes wrong, no part of the output is left behind and what bore its name is still there. Notes, each at most
    once: `alpha`, `bit_depth`, `chroma`, `pixel_format`, `padded`, `viewer_rate`. Progress: `write`; `palette` (GIFs);
    `check` (all but pictures).

    Raises:
        InbetweenError: what `sinks.check` and `prepare` refuse; the disk is full; ffmpeg stopped; the written
            file is not what was planned.
        RuntimeError: more or fewer frames than planned, or one of another size: a bug of the caller.
    """
    sink, expected = form.sink, form.expected
    sinks.check(sink, form.rate, form.count)
    publish.prepare(sink, options.overwrite)
    report = OncePerCode(report)
    counted_frames = counted(frames, form.count, form.size, report)
    if sink.kind == "sequence":
        return _write_sequence(expected, counted_frames, report, options)
    with (
        workfolder.locked_folder(sink.work_folder, sink.path) as folder,
        workfolder.part(folder, sink.suffix) as path,
    ):
        if sink.kind == "picture":
            written = picture(path, expected, counted_frames, report, options.threads)
        else:
            written = film(path, expected, counted_frames, report)
        with disk.errors(sink.path):
            disk.sync(path)
        publish.keep_file(path, sink, options.overwrite)
    return written


def film(path: str, expected: Expected, frames: Iterator[Picture], report: Report) -> Written:
    """Write a film, an animation or a GIF to `path`, which must not exist, and check it.

    Raises:
        InbetweenError: ffmpeg stopped; the disk is full; the written file is not what was planned.
    """
    make = encode.make_gif if expected.sink.kind == "gif" else encode.make_film
    make(path, expected, frames, report)
    return verify.film(path, expected, report)


def rehearse(sink: Sink, rate: Fraction, size: tuple[int, int], channels: int = 3, bits: int = 8) -> None:
    """Find out before any work is done whether the output can be encoded: that ffmpeg and the encoder are there, and,
    with two black frames, whether they accept the user's --codec and --encoder and an unusual size.

    Args:
        sink: the output.
        rate: frames per second.
        size: (H, W) of the frames.
        channels: of the frames, 3 or 4.
        bits: of a value of the frames, 8 or 16.

    Raises:
        UnknownName: ffmpeg has no such encoder.
        InbetweenError: there is no ffmpeg, or it lacks an encoder that it should have; the frames are too small for the
            encoder; ffmpeg stopped, with the cause that it gives; the trial film is not what was planned.
    """
    from inbetween import pictures

    if sink.kind in ("sequence", "picture"):
        return
    ffmpeg.executable()
    _find_encoder(sink)
    _check_size(sink, sinks.film_size(sink, size))
    usual = sink.codec == sinks.SINKS[sink.suffix].codec and not sink.encoder
    if sink.kind == "gif" or (usual and min(size) >= 16 and max(size) <= 8192):
        return
    black = pictures.like(np.zeros((*size, channels), np.uint8), channels, f"uint{bits}")
    # Not beside the output: a dry run writes nothing there.
    with ffmpeg.temporary_folder() as folder:
        path = os.path.join(folder, f"trial{sink.suffix}")
        expected = FilmFormat(sink, rate, 2, size).expected
        encode.make_film(path, expected, [black, black], Report())
        verify.film(path, expected, Report())


def _check_size(sink: Sink, size: tuple[int, int]) -> None:
    """Refuse a film that is too small or too large for its encoder. size: (H, W) of its frames."""
    (height, width), least = size, codecs.codec(sink.codec).least
    if min(size) < least:
        what = f"{sink.codec} makes no films of less than {least}x{least}"
        raise InbetweenError(what, "make it larger with --size, or leave --codec out", "ffmpeg")
    high, wide = codecs.MOST.get(sink.codec, size)
    if height <= high and width <= wide:
        return
    known = ffmpeg.encoders()
    others = [
        name
        for name, one in codecs.CODECS.items()
        if sink.kind == "film" and sink.suffix in one.suffixes and name in known
        if all(side <= most for side, most in zip(size, codecs.MOST.get(name, size), strict=True))
    ]
    other = f"write --codec {others[0]}" if others else "write -o frames/ for a folder of PNG"
    raise InbetweenError(
        f"the film is {width}x{height}, and {sink.codec} makes at most {wide}x{high}",
        f"make it smaller with --size, or {other}",
        "ffmpeg",
    )


def _find_encoder(sink: Sink) -> None:
    """Refuse an output whose encoder ffmpeg does not have."""
    known = ffmpeg.encoders()
    # The frames of a GIF are kept in a lossless film, of FFV1, while their colours are counted.
    missing = [name for name in (sink.codec, *(["ffv1"] if sink.kind == "gif" else [])) if name not in known]
    # An ffmpeg that lists no encoder at all is broken; its own message, when it runs, will say more.
    if not missing or not known:
        return
    name = missing[0]
    if sink.kind == "film" and name not in codecs.CODECS:
        unknown = UnknownName("encoder", name, sorted(known))
        if unknown.hint.startswith("known"):
            unknown.hint = f"list them with {ffmpeg.executable()} -encoders"
        for ending, system in codecs.SYSTEMS.items():
            if name.endswith(ending):
                unknown.hint = f"it is part of {system}; elsewhere write --codec libx264 or libx265"
        raise unknown
    others = [n for n, c in codecs.CODECS.items() if sink.kind == "film" and sink.suffix in c.suffixes and n in known]
    cure = f"write --codec {others[0]}, which it has" if others else "write -o frames/ for a folder of PNG"
    if environment.value("IMAGEIO_FFMPEG_EXE"):
        cure += ", or unset IMAGEIO_FFMPEG_EXE"
    raise InbetweenError(f"this ffmpeg has no encoder `{name}`: {ffmpeg.executable()}", cure)


def picture(path: str, expected: Expected, frames: Iterator[Picture], report: Report, threads: int) -> Written:
    """Write the one frame of a film to `path`, which must not exist, and check it."""
    with ThreadPoolExecutor(threads) as pool:
        total, pixel_format = pictures_to([path], frames, expected.sink, report, pool, threads)
    return pictures_written(expected, pixel_format, total)


def _write_sequence(
    expected: Expected,
    frames: Iterator[Picture],
    report: Report,
    options: WriteOptions,
) -> Written:
    """Write one file per frame in a hidden folder; they are moved together when all are there."""
    sink = expected.sink
    names = [sink.frame_name(number) for number in range(sink.start_number, sink.start_number + expected.count)]
    with (
        workfolder.locked_folder(sink.work_folder, sink.path) as shop,
        workfolder.part_folder(shop) as folder,
        ThreadPoolExecutor(options.threads) as pool,
    ):
        paths = [os.path.join(folder, name) for name in names]
        total, pixel_format = pictures_to(paths, frames, sink, report, pool, options.threads)
        with disk.errors(sink.path):
            for path in paths:
                disk.sync(path)
            disk.sync_folder(folder)
        publish.keep_sequence(folder, sink, names, options.overwrite)
    return pictures_written(expected, pixel_format, total)


def pictures_to(
    paths: Sequence[str], frames: Iterable[Picture], sink: Sink, report: Report, pool: ThreadPoolExecutor, threads: int
) -> tuple[int, str]:
    """Write each frame to its path, `threads` at once; the sum of their bytes, and ffmpeg's name of the pixels."""
    flat = sink.suffix in (".jpg", ".jpeg")
    named = zip(frames, paths, strict=True)
    ready = ((path, encode.opaque(frame, sink, report) if flat else frame) for frame, path in named)
    # One thread means one core: nothing is packed while the next picture is made.
    ahead = threads if threads > 1 else 0
    total, pixel_format = 0, ""
    for size, found in in_order(pool, lambda one: _write_picture(*one, sink), ready, ahead):
        total, pixel_format = total + size, found
    return total, pixel_format


def pictures_written(expected: Expected, pixel_format: str, total: int) -> Written:
    """The facts of single pictures that are `total` bytes together."""
    sink = expected.sink
    duration, codec = expected.count / expected.rate, sinks.SINKS[sink.suffix].codec
    return Written(sink.path, sink.kind, expected.count, expected.size, duration, codec, pixel_format, total)


def _write_picture(path: str, frame: Picture, sink: Sink) -> tuple[int, str]:
    """Write a picture, read it again and compare; the bytes of its file, and ffmpeg's name of its pixels."""
    from inbetween import pictures

    data = pictures.encode(frame, sink.suffix)
    with disk.errors(path):
        with open(path, "wb") as file:
            file.write(data)
        with open(path, "rb") as file:
            found = file.read()
    verify.picture(found, data, sink)
    return len(found), _pixel_format(frame)


def counted(
    frames: Iterable[Picture], count: int, size: tuple[int, int], report: Report, first: int = 0, total: int = 0
) -> Iterator[Picture]:
    """The frames, and an error for one too many, one too few or one of another size.

    Args:
        count: how many there have to be.
        size: (H, W) of each.
        first: the number of the first one, where these are only some of the film's frames.
        total: of the whole film; 0 for `count`.

    Raises:
        RuntimeError: a bug of the caller.
    """
    done = 0
    for frame in frames:
        if done == count:
            raise RuntimeError(f"more than the planned {count} frames")
        if frame.shape[:2] != size:
            raise RuntimeError(f"frame {first + done} is {frame.shape[:2]} instead of {size}")
        yield frame
        done += 1
        report.progress("write", first + done, total or count)
    if done != count:
        raise RuntimeError(f"{done} frames instead of the planned {count}")


def _pixel_format(frame: Picture) -> str:
    """ffmpeg's name: rgb24, rgba, rgb48 or rgba64."""
    if frame.shape[2] == 3:
        return "rgb24" if frame.dtype == np.uint8 else "rgb48"
    return "rgba" if frame.dtype == np.uint8 else "rgba64"


class OncePerCode(Forward):
    """Passes on the first note of each code: what is said of one frame is true of all."""

    def __init__(self, report: Report) -> None:
        super().__init__(report)
        self._noted: set[str] = set()

    def note(self, code: str, text: str, *, detail: bool = False, **facts: object) -> None:
        """See `Report.note`."""
        if code not in self._noted:
            self._noted.add(code)
            super().note(code, text, detail=detail, **facts)
