"""The variables of the environment that are read: one table for all of them."""

from __future__ import annotations

import difflib
import os

VARIABLES = {
    "INBETWEEN_CACHE": "the folder below which weights are kept, in place of ~/.cache/inbetween",
    "INBETWEEN_COMMERCIAL_ONLY": "1 refuses engines that are not known to allow commercial use",
    "INBETWEEN_GOLDENS": "for the tests of this project: the folders with recorded cases",
    "INBETWEEN_OFFLINE": "1 forbids every use of the network",
    "INBETWEEN_THREADS": "how many threads are used where --threads is not given",
    "INBETWEEN_WEIGHTS": "the folder of the weights, where --weights is not given",
    "HF_ENDPOINT": "a mirror of the Hugging Face Hub",
    "HF_HOME": "the folder of the Hugging Face Hub's own cache, in which weights are found too",
    "HF_HUB_CACHE": "the same, without the folder `hub` below it",
    "HF_HUB_OFFLINE": "1 forbids every use of the network",
    "HF_TOKEN": "the token for weights whose terms have to be accepted",
    "IMAGEIO_FFMPEG_EXE": "the ffmpeg to use, in place of the bundled one",
    "XDG_CACHE_HOME": "the folder in which `inbetween` and `huggingface` keep their caches, in place of ~/.cache",
}
"""What each variable means."""


def value(name: str) -> str:
    """The value of a variable in `VARIABLES`; empty if it is not set."""
    assert name in VARIABLES, name
    return os.environ.get(name, "")


def flag(name: str) -> bool:
    """Whether a variable in `VARIABLES` is set, to anything but 0, no, false or off."""
    return value(name).lower() not in ("", "0", "no", "false", "off")


def unknown() -> list[str]:
    """A sentence about each variable that begins with INBETWEEN_ and means nothing, such as one with a typing error."""
    found = []
    for name in sorted(os.environ):
        if name.startswith("INBETWEEN_") and name not in VARIABLES:
            near = difflib.get_close_matches(name, VARIABLES, n=1)
            found.append(f"the variable {name} means nothing" + (f"; did you mean {near[0]}?" if near else ""))
    return found
