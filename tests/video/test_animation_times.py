"""Animations as clips: their times, and how they clear and blend."""

from __future__ import annotations

import struct
import zlib
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from inbetween.compare import compare
from inbetween.errors import InbetweenError
from inbetween.request import ClipRequest
from inbetween.retime.plan import plan
from inbetween.retime.produce import make_film
from inbetween.types import Report
from inbetween.video import animation, sinks
from inbetween.video.probe import probe
from support.commands import Command
from support.containers import chunk
from support.films import timed

DELAYS = (100, 100, 200, 50, 150, 100)
"""Milliseconds."""
KINDS = (".gif", ".png", ".webp")


def drawn(number: int) -> Image.Image:
    """A square that moves over nothing, above a floor."""
    picture = Image.new("RGBA", (48, 32), (0, 0, 0, 0))
    pen = ImageDraw.Draw(picture)
    pen.rectangle((4 + 5 * number, 8, 14 + 5 * number, 20), fill=(200, 40 + 30 * number, 60, 255))
    pen.rectangle((0, 28, 47, 31), fill=(10, 200, 10, 255))
    return picture


def animated(path: Path, delays: tuple[int, ...] = DELAYS, **more: int) -> Path:
    first, *others = (drawn(number) for number in range(len(delays)))
    more = {"loop": 0, **({"lossless": True} if path.suffix == ".webp" else {"disposal": 2}), **more}
    if path.suffix == ".png":
        more["disposal"] = 1
    first.save(path, save_all=True, append_images=others, duration=list(delays), **more)
    return path


def slow(path: Path, out: Path, **words: str) -> None:
    request = ClipRequest(clip=str(path), out=str(out), engine="blend", **{"repeats": "keep", **words})
    make_film(plan(request), Report(), overwrite=True)


@pytest.mark.parametrize("suffix", KINDS)
def test_every_picture_has_its_own_time(tmp_path: Path, suffix: str) -> None:
    path = animated(tmp_path / f"a{suffix}")
    clip, found = probe(str(path), Report()), timed(path)
    assert [time for time, _ in found] == [Fraction(sum(DELAYS[:number]), 1000) for number in range(6)]
    assert (clip.duration, clip.channels, clip.even, clip.loop) == (Fraction(7, 10), 4, False, True)
    for number, (_, picture) in enumerate(found):
        wanted = np.asarray(drawn(number))
        assert np.array_equal(picture[..., 3], wanted[..., 3])
        assert np.array_equal(picture[wanted[..., 3] > 0], wanted[wanted[..., 3] > 0])
    late = timed(path, Fraction(42, 100))
    assert [time for time, _ in late] == [Fraction(4, 10), Fraction(45, 100), Fraction(6, 10)]
    assert np.array_equal(late[1][1], found[4][1])


def test_even_times_are_a_rate(tmp_path: Path) -> None:
    for suffix in KINDS:
        clip = probe(str(animated(tmp_path / f"a{suffix}", (40,) * 5)), Report())
        assert (clip.rate, clip.even, clip.duration) == (25, True, Fraction(1, 5)), suffix
    # Thirty a second, by a clock of thousandths.
    for suffix, delays in ((".webp", (33, 33, 34, 33, 33, 34)), (".png", (33, 33, 34, 33, 33, 34))):
        path = animated(tmp_path / f"a{suffix}", delays)
        clip = probe(str(path), Report())
        assert (clip.rate, clip.even, clip.duration) == (30, True, Fraction(1, 5)), suffix
        assert [time for time, _ in timed(path)] == [Fraction(number, 30) for number in range(6)], suffix


@pytest.mark.parametrize("disposal", [1, 2, 3])
def test_how_a_gif_clears_its_pictures(tmp_path: Path, disposal: int) -> None:
    first, *others = (drawn(number) for number in range(3))
    path = tmp_path / "a.gif"
    first.save(path, save_all=True, append_images=others, duration=100, disposal=disposal)
    with Image.open(path) as image:
        for number, (_, picture) in enumerate(timed(path)):
            image.seek(number)
            wanted = np.asarray(image.convert("RGBA"))
            assert np.array_equal(picture[..., 3], wanted[..., 3]), number
            assert np.array_equal(picture[wanted[..., 3] > 0], wanted[wanted[..., 3] > 0]), number


