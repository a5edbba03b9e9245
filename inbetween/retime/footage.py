"""A clip, or a sequence of pictures, as one stream of pictures at their times."""

from __future__ import annotations

import glob
import os
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from inbetween.errors import InbetweenError, UsageError
from inbetween.key_files import KeyFiles, check_side, one_aspect
from inbetween.pictures import fit
from inbetween.types import Picture, Report
from inbetween.video.clip import Clip, Colour

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".avif")
_NUMBER = re.compile(r"%(?:0(\d{0,2}))?d")

Pictures = Callable[[Clip, Report, Fraction], Iterator[tuple[Fraction, Picture]]]


@dataclass(frozen=True)
class Footage:
    """A clip or a sequence of pictures, and how its frames are read."""

    clip: Clip
    pictures: Pictures
    """(the clip or a part of it, report, begin) -> (seconds since its start, picture), from the last one at or before
    `begin` on."""
    inputs: tuple[Path, ...]
    """The files that it comes from."""
    close: Callable[[], None] = lambda: None
    """Ends the threads that read; no picture can be asked for any more."""


def begun(pictures: Iterable[tuple[Fraction, Picture]]) -> Iterator[tuple[Fraction, Picture]]:
    """With the picture that is shown at 0 there: a part of a clip begins with it, whenever it appeared."""
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
    """The pictures of a clip for readers that come one after the other, each a little before the place that the one
    before has reached: what was read last is kept, so that nothing is decoded twice.

    Frames are identical whether they were kept or are decoded again.
    """

    def __init__(self, opened: Callable[[Fraction], Iterator[tuple[Fraction, Picture]]], kept: int) -> None:
        self._opened = opened
        self._kept: deque[tuple[Fraction, Picture]] = deque(maxlen=kept)
        self._more: Iterator[tuple[Fraction, Picture]] = iter(())

    def since(self, begin: Fraction) -> Iterator[tuple[Fraction, Picture]]:
        """The frames from the last one at or before `begin` on."""
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
    """The files of a folder, a glob or a numbered name such as `f_%05d.png`, in their order: 2.png before 10.png.
    None: it is a file.

    Raises:
        InbetweenError: there are none.
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
        raise InbetweenError(what, "check the name; PNG, JPEG, WebP, TIFF and BMP are taken")
    return sorted(paths, key=lambda path: by_number(path.name))


def absolute(name: str) -> str:
    """A name for `sequence` as it is found from any other folder."""
    magic = glob.has_magic(name) and not os.path.exists(name)
    return os.path.join(glob.escape(os.getcwd()), name) if magic else os.path.abspath(name)


def by_number(name: str) -> list[tuple[str, int]]:
    """Sorts 2.png before 10.png."""
    return [(text, int(digits or 0)) for text, digits in re.findall(r"(\D*)(\d*)", name)]


def of_pictures(
    name: str,
    paths: list[Path],
    rate: Fraction,
    holes: bool,
    threads: int,
    report: Report,
    how: str | None = None,
    force: bool = False,
) -> Footage:
    """A sequence. holes: a number that is missing is time in which its picture would have been shown. how: as in
    `pictures.fit`, for pictures of another size than the first. force: take pictures of more than 64 megapixels too.

    Raises:
        InbetweenError: pictures of unlike size, or that cannot be read; holes without numbers.
    """
    files = KeyFiles(paths, None, how, force, report, threads)
    places = _places(paths) if holes else list(range(len(paths)))
    missing = places[-1] + 1 - len(paths)
    if missing:
        report.note("holes", f"{missing} pictures are missing: they are made", missing=missing)
    elif not holes:
        _say_holes(paths, report)
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


def _say_holes(paths: list[Path], report: Report) -> None:
    with suppress(UsageError):
        missing = _places(paths)[-1] + 1 - len(paths)
        # More of them are no holes: dates, or every tenth.
        if 0 < missing <= len(paths):
            text = f"{missing} numbers are missing among the pictures, which follow each other all the same"
            report.note("holes", f"{text}; --holes makes them", missing=missing)


def _places(paths: list[Path]) -> list[int]:
    """The last number in each name, counted from the first one's."""
    found = [re.findall(r"\d+", path.stem) for path in paths]
    if not all(found):
        name = next(path.name for path, numbers in zip(paths, found, strict=True) if not numbers)
        raise UsageError(f"`{name}` has no number, so no hole can be seen", "leave --holes out")
    numbers = [int(one[-1]) for one in found]
    if len(set(numbers)) < len(numbers) or numbers != sorted(numbers):
        raise UsageError("the numbers in the pictures' names do not ascend", "leave --holes out")
    return [number - numbers[0] for number in numbers]


def sized(found: Footage, size: tuple[int, int], how: str | None, report: Report) -> Footage:
    """At another size (H, W), in square pixels. how: as in `pictures.fit`, or None where no shape may be changed.

    Raises:
        UsageError: a side is too long.
        InbetweenError: the clip, as it is shown, has another shape, and `how` does not say what to do.
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
        told = f" ({how})" if how else ""
        text = f"{clip.path} is brought from {shown[1]}x{shown[0]} to {size[1]}x{size[0]}{told}"
        report.note("resized", text, size=list(size))

    def pictures(part: Clip, report: Report, begin: Fraction) -> Iterator[tuple[Fraction, Picture]]:
        stored = replace(part, size=clip.size, aspect=clip.aspect)
        for time, picture in found.pictures(stored, report, begin):
            yield time, fit(fit(picture, shown, "stretch"), size, way)

    return Footage(replace(clip, size=size, aspect=Fraction(1)), pictures, found.inputs, found.close)


def of_video(name: str, deinterlace: bool, report: Report) -> Footage:
    """A video file.

    Raises:
        InbetweenError: see `probe.probe`; it is interlaced and not to be deinterlaced.
    """
    from inbetween.video.interlace import classify
    from inbetween.video.probe import probe
    from inbetween.video.read import frames

    clip = probe(name, report)
    if clip.interlaced and not deinterlace:
        raise InbetweenError(
            f"{name} is interlaced: every picture of it is two halves of other times",
            "add --deinterlace, which makes a picture of each half",
        )
    found, order = classify(clip, report) if deinterlace else ("", "auto")
    clip = replace(clip, order=order)
    if found == "film":
        report.note(
            "film", f"{name} is film in interlaced video (3:2): the halves of each picture are brought together"
        )
        clip = replace(clip, film=True)
    elif found == "whole":
        report.note("whole", f"{name} has whole pictures, though it may say otherwise: they stay as they are")
    elif found == "fields":
        clip = clip.doubled()
    return Footage(clip, frames, (Path(name),))
