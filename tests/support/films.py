"""Films: made by PyAV, by ffmpeg or by our own writer, and what is in them."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from inbetween.types import Picture, Report
from inbetween.video import ffmpeg, sinks
from inbetween.video.probe import probe
from inbetween.video.read import frames
from inbetween.video.write import FilmFormat, WriteOptions, write
from support.pictures import load, save

MakeClip = Callable[..., Path]
"""Writes pictures as a film, with more words for `lossless`; where it lies."""


def by_ffmpeg(*words: object) -> None:
    """Runs ffmpeg with these words."""
    subprocess.run([ffmpeg.executable(), "-v", "error", "-y", *map(str, words)], check=True, capture_output=True)


def film(path: Path, pictures: Sequence[Picture], rate: Fraction | int = 25) -> Path:
    """Lossless, in RGB, by PyAV."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("ffv1", rate=rate)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "bgr0"
        for picture in pictures:
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        out.mux(stream.encode())
    return path


def lossless(
    path: Path, pictures: Sequence[Picture], rate: Fraction = Fraction(24), codec: str = "ffv1", **more: Any
) -> Path:
    """A film by our own writer."""
    write(
        FilmFormat(sinks.parse(str(path), codec), rate, len(pictures), pictures[0].shape[:2], **more),
        pictures,
        Report(),
        WriteOptions(True),
    )
    return path


def folder_of(path: Path, pictures: Sequence[Picture]) -> Path:
    """A new folder of numbered PNGs."""
    path.mkdir()
    for number, picture in enumerate(pictures):
        save(path / f"{number}.png", picture)
    return path


def decoded(path: Path) -> list[NDArray[np.uint8]]:
    """The frames in RGB, by PyAV."""
    with av.open(str(path)) as film:
        return [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]


def timed(path: Path, begin: Fraction = Fraction(0)) -> list[tuple[Fraction, Picture]]:
    """The frames with their times, by our own reader."""
    return list(frames(probe(str(path), Report()), Report(), begin))


def shown(path: Path) -> list[Picture]:
    """The frames by our own reader."""
    return [picture for _, picture in timed(path)]


def stamps(path: Path) -> list[Fraction]:
    """Of the frames, in seconds."""
    with av.open(str(path)) as film:
        return [frame.pts * frame.time_base for frame in film.decode(video=0)]


def files(folder: Path) -> list[np.ndarray]:
    return [load(path) for path in sorted(folder.glob("*.png"))]
