"""`inbetween run`."""

from __future__ import annotations

import json
import os
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from PIL import Image

from inbetween.cli.console import Show
from inbetween.errors import Interrupted
from support.commands import Command
from support.films import decoded, files
from support.pictures import load, psnr, save, scene


def luma(path: Path) -> list[np.ndarray]:
    """Y planes as coded, 16..235."""
    with av.open(str(path)) as film:
        return [np.asarray(frame.to_ndarray()[: frame.height]) for frame in film.decode(video=0)]


# ------------------------------------------------------------------ films and folders


def test_two_pictures_make_a_film(command: Command, keys: list[Path], tmp_path: Path) -> None:
    ran = command("run", keys[0], keys[1], "-o", "out.mp4")
    assert (ran.code, ran.out) == (0, "out.mp4\n")
    assert "25 frames, 192x144, 25 fps, 1.00 s" in ran.err
    frames = decoded(tmp_path / "out.mp4")
    assert len(frames) == 25
    assert frames[0].shape == (144, 192, 3)
    lumas = luma(tmp_path / "out.mp4")
    for number, t in ((0, 0), (24, 1)):
        # BT.709, limited range.
        true = scene(t) @ np.array([0.2126, 0.7152, 0.0722]) * (219 / 255) + 16
        assert psnr(lumas[number], true) > 42
    assert psnr(frames[12], scene(0.5)) > 30
    assert {p.name for p in tmp_path.iterdir()} == {"out.mp4", *(key.name for key in keys)}


def test_keys_are_bit_identical_in_a_folder(inside: Command, keys: list[Path], tmp_path: Path) -> None:
    ran = inside("run", *keys, "-n", 3, "-o", "frames")
    assert ran.code == 0, ran.err
    names = sorted(path.name for path in (tmp_path / "frames").iterdir())
    assert names == [f"{i:05d}.png" for i in range(9)]
    made = files(tmp_path / "frames")
    for number, t in ((0, 0), (4, 1), (8, 2)):
        assert np.array_equal(made[number], scene(t))
    for number in (2, 6):
        assert psnr(made[number], scene(number / 4)) > 32


def test_loop_and_ping_pong(inside: Command, keys: list[Path], tmp_path: Path) -> None:
    assert inside("run", *keys[:2], "-n", 2, "--loop", "-o", "loop/").code == 0
    assert inside("run", *keys[:2], "-n", 2, "--ping-pong", "-o", "ping/").code == 0
    loop, ping = files(tmp_path / "loop"), files(tmp_path / "ping")
    assert len(loop) == 6
    assert len(ping) == 6
    assert np.array_equal(loop[0], scene(0))
    assert np.array_equal(loop[3], scene(1))
    assert not np.array_equal(loop[5], scene(0))
    assert np.array_equal(ping[3], scene(1))
    assert np.array_equal(ping[4], ping[2])
    assert np.array_equal(ping[5], ping[1])


def test_keys_own_generated_or_left_out(inside: Command, keys: list[Path], tmp_path: Path) -> None:
    for which in ("own", "generated", "none"):
        assert inside("run", *keys[:2], "-n", 3, "--keyframes", which, "-o", which).code == 0
    own, generated, none = (files(tmp_path / which) for which in ("own", "generated", "none"))
    assert [len(x) for x in (own, generated, none)] == [5, 5, 3]
    assert all(np.array_equal(a, b) for a, b in zip(own[1:4], none, strict=True))
    assert all(np.array_equal(a, b) for a, b in zip(own[1:4], generated[1:4], strict=True))
    assert psnr(generated[0], own[0]) > 38


def test_easing_changes_when_not_what(inside: Command, keys: list[Path], tmp_path: Path) -> None:
    (tmp_path / "times.txt").write_text("0.25 0.25 0.75")
    assert inside("run", *keys[:2], "-n", 3, "-o", "even").code == 0
    assert inside("run", *keys[:2], "--easing", "times.txt", "-o", "bent").code == 0
    even, bent = files(tmp_path / "even"), files(tmp_path / "bent")
    assert len(bent) == 5
    assert np.array_equal(bent[1], even[1])
    assert np.array_equal(bent[2], even[1])
    assert np.array_equal(bent[3], even[3])


