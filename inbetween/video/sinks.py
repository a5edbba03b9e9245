"""The output: what `-o` and the options beside it ask for. Standard library only, for options are checked first.

No file is opened here. The disk is only asked whether the output names a folder, and where its links lead.
"""

from __future__ import annotations

import dataclasses
import os
import re
import shlex
from dataclasses import dataclass
from fractions import Fraction

from inbetween.errors import UnknownName, UsageError
from inbetween.video import codecs, encoder_options

FOLDER_PATTERN = "%05d.png"
"""The names of the frames in an output that is a folder."""

_NUMBER = re.compile(r"%(?:0(\d{0,2}))?d")


@dataclass(frozen=True)
class Format:
    """What a suffix of the output stands for."""

    kind: str
    """`film`, `animation`, `gif` or `picture`."""
    codec: str
    muxer: str = ""
    """ffmpeg's name of the container; "" for pictures."""
    loop: tuple[str, ...] = ()
    """For animations and GIFs: ffmpeg's option for how often they are played, its value for ever, and that for once."""
    fastest: int = 0
    """Highest frame rate whose times the container's clock can tell apart, in frames per second; 0 for no limit."""
    longest: int = 0
    """Longest time for which the container can show one frame, in seconds; 0 for no limit."""
    smooth: int = 0
    """Highest frame rate that browsers play at its own speed, in frames per second; 0 for no limit. They slow
    down animations of shorter delays."""


SINKS: dict[str, Format] = {
    ".mp4": Format("film", "libx264", "mp4"),
    ".mov": Format("film", "libx264", "mov"),
    ".mkv": Format("film", "libx264", "matroska", fastest=1000),
    ".webm": Format("film", "libvpx-vp9", "webm", fastest=1000),
    ".gif": Format("gif", "gif", "gif", ("-loop", "0", "-1"), fastest=100, longest=655, smooth=50),
    ".webp": Format("animation", "libwebp_anim", "webp", ("-loop", "0", "1"), fastest=500, longest=16_777, smooth=90),
    ".apng": Format("animation", "apng", "apng", ("-plays", "0", "1"), fastest=1000, longest=65_535, smooth=90),
    ".png": Format("picture", "png"),
    ".tif": Format("picture", "tiff"),
    ".tiff": Format("picture", "tiff"),
    ".jpg": Format("picture", "mjpeg"),
    ".jpeg": Format("picture", "mjpeg"),
}


@dataclass(frozen=True)
class Sink:
    """An output as the user named it. Its fields are plain values: a record holds its `asdict` as JSON, and
    `Sink(**fields)` of that is equal to it."""

    path: str
    kind: str
    """`film`, `animation`, `gif`, `sequence` or `picture`."""
    suffix: str
    """The suffix of the file, or of each picture of a sequence, in lower case."""
    codec: str
    """ffmpeg's name of the encoder."""
    encoder: tuple[str, ...] = ()
    """More arguments for ffmpeg, from the user."""
    start_number: int = 0
    """Sequences only: the number of the first frame."""
    folder: str = ""
    """Sequences only: the folder, `.` for the current one."""
    pattern: str = ""
    """Sequences only: a file name with one `%d` or `%05d`; any other `%` stands for itself."""
    named_folder: bool = False
    """The user named a folder, not a pattern. That folder has to be empty or new."""
    even: bool = False
    """Width and height of the film have to be even: where one is odd, one edge of the frames is repeated."""

    def __post_init__(self) -> None:
        # A tuple comes back from JSON as a list.
        object.__setattr__(self, "encoder", tuple(self.encoder))

    @property
    def target(self) -> str:
        """The absolute path of the output file, or of the sequence's folder, with all links followed."""
        return os.path.realpath(self.folder if self.kind == "sequence" else self.path)

    @property
    def parts_folder(self) -> str:
        """A folder that exists, on the same disk as the output, for files with temporary names."""
        target = self.target
        if self.kind == "sequence" and os.path.isdir(target):
            return target
        return os.path.dirname(target)

    @property
    def work_folder(self) -> str:
        """The hidden folder in which the output is made: beside the output, or in the sequence's folder if that exists
        already."""
        from inbetween.video.workfolder import workfolder_of

        target = self.target
        if self.kind == "sequence" and not self.named_folder:
            # Several sequences may be made in one folder.
            target = os.path.join(os.path.dirname(target), self.pattern)
        path = workfolder_of(target)
        return path if os.path.lexists(path) else os.path.join(self.parts_folder, os.path.basename(path))

    def frame_name(self, number: int) -> str:
        """The file name of frame `number` of a sequence."""
        before, width, after = _split(self.pattern)
        return f"{before}{number:0{width}d}{after}"

    def frame_path(self, number: int) -> str:
        """The path of frame `number` of a sequence, as far as the user gave it."""
        return os.path.join(self.folder, self.frame_name(number))

    def frame_number(self, filename: str) -> int | None:
        """The number in a file name of this sequence; None for a name that the sequence would not write. The inverse of
        `frame_name`."""
        before, _, after = _split(self.pattern)
        end = len(filename) - len(after)
        digits = filename[len(before) : end] if end > len(before) else ""
        if not (digits.isascii() and digits.isdigit()):
            return None
        return int(digits) if self.frame_name(int(digits)) == filename else None


