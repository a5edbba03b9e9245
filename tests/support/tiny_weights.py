"""Weights of a few numbers, in the table as others are, an engine that knows their shapes, and a command with both."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from safetensors.numpy import load, save

from inbetween import engines
from inbetween.engine import Engine
from inbetween.engines import blend
from inbetween.weights.table import WEIGHTS, File, Folder, Part, Shards, Weights

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
        "net": Part((File(NAMES[1]), File(NAMES[2])), pulled=1, config="config"),
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
        "some": Part((File("some.safetensors"),), config="tiny:config", whole=False),
        "other": Part((File("other.safetensors"), File("other.bin"))),
    },
    page=PAGE,
    licence="none stated",
    commercial=None,
)
INDEX = "net/model.safetensors.index.json"
SHARDS = ("net/model-00001-of-00002.safetensors", "net/model-00002-of-00002.safetensors")
TOKENIZER = ("tokenizer/tokenizer_config.json", "tokenizer/words.txt")
SPLIT = Weights(
    title="Split",
    parts={
        "config": Part((File(NAMES[0]),)),
        "net": Part((File(NAMES[1]), Shards(File(INDEX))), pulled=1, config="config"),
        "tokenizer": Part((Folder("tokenizer", tuple(map(File, TOKENIZER))),)),
    },
    page=PAGE,
    licence="none stated",
    commercial=None,
    repository=REPOSITORY,
)
"""Its network is published in one file and in shards, beside a folder."""
TABLE = {"tiny": TINY, "hand": BY_HAND, "split": SPLIT}
ENGINE = Engine(
    name="tiny",
    title="knows shapes, and makes what blend makes",
    load=blend.load,
    Options=blend.Options,
    licence="MIT",
    commercial=True,
    shapes=dict.fromkeys(("tiny:net", "hand:some", "split:net"), "support.tiny_weights:shapes"),
)
MODULE = "inbetween.engines.tiny"


def index(places: Mapping[str, str]) -> bytes:
    """An index that says which file each tensor lies in, as diffusers and transformers write it."""
    return json.dumps({"metadata": {"total_size": 2_600_000}, "weight_map": places}, indent=2).encode()


def split(names: Sequence[str] = ("weight", "bias")) -> dict[str, bytes]:
    """The files of `split` as they are published in shards: each of them has one tensor."""
    tensors = load(network())
    shards = {shard: save({name: tensors[name]}) for shard, name in zip(SHARDS, names, strict=True)}
    places = {name: Path(shard).name for shard, name in zip(SHARDS, names, strict=True)}
    tokenizer = dict(zip(TOKENIZER, (b'{"model_max_length": 512}', b"a\nb\n"), strict=True))
    return {NAMES[0]: CONFIG, **shards, INDEX: index(places), **tokenizer}


if __name__ == "__main__":
    # In place of this folder, where Python looks first for what a program imports.
    sys.path[0] = str(Path(__file__).parent.parent)
    WEIGHTS.update(TABLE)
    engines.NAMES = (*engines.NAMES, "tiny")
    sys.modules[MODULE] = sys.modules[__name__]
    from inbetween.cli.main import main

    main(sys.argv[1:])
