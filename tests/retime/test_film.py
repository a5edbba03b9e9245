"""Slow motion: counts, pixels and colours of the film."""

from __future__ import annotations

import subprocess
from array import array
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from inbetween.request import ClipRequest
from inbetween.retime.plan import plan
from inbetween.retime.produce import look
from inbetween.types import Report
from inbetween.video import ffmpeg
from inbetween.video.clip import Clip
from inbetween.video.probe import probe
from support.films import MakeClip, shown
from support.pictures import load, moving, scene, texture
from support.reports import Heard
from support.slow import slow

SIZE = (72, 96)
NTSC = Fraction(24000, 1001)


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
    notes = Heard()
    path = clip(moving(12), Fraction(24))
    look(plan(ClipRequest(clip=str(path), out=str(tmp_path / "out.mp4"), **words)), True, notes)
    assert {"copied", "beyond"} & set(notes.texts) == ({said} if said else set())


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
    for number, picture in enumerate(shown(path)):
        assert np.array_equal(found[3 * number], picture)
    # The last picture is held for its own time.
    assert np.array_equal(found[12], found[14])


def test_what_is_made_lies_between(clip: MakeClip, tmp_path: Path) -> None:
    wanted = moving(17, step=0.25)
    slow(clip(wanted[::4]), tmp_path / "out.mkv", codec="ffv1", factor="4", end="key")
    found = shown(tmp_path / "out.mkv")
    errors = [float(np.abs(a.astype(int) - b).mean()) for a, b in zip(found, wanted, strict=True)]
    assert max(errors) < 2.5
    assert max(errors[::4]) == 0


def test_no_frame_is_shown_twice(clip: MakeClip, tmp_path: Path) -> None:
    for rate, fps in ((Fraction(24), "60"), (Fraction(25), "60"), (Fraction(30000, 1001), "60")):
        slow(clip(moving(10), rate), tmp_path / "out.mkv", codec="ffv1", fps=fps)
        found = shown(tmp_path / "out.mkv")
        # The last picture is held.
        moved = [not np.array_equal(a, b) for a, b in pairwise(found)]
        assert all(moved[: -int(Fraction(fps) / rate) - 1]), fps


def test_light_does_not_flicker(clip: MakeClip, tmp_path: Path) -> None:
    """Own and made frames go the same way through the encoder."""
    noise = [np.roll(texture(*SIZE, 3, 1.5), 2 * n, 1).astype(np.uint8) for n in range(9)]
    path = clip(noise, codec="libx264", name="clip.mp4")
    slow(path, tmp_path / "out.mp4", factor="2", end="key", threads=1)
    before = np.array([float(picture.mean()) for picture in shown(path)])
    after = np.array([float(picture.mean()) for picture in shown(tmp_path / "out.mp4")])
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
    found = shown(tmp_path / "out.mkv")
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
    assert len(whole.film.clip.findings.repeats) == len(parts.film.clip.findings.repeats) == 4
    assert whole.made.output.count == parts.made.output.count >= 66
    pairs = zip(shown(tmp_path / "a.mkv"), shown(tmp_path / "b.mkv"), strict=True)
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
    found = shown(tmp_path / "out.mkv")
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
    report = Heard()
    slow(path, out, report, factor="2", encoder=None)
    before, after = probe(str(path), Report()), probe(str(out), Report())
    assert after.colour == before.colour
    assert before.colour.mastering.startswith("G(13250,34500)")
    assert "bit_depth" not in report.texts
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
    for picture, other in zip(shown(path), shown(out)[::every], strict=True):
        levels = np.iinfo(picture.dtype).max / 255
        assert np.abs(picture.astype(int) - other.astype(int)).mean() / levels < 1.5


def test_alpha_goes_on(tmp_path: Path, clip: MakeClip) -> None:
    pictures = [np.dstack([scene(n / 4, SIZE), np.full(SIZE, 40 + 20 * n, np.uint8)]) for n in range(4)]
    path = clip(pictures)
    slow(path, tmp_path / "out.mkv", codec="ffv1", factor="2", end="key")
    found = shown(tmp_path / "out.mkv")
    assert [int(picture[0, 0, 3]) for picture in found] == pytest.approx([40, 50, 60, 70, 80, 90, 100], abs=1)
