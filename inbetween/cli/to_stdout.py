"""`-o -`: a film that is written to stdout, for a pipe. Nothing heavy is imported here."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from inbetween import system
from inbetween.errors import InbetweenError, UsageError
from inbetween.request import ClipRequest, FilmRequest

if TYPE_CHECKING:
    from inbetween.cli.sidecars import Display

R = TypeVar("R", bound=FilmRequest)


@contextmanager
def to_stdout(request: R, display: Display, record: str | None) -> Iterator[R]:
    """The request for a film. Where its output is `-`, it is one for a lossless file among the temporary ones, which is
    sent to stdout once it is whole; nothing else is printed there.

    It is sent as YUV4MPEG2 (.y4m): 4:2:0, or 4:4:4 where a side is odd. With alpha or more than 8 bits, which that
    format does not have everywhere, it is sent as raw pictures in NUT.

    Raises:
        UsageError: stdout is a terminal, or other options need a file.
        InbetweenError: ffmpeg failed.
        BrokenPipeError: nobody reads stdout any more.
    """
    if request.out != "-":
        yield request
        return
    _check(request, display, record)
    with tempfile.TemporaryDirectory(prefix="inbetween-") as folder:
        path = os.path.join(folder, "film.mkv")
        lossless = replace(request, out=path, preset="archive")
        if isinstance(lossless, ClipRequest):
            lossless = replace(lossless, sound="drop")
        with open(os.devnull, "w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):
            yield lossless
        _send(path)


def _check(request: FilmRequest, display: Display, record: str | None) -> None:
    """Refuse what cannot be written to a pipe."""
    if sys.stdout.isatty():
        raise UsageError("a film is not written to a terminal", "send it to a program: -o - | ffmpeg -i - out.mkv")
    options = {
        "--json": display.json, "--dry-run": display.dry_run, "--record": display.record,
        "--contact-sheet": display.contact_sheet, "--preview": display.preview, "--preset": request.preset,
        "--codec": request.codec, "--encoder": request.encoder, "--repeat": record,
    }  # fmt: skip
    given = [name for name, value in options.items() if value]
    if given:
        raise UsageError(f"{given[0]} needs a file, and -o - is a pipe", "name a file: -o film.mkv")


def _send(path: str) -> None:
    """Send a lossless film to stdout."""
    from inbetween.report import Once
    from inbetween.types import Report
    from inbetween.video import ffmpeg
    from inbetween.video.probe import probe

    clip = probe(path, Once(Report()))
    raw = clip.channels == 4 or clip.bits > 8
    sub = "420" if all(side % 2 == 0 for side in clip.size) else "444"
    y4m = ["-vf", f"scale=out_color_matrix=bt709:out_range=tv,format=yuv{sub}p", "-f", "yuv4mpegpipe"]
    form = ["-c:v", "rawvideo", "-f", "nut"] if raw else y4m
    source = [*ffmpeg.WHITELIST, "-i", f"file:{path}"]
    words = [ffmpeg.executable(), "-v", "error", "-nostdin", *source, "-map", "0:v", *form, "pipe:1"]
    # Its messages go to a file, because nobody reads a pipe while the film is sent.
    with (
        tempfile.TemporaryFile() as log,
        subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, env=ffmpeg.environment()
        ) as child,
    ):
        assert child.stdout is not None
        try:
            shutil.copyfileobj(child.stdout, sys.stdout.buffer, 1 << 20)
            sys.stdout.buffer.flush()
        except BaseException as error:
            child.kill()
            if isinstance(error, OSError) and system.reader_is_gone(error):
                raise BrokenPipeError(*error.args) from error
            raise
        if child.wait():
            log.seek(0)
            text = log.read(2000).decode("utf-8", "replace").strip()
            raise InbetweenError(f"ffmpeg cannot send the film: {text}", "write it to a file: -o film.mkv", "ffmpeg")
