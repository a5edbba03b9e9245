"""Leave-out scoring: the numbers are scikit-image's and libvmaf's own, the frames are those of `run`."""

from __future__ import annotations

import functools
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from conftest import Command, load, save, scene
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from inbetween.bench import clips, filters, measures, methods, request
from inbetween.bench.score import bench
from inbetween.bench.worst_sheet import MOST, Worst
from inbetween.errors import InbetweenError, Interrupted
from inbetween.produce import BYTES_PER_PIXEL
from inbetween.types import Picture, Report
from inbetween.video import ffmpeg

SIZE = (96, 128)
SKIMAGE = {
    "gaussian_weights": True,
    "sigma": 1.5,
    "use_sample_covariance": False,
    "data_range": 255,
    "channel_axis": 2,
}


@functools.cache
def frame(number: int, size: tuple[int, int], seed: int) -> Picture:
    return scene(number / 4, size, seed)


def frames(count: int = 9, size: tuple[int, int] = SIZE, seed: int = 0) -> list[Picture]:
    """A disc that moves 3 pixels a frame to the right and 1 down."""
    return [frame(i, size, seed) for i in range(count)]


def folder(path: Path, pictures: Sequence[Picture]) -> Path:
    path.mkdir()
    for number, picture in enumerate(pictures):
        save(path / f"{number}.png", picture)
    return path


