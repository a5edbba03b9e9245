"""The pictures of a clip, in order, each at its time: decoded, turned upright, in RGB."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from inbetween.errors import InbetweenError
from inbetween.types import Picture, Report
from inbetween.video import webp
from inbetween.video.clip import Clip, scaler_name
from inbetween.video.decode import decoded, matrix_signs
from inbetween.video.filters import fields, film, filtered, graph

FLAGS = "bicubic+accurate_rnd+full_chroma_int+full_chroma_inp"
_UPRIGHT = {
    (0, 1, -1, 0): "transpose=clock",
    (-1, 0, 0, -1): "hflip,vflip",
    (0, -1, 1, 0): "transpose=cclock",
    (-1, 0, 0, 1): "hflip",
    (1, 0, 0, -1): "vflip",
    (0, 1, 1, 0): "transpose=cclock_flip",
    (0, -1, -1, 0): "transpose=clock_flip",
}
_RAW = {(3, 8): "rgb24", (4, 8): "rgba", (3, 16): "rgb48le", (4, 16): "rgba64le"}


def frames(clip: Clip, report: Report, begin: Fraction = Fraction(0)) -> Iterator[tuple[Fraction, Picture]]:
    """(seconds since `clip.start`, picture) from the last picture at or before `begin` on, to the file's end.

    Pictures are read-only, (H, W, channels) of the clip's size and bits. Of luma and chroma the matrix and the
    range are undone, nothing else: PQ and HLG stay PQ and HLG. Of `clip.fields` each is made a picture;
    of `clip.film` those that belong together are. Notes: `damaged`.

    Raises:
        InbetweenError: the file is damaged, or its pictures change their size.
    """
    if clip.video < 0:
        yield from webp.frames(clip, begin)
        return
    convert = _Converter(clip)
    late: tuple[Fraction, Any] | None = None
    before: Fraction | None = None
    for time, frame in _timed(clip, report, begin):
        if before is not None and time <= before:
            continue
        before = time
        if frame.is_corrupt and time >= begin:
            report.note("damaged", f"{clip.path} is damaged at {float(clip.start + time):.2f} s", at=float(time))
        # Only the last picture before the beginning is wanted, and converted.
        if time > begin and late is not None:
            yield late[0], convert(late[1])
        late = (time, frame) if time <= begin else None
        if late is None:
            yield time, convert(frame)
    if late is not None:
        yield late[0], convert(late[1])


def _timed(clip: Clip, report: Report, begin: Fraction) -> Iterator[tuple[Fraction, Any]]:
    """Every frame, or every field as a frame, at its time; on the clip's grid if it has one."""
    source: Iterator[Any] = decoded(clip, report, begin)
    if clip.fields or clip.film:
        source = filtered(source, fields(clip.order) if clip.fields else film(clip.order))
    for number, frame in enumerate(source):
        time = number / clip.rate if frame.pts is None else frame.pts * frame.time_base
        yield clip.on_grid(time - clip.start), frame


class _Converter:
    """Frames to pictures, by one and the same scaler for all of them."""

    def __init__(self, clip: Clip) -> None:
        self._clip = clip
        self._graph: Any = None
        self._kind: tuple[int, int, str] | None = None
        self._shape = *clip.size, clip.channels

    def __call__(self, frame: Any) -> Picture:
        kind = frame.width, frame.height, frame.format.name
        if kind != self._kind:
            self._graph, self._kind = graph(frame, self._filters(frame)), kind
        self._graph.push(frame)
        made: Picture = self._graph.pull().to_ndarray()
        if made.shape != self._shape:
            (height, width), (now_height, now_width) = self._clip.size, made.shape[:2]
            raise InbetweenError(
                f"{self._clip.path} changes its size from {width}x{height} to {now_width}x{now_height}",
                "cut it there, and take one part at a time",
            )
        if self._clip.colour.matrix != "gbr" and self._clip.colour.range == "tv":
            if frame.format.name.startswith("gray"):
                made = _from_limited(made)
            elif made.dtype == np.uint16:
                _stretch(made)
        made.flags.writeable = False
        return made

    def _filters(self, frame: Any) -> list[tuple[str, str]]:
        colour = self._clip.colour
        words = f"flags={FLAGS}"
        if colour.matrix != "gbr":
            words += f":in_color_matrix={scaler_name(colour.matrix)}:in_range={colour.range}:out_range=pc"
        raw = _RAW[self._clip.channels, self._clip.bits]
        upright = _UPRIGHT.get(matrix_signs(frame), "")
        turns = [(name, words) for name, _, words in (one.partition("=") for one in upright.split(",") if one)]
        return [("scale", words), ("format", f"pix_fmts={raw}"), *turns]


def _stretch(picture: Picture) -> None:
    """ffmpeg's white from luma of more than 8 bits is 255 × 256: here it becomes 65535, in place."""
    colours = np.minimum(picture[..., :3], 255 * 256)
    picture[..., :3] = colours + (colours >> 8)


def _from_limited(picture: Picture) -> Picture:
    """What ffmpeg takes grey pictures not to be: black is 16, white 235 of 255."""
    step, top = (1, 255) if picture.dtype == np.uint8 else (256, 65535)
    values = np.clip(picture, 16 * step, 235 * step).astype(np.float32) - 16 * step
    whole: Any = np.rint(values * (top / (219 * step))).astype(picture.dtype)
    return whole  # type: ignore[no-any-return]