def test_unrelated_keys(inside: Command, tmp_path: Path) -> None:
    save(tmp_path / "a.png", np.zeros((40, 60, 3), np.uint8))
    save(tmp_path / "b.png", np.full((40, 60, 3), 255, np.uint8))
    ran = inside("run", "a.png", "b.png", "-n", 3, "-o", "blend")
    assert "nothing to do with each other: cross-faded" in ran.err
    assert [frame[0, 0, 0] for frame in files(tmp_path / "blend")] == [0, 137, 188, 225, 255]
    ran = inside("run", "a.png", "b.png", "-n", 3, "-o", "hold", "--if-unrelated", "hold")
    assert "the first one is held" in ran.err
    assert [frame[0, 0, 0] for frame in files(tmp_path / "hold")] == [0, 0, 0, 0, 255]


def test_a_cut_among_keys_ends_the_neighbourhood(inside: Command, keys: list[Path], tmp_path: Path) -> None:
    save(tmp_path / "cut.png", np.full((144, 192, 3), 255, np.uint8))
    assert inside("run", *keys[:2], "-n", 3, "-o", "pair").code == 0
    assert inside("run", *keys[:2], "cut.png", "-n", 3, "-o", "three").code == 0
    pair, three = files(tmp_path / "pair"), files(tmp_path / "three")
    assert all(np.array_equal(a, b) for a, b in zip(pair, three[:5], strict=True))


def test_one_picture(inside: Command, keys: list[Path], tmp_path: Path) -> None:
    ran = inside("run", *keys[:2], "-n", 1, "--keyframes", "none", "-o", "mid.png")
    assert ran.code == 0, ran.err
    assert psnr(load(tmp_path / "mid.png"), scene(0.5)) > 32


# ------------------------------------------------------------------ kinds of pictures


def test_16_bits_and_alpha_are_kept(inside: Command, tmp_path: Path) -> None:
    for i in range(2):
        alpha = np.full((144, 192, 1), 65535 - 1000 * i, np.uint16)
        save(tmp_path / f"{i}.png", np.dstack([scene(i).astype(np.uint16) * 257 + 3 * i, alpha]))
    assert inside("run", "0.png", "1.png", "-n", 1, "-o", "deep").code == 0
    made = files(tmp_path / "deep")
    assert {(f.dtype.str, f.shape) for f in made} == {("<u2", (144, 192, 4))}
    assert np.array_equal(made[0], load(tmp_path / "0.png"))
    assert abs(int(made[1][70, 70, 3]) - 65035) <= 2
    ran = inside("run", "0.png", "1.png", "-n", 1, "-o", "flat.mp4")
    assert "note: " in ran.err
    assert len(decoded(tmp_path / "flat.mp4")) == 3


def test_unlike_kinds_become_alike(inside: Command, tmp_path: Path) -> None:
    save(tmp_path / "a.png", scene(0))
    grey = cv2.cvtColor(scene(1), cv2.COLOR_RGB2GRAY)
    Image.fromarray(grey).save(tmp_path / "b.png")
    alpha = np.dstack([scene(2), np.full((144, 192), 200, np.uint8)])
    save(tmp_path / "c.png", alpha)
    assert inside("run", "a.png", "b.png", "c.png", "-n", 1, "-o", "o").code == 0
    made = files(tmp_path / "o")
    assert {f.shape for f in made} == {(144, 192, 4)}
    assert np.array_equal(made[0][..., :3], scene(0))
    assert made[0][..., 3].min() == 255
    assert np.array_equal(made[2][..., 0], grey)
    assert np.array_equal(made[4], alpha)


@pytest.mark.parametrize("how", ["crop", "pad", "stretch"])
def test_keys_of_another_shape_are_fitted(inside: Command, tmp_path: Path, how: str) -> None:
    save(tmp_path / "a.png", scene(0))
    save(tmp_path / "b.png", scene(1, (96, 192)))
    ran = inside("run", "a.png", "b.png", "-n", 1, "--fit", how, "-o", "o")
    assert ran.code == 0, ran.err
    assert "192x96 to 192x144" in ran.err
    made = files(tmp_path / "o")
    assert {f.shape for f in made} == {(144, 192, 3)}
    assert bool(made[2][0].max() == 0) is (how == "pad")


