"""The frames of a clip, in order, each with its time: decoded, turned upright, in RGB."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, cast

import numpy as np

from inbetween.errors import InbetweenError
from inbetween.types import Picture, Report
from inbetween.video import webp
from inbetween.video.clip import Clip, scaler_name
from inbetween.video.decode import decoded, matrix_signs, unit_of
from inbetween.video.filters import fields, film, filtered, graph

if TYPE_CHECKING:
    from av import VideoFrame
    from av.filter import Graph

FLAGS = "bicubic+accurate_rnd+full_chroma_int+full_chroma_inp"
"""Options of ffmpeg's scaler: exact rounding, which is the same on every machine, and chroma at full resolution."""
_UPRIGHT = {
    (0, 1, -1, 0): "transpose=clock",
    (-1, 0, 0, -1): "hflip,vflip",
    (0, -1, 1, 0): "transpose=cclock",
    (-1, 0, 0, 1): "hflip",
    (1, 0, 0, -1): "vflip",
    (0, 1, 1, 0): "transpose=cclock_flip",
    (0, -1, -1, 0): "transpose=clock_flip",
}
"""ffmpeg's filters that turn a frame upright, by `matrix_signs`."""
_RAW = {(3, 8): "rgb24", (4, 8): "rgba", (3, 16): "rgb48le", (4, 16): "rgba64le"}
"""ffmpeg's pixel formats, by the number of channels and the bits of a value."""


def frames(clip: Clip, report: Report, begin: Fraction = Fraction(0)) -> Iterator[tuple[Fraction, Picture]]:
    """The frames of a clip with their times, from the last frame at or before `begin` on, to the end of the file.

    Luma and chroma are converted to RGB by the clip's matrix and range, and nothing else is changed: PQ and HLG stay PQ
    and HLG. With `clip.fields` a frame is made of each field; with `clip.film`, of the two fields of each film frame.

    Notes: `damaged`.

    Args:
        clip: the clip, from `probe`.
        report: hears the notes.
        begin: in seconds since `clip.start`.

    Yields:
        The time in seconds since `clip.start`, and the frame: read-only, (H, W, channels) of the clip's size, uint8 or
        uint16 by the clip's bits.

    Raises:
        InbetweenError: the file is damaged, or its frames change their size.
    """
    if clip.video < 0:
        yield from webp.frames(clip, begin)
        return
    convert = _Converter(clip)
    late: tuple[Fraction, VideoFrame] | None = None
    before: Fraction | None = None
    for time, frame in _timed(clip, report, begin):
        if before is not None and time <= before:
            continue
        before = time
        if frame.is_corrupt and time >= begin:
            report.note("damaged", f"{clip.path} is damaged at {float(clip.start + time):.2f} s", at=float(time))
        # Of the frames up to `begin` only the last one is wanted, and only that is converted.
        if time > begin and late is not None:
            yield late[0], convert(late[1])
        late = (time, frame) if time <= begin else None
        if late is None:
            yield time, convert(frame)
    if late is not None:
        yield late[0], convert(late[1])


def _timed(clip: Clip, report: Report, begin: Fraction) -> Iterator[tuple[Fraction, VideoFrame]]:
    """Every frame, or every field as a frame, with its time in seconds since `clip.start`; the times are on the clip's
    grid if it has one."""
    source = decoded(clip, report, begin)
    if clip.fields or clip.film:
        source = filtered(source, fields(clip.order) if clip.fields else film(clip.order))
    for number, frame in enumerate(source):
        time = number / clip.rate if frame.pts is None else frame.pts * unit_of(frame)
        yield clip.on_grid(time - clip.start), frame


class _Converter:
    """Converts PyAV's frames to arrays, with one scaler for all frames of the same size and format."""

    def __init__(self, clip: Clip) -> None:
        self._clip = clip
        self._graph: Graph | None = None
        self._kind: tuple[int, int, str] | None = None
        self._shape = *clip.size, clip.channels

    def __call__(self, frame: VideoFrame) -> Picture:
        kind = frame.width, frame.height, frame.format.name
        if self._graph is None or kind != self._kind:
            self._graph, self._kind = graph(frame, self._filters(frame)), kind
        self._graph.push(frame)
        made = cast("Picture", self._graph.vpull().to_ndarray())
        if made.shape != self._shape:
            (height, width), (now_height, now_width) = self._clip.size, made.shape[:2]
            raise InbetweenError(
                f"{self._clip.path} changes its size from {width}x{height} to {now_width}x{now_height}",
                "cut it there, and give one part at a time",
                "input_unreadable",
            )
        if self._clip.colour.matrix != "gbr" and self._clip.colour.range == "tv":
            if frame.format.name.startswith("gray"):
                made = _from_limited(made)
            elif made.dtype == np.uint16:
                _stretch(made)
        made.flags.writeable = False
        return made

    def _filters(self, frame: VideoFrame) -> list[tuple[str, str]]:
        colour = self._clip.colour
        words = f"flags={FLAGS}"
        if colour.matrix != "gbr":
            words += f":in_color_matrix={scaler_name(colour.matrix)}:in_range={colour.range}:out_range=pc"
        raw = _RAW[self._clip.channels, self._clip.bits]
        upright = _UPRIGHT.get(matrix_signs(frame), "")
        turns = [(name, words) for name, _, words in (one.partition("=") for one in upright.split(",") if one)]
        return [("scale", words), ("format", f"pix_fmts={raw}"), *turns]


def _stretch(picture: Picture) -> None:
    """Scale RGB of 16 bits in place, so that white is 65535: ffmpeg makes it 255 × 256 where luma has more than 8
    bits."""
    colours = np.minimum(picture[..., :3], 255 * 256)
    picture[..., :3] = colours + (colours >> 8)


def _from_limited(picture: Picture) -> Picture:
    """A grey picture of limited range (black 16, white 235 of 255) in full range. ffmpeg does not convert these, for it
    assumes that all grey pictures are full range."""
    step, top = (1, 255) if picture.dtype == np.uint8 else (256, 65535)
    values = np.clip(picture, 16 * step, 235 * step).astype(np.float32) - 16 * step
    return cast("Picture", np.rint(values * (top / (219 * step))).astype(picture.dtype))