def test_how_a_png_blends_and_clears(tmp_path: Path) -> None:
    """Over red: a green square that is taken away again, a veil of blue, and a hole."""

    def flat(height: int, width: int, *value: int) -> bytes:
        return zlib.compress((b"\0" + bytes(value) * width) * height)

    parts, number = [], 0
    for x, y, height, width, value, dispose, blend in (
        (0, 0, 24, 32, (200, 0, 0, 255), 0, 0),
        (2, 2, 5, 5, (0, 200, 0, 255), 2, 0),
        (10, 10, 5, 5, (0, 0, 200, 128), 0, 1),
        (20, 3, 5, 5, (9, 9, 9, 0), 1, 0),
    ):
        parts.append(chunk(b"fcTL", struct.pack(">IIIIIHHBB", number, width, height, x, y, 50, 1000, dispose, blend)))
        data = flat(height, width, *value)
        parts.append(chunk(b"fdAT", struct.pack(">I", number + 1) + data) if number else chunk(b"IDAT", data))
        number += 2 if number else 1
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 32, 24, 8, 6, 0, 0, 0)) + chunk(b"acTL", struct.pack(">II", 4, 1))
    path = tmp_path / "a.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + head + b"".join(parts) + chunk(b"IEND", b""))
    found = [picture for _, picture in timed(path)]
    red, green = (200, 0, 0, 255), (0, 200, 0, 255)
    assert [tuple(picture[3, 3]) for picture in found] == [red, green, red, red]
    assert [tuple(picture[11, 11]) for picture in found][2:] == [(100, 0, 100, 255)] * 2
    assert [int(picture[4, 21, 3]) for picture in found] == [255, 255, 255, 0]
    assert not probe(str(path), Report()).loop


def test_no_time_is_a_tenth_of_a_second(tmp_path: Path) -> None:
    for suffix in (".gif", ".webp"):
        clip = probe(str(animated(tmp_path / f"a{suffix}", (0,) * 4)), Report())
        assert (clip.rate, clip.count) == (10, 4), suffix
    assert probe(str(animated(tmp_path / "fast.gif", (10,) * 4)), Report()).rate == 100


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".apng"])
@pytest.mark.parametrize("loop", [0, 1])
def test_what_starts_again_does_so_in_slow_motion(tmp_path: Path, suffix: str, loop: int) -> None:
    path = animated(tmp_path / "a.webp", (100,) * 4, loop=loop)
    out = tmp_path / f"out{suffix}"
    slow(path, out, factor="2")
    with Image.open(out) as image:
        assert (image.info.get("loop") == 0) == (loop == 0)
        image.seek(2)
        found = np.asarray(image.convert("RGBA"))
    assert np.array_equal(found[..., 3], np.asarray(drawn(1))[..., 3])
    if suffix != ".gif":
        assert len(animation.times(str(out), suffix).delays) >= 7
        assert sum(animation.times(str(out), suffix).delays) == Fraction(8, 10)


def test_animations_beside_each_other(tmp_path: Path) -> None:
    one, other = animated(tmp_path / "a.webp"), animated(tmp_path / "b.gif")
    made, likeness = compare([str(one), str(other)], sinks.parse(str(tmp_path / "out.mp4")), "side", Report())
    assert made.duration == pytest.approx(0.7, abs=0.1)
    assert likeness[0] == 100


@pytest.mark.parametrize("suffix", KINDS)
@pytest.mark.parametrize("part", [0.02, 0.3, 0.8])
def test_a_part_of_a_file_is_refused(tmp_path: Path, suffix: str, part: float) -> None:
    path = animated(tmp_path / f"a{suffix}")
    data = path.read_bytes()
    path.write_bytes(data[: max(13, int(len(data) * part))])
    with pytest.raises(InbetweenError) as problem:
        probe(str(path), Report())
    assert "\n" not in problem.value.message + problem.value.hint


def test_the_command_with_a_damaged_webp(tmp_path: Path, command: Command) -> None:
    data = bytearray(animated(tmp_path / "a.webp").read_bytes())
    data[len(data) // 2 : len(data) // 2 + 60] = bytes(60)
    (tmp_path / "a.webp").write_bytes(data)
    ran = command("slowmo", "a.webp", "-f", "2", "-o", "out.gif")
    assert ran.code == 1
    assert all(ran.problem)
    drawn(0).save(tmp_path / "still.webp", lossless=True)
    ran = command("slowmo", "still.webp", "-f", "2", "-o", "out.gif")
    assert ran.code == 1
    assert "is a picture, not a clip" in ran.problem[0]
