"""Long films in segments: killed at any moment, the same command goes on and makes the same bytes."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from conftest import Command, load, save, scene
from hypothesis import given
from hypothesis import strategies as st
from test_sound import CLICKS, clip, heard, played

from inbetween import engines
from inbetween.cli.console import Show
from inbetween.engines.loading import load_makers
from inbetween.errors import InbetweenError, Interrupted
from inbetween.ping_pong import Spool, cuts_of, there_and_back
from inbetween.plan import RunRequest, plan
from inbetween.produce import make
from inbetween.produce import save as save_small
from inbetween.types import Gap, Picture, Report, Settings
from inbetween.video import ffmpeg, sinks
from inbetween.video.publish import prepare
from inbetween.video.segments import Segments, choose_borders, write_work

RATE, COUNT, SIZE = Fraction(24000, 1001), 26, (48, 64)


def moving(first: int, stop: int) -> Iterator[Picture]:
    yield from (scene(number / 3, SIZE) for number in range(first, stop))


WORK = Segments(moving, (0, 9, 10, 20), {"--seed": 0})


class Notes(Report):
    """Keeps what is said; at a stage's step it stops, as Ctrl-C would."""

    def __init__(self, stop: tuple[str, int] = ("", 0)) -> None:
        self.said: dict[str, str] = {}
        self.stop = stop

    def note(self, code: str, text: str, *, detail: bool = False, **facts: object) -> None:
        self.said[code] = text

    def progress(self, stage: str, done: int, total: int) -> None:
        if (stage, done) == self.stop:
            raise Interrupted


def written(
    path: Path, work: Segments = WORK, report: Report | None = None, overwrite: bool = False, **words: str
) -> bytes:
    """What there is after a film was written: the file, or all of the folder's one after the other."""
    sink = sinks.parse(str(path), **words)
    prepare(sink, overwrite)
    write_work(sink, work, RATE, COUNT, SIZE, report or Report(), overwrite)
    return contents(path)


def contents(path: Path) -> bytes:
    files = [path] if path.is_file() else sorted(p for p in path.iterdir() if p.name[0] != ".")
    return b"".join(file.name.encode() * (file != path) + file.read_bytes() for file in files)


def hidden(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


def pixels(path: Path, rate: Fraction = RATE) -> list[np.ndarray]:
    with av.open(str(path)) as film:
        frames = list(film.decode(video=0))
    assert [frame.pts * frame.time_base for frame in frames] == pytest.approx(
        [float(number / rate) for number in range(len(frames))], abs=0.0006
    )
    return [frame.to_ndarray(format="rgb24") for frame in frames]


# ------------------------------------------------------------------ segments


@given(cuts=st.lists(st.integers(1, 60), max_size=40), least=st.integers(1, 100))
def test_borders_are_cuts_far_enough_apart(cuts: list[int], least: int) -> None:
    places = list(np.cumsum(cuts))
    found = choose_borders(places, least)
    assert found[0] == 0
    assert set(found[1:]) <= set(places)
    assert all(b - a >= least for a, b in pairwise(found))
    for a, b in pairwise([*found, 10**9]):
        assert not [place for place in places if a + least <= place < b]


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("o.mp4", None),
        ("o.mkv", None),
        ("o.mov", "libx265"),
        ("o.webm", None),
        ("o.mp4", "libsvtav1"),
        ("o.mkv", "ffv1"),
    ],
)
def test_joined_segments_show_what_each_shows(tmp_path: Path, name: str, codec: str | None) -> None:
    written(tmp_path / name, codec=codec)
    joined = pixels(tmp_path / name)
    assert len(joined) == COUNT
    for first, stop in pairwise([*WORK.borders, COUNT]):
        sink = sinks.parse(str(tmp_path / f"{first}_{name}"), codec)
        write_work(sink, Segments(moving, (0,), {}), RATE, stop - first, SIZE, Report()) if not first else write_work(
            sink, Segments(lambda a, b, at=first: moving(a + at, b + at), (0,), {}), RATE, stop - first, SIZE, Report()
        )
        alone = pixels(tmp_path / f"{first}_{name}")
        assert all(np.array_equal(a, b) for a, b in zip(joined[first:stop], alone, strict=True))


