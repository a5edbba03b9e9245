"""The real command, stopped and gone on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import cv2
import pytest

from inbetween.cli.console import Show
from inbetween.errors import Interrupted
from support.commands import Command, processes_that_name
from support.folders import hidden
from support.pictures import load, save, scene
from support.sound import CLICKS, clicking, heard, played


def begun(folder: Path, *words: str) -> subprocess.Popen[bytes]:
    """The command, once a segment of its film is finished."""
    running = subprocess.Popen(
        [sys.executable, "-m", "inbetween", *words],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    journal = folder / ".o.mp4.parts" / "journal"
    while running.poll() is None:
        if journal.exists() and journal.read_bytes().count(b"\n") > 1:
            return running
        time.sleep(0.002)
    raise AssertionError("it came to its end")


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="looks for children in /proc")
def test_killed_for_good_and_gone_on(command: Command, tmp_path: Path) -> None:
    keys = [str(save(tmp_path / f"{number}.png", scene(number / 2, (48, 64)))) for number in range(5)]
    words = ["run", *keys, "-n", "139", "-o", "o.mp4", "--contact-sheet", "sheet.png"]
    assert command(*words[:-3], "whole.mp4").code == 0
    for kill in (os.kill, os.killpg):
        running = begun(tmp_path, *words)
        kill(running.pid, signal.SIGKILL)
        running.wait()
        running.stderr.close()
        until = time.monotonic() + 20
        while processes_that_name(tmp_path) and time.monotonic() < until:
            time.sleep(0.02)
        assert not processes_that_name(tmp_path)
        ran = command(*words)
        assert ran.code == 0, ran.err
        assert "frames are there already" in ran.err
        assert (tmp_path / "o.mp4").read_bytes() == (tmp_path / "whole.mp4").read_bytes()
        assert load(tmp_path / "sheet.png").shape[0] > 100
        assert not hidden(tmp_path)
        (tmp_path / "o.mp4").unlink()
        (tmp_path / "sheet.png").unlink()

    running = begun(tmp_path, *words)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate()
    assert running.returncode == 130
    assert b"what is finished waits in" in said
    ran = command(*words, "--if-unrelated", "hold")
    assert ran.code == 0, ran.err
    assert "begun anew: --if-unrelated was blend, is hold" in ran.err
    assert not hidden(tmp_path)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="looks for children in /proc")
def test_slow_motion_goes_on_with_its_sound(command: Command, tmp_path: Path) -> None:
    clicking(tmp_path / "c.mp4", Fraction(10), 20, cut=4)
    words = ["slowmo", "c.mp4", "--factor", "28", "--json", "-o"]
    whole = command(*words, "whole.mp4")
    assert whole.code == 0, whole.err
    cuts = json.loads(whole.out)["cuts"]
    running = begun(tmp_path, *words, "o.mp4")
    running.kill()
    running.communicate()
    ran = command(*words, "o.mp4")
    assert ran.code == 0, ran.err
    assert "frames are there already" in ran.err
    assert json.loads(ran.out)["cuts"] == cuts
    assert len(cuts) == 1
    assert (tmp_path / "o.mp4").read_bytes() == (tmp_path / "whole.mp4").read_bytes()
    sound, rate, length, _ = played(tmp_path / "o.mp4")
    assert length == 56
    assert heard(sound, rate)[0] == pytest.approx(28 * CLICKS[0], abs=0.01)
    assert not hidden(tmp_path)


def test_stopped_before_the_clip_is_read_what_was_finished_waits(
    inside: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clicking(tmp_path / "c.mp4", Fraction(10), 4)
    words, shown = ["slowmo", "c.mp4", "--factor", "2", "-e", "blend", "-o", "o.mp4"], Show.progress
    stop = ""

    def stopped(self: Show, stage: str, done: int, total: int) -> None:
        if stage == stop:
            raise Interrupted
        shown(self, stage, done, total)

    monkeypatch.setattr(Show, "progress", stopped)
    for at, waits in (("scan", False), ("check", True), ("scan", True)):
        stop = at
        ran = inside(*words)
        assert ran.code == 130
        assert ("waits in" in ran.problem[1]) == waits
        assert bool(hidden(tmp_path)) == waits
    stop = ""
    assert "frames are there already" in inside(*words).err


def test_what_differs_is_told_in_the_users_words(
    inside: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clicking(tmp_path / "c.mp4", Fraction(10), 4)
    (tmp_path / "cuts.txt").write_text("0.2")
    words, shown = (
        ["slowmo", "c.mp4", "--cuts", "cuts.txt", "--factor", "2", "-e", "blend", "-o", "o.mp4"],
        Show.progress,
    )

    def stopped(self: Show, stage: str, done: int, total: int) -> None:
        shown(self, stage, done, total)
        if stage == "check":
            raise Interrupted

    monkeypatch.setattr(Show, "progress", stopped)
    assert "waits in" in inside(*words).problem[1]
    (tmp_path / "cuts.txt").write_text("0.1")
    said = inside(*words, "--from", "1f").err
    assert "begun anew: --from was not there, is 1f, --cuts has changed" in said, said


def halfway(inside: Command, folder: Path, monkeypatch: pytest.MonkeyPatch, *words: object) -> None:
    """The command, stopped once its first segment is finished."""
    shown = Show.progress

    def stopped(self: Show, stage: str, done: int, total: int) -> None:
        shown(self, stage, done, total)
        if any(journal.read_bytes().count(b"\n") > 1 for journal in folder.glob(".*.parts/journal")):
            raise Interrupted

    with monkeypatch.context() as patch:
        patch.setattr(Show, "progress", stopped)
        assert "waits in" in inside(*words).problem[1]


def renders(folder: Path, seed: int) -> list[Path]:
    """Five keys, of which the names, sizes and times are those of any other seed."""
    folder.mkdir()
    keys = [folder / f"{number}.bmp" for number in range(5)]
    for number, key in enumerate(keys):
        cv2.imwrite(str(key), scene(number / 2, (48, 64), seed))
        os.utime(key, ns=(10**18, 10**18))
    return keys


@pytest.mark.parametrize("out", ["o.mp4", "o", "o.gif"])
def test_keys_are_known_by_their_contents(
    inside: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, out: str
) -> None:
    first, second = renders(tmp_path / "A", 0), renders(tmp_path / "B", 7)
    words = ["-n", "139", "-e", "blend", "-o"]
    halfway(inside, tmp_path, monkeypatch, "run", *first, *words, out)
    ran = inside("run", *second, *words, out)
    assert ran.code == 0, ran.err
    assert "begun anew: key 1 has changed, key 2 has changed" in ran.err
    assert inside("run", *second, *words, f"alone{out[1:]}").code == 0
    assert contents(tmp_path / out) == contents(tmp_path / f"alone{out[1:]}")


def contents(path: Path) -> list[bytes]:
    """The bytes of a file, or of all files in a folder."""
    return [one.read_bytes() for one in ([path] if path.is_file() else sorted(path.iterdir()))]


def test_keys_that_were_moved_and_touched_go_on(
    inside: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = renders(tmp_path / "A", 0)
    words = ["-n", "139", "-e", "blend", "-o", "o.mp4"]
    halfway(inside, tmp_path, monkeypatch, "run", *keys, *words)
    (tmp_path / "A").rename(tmp_path / "moved")
    moved = [tmp_path / "moved" / key.name for key in keys]
    os.utime(moved[0])
    ran = inside("run", *moved, *words)
    assert ran.code == 0, ran.err
    assert "frames are there already" in ran.err


def test_a_clip_that_was_swapped_is_begun_anew(
    inside: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, seed in (("c.mp4", 0), ("other.mp4", 7)):
        keys = renders(tmp_path / name[:-4], seed)
        assert inside("run", *keys, "-n", "79", "-e", "blend", "-o", name).code == 0
    words = ["slowmo", "c.mp4", "--factor", "2", "-e", "blend", "-o", "o.mp4"]
    halfway(inside, tmp_path, monkeypatch, *words)
    os.replace(tmp_path / "other.mp4", tmp_path / "c.mp4")
    ran = inside(*words)
    assert ran.code == 0, ran.err
    assert "begun anew: the clip has changed" in ran.err
    assert inside(*words[:-1], "alone.mp4").code == 0
    assert contents(tmp_path / "o.mp4") == contents(tmp_path / "alone.mp4")


@pytest.mark.parametrize(("out", "count"), [("o.mp4", 139), ("o.gif", 3), ("o", 139)])
def test_a_key_that_changes_while_it_is_used(
    inside: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, out: str, count: int
) -> None:
    keys, shown = renders(tmp_path / "A", 0), Show.progress
    other = renders(tmp_path / "B", 7)[-1].read_bytes()
    words = ["run", *keys, "-n", count, "-e", "blend", "-o", out]

    def changing(self: Show, stage: str, done: int, total: int) -> None:
        shown(self, stage, done, total)
        if stage == "write" and done > 2:
            keys[-1].write_bytes(other)

    with monkeypatch.context() as patch:
        patch.setattr(Show, "progress", changing)
        ran = inside(*words)
    assert ran.code == 1, ran.err
    assert "4.bmp has changed while" in ran.problem[0]
    assert not (tmp_path / out).exists()
    assert inside(*words).code == 0
    assert inside(*words[:-1], f"alone{out[1:]}").code == 0
    assert contents(tmp_path / out) == contents(tmp_path / f"alone{out[1:]}")


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["slowmo", "A", "--input-fps", "10", "--factor", "130"], "picture 3"),
        (["run", *(f"A/{number}.bmp" for number in range(5)), "-n", "139", "--loop"], "key 3"),
        (["run", *(f"A/{number}.bmp" for number in range(5)), "-n", "79", "--ping-pong"], "key 3"),
        (["slowmo", "A", "--input-fps", "10", "--factor", "130", "--protect", "mask.bmp"], "--protect"),
    ],
    ids=["sequence", "loop", "ping-pong", "mask"],
)
def test_one_input_that_was_replaced_behind_its_name_size_and_time(
    inside: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], what: str
) -> None:
    renders(tmp_path / "A", 0)
    renders(tmp_path / "B", 7)
    for name, number in (("mask", 0), ("other", 4)):
        os.replace(tmp_path / "B" / f"{number}.bmp", tmp_path / f"{name}.bmp")
    words = [*words, "-e", "blend", "-o"]
    halfway(inside, tmp_path, monkeypatch, *words, "o.mp4")
    os.replace(tmp_path / "other.bmp", tmp_path / ("mask.bmp" if what == "--protect" else "A/2.bmp"))
    ran = inside(*words, "o.mp4")
    assert ran.code == 0, ran.err
    assert f"begun anew: {what} has changed" in ran.err
    assert inside(*words, "alone.mp4").code == 0
    assert contents(tmp_path / "o.mp4") == contents(tmp_path / "alone.mp4")


def test_a_sequence_that_was_moved_goes_on(inside: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    renders(tmp_path / "A", 0)
    words = ["--input-fps", "10", "--factor", "130", "-e", "blend", "-o", "o.mp4"]
    halfway(inside, tmp_path, monkeypatch, "slowmo", "A", *words)
    (tmp_path / "A").rename(tmp_path / "moved")
    ran = inside("slowmo", "moved", *words)
    assert ran.code == 0, ran.err
    assert "frames are there already" in ran.err


@pytest.mark.parametrize(
    ("words", "changed"),
    [
        (["slowmo", "A", "--input-fps", "10", "--factor", "4", "--protect", "mask.bmp"], "mask.bmp"),
        (["slowmo", "A", "--input-fps", "10", "--factor", "4", "--cuts", "cuts.txt"], "cuts.txt"),
        (["run", *(f"A/{number}.bmp" for number in range(5)), "--if-unrelated", "fail"], "A/4.bmp"),
    ],
    ids=["mask", "cuts", "key"],
)
def test_an_input_that_changes_between_reading_and_fingerprint(
    inside: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], changed: str
) -> None:
    keys, shown = renders(tmp_path / "A", 0), Show.progress
    (tmp_path / "mask.bmp").write_bytes(keys[0].read_bytes())
    (tmp_path / "cuts.txt").write_text("0.05")
    other = b"0.09" if changed == "cuts.txt" else keys[2].read_bytes()
    words = [*words, "-e", "blend", "-o"]

    def changing(self: Show, stage: str, done: int, total: int) -> None:
        shown(self, stage, done, total)
        # The first input is being hashed; all have been opened.
        if stage == "hash":
            (tmp_path / changed).write_bytes(other)

    with monkeypatch.context() as patch:
        patch.setattr(Show, "progress", changing)
        ran = inside(*words, "o.mp4")
    assert ran.code == 1, ran.err
    assert f"{changed} has changed while" in ran.problem[0]
    assert not (tmp_path / "o.mp4").exists()
    assert inside(*words, "o.mp4").code == 0
    assert inside(*words, "alone.mp4").code == 0
    assert contents(tmp_path / "o.mp4") == contents(tmp_path / "alone.mp4")


def test_a_clip_that_changes_while_its_sound_is_added(
    inside: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clicking(tmp_path / "c.mp4", Fraction(10), 6)
    clicking(tmp_path / "other.mp4", Fraction(10), 6, cut=3)
    shown, words = Show.progress, ["slowmo", "c.mp4", "--factor", "2", "-e", "blend", "-o"]

    def changing(self: Show, stage: str, done: int, total: int) -> None:
        shown(self, stage, done, total)
        if stage == "join" and (tmp_path / "other.mp4").exists():
            os.replace(tmp_path / "other.mp4", tmp_path / "c.mp4")

    with monkeypatch.context() as patch:
        patch.setattr(Show, "progress", changing)
        ran = inside(*words, "o.mp4")
    assert ran.code == 1, ran.err
    assert "c.mp4 has changed while" in ran.problem[0]
    assert not (tmp_path / "o.mp4").exists()
    ran = inside(*words, "o.mp4")
    assert ran.code == 0, ran.err
    assert "begun anew: the clip has changed" in ran.err
    assert inside(*words, "alone.mp4").code == 0
    assert contents(tmp_path / "o.mp4") == contents(tmp_path / "alone.mp4")
