"""What ffmpeg writes before it stops, as the cause in one line and a hint."""

from __future__ import annotations

import re
import signal

from inbetween.errors import InbetweenError
from inbetween.faults import said
from inbetween.system import limit_command, quoted

DISK_FULL = "free some space, or choose another folder with -o"
SIZE_LIMIT = f"raise the limit{limit_command('f')}, or choose another folder with -o"
SMALLER = "make the film smaller with --size, or choose another encoder with --codec"
_OTHER = "leave --codec out, or choose an encoder that needs no graphics card, such as --codec libx264"
_MEMORY = "memory may have run out: close other programs, or make smaller pictures"

# Lines that ffmpeg writes after the one that names the cause.
_ECHOES = re.compile(
    r"Error (sending frames|selecting an encoder|opening output file|splitting the argument|while opening enc"
    r"|initializing the muxer|submitting|muxing|closing file)|(Task finished|Terminating thread) with"
    r"|Could not open encoder|Nothing was written|Conversion failed|Svt\[info|Last message repeated"
)
_ORIGIN = re.compile(r"^(\[[^\]]* @ 0x[0-9a-f]+\] )+")
_ENCODER = re.compile(r"\[enc:([\w-]+) @ 0x|^\[([\w-]+) @ 0x", re.MULTILINE)

_KNOWN: tuple[tuple[str, str, str, str], ...] = (
    (
        r"Cannot load (\S*(?:cuda|nvenc|nvidia)\S*)",
        "{encoder} needs an NVIDIA graphics card and its driver; {0} cannot be loaded",
        _OTHER,
        "device",
    ),
    (
        r"Driver does not support the required nvenc API version\. Required: (\S+) Found: (\S+)",
        "{encoder} needs a newer driver of the NVIDIA graphics card: it has interface {1}, ffmpeg needs {0}",
        f"update the driver; or {_OTHER}",
        "device",
    ),
    (
        r"(?:Width|Height) \d+ exceeds (\d+)",
        "the frames are too large for {encoder}: width and height may be at most {0}",
        SMALLER,
        "ffmpeg",
    ),
    (
        r"OpenEncodeSessionEx failed: out of memory",
        "the graphics card accepts no more films for {encoder} at once",
        f"wait until others are finished; or {_OTHER}",
        "device",
    ),
    (
        r"No capable devices found|No NVENC capable devices|OpenEncodeSessionEx failed: unsupported device"
        r"|no CUDA-capable device|CUDA_ERROR_NO_DEVICE|Cannot init CUDA",
        "no NVIDIA graphics card of this machine can encode with {encoder} as asked",
        _OTHER,
        "device",
    ),
    (
        r"Error (?:creating a|initializing an internal) MFX session",
        "{encoder} needs an Intel graphics unit and its driver, and finds none",
        _OTHER,
        "device",
    ),
    (
        r"DLL (\S*amfrt\S*) failed to open",
        "{encoder} needs an AMD graphics card and its driver; {0} cannot be loaded",
        _OTHER,
        "device",
    ),
    (r"Could not find a valid device", "{encoder} finds no encoder chip on this machine", _OTHER, "device"),
    (
        r"cannot create compression session",
        "macOS does not offer {encoder} for such a film",
        _OTHER,
        "device",
    ),
    (
        r"^\s*dst: (?:vaapi|vulkan|cuda|qsv|d3d\w+|amf)\b",
        "{encoder} accepts only frames that are in the memory of a graphics card",
        _OTHER,
        "ffmpeg",
    ),
    (
        r"invalid width x height \((\d+x\d+)\)",
        "frames of {0} are too large for {encoder}",
        SMALLER,
        "ffmpeg",
    ),
    (
        r"g_[wh] out of range \[1\.\.(\d+)\]|Source (?:Width|Height) must be less than or equal to (\d+)"
        r"|(?:too large\. Max is|resolutions above) (\d+)x\d+",
        "the frames are too large for {encoder}: this side may have at most {0} pixels",
        SMALLER,
        "ffmpeg",
    ),
    (
        r"dimensions too large|Picture size \S+ is invalid|(?:dimensions?|resolution) \S* ?(?:is |are )?not supported",
        "{encoder} cannot make frames of this size",
        SMALLER,
        "ffmpeg",
    ),
    (
        r"(?:width|height) not divisible by 2 \((\d+x\d+)\)|integer multiple of the specified chroma",
        "width and height must be even for this pixel format of {encoder}",
        "give an even --size, or leave -pix_fmt out of --encoder",
        "ffmpeg",
    ),
    (
        r"incompatible with DNxHD",
        "DNxHD has no profile of this size, frame rate and pixel format",
        'for any size write --encoder "-profile:v dnxhr_hq -pix_fmt yuv422p"',
        "ffmpeg",
    ),
    (
        r"Unknown pixel format requested: (\S+?)\.?$",
        "there is no pixel format called {0}",
        "write another one after -pix_fmt; yuv420p is what most players show",
        "ffmpeg",
    ),
    (
        r"Unknown encoder '([^']+)'",
        "this ffmpeg has no encoder called {0}",
        "leave --codec out, or choose another one",
        "ffmpeg",
    ),
    (
        r"Error (?:reinitializing filters|parsing (?:a )?filter)|No such filter: '?(\w+)",
        "a filter of ffmpeg does not work: {line}",
        "see `inbetween doctor` for the ffmpeg that is used",
        "ffmpeg",
    ),
    (r"Cannot allocate memory", "there is not enough memory", _MEMORY, "out_of_memory"),
)
"""A pattern of ffmpeg's messages, the cause, a hint, and the error's code, the more certain ones first. In the cause
stand {encoder}, ffmpeg's name of it; {line}, the first line that names a cause; {0}, {1}, the parts of the pattern that
matched."""


