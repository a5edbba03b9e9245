"""Opening a video file, finding its stream of frames, and decoding that with PyAV."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import TYPE_CHECKING, TypeVar, cast

from inbetween.errors import InbetweenError
from inbetween.faults import lacking
from inbetween.small_files import check_regular
from inbetween.types import Report
from inbetween.video.clip import Clip
from inbetween.video.container import reading

if TYPE_CHECKING:
    from av import VideoFrame
    from av.container import InputContainer
    from av.error import FFmpegError
    from av.packet import Packet
    from av.sidedata.sidedata import SideData, Type
    from av.stream import Stream
    from av.video.codeccontext import VideoCodecContext
    from av.video.stream import VideoStream

AS_CLIP = "make a clip of the pictures first: inbetween slowmo FOLDER --input-fps 24 --factor 1 -o clip.mkv"
ACCEPTED = "give a video file, a folder of pictures, or names such as f_%05d.png"

S = TypeVar("S", bound="Stream")


@contextmanager
def opened(path: str, accepted: str = ACCEPTED) -> Iterator[InputContainer]:
    """Open a video file for the time of a `with` block.

    Args:
        path: the file.
        accepted: the hint for a file that is no film.

    Raises:
        InbetweenError: there is no such file, it may not be read, or it is damaged; also if that turns out only when
            it is read inside the block.
    """
    import av

    if not os.path.exists(path):
        raise InbetweenError(f"there is no clip `{path}`", "check the name", "input_missing")
    if os.path.isdir(path):
        raise InbetweenError(f"{path} is a folder, not a video file", AS_CLIP, "input_unreadable")
    # A clip is read more than once, and opening a pipe that nobody writes to would never return.
    check_regular(path, "clip")
    try:
        # ffmpeg replaces short delays of a GIF's frames by a tenth of a second; here only a delay of 0, as browsers do.
        with reading(path, {"min_delay": "1"}) as container:
            yield container
    except av.error.FFmpegError as error:
        if (known := lacking(error)) is not None:
            raise known from error
        raise InbetweenError(
            f"{path} cannot be read as a clip: {why_not(error)}", accepted, "input_unreadable"
        ) from error
    except OSError as error:
        if (known := lacking(error)) is not None:
            raise known from error
        raise InbetweenError(
            f"{path} cannot be read: {error.strerror or error}",
            "look at its permissions and its disk",
            "input_unreadable",
        ) from error


def why_not(error: FFmpegError) -> str:
    """Why ffmpeg does not read a file, for a message."""
    import av

    if isinstance(error, av.error.ArgumentError):
        # So it says that the format is none of those that are allowed.
        return "it is no film, or one that lies in other files, such as a playlist"
    return (error.strerror or type(error).__name__).lower()


def frames_stream(container: InputContainer, path: str, accepted: str = ACCEPTED) -> VideoStream:
    """The first video stream that is no cover picture, set to decode in several threads.

    Raises:
        InbetweenError: there is no such stream.
    """
    films = [stream for stream in container.streams.video if not is_cover(stream)]
    if not films:
        what = "a cover picture, but no film" if container.streams.video else "no pictures"
        raise InbetweenError(f"{path} has {what}", accepted, "input_unreadable")
    if films[0].codec_context is None:
        raise InbetweenError(
            f"{path} cannot be read as a clip: ffmpeg does not know the codec of its frames",
            "convert it with the program that made it, to H.264 for example",
            "input_unreadable",
        )
    films[0].thread_type = "AUTO"
    return films[0]


def is_cover(stream: Stream) -> bool:
    """Whether a stream is a still picture that music players show, such as the cover of an album."""
    from av.stream import Disposition

    return bool(stream.disposition & Disposition.attached_pic)


def unit_of(timed: Stream | VideoFrame) -> Fraction:
    """Seconds of one tick of the time stamps of a stream or a frame."""
    return Fraction(timed.time_base or 1)


def packets(container: InputContainer, stream: S) -> Iterator[Packet[S]]:
    """The packets of a stream that its decoder accepts, ending with the one that flushes it. Empty ones are left out:
    Theora repeats a frame by one, and FLAC's hold only facts about the stream."""
    found = cast("Iterator[Packet[S]]", container.demux(stream))
    return (packet for packet in found if packet.size or packet.dts is None)


