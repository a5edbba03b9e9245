"""What people ask of a slow-motion tool before they trust it, by the command as they type it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from inbetween.types import Picture, Report
from inbetween.video import sinks
from inbetween.video.probe import probe
from inbetween.video.read import frames
from inbetween.video.write import FilmFormat, write
from support.commands import Command
from support.films import by_ffmpeg, lossless, shown, stamps
from support.pictures import load, moving, save, scene, texture

SIZE = (48, 64)
NTSC = Fraction(24000, 1001)


def error(one: Picture, other: Picture) -> float:
    return float(np.abs(one.astype(np.int16) - other).mean())


# ------------------------------------------------------------------ time


def packets(path: Path) -> tuple[Fraction, list[tuple[Fraction, bytes]]]:
    """Seconds of the pictures, and the packets of the sound, each at its time from the first picture on."""
    times, sound = [], []
    with av.open(str(path)) as film:
        for packet in film.demux(film.streams.video[0], film.streams.audio[0]):
            if packet.pts is not None and packet.size:
                time = packet.pts * packet.time_base
                if packet.stream.type == "audio":
                    sound.append((time, bytes(packet)))
                else:
                    times.append(time)
    times.sort()
    length = (times[-1] - times[0]) * Fraction(len(times), len(times) - 1)
    return length, [(time - times[0], data) for time, data in sound]


@pytest.mark.parametrize("seconds", [12, pytest.param(600, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", ["c.mp4", "c.mkv"])
def test_ntsc_film_with_sound_keeps_its_length_and_its_offset(
    inside: Command, tmp_path: Path, name: str, seconds: int
) -> None:
    words = ["-f", "lavfi", "-i", f"testsrc2=s=32x24:r=24000/1001:d={seconds}", "-itsoffset", "0.24"]
    words += ["-f", "lavfi", "-i", f"sine=d={seconds - 0.24}:sample_rate=8000", "-c:a", "aac"]
    by_ffmpeg(*words, "-c:v", "libx264", "-preset", "ultrafast", tmp_path / name)
    out = tmp_path / f"o{name[1:]}"
    ran = inside("slowmo", name, "--fps", "30000/1001", "--engine", "blend", "--cuts", "off", "-o", out.name)
    assert ran.code == 0, ran.err
    (before, sound), (after, copied) = packets(tmp_path / name), packets(out)
    assert abs(after - before) <= Fraction(1001, 30000)
    assert sound[0][0] == pytest.approx(0.24, abs=0.13)
    assert [data for _, data in copied] == [data for _, data in sound]
    # Matroska's clock has milliseconds.
    tick = Fraction(1, 1000) if name == "c.mkv" else Fraction(1, 15360)
    assert all(abs(one - other) <= tick for (one, _), (other, _) in zip(sound, copied, strict=True))
    wanted = len(stamps(tmp_path / name)) * Fraction(5, 4)
    assert len(stamps(out)) == int(wanted + Fraction(1, 2))


@pytest.mark.parametrize("rate", [Fraction(24), Fraction(25), Fraction(30000, 1001)])
def test_sixty_frames_a_second_of_any_rate(inside: Command, tmp_path: Path, rate: Fraction) -> None:
    lossless(tmp_path / "c.mkv", moving(15, size=SIZE), rate)
    ran = inside("slowmo", "c.mkv", "--fps", "60", "-o", "o.mkv", "--codec", "ffv1")
    assert ran.code == 0, ran.err
    found = shown(tmp_path / "o.mkv")
    assert len(found) == round(15 / rate * 60)
    # The last picture is held for its own time.
    moved = found[: int(14 / rate * 60) + 1]
    assert not any(np.array_equal(a, b) for a, b in pairwise(moved))


@pytest.mark.parametrize(
    ("words", "count", "rate"),
    [
        (["--factor", "2"], 20, NTSC),
        (["--factor", "2.5"], 25, NTSC),
        (["--factor", "8"], 80, NTSC),
        (["--fps", "60"], 25, Fraction(60)),
    ],
)
def test_count_and_duration_are_as_planned(
    inside: Command, tmp_path: Path, words: list[str], count: int, rate: Fraction
) -> None:
    lossless(tmp_path / "c.mkv", moving(10, size=SIZE), NTSC)
    ran = inside("slowmo", "c.mkv", *words, "-o", "o.mp4")
    assert ran.code == 0, ran.err
    with av.open(str(tmp_path / "o.mp4")) as film:
        stream = film.streams.video[0]
        assert (stream.frames, stream.average_rate) == (count, rate)
        assert abs(stream.duration * stream.time_base - count / rate) < Fraction(1, 10_000)
    assert len(stamps(tmp_path / "o.mp4")) == count


def test_a_phone_clip_of_uneven_times(inside: Command, tmp_path: Path) -> None:
    """Times that jitter, pictures that are missing, a picture on its side, and sound: nothing drifts."""
    rng = np.random.default_rng(5)
    ticks = np.cumsum(rng.choice([2700, 3000, 3300, 6000], 60, p=[0.3, 0.4, 0.25, 0.05])) - 3000
    with av.open(str(tmp_path / "flat.mp4"), "w") as film:
        video = film.add_stream("libx264", rate=30, options={"crf": "10", "bf": "0"})
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        video.codec_context.time_base = video.time_base = Fraction(1, 90_000)
        for tick in ticks:
            # A pixel every sixtieth of a second.
            picture = np.roll(texture(*SIZE, 3, 2.0).astype(np.uint8), round(int(tick) / 1500), 1)
            frame = av.VideoFrame.from_ndarray(picture, "rgb24")
            frame.pts, frame.time_base = int(tick - ticks[0]), Fraction(1, 90_000)
            film.mux(video.encode(frame))
        film.mux(video.encode(None))
    sound = ["-f", "lavfi", "-i", "sine=d=2", "-c:v", "copy", "-c:a", "aac", "-shortest"]
    by_ffmpeg("-display_rotation", "90", "-i", tmp_path / "flat.mp4", *sound, tmp_path / "phone.mp4")
    ran = inside("slowmo", "phone.mp4", "--fps", "60", "-o", "o.mp4", "--encoder=-crf 10")
    assert ran.code == 0, ran.err
    source, out = probe(str(tmp_path / "phone.mp4"), Report()), probe(str(tmp_path / "o.mp4"), Report())
    assert not source.even
    assert out.size == (64, 48)
    times = stamps(tmp_path / "o.mp4")
    assert all(b - a == Fraction(1, 60) for a, b in pairwise(times))
    assert abs(out.duration - source.duration) <= Fraction(1, 60)
    found = shown(tmp_path / "o.mp4")
    for time, picture in list(frames(source, Report()))[5:-5:10]:
        place = round(time * 60)
        near = {n: error(found[n], picture) for n in range(place - 3, place + 4)}
        assert abs(min(near, key=near.__getitem__) - place) <= 1, time


# ------------------------------------------------------------------ pixels


@pytest.mark.parametrize("count", [2, 3, 8, 25])
def test_two_keys_make_exactly_as_many(inside: Command, keys: list[Path], tmp_path: Path, count: int) -> None:
    ran = inside("run", keys[0].name, keys[1].name, "-n", count - 2, "-o", "frames")
    assert ran.code == 0, ran.err
    names = [f"{number:05d}.png" for number in range(count)]
    assert sorted(path.name for path in (tmp_path / "frames").iterdir()) == names
    assert np.array_equal(load(tmp_path / "frames" / names[0]), load(keys[0]))
    assert np.array_equal(load(tmp_path / "frames" / names[-1]), load(keys[1]))


def test_own_pictures_lose_no_more_than_the_codec_takes(inside: Command, tmp_path: Path) -> None:
    """And those between them no more either: odd and even frames do not flicker."""
    fine = [np.roll(texture(96, 128, 3, 1.5), 2 * number, 1).astype(np.uint8) for number in range(17)]
    lossless(tmp_path / "c.mkv", fine[::2])
    made = inside("slowmo", "c.mkv", "--factor", "2", "--end", "key", "-o", "o.mp4", "--threads", 1)
    assert made.code == 0, made.err
    # The same film, drawn instead of made.
    write(FilmFormat(sinks.parse(str(tmp_path / "drawn.mp4")), Fraction(24), 17, (96, 128)), fine, Report())
    ours, drawn = shown(tmp_path / "o.mp4"), shown(tmp_path / "drawn.mp4")
    loss = [error(a, b) for a, b in zip(ours, fine, strict=True)]
    noise = [error(a, b) for a, b in zip(drawn, fine, strict=True)]
    assert np.mean(loss[::2]) <= 1.1 * np.mean(noise)
    light = np.array([float(picture.mean()) for picture in ours]) - [float(picture.mean()) for picture in fine]
    assert abs(light[::2].mean() - light[1::2].mean()) < 0.1
    inside("slowmo", "c.mkv", "--factor", "2", "--end", "key", "-o", "frames")
    for number, picture in enumerate(fine[::2]):
        assert np.array_equal(load(tmp_path / "frames" / f"{2 * number:05d}.png"), picture)


def test_made_and_own_pictures_look_alike(inside: Command, tmp_path: Path) -> None:
    """Of a picture that stands every frame is that picture: no light comes and goes, none is softer than the next."""
    still = np.repeat(texture(*SIZE, 5, 1.2).astype(np.uint8)[..., :1], 3, 2)
    lossless(tmp_path / "c.mkv", [still] * 9)
    ran = inside("slowmo", "c.mkv", "--factor", "2", "--repeats", "keep", "--end", "key", "-o", "o.mp4")
    assert ran.code == 0, ran.err
    found = shown(tmp_path / "o.mp4")
    errors = np.array([error(picture, still) for picture in found])
    light = np.array([picture.mean() - still.mean() for picture in found])
    assert len(found) == 17
    assert errors.max() < 2
    assert abs(errors[::2].mean() - errors[1::2].mean()) < 0.3
    assert np.abs(light).max() < 0.3


def test_transparent_keys(inside: Command, tmp_path: Path) -> None:
    """A disc of one colour over nothing: no frame is darker, or of another colour, where it can be seen."""
    for number in range(2):
        height, width = np.mgrid[0:96, 0:128]
        away = np.hypot(height - 48, width - 40 - 16 * number)
        alpha = np.clip((20 - away) * 64, 0, 255).astype(np.uint8)
        picture = np.zeros((96, 128, 4), np.uint8)
        picture[alpha > 0, :3] = (230, 120, 40)
        picture[..., 3] = alpha
        save(tmp_path / f"{number}.png", picture)
    ran = inside("run", "0.png", "1.png", "-n", 3, "-o", "frames")
    assert ran.code == 0, ran.err
    made = [load(path) for path in sorted((tmp_path / "frames").iterdir())]
    for number, key in ((0, "0.png"), (4, "1.png")):
        assert np.array_equal(made[number], load(tmp_path / key))
    area = float((made[0][..., 3] / 255).sum())
    for picture in made:
        seen = picture[..., 3] > 16
        assert np.abs(picture[seen][:, :3].astype(int) - (230, 120, 40)).max() <= 3
        assert float((picture[..., 3] / 255).sum()) == pytest.approx(area, rel=0.03)


def test_ten_bits_of_pq(inside: Command, tmp_path: Path) -> None:
    tags = "colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc:log-level=error:crf=4"
    source = "gradients=s=64x48:r=10:d=0.5:c0=0x204060:c1=0xC0A080:x0=0:y0=0:x1=63:y1=47"
    words = ["-f", "lavfi", "-i", source, "-pix_fmt", "yuv420p10le", "-c:v", "libx265", "-x265-params", tags]
    by_ffmpeg(*words, tmp_path / "pq.mp4")
    ran = inside("slowmo", "pq.mp4", "--factor", "2", "--encoder=-crf 4", "--codec", "libx265", "-o", "o.mp4")
    assert ran.code == 0, ran.err
    planes = []
    for name in ("pq.mp4", "o.mp4"):
        with av.open(str(tmp_path / name)) as film:
            found = list(film.decode(video=0))
        assert {frame.format.name for frame in found} == {"yuv420p10le"}
        assert {(f.color_primaries, f.color_trc, f.colorspace, f.color_range) for f in found} == {(9, 16, 9, 1)}
        planes.append([frame.to_ndarray().astype(int) for frame in found])
    for before, after in zip(planes[0], planes[1][::2], strict=True):
        # Code values of ten bits; luma and chroma.
        assert np.abs(before - after).mean() < 1.5


# ------------------------------------------------------------------ names


@pytest.mark.parametrize("name", ["with spaces ", "ümläut é", "映画 🎬", "100%d", "%05d", "-leading", "--"])
def test_any_name_will_do_for_clips(inside: Command, tmp_path: Path, name: str) -> None:
    (lossless(tmp_path / "clip.mkv", moving(3, size=SIZE))).rename(tmp_path / f"{name}.mkv")
    ran = inside("slowmo", "-f", 2, "-o", f"{name}.mp4", "--", f"{name}.mkv")
    assert (ran.code, ran.out) == (0, f"{name}.mp4\n"), ran.err
    assert {path.name for path in tmp_path.iterdir()} == {f"{name}.mkv", f"{name}.mp4"}
    assert len(stamps(tmp_path / f"{name}.mp4")) == 6
    folder = tmp_path / f"{name} folder"
    ran = inside("slowmo", f"./{name}.mp4", "-f", 2, "-o", f"./{name} folder/", "--from", "0f", "--to", "2f")
    assert ran.code == 0, ran.err
    assert len(list(folder.iterdir())) == 4
    ran = inside("slowmo", f"./{name} folder", "--input-fps", 12, "-f", 2, "-o", f"./{name} again.mp4")
    assert ran.code == 0, ran.err
    assert len(stamps(tmp_path / f"{name} again.mp4")) == 8


# ------------------------------------------------------------------ odd files


SOURCE = ("-f", "lavfi", "-i", "testsrc2=s=64x48:r=12:d=1")
X264 = ("-c:v", "libx264", "-preset", "ultrafast")


def slowed(inside: Command, name: str) -> list[Picture]:
    """What the command makes of a clip at half its speed."""
    ran = inside("slowmo", name, "-f", 2, "-o", "o.mkv", "--codec", "ffv1", "--engine", "blend", "--overwrite")
    assert ran.code == 0, ran.err
    return shown(Path("o.mkv"))


def refusal(inside: Command, name: str) -> str:
    """The one line of why it makes nothing; nothing is left of the attempt."""
    folder = Path.cwd()
    before = sorted(folder.iterdir())
    ran = inside("slowmo", name, "-f", 2, "-o", "o.mkv", "--overwrite")
    assert ran.code == 1
    assert sorted(folder.iterdir()) == before
    return ran.problem[0]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_files_that_hold_no_film(inside: Command, here: Path) -> None:
    by_ffmpeg("-f", "lavfi", "-i", "sine=d=0.2", "-c:a", "aac", "sound.m4a")
    save(here / "cover.png", scene(0, SIZE))
    both = ["-i", "sound.m4a", "-i", "cover.png", "-map", "0", "-map", "1", "-c", "copy"]
    by_ffmpeg(*both, "-disposition:v", "attached_pic", "cover.m4a")
    by_ffmpeg(*SOURCE, "-t", "0", *X264, "zero.mp4")
    (here / "empty.mp4").touch()
    (here / "text.mp4").write_text("not a clip")
    assert "no pictures" in refusal(inside, "sound.m4a")
    assert "cover" in refusal(inside, "cover.m4a")
    assert "no pictures" in refusal(inside, "zero.mp4")
    assert "cannot be read" in refusal(inside, "empty.mp4")
    assert "cannot be read" in refusal(inside, "text.mp4")
    assert "no clip" in refusal(inside, "nowhere.mp4")


@pytest.mark.parametrize("name", ["c.mp4", "c.mkv", "late.mp4"])
def test_files_that_are_cut_off(inside: Command, here: Path, name: str) -> None:
    flags = ["-movflags", "+faststart"] if name == "c.mp4" else []
    by_ffmpeg("-f", "lavfi", "-i", "testsrc2=s=320x240:r=25:d=2", *X264, *flags, "whole" + name)
    data = (here / f"whole{name}").read_bytes()
    (here / name).write_bytes(data[: len(data) * 6 // 10])
    assert ("cannot be read" if name == "late.mp4" else "cut off") in refusal(inside, name)


def test_films_that_are_odd_but_whole(inside: Command, here: Path) -> None:
    by_ffmpeg(*SOURCE, *X264, "silent.mp4")
    whole = slowed(inside, "silent.mp4")
    assert len(whole) == 24
    with av.open("o.mkv") as film:
        assert not film.streams.audio
    # A wrong name.
    (here / "film.png").write_bytes((here / "silent.mp4").read_bytes())
    assert all(np.array_equal(a, b) for a, b in zip(slowed(inside, "film.png"), whole, strict=True))
    # A cover beside the film.
    save(here / "cover.png", scene(0, (96, 96)))
    words = ["-map", "1", "-map", "0", "-c", "copy", "-disposition:v:0", "attached_pic", "-disposition:v:1", "default"]
    by_ffmpeg("-i", "silent.mp4", "-i", "cover.png", *words, "covered.mp4")
    assert all(np.array_equal(a, b) for a, b in zip(slowed(inside, "covered.mp4"), whole, strict=True))
    # On its side.
    by_ffmpeg("-display_rotation", "90", "-i", "silent.mp4", "-c", "copy", "turned.mp4")
    turned = slowed(inside, "turned.mp4")
    assert all(np.array_equal(a, np.rot90(b)) for a, b in zip(turned[::2], whole[::2], strict=True))
    # One picture.
    by_ffmpeg(*SOURCE, "-frames:v", "1", *X264, "one.mp4")
    assert len(slowed(inside, "one.mp4")) == 2


@pytest.mark.parametrize("size", [(1, 1), (3, 65), (33, 47)])
def test_films_of_odd_sizes(inside: Command, here: Path, size: tuple[int, int]) -> None:
    pictures = [np.full((*size, 3), 40 * number, np.uint8) for number in range(4)]
    lossless(here / "c.mkv", pictures)
    ran = inside("slowmo", "c.mkv", "-f", 2, "-o", "o.mkv", "--codec", "ffv1", "--cuts", "off")
    assert ran.code == 0, ran.err
    found = shown(here / "o.mkv")
    assert len(found) == 8
    assert all(np.array_equal(a, b) for a, b in zip(found[::2], pictures, strict=True))
    ran = inside("slowmo", "c.mkv", "-f", 2, "-o", "o.mp4", "--cuts", "off")
    assert ran.code == 0, ran.err
    assert {picture.shape for picture in shown(here / "o.mp4")} == {(*size, 3)}


# ------------------------------------------------------------------ without anything


ALONE = """
import socket, sys

def refused(*words, **more):
    raise AssertionError("it asks the network")

socket.socket.connect = socket.create_connection = socket.getaddrinfo = refused

class Finder:
    def find_spec(self, name, path=None, target=None):
        assert name not in ("torch", "diffusers", "transformers", "kornia"), name

sys.meta_path.insert(0, Finder())
from inbetween.cli.main import main
main(sys.argv[1:])
"""


def run_alone(folder: Path, words: Iterable[str]) -> None:
    env = {"PATH": "", "HOME": str(folder / "home"), "PYTHONPATH": ":".join(filter(None, sys.path))}
    subprocess.run([sys.executable, "-c", ALONE, *words], cwd=folder, env=env, check=True, capture_output=True)


def test_no_network_no_weights_no_ffmpeg_of_ones_own(keys: list[Path], tmp_path: Path) -> None:
    run_alone(tmp_path, ["run", "key0.png", "key1.png", "-o", "out.mp4"])
    assert len(stamps(tmp_path / "out.mp4")) == 25
    run_alone(tmp_path, ["slowmo", "out.mp4", "--factor", "2", "-o", "slow.mp4"])
    assert len(stamps(tmp_path / "slow.mp4")) == 50
    assert not (tmp_path / "home").exists()
