"""Sound, subtitles and all the rest that goes with a film of a clip."""

from __future__ import annotations

import math
import struct
import subprocess
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from inbetween.request import ClipRequest
from inbetween.retime.plan import plan
from inbetween.retime.produce import make_film
from inbetween.timeline.text import parse_time
from inbetween.types import Report
from inbetween.video import ffmpeg
from inbetween.video.extras import extras_of
from inbetween.video.probe import probe
from inbetween.video.sinks import parse
from support.commands import Command
from support.sound import CLICKS, RATE, clicking, clicks, heard, played

# ------------------------------------------------------------------ by the real command


UNEVEN = (0, 40, 90, 170, 180, 260, 410, 430, 500, 1000, 1033, 1066, 1200, 1260, 1300, 1390, 1500, 2000, 2035, 2140)
"""Milliseconds."""


def uneven(path: Path) -> Path:
    """A film of three seconds with clicks, whose pictures come at `UNEVEN` times; each is as bright as its number
    says."""
    with av.open(str(path), "w") as film:
        video = film.add_stream("ffv1", rate=25)
        video.width, video.height, video.pix_fmt = 64, 48, "bgr0"
        video.codec_context.time_base = Fraction(1, 1000)
        audio = film.add_stream("flac", rate=RATE, layout="stereo")
        for number, time in enumerate(UNEVEN):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 10 * number, np.uint8), "rgb24")
            frame.pts, frame.time_base = time, Fraction(1, 1000)
            film.mux(video.encode(frame))
        film.mux(video.encode(None))
        sound = av.AudioFrame.from_ndarray((clicks(3) * 32767).astype(np.int16).T.reshape(1, -1), "s16", "stereo")
        sound.sample_rate, sound.pts, sound.time_base = RATE, 0, Fraction(1, RATE)
        film.mux(audio.encode(sound))
        film.mux(audio.encode(None))
    return path


@pytest.mark.parametrize(("since", "until", "factor"), [("0.3", "2.1", 1), ("1033ms", "2.02", 2), ("0.417", "1.31", 4)])
def test_a_part_of_uneven_times_is_exact(command: Command, tmp_path: Path, since: str, until: str, factor: int) -> None:
    """It begins with the picture that is shown then, every other one is met at its time, and so is the sound."""
    uneven(tmp_path / "c.mkv")
    words = ["--from", since, "--to", until, "--factor", str(factor), "--fps", "100", "--repeats", "keep"]
    ran = command("slowmo", "c.mkv", *words, "--engine", "blend", "--cuts", "off", "-o", "o.mkv", "--codec", "ffv1")
    assert ran.code == 0, ran.err
    start, end = (parse_time(word, Fraction(25)) for word in (since, until))
    with av.open(str(tmp_path / "o.mkv")) as film:
        values = [float(frame.to_ndarray(format="rgb24")[0, 0, 0]) / 10 for frame in film.decode(video=0)]
    sound, rate, length, lasts = played(tmp_path / "o.mkv")
    assert length == Fraction(len(values), 100)
    assert abs(length - (end - start) * factor) <= Fraction(1, 200)
    shown = sum(time <= start * 1000 for time in UNEVEN) - 1
    assert values[0] == shown
    for number, time in enumerate(UNEVEN):
        place = (Fraction(time, 1000) - start) * factor * 100
        if 0 <= place < len(values) and place.denominator == 1:
            assert values[int(place)] == number
    assert sum(time < end * 1000 for time in UNEVEN) - 1 <= values[-1] < sum(time < end * 1000 for time in UNEVEN)
    assert abs(lasts - length) < Fraction(1, 40)
    wanted = [float((Fraction(click) - start) * factor) for click in CLICKS if start <= click < end]
    assert heard(sound, rate) == pytest.approx(wanted, abs=0.004)


@pytest.mark.parametrize(
    ("words", "factor"),
    [(["--factor", "2"], 2), (["--factor", "2.5"], 2.5), (["--factor", "8"], 8), (["--fps", "60"], 1)],
)
def test_sound_is_in_time(inside: Command, tmp_path: Path, words: list[str], factor: float) -> None:
    clicking(tmp_path / "c.mp4", Fraction(12000, 1001), 36)
    ran = inside("slowmo", "c.mp4", *words, "--engine", "blend", "-o", "o.mp4")
    assert ran.code == 0, ran.err
    sound, rate, length, lasts = played(tmp_path / "o.mp4")
    assert abs(length - Fraction(36 * 1001, 12000) * Fraction(factor)) <= Fraction(1001, 24000)
    assert abs(lasts - length) < Fraction(1, 40)
    assert heard(sound, rate) == pytest.approx([factor * click for click in CLICKS], abs=0.004)


