"""Reads a clip, or a sequence of pictures, as one stream of frames at their times."""

from __future__ import annotations

import glob
import os
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from inbetween.errors import InbetweenError, UsageError
from inbetween.key_files import KeyFiles, check_side, one_aspect
from inbetween.pictures import fit
from inbetween.request import ClipRequest
from inbetween.types import Picture, Report
from inbetween.video.clip import Clip, Colour

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".avif")
"""The suffixes of the files of a folder that count as pictures."""
_NUMBER = re.compile(r"%(?:0(\d{0,2}))?d")
"""Matches the place of the number in a name such as `f_%05d.png`."""

Pictures = Callable[[Clip, Report, Fraction], Iterator[tuple[Fraction, Picture]]]
"""(clip or part of it, report, begin) -> (time in seconds since the start of that part, frame), from the last frame at
or before `begin` on."""


@dataclass(frozen=True)
class Footage:
    """A clip or a sequence of pictures, and how its frames are read."""

    clip: Clip
    """The facts about it."""
    pictures: Pictures
    """Reads its frames."""
    inputs: tuple[Path, ...]
    """The files that it is read from."""
    close: Callable[[], None] = lambda: None
    """Ends the threads that read; no frame can be read any more."""


def begun(pictures: Iterable[tuple[Fraction, Picture]]) -> Iterator[tuple[Fraction, Picture]]:
    """The frames of a part of a clip, beginning with the frame that is shown at its time 0, at that time, even where it
    appeared earlier."""
    early: tuple[Fraction, Picture] | None = None
    for time, picture in pictures:
        if early is not None:
            yield (Fraction(0), early[1]) if time > 0 else early
        early = (time, picture) if time < 0 else None
        if early is None:
            yield time, picture
    if early is not None:
        yield Fraction(0), early[1]


class Shared:
    """The frames of a clip for several readers, one after the other, of which each begins a little before the place
    that the reader before it has reached. The last frames are kept, so that none is decoded twice.

    Frames are identical whether they were kept or are decoded again.
    """

    def __init__(self, opened: Callable[[Fraction], Iterator[tuple[Fraction, Picture]]], kept: int) -> None:
        """
        Args:
            opened: begin -> (time in seconds, frame), from the last frame at or before `begin` on.
            kept: the number of frames that are kept.
        """
        self._opened = opened
        self._kept: deque[tuple[Fraction, Picture]] = deque(maxlen=kept)
        self._more: Iterator[tuple[Fraction, Picture]] = iter(())

    def since(self, begin: Fraction) -> Iterator[tuple[Fraction, Picture]]:
        """The frames from the last one at or before `begin` seconds on, each with its time."""
        known = [number for number, (time, _) in enumerate(self._kept) if time <= begin]
        if known:
            yield from list(self._kept)[known[-1] :]
        else:
            self._kept.clear()
            self._more = self._opened(begin)
        for one in self._more:
            self._kept.append(one)
            yield one


def sequence(name: str) -> list[Path] | None:
    """The pictures of a folder, a glob or a numbered name such as `f_%05d.png`, in the order of their numbers.

    Returns:
        The files, 2.png before 10.png; None if the name is that of a single file.

    Raises:
        InbetweenError: there are no such pictures.
    """
    if os.path.isfile(name):
        return None
    folder, last = os.path.split(name)
    if os.path.isdir(name):
        paths = [path for path in Path(name).iterdir() if path.suffix.lower() in SUFFIXES and path.name[0] != "."]
        what = f"the folder {name} has no pictures"
    elif _NUMBER.search(last):
        before, after = (re.escape(part) for part in _NUMBER.split(last)[::2])
        wanted = re.compile(f"{before}[0-9]+{after}")
        paths = [path for path in Path(folder or os.curdir).glob("*") if wanted.fullmatch(path.name)]
        what = f"there are no pictures `{name}`"
    elif glob.has_magic(name):
        paths = [Path(path) for path in glob.glob(name) if os.path.isfile(path)]
        what = f"there are no pictures `{name}`"
    else:
        return None
    if not paths:
        raise InbetweenError(what, "check the name; PNG, JPEG, WebP, TIFF and BMP are accepted")
    return sorted(paths, key=lambda path: by_number(path.name))


def input_files(request: ClipRequest, paths: Sequence[Path] | None) -> dict[str, Path]:
    """The files that decide the frames of a clip's film, by what messages call them.

    Args:
        request: names the clip, the mask and the list of cuts.
        paths: the pictures of a sequence, as from `sequence`; None for a video.
    """
    files = {f"picture {number}": path for number, path in enumerate(paths or (), 1)}
    if paths is None:
        files["the clip"] = Path(request.clip)
    if request.protect is not None:
        files["--protect"] = Path(request.protect)
    if request.cuts not in ("auto", "off"):
        files["--cuts"] = Path(request.cuts)
    return files


def absolute(name: str) -> str:
    """A name for `sequence` that means the same files from any other current folder."""
    magic = glob.has_magic(name) and not os.path.exists(name)
    return os.path.join(glob.escape(os.getcwd()), name) if magic else os.path.abspath(name)


def by_number(name: str) -> list[tuple[str, int]]:
    """The key to sort names by, so that 2.png comes before 10.png."""
    return [(text, int(digits or 0)) for text, digits in re.findall(r"(\D*)(\d*)", name)]


