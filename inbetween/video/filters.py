"""ffmpeg's filters on decoded frames, and what they make of interlaced ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import islice
from typing import Any

from inbetween.types import Report
from inbetween.video.clip import Clip
from inbetween.video.decode import decoded

Filters = Sequence[tuple[str, str]]
"""Name and options of each."""

PLACES, LOOKED = 6, 40
"""Where a clip is looked at for film in it, and frames at each place."""
LEAST_COMBED, REPEATED = 10, Fraction(1, 8)
"""Film of 24 pictures in 60 fields moves in four of five frames, of which one has the top field of its neighbour once
more, and one the bottom field: a quarter each. It is film if more than half of the clip is, as far as it moves."""
SURE = Fraction(4, 5)
"""Share of the combed frames that must agree on the order of fields."""
STRAY = Fraction(1, 100)
"""Share of whole pictures that look combed. On 13 clips, 3 s of each: none of pictures that are whole, and 90 to
100 % of those that are made of two."""


def fields(order: str) -> Filters:
    """A picture of each field. order: see `Clip.order`."""
    return [("bwdif", f"mode=send_field:deint=all:parity={order}")]


def film(order: str) -> Filters:
    """The two fields that are of one picture, wherever they are; some pictures come twice. order: see `Clip.order`."""
    return [("fieldmatch", f"order={order}"), ("bwdif", f"mode=send_frame:deint=interlaced:parity={order}")]


def graph(frame: Any, filters: Filters) -> Any:
    """The filters one after the other, for frames such as this: PyAV's graph."""
    import av

    made = av.filter.Graph()
    last = made.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base or Fraction(1, 1000)
    )
    for name, words in [*filters, ("buffersink", "")]:
        one = made.add(name, words) if words else made.add(name)
        last.link_to(one)
        last = one
    made.configure()
    return made


def filtered(source: Iterable[Any], filters: Filters) -> Iterator[Any]:
    """What the filters make of frames that are all alike."""
    made: Any = None
    for frame in source:
        if made is None:
            made = graph(frame, filters)
        made.push(frame)
        yield from _pulled(made)
    if made is not None:
        made.push(None)
        yield from _pulled(made)


def _pulled(made: Any) -> Iterator[Any]:
    import av

    while True:
        try:
            yield made.pull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return


def kind(clip: Clip, report: Report) -> tuple[str, str]:
    """What an interlaced clip is: `film` of 24 pictures a second, spread over its fields in turns of two and three;
    `whole` pictures that are only marked as interlaced; or `fields` of other times. And its order of fields, see
    `Clip.order`: what moves tells it better than the file, where it moves much.

    Raises:
        InbetweenError: the file is damaged.
    """
    repeated: Counter[str] = Counter()
    shown: Counter[str] = Counter()
    for place in range(PLACES):
        report.progress("scan", place, PLACES)
        source = decoded(clip, Report(), place * clip.last / PLACES)
        for frame in islice(filtered(source, [("idet", "")]), LOOKED):
            shown[frame.metadata["lavfi.idet.single.current_frame"]] += 1
            repeated[frame.metadata["lavfi.idet.repeated.current_frame"]] += 1
    combed = shown["tff"] + shown["bff"]
    order = max(("tff", "bff"), key=shown.__getitem__)
    if combed < LEAST_COMBED or shown[order] < SURE * combed:
        order = "auto"
    if combed >= LEAST_COMBED and min(repeated["top"], repeated["bottom"]) > REPEATED * combed:
        return "film", order
    whole = combed <= STRAY * shown.total() and 2 * shown["progressive"] > shown.total()
    return "whole" if whole else "fields", order