def test_size_is_that_of_the_film(inside: Command, keys: list[Path], tmp_path: Path) -> None:
    assert inside("run", *keys[:2], "-n", 1, "--size", "96x72", "-o", "o.mp4").code == 0
    assert decoded(tmp_path / "o.mp4")[0].shape == (72, 96, 3)


# ------------------------------------------------------------------ what is said


def test_json_is_one_object_with_everything(inside: Command, keys: list[Path], tmp_path: Path) -> None:
    ran = inside("run", *keys[:2], "-n", 2, "--fps", "23.976", "-o", "o.mp4", "--json", "-q")
    assert ran.code == 0
    assert ran.err == ""
    facts = json.loads(ran.out)
    assert facts["made"] is True
    assert facts["engine"] == "flow"
    assert facts["why"]
    assert facts["fps"] == "24000/1001"
    assert facts["frames"] == facts["output"]["count"] == 4
    assert Fraction(facts["output"]["duration"]) == Fraction(4 * 1001, 24000)
    assert facts["output"]["size"] == [144, 192]
    assert facts["output"]["bytes"] == (tmp_path / "o.mp4").stat().st_size
    assert set(facts["seconds"]) == {"open", "load", "frames", "write"}
    assert facts["processor_seconds"] > 0
    assert facts["seed"] == 0
    assert next(n["doubt"] for n in facts["notes"] if n["code"] == "doubt") < 0.1
    assert {"inbetween", "numpy", "ffmpeg", "opencv-python-headless"} <= set(facts["versions"])


def test_progress_as_json_lines(inside: Command, keys: list[Path]) -> None:
    ran = inside("run", *keys[:2], "-n", 3, "-o", "o.mp4", "--progress", "json")
    events = [json.loads(line) for line in ran.err.splitlines()]
    frames = [e for e in events if e["event"] == "progress" and e["stage"] == "write"]
    assert list(dict.fromkeys(e["done"] for e in frames)) == [1, 2, 3, 4, 5]
    assert {e["total"] for e in frames} == {5}


def test_dry_run_makes_nothing(inside: Command, keys: list[Path], tmp_path: Path) -> None:
    before = sorted(tmp_path.iterdir())
    ran = inside("run", *keys, "-o", "o.mp4", "--dry-run")
    assert ran.code == 0
    assert "49 frames, 192x144, 25 fps, 1.96 s" in ran.out
    facts = json.loads(inside("run", *keys, "-o", "o.mp4", "--dry-run", "--json").out)
    assert facts["made"] is False
    assert facts["frames"] == 49
    assert sorted(tmp_path.iterdir()) == before


def test_contact_sheet(inside: Command, keys: list[Path], tmp_path: Path) -> None:
    assert inside("run", *keys[:2], "-o", "o.mp4", "--contact-sheet", "sheet.png").code == 0
    with Image.open(tmp_path / "sheet.png") as sheet:
        # 13 of 25 pictures, five in a row.
        assert sheet.size[0] > 5 * 192
        assert sheet.size[1] > 3 * 144


def test_a_record_makes_the_same_bytes_again(inside: Command, keys: list[Path], tmp_path: Path) -> None:
    (tmp_path / "times.txt").write_text("0.2 0.3 0.9")
    words = ["--easing", "times.txt", "--set", "sampling=bicubic", "--fps", "12", "--threads", "2"]
    assert inside("run", *keys[:2], *words, "-o", "o.mp4", "--record").code == 0
    (tmp_path / "times.txt").unlink()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    again = inside("run", "--repeat", tmp_path / "o.mp4.json", "-o", "p.mp4", "--threads", "1", cwd=elsewhere)
    assert again.code == 0, again.err
    assert (elsewhere / "p.mp4").read_bytes() == (tmp_path / "o.mp4").read_bytes()
    assert inside("run", "--repeat", "o.mp4.json").problem[0].endswith("exists")
    assert inside("run", "--repeat", "o.mp4.json", "--overwrite").code == 0


