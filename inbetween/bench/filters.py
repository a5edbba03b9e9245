"""Two filters of ffmpeg: libvmaf, which measures, and minterpolate, which makes frames."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import IO

import numpy as np

from inbetween.errors import InbetweenError
from inbetween.types import Picture
from inbetween.video import ffmpeg

_MIRRORED = 3
"""The number of mirrored keys that are added beyond each end: with fewer, minterpolate drops or repeats frames of the
outer gaps."""


def missing(names: Iterable[str]) -> list[str]:
    """The filters of `names` that this ffmpeg lacks.

    Raises:
        InbetweenError: ffmpeg cannot be run.
    """
    known = set(re.findall(r"^ \S+ +(\w+) +\S*->", ffmpeg.asked("-filters"), re.MULTILINE))
    return [name for name in names if name not in known]


def vmaf(true: Sequence[Picture], made: Sequence[Picture], threads: int, beat: Callable[[], object]) -> list[float]:
    """The VMAF of each frame, 0 to 100, by libvmaf's default model. The model looks at motion, so it needs the whole
    sequence.

    Args:
        true, made: the frames, each (H, W, 3) uint8, no side below 17.
        threads: the number of threads that libvmaf uses.
        beat: called several times a second.

    Raises:
        InbetweenError: ffmpeg failed.
    """
    height, width = true[0].shape[:2]
    # Both frames of a pair come through one pipe, the made one above the true one.
    graph = (
        f"split[a][b];[a]crop={width}:{height}:0:0,format=yuv420p[made];"
        f"[b]crop={width}:{height}:0:{height},format=yuv420p[true];"
        f"[made][true]libvmaf=log_fmt=json:log_path=vmaf.json:n_threads={threads}"
    )
    arguments = [*_raw(width, 2 * height, 25), "-lavfi", graph, "-f", "null", *ffmpeg.WHITELIST, "-"]
    both = (picture for pair in zip(made, true, strict=True) for picture in pair)
    with ffmpeg.temporary_folder() as folder:
        _through(["-v", "level+error", *arguments], both, 1 << 16, lambda done: beat(), folder)
        frames = json.loads(Path(folder, "vmaf.json").read_bytes())["frames"]
    return [float(frame["metrics"]["vmaf"]) for frame in frames]


def minterpolate(keys: Sequence[Picture], count: int, beat: Callable[[int], object]) -> list[Picture]:
    """Make `count` frames between every two keys by motion compensated interpolation (mi_mode=mci).

    The sequence of keys is mirrored at both ends, because the filter looks beyond a gap; the made frames are picked by
    their time stamps. The filter's scene detection is off: it would repeat frames where things move fast.

    Args:
        keys: the keys, each (H, W, 3) uint8, no side below 32.
        count: the number of frames to make between two keys.
        beat: called several times a second with the number of frames made so far.

    Raises:
        InbetweenError: ffmpeg failed.
    """
    height, width = keys[0].shape[:2]
    # One key a second, and time stamps that count output frames.
    graph = f"format=yuv444p,minterpolate=fps={count + 1}:mi_mode=mci:scd=none,settb=1/{count + 1},showinfo"
    output = ["-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "rgb24", *ffmpeg.WHITELIST, "-"]
    arguments = ["-v", "level+info", *_raw(width, height, 1), "-vf", graph, *output]
    order = (keys[i] for i in _mirrored(len(keys)))
    most = count * (len(keys) - 1)

    def made(done: int) -> None:
        inner = max(0, done - _MIRRORED * (count + 1))
        beat(min(most, inner * count // (count + 1)))

    with ffmpeg.temporary_folder() as folder:
        data, log = _through(arguments, order, width * height * 3, made, folder)
    stamps = [int(stamp) for stamp in re.findall(r"^\[Parsed_showinfo.* n: *\d+ pts: *(-?\d+) ", log, re.MULTILINE)]
    at = dict(zip(stamps, data, strict=True)) if len(stamps) == len(data) else {}
    wanted = [(_MIRRORED + gap) * (count + 1) + k for gap in range(len(keys) - 1) for k in range(1, count + 1)]
    if any(stamp not in at for stamp in wanted):
        raise InbetweenError("ffmpeg's minterpolate left frames out", "leave it out too: --against hold,crossfade")
    return [np.frombuffer(at[stamp], np.uint8).reshape(height, width, 3) for stamp in wanted]


def _mirrored(count: int) -> list[int]:
    """The numbers of `count` keys, with `_MIRRORED` more at each end, where the sequence is mirrored."""
    last = count - 1
    numbers = (abs(i) if i <= last else 2 * last - i for i in range(-_MIRRORED, count + _MIRRORED))
    return [min(max(number, 0), last) for number in numbers]


def _raw(width: int, height: int, rate: int) -> list[str]:
    """Arguments by which ffmpeg reads raw RGB frames from stdin."""
    size = f"{width}x{height}"
    words = [*ffmpeg.WHITELIST, "-f", "rawvideo", "-pix_fmt", "rgb24", "-video_size", size]
    return [*words, "-framerate", str(rate), "-i", "pipe:0"]


def _through(
    arguments: Sequence[str], pictures: Iterable[Picture], chunk: int, beat: Callable[[int], object], folder: str
) -> tuple[list[bytes], str]:
    """Run ffmpeg with these arguments in `folder`, and feed it the frames.

    Args:
        arguments: those of ffmpeg, after its name.
        pictures: the frames that it reads from stdin.
        chunk: the size in bytes of the chunks in which its output is returned.
        beat: called several times a second with the number of chunks so far.
        folder: where it runs.

    Returns:
        The chunks that it wrote to stdout, and what it wrote to stderr.

    Raises:
        InbetweenError: it cannot be run, or failed.
    """
    # An absolute path, because ffmpeg is started in another folder.
    exe = os.path.abspath(shutil.which(ffmpeg.executable()) or "ffmpeg")
    out: list[bytes] = []
    with open(Path(folder, "log"), "w+b") as log, ThreadPoolExecutor(2) as pool:
        try:
            process = subprocess.Popen(
                [exe, "-hide_banner", "-nostats", *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=folder,
                # In a session of its own it does not see Ctrl-C at the terminal: it is ended below.
                start_new_session=True,
                env=ffmpeg.environment(),
            )
        except OSError as error:
            raise InbetweenError(f"ffmpeg cannot be run: {exe}: {error.strerror}", "see `inbetween doctor`") from error
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            both = pool.submit(_feed, process.stdin, pictures), pool.submit(_drain, process.stdout, chunk, out)
            while wait(both, 0.2).not_done:
                beat(len(out))
            while process.poll() is None:
                beat(len(out))
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(0.2)
        finally:
            process.kill()
            process.wait()
        log.seek(0)
        messages = log.read().decode(errors="replace")
    for future in both:
        future.result()
    if process.returncode:
        errors = re.findall(r"\[(?:error|fatal|panic)\] (.+)", messages)
        why = errors[0] if errors else f"exit code {process.returncode}"
        raise InbetweenError(f"ffmpeg stopped: {why}", f"ffmpeg is {exe}; see `inbetween doctor`")
    return out, messages


def _feed(pipe: IO[bytes], pictures: Iterable[Picture]) -> None:
    """Write all frames to ffmpeg, or as many as it reads."""
    with contextlib.suppress(BrokenPipeError), pipe:
        for picture in pictures:
            pipe.write(np.ascontiguousarray(picture).data)


def _drain(pipe: IO[bytes], chunk: int, out: list[bytes]) -> None:
    """Read the output of ffmpeg to its end, in chunks of that many bytes."""
    with pipe:
        while data := pipe.read(chunk):
            out.append(data)