def test_hevc_in_segments_keeps_the_mark_of_apple(tmp_path: Path) -> None:
    written(tmp_path / "o.mp4", codec="libx265")
    assert b"hvc1" in (tmp_path / "o.mp4").read_bytes()


def test_a_film_of_one_segment_is_as_ever(tmp_path: Path) -> None:
    one = written(tmp_path / "a.mp4", Segments(moving, (0,), {}))
    assert one != written(tmp_path / "b.mp4")
    assert len(pixels(tmp_path / "a.mp4")) == COUNT
    assert not hidden(tmp_path)


# ------------------------------------------------------------------ stopped and gone on


@pytest.mark.parametrize("name", ["o.mp4", "frames", "o.gif", "o.webp", "o.apng"])
def test_a_stopped_film_goes_on(tmp_path: Path, name: str) -> None:
    whole = written(tmp_path / ("whole_" + name))
    asked = []

    def make(first: int, stop: int) -> Iterator[Picture]:
        asked.append(first)
        yield from moving(first, stop)

    with pytest.raises(Interrupted) as stopped:
        written(tmp_path / name, Segments(make, WORK.borders, WORK.identity), Notes(("write", 23)))
    assert stopped.value.kept == str(tmp_path / f".{name}.parts")
    assert not (tmp_path / name).exists()
    asked.clear()
    notes = Notes()
    assert written(tmp_path / name, Segments(make, WORK.borders, WORK.identity), notes) == whole
    assert asked in ([20], [10, 20])
    assert notes.said["resumed"].endswith("of 26 frames are there already")
    assert not hidden(tmp_path)


@pytest.mark.parametrize("name", ["o.gif", "o.webp", "o.apng"])
@pytest.mark.parametrize("kind", ["RGB", "RGBA", "16 bits"])
def test_an_animation_in_segments_is_that_of_one(tmp_path: Path, name: str, kind: str) -> None:
    def make(first: int, stop: int) -> Iterator[Picture]:
        for number, picture in enumerate(moving(first, stop), first):
            clear = np.full((*SIZE, 1), 255, np.uint8)
            clear[: 2 * number] = 0
            alpha = np.concatenate([picture, clear], axis=2)
            yield picture if kind == "RGB" else alpha if kind == "RGBA" else picture.astype(np.uint16) * 257 ^ number

    seen: list[Picture] = []

    def again(frames: Iterator[Picture]) -> Iterator[Picture]:
        for frame in frames:
            seen.append(frame)
            yield frame

    one = written(tmp_path / f"one_{name}", Segments(make, (0,), {}))
    assert written(tmp_path / name, Segments(make, WORK.borders, {}, again=again)) == one
    assert all(np.array_equal(a, b) for a, b in zip(seen, make(0, COUNT), strict=True))
    assert not hidden(tmp_path)


