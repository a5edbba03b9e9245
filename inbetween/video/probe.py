"""What a video file says of its pictures, and what their time stamps say. No picture but the first is decoded."""

from __future__ import annotations

import os
import struct
from array import array
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from statistics import median
from typing import Any

from inbetween.errors import InbetweenError
from inbetween.types import Report
from inbetween.video import codecs, webp
from inbetween.video.clip import Clip, Colour, Stream
from inbetween.video.decode import ACCEPTED, decoded, frames_stream, is_cover, matrix_signs, opened
from inbetween.video.truncation import cut_off

STANDARD_RATES = tuple(
    Fraction(n * 1000, 1001) if ntsc else Fraction(n)
    for n in (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 16, 18, 20, 24, 25, 30, 48, 50, 60, 72, 90, 100, 120, 144, 240, 480, 960)
    for ntsc in ((True, False) if n in (24, 30, 48, 60, 120, 240) else (False,))
)
MILLISECOND = Fraction(1, 1000)
MISSING = 0.1
"""Share of pictures that may be missing from an even clip; with more of them its times are uneven."""

# Names of ffmpeg by their numbers in ISO/IEC 23091-2.
_MATRICES = {0: "gbr", 1: "bt709", 4: "fcc", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "ycgco"}
_MATRICES |= {9: "bt2020nc", 10: "bt2020c", 14: "ictcp"}
_PRIMARIES = {1: "bt709", 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "film", 9: "bt2020"}
_PRIMARIES |= {10: "smpte428", 11: "smpte431", 12: "smpte432", 22: "ebu3213"}
_TRANSFERS = {1: "bt709", 4: "gamma22", 5: "gamma28", 6: "smpte170m", 7: "smpte240m", 8: "linear", 9: "log100"}
_TRANSFERS |= {10: "log316", 11: "iec61966-2-4", 12: "bt1361e", 13: "iec61966-2-1", 14: "bt2020-10"}
_TRANSFERS |= {15: "bt2020-12", 16: "smpte2084", 17: "smpte428", 18: "arib-std-b67"}

_TURNED = {(0, 1, -1, 0): 90, (-1, 0, 0, -1): 180, (0, -1, 1, 0): 270}
"""Clockwise, by the signs of a display matrix."""


def probe(path: str, report: Report) -> Clip:
    """A whole video file as a clip. Progress: `scan`. Notes: `rate`, `matrix`, `untimed`, `stream`.

    Raises:
        InbetweenError: see `opened`; it has no pictures, is one picture, or is cut off.
    """
    if os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path):
        # Opening a pipe that nobody writes to never ends, and a clip is read more than once.
        raise InbetweenError(f"{path} is a pipe or a device, not a file", "write the clip to a file first")
    if webp.is_webp(path):
        return _webp(path, report)
    with opened(path) as container:
        video = frames_stream(container, path)
        if container.format.name in ("image2", "png_pipe", "jpeg_pipe", "webp_pipe", "tiff_pipe", "bmp_pipe"):
            raise _picture(path)
        others = tuple(_stream(stream) for stream in container.streams if stream is not video)
        more = sum(stream.kind == "video" for stream in others)
        if more:
            report.note("stream", f"{path} has {more + 1} films in it: the first one is taken", index=video.index)
        times = _scan(container, video, path, report)
        whole = _timed(times, path, report)
        if cut_off(path):
            raise _cut_off(path, f"it ends after {float(whole.duration):.2f} s")
        aspect = Fraction(video.sample_aspect_ratio or video.codec_context.sample_aspect_ratio or 1)
        # Its alpha is a second stream, which the usual decoder passes over.
        channels = 4 if video.metadata.get("alpha_mode") == "1" else 3
        whole = replace(whole, video=video.index, streams=others, channels=channels, aspect=aspect)
        if container.format.name in ("gif", "apng"):
            if webp.cut_off(path):
                raise InbetweenError(f"{path} is cut off", "get the whole file")
            whole = replace(whole, loop=webp.loops(path))
    return _looked_at(whole, report)


