"""What a power cut leaves: only what was flushed to the disk, and what goes on from it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from inbetween.sidecars import save as save_small
from inbetween.types import Report
from inbetween.video import sinks
from inbetween.video.segments import Segments, write_segments
from inbetween.video.write import FilmFormat
from support.segments import COUNT, RATE, SIZE, passing, written

CUT = """
import contextlib, ctypes, os, pickle, shutil, sys, threading
from pathlib import Path
from support.nursery import SUBREAPER, end_orphans
from support.segments import written, bytes_of, passing, WORK
from inbetween.video.journal import Journal
from inbetween.video.segments import Segments
out, model, every, one = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4] == "one"
before = sys.argv[5] == "before"
root, vault = out.parent, out.parent.parent / "vault"
finished, asked, state = root.parent / "finished", root.parent / "asked", root.parent / "state"
ctypes.CDLL(None, use_errno=True).prctl(SUBREAPER, 1, 0, 0, 0)

def asking(first, stop):
    asked.write_bytes(asked.read_bytes() + b".")
    yield from passing(first, stop)

work = Segments(asking, (0,) if one else WORK.borders, WORK.identity)
add = Journal.add

def added(*words):
    add(*words)
    finished.write_bytes(finished.read_bytes() + b".")

Journal.add = added
real = {name: getattr(os, name) for name in ("replace", "rename", "fsync", "unlink", "rmdir", "mkdir")}
contents, listings = {}, {}

def listing(path):
    return {e.name: (e.inode(), e.is_dir(follow_symlinks=False)) for e in os.scandir(path)}

def keep():
    # Files that are removed later can still be put back, as the same inodes.
    for folder, _, names in os.walk(root):
        for name in names:
            path = os.path.join(folder, name)
            # Other threads may rename or remove it meanwhile.
            with contextlib.suppress(FileNotFoundError):
                held = vault / str(os.stat(path).st_ino)
                if not held.exists():
                    os.link(path, held)

def synced(descriptor):
    real["fsync"](descriptor)
    path = os.readlink(f"/proc/self/fd/{descriptor}")
    inode = os.fstat(descriptor).st_ino
    if os.path.isdir(path):
        listings[inode] = listing(path)
    else:
        contents[inode] = Path(path).read_bytes()

def cut():
    # `strict`: only what was flushed is there. `names`: the names are those of the moment, the contents were flushed.
    if model == "names":
        for folder, _, _ in os.walk(root):
            listings[os.stat(folder).st_ino] = listing(folder)
    state.write_bytes(pickle.dumps((contents, listings)))
    os._exit(9)

def restore():
    contents, listings = pickle.loads(state.read_bytes())
    tree = listings.get(os.stat(root).st_ino, {})
    for folder, folders, names in os.walk(root, topdown=False):
        for name in names:
            real["unlink"](os.path.join(folder, name))
        for name in folders:
            path = os.path.join(folder, name)
            real["rename"](path, vault / f"d{os.stat(path).st_ino}")
    def build(path, entries):
        for name, (inode, is_folder) in entries.items():
            place = os.path.join(path, name)
            if is_folder:
                if (vault / f"d{inode}").exists():
                    real["rename"](vault / f"d{inode}", place)
                else:
                    real["mkdir"](place)
                build(place, listings.get(inode, {}))
            else:
                (vault / str(inode)).write_bytes(contents.get(inode, b""))
                os.link(vault / str(inode), place)
    build(root, tree)

def fresh():
    for path in (root, vault):
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir()
    if before:
        out.write_bytes(b"an old film") if out.suffix else out.mkdir()

def child(at):
    pid = os.fork()
    if pid:
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        # Without power no process goes on.
        end_orphans()
        return code
    count, one_at_a_time = 0, threading.Lock()
    def event():
        nonlocal count
        with one_at_a_time:
            count += 1
            keep()
            if count == at:
                cut()
    def counted(function):
        def call(*words, **more):
            event()
            done = function(*words, **more)
            event()
            return done
        return call
    if at:
        # What was there before the command began was flushed long ago.
        for folder, _, names in os.walk(root):
            listings[os.stat(folder).st_ino] = listing(folder)
            for name in names:
                path = Path(folder, name)
                contents[path.stat().st_ino] = path.read_bytes()
        os.fsync = synced
        for name in real:
            setattr(os, name, counted(getattr(os, name)))
    try:
        written(out, work, overwrite=before)
    except BaseException as error:
        print("FAILED", repr(error), getattr(error, "message", ""), file=sys.stderr)
        os._exit(1)
    os._exit(0)

