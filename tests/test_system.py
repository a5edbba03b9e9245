"""What differs between operating systems: nothing outside of `system` depends on it, and what `system` does on Windows
and macOS, simulated. Nothing here was tried on either of them."""

from __future__ import annotations

import ast
import ctypes
import errno
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbetween import devices, sidecars, system
from inbetween.errors import InbetweenError
from inbetween.small_files import read_small
from inbetween.system import ACCESS_DENIED, NAME_TOO_LONG, SHARING_VIOLATION, TRIES
from inbetween.video import causes, disk, ffmpeg, publish
from inbetween.video.sinks import parse
from inbetween.weights import disk as weights_disk
from support.commands import Command

PACKAGE = Path(system.__file__).parent
FILES = sorted(path for path in PACKAGE.rglob("*.py") if path.name != "system.py")

MODULES = {
    *("crypt", "fcntl", "grp", "msvcrt", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty", "winreg"),
    "_winapi",
}
"""Modules that some systems do not have."""
NAMES = {
    "os": {
        *("chown", "chroot", "confstr", "ctermid", "fchown", "fdatasync", "fork", "forkpty", "fpathconf", "getegid"),
        *("geteuid", "getgid", "getgroups", "getloadavg", "getpgid", "getpgrp", "getpriority", "getresuid", "getsid"),
        *("getuid", "initgroups", "killpg", "lchown", "lockf", "major", "memfd_create", "minor", "mkfifo", "mknod"),
        *("name", "nice", "openpty", "pathconf", "pidfd_open", "pipe2", "posix_fadvise", "posix_fallocate", "pread"),
        *("preadv", "pwrite", "pwritev", "readv", "register_at_fork", "rename", "renames", "replace"),
        *("sched_getaffinity", "sched_setaffinity", "sched_yield", "sendfile", "setgid", "setpgid", "setpriority"),
        *("setsid", "setuid", "splice", "statvfs", "sync", "sysconf", "tcgetpgrp", "tcsetpgrp", "ttyname", "uname"),
        *("wait", "wait3", "wait4", "waitid", "waitpid", "writev", "startfile", "kill", "symlink", "link"),
        *("O_CLOEXEC", "O_DIRECTORY", "O_DSYNC", "O_NOCTTY", "O_NOFOLLOW", "O_NONBLOCK", "O_SYNC", "O_TMPFILE"),
        *("O_BINARY", "EX_OK", "WEXITSTATUS", "WIFEXITED", "WIFSIGNALED", "WNOHANG", "WTERMSIG"),
    },
    "signal": {
        *("SIGALRM", "SIGBUS", "SIGCHLD", "SIGCONT", "SIGHUP", "SIGKILL", "SIGPIPE", "SIGQUIT", "SIGSTOP", "SIGTSTP"),
        *("SIGUSR1", "SIGUSR2", "SIGXCPU", "SIGXFSZ", "SIGWINCH", "SIGBREAK", "CTRL_C_EVENT", "alarm", "pause"),
        *("pthread_kill", "pthread_sigmask", "set_wakeup_fd", "setitimer", "siginterrupt", "sigwait"),
    },
    "sys": {"platform", "getwindowsversion"},
    "platform": {"system", "uname", "release"},
    "shlex": {"quote", "join"},
    "subprocess": {"CREATE_NEW_PROCESS_GROUP", "CREATE_NO_WINDOW", "STARTUPINFO", "list2cmdline"},
    "errno": {"ENAMETOOLONG", "EPIPE"},
}
"""Names that some systems do not have, or that mean something else there, by their modules."""
ARGUMENTS = {"start_new_session", "preexec_fn", "process_group", "pass_fds", "creationflags", "dir_fd", "user", "umask"}
"""Arguments of functions of `os` and `subprocess` that some systems refuse."""
PATHS = re.compile(r"/(?:proc|sys|dev|tmp|etc|usr|var)(?:/|$)")


def offences(path: Path) -> Iterator[str]:
    """What only some systems have, with its line."""
    tree = ast.parse(path.read_text("utf-8"))
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        line = f"{path.name}:{getattr(node, 'lineno', 0)}:"
        if isinstance(node, ast.Import):
            yield from (f"{line} {one.name}" for one in node.names if one.name.split(".")[0] in MODULES)
        elif isinstance(node, ast.ImportFrom) and node.module:
            own = NAMES.get(node.module, set())
            yield from (f"{line} {one.name}" for one in node.names if node.module in MODULES or one.name in own)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.attr in NAMES.get(node.value.id, ()):
                yield f"{line} {node.value.id}.{node.attr}"
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
            if PATHS.match(node.value):
                yield f"{line} {node.value}"
        elif isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if called.startswith(("os.", "subprocess.")):
                yield from (f"{line} {one.arg}=" for one in node.keywords if one.arg in ARGUMENTS)
            # `str.replace` has two arguments, `dataclasses.replace` keywords.
            if re.search(r"(?<!^system)\.(replace|rename)$", called) and len(node.args) == 1 and not node.keywords:
                yield f"{line} {called}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_system_uses_what_some_systems_lack(path: Path) -> None:
    assert [*offences(path)] == []


@pytest.mark.parametrize(
    "text",
    [
        "import fcntl",
        "def f():\n    from resource import setrlimit",
        "from os import replace",
        "import os\nos.replace(a, b)",
        "import os\nos.O_NONBLOCK",
        "import signal\nsignal.SIGKILL",
        "path.replace(target)",
        "path.rename(target)",
        "import subprocess\nsubprocess.Popen([], start_new_session=True)",
        "import sys\nsys.platform == 'linux'",
        "import shlex\nshlex.quote(x)",
        "open('/proc/meminfo')",
        "folder = '/tmp'",
    ],
)
def test_the_reading_of_the_files_finds_what_it_looks_for(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.py").write_text(f'"""On /proc."""\n{text}\nname.replace("a", "b")\n')
    assert len([*offences(tmp_path / "a.py")]) == 1


def test_text_files_are_read_and_written_as_utf_8() -> None:
    """The encoding that Python takes where none is given is another one on each Windows."""
    wrong = []
    for path in [*FILES, PACKAGE / "system.py"]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            called, given = ast.unparse(node.func), {one.arg for one in node.keywords}
            modes = [one.value for one in node.args[1:] if isinstance(one, ast.Constant)]
            text = called == "open" and not any("b" in str(mode) for mode in modes)
            least = {"read_text": 1, "write_text": 2}.get(called.rpartition(".")[2])
            text = text or (least is not None and len(node.args) < least)
            if text and "encoding" not in given:
                wrong.append(f"{path.name}:{node.lineno} {called}")
    assert wrong == []


# ------------------------------------------------------------------ the systems, simulated


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows, as far as `system` asks."""
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(system.time, "sleep", lambda seconds: None)
    for name in ("sched_getaffinity", "O_NONBLOCK", "O_NOFOLLOW"):
        monkeypatch.delattr(os, name)


@pytest.fixture
def macos(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on macOS, as far as `system` asks."""
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.delattr(os, "sched_getaffinity")


def denied(number: int, *names: str) -> OSError:
    """An error as Windows has it: its own number, and the nearest one of errno."""
    kind = FileNotFoundError if number == NAME_TOO_LONG else PermissionError
    error = kind(errno.ENOENT if number == NAME_TOO_LONG else errno.EACCES, "Windows says no", names[0])
    error.winerror = number  # type: ignore[attr-defined]
    error.filename2 = names[-1] if len(names) > 1 else None
    return error


def test_the_cores_of_systems_that_bind_no_process_to_some(monkeypatch: pytest.MonkeyPatch, macos: None) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 7)
    monkeypatch.delenv("INBETWEEN_THREADS", raising=False)
    assert devices.thread_count(None) == 7
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert devices.thread_count(None) == 1


def test_memory_is_that_of_the_system() -> None:
    free, all_of_it = system.available_memory(), system.installed_memory()
    assert free is not None
    assert all_of_it is not None
    assert 0 < free <= all_of_it
    # Plans of memory, and with them the last bits of networks, follow from it: it is what it was by `sysconf`.
    assert all_of_it == os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize("error", [OSError, RuntimeError, KeyError, ValueError, NotImplementedError])
def test_where_the_system_does_not_tell_the_memory_it_is_unknown(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def fails() -> None:
        raise error

    monkeypatch.setattr(psutil, "virtual_memory", fails)
    assert (system.available_memory(), system.installed_memory()) == (None, None)
    assert devices.free_memory("cpu") is None


@pytest.mark.parametrize("error", [OSError, TypeError, AttributeError])
def test_other_c_libraries_than_glibc_are_left_alone(monkeypatch: pytest.MonkeyPatch, error: type[Exception]) -> None:
    def fails(name: object) -> None:
        raise error

    monkeypatch.setattr(ctypes, "CDLL", fails)
    system.one_arena()


def test_a_child_hears_no_ctrl_c(windows: None) -> None:
    assert system.apart() == {"creationflags": 0x200}


def test_a_child_of_posix_has_a_session_of_its_own() -> None:
    script = "import os; print(os.getsid(0) == os.getpid())"
    done = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, check=True, **system.apart())
    assert done.stdout.strip() == b"True"


@pytest.mark.parametrize("number", [errno.EPIPE, errno.EINVAL])
def test_an_ffmpeg_that_ended_is_an_error_with_its_cause(number: int, windows: None, tmp_path: Path) -> None:
    class Process:
        returncode = 1
        stdin: Any

        def wait(self, timeout: float) -> int:
            return 1

    class Gone:
        def write(self, data: bytes) -> None:
            raise OSError(number, os.strerror(number))

    process = Process()
    process.stdin = Gone()
    with open(tmp_path / "log", "w+b") as log:
        log.write(b"Unknown encoder 'x'\n")
        with pytest.raises(InbetweenError, match="ffmpeg stopped"):
            ffmpeg.Child("ffmpeg", process, log).write(b"frame")  # type: ignore[arg-type]


def test_what_is_no_end_of_the_reader_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    def writes(number: int) -> None:
        with system.reader_may_be_gone():
            raise OSError(number, "")

    writes(errno.EPIPE)
    for number in (errno.EINVAL, errno.ENOSPC):
        with pytest.raises(OSError, match=str(number)):
            writes(number)
    monkeypatch.setattr(sys, "platform", "win32")
    writes(errno.EINVAL)
    with pytest.raises(OSError, match=str(errno.ENOSPC)):
        writes(errno.ENOSPC)


@pytest.mark.parametrize("name", ["replace", "rename"])
@pytest.mark.parametrize("times", [1, TRIES - 1])
def test_a_file_that_is_open_for_a_moment_is_waited_for(
    name: str, times: int, windows: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    real, tries = getattr(os, name), []

    def moved(source: str, target: str) -> None:
        tries.append(source)
        if len(tries) <= times:
            raise denied(SHARING_VIOLATION, source, target)
        real(source, target)

    monkeypatch.setattr(os, name, moved)
    (tmp_path / "a").write_text("whole")
    getattr(system, name)(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_text() == "whole"
    assert len(tries) == times + 1


@pytest.mark.parametrize("number", [SHARING_VIOLATION, ACCESS_DENIED])
def test_a_film_that_is_open_in_a_player_is_not_replaced_and_the_error_says_so(
    number: int, windows: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("new.mp4", "film.mp4"):
        (tmp_path / name).write_text(name)

    def refuses(source: str, target: str) -> None:
        raise denied(number, source, target)

    monkeypatch.setattr(os, "replace", refuses)
    with pytest.raises(InbetweenError, match=r"film\.mp4` is open in another program") as wrong:
        publish.keep_file(str(tmp_path / "new.mp4"), parse(str(tmp_path / "film.mp4")), True)
    assert "close it there" in wrong.value.hint
    assert (tmp_path / "film.mp4").read_text() == "film.mp4"


def test_weights_that_another_program_has_open_are_called_so(windows: None, tmp_path: Path) -> None:
    with pytest.raises(InbetweenError, match="b is open in another program") as wrong, weights_disk.writing(tmp_path):
        raise denied(SHARING_VIOLATION, "a", "b")
    assert wrong.value.code == "busy"


def test_on_posix_a_file_without_permission_is_tried_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tries = []

    def refuses(source: str, target: str) -> None:
        tries.append(source)
        raise PermissionError(errno.EACCES, "Permission denied", source)

    monkeypatch.setattr(os, "replace", refuses)
    with pytest.raises(InbetweenError, match="Permission denied"), disk.errors(str(tmp_path)):
        system.replace("a", "b")
    assert tries == ["a"]


def test_a_path_too_long_for_windows_is_called_so(windows: None, tmp_path: Path) -> None:
    for path, error in (
        ("a.mp4", denied(NAME_TOO_LONG, "a.mp4")),
        (str(tmp_path / ("x" * 300)), FileNotFoundError(errno.ENOENT, "No such file")),
    ):
        with pytest.raises(InbetweenError, match="too long"), disk.errors(path):
            raise error
    with pytest.raises(InbetweenError, match="cannot write"), disk.errors("a.mp4"):
        raise FileNotFoundError(errno.ENOENT, "No such file")


@pytest.mark.parametrize(
    "name", ["CON.mp4", "nul.png", "com1.mkv", "aux", "LPT9.x.mp4", "a?.mp4", "a:b.mp4", 'a".mp4', "a\x07.mp4"]
)
def test_names_that_windows_keeps_for_itself_are_refused(
    name: str, windows: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert system.unusable_name(name)
    with pytest.raises(InbetweenError, match="Windows") as wrong:
        publish.prepare_file(str(tmp_path / name), False, ())
    assert "another name" in wrong.value.hint
    with pytest.raises(InbetweenError, match="Windows"):
        publish.prepare(parse(str(tmp_path / name) + "/"))
    monkeypatch.setattr(sys, "platform", "linux")
    publish.prepare_file(str(tmp_path / name), False, ())
    assert not system.unusable_name(name)


@pytest.mark.parametrize(
    "name", ["film.mp4", "console.mp4", "com.mp4", "com10.mp4", "nulls.png", "ä ü.mp4", ".x", "a.b.c"]
)
def test_other_names_are_accepted_on_windows(name: str, windows: None) -> None:
    assert system.unusable_name(name) == ""


@pytest.mark.parametrize("platform", ["win32", "darwin", "linux"])
def test_names_that_differ_in_case_are_the_same_file_where_they_may_be(
    platform: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    sink = parse(str(tmp_path / "Film.mkv"))
    files = {"--contact-sheet": tmp_path / "film.MKV"}
    assert publish.holds(sink, str(tmp_path / "film.mkv")) == (platform != "linux")
    if platform == "linux":
        sidecars.refuse_beside(files, sink, [], False)
        return
    with pytest.raises(InbetweenError, match="wanted for two things"):
        sidecars.refuse_beside(files, sink, [], False)


def test_files_are_read_where_nothing_can_be_opened_without_waiting(windows: None, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1\r\n2")
    assert read_small(tmp_path / "a", "easing") == b"1\r\n2"
    descriptor = system.open_to_read(tmp_path / "a", follow=False)
    with open(descriptor, "rb") as file:
        assert file.read() == b"1\r\n2"


def test_a_folder_that_cannot_be_flushed_is_left(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    real = os.open

    def refuses(path: str, flags: int, *more: int) -> int:
        if os.path.isdir(path):
            raise denied(ACCESS_DENIED, path)
        return real(path, flags, *more)

    monkeypatch.setattr(os, "open", refuses)
    disk.sync_folder(str(tmp_path))


# ------------------------------------------------------------------ words


def windows_words(line: str) -> list[str]:
    """The words that a program on Windows reads in a command line, by Microsoft's rules for C programs."""
    words, word, inside, begun, place = [], "", False, False, 0
    while place < len(line):
        slashes = len(line) - place - len(line[place:].lstrip("\\"))
        place += slashes
        if line[place : place + 1] == '"':
            word, place, begun = word + "\\" * (slashes // 2), place + 1, True
            if slashes % 2:
                word += '"'
            else:
                inside = not inside
        elif slashes:
            word, begun = word + "\\" * slashes, True
        elif line[place] in " \t" and not inside:
            if begun:
                words.append(word)
            word, begun, place = "", False, place + 1
        else:
            word, begun, place = word + line[place], True, place + 1
    return [*words, word] if begun else words


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8), max_size=4))
def test_commands_are_read_as_they_were_meant(words: list[str]) -> None:
    assert shlex.split(system.command_line(words)) == words
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "platform", "win32")
        assert windows_words(system.command_line(words)) == words
        # Where the shell would see them, its own characters stand between quotes.
        for word in words:
            bare = re.sub(r'\\\\|\\"', "", system.quoted(word))
            assert not re.search(r"[&|<>^();' ]", re.sub(r'"[^"]*"', "", bare)) or '"' in word


