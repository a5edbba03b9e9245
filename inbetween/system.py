"""Everything that differs between operating systems.

The tool is developed and tried on Linux. What macOS and Windows lack, or do in another way, is decided here and nowhere
else, so that the tests can simulate those systems.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import re
import shlex
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

FilePath = str | os.PathLike[str]

M_ARENA_MAX = -8
"""The number of this setting in glibc's malloc.h."""
NEW_PROCESS_GROUP = 0x200
"""CREATE_NEW_PROCESS_GROUP of Windows' CreateProcess, which Python's `subprocess` has on Windows only."""
TRIES, PAUSE = 10, 0.1
"""How often, and with how many seconds between, a file is renamed that another program has open on Windows: programs
that look for viruses and build indexes open every new file for a moment. Chosen by eye."""
ACCESS_DENIED, SHARING_VIOLATION, LOCK_VIOLATION, INVALID_NAME, NAME_TOO_LONG = 5, 32, 33, 123, 206
"""Errors of Windows, from winerror.h. Python gives the last two the numbers EINVAL and ENOENT."""
MAX_PATH = 260
"""The length of a path with its final zero, from which on Windows finds no file unless long paths are switched on."""

_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³]) *(\.|$)", re.IGNORECASE)
"""The names of devices, which mean the device in every folder of Windows and with every suffix."""
_FORBIDDEN = re.compile(r'[<>:"|?*\x00-\x1f]')
"""Characters that no name of a file has on Windows."""
_PLAIN = re.compile(r"[\w./\\:@+=,~-]+")
"""A word that neither `cmd` nor PowerShell reads as anything but itself."""


def windows() -> bool:
    """Whether this is Windows."""
    return sys.platform == "win32"


# ------------------------------------------------------------------ the machine


def cores() -> int:
    """The number of processor cores that this process may use; all of them where the system does not say."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def available_memory() -> int | None:
    """Bytes of memory that are free without swapping, or None where the system does not say."""
    return _memory("available")


def installed_memory() -> int | None:
    """Bytes of the computer's memory, used or free; None where the system does not say."""
    return _memory("total")


def _memory(which: str) -> int | None:
    try:
        import psutil

        return int(getattr(psutil.virtual_memory(), which))
    # Where /proc is hidden or has another form, psutil raises whatever its parsing meets. PyPI has it not built for all
    # systems either, and no film fails because the free memory is unknown.
    except (ImportError, OSError, RuntimeError, LookupError, ValueError, AttributeError, NotImplementedError):
        return None


def one_arena() -> None:
    """Limit glibc, where it is the C library, to one malloc arena for the rest of the process: with an arena for each
    thread, the memory that large frames leave behind grows over a long film."""
    # Windows cannot open "the program itself" as a library, and other C libraries have no such function.
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)


# ------------------------------------------------------------------ child processes


def apart() -> dict[str, Any]:
    """Arguments for `subprocess.Popen` by which Ctrl-C at the terminal does not reach the child process: only this
    process gets it, and decides.

    A child ends with this process nevertheless, however that ends, if it reads its standard input from it: a pipe ends
    with the process that writes to it, on every system.
    """
    return {"creationflags": NEW_PROCESS_GROUP} if windows() else {"start_new_session": True}


def reader_is_gone(error: OSError) -> bool:
    """Whether writing to a pipe failed because the process that reads it has ended. Windows has EINVAL for it."""
    return isinstance(error, BrokenPipeError) or (windows() and error.errno == errno.EINVAL)


@contextlib.contextmanager
def reader_may_be_gone() -> Iterator[None]:
    """Leave the `with` block silently where it writes to a pipe that nobody reads any more."""
    try:
        yield
    except OSError as error:
        if not reader_is_gone(error):
            raise


# ------------------------------------------------------------------ files


def open_to_read(path: FilePath, *, follow: bool = True) -> int:
    """Open a file for reading, as a descriptor, without waiting: a pipe that nobody writes to opens at once.

    Args:
        path: the file.
        follow: whether a link is followed; else it is an error, where the system can refuse links.

    Raises:
        OSError: it cannot be opened.
    """
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
    return os.open(path, flags if follow else flags | getattr(os, "O_NOFOLLOW", 0))


def replace(source: FilePath, target: FilePath) -> None:
    """Rename a file. A file called `target` is replaced, at once and whole.

    Raises:
        OSError: the disk refuses; on Windows also if another program has one of them open, see `in_use`.
    """
    _patiently(os.replace, source, target)