def parse(
    out: str,
    codec: str | None = None,
    encoder: str | None = None,
    start_number: int = 0,
    preset: str | None = None,
) -> Sink:
    """The output that these options ask for.

    Args:
        out: of `-o`. An existing folder, a name that ends in `/` and a name without suffix are folders of PNG. `%05d`
            (or `%d`) makes a sequence only in the last part of the path, and only with a picture's suffix.
        codec: of `--codec`, ffmpeg's name of an encoder.
        encoder: of `--encoder`, more arguments for ffmpeg as one string.
        start_number: of `--start-number`.
        preset: of `--preset`, a name in `codecs.PRESETS`.

    Raises:
        UnknownName: a suffix or a preset that is not known.
        UsageError: no name; two numbers in one name; an option of `--encoder` that is not accepted; options that do not
            fit the kind of output; a codec or a preset that does not go into such a file.
    """
    sink = _sink(out)
    if codec is not None:
        sink = _with_codec(sink, codec, preset)
    if preset is not None:
        sink = _with_preset(sink, preset)
    if sink.kind not in ("film", "animation") and encoder is not None:
        raise _for_films("--encoder", sink)
    if start_number < 0:
        raise UsageError(f"--start-number {start_number} is below 0", "number the files from 0 or above")
    if start_number and sink.kind != "sequence":
        raise UsageError(
            f"--start-number is for numbered pictures, and `{out}` is {_article(sink)}",
            "leave --start-number out, or write -o frames/ for a folder of PNG",
        )
    return dataclasses.replace(sink, encoder=encoder_options.parse(encoder or ""), start_number=start_number)


def _with_codec(sink: Sink, codec: str, preset: str | None) -> Sink:
    if preset is not None:
        raise UsageError("--preset and --codec exclude each other", "give one of them: a preset has its own codec")
    if sink.kind != "film":
        raise _for_films("--codec", sink)
    if not codec.strip():
        raise UsageError("--codec has no name", f"its default is --codec {sink.codec}")
    if codec.lower() in codecs.FORMATS:
        what = f"{codec} is a format, --codec is for the encoder that makes it"
        raise UsageError(what, f"write --codec {codecs.FORMATS[codec.lower()]}")
    known = codecs.codec(codec).suffixes
    if known and sink.suffix not in known:
        raise UsageError(f"{codec} does not go into {sink.suffix}", f"write {_renamed(sink, known[0])}")
    return dataclasses.replace(sink, codec=codec)


def _with_preset(sink: Sink, name: str) -> Sink:
    if name not in codecs.PRESETS:
        raise UnknownName("preset", name, codecs.PRESETS)
    preset = codecs.PRESETS[name]
    if sink.kind in ("sequence", "picture") or sink.suffix != preset.suffix:
        what = _article(sink) if sink.kind in ("sequence", "picture") else sink.suffix
        raise UsageError(
            f"--preset {name} writes {preset.suffix}, and `{sink.path}` is {what}",
            f"write {_renamed(sink, preset.suffix)}",
        )
    return dataclasses.replace(sink, codec=preset.codec, even=preset.even)


def _renamed(sink: Sink, suffix: str) -> str:
    """The option `-o` with the same name and another suffix, for hints."""
    root = sink.path.rstrip("/" + os.sep) if sink.named_folder else sink.path[: -len(sink.suffix)]
    if os.path.basename(root) in ("", os.curdir, os.pardir):
        root = os.path.join(root, "film")
    return f"-o {shlex.quote(root + suffix)}"


