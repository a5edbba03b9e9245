"""From the time of a clip to the time of the film that is made of it. Standard library only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Timing:
    """Which part of a clip a film shows, and when. All times are in seconds."""

    start: Fraction
    """When the film begins, by the clock of the clip's file."""
    duration: Fraction
    """Length of the part of the clip that is used."""
    length: Fraction
    """Length of the film."""
    shown: Callable[[Fraction], Fraction]
    """Gives the time in the film at which a time of the clip, counted from `start`, is shown. It ascends."""
    source: Callable[[Fraction], Fraction]
    """The inverse of `shown`."""

    def film_time(self, time: Fraction) -> Fraction:
        """When `time`, by the clock of the clip's file, is shown in the film; for a time that the film does not show,
        that of the nearest one that it shows."""
        return min(self.length, self.shown(min(max(Fraction(0), time - self.start), self.duration)))

    @property
    def own_speed(self) -> bool:
        """Whether the film plays at the clip's own speed. It is asked at nine evenly spaced times."""
        times = [self.duration * part / 8 for part in range(9)]
        return all(self.shown(time) == time for time in times)
