"""What a kill leaves, and what goes on from it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from inbetween.errors import InbetweenError, Interrupted
from inbetween.sidecars import save as save_small
from inbetween.types import Report
from inbetween.video import sinks
from inbetween.video.segments import Segments, write_segments
from inbetween.video.write import FilmFormat
from support.commands import Command
from support.folders import hidden
from support.pictures import save, scene
from support.reports import Heard
from support.segments import COUNT, RATE, SIZE, WORK, passing, written


@pytest.mark.parametrize(
    ("name", "left"),
    [
        ("o.mp4", []),
        ("o.mp4", ["lock"]),
        ("o.mp4", ["lock", ".inbetween-0123abcd.part.mp4"]),
        ("o.mp4", ["journal", "00000.mp4"]),
        ("o.mp4", ["placing"]),
        ("o.gif", [".inbetween-0123abcd.part.frames.nut"]),
        ("frames", ["lock", "pictures/00000.png"]),
        ("f_%03d.png", ["lock", "pictures/f_000.png"]),
    ],
)
def test_a_refusal_sweeps_what_a_kill_has_left(tmp_path: Path, name: str, left: list[str]) -> None:
    one = Segments(passing, (0,), {})
    write_segments(FilmFormat(sinks.parse(str(tmp_path / name)), RATE, COUNT, SIZE), one, Report())
    before = sorted(tmp_path.rglob("*"))
    parts = (tmp_path / name if name == "frames" else tmp_path) / f".{name}.parts"
    parts.mkdir()
    for file in left:
        (parts / file).parent.mkdir(exist_ok=True)
        (parts / file).write_text('{"identity": {}}\n')
    with pytest.raises(InbetweenError, match=r"exists|not empty"):
        write_segments(FilmFormat(sinks.parse(str(tmp_path / name)), RATE, COUNT, SIZE), one, Report())
    assert sorted(tmp_path.rglob("*")) == before


def test_a_refusal_leaves_what_can_go_on(tmp_path: Path) -> None:
    (tmp_path / "o.mp4").write_bytes(b"an old film")
    with pytest.raises(Interrupted):
        written(tmp_path / "o.mp4", report=Heard(("write", 23)), overwrite=True)
    with pytest.raises(InbetweenError, match="exists"):
        written(tmp_path / "o.mp4")
    notes = Heard()
    written(tmp_path / "o.mp4", report=notes, overwrite=True)
    assert "resumed" in notes.texts
    assert not hidden(tmp_path)


def test_sequences_of_one_folder_do_not_disturb_each_other(tmp_path: Path) -> None:
    class Second(Report):
        def progress(self, stage: str, done: int, total: int) -> None:
            if (stage, done) == ("write", 12):
                write_segments(FilmFormat(sinks.parse(str(tmp_path / "b_%03d.png")), RATE, COUNT, SIZE), WORK, Report())

    write_segments(FilmFormat(sinks.parse(str(tmp_path / "a_%03d.png")), RATE, COUNT, SIZE), WORK, Second())
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [f"{letter}_{number:03d}.png" for letter in "ab" for number in range(COUNT)]


def test_a_small_file_takes_away_what_a_kill_has_left_of_it(tmp_path: Path) -> None:
    parts = tmp_path / ".record.json.parts"
    parts.mkdir()
    (parts / ".inbetween-0123abcd.part.json").write_text("half of")
    save_small(tmp_path / "record.json", b"{}")
    assert [path.name for path in tmp_path.iterdir()] == ["record.json"]


def test_what_a_kill_has_left_of_a_sheet_goes_even_when_the_film_exists(inside: Command, tmp_path: Path) -> None:
    keys = [save(tmp_path / f"{number}.png", scene(number, SIZE)).name for number in range(2)]
    words = ["run", *keys, "-n", "1", "-o", "o.mp4"]
    assert inside(*words).code == 0
    before = sorted(tmp_path.rglob("*"))
    for name in ("s.png", "o.mp4.json"):
        (tmp_path / f".{name}.parts").mkdir()
        (tmp_path / f".{name}.parts" / ".inbetween-0123abcd.part").touch()
    ran = inside(*words, "--contact-sheet", "s.png", "--record")
    assert "exists" in ran.problem[0]
    assert sorted(tmp_path.rglob("*")) == before


NURSERY = """
import json, os, signal, sys
from pathlib import Path
from support.segments import written, bytes_of, passing, WORK
from inbetween.video.segments import Segments
out, overwrite, one = Path(sys.argv[1]), sys.argv[2] == "overwrite", sys.argv[5] == "one"
work = Segments(passing, (0,), WORK.identity) if one else WORK
old = {p.name: p.read_bytes() for p in out.iterdir()} if out.is_dir() else None

def fresh():
    import shutil
    if out.is_dir(): shutil.rmtree(out)
    elif out.exists(): out.unlink()
    if old is not None:
        out.mkdir()
        for name, data in old.items(): (out / name).write_bytes(data)
    elif overwrite:
        out.write_bytes(b"an old film")

def child(kill):
    pid = os.fork()
    if pid:
        return os.waitpid(pid, 0)[1]
    count = 0
    def counted(function):
        def call(*words, **more):
            global count
            count += 1
            if count == kill: os.kill(os.getpid(), signal.SIGKILL)
            done = function(*words, **more)
            count += 1
            if count == kill: os.kill(os.getpid(), signal.SIGKILL)
            return done
        return call
    globals()["count"] = 0
    for name in ("replace", "rename", "fsync", "unlink", "rmdir", "truncate", "mkdir", "open"):
        setattr(os, name, counted(getattr(os, name)))
    try:
        written(out, work, overwrite=overwrite)
    except BaseException as error:
        print("FAILED", repr(error), getattr(error, "message", ""), file=sys.stderr)
        os._exit(1)
    os._exit(0)

fresh()
assert child(0) == 0
whole = bytes_of(out)
kills = 0
for kill in range(int(sys.argv[3]), 10000, int(sys.argv[4])):
    fresh()
    status = child(kill)
    if status == 0:
        break
    assert os.WTERMSIG(status) == 9, status
    kills += 1
    again = child(0)
    assert bytes_of(out) == whole, kill
    # Where it had come to its end it may say that the film exists.
    assert again == 0 or not overwrite, kill
    left = [p for folder in (out.parent, out) if folder.is_dir() for p in folder.iterdir() if p.name[0] == "."]
    assert not left, (kill, left)
print(kills)
"""


FOUND = [None, b"film"]
FOLDERS = [None, (), (0, 3, 25, 30, 31)]
KILLED = [("o.mp4", before) for before in FOUND] + [("frames", before) for before in FOLDERS]


@pytest.mark.parametrize(
    ("name", "before", "segments", "every"),
    [
        *((*case, "many", 29) for case in KILLED),
        ("o.mp4", None, "one", 10),
        ("o.gif", None, "many", 29),
        *(pytest.param(*case, parts, 1, marks=pytest.mark.slow) for case in KILLED for parts in ("one", "many")),
        *(pytest.param("o.gif", b, parts, 1, marks=pytest.mark.slow) for b in FOUND for parts in ("one", "many")),
    ],
)
def test_killed_before_and_after_every_change_of_the_disk(
    tmp_path: Path, name: str, before: bytes | tuple[int, ...] | None, segments: str, every: int
) -> None:
    out = tmp_path / name
    if isinstance(before, tuple):
        out.mkdir()
        for number in before:
            save(out / f"{number:05d}.png", scene(9, (8, 8)))
    done = subprocess.run(
        [sys.executable, "-c", NURSERY, str(out), "overwrite" if before else "", "3", str(every), segments],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 1
