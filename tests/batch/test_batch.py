"""`inbetween batch` by the real command."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from inbetween.video import workfolder
from support.commands import Command
from support.pictures import save, scene

SIZE = (48, 64)
QUICK = ["-n", "2", "--engine", "blend"]


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """Four keys, of which three films are made."""
    folder = tmp_path / "keys"
    folder.mkdir()
    for number in range(4):
        save(folder / f"{number}.png", scene(number, SIZE))
    return folder


def stamps(folder: Path) -> dict[str, tuple[int, int]]:
    """The inode and the time of the last change of each film."""
    return {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in folder.glob("*.mp4")}


def report(folder: Path) -> dict[str, dict[str, object]]:
    """The jobs in the report, by name."""
    return {job["name"]: job for job in json.loads((folder / "report.json").read_text())["jobs"]}


def test_films_are_those_of_run_and_are_made_once(inside: Command, tmp_path: Path, keys: Path) -> None:
    words = ["batch", keys, "-o", "out", *QUICK]
    ran = inside(*words)
    assert ran.code == 0, ran.err
    assert ran.out.strip() == str(Path("out/report.html"))
    alone = inside("run", keys / "1.png", keys / "2.png", "-o", "alone.mp4", *QUICK)
    assert alone.code == 0, alone.err
    assert (tmp_path / "out" / "1_to_2.mp4").read_bytes() == (tmp_path / "alone.mp4").read_bytes()
    before = stamps(tmp_path / "out")
    assert sorted(before) == ["0_to_1.mp4", "1_to_2.mp4", "2_to_3.mp4"]
    again = inside(*words)
    assert again.code == 0, again.err
    assert "0 films made, 3 were there, 0 failed" in again.err
    assert stamps(tmp_path / "out") == before
    assert {job["state"] for job in report(tmp_path / "out").values()} == {"kept"}


def test_what_has_changed_is_made_again_and_nothing_else(inside: Command, tmp_path: Path, keys: Path) -> None:
    words, out = ["batch", keys, "-o", "out", *QUICK], tmp_path / "out"
    assert inside(*words).code == 0
    before = stamps(out)
    save(keys / "3.png", scene(9, SIZE))
    assert inside(*words).code == 0
    after = stamps(out)
    assert {name for name in after if after[name] != before[name]} == {"2_to_3.mp4"}
    assert inside(*words, "--easing", "ease-in").code == 0
    assert not set(stamps(out).values()) & set(after.values())


def test_a_film_that_was_removed_or_edited(inside: Command, tmp_path: Path, keys: Path) -> None:
    words, out = ["batch", keys, "-o", "out", *QUICK], tmp_path / "out"
    assert inside(*words).code == 0
    (out / "0_to_1.mp4").unlink()
    (out / "1_to_2.mp4").write_bytes(b"edited")
    ran = inside(*words)
    assert ran.code == 3, ran.err
    assert (out / "0_to_1.mp4").stat().st_size > 100
    assert (out / "1_to_2.mp4").read_bytes() == b"edited"
    assert report(out)["1_to_2.mp4"]["error"]["code"] == "output_exists"


def test_an_output_of_somebody_else_is_not_replaced(inside: Command, tmp_path: Path, keys: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "0_to_1.mp4").write_bytes(b"mine")
    ran = inside("batch", keys, "-o", "out", *QUICK)
    assert ran.code == 1
    assert "1 of 3 jobs have faults" in ran.problem[0]
    assert [path.name for path in out.glob("*.mp4")] == ["0_to_1.mp4"]
    assert inside("batch", keys, "-o", "out", *QUICK, "--overwrite").code == 0
    assert (out / "0_to_1.mp4").stat().st_size > 100


def test_faults_are_listed_together_and_nothing_runs(inside: Command, tmp_path: Path) -> None:
    good, small = (save(tmp_path / f"{n}.png", scene(n, size)) for n, size in ((0, SIZE), (1, (32, 40))))
    (tmp_path / "damaged.png").write_bytes(good.read_bytes()[:20])
    rows = [
        {"keys": ["0.png", "0.png"], "out": "good.mp4"},
        {"keys": ["0.png", "gone.png"]},
        {"keys": ["0.png", small.name]},
        {"keys": ["0.png", "damaged.png"]},
        {"keys": ["0.png", "0.png"], "out": "x.mp4", "engine": "flwo"},
        {"keys": ["0.png", "0.png"], "out": "../x.mp4"},
    ]
    (tmp_path / "m.jsonl").write_text("\n".join(map(json.dumps, rows)))
    ran = inside("batch", "m.jsonl", "-o", "out", *QUICK)
    assert ran.code == 1
    faults = [line for line in ran.err.splitlines() if line.startswith("fault: ")]
    assert sorted(line.split(" of ")[0] for line in faults) == [f"fault: line {n}" for n in (2, 3, 4, 5, 6)]
    assert not list((tmp_path / "out").glob("*.mp4"))
    ran = inside("batch", "m.jsonl", "-o", "out", *QUICK, "--keep-going")
    assert ran.code == 3
    assert [path.name for path in (tmp_path / "out").glob("*.mp4")] == ["good.mp4"]


def test_a_film_that_fails_does_not_stop_the_others(inside: Command, tmp_path: Path, keys: Path) -> None:
    # The header is whole, so that only decoding finds the damage.
    data = (keys / "0.png").read_bytes()
    (keys / "0.png").write_bytes(data[: len(data) // 2])
    ran = inside("batch", keys, "-o", "out", *QUICK)
    assert ran.code == 3, ran.err
    out = tmp_path / "out"
    assert sorted(path.name for path in out.glob("*.mp4")) == ["1_to_2.mp4", "2_to_3.mp4"]
    assert "0.png" in report(out)["0_to_1.mp4"]["error"]["message"]
    page = (out / "report.html").read_text()
    assert page.index("0_to_1.mp4") < page.index("1_to_2.mp4")
    (keys / "0.png").write_bytes(data)
    assert inside("batch", keys, "-o", "out", *QUICK).code == 0


def test_a_film_whose_new_key_was_damaged_is_made_once_that_is_mended(
    inside: Command, tmp_path: Path, keys: Path
) -> None:
    words, out = ["batch", keys, "-o", "out", *QUICK], tmp_path / "out"
    assert inside(*words).code == 0
    data = (keys / "0.png").read_bytes()
    (keys / "0.png").write_bytes(data[: len(data) // 2])
    assert inside(*words).code == 3
    save(keys / "0.png", scene(9, SIZE))
    before = stamps(out)
    assert inside(*words).code == 0
    after = stamps(out)
    assert {name for name in after if after[name] != before[name]} == {"0_to_1.mp4"}


def test_a_dry_run_makes_nothing(inside: Command, tmp_path: Path, keys: Path) -> None:
    ran = inside("batch", keys, "-o", "out", "--dry-run", "--json", *QUICK)
    assert ran.code == 0
    assert [job["name"] for job in json.loads(ran.out)["jobs"]] == ["0_to_1.mp4", "1_to_2.mp4", "2_to_3.mp4"]
    assert not (tmp_path / "out").exists()


def test_clips(inside: Command, tmp_path: Path, keys: Path) -> None:
    (tmp_path / "clips").mkdir()
    assert inside("run", keys / "0.png", keys / "1.png", "-o", "clips/a.mp4", *QUICK).code == 0
    shutil.copy(tmp_path / "clips/a.mp4", tmp_path / "clips/b.mp4")
    ran = inside("batch", "clips", "--slowmo", "--factor", "2", "--engine", "blend", "-o", "slow/{name}.mkv")
    assert ran.code == 0, ran.err
    assert inside("slowmo", "clips/a.mp4", "--factor", "2", "--engine", "blend", "-o", "alone.mkv").code == 0
    alone = (tmp_path / "alone.mkv").read_bytes()
    assert [(tmp_path / "slow" / name).read_bytes() for name in ("a.mkv", "b.mkv")] == [alone, alone]


def test_odd_names(inside: Command, tmp_path: Path) -> None:
    shots = tmp_path / "shots"
    for name in ("-dash", "100%", "a b", "ü", "%05d"):
        (shots / name).mkdir(parents=True)
        for number in range(2):
            save(shots / name / f"{number}.png", scene(number, SIZE))
    ran = inside("batch", "shots", "-o", "out", *QUICK)
    assert ran.code == 0, ran.err
    assert len(list((tmp_path / "out").glob("*.mp4"))) == 5


@pytest.mark.parametrize(
    "words",
    [
        ["batch"],
        ["batch", "keys"],
        ["batch", "keys", "-o", "film.mp4"],
        ["batch", "keys", "-o", "out", "--repeat", "x.json"],
        ["batch", "keys", "-o", "out", "--factor", "2"],
        ["batch", "keys", "-o", "out", "--workers", "0"],
        ["batch", "keys", "-o", "out", "-n", "many"],
        ["batch", "keys/0.png", "-o", "out"],
        ["batch", "keys", "-o", "out", "--items", "9"],
        ["batch", "keys", "other", "-o", "out"],
    ],
)
def test_words_that_make_no_sense(inside: Command, keys: Path, words: list[str]) -> None:
    ran = inside(*words)
    assert ran.code == 2, ran.err
    assert ran.problem


def test_a_second_run_is_refused(inside: Command, tmp_path: Path, keys: Path) -> None:
    held = "import filelock, sys; lock = filelock.FileLock(sys.argv[1]); lock.acquire(); print(1, flush=True); input()"
    (tmp_path / "out" / ".inbetween-batch").mkdir(parents=True)
    lock = tmp_path / "out" / ".inbetween-batch" / "all.lock"
    with subprocess.Popen(
        [sys.executable, "-c", held, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        other.stdout.readline()
        ran = inside("batch", keys, "-o", "out", *QUICK)
        other.communicate(b"\n")
    assert ran.code == 1
    assert "another process" in ran.problem[0]
    assert inside("batch", keys, "-o", "out", *QUICK).code == 0


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "killpg"), reason="kills groups of processes")
@pytest.mark.parametrize("whom", ["parent", "group", "worker"])
def test_killed_at_any_moment_loses_nothing(command: Command, tmp_path: Path, whom: str) -> None:
    folder = tmp_path / "keys"
    folder.mkdir()
    for number in range(13):
        save(folder / f"{number}.png", scene(number, SIZE))
    words = ["batch", "keys", *QUICK, "--workers", "2"]
    assert command(*words, "-o", "whole").code == 0
    for lines in (1, 5, 12):
        running = subprocess.Popen(
            [sys.executable, "-m", "inbetween", *words, "-o", "out"],
            cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        journal = tmp_path / "out" / ".inbetween-batch" / "all.jsonl"
        begun = journal.read_bytes().count(b"\n") if journal.exists() else 0
        while running.poll() is None and (not journal.exists() or journal.read_bytes().count(b"\n") < begun + lines):
            pass
        if running.poll() is None:
            _kill(running.pid, whom)
        running.wait()
        before = stamps(tmp_path / "out")
        lines = [workfolder.unsealed(line) for line in journal.read_bytes().splitlines()]
        finished = {entry["name"] for entry in lines if entry is not None and entry["state"] == "done"}
        ran = command(*words, "-o", "out")
        assert ran.code == 0, ran.err
        after = stamps(tmp_path / "out")
        assert all(after[name] == before[name] for name in finished)
        for film in (tmp_path / "whole").glob("*.mp4"):
            assert film.read_bytes() == (tmp_path / "out" / film.name).read_bytes()
    assert not list((tmp_path / "out").glob(".*.parts"))


def _kill(parent: int, whom: str) -> None:
    if whom == "group":
        os.killpg(parent, signal.SIGKILL)
    elif whom == "parent":
        os.kill(parent, signal.SIGKILL)
    else:
        for child in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()[:1]:
            os.kill(int(child), signal.SIGKILL)