def _webp(path: str, report: Report) -> Clip:
    ticks, last = webp.stamps(path)
    if not ticks:
        raise _picture(path)
    whole = _timed(_Times(webp.UNIT, ticks, last, None, True), path, report)
    *size, channels = webp.shape(path)
    colour = Colour("gbr", "pc", "bt709", "iec61966-2-1")
    return replace(whole, size=(size[0], size[1]), channels=channels, colour=colour, loop=webp.loops(path))


def _picture(path: str) -> InbetweenError:
    return InbetweenError(f"{path} is a picture, not a clip", "inbetween run START END makes a film of pictures")


def _stream(stream: Any) -> Stream:
    kind = "attachment" if stream.type == "video" and is_cover(stream) else stream.type
    context = getattr(stream, "codec_context", None)
    language = (stream.metadata or {}).get("language", "")
    return Stream(stream.index, kind, context.name if context else "", "" if language == "und" else language)


# ------------------------------------------------------------------ time stamps


@dataclass(frozen=True)
class _Times:
    unit: Fraction
    """Seconds of a tick."""
    ticks: array[int]
    """Of every picture, ascending."""
    last: int
    """Ticks for which the last picture is shown; 0: unknown."""
    said: Fraction | None
    """The rate in the header."""
    timed: bool
    """The stamps are the file's own."""


def _scan(container: Any, video: Any, path: str, report: Report) -> _Times:
    """Read every packet of the pictures.

    Raises:
        InbetweenError: there are none, or fewer than the file says.
    """
    unit, stamps, lengths, before, beside = video.time_base, array("q"), array("q"), None, 0
    # AVI counts its pictures in the order of the file, which is not always the one in which they are shown.
    avi = container.format.name == "avi"
    placed = True
    for packet in container.demux(video):
        report.progress("scan", len(stamps), 0)
        # An empty one shows the picture before it once more.
        if (packet.size == 0 and packet.pts is None) or packet.is_discard:
            # What an edit list leaves out is there all the same.
            beside += packet.size > 0
            continue
        stamp = packet.dts if packet.pts is None or avi else packet.pts
        if None not in (before, packet.dts) and packet.dts < before - 1 / unit:
            raise InbetweenError(
                f"the time stamps of {path} jump back after {len(stamps)} pictures",
                "put it in order: ffmpeg -i CLIP -c copy whole.mkv",
            )
        before = packet.dts
        placed = placed and stamp is not None
        stamps.append(stamp or 0)
        lengths.append(packet.duration or 0)
    if not stamps:
        raise InbetweenError(f"{path} has no pictures in it", ACCEPTED)
    said = video.average_rate or video.guessed_rate
    if not placed or avi:
        return _counted(unit, stamps if placed else array("q", range(len(stamps))), lengths, said, path, report)
    last, length = max(zip(stamps, lengths, strict=True))
    ticks = array("q", sorted(set(stamps)))
    _refuse_cut_off(video, len(stamps) + beside, (ticks[0] * unit, (last + length) * unit), path)
    return _Times(unit, ticks, length, said, True)


def _counted(
    unit: Fraction, places: array[int], lengths: array[int], said: Fraction | None, path: str, report: Report
) -> _Times:
    """Of a stream without time stamps. places: of its pictures, counted with those that are missing."""
    lasting = {length for length in lengths if length}
    rate = said or 1 / unit
    # Where it is not rounded to ticks, the header is the more exact one.
    if len(lasting) == 1 and abs((length := lasting.pop() * unit) - 1 / rate) >= unit:
        rate = 1 / length
    text = f"{path} has no time stamps: {name_of(standard(rate))} pictures a second are taken"
    report.note("untimed", text, detail=said == rate, rate=str(rate))
    return _Times(1 / rate, places, 1, rate, False)