def test_hints_are_commands_of_the_shell(windows: None, tmp_path: Path) -> None:
    with pytest.raises(InbetweenError, match="there is no folder") as wrong:
        publish.prepare_file(str(tmp_path / "my films" / "a.mp4"), False, ())
    assert wrong.value.hint == f'make it first: mkdir "{tmp_path}/my films"'
    assert system.remove_folder("my films") == 'cmd /c rmdir /s /q "my films"'
    assert system.let_write("my films").startswith('icacls "my films" /grant')
    assert system.temporary_variable() == "TEMP"
    assert system.limit_command("f") == ""


def test_hints_of_posix(tmp_path: Path) -> None:
    with pytest.raises(InbetweenError, match="there is no folder") as wrong:
        publish.prepare_file(str(tmp_path / "my films" / "a.mp4"), False, ())
    assert wrong.value.hint == f"make it first: mkdir -p '{tmp_path}/my films'"
    assert system.remove_folder("my films") == "rm -rf 'my films'"
    assert system.let_write("my films") == "chmod u+w 'my films'"
    assert system.temporary_variable() == "TMPDIR"
    assert "ulimit -f" in causes.SIZE_LIMIT


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_a_film_is_made_with_the_fallbacks(
    platform: str, inside: Command, keys: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("run", *keys[:2], "-n", 1, "-o")
    plain = inside(*words, "plain.mkv")
    assert plain.code == 0, plain.err
    # Libraries ask for the system too, and are those of this one: only our own module is told another.
    monkeypatch.setattr(system, "sys", SimpleNamespace(platform=platform))
    monkeypatch.setattr(system, "apart", dict)
    made = inside(*words, "film.mkv")
    assert made.code == 0, made.err
    assert (tmp_path / "film.mkv").read_bytes() == (tmp_path / "plain.mkv").read_bytes()
