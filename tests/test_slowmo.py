"""Slow motion: counts, times, pixels, cuts, repeats; in-process where that says as much as the command."""

from __future__ import annotations

import json
import os
import subprocess
import weakref
from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from math import gcd
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from conftest import Command, load, save, scene, texture
from hypothesis import given
from hypothesis import strategies as st

from inbetween import gaps
from inbetween.errors import InbetweenError, UnknownName, UsageError
from inbetween.pictures import fit
from inbetween.plan import RunRequest
from inbetween.record.clip import repeated
from inbetween.slowmo import analysis as keys_room
from inbetween.slowmo.analysis import Findings, Key
from inbetween.slowmo.pieces import pieces
from inbetween.slowmo.produce import LOOK_BACK, Result, look, make_film
from inbetween.slowmo.request import ClipRequest, plan
from inbetween.timeline.speed import Speed, clip_grid
from inbetween.types import Gap, Picture, Report
from inbetween.video import ffmpeg, sinks
from inbetween.video.clip import Clip
from inbetween.video.probe import probe
from inbetween.video.read import frames
from inbetween.video.write import write

SIZE = (72, 96)
NTSC = Fraction(24000, 1001)
MakeClip = Callable[..., Path]


class Notes(Report):
    """Keeps what is said."""

    def __init__(self) -> None:
        self.notes: dict[str, str] = {}

    def note(self, code: str, text: str, *, detail: bool = False, **facts: Any) -> None:
        self.notes[code] = text


@pytest.fixture
def clip(tmp_path: Path) -> MakeClip:
    """A lossless film of pictures, (H, W, 3) uint8."""

    def made(pictures: Iterable[Picture], rate: Fraction = Fraction(24), name: str = "clip.mkv", **more: Any) -> Path:
        pictures = list(pictures)
        path = tmp_path / name
        sink = sinks.parse(str(path), more.pop("codec", "ffv1"))
        write(sink, pictures, rate, len(pictures), pictures[0].shape[:2], Report(), True, **more)
        return path

    return made


def moving(count: int, shot: int = 0, start: float = 0.0, step: float = 0.25) -> list[Picture]:
    return [scene(start + step * number, SIZE, 10 * shot) for number in range(count)]


def slow(path: Path | str, out: Path | str, report: Report | None = None, **words: Any) -> Result:
    names = ("engine", "set", "codec", "encoder", "threads", "size", "fit")
    ours = {name: words.pop(name) for name in names if name in words}
    said = ClipRequest(str(path), RunRequest((), str(out), **ours), **words)
    return make_film(plan(said), report or Report(), overwrite=True)


def pictures_of(path: Path) -> list[Picture]:
    return [picture for _, picture in frames(probe(str(path), Report()), Report())]


# ------------------------------------------------------------------ counts and pixels


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"factor": "1"}, "copied"),
        ({"factor": "2", "fps": "12"}, "copied"),
        ({"factor": "0.5", "repeats": "keep"}, "copied"),
        ({"duration": "0.5s"}, "copied"),
        ({"factor": "2"}, None),
        ({"fps": "25"}, None),
        ({"speed": "0:1, 0.2:0.5"}, None),
        ({"factor": "2", "until": "1s"}, "beyond"),
        ({"factor": "2", "until": "0.5s"}, None),
    ],
)
def test_that_nothing_is_made_or_left_out_is_said(
    clip: MakeClip, tmp_path: Path, words: dict[str, str], said: str | None
) -> None:
    notes = Notes()
    path = clip(moving(12), Fraction(24))
    look(plan(ClipRequest(str(path), RunRequest((), str(tmp_path / "out.mp4")), **words)), True, notes)
    assert {"copied", "beyond"} & set(notes.notes) == ({said} if said else set())


@pytest.mark.parametrize(
    ("words", "count", "rate"),
    [
        ({"factor": "2"}, 24, NTSC),
        ({"factor": "2.5"}, 30, NTSC),
        ({"factor": "8"}, 96, NTSC),
        ({"factor": "8", "end": "key"}, 89, NTSC),
        ({"fps": "60"}, 30, Fraction(60)),
        ({"fps": "59.94"}, 30, Fraction(60000, 1001)),
        ({"factor": "4", "fps": "60"}, 120, Fraction(60)),
        ({"duration": "2s"}, 48, NTSC),
        ({"duration": "2s", "fps": "25", "end": "key"}, 50, Fraction(25)),
        ({"factor": "0.5"}, 6, NTSC),
        ({"speed": "0:1, 0.25:1, 0.25:0.5"}, 18, NTSC),
        ({"factor": "3", "since": "6f", "until": "10f"}, 12, NTSC),
    ],
)
def test_as_many_frames_as_planned(
    clip: MakeClip, tmp_path: Path, words: dict[str, str], count: int, rate: Fraction
) -> None:
    out = tmp_path / "out.mp4"
    made = slow(clip(moving(12), NTSC), out, engine="blend", **words).made.output
    with av.open(str(out)) as container:
        stream = container.streams.video[0]
        assert sum(1 for _ in container.decode(stream)) == count
        assert stream.average_rate == rate
        assert abs(stream.duration * stream.time_base - count / rate) < Fraction(1, 1000)
    assert made.count == count