def test_a_film_that_is_stopped_early_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(Interrupted) as stopped:
        written(tmp_path / "o.mp4", report=Notes(("write", 5)))
    assert stopped.value.kept == ""
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.mp4"])
def test_frames_are_made_while_others_are_encoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The encoder gets nothing to do before the third frame is begun."""
    begun, encoded = threading.Event(), ffmpeg.Child.write

    def make(first: int, stop: int) -> Iterator[Picture]:
        for number, picture in enumerate(moving(first, stop)):
            if number == 2:
                begun.set()
            yield picture

    def waited(child: ffmpeg.Child, data: memoryview) -> None:
        assert begun.wait(20)
        encoded(child, data)

    monkeypatch.setattr(ffmpeg.Child, "write", waited)
    made = write_work(sinks.parse(str(tmp_path / name)), Segments(make, (0,), {}), RATE, 12, SIZE, Report())
    assert made.count == 12
    assert hidden(tmp_path) == []


@pytest.mark.parametrize("name", ["a.gif", "a.webp"])
def test_an_animation_that_is_stopped_leaves_nothing(tmp_path: Path, name: str) -> None:
    def make(first: int, stop: int) -> Iterator[Picture]:
        for number, picture in enumerate(moving(first, stop)):
            if number == 5:
                raise Interrupted
            yield picture

    sink = sinks.parse(str(tmp_path / name))
    with pytest.raises(Interrupted):
        write_work(sink, Segments(make, (0,), {}), RATE, 12, SIZE, Report())
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(RuntimeError, match="more than the planned"):
        write_work(sink, Segments(lambda first, stop: moving(first, stop + 2), (0,), {}), RATE, 6, SIZE, Report())
    assert list(tmp_path.iterdir()) == []


def test_an_error_says_where_it_goes_on(tmp_path: Path) -> None:
    def make(first: int, stop: int) -> Iterator[Picture]:
        if first >= 20:
            raise InbetweenError("a key is damaged", "mend it")
        yield from moving(first, stop)

    with pytest.raises(InbetweenError) as error:
        written(tmp_path / "frames", Segments(make, WORK.borders, WORK.identity))
    assert error.value.hint.startswith("mend it; what is done waits in `")
    written(tmp_path / "frames")
    assert np.array_equal(load(tmp_path / "frames" / "00025.png"), scene(25 / 3, SIZE))


def test_a_disk_that_is_full_from_the_beginning_is_left_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(number: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InbetweenError, match="full"):
        written(tmp_path / "o.mp4")
    assert list(tmp_path.iterdir()) == []


def test_another_setting_begins_anew_and_says_what_differs(tmp_path: Path) -> None:
    with pytest.raises(Interrupted):
        written(tmp_path / "o.mp4", report=Notes(("write", 23)))
    notes = Notes()
    other = Segments(moving, WORK.borders, {"--seed": 7, "--fps": "25"})
    assert written(tmp_path / "o.mp4", other, notes) == written(tmp_path / "whole.mp4", other)
    assert notes.said == {**notes.said, "begun_anew": "begun anew: --seed was 0, is 7, --fps was not there, is 25"}
    assert "resumed" not in notes.said
    assert not hidden(tmp_path)


@pytest.mark.parametrize("damage", ["segment", "torn", "rubbish", "gone"])
def test_what_was_damaged_meanwhile_is_made_again(tmp_path: Path, damage: str) -> None:
    whole = written(tmp_path / "whole.mp4")
    with pytest.raises(Interrupted):
        written(tmp_path / "o.mp4", report=Notes(("write", 23)))
    parts = tmp_path / ".o.mp4.parts"
    journal = (parts / "journal").read_bytes()
    if damage == "segment":
        first = parts / "00000.mp4"
        first.write_bytes(first.read_bytes()[:-9] + b"somewhere")
    elif damage == "torn":
        (parts / "journal").write_bytes(journal[:-20])
    elif damage == "rubbish":
        (parts / "journal").write_bytes(b"\x00" * 100)
    else:
        (parts / "journal").unlink()
    (parts / "left over.mp4").write_bytes(b"by a kill")
    assert written(tmp_path / "o.mp4") == whole
    assert not hidden(tmp_path)


def test_two_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    class Second(Report):
        def progress(self, stage: str, done: int, total: int) -> None:
            if (stage, done) == ("write", 12):
                with pytest.raises(InbetweenError, match="is being made by another process"):
                    written(tmp_path / "o.mp4")

    assert written(tmp_path / "o.mp4", report=Second()) == written(tmp_path / "whole.mp4")


def test_a_name_as_long_as_a_disk_takes(tmp_path: Path) -> None:
    name = "n" * 251 + ".mp4"
    with pytest.raises(Interrupted):
        written(tmp_path / name, report=Notes(("write", 23)))
    written(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == [name]


# ------------------------------------------------------------------ kill -9


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
    one = Segments(moving, (0,), {})
    write_work(sinks.parse(str(tmp_path / name)), one, RATE, COUNT, SIZE, Report())
    before = sorted(tmp_path.rglob("*"))
    parts = (tmp_path / name if name == "frames" else tmp_path) / f".{name}.parts"
    parts.mkdir()
    for file in left:
        (parts / file).parent.mkdir(exist_ok=True)
        (parts / file).write_text('{"identity": {}}\n')
    with pytest.raises(InbetweenError, match=r"exists|not empty"):
        write_work(sinks.parse(str(tmp_path / name)), one, RATE, COUNT, SIZE, Report())
    assert sorted(tmp_path.rglob("*")) == before


def test_a_refusal_leaves_what_can_go_on(tmp_path: Path) -> None:
    (tmp_path / "o.mp4").write_bytes(b"an old film")
    with pytest.raises(Interrupted):
        written(tmp_path / "o.mp4", report=Notes(("write", 23)), overwrite=True)
    with pytest.raises(InbetweenError, match="exists"):
        written(tmp_path / "o.mp4")
    notes = Notes()
    written(tmp_path / "o.mp4", report=notes, overwrite=True)
    assert "resumed" in notes.said
    assert not hidden(tmp_path)


def test_sequences_of_one_folder_do_not_disturb_each_other(tmp_path: Path) -> None:
    class Second(Report):
        def progress(self, stage: str, done: int, total: int) -> None:
            if (stage, done) == ("write", 12):
                write_work(sinks.parse(str(tmp_path / "b_%03d.png")), WORK, RATE, COUNT, SIZE, Report())

    write_work(sinks.parse(str(tmp_path / "a_%03d.png")), WORK, RATE, COUNT, SIZE, Second())
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
from test_resume import written, contents, moving, WORK
from inbetween.video.segments import Work
out, overwrite, one = Path(sys.argv[1]), sys.argv[2] == "overwrite", sys.argv[5] == "one"
work = Work(moving, (0,), WORK.identity) if one else WORK
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
whole = contents(out)
kills = 0
for kill in range(int(sys.argv[3]), 10000, int(sys.argv[4])):
    fresh()
    status = child(kill)
    if status == 0:
        break
    assert os.WTERMSIG(status) == 9, status
    kills += 1
    again = child(0)
    assert contents(out) == whole, kill
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
        env={**os.environ, "PYTHONPATH": os.pathsep.join([*sys.path, str(Path(__file__).parent)])},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 1


# ------------------------------------------------------------------ what `run` makes


@pytest.mark.parametrize("engine", [name for name in engines.NAMES if engines.get(name).lengths is None])
def test_a_long_gap_may_be_made_in_parts(engine: str) -> None:
    keys = [scene(number, SIZE) for number in range(4)]
    options = engines.get(engine).Options()

    def made(times: tuple[float, ...]) -> list[Picture]:
        gap = Gap(keys[1], keys[2], times, before=(keys[0], -1.0), after=(keys[3], 2.0))
        return list(load_makers(engine, options, Settings())["engine"]([gap], Report()))

    times = tuple(number / 17 for number in range(1, 17))
    whole = made(times)
    assert all(np.array_equal(a, b) for a, b in zip(whole, made(times[:8]) + made(times[8:]), strict=True))


@pytest.mark.parametrize(
    ("count", "words", "total", "suffix"),
    [
        (2, {"frames": 800}, 802, ".mp4"),
        (3, {"frames": 299, "ping_pong": True}, 1200, ".mp4"),
        (2, {"frames": 600}, 602, ".gif"),
    ],
    ids=["one long gap", "there and back", "animation"],
)
def test_what_run_makes_goes_on(tmp_path: Path, count: int, words: dict[str, Any], total: int, suffix: str) -> None:
    keys = [str(save(tmp_path / f"{number}.png", scene(number, SIZE))) for number in range(count)]

    def made(name: str, report: Report) -> tuple[bytes, bytes]:
        out, sheet = tmp_path / (name + suffix), tmp_path / "sheet.png"
        film = make(plan(RunRequest(tuple(keys), str(out), **words)), report, sheet=sheet)
        assert film.output.count == total
        return out.read_bytes(), sheet.read_bytes()

    whole = made("whole", Report())
    # In the third segment or later, so that the first one is finished.
    with pytest.raises(Interrupted):
        made("o", Notes(("write", max(total * 4 // 5, 550))))
    notes = Notes()
    again = made("o", notes)
    assert "resumed" in notes.said
    assert again[0] == whole[0]
    # Of a film that was encoded the sheet shows what was written.
    assert again[1] == whole[1] or suffix != ".gif"
    assert not hidden(tmp_path)


@given(count=st.integers(1, 9), cuts=st.sets(st.integers(1, 8)), least=st.integers(1, 5))
def test_the_way_back_is_the_same_in_parts(count: int, cuts: set[int], least: int) -> None:
    begins = sorted(cut for cut in cuts if cut < count)
    total = max(1, 2 * count - 2)
    asked = []

    def numbers(first: int, stop: int) -> Iterator[Picture]:
        asked.append((first, stop))
        for number in range(first, stop):
            yield np.full((1, 2, 3), number, np.uint8)

    def shown(spool: Spool, first: int, stop: int) -> list[int]:
        return [int(one[0, 0, 0]) for one in there_and_back(numbers, count, spool, Report())(first, stop)]

    with Spool(tempfile.gettempdir()) as spool:
        whole = shown(spool, 0, total)
    assert whole == [*range(count), *range(count - 2, 0, -1)]
    assert asked == [(0, count)]
    parts = [*pairwise([*choose_borders(cuts_of(begins, count), least), total])]
    asked.clear()
    with Spool(tempfile.gettempdir()) as spool:
        assert [number for part in parts for number in shown(spool, *part)] == whole
    assert sum(stop - first for first, stop in asked) == count
    for first, stop in parts:
        asked.clear()
        with Spool(tempfile.gettempdir()) as spool:
            assert shown(spool, first, stop) == whole[first:stop]
        assert {*chain(*asked)} <= {0, *begins, count}


# ------------------------------------------------------------------ by the real command


@pytest.mark.parametrize("engine", ["flow", "blend"])
def test_a_long_gap_is_made_in_segments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: str) -> None:
    """Their pictures are those of the gap made at once."""
    from inbetween import produce
    from inbetween.plan import RunRequest, plan

    keys = tuple(str(save(tmp_path / f"{number}.png", scene(number / 2, SIZE))) for number in range(3))
    films = []
    for least in (100, 9):
        monkeypatch.setattr(produce, "LEAST", least)
        asked = Notes()
        out = tmp_path / f"{least}.mkv"
        with pytest.raises(Interrupted) as stopped:
            produce.make(
                plan(RunRequest(keys, str(out), frames=29, preset="archive", engine=engine)), Notes(("write", 40))
            )
        assert bool(stopped.value.kept) == (least == 9)
        produce.make(plan(RunRequest(keys, str(out), frames=29, preset="archive", engine=engine)), asked)
        assert ("resumed" in asked.said) == (least == 9)
        films.append(pixels(out, Fraction(25)))
    assert len(films[0]) == len(films[1]) == 61
    assert all(np.array_equal(a, b) for a, b in zip(*films, strict=True))


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


def helpers(folder: Path) -> list[int]:
    """Processes that write into a folder: our ffmpegs."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdecimal() and os.fsencode(folder) in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


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
        while helpers(tmp_path) and time.monotonic() < until:
            time.sleep(0.02)
        assert not helpers(tmp_path)
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


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="looks for children in /proc")
def test_slow_motion_goes_on_with_its_sound(command: Command, tmp_path: Path) -> None:
    clip(tmp_path / "c.mp4", Fraction(10), 20, cut=4)
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
    clip(tmp_path / "c.mp4", Fraction(10), 4)
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
    clip(tmp_path / "c.mp4", Fraction(10), 4)
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
    assert "begun anew: cuts.txt has changed, --from was not there, is 1f" in said, said
