"""What an interlaced clip shows: film, whole frames, or two fields of different times in each frame."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import islice
from typing import Literal

from inbetween.types import Report
from inbetween.video.clip import Clip
from inbetween.video.decode import decoded
from inbetween.video.filters import filtered

Kind = Literal["film", "whole", "fields"]

PLACES, LOOKED = 6, 40
"""Number of places of a clip that are looked at, and of frames at each of them. A choice."""
LEAST_COMBED = 10
"""Number of combed frames (those whose two fields differ in time) below which nothing is concluded from them. A
choice."""
REPEATED = Fraction(1, 8)
"""Least share of combed frames whose top field repeats that of a neighbour, and likewise bottom field, in a film of
24 frames a second that was spread over 60 fields. Of five of its frames four move; one of these repeats a top field,
and one a bottom field: a quarter each. With half of that, more than half of what moves in the clip is film."""
SURE = Fraction(4, 5)
"""Share of the combed frames that must agree on which field comes first. A choice."""
STRAY = Fraction(1, 100)
"""Most combed frames, as a share, in a clip of whole frames. Measured on 13 clips, 3 s of each: none in clips of whole
frames, 90 to 100 % in clips of fields."""


def classify(clip: Clip, report: Report) -> tuple[Kind, str]:
    """What a clip that is marked as interlaced shows, and the order of its fields.

    Progress: `scan`.

    Returns:
        `film`: 24 frames a second, spread over the fields in turns of two and three. `whole`: whole frames that are
        only marked as interlaced. `fields`: two fields of different times in each frame.
        And the order of the fields, see `Clip.order`. It is found from what moves, which is more reliable than what the
        file says; `auto`, for what the file says, where little moves.

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
