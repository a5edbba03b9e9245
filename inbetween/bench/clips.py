"""Reads clips, which are video files or folders of pictures, into memory as 8-bit RGB."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from inbetween import pictures
from inbetween.devices import available_memory
from inbetween.errors import InbetweenError
from inbetween.produce import BYTES_PER_PIXEL
from inbetween.types import Picture, Report
from inbetween.video.decode import frames_stream, opened

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".avif")
LEAST_SIDE = 32
"""The shortest side of a frame in pixels. Smaller frames are refused by ffmpeg's minterpolate, and crash libvmaf."""
ACCEPTED = "give video files, or folders of pictures"
"""The hint where something else was given."""


@dataclass(frozen=True)
class Clip:
    """A clip and its name."""

    path: Path
    name: str
    """The name in tables; it is printable and differs from those of the other clips."""


def named(paths: Sequence[Path]) -> list[Clip]:
    """The clips, named after their files, or by their whole paths where two files have the same name."""
    stems = [path.name if os.path.isdir(path) else path.stem for path in paths]
    return [
        Clip(path, _printable(stem if stem and stems.count(stem) == 1 else str(path)))
        for path, stem in zip(paths, stems, strict=True)
    ]


def check(clips: Sequence[Clip], report: Report) -> None:
    """Look at the first frame of every clip, before any work.

    Raises:
        InbetweenError: see `read`.
    """
    for number, clip in enumerate(clips):
        report.progress("opening clips", number, len(clips))
        for _ in _frames(clip, 1):
            pass


def read(clip: Clip, most: int | None, report: Report) -> list[Picture]:
    """All frames of a clip, or the first `most` of them: (H, W, 3) uint8, read-only.

    Videos are converted to rgb24 by PyAV and not rotated. The pictures of a folder are read in the order of the numbers
    in their names; 16 bits are rounded to 8, and alpha is laid over black.

    Args:
        clip: the clip.
        most: the number of frames to read at most; None: all.
        report: hears the progress.

    Raises:
        InbetweenError: there is no such clip, it is damaged or has no frames, its frames differ in size or have a side
            below `LEAST_SIDE`, or there is not enough memory for them.
    """
    held: list[Picture] = []
    for frame in _frames(clip, most):
        report.progress(f"reading {clip.name}", len(held), 0)
        if len(held) % 16 == 0:
            _check_memory(clip, held, frame)
        frame.flags.writeable = False
        held.append(frame)
    return held


def _frames(clip: Clip, most: int | None) -> Iterator[Picture]:
    source = _from_folder(clip) if os.path.isdir(clip.path) else _from_video(clip)
    size = None
    for frame in islice(source, most):
        height, width = frame.shape[:2]
        if min(height, width) < LEAST_SIDE:
            raise InbetweenError(
                f"{clip.path} is {width}x{height}: no side may be below {LEAST_SIDE} pixels", "leave it out"
            )
        if size not in (None, (width, height)):
            raise InbetweenError(f"{clip.path} changes its size from {size} to {(width, height)}", "leave it out")
        size = width, height
        yield frame
    if size is None:
        raise InbetweenError(f"{clip.path} has no frames", ACCEPTED)


def _from_folder(clip: Clip) -> Iterator[Picture]:
    try:
        names = [name for name in os.listdir(clip.path) if name.lower().endswith(SUFFIXES) and name[0] != "."]
    except OSError as error:
        raise InbetweenError(f"{clip.path} cannot be read: {error.strerror}", "check its permissions") from error
    for name in sorted(names, key=_by_number):
        picture = pictures.like(pictures.read(clip.path / name), 3, np.uint8)
        yield np.ascontiguousarray(picture)  # type: ignore[misc]


def _by_number(name: str) -> list[tuple[int, str]]:
    """The sort key of a file name: 2.png comes before 10.png."""
    return [(int(digits or 0), rest) for digits, rest in re.findall(r"(\d*)(\D*)", name)]


def _from_video(clip: Clip) -> Iterator[Picture]:
    path = str(clip.path)
    with opened(path, ACCEPTED) as container:
        video = frames_stream(container, path, ACCEPTED)
        for frame in container.decode(video):
            yield np.ascontiguousarray(frame.to_ndarray(format="rgb24"), np.uint8)


def _check_memory(clip: Clip, held: Sequence[Picture], frame: Picture) -> None:
    """Refuse a clip whose made frames, as many as are read already, would not fit beside what an engine needs."""
    needed = len(held) * frame.nbytes + frame.shape[0] * frame.shape[1] * BYTES_PER_PIXEL
    free = available_memory()
    if free is not None and needed > free:
        raise InbetweenError(
            f"{clip.path} is too long for the memory: after {len(held)} frames {free / 1e9:.1f} GB are left",
            f"score only its beginning: --max-frames {max(3, len(held) // 2)}",
        )


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)
