"""The facts about a clip's file: its size, frame rate, colours and streams. All time stamps are read, but only the
first few frames are decoded."""

from __future__ import annotations

import os
import struct
from array import array
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from inbetween.errors import InbetweenError
from inbetween.types import Report
from inbetween.video import codecs, webp
from inbetween.video.clip import Clip, Colour, Stream
from inbetween.video.decode import ACCEPTED, decoded, frames_stream, is_cover, matrix_signs, opened, side_data, unit_of
from inbetween.video.truncation import cut_off

if TYPE_CHECKING:
    import av.stream
    from av import VideoFrame
    from av.container import InputContainer
    from av.video.stream import VideoStream

STANDARD_RATES = tuple(
    Fraction(n * 1000, 1001) if ntsc else Fraction(n)
    for n in (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 16, 18, 20, 24, 25, 30, 48, 50, 60, 72, 90, 100, 120, 144, 240, 480, 960)
    for ntsc in ((True, False) if n in (24, 30, 48, 60, 120, 240) else (False,))
)
"""Frame rates that cameras, screens, films and animation use, in frames per second."""
MILLISECOND = Fraction(1, 1000)
MISSING = 0.1
"""Largest share of frames that may be missing from a clip of an even rate; with more its times are called uneven. A
choice, not measured."""
LOOKED = 9
"""Frames that are decoded to find out whether a clip is interlaced, for an encoder may mark only some of them. A
choice."""

# ffmpeg's names, by the code points of ISO/IEC 23091-2.
_MATRICES = {0: "gbr", 1: "bt709", 4: "fcc", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "ycgco"}
_MATRICES |= {9: "bt2020nc", 10: "bt2020c", 14: "ictcp"}
_PRIMARIES = {1: "bt709", 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "film", 9: "bt2020"}
_PRIMARIES |= {10: "smpte428", 11: "smpte431", 12: "smpte432", 22: "ebu3213"}
_TRANSFERS = {1: "bt709", 4: "gamma22", 5: "gamma28", 6: "smpte170m", 7: "smpte240m", 8: "linear", 9: "log100"}
_TRANSFERS |= {10: "log316", 11: "iec61966-2-4", 12: "bt1361e", 13: "iec61966-2-1", 14: "bt2020-10"}
_TRANSFERS |= {15: "bt2020-12", 16: "smpte2084", 17: "smpte428", 18: "arib-std-b67"}

_TURNED = {(0, 1, -1, 0): 90, (-1, 0, 0, -1): 180, (0, -1, 1, 0): 270}
"""Degrees clockwise by which a frame is turned to be shown, by `matrix_signs`."""


def probe(path: str, report: Report) -> Clip:
    """A whole video file as a clip.

    Notes: `rate`, `matrix`, `untimed`, `stream`. Progress: `scan`.

    Raises:
        InbetweenError: as `opened`; the file has no video, is a single picture, or is cut off.
    """
    if os.path.isfile(path) and webp.is_webp(path):
        return _webp(path, report)
    with opened(path) as container:
        video = frames_stream(container, path)
        if container.format.name in ("image2", "png_pipe", "jpeg_pipe", "webp_pipe", "tiff_pipe", "bmp_pipe"):
            raise _picture(path)
        others = tuple(_stream(stream) for stream in container.streams if stream is not video)
        more = sum(stream.kind == "video" for stream in others)
        if more:
            report.note("stream", f"{path} has {more + 1} video streams: the first one is used", index=video.index)
        times = _scan(container, video, path, report)
        whole = _timed(times, path, report)
        if cut_off(path):
            raise _cut_off(path, f"it ends after {float(whole.duration):.2f} s")
        aspect = Fraction(video.sample_aspect_ratio or video.codec_context.sample_aspect_ratio or 1)
        # The alpha of VP8 and VP9 is a second stream, of which the usual decoder tells nothing.
        channels = 4 if video.metadata.get("alpha_mode") == "1" else 3
        whole = replace(whole, video=video.index, streams=others, channels=channels, aspect=aspect)
        if container.format.name in ("gif", "apng"):
            if webp.cut_off(path):
                raise InbetweenError(f"{path} is cut off", "get the whole file")
            whole = replace(whole, loop=webp.loops(path))
    return _looked_at(whole, report)