@pytest.mark.parametrize(
    ("source", "codec", "out", "begin"),
    [
        ("c.mkv", "libopus", "o.mkv", Fraction(1, 5)),
        ("c.mkv", "flac", "o.mov", Fraction(0)),
        ("c.mp4", "aac", "o.webm", Fraction(1, 5)),
        ("c.webm", "libopus", "o.mp4", Fraction(0)),
        ("c.mkv", "libmp3lame", "o.mp4", Fraction(1, 5)),
        ("c.mov", "pcm_s16le", "o.mp4", Fraction(0)),
    ],
)
def test_sound_keeps_its_offset_in_every_container(
    inside: Command, tmp_path: Path, source: str, codec: str, out: str, begin: Fraction
) -> None:
    clicking(tmp_path / source, Fraction(10), 30, codec, begin)
    ran = inside("slowmo", source, "--fps", "20", "--engine", "blend", "-o", out)
    assert ran.code == 0, ran.err
    before, rate, _, _ = played(tmp_path / source)
    after, now, length, _ = played(tmp_path / out)
    assert length == 3
    assert heard(after, now) == pytest.approx(heard(before, rate), abs=0.002)
    assert heard(after, now) == pytest.approx([float(begin) + click for click in CLICKS], abs=0.03)


def with_sound(path: Path, change: Callable[[bytes], bytes]) -> None:
    """A transport stream whose packets of sound are changed."""
    data = path.read_bytes()
    packets = [data[at : at + 188] for at in range(0, len(data), 188)]
    path.write_bytes(b"".join(change(p) if int.from_bytes(p[1:3]) & 0x1FFF == 0x101 else p for p in packets))
    assert path.read_bytes() != data


@pytest.mark.parametrize("words", [("--fps", "20"), ("--factor", "2")], ids=["copied", "encoded anew"])
def test_damaged_sound_does_not_stop_a_film(inside: Command, tmp_path: Path, words: tuple[str, ...]) -> None:
    said = ""
    for seed in range(4):
        clicking(tmp_path / "c.ts", Fraction(10), 30, "aac")
        noise = np.random.default_rng(seed)
        with_sound(
            tmp_path / "c.ts", lambda p, noise=noise: p[:40] + noise.bytes(140) + p[180:] if noise.random() < 0.1 else p
        )
        ran = inside("slowmo", "c.ts", *words, "--engine", "blend", "-o", "o.mkv", "--overwrite")
        assert ran.code == 0, ran.err
        said += ran.err
    assert "of its sound are left out" in said


def test_a_stream_that_is_announced_and_has_no_sound(inside: Command, tmp_path: Path) -> None:
    clicking(tmp_path / "c.ts", Fraction(10), 30, "aac")
    with_sound(tmp_path / "c.ts", lambda packet: b"")
    ran = inside("slowmo", "c.ts", "--fps", "20", "--engine", "blend", "-o", "o.mkv")
    assert ran.code == 0, ran.err
    assert "left out: audio (aac)" in ran.err


def test_a_packet_with_sound(inside: Command, tmp_path: Path) -> None:
    """FLAC in NUT ends with one."""
    clicking(tmp_path / "c.nut", Fraction(10), 30, "flac")
    ran = inside("slowmo", "c.nut", "--factor", "2", "--engine", "blend", "-o", "o.mov")
    assert ran.code == 0, ran.err
    sound, rate, _, _ = played(tmp_path / "o.mov")
    assert heard(sound, rate) == pytest.approx([2 * click for click in CLICKS], abs=0.004)


def test_sound_at_the_clips_own_speed_is_copied(inside: Command, tmp_path: Path) -> None:
    clicking(tmp_path / "c.mp4", Fraction(10), 30)
    assert inside("slowmo", "c.mp4", "--fps", "20", "-o", "o.mp4").code == 0

    def sound(path: Path) -> list[bytes]:
        with av.open(str(path)) as film:
            return [bytes(packet) for packet in film.demux(audio=0) if packet.size]

    assert sound(tmp_path / "o.mp4") == sound(tmp_path / "c.mp4")


