"""Two or more clips in one film, for people to compare: side by side, as parts of one picture, or as differences."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from inbetween import pictures
from inbetween.errors import UsageError
from inbetween.fingerprint import Fingerprints
from inbetween.types import Picture, Report
from inbetween.video import probe, publish, read, segments
from inbetween.video.clip import Clip
from inbetween.video.extras import extras_of
from inbetween.video.sinks import Sink
from inbetween.video.verify import Written
from inbetween.video.write import FilmFormat, WriteOptions, rehearse

MOST = (2160, 3840)
"""(H, W) in pixels of the largest film that is made: many players cannot show larger ones."""
MARGIN, LINE = 8, 2
"""Pixels between two pictures, and of the line between the parts of one picture; chosen by eye."""
GAIN = 4
"""How many times a difference is enlarged, so that it can be seen; chosen by eye."""
GREY = 32
"""Code value of the background, 0 to 255; chosen by eye."""


def compare(
    paths: Sequence[str], sink: Sink, way: str, report: Report, *, overwrite: bool = False
) -> tuple[Written, list[float]]:
    """Write a film of the clips, each under its name.

    Frames have the size of the first clip's, or a smaller one where the film would be larger than `MOST`. The film has
    the rate of the fastest clip and the length of the longest; the last frame of a shorter one stays. The sound is
    that of the first clip.

    Args:
        paths: video files, two or more.
        sink: where the film goes.
        way: "side", "split" or "difference".
        report: hears the progress, and notes on clips that are shorter or of another size.
        overwrite: replace an output that exists.

    Returns:
        What was written, and the PSNR in dB of every clip but the first against the first.

    Raises:
        InbetweenError: a clip is missing or damaged, or the output cannot be written.
        UsageError: `way` needs more clips.
    """
    if len(paths) < 2:
        raise UsageError("a comparison needs two clips or more", "inbetween compare a.mp4 b.mp4 -o side.mp4")
    inputs = Fingerprints(report)
    inputs.watch(map(Path, paths))
    clips = [probe.probe(path, report) for path in paths]
    publish.prepare(sink, overwrite, list(paths))
    rate, length = max(clip.rate for clip in clips), max(clip.duration for clip in clips)
    count = max(1, round(length * rate))
    _note_differences(clips, length, rate, report)
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
        inputs.check()

    sound = extras_of(clips[0], sink, True, "keep", length, _same, _same, report)
    identity: dict[str, object] = {"--as": way, "--codec": sink.codec, "--encoder": sink.encoder}
    identity |= {f"clip {number}": inputs.of(Path(path)) for number, path in enumerate(paths, 1)}

    def recall(known: list[float]) -> None:
        errors[:] = known

    parts = segments.Segments(lambda first, stop: frames(), (0,), identity, errors.tolist, recall, inputs.check)
    form = FilmFormat(sink, rate, count, size)
    written = segments.write_segments(form, parts, report, WriteOptions(overwrite), sound)
    return written, [psnr(error / count) for error in errors[1:]]


def _note_differences(clips: Sequence[Clip], length: Fraction, rate: Fraction, report: Report) -> None:
    """Note which clips are shorter than the film of `length` seconds, or of another size than the first one."""
    for clip in clips:
        if length - clip.duration > 1 / rate:
            text = f"{clip.path} lasts {float(clip.duration):.2f} s of {float(length):.2f} s: its last frame stays"
            report.note("shorter", text, file=clip.path)
        if clip.size != clips[0].size:
            (height, width), (high, wide) = clip.size, clips[0].size
            report.note("resized", f"{clip.path} is {width}x{height}: shown at {wide}x{high}", file=clip.path)


def psnr(error: float) -> float:
    """The PSNR in dB of a mean squared error of 8-bit values; 100 at most, as for equal values."""
    return 100.0 if error == 0 else min(100.0, 10 * math.log10(255**2 / error))


def names(paths: Sequence[str]) -> list[str]:
    """The names of the clips: those of the files, or whole paths where two files have the same name."""
    short = [os.path.basename(path) for path in paths]
    return list(paths) if len(set(short)) < len(short) else short


def _same(time: Fraction) -> Fraction:
    return time


def _shown(clip: Clip, size: tuple[int, int], rate: Fraction, count: int, report: Report) -> Iterator[Picture]:
    """For each frame of the film the frame of a clip that a player would show then: (H, W, 3) uint8 of `size`."""
    stream = read.frames(clip, report)
    _, now = next(stream)
    after = next(stream, None)
    for number in range(count):
        # Time stamps in files may be rounded: a frame that is due within a hundredth of a frame is shown.
        while after is not None and after[0] <= (number + Fraction(1, 100)) / rate:
            now, after = after[1], next(stream, None)
        yield pictures.fit(pictures.to_8_bit(pictures.flattened(now)), size, "pad")


@dataclass(frozen=True)
class _Layout:
    """Where in the film each clip is shown."""

    cell: tuple[int, int]
    """(H, W) in pixels to which the frames of all clips are scaled."""
    back: Picture
    """The background, with the labels on it: (H, W, 3) uint8."""
    places: tuple[tuple[slice, slice, int], ...]
    """For each clip: the rows and columns of the film that it fills, and the first of its own columns that is shown."""
    line: bool
    """Whether a line is drawn between the parts of one picture."""

    def frame(self, row: Sequence[Picture]) -> Picture:
        """The film's frame, from one frame of each clip."""
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
    # Many players need even sides.
    whole = [(end + 1) // 2 * 2 for end in (max(p[0].stop for p in places), max(p[1].stop for p in places))]
    back = np.full((*whole, 3), GREY, np.uint8)
    for label, (down, across, _) in zip(labels, places, strict=True):
        back[down.start - strip : down.start, across] = _label(label, (strip, across.stop - across.start))
    return _Layout((high, wide), back, tuple(places), split)


def _columns(count: int, height: int, width: int) -> int:
    """The number of columns with which the film comes nearest to 16:9."""

    def off(columns: int) -> float:
        return abs(math.log(columns * width / (-(-count // columns) * height) * 9 / 16))

    return min(range(1, count + 1), key=off)


def _difference(one: Picture, first: Picture) -> Picture:
    """The enlarged difference, around a middle grey where both are equal: (H, W, 3) uint8."""
    change: NDArray[np.int16] = (one.astype(np.int16) - first) * np.int16(GAIN) + np.int16(128)
    return np.clip(change, 0, 255).astype(np.uint8)


def _label(text: str, size: tuple[int, int]) -> Picture:
    """The text on the background, shortened where it is too long: (H, W, 3) uint8 of `size`."""
    height, width = size
    font = ImageFont.load_default(height * 0.72)
    while len(text) > 3 and font.getlength(text) > width - 8:
        text = text.removesuffix("...")[:-1] + "..."
    image = Image.new("RGB", (width, height), (GREY, GREY, GREY))
    ImageDraw.Draw(image).text((4, height / 2), text, fill="#e0e0e0", font=font, anchor="lm")
    label: Picture = np.array(image)
    return label
