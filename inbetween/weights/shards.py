"""Reads the index of shards: of several files of tensors, as diffusers and transformers write them with their index.

The index is a JSON object. Its `weight_map` has for every tensor the name of the file that it lies in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from inbetween.errors import InbetweenError
from inbetween.weights.files import listed, parsed_object, text_of

INDEX = re.compile(r".+\.index(\.\w+)?\.json")
"""Matches names of indices. They may have a variant before `.json`, as in `model.safetensors.index.fp16.json`."""
SHARD = re.compile(r"\w[\w.-]*\.(safetensors|bin)")
"""Matches names of shards: plain names without a folder, so that no index leads out of the folder it lies in."""
AGAIN = "get the index and its shards again, all from one place"
"""The hint for an index that is damaged, or does not fit its shards."""


def is_index(path: Path) -> bool:
    """Whether a path has the name of an index of shards."""
    return INDEX.fullmatch(path.name) is not None


def weight_map(index: Path) -> dict[str, Path]:
    """Read an index, and return the file that each tensor lies in, by the tensor's name. The files may be missing.

    Raises:
        InbetweenError: the index cannot be read, or see `parsed`.
    """
    return {tensor: index.with_name(name) for tensor, name in parsed(index, text_of(index)).items()}


def parsed(called: object, text: str | bytes) -> dict[str, str]:
    """Parse an index, and return the name of the file that each tensor lies in, by the tensor's name.

    Args:
        called: the name of the index in messages.
        text: the contents of the index.

    Raises:
        InbetweenError: the index is damaged, or names a file that does not lie beside it.
    """
    what = "an index of shards"
    entries = parsed_object(called, text, what).get("weight_map")
    if not isinstance(entries, Mapping) or not entries:
        raise InbetweenError(
            f"{called} is not {what}: it has no `weight_map` with the tensors' files", AGAIN, "weights_damaged"
        )
    found: dict[str, str] = {}
    wrong = []
    for tensor, name in entries.items():
        if isinstance(name, str) and SHARD.fullmatch(name) and tensor.isprintable():
            found[tensor] = name
        else:
            wrong.append(f"{tensor!a:.60} in {name!a:.60}")
    if wrong:
        faults = "; ".join(listed("wrong", wrong))
        raise InbetweenError(
            f"{called} does not give plain names of .safetensors or .bin files: {faults}", AGAIN, "weights_damaged"
        )
    return found