def failure(exe: str, returncode: int, text: str) -> InbetweenError:
    """The error for an ffmpeg that stopped.

    Args:
        exe: the path of ffmpeg.
        returncode: how it ended; below 0 if a signal ended it.
        text: what it wrote to its standard error.
    """
    try:
        killer = signal.Signals(-returncode).name if returncode < 0 else ""
    except ValueError:
        killer = f"signal {-returncode}"
    if killer == "SIGXFSZ" or "File too large" in text:
        return InbetweenError("ffmpeg stopped: file size limit reached", SIZE_LIMIT, "disk_full")
    for words in ("No space left on device", "Disk quota exceeded"):
        if words in text:
            return InbetweenError(f"ffmpeg stopped: the disk or quota is full ({words})", DISK_FULL, "disk_full")
    if killer:
        cure = _MEMORY if killer == "SIGKILL" else f"ffmpeg is {exe}"
        return InbetweenError(f"ffmpeg stopped: killed by {killer}", cure, "ffmpeg")
    causes = _causes(text)
    for pattern, cause, hint, code in _KNOWN:
        if found := re.search(pattern, text, re.MULTILINE):
            parts = [part for part in found.groups() if part] or [""]
            return InbetweenError(
                "ffmpeg stopped: " + cause.format(*parts, encoder=_encoder(text), line=causes[0]), hint, code
            )
    if (fault := said("ffmpeg stopped", text)) is not None:
        return fault
    message = "; ".join(causes)
    if not message:
        message = f"exit code {returncode} and no message" if returncode else "it accepted no more frames"
    return InbetweenError(
        f"ffmpeg stopped: {message}", f"look at --codec and --encoder, if given; ffmpeg is {quoted(exe)}", "ffmpeg"
    )


def _causes(text: str) -> list[str]:
    """The first and the last line of ffmpeg's messages that say more than that something failed, without the addresses
    in memory that ffmpeg puts before them."""
    lines = [_ORIGIN.sub("", line.strip()) for line in text.splitlines()]
    lines = [line for line in lines if line]
    causes = [line for line in lines if not _ECHOES.search(line)] or lines
    return list(dict.fromkeys([*causes[:1], *causes[-1:]]))


def _encoder(text: str) -> str:
    """ffmpeg's name of the encoder that its messages speak of."""
    found = _ENCODER.findall(text)
    # Newer versions say which part of them is an encoder; in older ones the encoder speaks first.
    names = [named for named, _ in found if named] or [speaker for _, speaker in found]
    return next(iter(names), "this encoder")