def of_pictures(
    name: str,
    paths: list[Path],
    rate: Fraction,
    holes: bool,
    threads: int,
    report: Report,
    fit: str | None = None,
    force: bool = False,
) -> Footage:
    """A sequence of pictures as footage.

    Args:
        name: what messages call the sequence.
        paths: the pictures, in order.
        rate: frames per second.
        holes: whether a picture whose number is missing leaves the time in which it would have been shown.
        threads: with more than one, pictures are read ahead.
        report: hears the progress and the notes.
        fit: how pictures of another size than the first are resized, as in `pictures.fit`; None: they are refused.
        force: whether pictures of more than 64 megapixels are accepted.

    Raises:
        InbetweenError: pictures differ in size or cannot be read.
        UsageError: `holes` is set, and the names have no ascending numbers.
    """
    files = KeyFiles(paths, None, fit, force, report, threads)
    places = _places(paths) if holes else list(range(len(paths)))
    missing = places[-1] + 1 - len(paths)
    if missing:
        report.note("holes", f"{missing} pictures are missing: they are made", missing=missing)
    elif not holes:
        _note_holes(paths, report)
    clip = Clip(
        name,
        files.size,
        files.channels,
        files.bits,
        rate,
        places[-1] + 1,
        Fraction(0),
        (places[-1] + 1) / rate,
        places[-1] / rate,
        colour=Colour("gbr", "pc", "bt709", "iec61966-2-1", files.bits),
    )

    def pictures(part: Clip, report: Report, begin: Fraction) -> Iterator[tuple[Fraction, Picture]]:
        times = [place / rate - part.start for place in places]
        first = max([0, *(number for number, time in enumerate(times) if time <= begin)])
        for number in range(first, len(times)):
            yield times[number], files[number]

    return Footage(clip, pictures, tuple(paths), files.close)


def _note_holes(paths: list[Path], report: Report) -> None:
    """Note that numbers are missing among pictures, if they are."""
    with suppress(UsageError):
        missing = _places(paths)[-1] + 1 - len(paths)
        # Where more numbers are missing than there are pictures, they are not holes, but dates or every tenth number.
        if 0 < missing <= len(paths):
            text = f"{missing} numbers are missing among the pictures, which follow each other all the same"
            report.note("holes", f"{text}; --holes makes them", missing=missing)


def _places(paths: list[Path]) -> list[int]:
    """The last number in the name of each picture, minus that of the first picture.

    Raises:
        UsageError: a name has no number, or the numbers do not ascend.
    """
    found = [re.findall(r"\d+", path.stem) for path in paths]
    if not all(found):
        name = next(path.name for path, numbers in zip(paths, found, strict=True) if not numbers)
        raise UsageError(f"`{name}` has no number, so holes cannot be found", "leave --holes out")
    numbers = [int(one[-1]) for one in found]
    if len(set(numbers)) < len(numbers) or numbers != sorted(numbers):
        raise UsageError("the numbers in the pictures' names do not ascend", "leave --holes out")
    return [number - numbers[0] for number in numbers]


def sized(found: Footage, size: tuple[int, int], how: str | None, report: Report) -> Footage:
    """The same footage at another size, in square pixels.

    Args:
        found: the footage.
        size: (H, W) in pixels.
        how: how frames of another shape are brought to it, as in `pictures.fit`; None: they are refused.
        report: hears a note, where the size differs.

    Raises:
        UsageError: a side is too long.
        InbetweenError: the clip, as it is shown, has another shape, and `how` is None.
    """
    clip, way = found.clip, how or "stretch"
    shown = clip.size[0], max(1, round(clip.size[1] * clip.aspect))
    check_side(size)
    if how is None and not one_aspect(shown, size):
        raise InbetweenError(
            f"{clip.path} is {shown[1]}x{shown[0]}, the film is {size[1]}x{size[0]}",
            "say how it is to fit: --fit crop, --fit pad or --fit stretch",
        )
    if shown != size:
        text = f"{clip.path} is brought from {shown[1]}x{shown[0]} to {size[1]}x{size[0]}"
        report.note("resized", text + (f" ({how})" if how else ""), size=list(size))

    def pictures(part: Clip, report: Report, begin: Fraction) -> Iterator[tuple[Fraction, Picture]]:
        stored = replace(part, size=clip.size, aspect=clip.aspect)
        for time, picture in found.pictures(stored, report, begin):
            yield time, fit(fit(picture, shown, "stretch"), size, way)

    return Footage(replace(clip, size=size, aspect=Fraction(1)), pictures, found.inputs, found.close)


def of_video(name: str, deinterlace: bool, report: Report) -> Footage:
    """A video file as footage.

    Args:
        name: the file.
        deinterlace: whether a frame is made of each field of interlaced video.
        report: hears the progress and the notes.

    Raises:
        InbetweenError: see `probe.probe`; or the video is interlaced, and is not to be deinterlaced.
    """
    from inbetween.video.interlace import classify
    from inbetween.video.probe import probe
    from inbetween.video.read import frames

    clip = probe(name, report)
    if clip.interlaced and not deinterlace:
        raise InbetweenError(
            f"{name} is interlaced: each of its frames holds two fields of different times",
            "add --deinterlace, which makes a frame of each field",
        )
    found, order = classify(clip, report) if deinterlace else ("", "auto")
    clip = replace(clip, order=order)
    if found == "film":
        report.note(
            "film", f"{name} is film in interlaced video (3:2): the fields of each frame of the film are joined again"
        )
        clip = replace(clip, film=True)
    elif found == "whole":
        report.note("whole", f"{name} has whole frames, though it may say otherwise: they stay as they are")
    elif found == "fields":
        clip = clip.doubled()
    return Footage(clip, frames, (Path(name),))
