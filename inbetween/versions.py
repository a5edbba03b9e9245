"""The versions of all software that can change the frames or the file."""

from __future__ import annotations

import platform
from importlib import metadata

from inbetween.engine import Engine
from inbetween.errors import InbetweenError
from inbetween.video import ffmpeg

PACKAGES = ("inbetween", "numpy", "opencv-python-headless", "pillow", "av", "imageio-ffmpeg")
"""Packages that can change the frames of an engine without networks, or the file."""
NETWORKS = ("torch", "diffusers", "transformers")
"""Packages that can change what networks make."""


def versions(*used: Engine) -> dict[str, str]:
    """The versions of Python, of the packages that count for these engines, and of ffmpeg, by name."""
    found = {"python": platform.python_version()}
    for name in PACKAGES + NETWORKS * any(engine.needs for engine in used):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    try:
        found["ffmpeg"] = ffmpeg_version()
    except InbetweenError:
        # Still pictures are made without it.
        found["ffmpeg"] = "not installed"
    return found


def ffmpeg_version() -> str:
    """The version that ffmpeg states.

    Raises:
        InbetweenError: it cannot be run.
    """
    said = ffmpeg.asked("-version").split("\n", 1)[0].split()
    return said[2] if len(said) > 2 else "unknown"
