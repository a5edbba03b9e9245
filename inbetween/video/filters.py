"""ffmpeg's filters on decoded frames, by PyAV."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av import VideoFrame
    from av.filter import Graph

Filters = Sequence[tuple[str, str]]
"""The name and the options of each filter, in ffmpeg's notation."""


def fields(order: str) -> Filters:
    """Filters that make a frame of each field. order: see `Clip.order`."""
    return [("bwdif", f"mode=send_field:deint=all:parity={order}")]


def film(order: str) -> Filters:
    """Filters that put the two fields of one film frame together again, in whichever frames they are; some frames come
    twice. order: see `Clip.order`."""
    return [("fieldmatch", f"order={order}"), ("bwdif", f"mode=send_frame:deint=interlaced:parity={order}")]


def graph(frame: VideoFrame, filters: Filters) -> Graph:
    """A graph of the filters, one after the other, for frames of the size, format and time unit of `frame`."""
    import av

    made = av.filter.Graph()
    unit = frame.time_base or Fraction(1, 1000)
    last = made.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=unit)
    for name, words in [*filters, ("buffersink", "")]:
        one = made.add(name, words) if words else made.add(name)
        last.link_to(one)
        last = one
    made.configure()
    return made


def filtered(source: Iterable[VideoFrame], filters: Filters) -> Iterator[VideoFrame]:
    """The frames that the filters make of frames that all have the same size and format."""
    made: Graph | None = None
    for frame in source:
        if made is None:
            made = graph(frame, filters)
        made.push(frame)
        yield from _pulled(made)
    if made is not None:
        made.push(None)
        yield from _pulled(made)


def _pulled(made: Graph) -> Iterator[VideoFrame]:
    import av

    while True:
        try:
            yield made.vpull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return