def _webp(path: str, report: Report) -> Clip:
    """An animated WebP as a clip."""
    ticks, last = webp.stamps(path)
    if not ticks:
        raise _picture(path)
    whole = _timed(_Times(webp.UNIT, ticks, last, None, True), path, report)
    *size, channels = webp.shape(path)
    colour = Colour("gbr", "pc", "bt709", "iec61966-2-1")
    return replace(whole, size=(size[0], size[1]), channels=channels, colour=colour, loop=webp.loops(path))


def _picture(path: str) -> InbetweenError:
    return InbetweenError(f"{path} is a picture, not a clip", "inbetween run START END makes a film of pictures")


def _stream(stream: av.stream.Stream) -> Stream:
    kind = "attachment" if stream.type == "video" and is_cover(stream) else stream.type
    context = getattr(stream, "codec_context", None)
    language = (stream.metadata or {}).get("language", "")
    return Stream(stream.index, kind, context.name if context else "", "" if language == "und" else language)


# ------------------------------------------------------------------ time stamps


@dataclass(frozen=True)
class _Times:
    unit: Fraction
    """Seconds of one tick."""
    ticks: array[int]
    """The time stamps of all frames, ascending."""
    last: int
    """Number of ticks for which the last frame is shown; 0 if unknown."""
    header_rate: Fraction | None
    """The frame rate in the file's header, in frames per second."""
    timed: bool
    """Whether the time stamps come from the file; else the frames were counted."""


def _scan(container: InputContainer, video: VideoStream, path: str, report: Report) -> _Times:
    """Read every packet of the stream of frames.

    Raises:
        InbetweenError: there are none, or fewer than the file's header says.
    """
    unit, stamps, lengths, left_out = unit_of(video), array("q"), array("q"), 0
    before: int | None = None
    # AVI numbers its frames in the order of the file, which is not always the order in which they are shown.
    avi = container.format.name == "avi"
    placed = True
    for packet in container.demux(video):
        report.progress("scan", len(stamps), 0)
        # An empty packet with a time repeats the frame before it, so it counts.
        if (packet.size == 0 and packet.pts is None) or packet.is_discard:
            # A frame that an edit list leaves out is not shown, but it proves that the file is not cut off.
            left_out += packet.size > 0
            continue
        stamp = packet.dts if packet.pts is None or avi else packet.pts
        if before is not None and packet.dts is not None and packet.dts < before - 1 / unit:
            raise InbetweenError(
                f"the time stamps of {path} jump back after {len(stamps)} frames",
                "put it in order: ffmpeg -i CLIP -c copy whole.mkv",
            )
        before = packet.dts
        placed = placed and stamp is not None
        stamps.append(stamp or 0)
        lengths.append(packet.duration or 0)
    if not stamps:
        raise InbetweenError(f"{path} has no pictures in its video stream", ACCEPTED)
    header_rate = video.average_rate or video.guessed_rate
    if not placed or avi:
        return _counted(unit, stamps if placed else array("q", range(len(stamps))), lengths, header_rate, path, report)
    last, length = max(zip(stamps, lengths, strict=True))
    ticks = array("q", sorted(set(stamps)))
    _refuse_cut_off(video, len(stamps) + left_out, (ticks[0] * unit, (last + length) * unit), path)
    return _Times(unit, ticks, length, header_rate, True)


def _counted(
    unit: Fraction, places: array[int], lengths: array[int], header_rate: Fraction | None, path: str, report: Report
) -> _Times:
    """The times of a stream without time stamps, whose frames are evenly spaced.

    Args:
        unit: seconds of one tick, by the file.
        places: the number of each frame in the order of the file; frames that are missing are counted.
        lengths: for how many ticks each frame is shown, by the file; 0 if it does not say.
        header_rate: the frame rate in the file's header.
        path: the file.
        report: hears the note `untimed`.
    """
    lasting = {length for length in lengths if length}
    rate = header_rate or 1 / unit
    # The rate in the header is more exact, unless it contradicts the lengths by more than their rounding to ticks.
    if len(lasting) == 1 and abs((length := lasting.pop() * unit) - 1 / rate) >= unit:
        rate = 1 / length
    text = f"{path} has no time stamps: {name_of(standard(rate))} frames a second are assumed"
    report.note("untimed", text, detail=header_rate == rate, rate=str(rate))
    return _Times(1 / rate, places, 1, rate, False)


