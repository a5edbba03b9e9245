"""A video file opened, its stream of pictures, and that decoded: ffmpeg's frames, by PyAV."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from inbetween.errors import InbetweenError
from inbetween.types import Report
from inbetween.video.clip import Clip

if TYPE_CHECKING:
    import av
    import av.container

AS_CLIP = "of pictures make one first: inbetween slowmo FOLDER --input-fps 24 --factor 1 -o clip.mkv"
TAKEN = "give a video file, a folder of pictures, or names such as f_%05d.png"


@contextmanager
def opened(path: str) -> Iterator[av.container.InputContainer]:
    """A video file.

    Raises:
        InbetweenError: there is none, it may not be read, or it, or what is read inside the block, is damaged.
    """
    import av

    if not os.path.exists(path):
        raise InbetweenError(f"there is no clip `{path}`", "check the name")
    if os.path.isdir(path):
        raise InbetweenError(f"{path} is a folder, not a video file", AS_CLIP)
    try:
        # As an open file, and without its name, from which ffmpeg would guess: a playlist leads to no other file.
        with (
            open(path, "rb") as named,
            open(named.fileno(), "rb", closefd=False) as file,
            # A GIF's pictures have their own times; those that have none are shown for a tenth of a second by all.
            av.open(file, "r", options={"min_delay": "1"}) as container,
        ):
            yield container
    except av.error.FFmpegError as error:
        why = (error.strerror or type(error).__name__).lower()
        raise InbetweenError(f"{path} cannot be read as a clip: {why}", TAKEN) from error
    except OSError as error:
        raise InbetweenError(f"{path} cannot be read: {error.strerror}", "look at its permissions") from error


def pictures_of(container: av.container.InputContainer, path: str) -> av.video.stream.VideoStream:
    """The first stream of moving pictures, ready for decoding.

    Raises:
        InbetweenError: there is none.
    """
    films = [stream for stream in container.streams.video if not is_cover(stream)]
    if not films:
        what = "a cover picture, but no film" if container.streams.video else "no pictures"
        raise InbetweenError(f"{path} has {what}", TAKEN)
    films[0].thread_type = "AUTO"
    return films[0]


def is_cover(stream: Any) -> bool:
    """Whether a stream is a picture that music players show."""
    import av

    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def packets(container: av.container.InputContainer, stream: Any) -> Iterator[Any]:
    """Of a stream, for its decoder; the last one ends it. Those without content, at which Theora's pictures go on and
    FLAC tells of itself, no decoder takes."""
    return (packet for packet in container.demux(stream) if packet.size or packet.dts is None)


def decoded(clip: Clip, report: Report, begin: Fraction = Fraction(0)) -> Iterator[Any]:
    """PyAV's frames, from a key frame at or before `begin`, seconds since `clip.start`, on; of a clip without time
    stamps all of them, stamped. Notes: `damaged`, for one that is missing because it cannot be decoded.

    Raises:
        InbetweenError: the file cannot be read any more.
    """
    if not clip.timed:
        for number, frame in enumerate(_from(clip, None)):
            beyond = max(0, number + 1 - len(clip.ticks))
            tick = clip.ticks[number - beyond] + beyond
            if isinstance(frame, Fraction):
                _missing(clip, tick * clip.unit, begin, report)
                continue
            frame.pts, frame.time_base = tick, clip.unit
            yield frame
        return
    wanted = clip.start + begin
    # Where an index is missing or wrong, a jump may land too late.
    for target in (wanted, wanted - 8, None):
        landed = False
        for frame in _from(clip, target):
            if isinstance(frame, Fraction):
                _missing(clip, frame, begin, report)
                continue
            if not landed and target is not None and (frame.pts or 0) * frame.time_base > wanted:
                break
            landed = True
            yield frame
        if landed:
            return


def _missing(clip: Clip, time: Fraction, begin: Fraction, report: Report) -> None:
    if time >= clip.start + begin:
        text = f"{clip.path} is damaged at about {float(time):.2f} s: a picture that cannot be decoded is left out"
        report.note("damaged", text, at=float(time - clip.start))


def _from(clip: Clip, target: Fraction | None) -> Iterator[Any]:
    """Frames, and for what is none the time of its packet."""
    import av

    with opened(clip.path) as container:
        video = pictures_of(container, clip.path)
        unit = Fraction(video.time_base or 1)
        if target is not None and target > (video.start_time or 0) * unit:
            container.seek(int(target / unit), stream=video)
        alpha: Any = None
        if clip.channels == 4 and video.codec_context.name in ("vp8", "vp9"):
            # The other decoder passes over the alpha.
            alpha = av.CodecContext.create(f"libvpx{'-vp9' * (video.codec_context.name == 'vp9')}", "r")
            alpha.extradata = video.codec_context.extradata
        time = Fraction(0)
        for packet in packets(container, video):
            # The last one has none, and ends what threads are still at.
            time = time if packet.dts is None else (packet.pts or packet.dts) * unit
            try:
                yield from alpha.decode(packet if packet.size else None) if alpha else packet.decode()
            except av.error.InvalidDataError:
                yield time


def matrix_signs(frame: Any) -> tuple[int, int, int, int]:
    """Of a, b, c, d: (x, y) is shown at (a x + c y, b x + d y). (1, 0, 0, 1) is upright."""
    from av.sidedata.sidedata import Type

    found = next((side for side in frame.side_data if side.type == Type.DISPLAYMATRIX), None)
    if found is None:
        return 1, 0, 0, 1
    a, b, _, c, d = struct.unpack("=5i", bytes(found)[:20])
    most = max(abs(value) for value in (a, b, c, d))

    def sign(value: int) -> int:
        # A quarter turn, up to a little slant.
        return 0 if abs(value) < most / 2 else (value > 0) - (value < 0)

    return sign(a), sign(b), sign(c), sign(d)
