"""Faults of the machine, such as a folder that has gone or too few open files, as errors that say what to do.

Python raises them from anywhere, so they are translated where the command ends. What is not known here is a bug.
"""

from __future__ import annotations

import _thread
import errno
import os
import re
from collections.abc import Iterator
from typing import NamedTuple

from inbetween.errors import InbetweenError

HOLD = "close other programs, or raise the limit"


class Fault(NamedTuple):
    """What to say about a kind of fault."""

    message: str
    hint: str
    code: str
    """One of `errors.CODES`."""


FULL = Fault("the disk or quota is full", "free some space, or choose another folder with -o", "disk_full")
FILE_SIZE = Fault("the limit of file sizes is reached", "raise it, or choose another folder with -o", "disk_full")
MEMORY = Fault("there is not enough memory", "make it smaller with --size, or close other programs", "out_of_memory")
FILES = Fault("too many files are open", f"{HOLD} of open files (ulimit -n)", "system")
THREADS = Fault(
    "the machine allows no more processes or threads",
    f"{HOLD}s of processes and of memory (ulimit -u, ulimit -v)",
    "system",
)
GONE = Fault(
    "a file or folder has gone",
    "was it moved or removed, or the disk taken out, while the command ran? Put it back and run the command again",
    "system",
)
DISK = Fault("the disk cannot be read or written", "look whether it is still connected, and sound", "system")
FORBIDDEN = Fault(
    "the machine does not permit it", "look at the permissions, and whether the disk is read-only", "system"
)
TAKEN = Fault("something else has this name", "was it put there while the command ran? Move it away", "system")
BUSY = Fault("another process uses it", "wait for the other process, or end it", "system")
NAME = Fault("the disk cannot hold such a name", "give a shorter name, in a folder without loops of links", "system")
SLOW = Fault(
    "the program that reads this one's output is too slow", "write to a file, or to a pipe that blocks", "system"
)
REFUSED = Fault("the machine refused something", "run the command again; if that does not help, restart", "system")

_BY_NUMBER: dict[str, Fault] = {
    **dict.fromkeys(("ENOSPC", "EDQUOT"), FULL),
    "EFBIG": FILE_SIZE,
    "ENOMEM": MEMORY,
    **dict.fromkeys(("EMFILE", "ENFILE"), FILES),
    "EAGAIN": THREADS,
    **dict.fromkeys(("ENOENT", "ENOTDIR", "ESTALE", "ENODEV", "ENXIO", "ENOMEDIUM", "ESRCH"), GONE),
    **dict.fromkeys(("EIO", "EREMOTEIO", "EUCLEAN", "ENOTCONN", "EHOSTDOWN", "EHOSTUNREACH", "ETIMEDOUT"), DISK),
    **dict.fromkeys(("ESHUTDOWN", "ECONNABORTED", "ECONNRESET", "EBADMSG", "ENETDOWN", "ENETUNREACH"), DISK),
    **dict.fromkeys(("EACCES", "EPERM", "EROFS"), FORBIDDEN),
    **dict.fromkeys(("EEXIST", "EISDIR", "ENOTEMPTY"), TAKEN),
    **dict.fromkeys(("EBUSY", "ETXTBSY", "EDEADLK", "ENOLCK"), BUSY),
    **dict.fromkeys(("ENAMETOOLONG", "ELOOP", "EILSEQ", "EMLINK"), NAME),
}
_KINDS = {getattr(errno, name): fault for name, fault in _BY_NUMBER.items() if hasattr(errno, name)}
"""By the system's number of the error; not every system has all of them."""
_LACKS = (
    (re.compile(r"can't start new thread|pthread_create|Resource temporarily unavailable", re.I), THREADS),
    (re.compile(r"Too many open files", re.I), FILES),
    (
        re.compile(
            r"can(no|')t allocate memory|failed to map segment|out of memory|bad_?alloc|not enough memory"
            r"|unable to allocate|insufficient memory|static TLS block",
            re.I,
        ),
        MEMORY,
    ),
    (re.compile(r"No space left on device|Disk quota exceeded", re.I), FULL),
    (re.compile(r"Input/output error|Stale file handle|Transport endpoint", re.I), DISK),
)
"""What libraries say whose errors have no number: Python's threads, the loader of shared libraries, torch, OpenCV."""
_SAID = (
    *_LACKS,
    (re.compile(r"No such (file or directory|device)"), GONE),
    (re.compile(r"Permission denied|Operation not permitted|Read-only file system"), FORBIDDEN),
)
"""What other programs say when the machine refuses something."""
_WORDY = (RuntimeError, ImportError, SystemError, MemoryError)
_BUGS = {getattr(errno, name) for name in ("EBADF", "EINVAL", "EFAULT", "ENOTTY", "EDOM") if hasattr(errno, name)}
"""Numbers that no machine's fault has, but a wrong call."""
_OPENCV_MEMORY = -4
"""OpenCV's code StsNoMem."""


