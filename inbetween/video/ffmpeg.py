"""Running ffmpeg as a child process that gets raw frames through its standard input."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from typing import IO, NoReturn

from inbetween.errors import InbetweenError
from inbetween.faults import lacking, said

DISK_FULL = "free some space, or choose another folder with -o"
SIZE_LIMIT = "raise the limit (`ulimit -f`), or choose another folder with -o"

# Lines that ffmpeg writes after the one that names the cause.
_ECHOES = re.compile(
    r"Error (sending frames|selecting an encoder|opening output file|splitting the argument|while opening enc"
    r"|initializing the muxer|submitting|muxing|closing file)|(Task finished|Terminating thread) with"
    r"|Could not open encoder|Nothing was written|Conversion failed|Svt\[info|Last message repeated"
)
_ORIGIN = re.compile(r"^(\[[^\]]* @ 0x[0-9a-f]+\] )+")


def executable() -> str:
    """The path of the ffmpeg that comes with imageio-ffmpeg, or of the one that IMAGEIO_FFMPEG_EXE names.

    Raises:
        InbetweenError: there is none, or it cannot be run.
    """
    import imageio_ffmpeg

    cure = "pip install --force-reinstall imageio-ffmpeg"
    try:
        exe = str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError:
        _refuse_no_programs()
        raise InbetweenError("there is no ffmpeg on this machine", cure) from None
    if shutil.which(exe) is None:
        if os.environ.get("IMAGEIO_FFMPEG_EXE"):
            cure = "unset IMAGEIO_FFMPEG_EXE, or let it name an ffmpeg that runs"
        raise InbetweenError(f"ffmpeg cannot be run: {exe}", cure)
    return exe


def _refuse_no_programs() -> None:
    """imageio-ffmpeg finds no ffmpeg where none can be started. Look whether that is so of other programs too.

    Raises:
        InbetweenError: the machine starts no program at all.
    """
    import imageio_ffmpeg

    try:
        # It remembers for ever that it found none.
        getattr(getattr(imageio_ffmpeg._utils, "_get_ffmpeg_exe", None), "cache_clear", lambda: None)()
        subprocess.run([sys.executable, "-S", "-c", ""], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    except OSError as error:
        if (known := lacking(error)) is not None:
            raise known from error


def asked(word: str) -> str:
    """What ffmpeg prints for an option that asks it for something, such as `-version`.

    Raises:
        InbetweenError: ffmpeg cannot be run.
    """
    words = [executable(), "-hide_banner", "-v", "error", word]
    try:
        return subprocess.run(
            words, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=60
        ).stdout
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _not_run(words[0], error) from error


def encoders() -> set[str]:
    """The names of the video encoders that this ffmpeg has.

    Raises:
        InbetweenError: ffmpeg cannot be run.
    """
    return {found[1] for found in re.finditer(r"^ V\S{5} ([^\s=]+)", asked("-encoders"), re.MULTILINE)}


@contextlib.contextmanager
def started(words: Sequence[str]) -> Iterator[Child]:
    """Run ffmpeg with these arguments for the time of a `with` block. It is killed at the end of the block if it still
    runs then.

    It also ends if this process is killed, for then its input ends; the file that it leaves has a temporary name.

    Raises:
        InbetweenError: ffmpeg cannot be run.
    """
    exe = executable()
    with _log() as log:
        try:
            process = subprocess.Popen(
                [exe, "-hide_banner", "-v", "error", "-nostdin", "-n", *words],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=log,
                # In a session of its own: Ctrl-C at the terminal reaches only this process, which then decides.
                start_new_session=True,
                env=os.environ | {"AV_LOG_FORCE_NOCOLOR": "1"},
            )
        except OSError as error:
            raise _not_run(exe, error) from error
        try:
            yield Child(exe, process, log)
        finally:
            process.kill()
            process.wait()
            with contextlib.suppress(OSError):
                _stdin(process).close()


def _log() -> IO[bytes]:
    """A file for ffmpeg's messages. A pipe that nobody reads would fill up and stop ffmpeg.

    Raises:
        InbetweenError: no folder for temporary files has room.
    """
    try:
        return tempfile.TemporaryFile()
    except OSError as error:
        raise InbetweenError(
            f"no temporary file can be made: {error.strerror}",
            "free some space, or set TMPDIR to a folder with some",
        ) from error


class Child:
    """A running ffmpeg."""

    def __init__(self, exe: str, process: subprocess.Popen[bytes], log: IO[bytes]) -> None:
        self._exe = exe
        self._process = process
        self._log = log

    def write(self, data: bytes | memoryview) -> None:
        """Write to ffmpeg's standard input. It blocks until ffmpeg has read most of it.

        Raises:
            InbetweenError: ffmpeg has stopped; the message has the cause that ffmpeg gives.
        """
        try:
            _stdin(self._process).write(data)
        except BrokenPipeError:
            try:
                self._process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._fail()

    def finish(self, beat: Callable[[], object]) -> None:
        """End ffmpeg's input and wait until it has written its files. Meanwhile `beat` is called twice a second.

        Raises:
            InbetweenError: ffmpeg failed; the message has the cause that ffmpeg gives.
        """
        with contextlib.suppress(BrokenPipeError):
            _stdin(self._process).close()
        while self._process.poll() is None:
            beat()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=0.5)
        if self._process.returncode:
            self._fail()

    def _fail(self) -> NoReturn:
        self._log.seek(0)
        text = self._log.read().decode(errors="replace")
        if (known := said("ffmpeg stopped", text)) is not None and known.code == "system":
            raise known
        raise _failure(self._exe, self._process.returncode, text)


def _stdin(process: subprocess.Popen[bytes]) -> IO[bytes]:
    assert process.stdin is not None
    return process.stdin


def _not_run(exe: str, error: Exception) -> InbetweenError:
    if (known := lacking(error)) is not None:
        return known
    cure = (
        "unset IMAGEIO_FFMPEG_EXE, or let it name an ffmpeg that runs"
        if os.environ.get("IMAGEIO_FFMPEG_EXE")
        else "pip install --force-reinstall imageio-ffmpeg"
    )
    return InbetweenError(f"ffmpeg cannot be run: {exe}: {getattr(error, 'strerror', None) or error}", cure)


def _failure(exe: str, returncode: int, text: str) -> InbetweenError:
    """The error for an ffmpeg that ended with `returncode` after writing `text` to its standard error."""
    try:
        killer = signal.Signals(-returncode).name if returncode < 0 else ""
    except ValueError:
        killer = f"signal {-returncode}"
    if killer == "SIGXFSZ" or "File too large" in text:
        return InbetweenError("ffmpeg stopped: file size limit reached", SIZE_LIMIT)
    for words in ("No space left on device", "Disk quota exceeded"):
        if words in text:
            return InbetweenError(f"ffmpeg stopped: the disk or quota is full ({words})", DISK_FULL)
    if killer:
        cure = "memory may have run out: close other programs, or make smaller pictures"
        return InbetweenError(
            f"ffmpeg stopped: killed by {killer}", cure if killer == "SIGKILL" else f"ffmpeg is {exe}"
        )
    causes = _causes(text)
    if not causes:
        causes = f"exit code {returncode} and no message" if returncode else "it accepted no more frames"
    return InbetweenError(
        f"ffmpeg stopped: {causes}", f"look at --codec and --encoder, if given; ffmpeg is {shlex.quote(exe)}"
    )


def _causes(text: str) -> str:
    """The first and the last line of ffmpeg's messages that say more than that something failed, without the addresses
    in memory that ffmpeg puts before them."""
    lines = [_ORIGIN.sub("", line.strip()) for line in text.splitlines()]
    lines = [line for line in lines if line]
    causes = [line for line in lines if not _ECHOES.search(line)] or lines
    return "; ".join(dict.fromkeys([*causes[:1], *causes[-1:]]))
