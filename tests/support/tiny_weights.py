"""Weights of a few numbers, in the table as others are, and a command that knows them."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from safetensors.numpy import save

from inbetween.weights.table import WEIGHTS, File, Part, Weights

REPOSITORY = "someone/tiny"
PAGE = "https://example.org/tiny"
CONFIG = b'{"width": 20000}\n'
NAMES = ("net/config.json", "net/model.safetensors", "net/model.fp16.safetensors")


def shapes(config: Mapping[str, int]) -> dict[str, tuple[int, ...]]:
    """What the network of a config has."""
    return {"weight": (config["width"], 64), "bias": (config["width"],)}


def network(dtype: str = "float16", width: int = 20000, seed: int = 0) -> bytes:
    """A file of its weights."""
    draw = np.random.default_rng(seed)
    return save({name: draw.normal(size=size).astype(dtype) for name, size in shapes({"width": width}).items()})


TINY = Weights(
    title="Tiny",
    parts={
        "config": Part((File(NAMES[0]),)),
        "net": Part((File(NAMES[1]), File(NAMES[2])), pulled=1, shapes="support.tiny_weights:shapes", config="config"),
    },
    page=PAGE,
    licence="MIT",
    commercial=True,
    repository=REPOSITORY,
    gated=True,
)
BY_HAND = Weights(
    title="Hand",
    parts={
        "some": Part(
            (File("some.safetensors"),), shapes="support.tiny_weights:shapes", config="tiny:config", whole=False
        ),
        "other": Part((File("other.safetensors"), File("other.bin"))),
    },
    page=PAGE,
    licence="none stated",
    commercial=None,
)
TABLE = {"tiny": TINY, "hand": BY_HAND}

if __name__ == "__main__":
    # In place of this folder, where Python looks first for what a program imports.
    sys.path[0] = str(Path(__file__).parent.parent)
    WEIGHTS.update(TABLE)
    from inbetween.cli.main import main

    main(sys.argv[1:])
