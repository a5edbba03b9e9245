"""Running ffmpeg as a child process that gets raw frames through its standard input."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from typing import IO, NoReturn

from inbetween import system
from inbetween.environment import value as environment_value
from inbetween.errors import InbetweenError
from inbetween.faults import lacking
from inbetween.video.causes import DISK_FULL as DISK_FULL
from inbetween.video.causes import SIZE_LIMIT as SIZE_LIMIT
from inbetween.video.causes import failure

WHITELIST = ("-protocol_whitelist", "file,pipe")
"""Arguments that stand before each input and each output of ffmpeg: it opens files and pipes only, nothing on the
network, whatever a file or a user's word names."""
_LOG_FILES = ("FFREPORT", "SVT_LOG_FILE")
"""Environment variables by which ffmpeg and its encoders would write files that nobody asked us for."""


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
        raise InbetweenError("there is no ffmpeg on this machine", cure, "ffmpeg") from None
    if shutil.which(exe) is None:
        if environment_value("IMAGEIO_FFMPEG_EXE"):
            cure = "unset IMAGEIO_FFMPEG_EXE, or let it name an ffmpeg that runs"
        raise InbetweenError(f"ffmpeg cannot be run: {exe}", cure, "ffmpeg")
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
            words,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=60,
            env=environment(),
        ).stdout
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _not_run(words[0], error) from error


def encoders() -> set[str]:
    """The names of the video encoders that this ffmpeg has.

    Raises:
        InbetweenError: ffmpeg cannot be run.
    """
    return {found[1] for found in re.finditer(r"^ V\S{5} ([^\s=]+)", asked("-encoders"), re.MULTILINE)}


def environment() -> dict[str, str]:
    """The environment of an ffmpeg that we start: without colours in its messages, and without log files."""
    kept = {name: value for name, value in os.environ.items() if name.upper() not in _LOG_FILES}
    return {**kept, "AV_LOG_FORCE_NOCOLOR": "1"}


@contextlib.contextmanager
def temporary_folder() -> Iterator[str]:
    """A new folder among the system's temporary files for the time of a `with` block.

    Raises:
        InbetweenError: none can be made.
    """
    try:
        folder = tempfile.TemporaryDirectory(prefix="inbetween-", ignore_cleanup_errors=True)
    except OSError as error:
        raise InbetweenError(
            f"no temporary folder can be made: {error.strerror}",
            f"free some space, or set {system.temporary_variable()} to a folder that has some",
            "ffmpeg",
        ) from error
    with folder as path:
        yield path


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
                **system.apart(),
                env=environment(),
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
            f"free some space, or set {system.temporary_variable()} to a folder with some",
            "ffmpeg",
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
        except OSError as error:
            if not system.reader_is_gone(error):
                raise
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
        with system.reader_may_be_gone():
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
        raise failure(self._exe, self._process.returncode, text)


def _stdin(process: subprocess.Popen[bytes]) -> IO[bytes]:
    assert process.stdin is not None
    return process.stdin


def _not_run(exe: str, error: Exception) -> InbetweenError:
    if (known := lacking(error)) is not None:
        return known
    cure = (
        "unset IMAGEIO_FFMPEG_EXE, or let it name an ffmpeg that runs"
        if environment_value("IMAGEIO_FFMPEG_EXE")
        else "pip install --force-reinstall imageio-ffmpeg"
    )
    return InbetweenError(f"ffmpeg cannot be run: {exe}: {getattr(error, 'strerror', None) or error}", cure, "ffmpeg")