def test_what_stops_a_record_leaves_the_film(
    inside: Command, keys: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["run", *keys, "-n", 2, "-o", "a.mp4", "--record", "--progress", "json"]
    stages = [json.loads(line)["stage"] for line in inside(*words).err.splitlines() if '"progress"' in line]
    assert "hash" in stages

    def stopped(self: Show, stage: str, done: int, total: int) -> None:
        # The inputs are hashed for the film itself, too.
        if stage == "hash" and (tmp_path / ".a.mp4.parts" / "placing").exists():
            raise Interrupted

    monkeypatch.setattr(Show, "progress", stopped)
    (tmp_path / "a.mp4.json").unlink()
    words = [*words[:-2], "--overwrite"]
    ran = inside(*words)
    assert ran.code == 130
    assert ran.problem[0] == "stopped before the files beside it were whole"
    assert "a.mp4 is whole; the same command writes what is missing" in ran.problem[1]
    assert [path.name for path in tmp_path.glob("a.mp4*")] == ["a.mp4"]
    made = (tmp_path / "a.mp4").stat()
    monkeypatch.undo()
    assert inside(*words[:-1]).code == 0
    assert (tmp_path / "a.mp4.json").exists()
    assert os.path.samestat(made, (tmp_path / "a.mp4").stat())


@pytest.mark.parametrize("out", ["o.mp4", "o.gif", "o"])
def test_threads_never_change_a_byte(command: Command, keys: list[Path], tmp_path: Path, out: str) -> None:
    made = []
    for threads in ("1", "2"):
        folder = tmp_path / threads
        folder.mkdir()
        assert command("run", *keys, "-n", 4, "-o", folder / out, env={"INBETWEEN_THREADS": threads}).code == 0
        paths = sorted(p for p in folder.rglob("*") if p.is_file())
        made.append([(p.relative_to(folder), p.read_bytes()) for p in paths])
    assert made[0] == made[1]


def test_engines_and_doctor(command: Command, tmp_path: Path) -> None:
    table = command("engines").out
    assert all(name in table for name in ("flow", "blend", "Apache-2.0"))
    assert "sampling" in command("engines", "flow").out
    facts = json.loads(command("engines", "--json").out)
    assert {e["name"] for e in facts["engines"]} == {"flow", "blend", "fcvg"}
    assert command("engines", "flwo").problem[1] == "did you mean `flow`?"
    ran = command("doctor", "--json")
    checks = {c["what"]: c for c in json.loads(ran.out)["checks"]}
    assert {"ffmpeg", "encoders", "OpenCV", "devices", "weights", "auto", "torch"} <= set(checks)
    assert ran.code == (1 if any(c["cure"] for c in checks.values()) else 0)
    broken = command("doctor", env={"IMAGEIO_FFMPEG_EXE": str(tmp_path / "none")})
    assert broken.code == 1
    assert "FAIL ffmpeg" in broken.out
    assert "do: " in broken.out


# ------------------------------------------------------------------ large


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="reads the peak from /proc")
def test_memory_is_bounded_and_does_not_grow(tmp_path: Path) -> None:
    """Under 1 GB at 1080p, with 23 in-betweens and with what an encoder holds back filled; the same at 640x360 from
    where a second segment begins (the first is checked beside it, by libraries that are loaded then) to four times
    as many."""
    import subprocess
    import sys

    def peak(size: tuple[int, int], n: int) -> float:
        """MB of the largest process."""
        for i in range(2):
            save(tmp_path / f"{i}.png", cv2.resize(scene(i), size[::-1], interpolation=cv2.INTER_CUBIC))
        words = ["run", "0.png", "1.png", "-n", str(n), "-o", "o.mp4", "--overwrite", "-q"]
        script = (
            "import resource, subprocess, sys\n"
            f"subprocess.run([sys.executable, '-m', 'inbetween', *{words!r}], check=True)\n"
            "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)"
        )
        done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True, capture_output=True, text=True)
        return float(done.stdout.split()[-1])

    assert peak((1080, 1920), 23) < 1000
    assert peak((1080, 1920), 100) < 1000
    assert peak((360, 640), 2000) < 1.05 * peak((360, 640), 500)
