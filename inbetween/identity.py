"""The identity of a film: all that decides its bytes, so that a stopped film goes on only as the same film.

It is written into the journal of a film in segments; what differs is told to the user, so its names are the user's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from inbetween.plan import Making
from inbetween.request import PIXELS, FilmRequest, option, values
from inbetween.versions import versions
from inbetween.video.segments import stamp
from inbetween.weights import store


def identity(request: FilmRequest, making: Making, files: Mapping[str, Path]) -> dict[str, object]:
    """All that decides the bytes of a film, as plain values under names that the user knows.

    Which fields of the request belong to it is said at each field; see `request`.

    Args:
        files: the inputs, by what messages call them. Of each the name, size and time of its last change count.
    """
    # The words of --set are among the options, where a default that is written out is no difference.
    found = {option(one): value for one, value in values(request, PIXELS) if one.name != "set"}
    found |= {"--engine": making.engine.name}
    found |= {f"--set {name}": value for name, value in asdict(making.options).items()}
    for weights in making.engine.needs:
        for part, paths in store.files(weights, making.settings.weights).items():
            found |= {f"{weights}'s {part}" + f" ({path.name})" * (len(paths) > 1): stamp(path) for path in paths}
    found |= {name: stamp(path) for name, path in files.items()}
    return {**found, **versions(making.engine)}