def rename(source: FilePath, target: FilePath) -> None:
    """Rename a file or a folder to a name that does not exist yet.

    Raises:
        OSError: the disk refuses; on Windows also if `target` exists, or another program has `source` open.
    """
    _patiently(os.rename, source, target)


def _patiently(move: Callable[[FilePath, FilePath], None], source: FilePath, target: FilePath) -> None:
    for _ in range(TRIES - 1 if windows() else 0):
        try:
            return move(source, target)
        except PermissionError:
            time.sleep(PAUSE)
    return move(source, target)


def in_use(error: OSError) -> bool:
    """Whether a file could not be replaced, renamed or removed because another program has it open, as on Windows."""
    number = getattr(error, "winerror", None)
    if number in (SHARING_VIOLATION, LOCK_VIOLATION):
        return True
    # Windows says the same of a file without permission, but that one cannot be written to either.
    target = error.filename2 or error.filename
    return number == ACCESS_DENIED and isinstance(target, (str, bytes)) and os.access(target, os.F_OK | os.W_OK)


def name_too_long(error: OSError, path: FilePath) -> bool:
    """Whether an error at a file says that its name or path is too long for the system.

    Windows without long paths says that there is no such file, although its folder is there.
    """
    if error.errno == errno.ENAMETOOLONG or getattr(error, "winerror", None) == NAME_TOO_LONG:
        return True
    return windows() and isinstance(error, FileNotFoundError) and len(os.path.abspath(path)) >= MAX_PATH


def unusable_name(path: FilePath) -> str:
    """Why no file can have the last name of a path on this system; empty where nothing is known against it.

    Windows would write to a device, to a hidden stream of another file, or to a file of another name.
    """
    name = Path(path).name
    if not windows():
        return ""
    if _RESERVED.match(name):
        return "Windows keeps this name for a device"
    if found := _FORBIDDEN.search(name):
        return f"Windows allows no {found[0]!r} in a name"
    return "Windows drops the dot or the space at the end of a name" if name.endswith((".", " ")) else ""


def name_key(path: FilePath) -> str:
    """A text that is equal for two paths that may mean the same file: on Windows and macOS letters of both cases are
    mostly the same. The paths must be absolute, with all links followed."""
    text = os.fspath(path)
    if windows():
        return os.path.normcase(text).replace("/", "\\").casefold()
    return text.casefold() if sys.platform == "darwin" else text


# ------------------------------------------------------------------ words for the user


def quoted(word: str) -> str:
    """A word as it is written at the command line of this system."""
    return command_line([word])


def command_line(words: Sequence[str]) -> str:
    """A command as it is written in the shell of this system. On Windows that may be `cmd` or PowerShell: the form is
    one that both accept, except that `cmd` still replaces %NAME% and PowerShell $NAME."""
    if not windows():
        return shlex.join(words)
    return " ".join(map(_windows_word, words))


def _windows_word(word: str) -> str:
    """A word in double quotes, unless it needs none. Programs on Windows read backslashes before a quote as half as
    many, and a quote after an odd number of them as part of the word."""
    if _PLAIN.fullmatch(word):
        return word
    inside = re.sub(r'(\\*)"', r'\1\1\\"', word)
    return '"' + re.sub(r"(\\+)$", r"\1\1", inside) + '"'


def make_folder(folder: str) -> str:
    """The command that makes a folder, with the folders above it."""
    return f"{'mkdir' if windows() else 'mkdir -p'} {quoted(folder)}"


def let_write(folder: str) -> str:
    """The command that lets the user write in a folder of theirs."""
    return f'icacls {quoted(folder)} /grant "%USERNAME%:(OI)(CI)M"' if windows() else f"chmod u+w {quoted(folder)}"


def remove_folder(folder: str) -> str:
    """The command that removes a folder with all that is in it."""
    return f"cmd /c rmdir /s /q {quoted(folder)}" if windows() else f"rm -rf {quoted(folder)}"


def temporary_variable() -> str:
    """The environment variable by which users choose the folder of temporary files."""
    return "TEMP" if windows() else "TMPDIR"


def limit_command(flag: str) -> str:
    """The command that shows and raises a limit of the process, in brackets after a space, for hints; empty on Windows,
    which has no such limits.

    Args:
        flag: the limit as a letter of the shell's `ulimit`: "f" for file sizes, "n" for open files.
    """
    return "" if windows() else f" (`ulimit -{flag}`)"
