"""The versions of all that can change the pixels, or the file."""

from __future__ import annotations

import platform
from importlib import metadata

from inbetween.engine import Engine
from inbetween.errors import InbetweenError
from inbetween.video import ffmpeg

PACKAGES = ("inbetween", "numpy", "opencv-python-headless", "pillow", "av", "imageio-ffmpeg")
"""Those that can change the pixels of an engine without networks, or the file."""
NETWORKS = ("torch", "diffusers", "transformers")
"""And those that can change what networks make."""


def versions(*used: Engine) -> dict[str, str]:
    """Of Python, of the packages that count for some engines, and of ffmpeg."""
    found = {"python": platform.python_version()}
    for name in PACKAGES + NETWORKS * any(engine.needs for engine in used):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    try:
        found["ffmpeg"] = ffmpeg_version()
    except InbetweenError:
        # Pictures are made without it.
        found["ffmpeg"] = "not installed"
    return found


def ffmpeg_version() -> str:
    """As it says itself.

    Raises:
        InbetweenError: it cannot be run.
    """
    said = ffmpeg.asked("-version").split("\n", 1)[0].split()
    return said[2] if len(said) > 2 else "unknown"
