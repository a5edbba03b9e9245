"""`inbetween doctor`: checks this machine, and says how to mend what does not work."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from inbetween import environment, system
from inbetween.cli import answers
from inbetween.cli.help import SAID, option
from inbetween.cli.streams import data, one_line
from inbetween.errors import InbetweenError
from inbetween.faults import lacking
from inbetween.weights import store
from inbetween.weights.table import WEIGHTS

AsJson = Annotated[bool, option("--json", group=SAID, help="Print JSON.")]
LEAST_FREE = 2_000_000_000
"""Bytes that a disk should have free: a long film and its unfinished segments. Chosen by eye."""


@dataclass(frozen=True)
class Check:
    """One line of the report."""

    what: str
    """The name of the check."""
    found: str
    """What was found."""
    cure: str = ""
    """The command that mends it; empty where nothing is wrong."""


def doctor(as_json: AsJson = False) -> None:
    """Check what works on this machine.

    It looks at versions, ffmpeg, devices, disks and weights. Exits with 1 if something does not work.
    """
    checks: list[Check] = []
    for check in _checks():
        checks.append(check)
        if not as_json:
            say_line(f"{'FAIL' if check.cure else 'ok':<5}{check.what:<24}{check.found}")
            if check.cure:
                say_line(f"{'':<5}{'':<24}do: {check.cure}")
    exit_code = int(any(check.cure for check in checks))
    if as_json:
        answers.answer("doctor", {"checks": [asdict(check) for check in checks]}, exit_code=exit_code)
    if exit_code:
        raise typer.Exit(exit_code)


def say_line(text: str) -> None:
    """Print a line in which names of files may be."""
    data(one_line(text, strip=False).encode())


def _checks() -> Iterator[Check]:
    yield from _versions()
    yield _attempt("ffmpeg", _ffmpeg, "pip install --force-reinstall imageio-ffmpeg")
    yield _attempt("encoders", _encoders, "unset IMAGEIO_FFMPEG_EXE, so that the bundled ffmpeg is used")
    yield _attempt("OpenCV", _opencv, "pip install --force-reinstall opencv-python-headless")
    yield _attempt("devices", _devices, "pip install torch")
    yield _folder("temporary files", Path(tempfile.gettempdir()))
    yield _folder("this folder", Path.cwd())
    yield _folder("weights", store.weights_folder())
    yield Check("weights here", _weights())
    found = [name for name in environment.VARIABLES if environment.value(name) and name != "HF_TOKEN"]
    yield Check("variables", ", ".join(f"{name}={environment.value(name)}" for name in found) or "none are set")
    yield from (Check("variables", text) for text in environment.unknown())
    yield Check("auto", "stands for flow, which needs no weights and is fast on every machine")


def _versions() -> Iterator[Check]:
    from importlib import metadata

    needed = sorted(
        {
            word.split(";")[0].split(">")[0].split("[")[0].strip()
            for word in metadata.requires("inbetween") or ()
            if "extra ==" not in word
        }
    )
    yield Check("inbetween", metadata.version("inbetween"))
    for name in needed:
        try:
            yield Check(name, metadata.version(name))
        except metadata.PackageNotFoundError:
            yield Check(name, "missing", f"pip install {name}")


def _attempt(what: str, find: Callable[[], str], cure: str) -> Check:
    """The check that `find` makes; `cure` is what to do if it raises, unless the machine is at fault."""
    try:
        return Check(what, find())
    except Exception as error:
        known = error if isinstance(error, InbetweenError) else lacking(error)
        if known is not None and known.code in ("system", "out_of_memory", "disk_full"):
            cure = known.hint
        return Check(what, str(error).splitlines()[0] if str(error) else type(error).__name__, cure)


def _ffmpeg() -> str:
    from inbetween.versions import ffmpeg_version
    from inbetween.video import ffmpeg

    return f"{ffmpeg_version()} at {ffmpeg.executable()}"


def _encoders() -> str:
    from inbetween.video import codecs, ffmpeg, sinks

    there, known = ffmpeg.encoders(), [*codecs.CODECS, "gif"]
    missing = [name for name in known if name not in there]
    # The encoders that are used by default must be there. Where another one is missing, only its --codec is refused.
    needed = {form.codec for form in sinks.SINKS.values() if form.muxer} | {"ffv1"}
    if needed & set(missing):
        raise RuntimeError(f"this ffmpeg has no {', '.join(missing)}")
    found = ", ".join(name for name in known if name in there)
    return found + (f"; without {', '.join(missing)}" if missing else "")


def _opencv() -> str:
    import cv2
    import numpy as np

    grey = np.zeros((64, 64), np.uint8)
    cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM).calc(grey, grey, np.zeros((64, 64, 2), np.float32))
    return "optical flow works"


def _devices() -> str:
    import torch

    found = ["cpu"] + [f"cuda:{i} ({torch.cuda.get_device_name(i)})" for i in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        found.append("mps")
    return ", ".join(found)


def _weights() -> str:
    here = {name: [path is not None for path in store.placed(name).values()] for name in WEIGHTS}
    found = [name if all(parts) else f"{name} (a part of it)" for name, parts in here.items() if any(parts)]
    return ", ".join(found) or "none; see inbetween models"


def _folder(what: str, folder: Path) -> Check:
    """Whether a folder, or the nearest parent that exists, can be written and has enough free space."""
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(existing).free
    found = f"{folder}, {free / 1e9:.1f} GB free"
    if not os.access(existing, os.W_OK):
        return Check(what, f"{folder} cannot be written", system.let_write(str(existing)))
    return Check(what, found, "" if free >= LEAST_FREE else f"free some space in {existing}")
