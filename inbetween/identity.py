"""The identity of a film: all that decides its bytes, so that a stopped film goes on only as the same film.

It is written into the journal of a film in segments. Where it differs, a message names the difference, so its names are
those that the user writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from inbetween.fingerprint import Fingerprints
from inbetween.plan import Making
from inbetween.request import PIXELS, FilmRequest, option, values
from inbetween.versions import versions
from inbetween.weights import store


def identity(
    request: FilmRequest, making: Making, files: Mapping[str, Path], inputs: Fingerprints
) -> dict[str, object]:
    """All that decides the bytes of a film, as plain values under names that the user knows.

    Args:
        request: its fields that change pixels are used; each field says what it changes, see `request`.
        making: the engine, its options and its weights.
        files: the inputs, by what messages call them. Their contents count, and not their names.
        inputs: takes the fingerprints of the inputs and of the weights.

    Raises:
        InbetweenError: an input cannot be read.
        Interrupted: by the report of `inputs`.
    """
    # The engine's options stand for the texts of --set, so that a default that is written out makes no difference.
    found = {option(one): value for one, value in values(request, PIXELS) if one.name != "set"}
    found |= {"--engine": making.engine.name}
    found |= {f"--set {name}": value for name, value in asdict(making.options).items()}
    for weights in making.engine.needs:
        for part, paths in store.files(weights, making.settings.weights).items():
            found |= {f"{weights}'s {part}" + f" ({path.name})" * (len(paths) > 1): inputs.of(path) for path in paths}
    found |= {name: inputs.of(path) for name, path in files.items()}
    return {**found, **versions(making.engine)}
