"""Clicks in a hum."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from support.pictures import scene

RATE = 48_000
CLICKS = (0.5, 1.25, 2.0, 2.5)
"""Seconds."""


def clicks(seconds: float, rate: int = RATE) -> np.ndarray:
    """(2, N): clicks in a hum, for whatever listens to them."""
    t = np.arange(round(seconds * rate)) / rate
    sound = 0.02 * np.sin(2 * np.pi * 220 * t)
    for click in CLICKS:
        late = t - click
        sound += np.where((late >= 0) & (late < 0.01), 0.8 * np.sin(2 * np.pi * 3000 * late), 0)
    return np.stack([sound, sound]).astype(np.float32)


def heard(sound: np.ndarray, rate: int = RATE) -> list[float]:
    """When the clicks set in, in seconds."""
    loud = np.flatnonzero(np.abs(sound[0]) > 0.3) / rate
    return [float(time) for time in loud[np.diff(loud, prepend=-1) > 0.1]]


def clicking(
    path: Path, rate: Fraction, count: int, codec: str = "aac", begin: Fraction = Fraction(0), cut: int | None = None
) -> Path:
    """A film of `count` pictures with clicks, the sound beginning `begin` seconds after the pictures; from picture
    `cut` on it shows something else."""
    with av.open(str(path), "w") as film:
        video = film.add_stream("libx264" if path.suffix != ".webm" else "libvpx-vp9", rate=rate, options={"crf": "20"})
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        audio = film.add_stream(codec, rate=RATE, layout="stereo")
        for number in range(count):
            seed = 0 if cut is None or number < cut else 9
            frame = av.VideoFrame.from_ndarray(scene(number / 4, (48, 64), seed), "rgb24")
            frame.pts, frame.time_base = number, 1 / rate
            film.mux(video.encode(frame))
        film.mux(video.encode(None))
        sound = av.AudioFrame.from_ndarray(clicks(float(count / rate)), "fltp", "stereo")
        sound.sample_rate, sound.pts, sound.time_base = RATE, round(begin * RATE), Fraction(1, RATE)
        film.mux(audio.encode(sound))
        film.mux(audio.encode(None))
    return path


def played(path: Path, track: int = 0) -> tuple[np.ndarray, int, Fraction, Fraction]:
    """(2, N) from the first picture on, its rate, the seconds of the film, and of its sound."""
    with av.open(str(path)) as film:
        pictures = [frame.pts * frame.time_base for frame in film.decode(video=0)]
        length = len(pictures) / Fraction(film.streams.video[0].average_rate)
        film.seek(0)
        floats = av.AudioResampler("fltp")
        parts = [part for frame in film.decode(audio=track) for part in floats.resample(frame)]
    rate = parts[0].rate
    late = round((parts[0].pts * parts[0].time_base - min(pictures)) * rate)
    sound = np.concatenate([part.to_ndarray() for part in parts], 1)
    sound = np.pad(sound, ((0, 0), (late, 0))) if late > 0 else sound[:, -late:]
    return sound, rate, length, Fraction(sound.shape[1], rate)
