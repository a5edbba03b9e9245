"""Clips beside each other, cut into one picture, or what differs between them: to look before one believes."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from inbetween import pictures
from inbetween.errors import UsageError
from inbetween.types import Picture, Report
from inbetween.video import probe, publish, read, segments
from inbetween.video.clip import Clip
from inbetween.video.extras import extras_of
from inbetween.video.sinks import Sink
from inbetween.video.verify import Written
from inbetween.video.write import FilmFormat, WriteOptions, rehearse

MOST = (2160, 3840)
"""(H, W) of the film at most: larger ones are beyond many players."""
MARGIN, LINE = 8, 2
"""Pixels: between pictures, and of the line between the parts of one."""
GAIN = 4
"""Times that a difference is shown."""
GREY = 32


def compare(
    paths: Sequence[str], sink: Sink, way: str, report: Report, *, overwrite: bool = False
) -> tuple[Written, list[float]]:
    """Write a film of the clips, each under its name, and the PSNR in dB of each but the first against the first.

    Pictures have the size of the first one's, or less where the film would be beyond `MOST`. The film has the rate of
    the fastest clip and the length of the longest; of a shorter one the last picture stands. Sound is the first one's.

    Raises:
        InbetweenError: no such clip, a damaged one, an output that cannot be written.
        WordsRefused: `way` needs more clips.
    """
    if len(paths) < 2:
        raise UsageError("a comparison needs two clips or more", "inbetween compare a.mp4 b.mp4 -o side.mp4")
    clips = [probe.probe(path, report) for path in paths]
    publish.prepare(sink, overwrite, list(paths))
    rate, length = max(clip.rate for clip in clips), max(clip.duration for clip in clips)
    count = max(1, round(length * rate))
    for clip in clips:
        if length - clip.duration > 1 / rate:
            text = f"{clip.path} lasts {float(clip.duration):.2f} s of {float(length):.2f} s: its last picture stands"
            report.note("shorter", text, file=clip.path)
        if clip.size != clips[0].size:
            (height, width), (high, wide) = clip.size, clips[0].size
            report.note("resized", f"{clip.path} is {width}x{height}: shown at {wide}x{high}", file=clip.path)
    labels = names(paths)
    if way == "difference":
        labels = [labels[0], *(f"{name} - {labels[0]}, {GAIN}x" for name in labels[1:])]
    layout = _layout(labels, clips[0].size, way == "split")
    size = layout.back.shape[:2]
    rehearse(sink, rate, size)
    errors = np.zeros(len(clips))
    streams = [_shown(clip, clips[0].size, rate, count, report) for clip in clips]

    def frames() -> Iterator[Picture]:
        for row in zip(*streams, strict=True):
            first = row[0].astype(np.int16)
            for number, one in enumerate(row[1:], 1):
                errors[number] += float(np.mean(np.square((one - first).astype(np.float32))))
            yield layout.frame(row if way != "difference" else [row[0], *(_difference(one, row[0]) for one in row[1:])])

    sound = extras_of(clips[0], sink, True, "keep", length, _same, _same, report)
    identity: dict[str, object] = {"--as": way, "--codec": sink.codec, "--encoder": sink.encoder}
    identity |= {f"clip {number}": segments.stamp(Path(path)) for number, path in enumerate(paths, 1)}

    def recall(known: list[float]) -> None:
        errors[:] = known

    parts = segments.Segments(lambda first, stop: frames(), (0,), identity, errors.tolist, recall)
    form = FilmFormat(sink, rate, count, size)
    written = segments.write_segments(form, parts, report, WriteOptions(overwrite), sound)
    return written, [psnr(error / count) for error in errors[1:]]


def psnr(error: float) -> float:
    """dB of a mean squared error of 8-bit values; 100 for equal ones."""
    return 100.0 if error == 0 else min(100.0, 10 * math.log10(255**2 / error))


def names(paths: Sequence[str]) -> list[str]:
    """As short as they can be told apart."""
    short = [os.path.basename(path) for path in paths]
    return list(paths) if len(set(short)) < len(short) else short


def _same(time: Fraction) -> Fraction:
    return time


def _shown(clip: Clip, size: tuple[int, int], rate: Fraction, count: int, report: Report) -> Iterator[Picture]:
    """What is on the screen at each frame of the film."""
    stream = read.frames(clip, report)
    _, now = next(stream)
    after = next(stream, None)
    for number in range(count):
        # The clock of a file may be rounded.
        while after is not None and after[0] <= (number + Fraction(1, 100)) / rate:
            now, after = after[1], next(stream, None)
        yield pictures.fit(pictures.to_8_bit(pictures.flattened(now)), size, "pad")


@dataclass(frozen=True)
class _Layout:
    """Where a frame shows what: of the n-th picture, brought to the size `cell`, the columns from `left` on."""

    cell: tuple[int, int]
    back: Picture
    """The frame without its pictures."""
    places: tuple[tuple[slice, slice, int], ...]
    """Rows and columns of the frame, and `left`."""
    line: bool
    """Between parts of one picture."""

    def frame(self, row: Sequence[Picture]) -> Picture:
        """Drawn of one picture of each clip."""
        frame = self.back.copy()
        for one, (high, wide, left) in zip(row, self.places, strict=True):
            frame[high, wide] = pictures.fit(one, self.cell, "stretch")[:, left : left + wide.stop - wide.start]
        for high, wide, left in self.places:
            if self.line and left:
                frame[high, wide.start - LINE // 2 : wide.start + LINE // 2] = 255
        return frame


def _layout(labels: Sequence[str], size: tuple[int, int], split: bool) -> _Layout:
    height, width = size
    count = len(labels)
    columns = _columns(count, height, width)
    rows = -(-count // columns)
    if split:
        columns = rows = 1
    scale = min(1.0, MOST[0] / (rows * (height * 25 / 24 + MARGIN)), MOST[1] / (columns * (width + MARGIN)))
    high, wide = max(1, int(height * scale)), max(1, int(width * scale))
    strip = max(16, high // 24)
    if split:
        edges = [round(n * wide / count) for n in range(count + 1)]
        places = [(slice(strip, strip + high), slice(a, b), a) for a, b in pairwise(edges)]
    else:
        corners = [
            (n // columns * (high + strip + MARGIN) + strip, n % columns * (wide + MARGIN)) for n in range(count)
        ]
        places = [(slice(top, top + high), slice(left, left + wide), 0) for top, left in corners]
    # Even, for all players.
    whole = [(end + 1) // 2 * 2 for end in (max(p[0].stop for p in places), max(p[1].stop for p in places))]
    back = np.full((*whole, 3), GREY, np.uint8)
    for label, (down, across, _) in zip(labels, places, strict=True):
        back[down.start - strip : down.start, across] = _label(label, (strip, across.stop - across.start))
    return _Layout((high, wide), back, tuple(places), split)


def _columns(count: int, height: int, width: int) -> int:
    """So that the whole is nearest to 16:9."""

    def off(columns: int) -> float:
        return abs(math.log(columns * width / (-(-count // columns) * height) * 9 / 16))

    return min(range(1, count + 1), key=off)


def _difference(one: Picture, first: Picture) -> Picture:
    """Half grey where they are equal."""
    change: Any = (one.astype(np.int16) - first) * GAIN + 128
    return np.clip(change, 0, 255).astype(np.uint8)  # type: ignore[no-any-return]


def _label(text: str, size: tuple[int, int]) -> Picture:
    """(H, W, 3): the text, cut where there is no room for it."""
    height, width = size
    font = ImageFont.load_default(height * 0.72)
    while len(text) > 3 and font.getlength(text) > width - 8:
        text = text.removesuffix("...")[:-1] + "..."
    image = Image.new("RGB", (width, height), (GREY, GREY, GREY))
    ImageDraw.Draw(image).text((4, height / 2), text, fill="#e0e0e0", font=font, anchor="lm")
    label: Picture = np.array(image)
    return label