@pytest.mark.parametrize("fps", [60, 75, 90, 144])
@pytest.mark.parametrize("name", ["out.webm", "out.mkv"])
def test_matroska_says_its_rate(clip: MakeClip, tmp_path: Path, name: str, fps: int) -> None:
    """Its times are whole milliseconds."""
    out = tmp_path / name
    made = slow(clip(moving(6), Fraction(6)), out, engine="blend", fps=str(fps)).made.output
    assert made.count == fps
    with av.open(str(out)) as container:
        lasting = {packet.duration for packet in container.demux(video=0) if packet.size}
        assert container.duration == 1_000_000
    assert lasting == {1000 // fps}


def test_the_clips_own_pictures_stay_bit_for_bit(clip: MakeClip, tmp_path: Path) -> None:
    path = clip(moving(5))
    slow(path, tmp_path / "out", factor="3")
    found = [load(file) for file in sorted((tmp_path / "out").iterdir())]
    assert len(found) == 15
    for number, picture in enumerate(pictures_of(path)):
        assert np.array_equal(found[3 * number], picture)
    # The last picture is held for its own time.
    assert np.array_equal(found[12], found[14])


def test_what_is_made_lies_between(clip: MakeClip, tmp_path: Path) -> None:
    wanted = moving(17, step=0.25)
    slow(clip(wanted[::4]), tmp_path / "out.mkv", codec="ffv1", factor="4", end="key")
    found = pictures_of(tmp_path / "out.mkv")
    errors = [float(np.abs(a.astype(int) - b).mean()) for a, b in zip(found, wanted, strict=True)]
    assert max(errors) < 2.5
    assert max(errors[::4]) == 0


def test_no_frame_is_shown_twice(clip: MakeClip, tmp_path: Path) -> None:
    for rate, fps in ((Fraction(24), "60"), (Fraction(25), "60"), (Fraction(30000, 1001), "60")):
        slow(clip(moving(10), rate), tmp_path / "out.mkv", codec="ffv1", fps=fps)
        found = pictures_of(tmp_path / "out.mkv")
        # The last picture is held.
        moved = [not np.array_equal(a, b) for a, b in pairwise(found)]
        assert all(moved[: -int(Fraction(fps) / rate) - 1]), fps


def test_light_does_not_flicker(clip: MakeClip, tmp_path: Path) -> None:
    """Own and made frames go the same way through the encoder."""
    noise = [np.roll(texture(*SIZE, 3, 1.5), 2 * n, 1).astype(np.uint8) for n in range(9)]
    path = clip(noise, codec="libx264", name="clip.mp4")
    slow(path, tmp_path / "out.mp4", factor="2", end="key", threads=1)
    before = np.array([float(picture.mean()) for picture in pictures_of(path)])
    after = np.array([float(picture.mean()) for picture in pictures_of(tmp_path / "out.mp4")])
    assert np.abs(after[::2] - before).max() < 0.5
    assert abs(after[::2].mean() - after[1::2].mean()) < 0.3


def test_uneven_times_are_met(clip: MakeClip, tmp_path: Path) -> None:
    """A film at another rate shows at every time what was to be seen then."""
    smooth = moving(40, step=0.1)
    wanted = [n for n in range(40) if n % 5 not in (1, 3)]
    path = clip(smooth, Fraction(40))
    cut = tmp_path / "uneven.mkv"
    select = "select=" + "+".join(f"eq(n\\,{n})" for n in wanted)
    words = ["-i", str(path), "-vf", select, "-fps_mode", "vfr", "-c:v", "ffv1", "-pix_fmt", "bgr0", str(cut)]
    subprocess.run([ffmpeg.executable(), "-v", "error", *words], check=True)
    slow(cut, tmp_path / "out.mkv", codec="ffv1", fps="40", repeats="keep")
    found = pictures_of(tmp_path / "out.mkv")
    assert len(found) in (39, 40)
    errors = [float(np.abs(a.astype(int) - b).mean()) for a, b in zip(found[:39], smooth, strict=False)]
    assert max(errors) < 1.5


def test_a_part_of_uneven_times_knows_its_pictures() -> None:
    whole = Clip("c.mkv", SIZE, 3, 8, Fraction(10), 5, Fraction(7), Fraction(1), Fraction(9, 10), even=False)
    whole = replace(whole, ticks=array("q", [7000, 7100, 7150, 7600, 7900]), unit=Fraction(1, 1000))
    part = whole.part(Fraction(12, 100), Fraction(7, 10))
    assert (part.start, part.duration) == (Fraction(712, 100), Fraction(58, 100))
    # Those of 7.1, 7.15 and 7.6 s are seen in it; the last one comes 0.48 s after its beginning.
    assert (part.count, part.last) == (3, Fraction(48, 100))
    assert part.before(Fraction(0), 0) == Fraction(-2, 100)
    assert part.before(Fraction(5, 10), 2) == Fraction(-2, 100)
    assert part.before(Fraction(5, 10), 9) == Fraction(-12, 100)
    inside = whole.part(Fraction(2, 10), Fraction(5, 10))
    assert (inside.count, inside.last) == (1, 0)


@pytest.mark.parametrize("words", [{"factor": "3"}, {"fps": "60", "factor": "2"}])
def test_several_segments_are_one_film(
    clip: MakeClip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: dict[str, str]
) -> None:
    """Also where every fifth picture repeats one, and the others are spread over its time."""
    from inbetween.video import segments

    pictures = [picture for n, picture in enumerate(moving(18, step=0.4)) for _ in range(2 if n % 4 == 3 else 1)]
    path = clip(pictures, Fraction(30))
    whole = slow(path, tmp_path / "a.mkv", codec="ffv1", engine="blend", **words)
    monkeypatch.setattr(segments, "LEAST", 7)
    parts = slow(path, tmp_path / "b.mkv", codec="ffv1", engine="blend", **words)
    assert len(whole.found.counts.repeats) == len(parts.found.counts.repeats) == 4
    assert whole.made.output.count == parts.made.output.count >= 66
    pairs = zip(pictures_of(tmp_path / "a.mkv"), pictures_of(tmp_path / "b.mkv"), strict=True)
    assert all(np.array_equal(a, b) for a, b in pairs)
    assert [file.name for file in tmp_path.iterdir() if file.name.startswith(".")] == []


def test_threads_change_nothing(clip: MakeClip, tmp_path: Path) -> None:
    path = clip(moving(6))
    made = []
    for threads in (1, 3):
        slow(path, tmp_path / "out.mp4", factor="2.5", threads=threads)
        made.append((tmp_path / "out.mp4").read_bytes())
    assert made[0] == made[1]


def test_a_single_picture_is_held(clip: MakeClip, tmp_path: Path) -> None:
    slow(clip(moving(1)), tmp_path / "out.mkv", codec="ffv1", factor="4")
    found = pictures_of(tmp_path / "out.mkv")
    assert len(found) == 4
    assert all(np.array_equal(found[0], picture) for picture in found)


@pytest.mark.parametrize("size", [(1, 1), (3, 65), (33, 47)])
def test_odd_sizes(clip: MakeClip, tmp_path: Path, size: tuple[int, int]) -> None:
    pictures = [scene(n / 4, size) if min(size) > 8 else np.full((*size, 3), 40 * n, np.uint8) for n in range(4)]
    made = slow(clip(pictures), tmp_path / "out.mp4", factor="2").made.output
    assert (made.count, made.size) == (8, size)


# ------------------------------------------------------------------ colours


def test_ten_bits_of_hdr_stay_what_they_are(tmp_path: Path) -> None:
    source = "gradients=s=64x48:r=10:d=0.4:c0=0x204060:c1=0xC0A080:x0=0:y0=0:x1=63:y1=47"
    tags = "colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc:max-cll=1000,400:log-level=error"
    screen = "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)"
    path, out = tmp_path / "pq.mp4", tmp_path / "out.mp4"
    words = [
        "-f",
        "lavfi",
        "-i",
        source,
        "-pix_fmt",
        "yuv420p10le",
        "-c:v",
        "libx265",
        "-x265-params",
        f"{tags}:{screen}",
    ]
    subprocess.run([ffmpeg.executable(), "-v", "error", *words, str(path)], check=True)
    report = Notes()
    slow(path, out, report, factor="2", encoder=None)
    before, after = probe(str(path), Report()), probe(str(out), Report())
    assert after.colour == before.colour
    assert before.colour.mastering.startswith("G(13250,34500)")
    assert "bit_depth" not in report.notes
    with av.open(str(path)) as one, av.open(str(out)) as other:
        ours = [frame.to_ndarray()[:48].astype(int) for frame in other.decode(video=0)][::2]
        for frame, mine in zip(one.decode(video=0), ours, strict=True):
            assert np.abs(frame.to_ndarray()[:48].astype(int) - mine).mean() < 3


def test_matrix_range_and_shape_go_on(clip: MakeClip, tmp_path: Path) -> None:
    from inbetween.video.clip import Colour

    for colour in (Colour("smpte170m", "tv", "smpte170m", "smpte170m"), Colour("bt709", "pc", "bt709", "bt709")):
        aspect = Fraction(4, 3)
        path = clip(moving(3), codec="libx264", name="clip.mp4", colour=colour, aspect=aspect)
        slow(path, tmp_path / "out.mp4", factor="2")
        found = probe(str(tmp_path / "out.mp4"), Report())
        assert (found.colour, found.aspect) == (colour, aspect)


HLG = "setparams=colorspace=bt2020nc:color_primaries=bt2020:color_trc=arib-std-b67"


@pytest.mark.parametrize(
    ("name", "words", "depth"),
    [
        ("c.mkv", ("-vf", f"scale=out_color_matrix=bt2020,{HLG}", "-c:v", "ffv1", "-pix_fmt", "yuv422p10le"), 10),
        ("c.mp4", ("-vf", "setsar=4/3", "-c:v", "libx264", "-pix_fmt", "yuvj420p", "-crf", "10"), 8),
        ("c.mkv", ("-c:v", "ffv1", "-pix_fmt", "gray"), 8),
        ("c.mov", ("-c:v", "png", "-pix_fmt", "rgb24"), 8),
    ],
)
@pytest.mark.parametrize(("speed", "every"), [({"factor": "2"}, 2), ({"fps": "48"}, 2)])
def test_own_pictures_keep_their_colours(
    tmp_path: Path, name: str, words: tuple[str, ...], depth: int, speed: dict[str, str], every: int
) -> None:
    path, out = tmp_path / name, tmp_path / "out.mp4"
    source = ["-f", "lavfi", "-i", "gradients=s=96x64:r=24:d=0.5:seed=3:speed=0.05"]
    subprocess.run([ffmpeg.executable(), "-v", "error", *source, *words, str(path)], check=True)
    made = slow(path, out, engine="blend", repeats="keep", **speed).made.output
    assert made.count == 24
    before, after = probe(str(path), Report()), probe(str(out), Report())
    assert (after.aspect, after.count, after.colour.depth) == (before.aspect, 24, 8 if depth == 8 else 10)
    if before.colour.matrix != "gbr":
        assert after.colour == before.colour
    for picture, other in zip(pictures_of(path), pictures_of(out)[::every], strict=True):
        levels = np.iinfo(picture.dtype).max / 255
        assert np.abs(picture.astype(int) - other.astype(int)).mean() / levels < 1.5


def test_alpha_goes_on(tmp_path: Path, clip: MakeClip) -> None:
    pictures = [np.dstack([scene(n / 4, SIZE), np.full(SIZE, 40 + 20 * n, np.uint8)]) for n in range(4)]
    path = clip(pictures)
    slow(path, tmp_path / "out.mkv", codec="ffv1", factor="2", end="key")
    found = pictures_of(tmp_path / "out.mkv")
    assert [int(picture[0, 0, 3]) for picture in found] == pytest.approx([40, 50, 60, 70, 80, 90, 100], abs=1)


# ------------------------------------------------------------------ cuts


def test_a_cut_is_never_morphed(clip: MakeClip, tmp_path: Path) -> None:
    first, second = moving(5), moving(5, shot=1)
    path, report = clip(first + second), Notes()
    slow(path, tmp_path / "out.mkv", report, codec="ffv1", factor="4", end="key")
    found = pictures_of(tmp_path / "out.mkv")
    assert all(np.array_equal(picture, first[-1]) for picture in found[16:20])
    assert np.array_equal(found[20], second[0])
    assert "1 cut" in report.notes["cuts"]
    assert "0.21 s" in report.notes["cuts"]


def test_cuts_by_hand(clip: MakeClip, tmp_path: Path) -> None:
    path, listed = clip(moving(5) + moving(5, shot=1)), tmp_path / "cuts.txt"
    # With the mark that editors on Windows begin a text with.
    listed.write_bytes(b"\xef\xbb\xbf# frame 3\r\n3f 99s\r\n")
    report = Notes()
    slow(path, tmp_path / "out.mkv", report, codec="ffv1", factor="2", cuts=str(listed))
    assert "99 s" in report.notes["beyond"]
    found = pictures_of(tmp_path / "out.mkv")
    assert np.array_equal(found[4], found[5])
    assert not np.array_equal(found[8], found[9])
    result = slow(path, tmp_path / "out.mkv", codec="ffv1", factor="2", cuts="off")
    assert not result.found.counts.cuts
    slow(path, tmp_path / "out.mkv", codec="ffv1", factor="2", at_cut="blend")
    found = pictures_of(tmp_path / "out.mkv")
    assert not np.array_equal(found[8], found[9])
    assert not np.array_equal(found[9], found[10])


def test_cuts_are_listed_without_making_anything(clip: MakeClip, tmp_path: Path) -> None:
    path = clip(moving(4) + moving(4, shot=1) + moving(4, shot=2))
    found = look(plan(ClipRequest(str(path), RunRequest((), str(tmp_path / "out.mp4")), factor="2")), False, Report())
    assert sorted(found.counts.cuts) == [Fraction(4, 24), Fraction(8, 24)]
    assert not (tmp_path / "out.mp4").exists()


def test_cuts_beside_the_part_that_is_used_do_not_count(clip: MakeClip, tmp_path: Path) -> None:
    path = clip(moving(4) + moving(4, shot=1) + moving(4, shot=2))
    result = slow(path, tmp_path / "out.mp4", engine="blend", factor="2", since="5f", until="10f")
    assert result.found.counts.within(result.found.clip.duration).cuts == {Fraction(3, 24)}


def test_light_that_changes_is_no_cut() -> None:
    from inbetween.dense.cuts import one_shot, small

    seen = [small(picture) for picture in moving(6)]
    assert all(one_shot(a, b) for a, b in pairwise(seen))
    assert all(one_shot(a, np.float32(0.5) * b) for a, b in pairwise(seen))
    assert all(one_shot(a, np.float32(60) + np.float32(0.6) * b) for a, b in pairwise(seen))
    other = small(moving(1, shot=3)[0])
    assert not one_shot(seen[0], other)
    assert not one_shot(np.float32(0.2) * seen[0], np.float32(0.2) * other)
    black = np.zeros_like(other)
    assert one_shot(black, black + np.float32(0.5))


# ------------------------------------------------------------------ repeats and pauses


def times_of(found: Iterable[Key]) -> list[Fraction]:
    return [key.time for key in found]


def stream(pictures: Iterable[Picture], rate: int = 24) -> Iterator[tuple[Fraction, Picture]]:
    return ((Fraction(number, rate), picture) for number, picture in enumerate(pictures))


def noisy(picture: Picture, seed: int) -> Picture:
    noise = np.random.default_rng(seed).normal(0, 1.5, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("shown", [2, 3, 4])
def test_drawings_on_twos_and_threes_move_all_the_time(shown: int) -> None:
    drawings = [noisy(picture, n) for picture in moving(6, step=1) for n in range(shown)]
    counts = Findings()
    found = list(keys_room.keys(stream(drawings), keys_room.cut_by_content, True, Fraction(1, 24), counts))
    assert times_of(found)[:5] == [Fraction(number * shown, 24) for number in range(5)]
    assert not counts.cuts
    kept = list(keys_room.keys(stream(drawings), keys_room.cut_by_content, False, Fraction(1, 24), Findings()))
    assert len(kept) == len(drawings)


def test_coarse_coding_of_large_motion_hides_no_repeat() -> None:
    """What differs by much is a repeat still where drawings differ by far more."""

    def coarse(picture: Picture, seed: int) -> Picture:
        blocks = np.random.default_rng(seed).normal(0, 4, (6, 8))
        return np.clip(picture + cv2.resize(blocks, SIZE[::-1])[..., None], 0, 255).astype(np.uint8)

    twice = [picture for picture in moving(8, step=1) for _ in range(2)]
    drawings = [coarse(picture, number) for number, picture in enumerate(twice)]
    seen = [keys_room._seen(one)[2] for one in stream(drawings)]
    assert min(keys_room.differ(a, b) for a, b in pairwise(seen)) > keys_room.SAME
    # Of the first one nothing larger is known before it.
    assert times_of(keys_of(stream(drawings)))[2:] == [Fraction(2 * number, 24) for number in range(1, 8)]


def runs(lengths: Iterable[int], shot: int = 0) -> list[Picture]:
    """Drawings, each shown so many times; of two that change places, which is as good as any."""
    drawn = [np.full((8, 8, 3), value + 20 * shot, np.uint8) for value in (50, 150)]
    return [drawn[number % 2] for number, length in enumerate(lengths) for _ in range(length)]


def keys_of(pictures: Iterable[tuple[Fraction, Picture]], cut: keys_room.Cut = keys_room.never_cut) -> list[Key]:
    return list(keys_room.keys(pictures, cut, True, Fraction(1, 30), Findings()))


def test_telecine_on_pictures_moves_evenly() -> None:
    pictures = [picture for n, picture in enumerate(moving(16, step=0.4)) for _ in range(2 if n % 4 == 3 else 1)]
    found = times_of(keys_of(stream(pictures, 30)))
    assert len(found) == 16
    assert {b - a for a, b in pairwise(found[1:])} == {Fraction(1, 24)}
    assert found[0] == 0


@pytest.mark.parametrize(
    ("cycle", "step"),
    [
        ((1, 1, 1, 2), Fraction(5, 4)),
        ((2, 1, 1, 1), Fraction(5, 4)),
        ((1, 1, 1, 1, 2), Fraction(6, 5)),
        ((2, 3), Fraction(5, 2)),
        ((3, 2), Fraction(5, 2)),
        ((2, 3, 3, 2), Fraction(5, 2)),
        ((2, 2, 2, 4), Fraction(5, 2)),
        ((1, 2), Fraction(3, 2)),
    ],
)
def test_a_steady_cycle_is_evened_out(cycle: tuple[int, ...], step: Fraction) -> None:
    found = keys_of(stream(runs(cycle * 6), 30))
    times, count = [key.time * 30 for key in found], len(cycle)
    assert {b - a for a, b in pairwise(times[count:-count])} == {step}
    own = [sum((cycle * 6)[:number]) for number in range(len(times))]
    assert max(abs(a - b) for a, b in zip(times, own, strict=True)) <= gcd(*cycle)
    # They are where a film is even from the beginning on, so that one at its rate meets all of them.
    assert all(time % step == 0 for time in times[count:-count])
    # Those whose time it is keep it, so that own pictures are met; nothing is earlier or later than rounding makes it.
    assert any(a == b for a, b in zip(times[count : 2 * count], own[count : 2 * count], strict=True))
    late = sum(a - b for a, b in zip(times[count : 2 * count], own[count : 2 * count], strict=True)) / count
    assert abs(late) <= gcd(*cycle) * Fraction(count - 1, 2 * count)


@pytest.mark.parametrize(
    "lengths",
    [
        [2, 3, 3, 2, 2, 2, 3, 2, 3, 3, 3, 2, 2, 3, 2, 2],
        [2] * 12,
        [3] * 9,
        [1, 1, 2, 1, 1, 1, 1, 2, 2, 1, 1, 2, 1, 1, 1, 1, 1, 2, 1, 2, 2, 1],
        [2] * 8 + [3] * 8 + [1] * 12,
        [1, 1, 1, 3] * 6,
    ],
)
def test_drawings_timed_by_hand_stay_as_they_are(lengths: list[int]) -> None:
    found = keys_of(stream(runs(lengths), 30))
    assert times_of(found) == [Fraction(sum(lengths[:number]), 30) for number in range(len(lengths))]


def test_a_cycle_is_even_to_the_end_of_the_clip() -> None:
    times = times_of(keys_of(stream(runs([2, 1, 1, 1] * 5 + [1]), 30)))
    assert times == [Fraction(number, 24) for number in range(21)]


def test_a_cycle_ends_at_a_cut() -> None:
    first, second = [1, 1, 1, 2] * 4 + [1, 1], [1, 2, 1, 1] * 4
    pictures = runs(first) + runs(second, 1)
    at = Fraction(sum(first), 30)
    found = keys_of(stream(pictures, 30), keys_room.cut_at([at]))
    assert [key.time for key in found if not key.joined] == [0, at]
    times = times_of(found)
    assert times == sorted(set(times))
    alone = keys_of([(at + time, picture) for time, picture in stream(runs(second, 1), 30)])
    assert [time for time in times if time >= at] == times_of(alone)


def test_pictures_that_are_missing_are_no_cycle() -> None:
    """Times that are the file's own are true."""
    ticks = [5 * (n // 4) + n % 4 for n in range(24)]
    found = keys_of((Fraction(tick, 30), picture) for tick, picture in zip(ticks, runs([1] * 24), strict=True))
    assert [key.time * 30 for key in found] == ticks


@pytest.mark.parametrize("ms", [False, True])
@pytest.mark.parametrize(("field", "cycle"), [(Fraction(1001, 60000), (2, 3)), (Fraction(1, 60), (3, 2, 2, 3))])
def test_pictures_shown_for_two_and_three_fields_are_spread_evenly(
    field: Fraction, cycle: tuple[int, ...], ms: bool
) -> None:
    """As DVDs of films have it in their time stamps (soft telecine), which some containers round."""
    own = [sum((cycle * 12)[:number]) * field for number in range(24)]
    times = [Fraction(round(time * 1000), 1000) if ms else time for time in own]
    found = times_of(keys_of(zip(times, runs([1] * 24), strict=True)))
    step = Fraction(5, 2) * field
    assert all(abs(b - a - step) <= Fraction(ms * 2 + 1, 1000) for a, b in pairwise(found[4:-4]))
    assert all(abs(a - b) <= field + Fraction(1, 1000) for a, b in zip(found, times, strict=True))
    # A film at its own rate meets all of them, the last ones too.
    assert field != keys_room.FIELD or all(time % step == 0 for time in found)


@given(
    st.lists(
        st.tuples(
            st.sampled_from([(1, 1, 1, 2), (2, 3), (2, 3, 3, 2), (1,), (2,), (3,), (4,), (6,), (1, 3)]),
            st.integers(1, 8),
        ),
        min_size=2,
        max_size=6,
    ),
    st.floats(0, 1),
)
def test_what_a_key_is_depends_on_few_pictures(parts: list[tuple[tuple[int, ...], int]], place: float) -> None:
    """Segments that are made by themselves have the very keys that the whole has."""
    lengths = [length for cycle, times in parts for length in cycle * times]
    pictures = list(stream(runs(lengths), 30))
    first = int(place * (len(pictures) - 1))
    whole = keys_of(pictures)
    begun = keys_of(pictures[max(0, first - LOOK_BACK) :])
    start = max(number for number, key in enumerate(whole) if key.time <= pictures[first][0])
    wanted = whole[max(0, start - 1) :]
    assert [(key.time, key.shown) for key in begun[-len(wanted) :]] == [(key.time, key.shown) for key in wanted]


@given(st.lists(st.sampled_from([0, 1, 3, 7, 9, 13, 20, 24, 25, 40, 61, 76, 110]), min_size=80, max_size=120))
def test_repeats_depend_on_few_pictures(changes: list[int]) -> None:
    """Whatever the noise, and however much drawings differ."""
    levels = [128]
    for change in changes:
        levels.append(levels[-1] + (change if levels[-1] < 128 else -change))
    pictures = list(stream([np.full((8, 8, 3), level, np.uint8) for level in levels], 30))
    whole = [key for key in keys_of(pictures) if key.time >= pictures[50][0]]
    begun = [key for key in keys_of(pictures[50 - LOOK_BACK :]) if key.time >= pictures[50][0]]
    assert [(key.time, key.shown) for key in begun] == [(key.time, key.shown) for key in whole]


def test_what_moves_slowly_or_stands_is_no_repeat() -> None:
    slowly = moving(30, step=0.02)
    found = list(keys_room.keys(stream(slowly), keys_room.never_cut, True, Fraction(1, 24), Findings()))
    assert len(found) == 30
    stands = moving(3, step=1) + [moving(4, step=1)[3]] * 9 + moving(3, step=1, start=4)
    found = list(keys_room.keys(stream(stands), keys_room.never_cut, True, Fraction(1, 24), Findings()))
    assert len(found) == 15


def test_repeats_in_a_film(clip: MakeClip, tmp_path: Path) -> None:
    drawings = [picture for picture in moving(5, step=1) for _ in range(2)]
    report = Notes()
    slow(clip(drawings), tmp_path / "out.mkv", report, codec="ffv1", fps="24")
    found = pictures_of(tmp_path / "out.mkv")
    assert len(found) == 10
    assert all(not np.array_equal(a, b) for a, b in pairwise(found[:9]))
    assert np.array_equal(found[4], drawings[4])
    assert "repeats" in report.notes


def test_a_long_pause_stands() -> None:
    pictures = moving(3)
    uneven = [(Fraction(0), pictures[0]), (Fraction(1, 24), pictures[1]), (Fraction(3), pictures[2])]
    counts = Findings()
    found = list(keys_room.keys(iter(uneven), keys_room.never_cut, True, Fraction(1, 24), counts))
    assert times_of(found) == [0, Fraction(1, 24), 3 - Fraction(1, 24), 3]
    assert found[2].picture is found[1].picture
    assert len(counts.pauses) == 1
    found = list(keys_room.keys(iter(uneven), keys_room.never_cut, True, None, Findings()))
    assert len(found) == 3


# ------------------------------------------------------------------ the stream


def simple(gaps: Iterable[Gap], report: Report) -> Iterator[Picture]:
    """An engine that mixes, and reads ahead."""
    from itertools import islice

    gaps, waiting = iter(gaps), []
    while True:
        waiting += list(islice(gaps, 3 - len(waiting)))
        if not waiting:
            return
        gap = waiting.pop(0)
        for t in gap.times:
            yield (gap.start * (1 - t) + gap.end * t).astype(np.uint8)


@given(
    st.lists(st.fractions(Fraction(1, 60), Fraction(1, 5), max_denominator=600), min_size=1, max_size=30),
    st.fractions(Fraction(1, 4), 5, max_denominator=12),
    st.sampled_from([Fraction(24), Fraction(60), Fraction(30000, 1001)]),
    st.sets(st.integers(0, 29)),
)
def test_every_frame_shows_its_time(steps: list[Fraction], factor: Fraction, rate: Fraction, cuts: set[int]) -> None:
    """Pictures whose value is their time: what is made shows the time of the frame, up to a cut the key before."""
    times = [sum(steps[:n], Fraction(0)) for n in range(len(steps))]
    values = [np.full((1, 1, 3), float(time) * 40, np.float64) for time in times]
    grid = clip_grid(rate, sum(steps, Fraction(0)), Speed(((Fraction(0), 1 / factor),)))
    found = (Key(time, value, n not in cuts) for n, (time, value) in enumerate(zip(times, values, strict=True)))  # type: ignore[arg-type]

    def exact(gaps: Iterable[Gap], report: Report) -> Iterator[Any]:
        for gap in gaps:
            yield from (gap.start * (1 - t) + gap.end * t for t in gap.times)

    made = list(gaps.render(pieces(found, grid, 0, grid.count, rate), {"engine": exact}, Report()))
    assert len(made) == grid.count
    for number, picture in enumerate(made):
        time = grid.source(number)
        before = max(n for n, one in enumerate(times) if one <= time)
        held = before + 1 == len(times) or before + 1 in cuts
        wanted = times[before] if held else time
        assert float(picture[0, 0, 0]) == pytest.approx(float(wanted) * 40, abs=1e-6)


def test_neighbours_end_at_cuts() -> None:
    seen: list[Gap] = []

    def watch(gaps: Iterable[Gap], report: Report) -> Iterator[Picture]:
        for gap in gaps:
            seen.append(gap)
            yield from (gap.start for _ in gap.times)

    pictures = moving(7, step=0.1)
    joined = [False, True, True, True, False, True, True]
    found = (Key(Fraction(n), pictures[n], joined[n]) for n in range(7))
    grid = clip_grid(Fraction(1), Fraction(7), Speed(((Fraction(0), Fraction(1, 2)),)))
    list(gaps.render(pieces(found, grid, 0, grid.count, Fraction(1)), {"engine": watch}, Report()))
    assert [gap.number for gap in seen] == [0, 1, 2, 4, 5]
    assert [gap.before is not None for gap in seen] == [False, True, True, False, True]
    assert [gap.after is not None for gap in seen] == [True, True, False, True, False]
    assert [gap.before[1] for gap in seen if gap.before] == [-1, -1, -1]
    assert [gap.after[1] for gap in seen if gap.after] == [2, 2, 2]


@pytest.mark.parametrize("factor", [Fraction(4), Fraction(1), Fraction(1, 3), Fraction(6, 5)])
def test_few_pictures_are_held_however_long_the_clip(factor: Fraction) -> None:
    count, alive, most = 400, weakref.WeakSet(), 0

    class Held(np.ndarray):
        """An array that can be watched."""

        def __hash__(self) -> int:  # type: ignore[override]
            return id(self)

        def __eq__(self, other: object) -> bool:  # type: ignore[override]
            return self is other

    def found() -> Iterator[Key]:
        nonlocal most
        for number in range(count):
            picture = np.full((2, 2, 3), number % 256, np.uint8).view(Held)
            alive.add(picture)
            most = max(most, len(alive))
            yield Key(Fraction(number, 24), picture, number > 0)  # type: ignore[arg-type]

    grid = clip_grid(Fraction(24), Fraction(count, 24), Speed(((Fraction(0), 1 / factor),)))
    made = gaps.render(pieces(found(), grid, 0, grid.count, Fraction(24)), {"engine": simple}, Report())
    assert sum(1 for _ in made) == grid.count
    assert most <= 16


def test_a_mask_protects(clip: MakeClip, tmp_path: Path) -> None:
    mask = np.zeros((*SIZE, 3), np.uint8)
    mask[20:50, 30:60] = 255
    path = clip(moving(3, step=2))
    slow(path, tmp_path / "out.mkv", codec="ffv1", factor="4", protect=str(save(tmp_path / "mask.png", mask)))
    found, keys = pictures_of(tmp_path / "out.mkv"), pictures_of(path)
    inside = (slice(20, 50), slice(30, 60))
    assert np.array_equal(found[1][inside], keys[0][inside])
    assert np.array_equal(found[3][inside], keys[1][inside])
    assert not np.array_equal(found[1], keys[0])
    # White that is transparent outside is the same mask.
    clear = np.concatenate([np.full((*SIZE, 3), 255, np.uint8), mask[..., :1]], axis=2)
    slow(path, tmp_path / "clear.mkv", codec="ffv1", factor="4", protect=str(save(tmp_path / "mask.png", clear)))
    assert all(map(np.array_equal, pictures_of(tmp_path / "clear.mkv"), found))
    with pytest.raises(InbetweenError, match="mask"):
        slow(path, tmp_path / "o.mkv", factor="4", protect=str(save(tmp_path / "mask.png", mask[:9])))


# ------------------------------------------------------------------ sizes


def test_a_film_of_another_size(clip: Clip, tmp_path: Path) -> None:
    path, notes = clip(moving(3)), Notes()
    slow(path, tmp_path / "out", notes, factor="2", size="48x36")
    found = [load(file) for file in sorted((tmp_path / "out").iterdir())]
    for number, picture in enumerate(pictures_of(path)):
        assert np.array_equal(found[2 * number], fit(picture, (36, 48), "stretch"))
    assert notes.notes["resized"].endswith("from 96x72 to 48x36")
    with pytest.raises(InbetweenError, match="is 96x72, the film is 48x48"):
        slow(path, tmp_path / "o.mp4", factor="2", size="48x48")
    slow(path, tmp_path / "crop", factor="2", size="48x48", fit="crop")
    assert np.array_equal(load(tmp_path / "crop" / "00000.png"), fit(moving(1)[0], (48, 48), "crop"))
    with pytest.raises(UsageError, match="--fit says how another size is made"):
        slow(path, tmp_path / "o.mp4", factor="2", fit="crop")


def test_another_size_has_square_pixels(clip: Clip, tmp_path: Path) -> None:
    path = clip(moving(2), aspect=Fraction(4, 3))
    slow(path, tmp_path / "out.mkv", codec="ffv1", factor="2", size="64x36")
    assert probe(str(tmp_path / "out.mkv"), Report()).aspect == 1
    wide = fit(moving(1)[0], (72, 128), "stretch")
    assert np.array_equal(pictures_of(tmp_path / "out.mkv")[0], fit(wide, (36, 64), "stretch"))


def test_a_mask_may_have_another_size_and_pictures_too(tmp_path: Path) -> None:
    (tmp_path / "seq").mkdir()
    for number, picture in enumerate(moving(3, step=2)):
        save(tmp_path / "seq" / f"{number}.png", picture if number != 1 else fit(picture, (50, 50), "stretch"))
    mask = np.zeros((144, 192, 3), np.uint8)
    mask[:, :96] = 255
    words = {"factor": "2", "input_fps": "12", "protect": str(save(tmp_path / "mask.png", mask)), "size": "48x36"}
    with pytest.raises(InbetweenError, match=r"1\.png is 50x50"):
        slow(tmp_path / "seq", tmp_path / "out", **words)
    slow(tmp_path / "seq", tmp_path / "out", fit="stretch", **words)
    found = [load(file) for file in sorted((tmp_path / "out").iterdir())]
    assert len(found) == 6
    assert np.array_equal(found[1][:, :23], found[2][:, :23])
    assert not np.array_equal(found[1], found[2])


# ------------------------------------------------------------------ words and the command


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({}, "nothing is asked"),
        ({"factor": "2", "duration": "3s"}, "exclude each other"),
        ({"factor": "2", "speed": "0.5"}, "exclude each other"),
        ({"factor": "-1"}, "cannot be"),
        ({"fps": "0"}, "cannot be"),
        ({"speed": "0:0"}, "cannot be"),
        ({"factor": "2", "easing": "ease-in"}, "is for --speed"),
        ({"factor": "2", "since": "soon"}, "no time"),
        ({"factor": "2", "cuts": "off", "at_cut": "blend"}, "there are none"),
        ({"factor": "2", "input_fps": "24"}, "its own times"),
        ({"factor": "2", "since": "9s"}, "there is nothing"),
        ({"duration": "0s"}, "leaves no time"),
    ],
)
def test_words_that_make_no_sense(clip: MakeClip, tmp_path: Path, words: dict[str, str], said: str) -> None:
    path = clip(moving(3))
    with pytest.raises(UsageError, match=said):
        slow(path, tmp_path / "out.mp4", **words)
    assert not (tmp_path / "out.mp4").exists()


@pytest.mark.parametrize("name", ["at_cut", "repeats", "end"])
def test_values_that_are_none(name: str) -> None:
    with pytest.raises(UnknownName):
        plan(ClipRequest("clip.mp4", RunRequest((), "out.mp4"), factor="2", **{name: "wobbly"}))


def test_one_picture_is_no_film_of_a_clip() -> None:
    with pytest.raises(UsageError, match="one picture"):
        plan(ClipRequest("clip.mp4", RunRequest((), "out.png"), factor="2"))


def test_pictures_need_a_rate(tmp_path: Path) -> None:
    (tmp_path / "seq").mkdir()
    for number, picture in enumerate(moving(3)):
        save(tmp_path / "seq" / f"{number}.png", picture)
    with pytest.raises(UsageError, match="how fast"):
        slow(tmp_path / "seq", tmp_path / "out.mp4", factor="2")
    with pytest.raises(UsageError, match="takes a video"):
        slow(tmp_path / "seq", tmp_path / "out.mp4", factor="2", input_fps="12", deinterlace=True)
    with pytest.raises(InbetweenError, match="there is no clip"):
        slow(tmp_path / "sequence", tmp_path / "out.mp4", factor="2", input_fps="12")
    made = slow(tmp_path / "seq", tmp_path / "out.mp4", factor="2", input_fps="12").made.output
    assert (made.count, made.duration) == (6, Fraction(1, 2))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InbetweenError, match="is a pipe"):
        slow(tmp_path / "pipe", tmp_path / "out.mp4", factor="2")


def test_numbers_that_are_missing_are_said(tmp_path: Path) -> None:
    (tmp_path / "seq").mkdir()
    for number, picture in zip((1, 2, 4), moving(3), strict=True):
        save(tmp_path / "seq" / f"{number}.png", picture)
    notes = Notes()
    assert slow(tmp_path / "seq", tmp_path / "out.mp4", notes, factor="2", input_fps="12").made.output.count == 6
    assert "1 numbers are missing" in notes.notes["holes"]


def test_the_clip_is_not_written_over(clip: MakeClip) -> None:
    path = clip(moving(3))
    before = path.read_bytes()
    with pytest.raises(InbetweenError, match=r"clip\.mkv"):
        slow(path, path, factor="2")
    assert path.read_bytes() == before


def test_the_command(clip: MakeClip, tmp_path: Path, inside: Command) -> None:
    path = clip(moving(4) + moving(4, shot=1))
    ran = inside(
        "slowmo", path.name, "--factor", "2.5", "-o", "out.mp4", "--json", "--record", "--contact-sheet", "s.png"
    )
    assert ran.code == 0, ran.err
    facts = json.loads(ran.out)
    assert (facts["frames"], facts["output"]["count"], facts["engine"]) == (20, 20, "flow")
    assert facts["cuts"] == [pytest.approx(4 / 24, abs=1e-6)]
    assert json.loads((tmp_path / "out.mp4.json").read_text())["fps"] == "24"
    assert (tmp_path / "s.png").exists()
    dry = inside("slowmo", path.name, "-f", "2", "-o", "dry.mp4", "--dry-run")
    assert dry.code == 0, dry.err
    assert "cuts     1, at 0.167 s" in dry.out
    words = ["--size", "47x35", "--fit", "crop", "--preset", "web", "--dry-run"]
    odd = inside("slowmo", path.name, "-f", "2", "-o", "dry.mp4", *words)
    assert "96x72" in odd.out
    assert "film     16 frames, 48x36" in odd.out
    assert not (tmp_path / "dry.mp4").exists()


@pytest.mark.parametrize(
    ("words", "error", "hint"),
    [
        ("", "no clip is named", "inbetween slowmo clip.mp4 --factor 4 -o out.mp4"),
        ("clip.mkv", "nothing is asked of the clip", "say --factor 4"),
        ("clip.mkv -f 2", "no output is named", "-o out.mp4, or -o frames/"),
        ("clip.mkv -f -o o.mp4", "-f has no value", "write it as -f F"),
        ("0.png 1.png -f 2 -o o.mp4", "`1.png` is one clip too many", "in quotes: 'f_*.png'"),
        ("clip.mkv -f 2 -o o.mp4 --codec HEVC", "HEVC is a format", "write --codec libx265"),
        ("clip.mkv -f 2 -o o.mp4 --cuts on", "the list of cuts on cannot be read: No such file", "auto or off"),
        ("clip.mkv -f 2 -o o.mp4 --from 2f --to 1f", "from 0.08 s to 0.04 s there is nothing", "--to comes after"),
    ],
)
def test_what_a_beginner_is_told(clip: Clip, command: Command, words: str, error: str, hint: str) -> None:
    clip(moving(3))
    ran = command("slowmo", *words.split())
    assert error in ran.problem[0]
    assert hint in ran.problem[1]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["slowmo", "nowhere.mp4", "-f", "2", "-o", "out.mp4"], 1),
        (["slowmo", "-f", "2", "-o", "out.mp4"], 2),
        (["slowmo", "clip.mkv", "-f", "2"], 2),
        (["slowmo", "clip.mkv", "-o", "out.mp4"], 2),
        (["slowmo", "clip.mkv", "-f", "2", "-o", "out.mp4", "--cuts", "nowhere.txt"], 1),
        (["slowmo", "clip.mkv", "-f", "x", "-o", "out.mp4"], 2),
        (["slowmo", "clip.mkv", "-f", "2", "-o", "out.mp4", "--preview", "1"], 2),
        (["slowmo", "clip.mkv", "-f", "2", "-o", "out.mp4", "--memory", "much"], 2),
        (["slowmo", "clip.mkv", "-f", "2", "-o", "out.mp4", "-e", "fcvg", "--commercial-only"], 2),
        (["slowmo", "clip.mkv", "-f", "2", "-o", "out.mp4", "-e", "fcvg", "--weights", "nowhere"], 1),
    ],
)
def test_the_command_refuses(clip: MakeClip, inside: Command, words: list[str], code: int) -> None:
    clip(moving(2))
    ran = inside(*words)
    assert ran.code == code
    assert all(ran.problem)