def _refuse_cut_off(video: Any, count: int, span: tuple[Fraction, Fraction], path: str) -> None:
    indexed = len(getattr(video, "index_entries", ()) or ()) if video.frames else 0
    start, end = span
    whole = _seconds(video.metadata.get("DURATION", ""))
    short = whole is not None and end < whole - max(Fraction(1, 2), (end - start) / count * 3)
    if (indexed and count < min(indexed, video.frames)) or short:
        where = f" of {float(whole):.2f} s" if whole is not None and short else f", at picture {count}"
        raise _cut_off(path, f"it ends after {float(end - start):.2f} s{where}")


def _cut_off(path: str, where: str) -> InbetweenError:
    hint = "get the whole file, or take what is there: ffmpeg -i CLIP -c copy whole.mkv"
    return InbetweenError(f"{path} is cut off: {where}", hint)


def _seconds(text: str) -> Fraction | None:
    """Of `00:00:04.004000000`, as Matroska has it."""
    try:
        hours, minutes, seconds = text.split(":")
        return Fraction(int(hours) * 3600 + int(minutes) * 60) + Fraction(seconds)
    except ValueError:
        return None


def _timed(times: _Times, path: str, report: Report) -> Clip:
    """A clip with rate, count, start and duration, and nothing else."""
    unit, ticks = times.unit, times.ticks
    count, span = len(ticks), (ticks[-1] - ticks[0]) * unit
    rate, even = (times.said or Fraction(25), True), True
    steps = [b - a for a, b in pairwise(ticks)]
    last = times.last * unit
    if count == 1:
        found = standard(1 / last if last else rate[0])
    else:
        usual = Fraction(median(steps)) * unit
        grid = grid_of(ticks, unit, usual, times.said)
        if grid is None:
            last = last if last >= usual / 2 else usual
            found, even = nearest(count / (span + last)), False
            text = f"{path}: the pictures come at uneven times, {float(count / (span + last)):.3f} a second in the mean"
            report.note(
                "rate", f"{text}; taken as {name_of(found)} fps, every picture at its own time", rate=str(found)
            )
        else:
            found = grid
    if even:
        # On its own grid, so that the pictures are met exactly.
        shown = round(last * found) or 1
        span = Fraction(round(span * found)) / found
        last = shown / found
    whole = Clip(path, (0, 0), 3, 8, found, count, ticks[0] * unit, span + last, span, even, timed=times.timed)
    return whole if even and times.timed else replace(whole, ticks=ticks, unit=unit)


def grid_of(ticks: array[int], unit: Fraction, usual: Fraction, said: Fraction | None) -> Fraction | None:
    """The rate whose grid all time stamps are on, but for the rounding of the clock; None: there is none.

    usual: seconds between most neighbours; said: the rate in the header. Some pictures may be missing.
    """
    whole = (len(ticks) - 1) / ((ticks[-1] - ticks[0]) * unit)
    exact = 1 / (round(usual / unit) * unit)
    candidates = [standard(said)] if said else []
    # A short clip by a coarse clock is on many grids: then it is that of the header, or a usual one.
    candidates += [nearest(whole), nearest(1 / usual), exact, whole.limit_denominator(1001), whole]
    for rate in dict.fromkeys(candidates):
        places = [(tick - ticks[0]) * unit * rate for tick in ticks]
        near = [round(place) for place in places]
        # By a finer clock too: a film's times may have been rounded to milliseconds before it was moved to this file.
        clock = next((clock for clock in (max(unit, MILLISECOND), unit) if rate * clock < Fraction(1, 3)), Fraction(0))
        allowed = clock * rate * Fraction(11, 10)
        if any(abs(place - spot) > allowed for place, spot in zip(places, near, strict=True)):
            continue
        if len(set(near)) == len(near) and len(near) >= (1 - MISSING) * (near[-1] + 1):
            return rate
    return None


def standard(rate: Fraction) -> Fraction:
    """The standard rate within 0.02 %, or the rate itself."""
    best = nearest(rate)
    return best if abs(best / rate - 1) < Fraction(2, 10_000) else rate