def _refuse_cut_off(video: VideoStream, count: int, span: tuple[Fraction, Fraction], path: str) -> None:
    """Refuse a file with fewer frames, or a shorter duration, than its header says. span: when the `count` frames that
    were found begin and end, in seconds."""
    indexed = len(getattr(video, "index_entries", ()) or ()) if video.frames else 0
    start, end = span
    whole = _seconds(video.metadata.get("DURATION", ""))
    short = whole is not None and end < whole - max(Fraction(1, 2), (end - start) / count * 3)
    if (indexed and count < min(indexed, video.frames)) or short:
        where = f" of {float(whole):.2f} s" if whole is not None and short else f", at frame {count}"
        raise _cut_off(path, f"it ends after {float(end - start):.2f} s{where}")


def _cut_off(path: str, where: str) -> InbetweenError:
    hint = "get the whole file, or use what is there: ffmpeg -i CLIP -c copy whole.mkv"
    return InbetweenError(f"{path} is cut off: {where}", hint)


def _seconds(text: str) -> Fraction | None:
    """Seconds of a duration such as `00:00:04.004000000`, as Matroska writes it; None for other text."""
    try:
        hours, minutes, seconds = text.split(":")
        return Fraction(int(hours) * 3600 + int(minutes) * 60) + Fraction(seconds)
    except ValueError:
        return None


def _timed(times: _Times, path: str, report: Report) -> Clip:
    """A clip of these times. Its size, channels, bits, colours and streams are not known yet."""
    unit, ticks = times.unit, times.ticks
    count, span = len(ticks), (ticks[-1] - ticks[0]) * unit
    even = True
    steps = [b - a for a, b in pairwise(ticks)]
    last = times.last * unit
    if count == 1:
        # A file of one frame may tell no rate at all. Then it is 25, ffmpeg's own default.
        found = standard(1 / last if last else times.header_rate or Fraction(25))
    else:
        usual = Fraction(median(steps)) * unit
        grid = grid_of(ticks, unit, usual, times.header_rate)
        if grid is None:
            last = last if last >= usual / 2 else usual
            found, even = nearest(count / (span + last)), False
            text = f"{path}: the frames come at uneven times, {float(count / (span + last)):.3f} a second on average"
            report.note(
                "rate", f"{text}; treated as {name_of(found)} fps, every frame at its own time", rate=str(found)
            )
        else:
            found = grid
    if even:
        # Times are moved to the exact grid, so that frames of the film fall exactly on frames of the clip.
        shown = round(last * found) or 1
        span = Fraction(round(span * found)) / found
        last = shown / found
    whole = Clip(path, (0, 0), 3, 8, found, count, ticks[0] * unit, span + last, span, even, timed=times.timed)
    return whole if even and times.timed else replace(whole, ticks=ticks, unit=unit)


def grid_of(ticks: array[int], unit: Fraction, usual: Fraction, header_rate: Fraction | None) -> Fraction | None:
    """The frame rate on whose grid all time stamps are, apart from the rounding of the file's clock.

    Args:
        ticks: the time stamps, ascending.
        unit: seconds of one tick.
        usual: the median time between two frames, in seconds.
        header_rate: the frame rate in the file's header, in frames per second.

    Returns:
        Frames per second; None if there is no such rate. At most the share `MISSING` of frames is missing on the grid.
    """
    whole = (len(ticks) - 1) / ((ticks[-1] - ticks[0]) * unit)
    exact = 1 / (round(usual / unit) * unit)
    candidates = [standard(header_rate)] if header_rate else []
    # The time stamps of a short clip with a coarse clock are on many grids: then prefer the header's rate, and after it
    # a standard one.
    candidates += [nearest(whole), nearest(1 / usual), exact, whole.limit_denominator(1001), whole]
    for rate in dict.fromkeys(candidates):
        places = [(tick - ticks[0]) * unit * rate for tick in ticks]
        near = [round(place) for place in places]
        # Rounding to milliseconds is allowed even if the file's clock is finer, for the file may be a copy of one whose
        # times were rounded to them.
        clock = next((clock for clock in (max(unit, MILLISECOND), unit) if rate * clock < Fraction(1, 3)), Fraction(0))
        # A tenth more than one tick, in case they were rounded twice.
        allowed = clock * rate * Fraction(11, 10)
        if any(abs(place - spot) > allowed for place, spot in zip(places, near, strict=True)):
            continue
        if len(set(near)) == len(near) and len(near) >= (1 - MISSING) * (near[-1] + 1):
            return rate
    return None


