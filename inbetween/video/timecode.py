"""Timecodes (hours, minutes, seconds and frames, SMPTE ST 12-1), moved to another time and frame rate. Standard library
only."""

from __future__ import annotations

import re
from fractions import Fraction


def timecode(text: str, since: Fraction, rate: Fraction, film: Fraction) -> str:
    """The timecode of a film that begins some time after the beginning of its clip.

    In a timecode with `;` before the frames some numbers are left out, so that it keeps pace with the clock: at 29.97
    frames per second two at the beginning of each minute, except every tenth.

    Args:
        text: the timecode of the clip's first frame, such as `01:00:00:00`.
        since: the seconds from the clip's first frame to the film's.
        rate: the clip's frame rate, in frames per second.
        film: the film's frame rate, in frames per second.

    Returns:
        "" if `text` is not a timecode at the clip's rate.
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
    # ffmpeg leaves out numbers at these rates only.
    mark = ";" if dropped and film in (Fraction(30000, 1001), Fraction(60000, 1001)) else ":"
    label = f"{seconds // 3600 % 24:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{mark}"
    return f"{label}{frames * round(film) // a_second:02d}"
