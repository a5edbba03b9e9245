"""Being stopped."""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from support.accidents import accident
from support.commands import INBETWEEN, LINUX, STAYS, Command, Refused, processes_that_name, started, wait_for
from support.folders import contents
from support.pictures import save, scene


@LINUX
@pytest.mark.parametrize(
    ("out", "stage", "how"),
    [
        ("x.mp4", "write", "INT"),
        ("x.mp4", "write", "INT to all"),
        ("x.mp4", "write", "INT INT"),
        ("x.mp4", "write", "TERM"),
        ("x.mp4", "write", "HUP"),
        ("x.mp4", "check", "INT"),
        ("x.mp4 --ping-pong", "write", "TERM"),
        ("x.gif", "write", "INT"),
        ("x/", "write", "INT INT"),
        ("x/", "write", "TERM"),
        ("x_%d.png", "write", "INT to all"),
    ],
)
def test_stopped_half_way(tmp_path: Path, out: str, stage: str, how: str) -> None:
    # A check comes when all is made.
    with started(tmp_path, out, "--overwrite", count=9000 if stage == "write" else 2500) as process:
        old = tmp_path / "x.mp4"
        old.write_text("old")
        before = contents(tmp_path)
        # A few frames wait for an ffmpeg that is about to start.
        wait_for(process, stage, 6 if stage == "write" else 3)
        # Between two segments no ffmpeg runs.
        assert any(".parts" in name for name in contents(tmp_path)), "nothing has begun: nothing is tested"
        for name in how.removesuffix(" to all").split():
            send = os.killpg if how.endswith("all") else os.kill
            send(process.pid, signal.Signals["SIG" + name])
        said, err = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.Signals["SIG" + how.split()[0]], err[-1000:]
    last = json.loads(err.splitlines()[-1])
    assert (last["event"], last["code"]) == ("error", "stopped")
    assert last["message"].startswith("stopped")
    # By then segments may be finished.
    kept = list(tmp_path.rglob(".*.parts"))
    assert ("the same command goes on" if kept else "begins anew") in last["hint"]
    assert kept or stage != "check"
    assert said == ""
    for folder in kept:
        shutil.rmtree(folder)
    assert contents(tmp_path) == before
    assert not processes_that_name(tmp_path)


@LINUX
def test_killed_half_way(command: Command, tmp_path: Path) -> None:
    with started(tmp_path, "x.mp4") as process:
        before = set(contents(tmp_path))
        wait_for(process, "write", 6)
        children = {os.pidfd_open(pid) for pid in processes_that_name(tmp_path)}
        assert children
        process.kill()
    for child in children:
        try:
            assert select.select([child], [], [], 30)[0], "ffmpeg lives on"
        finally:
            os.close(child)
    left = set(contents(tmp_path)) - before
    assert all(name.startswith(".x.mp4.parts") for name in left)
    # What is left disturbs nobody, and the next one for this name takes it away.
    assert command("run", "s0.png", "s1.png", "-n", 1, "-o", "x.mp4").code == 0
    assert set(contents(tmp_path)) == before | {"x.mp4"}


@STAYS
@pytest.mark.parametrize(
    "module", ["inbetween.cli.main", "typer", "inbetween.plan", "numpy", "inbetween.produce", "cv2"]
)
def test_stopped_while_it_loads(command: Command, tmp_path: Path, module: str) -> None:
    env = accident(tmp_path / "temp", module, "os.kill(os.getpid(), signal.SIGINT)")
    before = contents(tmp_path)
    ran = command("run", "key0.png", "key1.png", "-n", 1, "-o", "x.mp4", env=env)
    assert ran.code == 130, ran.err
    assert ran.err == "" or ran.problem[0].startswith("stopped")
    assert len(ran.err.splitlines()) in (0, 2)
    assert ran.out == ""
    assert contents(tmp_path) == before


@STAYS
def test_memory_that_runs_out(refused: Refused, tmp_path: Path) -> None:
    env = accident(tmp_path / "temp", "av", "raise MemoryError")
    words = ("run", "key0.png", "key1.png", "-n", 1, "-o", "x.mp4")
    refused(*words, code=1, error="not enough memory", hint="--size", env=env)


@LINUX
def test_a_signal_that_is_not_to_be_heard(tmp_path: Path) -> None:
    """As a script does for what it starts with `&`, and `nohup` for all."""
    save(tmp_path / "a.png", scene(0, (48, 64)))
    ignoring = f"trap '' INT HUP; exec {' '.join(INBETWEEN)} run a.png a.png -n 3000 -o x/ --progress json"
    with subprocess.Popen(["sh", "-c", ignoring], cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        wait_for(process, "write", 6)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGHUP)
        wait_for(process, "write", 100)
        process.terminate()
        process.communicate(timeout=60)
    assert process.returncode == 143
