"""Titles, chapters and the timecode of a clip."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from inbetween.video.decode import is_cover, unit_of
from inbetween.video.extras.timing import Timing
from inbetween.video.timecode import timecode

if TYPE_CHECKING:
    from av.container import InputContainer, OutputContainer
    from av.container.core import Chapter

_NOT_TITLES = ("encoder", "major_brand", "minor_version", "compatible_brands", "duration", "timecode")
"""Tags that describe the clip's file, so they would be wrong of the film's."""
_MILLISECOND = Fraction(1, 1000)


def add_tags(film: OutputContainer, clip: InputContainer, timing: Timing) -> None:
    """Give the film the clip's titles, its chapters at their new times, and the timecode of the film's first frame.

    Args:
        film: an output that has its stream of frames already, and nothing written.
        clip: the clip's file.
        timing: which part of the clip the film shows, and when.
    """
    film.metadata.update({name: text for name, text in clip.metadata.items() if name.lower() not in _NOT_TITLES})
    film.metadata.update(_timecode(film, clip, timing))
    chapters = [_chapter(chapter, timing) for chapter in clip.chapters()]
    film.set_chapters([chapter for chapter in chapters if chapter["start"] < chapter["end"]])


def _timecode(film: OutputContainer, clip: InputContainer, timing: Timing) -> dict[str, str]:
    """The tag with the timecode of the film's first frame, where the clip's file or its stream of frames has one."""
    source = next(stream for stream in clip.streams.video if not is_cover(stream))
    tags = {name.lower(): text for name, text in (source.metadata | clip.metadata).items()}
    since = timing.start - (source.start_time or 0) * unit_of(source)
    rate = next((stream.codec_context.framerate for stream in film.streams.video), None)
    text = tags.get("timecode", "")
    label = timecode(text, since, source.average_rate, rate) if source.average_rate and rate else ""
    return {"timecode": label} if label else {}


def _chapter(chapter: Chapter, timing: Timing) -> Chapter:
    unit = Fraction(chapter["time_base"] or 1)
    start, end = (timing.film_time(ticks * unit) for ticks in (chapter["start"], chapter["end"]))
    return {
        "id": chapter["id"],
        "start": round(start / _MILLISECOND),
        "end": round(end / _MILLISECOND),
        "time_base": _MILLISECOND,
        "metadata": dict(chapter["metadata"]),
    }