def recorded(clip: Clip, tmp_path: Path, command: Command, *words: str) -> list[str]:
    """Of a film of a clip with a mask and a list of cuts, made in another folder; the words that repeat it."""
    (tmp_path / "in").mkdir()
    clip(moving(3), name="in/clip.mkv")
    save(tmp_path / "in" / "mask.png", np.zeros((*SIZE, 3), np.uint8))
    (tmp_path / "in" / "cuts.txt").write_text("0.05")
    more = ["--protect", "mask.png", "--cuts", "cuts.txt", "--seed", "3", *words]
    ran = command("slowmo", "clip.mkv", "-f", "3", "-o", "out.mp4", "--record", *more, cwd=tmp_path / "in")
    assert ran.code == 0, ran.err
    return ["slowmo", "--repeat", "in/out.mp4.json"]


def test_a_record_is_repeated(clip: Clip, tmp_path: Path, command: Command) -> None:
    words = recorded(clip, tmp_path, command, "--from", "1f", "--set", "quality=draft")
    ran = command(*words, "-o", "again.mp4", "--threads", "1", "--json")
    assert ran.code == 0, ran.err
    assert (tmp_path / "again.mp4").read_bytes() == (tmp_path / "in" / "out.mp4").read_bytes()
    facts = json.loads(ran.out)
    assert facts["words"]["since"] == "1f"
    assert [(one["what"], Path(one["path"]).name) for one in facts["inputs"]] == [
        ("clip", "clip.mkv"),
        ("mask", "mask.png"),
        ("list of cuts", "cuts.txt"),
    ]
    assert "`" + str(tmp_path / "in" / "out.mp4") + "` exists" in command(*words).err
    for more, name in (
        (["-f", "2"], "--factor"),
        (["--from", "2f"], "--from"),
        (["--seed", "5"], "--seed"),
        (["--", "x.mp4"], "the clip"),
    ):
        ran = command(*words, "-o", "y.mp4", *more)
        assert ran.code == 2
        assert ran.problem[0].endswith(f"{name} would change it")


