"""A studio's clock."""

from __future__ import annotations

import subprocess
from fractions import Fraction
from pathlib import Path

import av
import pytest

from inbetween.video import ffmpeg
from inbetween.video.timecode import timecode
from support.commands import Command

NTSC = Fraction(30000, 1001)


@pytest.mark.parametrize(
    ("text", "since", "rate", "film", "label"),
    [
        ("10:00:00:24", Fraction(1, 25), Fraction(25), Fraction(25), "10:00:01:00"),
        ("23:59:59:24", Fraction(1, 25), Fraction(25), Fraction(25), "00:00:00:00"),
        ("10:00:00:12", Fraction(0), Fraction(25), Fraction(50), "10:00:00:24"),
        ("00:00:59;29", 1 / NTSC, NTSC, NTSC, "00:01:00;02"),
        ("00:09:59;29", 1 / NTSC, NTSC, NTSC, "00:10:00;00"),
        ("00:00:00;00", Fraction(3600), NTSC, NTSC, "01:00:00;00"),
        ("00:00:59:29", 1 / NTSC, NTSC, NTSC, "00:01:00:00"),
        ("01:00:00;02", Fraction(0), NTSC, Fraction(60), "01:00:00:04"),
        ("01:00:00:30", Fraction(0), NTSC, NTSC, ""),
        ("noon", Fraction(0), NTSC, NTSC, ""),
    ],
)
def test_a_studios_clock(text: str, since: Fraction, rate: Fraction, film: Fraction, label: str) -> None:
    assert timecode(text, since, rate, film) == label


@pytest.mark.parametrize("source", ["c.mov", "c.mkv"])
@pytest.mark.parametrize("out", ["o.mov", "o.mkv"])
def test_the_timecode_goes_with_the_film(inside: Command, tmp_path: Path, source: str, out: str) -> None:
    words = ["-f", "lavfi", "-i", "testsrc2=s=64x48:r=25:d=1", "-c:v", "mpeg4", "-timecode", "10:00:00:20"]
    subprocess.run([ffmpeg.executable(), "-v", "error", *words, str(tmp_path / source)], check=True)
    ran = inside("slowmo", source, "--from", "0.4s", "--factor", "2", "--engine", "blend", "-o", out)
    assert ran.code == 0, ran.err
    with av.open(str(tmp_path / out)) as film:
        tags = {name.lower(): text for name, text in (film.streams.video[0].metadata | film.metadata).items()}
    assert tags["timecode"] == "10:00:01:05"