def nearest(rate: Fraction) -> Fraction:
    """The standard rate that is nearest."""
    return min(STANDARD_RATES, key=lambda one: abs(one / rate - 1) if one >= rate else abs(rate / one - 1))


def name_of(rate: Fraction) -> str:
    """For people: 25, 29.97, 23.976."""
    return f"{float(rate):.6g}" if rate.denominator == 1 else f"{float(rate):.3f}".rstrip("0")


# ------------------------------------------------------------------ the first picture


def _looked_at(clip: Clip, report: Report) -> Clip:
    """With what only a decoded picture tells."""
    first, interlaced = None, False
    for number, frame in enumerate(decoded(clip, Report())):
        first, interlaced = first or frame, interlaced or bool(frame.interlaced_frame)
        # An encoder may mark some pictures only.
        if number >= 8:
            break
    if first is None:
        raise InbetweenError(f"{clip.path} has no pictures that can be decoded", ACCEPTED)
    name = first.format.name
    rgb = codecs.is_rgb(name) or name in ("pal8", "monob", "monow")
    size, aspect, rotation = (first.height, first.width), clip.aspect, _TURNED.get(matrix_signs(first), 0)
    if rotation in (90, 270):
        size, aspect = (first.width, first.height), 1 / aspect
    colour = _colour(clip, first, rgb, report)
    return replace(
        clip,
        size=size,
        aspect=aspect,
        rotation=rotation,
        channels=4 if codecs.has_alpha(name) or name == "pal8" else 3,
        bits=16 if colour.depth > 8 else 8,
        colour=colour,
        interlaced=interlaced,
    )


def _colour(clip: Clip, frame: Any, rgb: bool, report: Report) -> Colour:
    """Raises InbetweenError for a matrix that cannot be undone."""
    primaries = _PRIMARIES.get(int(frame.color_primaries), "")
    transfer = _TRANSFERS.get(int(frame.color_trc), "")
    full = int(frame.color_range) == 2 or frame.format.name.startswith("yuvj")
    depth = max(part.bits for part in frame.format.components)
    if rgb:
        return Colour("gbr", "pc", primaries, transfer, depth)
    matrix = _MATRICES.get(int(frame.colorspace), "")
    if matrix in ("gbr", ""):
        # What players take for granted.
        matrix = "bt709" if frame.height >= 720 else "smpte170m"
        report.note(
            "matrix",
            f"{clip.path} does not say how its colours are meant: by its height taken as {matrix}",
            matrix=matrix,
        )
    if matrix in ("ycgco", "ictcp"):
        raise InbetweenError(f"{clip.path} has colours of a kind ({matrix}) that is not read", "convert it to BT.709")
    mastering, light = _screen(frame)
    return Colour(matrix, "pc" if full else "tv", primaries, transfer, depth, mastering, light)


def _screen(frame: Any) -> tuple[str, str]:
    """The HDR screen's primaries and the brightest light, as `Colour` has them."""
    from av.sidedata.sidedata import Type

    mastering = light = ""
    for side in frame.side_data:
        if side.type == Type.MASTERING_DISPLAY_METADATA:
            numbers = struct.unpack("=20i2i", bytes(side)[:88])
            if not all(numbers[20:]) or not all(numbers[1:20:2]):
                continue
            values = [Fraction(top, bottom) for top, bottom in zip(numbers[:20:2], numbers[1:20:2], strict=True)]
            r, g, b, white = ([round(v * 50_000) for v in values[i : i + 2]] for i in (0, 2, 4, 6))
            low, high = (round(v * 10_000) for v in values[8:])
            points = "".join(f"{n}({x},{y})" for n, (x, y) in zip(("G", "B", "R", "WP"), (g, b, r, white), strict=True))
            mastering = f"{points}L({high},{low})"
        elif side.type == Type.CONTENT_LIGHT_LEVEL:
            light = "{},{}".format(*struct.unpack("=2I", bytes(side)[:8]))
    return mastering, light