def video(path: Path, pictures: Sequence[Picture]) -> Path:
    """Lossless."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "bgr0"
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return path


def scored(inside: Command, *said: object) -> dict[str, Any]:
    ran = inside("bench", *said, "--json")
    assert ran.code == 0, ran.err
    assert ran.out.count("\n") == 1
    return json.loads(ran.out)


def row(facts: dict[str, Any], method: str, gap: int, clip: str | None = None) -> dict[str, Any]:
    (found,) = [
        r for r in facts["rows" if clip else "means"] if (r["method"], r["gap"], r.get("clip")) == (method, gap, clip)
    ]
    return found


def theirs(true: Sequence[Picture], made: Sequence[Picture]) -> tuple[float, float]:
    """Mean PSNR and SSIM, by scikit-image."""
    pairs = list(zip(true, made, strict=True))
    psnr = [peak_signal_noise_ratio(a, b, data_range=255) for a, b in pairs]
    return float(np.mean(psnr)), float(np.mean([structural_similarity(a, b, **SKIMAGE) for a, b in pairs]))


# ------------------------------------------------------------------ the measures


@pytest.mark.parametrize("size", [(32, 32), (96, 128), (37, 53)])
@pytest.mark.parametrize("how", ["noise", "shift", "blur", "unrelated", "one level"])
def test_psnr_and_ssim_are_those_of_scikit_image(size: tuple[int, int], how: str) -> None:
    true = scene(0, size)
    random = np.random.default_rng(1)
    made = {
        "noise": np.clip(true + random.normal(0, 20, true.shape), 0, 255).astype(np.uint8),
        "shift": scene(0.3, size),
        "blur": cv2.GaussianBlur(true, (0, 0), 2),
        "unrelated": random.integers(0, 256, true.shape, np.uint8),
        "one level": true ^ 1,
    }[how]
    psnr, ssim = theirs([true], [made])
    assert measures.psnr(true, made) == pytest.approx(psnr, abs=1e-6)
    assert measures.ssim(true, made) == pytest.approx(ssim, abs=1e-6)


def test_equal_pictures() -> None:
    true = scene(0, SIZE)
    assert measures.psnr(true, true.copy()) == 100
    assert measures.ssim(true, true.copy()) == pytest.approx(1, abs=1e-12)


def test_repeats() -> None:
    a, b, c = (np.full((2, 2, 3), level, np.uint8) for level in (1, 2, 3))
    # The second one is only the key before; of the third gap one is the key after, its neighbour is not.
    whole = [a, a.copy(), b, c, b.copy(), a, c.copy(), c]
    assert measures.repeats(whole, {0, 2, 4, 7}) == 2
    assert measures.repeats([a, b, b.copy(), c], {0, 3}) == 1


def test_vmaf_is_that_of_two_films(tmp_path: Path) -> None:
    true = frames(7, (98, 131))
    made = [cv2.GaussianBlur(x, (0, 0), 1 + i / 4) if i % 2 else x for i, x in enumerate(true)]
    for name, pictures in (("made", made), ("true", true)):
        (tmp_path / name).write_bytes(b"".join(picture.tobytes() for picture in pictures))
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-video_size", "131x98", "-framerate", "25", "-i"]
    graph = "[0:v]format=yuv420p[a];[1:v]format=yuv420p[b];[a][b]libvmaf=log_fmt=json:log_path=log"
    films = [ffmpeg.executable(), "-v", "error", *raw, "made", *raw, "true", "-lavfi", graph, "-f", "null", "-"]
    subprocess.run(films, cwd=tmp_path, check=True)
    direct = [frame["metrics"]["vmaf"] for frame in json.loads((tmp_path / "log").read_text())["frames"]]
    for threads in (1, 3):
        ours = filters.vmaf(true, made, threads, lambda: None)
        assert ours == pytest.approx(direct, abs=1e-3)
    assert min(ours[::2]) > max(ours[3::2])


# ------------------------------------------------------------------ the methods


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("keys", [2, 3, 5])
def test_minterpolate_is_in_step(keys: int, count: int) -> None:
    step = count + 1
    true = frames((keys - 1) * step + 1)
    made = filters.minterpolate(true[::step], count, lambda done: None)
    hidden = [i for i in range(len(true)) if i % step]
    assert len(made) == len(hidden)
    assert {picture.shape for picture in made} == {true[0].shape}
    early, right, late = (
        np.mean([measures.psnr(true[i + shift], picture) for i, picture in zip(hidden, made, strict=True)])
        for shift in (-1, 0, 1)
    )
    assert right > max(early, late) + 3


def test_keys_are_mirrored_beyond_the_ends() -> None:
    assert filters._mirrored(5) == [3, 2, 1, 0, 1, 2, 3, 4, 3, 2, 1]
    assert filters._mirrored(2) == [1, 1, 1, 0, 1, 0, 0, 0]


def test_every_baseline_of_the_words_exists() -> None:
    assert tuple(methods.BASELINES) == request.AGAINST


def test_numbers_of_the_command(inside: Command, tmp_path: Path) -> None:
    """On a folder and a video: as scikit-image has them, of frames made by hand and by `run`."""
    one, other = frames(), frames(8, (120, 90), seed=5)
    folder(tmp_path / "one", one)
    video(tmp_path / "other.mkv", other)
    facts = scored(inside, "one", "other.mkv", "--gaps", "3,1", "--engine", "flow,blend", "--threads", 2)
    assert [r["method"] for r in facts["means"][:5]] == ["flow", "blend", "hold", "crossfade", "minterpolate"]
    for clip, pictures, gap in (("one", one, 1), ("one", one, 3), ("other", other, 1), ("other", other, 3)):
        keys = pictures[:: gap + 1]
        hidden = [i for i in range((len(keys) - 1) * (gap + 1)) if i % (gap + 1)]
        out = tmp_path / f"{clip}{gap}"
        paths = [save(tmp_path / f"{clip}{gap}_{i}.png", key) for i, key in enumerate(keys)]
        assert inside("run", *paths, "-n", gap, "-o", out).code == 0
        made = {
            "flow": [load(out / f"{i:05d}.png") for i in hidden],
            "hold": [keys[i // (gap + 1)] for i in hidden],
            "crossfade": [
                cv2.addWeighted(keys[i // (gap + 1)], 1 - t, keys[i // (gap + 1) + 1], t, 0)
                for i in hidden
                for t in [i % (gap + 1) / (gap + 1)]
            ],
        }
        for method, ours in made.items():
            found = row(facts, method, gap, clip)
            psnr, ssim = theirs([pictures[i] for i in hidden], ours)
            assert found["psnr"] == pytest.approx(psnr, abs=1e-6)
            assert found["ssim"] == pytest.approx(ssim, abs=1e-6)
            assert found["frames"] == len(hidden)
            assert found["dup"] == (len(hidden) if method == "hold" else 0)
            assert 0 <= found["vmaf"] <= 100
    for gap in (1, 3):
        mean = row(facts, "flow", gap)
        both = [row(facts, "flow", gap, clip) for clip in ("one", "other")]
        for name in ("psnr", "ssim", "vmaf", "seconds", "processor_seconds"):
            assert mean[name] == pytest.approx((both[0][name] + both[1][name]) / 2)
        assert mean["frames"] == both[0]["frames"] + both[1]["frames"]
        assert mean["clips"] == 2
        assert row(facts, "minterpolate", gap)["processor_seconds"] > 0
        assert mean["psnr"] > row(facts, "crossfade", gap)["psnr"]


def test_options_go_to_the_engines_that_have_them(inside: Command, tmp_path: Path) -> None:
    folder(tmp_path / "clip", frames(5))
    plain = ["clip", "--gaps", "3", "--no-vmaf", "--against", "none", "--engine", "flow,blend"]
    facts = scored(inside, *plain)
    other = scored(inside, *plain, "--set", "light=coded", "--set", "acceleration=false")
    assert facts["engines"]["blend"]["light"] == "linear"
    assert other["engines"]["blend"]["light"] == "coded"
    assert other["engines"]["flow"]["acceleration"] is False
    assert row(facts, "blend", 3)["psnr"] != row(other, "blend", 3)["psnr"]
    assert {r["method"] for r in facts["rows"]} == {"flow", "blend"}
    assert {r["vmaf"] for r in facts["rows"]} == {None}


def test_what_engines_say_is_said_once_with_its_place(tmp_path: Path) -> None:
    """And a cut within a clip is cross-faded, as in a film."""
    random = np.random.default_rng(1)
    folder(tmp_path / "cut", [*frames(3), *random.integers(0, 256, (2, *SIZE, 3), np.uint8)])
    heard: list[tuple[str, str]] = []

    class Heard(Report):
        def note(self, code: str, text: str, *, detail: bool = False, **facts: Any) -> None:
            heard.append((code, text))

    asked = request.request([str(tmp_path / "cut")], "flow,blend", "none", "1", [], False, 1, None)
    result = bench(asked, Heard())
    assert heard == [("unrelated", "cut, gap 1: keys 2 and 3 have nothing to do with each other: cross-faded")]
    assert [r.frames for r in result.rows] == [2, 2]


# ------------------------------------------------------------------ clips


def test_pictures_are_taken_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    pictures = frames(12)
    path = folder(tmp_path / "clip", pictures)
    (path / "notes.txt").write_text("no picture")
    (path / ".9.png").write_text("no picture")
    (clip,) = clips.named([path])
    read = clips.read(clip, None, Report())
    assert all(np.array_equal(a, b) for a, b in zip(read, pictures, strict=True))
    assert not read[0].flags.writeable


def test_deep_and_clear_pictures_are_made_plain(tmp_path: Path) -> None:
    path = tmp_path / "clip"
    path.mkdir()
    plain = scene(0, SIZE)
    save(path / "1.png", plain.astype(np.uint16) * 257)
    save(path / "2.png", np.dstack([plain, np.full(SIZE, 255, np.uint8)]))
    (clip,) = clips.named([path])
    for read in clips.read(clip, None, Report()):
        assert np.array_equal(read, plain)


def test_a_video_is_read_as_it_is(tmp_path: Path) -> None:
    pictures = frames(6)
    path = video(tmp_path / "a:b%d.mkv", pictures)
    (clip,) = clips.named([path])
    assert clip.name == "a:b%d"
    read = clips.read(clip, 4, Report())
    assert all(np.array_equal(a, b) for a, b in zip(read, pictures[:4], strict=True))


def test_a_clip_too_long_for_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder(tmp_path / "clip", frames(40, (32, 32)))
    needed = 32 * 32 * 3 * 32 + 32 * 32 * BYTES_PER_PIXEL
    (clip,) = clips.named([path])
    monkeypatch.setattr(clips, "available_memory", lambda: needed)
    assert len(clips.read(clip, None, Report())) == 40
    monkeypatch.setattr(clips, "available_memory", lambda: needed - 1)
    with pytest.raises(InbetweenError, match="too long for the memory: 32 frames are read") as refused:
        clips.read(clip, None, Report())
    assert refused.value.hint.endswith("--max-frames 16")


def test_names_in_tables_are_unlike() -> None:
    named = clips.named([Path("a/x.mp4"), Path("b/x.mp4"), Path("y\n.mp4")])
    assert [clip.name for clip in named] == ["a/x.mp4", "b/x.mp4", "y?"]


def test_short_clips_are_left_out_and_said(inside: Command, tmp_path: Path) -> None:
    folder(tmp_path / "long", frames(9))
    folder(tmp_path / "short", frames(4))
    ran = inside("bench", "long", "short", "--gaps", "2,7", "--no-vmaf", "--against", "hold", "-v")
    assert ran.code == 0, ran.err
    assert "note: short, gap 7: left out, it has 4 frames and 9 are needed" in ran.err
    assert "gap 2: short, 2 frames" in ran.out
    assert "gap 2: mean of 2 clips, 6 frames" in ran.out
    assert "gap 7: long, 7 frames" in ran.out
    assert "gap 7: mean" not in ran.out


def test_only_the_first_frames(inside: Command, tmp_path: Path) -> None:
    folder(tmp_path / "clip", frames(9))
    facts = scored(inside, "clip", "--gaps", "1", "--max-frames", 4, "--no-vmaf", "--against", "none")
    assert row(facts, "flow", 1)["frames"] == 1
    assert facts["max_frames"] == 4


# ------------------------------------------------------------------ what is said


def test_the_table_fits_a_terminal(command: Command, tmp_path: Path) -> None:
    folder(tmp_path / "[bold]clip", frames(5))
    ran = command("bench", "[bold]clip", "--gaps", "1", env={"COLUMNS": "80"})
    assert ran.code == 0, ran.err
    lines = ran.out.splitlines()
    assert lines[0] == "gap 1: [bold]clip, 2 frames"
    assert lines[1].split() == ["method", "PSNR", "SSIM", "VMAF", "dup", "s/frame", "cpu", "s/frame"]
    assert [line.split()[0] for line in lines[3:]] == ["flow", "hold", "crossfade", "minterpolate"]
    assert max(map(len, lines)) <= 80
    assert re.search(r"^1 clip, 8 frames made and scored, [\d.]+ s$", ran.err, re.MULTILINE)
    assert command("bench", "[bold]clip", "--gaps", "1", "--against", "none", "-q").err == ""


def test_the_sheet(inside: Command, tmp_path: Path) -> None:
    folder(tmp_path / "clip", frames(9))
    said = ["clip", "--gaps", "1,3", "--no-vmaf", "--sheet", "worst.png"]
    facts = scored(inside, *said)
    assert facts["sheet"] == "worst.png"
    with Image.open(tmp_path / "worst.png") as image:
        # Two frames of each gap; two keys, the truth, and four methods.
        assert image.height == 4 * (96 + 2 * 18 + 2 * 4) + 2 * 4 - 4
        assert image.width > 7 * 128
    before = (tmp_path / "worst.png").read_bytes()
    ran = inside("bench", *said)
    assert ran.code == 1
    assert ran.problem == ("`worst.png` exists", "give another name with --sheet, or add --overwrite")
    assert (tmp_path / "worst.png").read_bytes() == before
    assert inside("bench", *said, "--overwrite", "--against", "none").code == 0
    assert (tmp_path / "worst.png").read_bytes() != before


def test_the_worst_are_kept() -> None:
    worst, true = Worst(), frames(9)
    for clip in range(5):
        worst.begin(f"clip{clip}", 3, true)
        for method in ("ours", "other"):
            scores = {i: (20.0, (i + clip) / 20 if method == "ours" else 0.0) for i in (1, 2, 3, 5, 6, 7)}
            worst.see(method, scores, true)
    strips = worst.strips
    assert len(strips) == MOST
    assert [strip.title for strip in strips[:3]] == [
        "clip0, frame 1, gap 3",
        "clip0, frame 2, gap 3",
        "clip1, frame 1, gap 3",
    ]
    assert [label for label, _ in strips[0].cells] == [
        "key before (0)",
        "truth (1)",
        "ours   20.00 dB   SSIM 0.0500",
        "other   20.00 dB   SSIM 0.0000",
        "key after (4)",
    ]


README = (Path(__file__).parent.parent / "README.md").read_text("utf-8")
SHELL = [line.split("#")[0].strip() for line in README.splitlines() if line.startswith("inbetween bench")]


@pytest.mark.parametrize("line", SHELL)
def test_every_command_line_of_the_readme_works(line: str, command: Command, tmp_path: Path) -> None:
    video(tmp_path / "clip.mp4", frames(9, (48, 64)))
    folder(tmp_path / "frames", frames(9, (48, 64)))
    ran = command(*shlex.split(line)[1:])
    assert ran.code == 0, ran.err


# ------------------------------------------------------------------ what goes wrong


def contents(path: Path) -> dict[str, bytes]:
    return {str(p.relative_to(path)): p.read_bytes() for p in path.rglob("*") if p.is_file()}


WORDS = [
    ("", "no clip is named", "inbetween bench clip.mp4"),
    ("clip --engine flo", "there is no engine called `flo`", "did you mean `flow`?"),
    ("clip --engine flow,", "there is no engine called ``", "known: flow, blend"),
    ("clip --engine hold", "`hold` is no engine", "--against hold"),
    ("clip --against crosfade", "there is no baseline called `crosfade`", "did you mean `crossfade`?"),
    ("clip --gaps 0", "--gaps needs whole numbers from 1 on, not `0`", "--gaps 1,3,7"),
    ("clip --gaps x", "not `x`", "--gaps 1,3,7"),
    ("clip --gaps 1,,3", "not ``", "--gaps 1,3,7"),
    ("clip --gaps 1,-3", "not `-3`", "--gaps 1,3,7"),
    ("clip --gaps 1000000000000", "not `1000000000000`", "--gaps 1,3,7"),
    ("clip --set sampling", "`--set sampling` has no value", "VALUE"),
    ("clip --set sampler=bicubic", "there is no option called `sampler`", "did you mean `sampling`?"),
    ("clip --set sampling=bicubc", "there is no value of `sampling` called `bicubc`", "`bicubic`"),
    ("clip --set light=coded", "there is no option called `light`", "known: quality"),
    ("clip --max-frames 2", "--max-frames needs a whole number from 3 on", "--max-frames"),
    ("clip --threads 0", "--threads needs a whole number from 1 on", "--threads"),
    ("clip --sheet sheet.jpg", "the sheet is a PNG", "--sheet worst.png"),
    ("clip --progress loud", "there is no --progress called `loud`", "known: auto"),
]
NO_CLIPS = [
    ("clip --sheet nowhere/sheet.png", "there is no folder", "mkdir -p"),
    ("clip --sheet clip/0.png --overwrite", "is an input and an output", "--sheet"),
    ("gone.mp4", "there is no clip `gone.mp4`", "check the name"),
    ("clip notes.txt", "notes.txt cannot be read as a clip: invalid data", "video files, or folders"),
    ("notes.mp4", "notes.mp4 cannot be read as a clip: invalid data", "video files, or folders"),
    ("nothing", "nothing has no frames", "video files, or folders"),
    ("one", "no clip is long enough to hide frames of it", "smaller --gaps"),
    ("picture.png", "no clip is long enough to hide frames of it", "smaller --gaps"),
    ("clip --gaps 7,9", "no clip is long enough to hide frames of it", "smaller --gaps"),
    ("clip small", "small is 64x31: no side may be below 32 pixels", "leave it out"),
    ("clip --gaps 1 mixed", "mixed changes its size", "leave it out"),
    ("clip broken", "1.png", ""),
]


@pytest.mark.parametrize(("said", "error", "hint"), WORDS, ids=[w[0] or "no word" for w in WORDS])
def test_words_that_make_no_sense(inside: Command, said: str, error: str, hint: str) -> None:
    """They are refused before anybody looks for a clip."""
    ran = inside("bench", *said.split())
    assert (ran.code, ran.out) == (2, ""), ran.err
    assert error in ran.problem[0]
    assert hint in ran.problem[1]


@pytest.mark.parametrize(("said", "error", "hint"), NO_CLIPS, ids=[w[0] for w in NO_CLIPS])
def test_files_that_will_not_do(inside: Command, tmp_path: Path, said: str, error: str, hint: str) -> None:
    folder(tmp_path / "clip", frames(4))
    folder(tmp_path / "one", frames(1))
    folder(tmp_path / "nothing", [])
    folder(tmp_path / "small", frames(4, (31, 64)))
    folder(tmp_path / "mixed", [*frames(2), *frames(1, (64, 64))])
    (folder(tmp_path / "broken", frames(3)) / "1.png").write_bytes(b"no picture")
    save(tmp_path / "picture.png", frame(0, SIZE, 0))
    for name in ("notes.txt", "notes.mp4"):
        (tmp_path / name).write_text("a text\n" * 40)
    before = contents(tmp_path)
    ran = inside("bench", *said.split())
    assert (ran.code, ran.out) == (1, ""), ran.err
    assert error in ran.problem[0]
    assert hint in ran.problem[1]
    assert contents(tmp_path) == before


def test_an_ffmpeg_without_the_filters(command: Command, tmp_path: Path) -> None:
    folder(tmp_path / "clip", frames(4))
    fake = tmp_path / "ffmpeg"
    fake.write_text("#!/bin/sh\necho ' T.. minterpolate      V->V       Frame rate conversion'\n")
    fake.chmod(0o755)
    env = {"IMAGEIO_FFMPEG_EXE": str(fake)}
    ran = command("bench", "clip", env=env)
    assert ran.code == 1
    assert ran.problem == ("this ffmpeg has no filter libvmaf", "leave it out: --no-vmaf")
    ran = command("bench", "clip", "--gaps", "1", "--no-vmaf", env=env)
    assert ran.code == 1
    assert "minterpolate left frames out" in ran.problem[0]
    assert command("bench", "clip", "--gaps", "1", "--no-vmaf", "--against", "hold", env=env).code == 0


def test_a_failing_ffmpeg_says_why() -> None:
    with pytest.raises(InbetweenError, match=r"^ffmpeg stopped: Height or width < 32$"):
        filters.minterpolate(frames(3, (24, 24)), 1, lambda done: None)


def test_a_filter_is_left_at_once() -> None:
    """A beat may raise; ffmpeg is ended then."""
    pictures = frames(9, (480, 640))

    def stop(done: int) -> None:
        raise Interrupted

    begin = time.monotonic()
    with pytest.raises(Interrupted):
        filters.minterpolate(pictures, 15, stop)
    assert time.monotonic() - begin < 3


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_stopped(tmp_path: Path, how: signal.Signals) -> None:
    folder(tmp_path / "clip", frames(13, (360, 640)))
    (tmp_path / "temp").mkdir()
    before = contents(tmp_path)
    said = ["bench", "clip", "--sheet", "worst.png", "--progress", "json"]
    process = subprocess.Popen(
        [sys.executable, "-m", "inbetween", *said],
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(tmp_path / "temp")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Who runs these tests in the background may have had it ignored, which children inherit.
        preexec_fn=lambda: signal.signal(how, signal.SIG_DFL),
    )
    assert process.stderr is not None
    for line in process.stderr:
        if json.loads(line)["stage"].startswith("clip (1/1)"):
            break
    process.send_signal(how)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 128 + how
    assert err.splitlines()[-2:] == [
        "error: stopped before everything was scored",
        "hint: the same command begins anew",
    ]
    assert out == ""
    assert contents(tmp_path) == before