def test_a_part_of_a_clip_with_a_curve_of_speed(inside: Command, tmp_path: Path) -> None:
    clicking(tmp_path / "c.mp4", Fraction(10), 30)
    words = ["--from", "1s", "--to", "2.8s", "--speed", "1s:1, 1.5s:0.5, 3s:0.5", "-o", "o.mp4"]
    ran = inside("slowmo", "c.mp4", *words)
    assert ran.code == 0, ran.err
    sound, rate, length, lasts = played(tmp_path / "o.mp4")
    # Half a second from speed 1 to 1/2 takes ln 2 s.
    first = math.log(2)
    assert abs(length - Fraction(first + 1.3 / 0.5)) <= Fraction(1, 10)
    assert abs(lasts - length) < Fraction(1, 40)
    early = math.log(1 / (1 - 0.25))
    assert heard(sound, rate) == pytest.approx([early, first + 1, first + 2], abs=0.005)


# ------------------------------------------------------------------ all the rest


ASS = b"""[Script Info]
ScriptType: v4.00+
[V4+ Styles]
Format: Name, Fontname, Fontsize
Style: Default,Arial,16
[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


def full(path: Path, folder: Path) -> Path:
    """A clip of three seconds with two sounds, subtitles, chapters and titles."""
    clicking(folder / "plain.mkv", Fraction(10), 30)
    with (
        av.open(str(folder / "plain.mkv")) as plain,
        av.open(str(folder / "plain.mkv")) as again,
        av.open(str(path), "w") as film,
    ):
        film.metadata.update({"title": "Clicks", "artist": "Nobody"})
        part = {"time_base": Fraction(1, 1000), "metadata": {"title": "Beginning"}}
        film.set_chapters([{"id": 1, "start": 0, "end": 1500, **part}, {"id": 2, "start": 1500, "end": 3000, **part}])
        kept = {stream: film.add_stream_from_template(stream, opaque=True) for stream in plain.streams}
        other = film.add_stream_from_template(again.streams.audio[0], opaque=True)
        other.metadata.update({"language": "deu", "title": "Again"})
        text = film.add_stream("mov_text" if path.suffix == ".mp4" else "srt")
        text.metadata["language"] = "fra"
        text.codec_context.subtitle_header = ASS
        for packet in plain.demux():
            if packet.size:
                packet.stream = kept[packet.stream]
                film.mux(packet)
        for packet in again.demux(audio=0):
            if packet.size:
                packet.stream = other
                film.mux(packet)
        for start, end, words in ((500, 1000, b"One {\\i1}word"), (2000, 4000, b"Two\\Nlines")):
            line = av.subtitles.subtitle.SubtitleSet.create(b"0,0,Default,,0,0,0,," + words, 0, end - start)
            packet = text.codec_context.encode_subtitle(line)
            packet.stream, packet.time_base, packet.pts, packet.dts = text, Fraction(1, 1000), start, start
            packet.duration = end - start
            film.mux(packet)
    return path


@pytest.mark.parametrize(
    ("source", "out", "factor"), [("c.mp4", "o.mkv", 2), ("c.mkv", "o.mp4", 1), ("c.mkv", "o.webm", 2)]
)
def test_everything_goes_with_the_film(inside: Command, tmp_path: Path, source: str, out: str, factor: int) -> None:
    full(tmp_path / source, tmp_path)
    ran = inside("slowmo", source, "--factor", factor, "--fps", 10, "-o", out)
    assert ran.code == 0, ran.err
    assert "left out" not in ran.err
    with av.open(str(tmp_path / out)) as film:
        assert film.metadata["title" if "title" in film.metadata else "TITLE"] == "Clicks"
        assert {name.lower() for name in film.metadata} >= {"title", "artist"}
        kinds = [stream.type for stream in film.streams if stream.type != "data"]
        assert kinds == ["video", "audio", "audio", "subtitle"]
        assert film.streams.audio[1].metadata["language"] == "deu"
        chapters = [(c["start"] * c["time_base"], c["end"] * c["time_base"]) for c in film.chapters()]
        assert [float(time) for chapter in chapters for time in chapter] == pytest.approx(
            [0, 1.5 * factor, 1.5 * factor, 3 * factor], abs=0.01
        )
        texts = film.streams.subtitles[0]
        lines = []
        for packet in film.demux(texts):
            for one in texts.decode2(packet) or () if packet.size else ():
                lines.append(
                    (float(packet.pts * packet.time_base), float(packet.duration * packet.time_base), one.dialogue)
                )
    assert [line[0] for line in lines] == pytest.approx([0.5 * factor, 2 * factor], abs=0.002)
    # What would go on after the film ends with it.
    assert [line[1] for line in lines] == pytest.approx([0.5 * factor, factor], abs=0.002)
    assert [b"word" in lines[0][2], b"lines" in lines[1][2]] == [True, True]


@pytest.mark.parametrize(("out", "codec"), [("o.mkv", "flac"), ("o.mp4", "aac"), ("o.webm", "opus")])
def test_eight_channels(inside: Command, tmp_path: Path, out: str, codec: str) -> None:
    tones = "|".join(f"{(channel + 1) / 10}*sin(2*PI*90*t)" for channel in range(8))
    given = ["-f", "lavfi", "-i", "testsrc2=s=64x48:r=10:d=2", "-f", "lavfi", "-i", f"aevalsrc={tones}:c=7.1:d=2"]
    made = [*given, "-c:v", "libx264", "-c:a", "flac", str(tmp_path / "c.mkv")]
    subprocess.run([ffmpeg.executable(), "-v", "error", *made], check=True)
    ran = inside("slowmo", "c.mkv", "--factor", "2", "--engine", "blend", "-o", out)
    assert ran.code == 0, ran.err
    # In another process, for PyAV reads beyond eight planes.
    words = ["-i", str(tmp_path / out), "-f", "f32le", "-c:a", "pcm_f32le", "-"]
    ran_too = subprocess.run([ffmpeg.executable(), "-v", "error", *words], capture_output=True, check=True)
    sound = np.frombuffer(ran_too.stdout, np.float32).reshape(-1, 8)
    with av.open(str(tmp_path / out)) as film:
        stream = film.streams.audio[0]
        assert (stream.codec_context.name, stream.layout.name) == (codec, "7.1")
        rate = stream.rate
    assert abs(len(sound) / rate - 4) < 0.05
    loud = np.sqrt(2 * np.mean(np.square(sound[rate : 3 * rate]), 0))
    assert loud == pytest.approx([(channel + 1) / 10 for channel in range(8)], rel=0.15)


def test_what_cannot_go_with_the_film_is_said(inside: Command, tmp_path: Path) -> None:
    full(tmp_path / "c.mkv", tmp_path)
    ran = inside("slowmo", "c.mkv", "--fps", 12, "-o", "o.gif")
    assert ran.code == 0, ran.err
    assert "left out: 2 audio (aac), subtitle (subrip)" in ran.err
    ran = inside("slowmo", "c.mkv", "--fps", 12, "--sound", "drop", "-o", "o.mp4")
    assert ran.code == 0, ran.err
    assert "left out" not in ran.err
    with av.open(str(tmp_path / "o.mp4")) as film:
        assert not film.streams.audio
        assert len(film.streams.subtitles) == 1


def blu_ray(path: Path, times: list[tuple[float, float]]) -> Path:
    """Subtitles that are pictures, of 8 by 2 pixels: each in five segments, which stands until the three that clear."""

    def segment(at: float, kind: int, body: bytes) -> bytes:
        return b"PG" + struct.pack(">IIBH", round(at * 90000), 0, kind, len(body)) + body

    window = struct.pack(">BBHHHH", 1, 0, 5, 5, 8, 2)
    coded = struct.pack(">HH", 8, 2) + (b"\1" * 8 + b"\0\0") * 2
    made = b""
    for number, (begin, end) in enumerate(times):
        shown = struct.pack(">HHBHBBBB", 64, 48, 16, 2 * number, 128, 0, 0, 1) + struct.pack(">HBBHH", 0, 0, 0, 5, 5)
        made += segment(begin, 0x16, shown) + segment(begin, 0x17, window)
        made += segment(begin, 0x14, bytes((0, 0, 1, 235, 128, 128, 255)))
        made += segment(begin, 0x15, b"\0\0\0\xc0" + len(coded).to_bytes(3) + coded) + segment(begin, 0x80, b"")
        clear = struct.pack(">HHBHBBBB", 64, 48, 16, 2 * number + 1, 0, 0, 0, 0)
        made += segment(end, 0x16, clear) + segment(end, 0x17, window) + segment(end, 0x80, b"")
    path.write_bytes(made)
    return path


@pytest.mark.parametrize("source", ["c.mkv", "c.m2ts"])
@pytest.mark.parametrize(
    ("words", "times"),
    [
        (["--factor", "2"], [0, 1.2, 1.6, 2.6]),
        (["--from", "0.4s", "--factor", "1"], [0, 0.2, 0.4, 0.9]),
        (["--from", "0.7s", "--to", "1s", "--factor", "1"], [0, 0.1]),
    ],
)
def test_subtitles_of_a_blu_ray_go_with_the_film(
    inside: Command, tmp_path: Path, source: str, words: list[str], times: list[float]
) -> None:
    pictures = blu_ray(tmp_path / "c.sup", [(0.2, 0.8), (1.0, 1.5)])
    given = ["-f", "lavfi", "-i", "testsrc2=s=64x48:r=10:d=2", "-i", str(pictures), "-map", "0", "-map", "1"]
    made = [*given, "-c:v", "libx264", "-c:s", "copy", str(tmp_path / source)]
    subprocess.run([ffmpeg.executable(), "-v", "error", *made], check=True)
    ran = inside("slowmo", source, *words, "--engine", "blend", "-o", "o.mkv")
    assert ran.code == 0, ran.err
    with av.open(str(tmp_path / "o.mkv")) as film:
        found = [float(packet.pts * packet.time_base) for packet in film.demux(subtitles=0) if packet.size]
    # ffmpeg lets the first one begin with the pictures.
    assert found == pytest.approx(times, abs=0.002)


def test_words_for_sound(inside: Command, tmp_path: Path) -> None:
    assert (
        inside("slowmo", "c.mp4", "--factor", 2, "--sound", "kep", "-o", "o.mp4").problem[1] == "did you mean `keep`?"
    )


@pytest.mark.parametrize(
    ("source", "codec", "out", "encoder"),
    [
        ("c.mkv", "flac", "o.mp4", ""),
        ("c.mkv", "flac", "o.mov", "alac"),
        ("c.mkv", "libmp3lame", "o.webm", "libopus"),
        ("c.mkv", "pcm_s24le", "o.mkv", ""),
        ("c.mkv", "pcm_s24le", "o.mp4", "alac"),
        ("c.mkv", "ac3", "o.mov", ""),
    ],
)
def test_sound_is_copied_where_the_container_takes_it(
    tmp_path: Path, source: str, codec: str, out: str, encoder: str
) -> None:
    known = probe(str(clicking(tmp_path / source, Fraction(10), 30, codec)), Report())
    found = extras_of(known, parse(out), True, "keep", Fraction(3), lambda t: t, lambda t: t, Report())
    assert found is not None
    assert [track.encoder for track in found.tracks] == [encoder]


@pytest.mark.parametrize(
    ("out", "codec"), [("o.mkv", "ffv1"), ("o.webm", None), ("o.mov", "prores_ks"), ("o.mp4", None)]
)
def test_the_shape_of_pixels_goes_with_the_sound(tmp_path: Path, out: str, codec: str | None) -> None:
    """Whether the encoder writes it into its stream or not."""
    path = clicking(tmp_path / "c.mp4", Fraction(24), 6)
    wide = tmp_path / "wide.mp4"
    words = ["-i", str(path), "-c", "copy", "-aspect", "16:9", str(wide)]
    subprocess.run([ffmpeg.executable(), "-v", "error", *words], check=True)
    said = ClipRequest(clip=str(wide), out=str(tmp_path / out), engine="blend", codec=codec, factor="2")
    make_film(plan(said), Report())
    assert probe(str(wide), Report()).aspect == Fraction(4, 3)
    found = probe(str(tmp_path / out), Report())
    assert found.aspect == pytest.approx(4 / 3, rel=0.01)
    assert [stream.kind for stream in found.streams] == ["audio"]
    assert (found.count, found.rate) == (12, 24)