def _for_films(word: str, sink: Sink) -> UsageError:
    return UsageError(
        f"{word} is for films, and `{sink.path}` is {_article(sink)}", f"leave {word} out, or write -o film.mp4"
    )


def film_size(sink: Sink, size: tuple[int, int]) -> tuple[int, int]:
    """(H, W) of the film that is made of frames of `size` (H, W): one pixel more where the output needs even sides."""
    return (size[0] + size[0] % 2, size[1] + size[1] % 2) if sink.even else size


def check(sink: Sink, rate: Fraction, count: int) -> None:
    """Refuse what the output cannot hold.

    Args:
        sink: the output.
        rate: frames per second.
        count: number of frames.

    Raises:
        UsageError: no frames; more than one frame for a single picture; a rate that the container's clock cannot
            express.
    """
    if count < 1:
        raise UsageError("no frames would be made", "ask for at least one frame")
    if rate <= 0:
        raise UsageError(f"the frame rate must be above 0, not {rate}", "ask for more than 0 frames per second")
    if sink.kind == "picture" and count != 1:
        root = sink.path[: -len(sink.suffix)]
        raise UsageError(
            f"`{sink.path}` is one picture, and {count} frames are to be written",
            f"write -o {shlex.quote(root + '_%05d' + sink.path[-len(sink.suffix) :])} to number them, or -o "
            f"{shlex.quote(root + '/')} for a folder",
        )
    fastest, longest = SINKS[sink.suffix].fastest, SINKS[sink.suffix].longest
    if sink.kind != "sequence" and longest and rate * longest < 1:
        raise UsageError(
            f"{sink.suffix} shows a frame for at most {longest} s, not {float(1 / rate):g} s",
            "write -o film.mp4, or ask for a higher --fps",
        )
    if sink.kind != "sequence" and fastest and rate > fastest:
        raise UsageError(
            f"{sink.suffix} holds at most {fastest} frames a second, not {float(rate):g}",
            f"write -o film.mp4, or ask for --fps {fastest} or less",
        )


def _sink(out: str) -> Sink:
    """The output that `-o OUT` alone asks for."""
    if not out or "\0" in out:
        raise UsageError("no output is named", "say where to: -o out.mp4, or -o frames/ for a folder of PNG")
    if out == "-":
        raise UsageError("a film is not written to stdout", "write -o film.mp4, or -o ./- for a folder")
    folder, last = os.path.split(out)
    suffix = os.path.splitext(last)[1]
    if os.path.isdir(out) or out.endswith(("/", os.sep)) or not suffix:
        if last.lower() in SINKS and not os.path.isdir(out):
            raise UsageError(f"`{out}` has no name before its suffix", f"write -o film{last}")
        return Sink(out, "sequence", ".png", "png", folder=out, pattern=FOLDER_PATTERN, named_folder=True)
    if suffix.lower() not in SINKS:
        unknown = UnknownName("output format", suffix, SINKS)
        folders = f"or a folder of PNG write -o {shlex.quote(out + '/')}"
        unknown.hint += f" F{folders}" if unknown.hint.endswith("?") else f"; f{folders}"
        raise unknown
    form = SINKS[suffix.lower()]
    numbers = _NUMBER.findall(last) if form.kind == "picture" else []
    if len(numbers) > 1:
        raise UsageError(f"`{last}` has {len(numbers)} places for the number", "leave one %05d in it")
    if numbers:
        return Sink(out, "sequence", suffix.lower(), form.codec, folder=folder or os.curdir, pattern=last)
    return Sink(out, form.kind, suffix.lower(), form.codec)


def _split(pattern: str) -> tuple[str, int, str]:
    """A sequence's pattern taken apart: the text before the number, the number's least width, the text after it."""
    found = _NUMBER.search(pattern)
    assert found is not None, pattern
    return pattern[: found.start()], int(found[1] or 0), pattern[found.end() :]


def _article(sink: Sink) -> str:
    return {
        "film": "a film",
        "animation": "an animation",
        "gif": "a GIF",
        "sequence": "a folder of pictures" if sink.named_folder else "a sequence of pictures",
        "picture": "one picture",
    }[sink.kind]
