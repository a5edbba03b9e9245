"""An engine of 4k + 1 frames whose network lies in shards, beside the folder of its tokenizer."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from inbetween import engines
from inbetween.engine import Engine, Sizes, Steps
from inbetween.types import Gap, Maker, Picture, Report, Settings
from inbetween.weights import load as weights_load
from inbetween.weights import store
from inbetween.weights.table import WEIGHTS, File, Folder, Part, Shards, Weights
from support.commands import Command
from support.pictures import load, save, scene

SIZE = (64, 96)
INDEX = "net/model.safetensors.index.json"
SHARDS = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")


@dataclass(frozen=True)
class Options:
    """An engine with nothing to choose."""


def network() -> torch.nn.Linear:
    """Mixes the colours of a frame."""
    return torch.nn.Linear(3, 3)


def load_engine(_: Options, settings: Settings) -> Maker:
    """The maker: a cross-fade, whose colours the network mixes."""
    places = store.parts("colours", settings.weights)
    assert (places["tokenizer"] / "words.txt").read_text() == "heron\n"
    linear, _ = weights_load.loaded(network, places["net"], None, "cpu", torch.float32, lambda done, total: None)

    def make(gaps: Iterable[Gap], report: Report) -> Iterator[Picture]:
        for gap in gaps:
            for t in gap.times:
                faded = (1 - t) * gap.start.astype(np.float32) + t * gap.end.astype(np.float32)
                with torch.no_grad():
                    mixed = linear(torch.from_numpy(faded.astype(np.float32))).numpy()
                yield np.clip(mixed + 0.5, 0, 255).astype(np.uint8)

    return make


@pytest.fixture
def weights(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The folder of the engine's weights; its network turns red into green, green into blue and blue into red."""
    parts = {
        "net": Part((Shards(File(INDEX)),)),
        "tokenizer": Part((Folder("tokenizer", (File("tokenizer/words.txt"),)),)),
    }
    monkeypatch.setitem(WEIGHTS, "colours", Weights("Colours", parts, "https://example.org", "MIT", True))
    engine = Engine(
        "colours",
        "",
        load_engine,
        Options,
        "MIT",
        True,
        needs=("colours",),
        lengths=Steps(5, 81, 4, native=81),
        sizes=Sizes(16, 32),
    )
    monkeypatch.setattr(engines, "NAMES", (*engines.NAMES, "colours"))
    monkeypatch.setitem(sys.modules, "inbetween.engines.colours", SimpleNamespace(ENGINE=engine))
    folder = tmp_path / "weights" / "colours"
    (folder / "net").mkdir(parents=True)
    (folder / "tokenizer").mkdir()
    (folder / "tokenizer" / "words.txt").write_text("heron\n")
    turned = torch.eye(3)[[2, 0, 1]]
    save_file({"weight": turned}, folder / "net" / SHARDS[0])
    save_file({"bias": torch.zeros(3)}, folder / "net" / SHARDS[1])
    places = dict(zip(("weight", "bias"), SHARDS, strict=True))
    (folder / INDEX).write_text(json.dumps({"metadata": {}, "weight_map": places}))
    return folder.parent


@pytest.fixture
def keys(tmp_path: Path) -> list[Path]:
    return [save(tmp_path / f"{number}.png", scene(number / 5, SIZE)) for number in range(2)]


def test_the_network_is_read_from_its_shards(weights: Path, inside: Command, keys: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "out"
    ran = inside("run", *keys, "-n", 3, "--engine", "colours", "--weights", weights, "-o", out)
    assert ran.code == 0, ran.err
    start, *made, end = (load(path) for path in sorted(out.glob("*.png")))
    assert len(made) == 3
    for number, frame in enumerate(made, 1):
        faded = start + (end.astype(np.float32) - start) * (number / 4)
        assert np.abs(frame[..., [1, 2, 0]] - faded).max() <= 0.51


@pytest.mark.parametrize("lost", [f"net/{SHARDS[1]}", INDEX, "tokenizer/words.txt"])
def test_a_file_that_is_missing_is_said_before_anything_is_made(
    weights: Path, inside: Command, keys: list[Path], tmp_path: Path, lost: str
) -> None:
    (weights / "colours" / lost).unlink()
    ran = inside("run", *keys, "-n", 3, "--engine", "colours", "--weights", weights, "-o", tmp_path / "out")
    assert ran.code == 1
    assert "Traceback" not in ran.err
    assert "colours" in ran.err.lower()
    assert not (tmp_path / "out").exists()