def test_a_record_whose_inputs_are_others(clip: Clip, tmp_path: Path, command: Command) -> None:
    recorded(clip, tmp_path, command)
    for name, what in (("clip.mkv", "clip"), ("mask.png", "mask"), ("cuts.txt", "list of cuts")):
        path = tmp_path / "in" / name
        before = path.read_bytes()
        path.write_bytes(before + b"more")
        with pytest.raises(InbetweenError, match=f"the {what} .*{name} has changed since the record"):
            repeated(tmp_path / "in" / "out.mp4.json", Report())
        path.unlink()
        with pytest.raises(InbetweenError, match=f"the {what} .*{name} is gone"):
            repeated(tmp_path / "in" / "out.mp4.json", Report())
        path.write_bytes(before)
    assert repeated(tmp_path / "in" / "out.mp4.json", Report()).factor == "3"


def test_a_record_of_pictures_is_repeated(tmp_path: Path, command: Command) -> None:
    (tmp_path / "[in]" / "f").mkdir(parents=True)
    for number, picture in enumerate(moving(3)):
        save(tmp_path / "[in]" / "f" / f"{number}.png", picture)
    words = ["slowmo", "f/[0-9]*.png", "--input-fps", "12", "-f", "2", "-o", "a.mkv", "--record", "-e", "blend"]
    ran = command(*words, cwd=tmp_path / "[in]")
    assert ran.code == 0, ran.err
    words = ["slowmo", "--repeat", "[in]/a.mkv.json", "-o", "b.mkv"]
    assert command(*words).code == 0
    assert (tmp_path / "b.mkv").read_bytes() == (tmp_path / "[in]" / "a.mkv").read_bytes()
    save(tmp_path / "[in]" / "f" / "7.png", moving(1)[0])
    assert "7.png was not there then" in command(*words, "--overwrite").problem[0]


def test_a_record_says_whose_it_is(clip: Clip, tmp_path: Path, command: Command) -> None:
    recorded(clip, tmp_path, command)
    ran = command("run", "--repeat", "in/out.mp4.json", "-o", "y.mp4")
    assert ran.problem == (
        "in/out.mp4.json is a record of `inbetween slowmo`",
        "make it again with inbetween slowmo --repeat in/out.mp4.json",
    )
    for number in range(2):
        save(tmp_path / f"{number}.png", scene(number, SIZE))
    command("run", "0.png", "1.png", "-n", "1", "-o", "r.mp4", "--record")
    ran = command("slowmo", "--repeat", "r.mp4.json", "-o", "y.mp4")
    assert ran.problem[1] == "make it again with inbetween run --repeat r.mp4.json"
