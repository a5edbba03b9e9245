"""What a machine may refuse: one error with a hint, never a traceback. And bugs, which keep theirs."""

from __future__ import annotations

import errno
import importlib
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from inbetween.errors import CODES
from inbetween.faults import fault, said
from support.commands import INBETWEEN, LINUX, STAYS, Command, Refused, started, wait_for

RUN = ("run", "key0.png", "key1.png", "-n", 1, "-o", "x.mp4")


def system(name: str, *more: object) -> OSError:
    number = getattr(errno, name)
    return OSError(number, os.strerror(number), *more)


FAULTS = [
    (system("ENOSPC", "x.mp4"), "disk or quota is full: x.mp4", "disk_full"),
    (system("EDQUOT"), "disk or quota is full", "disk_full"),
    (system("EFBIG"), "limit of file sizes", "disk_full"),
    (system("ENOMEM"), "not enough memory", "out_of_memory"),
    (MemoryError(), "not enough memory", "out_of_memory"),
    (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"), "not enough memory", "out_of_memory"),
    (ImportError("libx.so: failed to map segment from shared object"), "not enough memory", "out_of_memory"),
    (system("EMFILE", "a.png"), "too many files are open", "system"),
    (system("ENFILE"), "too many files are open", "system"),
    (ImportError("libx.so: cannot open shared object file: Too many open files"), "too many files", "system"),
    (system("EAGAIN"), "no more processes or threads", "system"),
    (RuntimeError("can't start new thread"), "no more processes or threads", "system"),
    (BlockingIOError(errno.EAGAIN, "write could not complete without blocking", 0), "is too slow", "system"),
    (system("ENOENT", "/o/x.mp4"), "has gone: /o/x.mp4", "system"),
    (system("ENOTDIR"), "has gone", "system"),
    (system("ESTALE"), "has gone", "system"),
    (system("ENODEV"), "has gone", "system"),
    (system("EIO", b"/o/x\xff"), "the disk cannot be read or written: /o/x", "system"),
    (system("ENOTCONN"), "the disk cannot be read or written", "system"),
    (system("ETIMEDOUT"), "the disk cannot be read or written", "system"),
    (system("EACCES"), "does not permit", "system"),
    (system("EROFS"), "does not permit", "system"),
    (system("EEXIST", "x.mp4"), "something else has this name: x.mp4", "system"),
    (system("EISDIR"), "something else has this name", "system"),
    (system("EBUSY"), "another process uses it", "system"),
    (system("ENAMETOOLONG"), "cannot hold such a name", "system"),
    (system("ELOOP"), "cannot hold such a name", "system"),
    (system("EPROTO"), "refused something", "system"),
    (ModuleNotFoundError("No module named 'x'", name="x.y"), "the package `x.y` is not installed", "system"),
    (ImportError("undefined symbol: y", name="x"), "the package `x` cannot be loaded: undefined symbol: y", "system"),
]


@STAYS
@pytest.mark.parametrize(("problem", "text", "code"), FAULTS, ids=[repr(one[0])[:40] for one in FAULTS])
def test_a_fault_of_the_machine(
    refused: Refused, monkeypatch: pytest.MonkeyPatch, problem: Exception, text: str, code: str
) -> None:
    def prepare(*_: object) -> None:
        raise problem

    monkeypatch.setattr("inbetween.video.publish.prepare", prepare)
    refused(*RUN, code=1, error=text, hint="")
    found = fault(problem)
    assert found is not None
    assert (found.code, found.exit_code) == (code, 1)
    assert code in CODES
    assert "\n" not in found.message + found.hint


def test_a_lack_explains_whatever_comes_after() -> None:
    try:
        try:
            raise system("EMFILE")
        except OSError as problem:
            raise ValueError("numpy could not be loaded") from problem
    except ValueError as problem:
        found = fault(problem)
    assert found is not None
    assert "too many files" in found.message


BUGS = [
    ValueError("x"),
    KeyError("x"),
    AssertionError(),
    RuntimeError("x"),
    ImportError("cannot import name 'x' from 'inbetween.y'", name="inbetween.y"),
    system("EBADF"),
    system("EINVAL"),
    OSError("no number"),
]


@STAYS
@pytest.mark.parametrize("problem", BUGS, ids=repr)
def test_a_bug_stays_a_bug(inside: Command, monkeypatch: pytest.MonkeyPatch, problem: Exception) -> None:
    def prepare(*_: object) -> None:
        try:
            raise system("ENOENT")
        except OSError:
            raise problem from None

    monkeypatch.setattr("inbetween.video.publish.prepare", prepare)
    ran = inside(*RUN)
    assert ran.code == 70
    assert "Traceback" in ran.err
    assert "this is a bug" in ran.err
    assert fault(problem) is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("x: No such file or directory", "system"),
        ("pthread_create failed: Resource temporarily unavailable", "system"),
        ("Error writing trailer: Input/output error", "system"),
        ("x: Cannot allocate memory", "out_of_memory"),
        ("Read-only file system", "system"),
        ("Invalid argument", None),
    ],
)
def test_what_other_programs_say(text: str, code: str | None) -> None:
    found = said("ffmpeg stopped", text)
    assert (found and found.code) == code


