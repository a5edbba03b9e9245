"""The versions of all software that can change the frames or the file."""

from __future__ import annotations

import platform
from functools import cache
from importlib import metadata

from inbetween.engine import Engine
from inbetween.errors import InbetweenError
from inbetween.video import ffmpeg

PACKAGES = ("inbetween", "numpy", "opencv-python-headless", "pillow", "av", "imageio-ffmpeg")
"""Packages that can change the frames of an engine without networks, or the file."""
NETWORKS = ("torch", "diffusers", "transformers")
"""Packages that can change what networks make."""


def versions(*used: Engine) -> dict[str, str]:
    """The versions of Python, of ffmpeg, and of the packages that matter for these engines, by name."""
    found = {"python": platform.python_version()}
    found |= {name: _installed(name) for name in PACKAGES + NETWORKS * any(engine.needs for engine in used)}
    try:
        found["ffmpeg"] = ffmpeg_version()
    except InbetweenError:
        # Numbered pictures can be written without ffmpeg.
        found["ffmpeg"] = "not installed"
    return found


@cache
def _installed(package: str) -> str:
    """The version of a package. It is looked up once, because that reads a file and the jobs of a batch are many."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def ffmpeg_version() -> str:
    """The version number that ffmpeg prints.

    Raises:
        InbetweenError: ffmpeg cannot be run.
    """
    first_line = ffmpeg.asked("-version").split("\n", 1)[0].split()
    return first_line[2] if len(first_line) > 2 else "unknown"