fresh()
finished.write_bytes(b"")
asked.write_bytes(b"")
assert child(0) == 0
whole, cuts = bytes_of(out), 0
for at in range(1, 10000, every):
    fresh()
    finished.write_bytes(b"")
    asked.write_bytes(b"")
    status = child(at)
    if status == 0:
        break
    assert status == 9, (at, status)
    restore()
    cuts += 1
    if before and out.suffix:
        assert out.read_bytes() in (b"an old film", whole), at
    # A command that had come to its end is made again, where it may replace its output.
    done = 0 if out.exists() and bytes_of(out) == whole else len(finished.read_bytes())
    asked.write_bytes(b"")
    again = child(0)
    assert bytes_of(out) == whole, at
    assert len(asked.read_bytes()) <= len(work.borders) - done, (at, "finished segments were lost")
    # Where the film had come to its end it may say that it exists.
    assert again == 0 or not before, at
    left = [p for folder in (root, out) if folder.is_dir() for p in folder.iterdir() if p.name[0] == "."]
    assert not left, (at, left)
print(cuts)
"""

CASES = [
    ("o.mp4", "many", ""), ("o.mp4", "many", "before"), ("o.mp4", "one", ""), ("o.gif", "many", ""),
    ("o.gif", "one", "before"), ("frames", "many", ""), ("frames", "many", "before"),
]  # fmt: skip


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="looks for open files in /proc")
@pytest.mark.parametrize("model", ["strict", "names"])
@pytest.mark.parametrize(
    ("name", "segments", "before", "every"),
    [*((*case, 37) for case in CASES), *(pytest.param(*case, 1, marks=pytest.mark.slow) for case in CASES)],
)
def test_a_power_cut_at_any_moment_loses_nothing(
    tmp_path: Path, name: str, segments: str, before: str, every: int, model: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CUT, str(tmp_path / "root" / name), model, str(every), segments, before],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 1


def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What is renamed, flushed and removed from now on: (what is done, the name of the file or folder)."""
    heard: list[tuple[str, str]] = []

    def hears(name: str, path_of: int = 0) -> None:
        function = getattr(os, name)

        def call(*words: object, **more: object) -> object:
            done = function(*words, **more)
            where = os.readlink(f"/proc/self/fd/{words[0]}") if name == "fsync" else os.fspath(words[path_of])
            heard.append((name, os.path.basename(where)))
            return done

        monkeypatch.setattr(os, name, call)

    for name, path_of in (("fsync", 0), ("unlink", 0), ("replace", 1), ("rename", 1)):
        hears(name, path_of)
    return heard


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="looks for open files in /proc")
def test_a_film_and_its_name_are_on_the_disk_before_its_segments_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = calls(monkeypatch)
    written(tmp_path / "o.mp4")
    segment = heard.index(("fsync", "00000.mp4"))
    assert heard.index(("fsync", ".o.mp4.parts"), segment) < heard.index(("fsync", "journal"), segment)
    named = heard.index(("replace", "o.mp4"))
    film, mark = (max(n for n, call in enumerate(heard[:named]) if call == one) for one in (
        ("fsync", heard[named - 1][1]) if heard[named - 1][0] == "fsync" else ("fsync", ".o.mp4.parts"),
        ("replace", "placing"),
    ))  # fmt: skip
    assert any(call[0] == "fsync" and call[1].endswith(".part.mp4") for call in heard[:mark])
    assert film < named
    gone = [n for n, call in enumerate(heard) if call[0] == "unlink" and call[1] in ("00000.mp4", "journal")]
    assert heard.index(("fsync", tmp_path.name), named) < min(gone)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="looks for open files in /proc")
@pytest.mark.parametrize("name", ["o.png", "o.gif", "o.mp4.json"])
def test_small_outputs_are_on_the_disk_under_their_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    heard = calls(monkeypatch)
    if name.endswith(".json"):
        save_small(tmp_path / name, b"{}")
    else:
        count = 1 if name == "o.png" else COUNT
        one = Segments(passing, (0,), {})
        write_segments(FilmFormat(sinks.parse(str(tmp_path / name)), RATE, count, SIZE), one, Report())
    named = heard.index(("replace", name))
    assert any(call[0] == "fsync" and ".part" in call[1] for call in heard[:named])
    assert ("fsync", tmp_path.name) in heard[named:]