def standard(rate: Fraction) -> Fraction:
    """The standard rate that differs by less than 0.02 %, or the rate itself. So 24 and 23.976, which differ by 0.1 %,
    stay apart."""
    best = nearest(rate)
    return best if abs(best / rate - 1) < Fraction(2, 10_000) else rate


def nearest(rate: Fraction) -> Fraction:
    """The standard rate whose ratio to `rate` is nearest to 1."""
    return min(STANDARD_RATES, key=lambda one: abs(one / rate - 1) if one >= rate else abs(rate / one - 1))


def name_of(rate: Fraction) -> str:
    """A frame rate as people write it: 25, 29.97, 23.976."""
    return f"{float(rate):.6g}" if rate.denominator == 1 else f"{float(rate):.3f}".rstrip("0")


# ------------------------------------------------------------------ the first frame


def _looked_at(clip: Clip, report: Report) -> Clip:
    """The clip with the facts that only decoded frames tell."""
    first, interlaced = None, False
    for number, frame in enumerate(decoded(clip, Report())):
        first, interlaced = first or frame, interlaced or bool(frame.interlaced_frame)
        if number + 1 >= LOOKED:
            break
    if first is None:
        raise InbetweenError(f"{clip.path} has no frames that can be decoded", ACCEPTED)
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


def _colour(clip: Clip, frame: VideoFrame, rgb: bool, report: Report) -> Colour:
    """The meaning of a frame's values.

    Raises:
        InbetweenError: its matrix cannot be undone.
    """
    primaries = _PRIMARIES.get(int(frame.color_primaries), "")
    transfer = _TRANSFERS.get(int(frame.color_trc), "")
    full = int(frame.color_range) == 2 or frame.format.name.startswith("yuvj")
    depth = max(part.bits for part in frame.format.components)
    if rgb:
        return Colour("gbr", "pc", primaries, transfer, depth)
    matrix = _MATRICES.get(int(frame.colorspace), "")
    if matrix in ("gbr", ""):
        # What players assume where the file does not say.
        matrix = "bt709" if frame.height >= 720 else "smpte170m"
        report.note(
            "matrix",
            f"{clip.path} does not say what its colours mean: {matrix} is assumed, by its height",
            matrix=matrix,
        )
    if matrix in ("ycgco", "ictcp"):
        raise InbetweenError(f"{clip.path} has colours ({matrix}) that cannot be read", "convert it to BT.709")
    mastering, light = _screen(frame)
    return Colour(matrix, "pc" if full else "tv", primaries, transfer, depth, mastering, light)


def _screen(frame: VideoFrame) -> tuple[str, str]:
    """The HDR screen's primaries and the brightest light, in the notation of `Colour`; "" for what the frame does not
    say."""
    from av.sidedata.sidedata import Type

    mastering = light = ""
    # AVMasteringDisplayMetadata: ten fractions and two flags that say which of them are set.
    numbers = struct.unpack("=20i2i", (side_data(frame, Type.MASTERING_DISPLAY_METADATA) or bytes(88))[:88])
    if all(numbers[20:]) and all(numbers[1:20:2]):
        values = [Fraction(top, bottom) for top, bottom in zip(numbers[:20:2], numbers[1:20:2], strict=True)]
        r, g, b, white = ([round(v * 50_000) for v in values[i : i + 2]] for i in (0, 2, 4, 6))
        low, high = (round(v * 10_000) for v in values[8:])
        points = "".join(f"{n}({x},{y})" for n, (x, y) in zip(("G", "B", "R", "WP"), (g, b, r, white), strict=True))
        mastering = f"{points}L({high},{low})"
    found = side_data(frame, Type.CONTENT_LIGHT_LEVEL)
    if found is not None:
        light = "{},{}".format(*struct.unpack("=2I", found[:8]))
    return mastering, light
