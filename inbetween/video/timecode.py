"""Hours, minutes, seconds and frames, as SMPTE ST 12-1 counts them. Standard library only."""

from __future__ import annotations

import re
from fractions import Fraction


def timecode(text: str, since: Fraction, rate: Fraction, film: Fraction) -> str:
    """What a clip's clock shows `since` seconds after its first picture, which has the label `text`, for a film of
    another rate. "" where `text` is no label at that rate.

    A `;` before the frames drops labels, two a minute at 29.97 but for every tenth minute, to keep to the hour.
    """
    found = re.fullmatch(r"(\d\d):(\d\d):(\d\d)([:;.])(\d\d)", text)
    a_second = round(rate)
    if not found or int(found[5]) >= a_second:
        return ""
    hours, minutes, seconds, frames = (int(found[place]) for place in (1, 2, 3, 5))
    dropped = a_second // 15 if found[4] in ";." and a_second % 30 == 0 else 0
    minutes += 60 * hours
    number = (60 * minutes + seconds) * a_second + frames - dropped * (minutes - minutes // 10) + round(since * rate)
    if dropped:
        tens, rest = divmod(number, 600 * a_second - 9 * dropped)
        number += 9 * dropped * tens + dropped * max(0, (rest - dropped) // (60 * a_second - dropped))
    seconds, frames = divmod(number, a_second)
    # ffmpeg knows no dropped labels at other rates.
    mark = ";" if dropped and film in (Fraction(30000, 1001), Fraction(60000, 1001)) else ":"
    label = f"{seconds // 3600 % 24:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{mark}"
    return f"{label}{frames * round(film) // a_second:02d}"