@STAYS
@pytest.mark.parametrize("name", ["EMFILE", "EAGAIN", "ENOMEM"])
def test_an_ffmpeg_that_cannot_be_started(
    refused: Refused, inside: Command, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """It is not said to be missing, which it is not."""
    imageio = importlib.import_module("imageio_ffmpeg._utils")

    def popen(*_: object, **more: object) -> None:
        raise system(name)

    # It remembers where it found ffmpeg.
    imageio._get_ffmpeg_exe.cache_clear()
    with monkeypatch.context() as patch:
        patch.setattr(subprocess, "Popen", popen)
        ran = refused(*RUN, code=1, error="", hint="")
    assert "not enough memory" in ran.err or "too many files" in ran.err or "no more processes" in ran.err
    assert "pip" not in ran.err
    # And it does not remember that it found none.
    assert inside(*RUN).code == 0


@STAYS
@LINUX
@pytest.mark.parametrize("most", [5, 6, 8, 12])
def test_few_files_may_be_open(tmp_path: Path, most: int) -> None:
    import resource

    done = subprocess.run(
        [*INBETWEEN, *map(str, RUN)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (most, most)),
    )
    if done.returncode:
        assert done.returncode == 1
        assert done.stderr.startswith("error: too many files are open\nhint: ")
        assert not (tmp_path / "x.mp4").exists()


@STAYS
@LINUX
@pytest.mark.slow
@pytest.mark.parametrize("megabytes", [60, 200, 300, 500, 600])
def test_little_memory_may_be_used(tmp_path: Path, megabytes: int) -> None:
    """Libraries that end the process themselves, as OpenBLAS and OpenCV do at some sizes, are not ours to mend."""
    import resource

    most = megabytes << 20
    done = subprocess.run(
        [*INBETWEEN, *map(str, RUN)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (most, most)),
    )
    assert "this is a bug" not in done.stderr
    assert done.returncode != 130
    assert done.returncode != 0 or (tmp_path / "x.mp4").exists()


@LINUX
def test_threads_that_openblas_cannot_start_are_no_ctrl_c(
    inside: Command, monkeypatch: pytest.MonkeyPatch, keys: list[Path]
) -> None:
    def prepare(*_: object) -> None:
        with monkeypatch.context() as patch:
            patch.setattr("inbetween.cli.signals.refuses_threads", lambda: True)
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr("inbetween.video.publish.prepare", prepare)
    ran = inside(*RUN)
    assert ran.code == 1
    assert "no more processes or threads" in ran.problem[0]


@LINUX
@pytest.mark.parametrize("how", ["removed", "renamed"])
@pytest.mark.parametrize("out", ["o/x.mp4", "o/pictures/", "o/x.gif"])
def test_the_output_folder_goes(tmp_path: Path, out: str, how: str) -> None:
    folder = tmp_path / "o"
    folder.mkdir()
    with started(tmp_path, out, count=300) as process:
        wait_for(process, "write", 6)
        if how == "removed":
            shutil.rmtree(folder, ignore_errors=True)
        else:
            folder.rename(tmp_path / "o2")
        _, err = process.communicate(timeout=100)
    lines = [line for line in err.splitlines() if line.startswith(("error", "hint", "Traceback"))]
    assert process.returncode == 1, err[-2000:]
    assert [line.split(":")[0] for line in lines] == ["error", "hint"]
    assert "has gone" in lines[0]
    assert not (folder / os.path.basename(out)).exists()


@LINUX
@pytest.mark.parametrize("words", [("run", "a.png", "b.png", "-o", "x.mp4"), ("engines",), ("doctor",)])
def test_the_current_folder_has_gone(tmp_path: Path, words: tuple[str, ...]) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    # -P, for else Python looks for modules in the current folder.
    command = ["sh", "-c", 'rmdir "$PWD" && exec "$@"', "sh", sys.executable, "-P", "-m", "inbetween", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("error: the current folder has gone")
    assert len(done.stderr.splitlines()) == 2


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize("name", ["EMFILE", "EIO", "ESTALE"])
def test_a_clip_on_a_disk_that_fails(
    inside: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / "clip.mp4").write_bytes(b"x")

    def reading(*_: object) -> None:
        raise system(name)

    monkeypatch.setattr("inbetween.video.decode.reading", reading)
    ran = inside("slowmo", "clip.mp4", "--factor", 2, "-o", "x.mkv")
    assert ran.code == 1
    assert ("too many files" if name == "EMFILE" else "clip.mp4 cannot be read") in ran.problem[0]


@pytest.mark.parametrize("name", ["EMFILE", "EAGAIN"])
def test_the_doctor_does_not_cure_what_is_well(inside: Command, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    def find(*_: object) -> None:
        raise system(name)

    monkeypatch.setattr("inbetween.cli.doctor._ffmpeg", find)
    ran = inside("doctor")
    assert ran.code == 1
    lines = ran.out.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("FAIL ffmpeg"))
    assert "raise the limit" in lines[at + 1]
    assert "pip" not in lines[at + 1]
