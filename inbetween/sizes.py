"""Sizes as text, and the sizes and counts that an engine works at."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from inbetween.engine import Engine, Lengths, Sizes
from inbetween.errors import UsageError

NATIVE = "native"
"""The value of the option `size` by which an engine chooses its working size itself."""


MOST_DIGITS = 6
"""Most digits in a side of a size; what a film may have is checked later, see `key_files.check_side`."""


@dataclass(frozen=True)
class FilmSize:
    """The size of a film as the user wrote it. What is not said follows from the first key, or from the clip."""

    height: int | None = None
    """In pixels; None: from the width and the shape of the key."""
    width: int | None = None
    """In pixels; None: from the height and the shape of the key."""
    scale: Fraction | None = None
    """The ratio of the film's sides to those of the key, where neither side is said."""

    def of(self, key: tuple[int, int]) -> tuple[int, int]:
        """The size (H, W) in pixels for a key of the size `key`, (H, W). A side that is not said is rounded to the
        nearest whole pixel that keeps the shape of the key."""
        if self.height is not None and self.width is not None:
            return self.height, self.width
        if self.height is not None:
            return self.height, max(1, round(Fraction(self.height * key[1], key[0])))
        width = self.width or max(1, round(key[1] * (self.scale or Fraction(1))))
        return max(1, round(Fraction(width * key[0], key[1]))), width


def parse_film_size(text: str) -> FilmSize:
    """Parse the value of `--size`: `1280x720`, `1280x` or `x720` (the other side follows), or `50%`.

    Raises:
        UsageError: the text is not of that form.
    """
    found = re.fullmatch(rf"(\d{{0,{MOST_DIGITS}}})x(\d{{0,{MOST_DIGITS}}})", text.lower().replace("×", "x"), re.ASCII)
    sides = [None if not side else int(side) for side in found.groups()] if found else [None, None]
    if any(sides) and 0 not in sides:
        return FilmSize(height=sides[1], width=sides[0])
    percent = re.fullmatch(r"(\d{1,6}(?:\.\d{1,6})?) ?%", text, re.ASCII)
    if percent and Fraction(percent[1]) > 0:
        return FilmSize(scale=Fraction(percent[1]) / 100)
    raise UsageError(
        f"`{text}` is not a size", "write width x height: --size 1280x720; or one side: 1280x or x720; or 50%"
    )


def frames_wanted(options: object) -> int:
    """The option `frames` of an engine; 0 where the user chose no count, or the engine has no such option."""
    return int(getattr(options, "frames", 0))


def size_wanted(options: object) -> str:
    """The option `size` of an engine, as text; "native" where it has no such option."""
    return str(getattr(options, "size", NATIVE))


def parse_size(text: str, option: str) -> tuple[int, int]:
    """Parse a text WIDTHxHEIGHT as a size (H, W) in pixels.

    Args:
        text: the text.
        option: the text to put before an example in the hint, such as "--size ".

    Raises:
        UsageError: the text is not of that form.
    """
    width, _, height = text.lower().replace("×", "x").partition("x")
    if not (width.isdecimal() and height.isdecimal() and int(width) > 0 and int(height) > 0):
        raise UsageError(f"`{text}` is not a size", f"write width x height: {option}1280x720")
    return int(height), int(width)


def legal_size(sizes: Sizes, key: tuple[int, int]) -> tuple[int, int]:
    """The size (H, W) at which an engine works for keys of the size `key`, (H, W).

    Where the engine has a native size, it is the legal size nearest to a picture with the area of the native size and
    the aspect of the key: nearest in the sense that the squares of the logarithms of the ratios of both sides have the
    least sum. Where it has none, it is the size of the key, each side raised to the next legal one.
    """
    if sizes.native is None:
        return _raised(sizes, key[0]), _raised(sizes, key[1])
    area, aspect = math.prod(sizes.native), key[1] / key[0]
    return _nearest(sizes, math.sqrt(area / aspect)), _nearest(sizes, math.sqrt(area * aspect))


def _raised(sizes: Sizes, side: int) -> int:
    """The least legal side that is not below `side`."""
    return -(-max(side, sizes.least) // sizes.multiple) * sizes.multiple


def _nearest(sizes: Sizes, side: float) -> int:
    """The legal side whose ratio to `side` is nearest to 1."""
    below = int(side) // sizes.multiple * sizes.multiple
    nearest = below if side * side < below * (below + sizes.multiple) else below + sizes.multiple
    return max(nearest, _raised(sizes, sizes.least))


def working_size(sizes: Sizes, text: str, key: tuple[int, int]) -> tuple[int, int]:
    """The size (H, W) that the option `size` of an engine means for keys.

    Args:
        sizes: the sizes that the engine works at.
        text: the option: "native" or WIDTHxHEIGHT.
        key: (H, W) of the keys.

    Raises:
        UsageError: the text is not a size, or the engine does not work at it.
    """
    if text == NATIVE:
        return legal_size(sizes, key)
    size = parse_size(text, "--set size=")
    near = _nearest(sizes, size[0]), _nearest(sizes, size[1])
    if size != near:
        raise UsageError(
            f"this engine cannot work at {size[1]}x{size[0]}",
            f"both sides are multiples of {sizes.multiple}, {sizes.least} or more: --set size={near[1]}x{near[0]}",
        )
    return size


def check_working(engine: Engine, options: object) -> None:
    """Refuse counts and sizes that an engine cannot work with.

    Args:
        engine: the record of the engine.
        options: an instance of its `Options`.

    Raises:
        UsageError: the option `frames` or `size` cannot be met.
    """
    size, frames, lengths = size_wanted(options), frames_wanted(options), engine.lengths
    if engine.sizes is not None and size != NATIVE:
        working_size(engine.sizes, size, (1, 1))
    # Two frames would be the keys alone, and leave nothing for the engine to make.
    if lengths is not None and frames and not (lengths.allows(frames) and frames > 2):
        raise UsageError(
            f"`{engine.name}` cannot make {frames} frames at once",
            f"it makes {counts_text(lengths)}, both keys included: --set frames={lengths.native}",
        )


def counts_text(lengths: Lengths) -> str:
    """The counts that a user may choose, such as "3 to 25", "5, 9, 13 ... 81" or "3, 5, 9, 17, 33"."""
    counts = [count for count in lengths.counts if count > 2]
    if counts == list(range(counts[0], counts[-1] + 1)):
        return f"{counts[0]} to {counts[-1]}"
    shown = [str(count) for count in counts]
    even = len({b - a for a, b in pairwise(counts)}) == 1
    return ", ".join(shown[:3]) + f" ... {shown[-1]}" if even and len(shown) > 5 else ", ".join(shown)
