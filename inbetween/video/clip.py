"""The facts about a clip that are known before its frames are read. Standard library only."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field, replace
from fractions import Fraction

from inbetween.errors import UsageError


@dataclass(frozen=True)
class Colour:
    """The colours that the values of a clip's frames mean, in ffmpeg's names; "" for what the clip does not say."""

    matrix: str = "bt709"
    """The matrix between RGB and luma and chroma: `bt709`, `smpte170m`, `bt2020nc` …; `gbr` for frames in RGB."""
    range: str = "tv"
    """The range of luma and chroma: `tv` (limited) or `pc` (full)."""
    primaries: str = "bt709"
    transfer: str = "bt709"
    """Never converted: `smpte2084` (PQ) and `arib-std-b67` (HLG) stay as they are."""
    depth: int = 8
    """Bits of a value in the file."""
    mastering: str = ""
    """The HDR screen on which the clip was graded, in x265's notation: `G(x,y)B(x,y)R(x,y)WP(x,y)L(max,min)`."""
    light: str = ""
    """The light of the brightest pixel and of the brightest frame's mean, in cd/m²: `max,mean`."""


def scaler_name(matrix: str) -> str:
    """The name that ffmpeg's scaler has for a matrix."""
    return {"bt2020nc": "bt2020", "bt2020c": "bt2020", "bt470bg": "bt470"}.get(matrix, matrix)


@dataclass(frozen=True)
class Stream:
    """A stream of a clip's file."""

    index: int
    kind: str
    """`video`, `audio`, `subtitle`, `data` or `attachment`."""
    codec: str
    """PyAV's name of its decoder; "" if there is none."""
    language: str = ""
    """The language as the file gives it, such as `eng`; "" if it gives none."""


@dataclass(frozen=True)
class Clip:
    """A clip, or the part of one that is used. All times are in seconds."""

    path: str
    """As the user gave it: a file, a folder, a glob or a numbered name."""
    size: tuple[int, int]
    """(H, W) of its frames in pixels, after they are turned upright."""
    channels: int
    """3, or 4 with alpha."""
    bits: int
    """Bits of a value of the frames as they are read, 8 or 16; a stream of 10 bits is read into 16."""
    rate: Fraction
    """Frames per second. For frames at uneven times it is the standard rate nearest to their mean."""
    count: int
    """Number of frames in the part that is used, as far as the file says."""
    start: Fraction
    """When the first frame that is used is shown, by the clock of the file, which all its streams share."""
    duration: Fraction
    """From the first frame that is used to the end of the last one's display."""
    last: Fraction
    """When the last frame that is used is shown, counted from the first one."""
    even: bool = True
    """Whether frames come at even times, apart from the rounding of the file's clock."""
    ticks: array[int] = field(default_factory=lambda: array("q"), repr=False)
    """The time stamps of all frames of the file, ascending, by its clock; empty if the clip is `even` and `timed`."""
    unit: Fraction = Fraction(1)
    """Seconds of one tick of `ticks`."""
    colour: Colour = field(default_factory=Colour)
    timed: bool = True
    """Whether the file has time stamps; else its frames are counted, and `ticks` are their numbers."""
    aspect: Fraction = Fraction(1)
    """Width to height of a pixel as it is shown."""
    rotation: int = 0
    """Degrees clockwise by which its frames are turned to be upright: 0, 90, 180 or 270."""
    interlaced: bool = False
    """Whether some of its frames are marked as interlaced."""
    fields: bool = False
    """A frame is made of each field, so there are twice as many as in the file."""
    order: str = "auto"
    """Which field comes first: `tff` the top one, `bff` the bottom one, `auto` what each frame says."""
    film: bool = False
    """The two fields of each film frame are put together again, in whichever frames of the file they are."""
    video: int = -1
    """Index of the stream of frames; -1 for a sequence of picture files, and for an animated WebP."""
    streams: tuple[Stream, ...] = ()
    """All other streams, in the file's order; a cover picture is an `attachment`."""
    loop: bool = False
    """Whether it is an animation that is played again and again."""

    def part(self, since: Fraction, until: Fraction) -> Clip:
        """The part of this clip between two times. A part of an even clip begins and ends at its frames; a part of
        another one begins and ends at the very times, with the frame that is shown then. Frames after its end can still
        be read, for in-betweens need the one that comes next.

        Args:
            since: in seconds since `start`.
            until: in seconds since `start`; the clip's end if that is earlier.

        Raises:
            UsageError: nothing is left.
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
        """A frame's time, in seconds since `start`, without the rounding of the file's clock if the clip is even."""
        return round(time * self.rate) / self.rate if self.even else time

    def before(self, time: Fraction, count: int) -> Fraction:
        """When the frame is shown that comes `count` frames before the one that is shown at `time`; both times are in
        seconds since `start`. In a clip of uneven times it is at the earliest the first frame of the file."""
        return time - count / self.rate if self.even else self._time(max(0, self._shown(time) - count))

    def _shown(self, time: Fraction) -> int:
        """The number of the frame that is shown at a time, in a clip of uneven times."""
        return max(0, bisect_right(self.ticks, (self.start + time) / self.unit) - 1)

    def _time(self, number: int) -> Fraction:
        """When frame `number` is shown, in a clip of uneven times."""
        return self.ticks[number] * self.unit - self.start

    def doubled(self) -> Clip:
        """This clip with a frame made of each field."""
        return replace(self, fields=True, rate=2 * self.rate, count=2 * self.count, last=self.last + 1 / self.rate / 2)
