"""What is known of a clip before its pictures are read. Standard library only."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field, replace
from fractions import Fraction

from inbetween.errors import UsageError


@dataclass(frozen=True)
class Colour:
    """How code values mean colours, in ffmpeg's names; "" for what is not said."""

    matrix: str = "bt709"
    """Of luma and chroma: `bt709`, `smpte170m`, `bt2020nc` …; "gbr" for what has none."""
    range: str = "tv"
    """`tv` (limited) or `pc` (full), of luma and chroma."""
    primaries: str = "bt709"
    transfer: str = "bt709"
    """Never converted: `smpte2084` (PQ) and `arib-std-b67` (HLG) stay as they are."""
    depth: int = 8
    """Bits of a code value."""
    mastering: str = ""
    """Of an HDR screen, as x265 takes it: `G(x,y)B(x,y)R(x,y)WP(x,y)L(max,min)`."""
    light: str = ""
    """Brightest pixel and mean of a picture: `max,mean`."""


def scaler_name(matrix: str) -> str:
    """What ffmpeg's scaler calls a matrix."""
    return {"bt2020nc": "bt2020", "bt2020c": "bt2020", "bt470bg": "bt470"}.get(matrix, matrix)


@dataclass(frozen=True)
class Stream:
    """A stream of a clip's file."""

    index: int
    kind: str
    """`video`, `audio`, `subtitle`, `data` or `attachment`."""
    codec: str
    """ffmpeg's name, "" if it knows none."""
    language: str = ""


@dataclass(frozen=True)
class Clip:
    """The part of a clip that is used. Times are seconds."""

    path: str
    """As the user gave it: a file, a folder, a glob or a numbered name."""
    size: tuple[int, int]
    """(H, W) of its pictures as they are shown: rotated."""
    channels: int
    """3, or 4 with alpha."""
    bits: int
    """8 or 16, of the pictures; a stream of 10 bits is read into 16."""
    rate: Fraction
    """Pictures a second: of a clip whose pictures come at uneven times, the standard rate nearest to their mean."""
    count: int
    """Pictures in that time, as far as the file says."""
    start: Fraction
    """Of the first picture used, in the file's own clock: what the other streams are in sync with."""
    duration: Fraction
    """From the first picture used to the end of the last one's display."""
    last: Fraction
    """When the last picture used is shown, since the first one."""
    even: bool = True
    """Pictures come at even times, but for the rounding of the file's clock."""
    ticks: array[int] = field(default_factory=lambda: array("q"), repr=False)
    """Time stamps of all the file's pictures, ascending, in its own clock; none for an even clip with time stamps."""
    unit: Fraction = Fraction(1)
    """Seconds of a tick."""
    colour: Colour = field(default_factory=Colour)
    timed: bool = True
    """The file has time stamps; else its pictures are counted, and `ticks` are their places."""
    aspect: Fraction = Fraction(1)
    """Width to height of a pixel as it is shown."""
    rotation: int = 0
    """Degrees clockwise that its pictures were turned: 0, 90, 180 or 270."""
    interlaced: bool = False
    fields: bool = False
    """A picture is made of each field: twice as many as the file has."""
    order: str = "auto"
    """Its field that comes first: `tff` the top one, `bff` the bottom one, `auto` as each frame says."""
    film: bool = False
    """A picture is made of the two fields that are of one, wherever they are."""
    video: int = -1
    """Index of its stream of pictures; -1 for a sequence of picture files, and for an animated WebP."""
    streams: tuple[Stream, ...] = ()
    """All others, in the file's order; a cover picture is `attachment`."""
    loop: bool = False
    """An animation that starts again for ever."""

    def part(self, since: Fraction, until: Fraction) -> Clip:
        """From `since` to `until`, seconds of this clip; of an even one from picture to picture, of another one to the
        very time: it begins with the picture that is then shown. What comes after it is still read, for the pictures
        on the way there.

        Raises:
            WordsRefused: nothing is left.
        """
        until = min(until, self.duration)
        since, until = self.on_grid(since), self.on_grid(until)
        if since >= until:
            raise UsageError(
                f"from {float(since):.2f} s to {float(until):.2f} s there is nothing of {self.path}",
                f"it lasts {float(self.duration):.2f} s, and --to comes after --from",
            )
        if self.even:
            last, count = min(self.last, until - 1 / self.rate), round((until - since) * self.rate)
        else:
            first = self._shown(since)
            stop = bisect_left(self.ticks, (self.start + until) / self.unit)
            last, count = self._time(stop - 1), (stop - first) * (2 if self.fields else 1)
        return replace(
            self,
            start=self.start + since,
            duration=until - since,
            last=max(Fraction(0), last - since),
            count=max(1, count),
        )

    def on_grid(self, time: Fraction) -> Fraction:
        """A picture's time, seconds since `start`: of an even clip without the rounding of its clock."""
        return round(time * self.rate) / self.rate if self.even else time

    def before(self, time: Fraction, count: int) -> Fraction:
        """When a picture is shown that is so many before the one that is shown at a time; both are seconds since
        `start`. The first one has none before it."""
        return time - count / self.rate if self.even else self._time(max(0, self._shown(time) - count))

    def _shown(self, time: Fraction) -> int:
        return max(0, bisect_right(self.ticks, (self.start + time) / self.unit) - 1)

    def _time(self, number: int) -> Fraction:
        return self.ticks[number] * self.unit - self.start

    def doubled(self) -> Clip:
        """With a picture made of each field."""
        return replace(self, fields=True, rate=2 * self.rate, count=2 * self.count, last=self.last + 1 / self.rate / 2)