def decoded(clip: Clip, report: Report, begin: Fraction = Fraction(0)) -> Iterator[VideoFrame]:
    """The frames of a clip as PyAV gives them, from a key frame at or before `begin` on.

    A clip without time stamps is always decoded from its first frame on, and gets time stamps here.

    Notes: `damaged`, for each frame that is missing because it cannot be decoded.

    Args:
        clip: a clip with a video stream.
        report: hears the notes.
        begin: in seconds since `clip.start`.

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
    # Where the file's index is missing or wrong, a seek may land too late. Then seek to 8 s earlier (a choice), and at
    # last read from the beginning.
    for target in (wanted, wanted - 8, None):
        landed = False
        for frame in _from(clip, target):
            if isinstance(frame, Fraction):
                _missing(clip, frame, begin, report)
                continue
            if not landed and target is not None and (frame.pts or 0) * unit_of(frame) > wanted:
                break
            landed = True
            yield frame
        if landed:
            return


def _missing(clip: Clip, time: Fraction, begin: Fraction, report: Report) -> None:
    if time >= clip.start + begin:
        text = f"{clip.path} is damaged at about {float(time):.2f} s: a frame that cannot be decoded is left out"
        report.note("damaged", text, at=float(time - clip.start))


def _from(clip: Clip, target: Fraction | None) -> Iterator[VideoFrame | Fraction]:
    """The frames from a key frame at or before `target` (seconds by the file's clock; None: the beginning) on; for a
    packet that cannot be decoded its time."""
    import av

    with opened(clip.path) as container:
        video = frames_stream(container, clip.path)
        unit = unit_of(video)
        if target is not None and target > (video.start_time or 0) * unit:
            container.seek(int(target / unit), stream=video)
        alpha = _alpha_decoder(video.codec_context) if clip.channels == 4 else None
        time = Fraction(0)
        for packet in packets(container, video):
            # The last packet has no time; it flushes the frames that decoder threads are still working on.
            time = time if packet.dts is None else (packet.pts or packet.dts) * unit
            try:
                yield from alpha.decode(packet if packet.size else None) if alpha else packet.decode()
            except av.error.InvalidDataError:
                yield time


def _alpha_decoder(context: VideoCodecContext) -> VideoCodecContext | None:
    """A decoder that reads the alpha of VP8 and VP9, which ffmpeg's own one leaves out; None for other codecs."""
    import av

    name = {"vp8": "libvpx", "vp9": "libvpx-vp9"}.get(context.name)
    if name is None:
        return None
    made = cast("VideoCodecContext", av.CodecContext.create(name, "r"))
    made.extradata = context.extradata
    return made


def side_data(frame: VideoFrame, kind: Type) -> bytes | None:
    """The bytes of a frame's first side data of this kind; None if it has none."""
    # PyAV's stubs call the container of side data a dictionary; it is a sequence.
    sides = cast("Iterator[SideData]", iter(frame.side_data))
    return next((bytes(side) for side in sides if side.type == kind), None)


def matrix_signs(frame: VideoFrame) -> tuple[int, int, int, int]:
    """The signs (-1, 0 or 1) of the frame's display matrix (a, b, c, d), by which the pixel (x, y) is shown at
    (a x + c y, b x + d y); (1, 0, 0, 1) for a frame that is upright."""
    from av.sidedata.sidedata import Type

    found = side_data(frame, Type.DISPLAYMATRIX)
    if found is None:
        return 1, 0, 0, 1
    a, b, _, c, d = struct.unpack("=5i", found[:20])
    most = max(abs(value) for value in (a, b, c, d))

    def sign(value: int) -> int:
        # A matrix that is turned by a little more or less than a quarter counts as a quarter turn.
        return 0 if abs(value) < most / 2 else (value > 0) - (value < 0)

    return sign(a), sign(b), sign(c), sign(d)