def fault(problem: BaseException) -> InbetweenError | None:
    """The error for the user, where an exception, or one that led to it, was the machine's fault.

    Args:
        problem: any exception.

    Returns:
        None where it is none that is known: a bug.
    """
    for one in _led_to(problem):
        found = _kind(one)
        # What led to an exception may have been dealt with; only a lack of something explains whatever comes after.
        if found is not None and (one is problem or found in (MEMORY, FILES, THREADS, FULL)):
            return InbetweenError(_message(found, one), found.hint, found.code)
    return _missing(problem)


def lacking(problem: BaseException) -> InbetweenError | None:
    """The same as `fault`, but only for a lack of memory, open files, processes or space: then nothing can be said
    about what was asked for."""
    kind = _kind(problem)
    return fault(problem) if kind in (MEMORY, FILES, THREADS, FULL) else None


def said(who: str, text: str) -> InbetweenError | None:
    """The error for the user, where another program says that the machine refused it something.

    Args:
        who: what messages call the program, with its verb: "ffmpeg stopped".
        text: what it wrote.

    Returns:
        None if it says nothing of that kind.
    """
    found = next((fault for pattern, fault in _SAID if pattern.search(text)), None)
    return found and InbetweenError(f"{who}: {found.message}", found.hint, found.code)


def refuse_gone_folder() -> None:
    """Refuse to work in a current folder that does not exist any more: no name would mean a file.

    Raises:
        InbetweenError: it does not exist.
    """
    try:
        os.getcwd()
    except OSError as error:
        raise InbetweenError(
            "the current folder has gone, or may not be read", "change to a folder that exists (cd)", "system"
        ) from error


def refuses_threads() -> bool:
    """Whether the machine allows no thread more. Then a SIGINT is no Ctrl-C: OpenBLAS raises it where it cannot start
    its threads."""
    try:
        _thread.start_new_thread(int, ())
    except (RuntimeError, MemoryError):
        return True
    return False


def no_threads() -> InbetweenError:
    """The error for a machine that allows no thread more."""
    return InbetweenError(THREADS.message, THREADS.hint, THREADS.code)


def _led_to(problem: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    one: BaseException | None = problem
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        yield one
        one = one.__cause__ or one.__context__


def _kind(problem: BaseException) -> Fault | None:
    number = getattr(problem, "errno", None)
    if isinstance(problem, MemoryError) or getattr(problem, "code", None) == _OPENCV_MEMORY:
        return MEMORY
    # What Python says of a stream that another program has set not to block; the number is that of threads.
    if isinstance(problem, BlockingIOError) and "without blocking" in str(problem):
        return SLOW
    # PyAV's errors have the numbers of the system too, but are no OSError.
    if isinstance(number, int) and number in _KINDS:
        return _KINDS[number]
    # OpenCV's class is not known where OpenCV is not loaded.
    if isinstance(problem, (*_WORDY, OSError)) or type(problem).__module__.startswith("cv2"):
        text = str(problem)
        found = next((fault for pattern, fault in _LACKS if pattern.search(text)), None)
        if found is not None:
            return found
    if isinstance(problem, OSError) and number is not None and number not in _BUGS:
        return REFUSED
    return None


def _message(kind: Fault, problem: BaseException) -> str:
    """What is wrong, with what the system says and the file it says it of."""
    if kind in (MEMORY, FILES, THREADS):
        return kind.message
    said = getattr(problem, "strerror", None)
    names = [os.fsdecode(name) for name in _names(problem)]
    where = f": {names[0]}" if names else ""
    return f"{kind.message}{where} ({said})" if said else f"{kind.message}{where}"


def _names(problem: BaseException) -> list[str | bytes]:
    found = [getattr(problem, name, None) for name in ("filename", "filename2")]
    return [name for name in found if isinstance(name, str | bytes) and name]


def _missing(problem: BaseException) -> InbetweenError | None:
    """A package that is not installed, or whose files are damaged."""
    if not isinstance(problem, ImportError) or (problem.name or "inbetween").split(".")[0] == "inbetween":
        return None
    if isinstance(problem, ModuleNotFoundError):
        text = f"the package `{problem.name}` is not installed"
    else:
        text = f"the package `{problem.name}` cannot be loaded: {' '.join(str(problem).split())}"
    return InbetweenError(text, "pip install --force-reinstall inbetween", "system")
