"""Files of weights from strangers: refused quickly and clearly, and no code in them is run."""

from __future__ import annotations

import json
import os
import pickle
import struct
from pathlib import Path
from typing import Any

import pytest

from inbetween.engines.shapes import tensor_shapes
from inbetween.errors import InbetweenError
from inbetween.types import Report
from inbetween.weights import check
from inbetween.weights.files import network_config, read
from inbetween.weights.load import shapes
from support.tiny_svd import fill

HEADERS = {
    "absurdly long": struct.pack("<Q", 2**63) + b"{}",
    "longer than the file": struct.pack("<Q", 10**6) + b"{}",
    "nested": struct.pack("<Q", 200_000) + b'{"a":' + b"[" * 199_995,
    "a tensor outside of the file": struct.pack("<Q", 70)
    + json.dumps({"a": {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 2**42]}}).encode().ljust(70),
    "empty": b"",
}


@pytest.mark.parametrize("head", HEADERS)
def test_heads_that_make_no_sense(tmp_path: Path, head: str) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(HEADERS[head])
    with pytest.raises(InbetweenError, match=r"x\.safetensors"):
        shapes(path)
    with pytest.raises(InbetweenError, match=r"x\.safetensors"):
        read(path)


CONFIGS = {
    "nested": "[" * 200_000,
    "nested objects": '{"a":' * 200_000,
    "digits": '{"a": ' + "1" * 10_000 + "}",
    "infinite": '{"in_channels": 1e999}',
    "no number": '{"in_channels": NaN}',
    "large": '{"in_channels": 1000000000000}',
    "below": '{"in_channels": -1000000000000}',
    "layers": '{"layers_per_block": 1000000}',
    "layers in a list": '{"transformer_layers_per_block": [1, [1, 1000000]]}',
    "long": json.dumps({"block_out_channels": [32] * 100_000}),
    "not an object": "[1]",
}


@pytest.mark.parametrize("kind", CONFIGS)
def test_configs_of_networks_that_nobody_could_make(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "config.json"
    path.write_text(CONFIGS[kind])
    with pytest.raises(InbetweenError, match=r"config\.json (does not describe|is not)"):
        network_config(path)


@pytest.mark.parametrize(
    "change", [{"layers_per_block": 10**9}, {"block_out_channels": [10**9] * 4}, {"in_channels": "x"}]
)
def test_a_network_that_nobody_could_make(tmp_path: Path, change: dict[str, Any]) -> None:
    """Its own library would try, and never end."""
    place = fill(tmp_path) / "svd-xt-1.1/unet/config.json"
    place.write_text(json.dumps(json.loads(place.read_bytes()) | change))
    verdicts = list(check.verify("svd-xt-1.1", tmp_path, Report(), tensor_shapes("svd-xt-1.1")))
    wrong = [verdict.wrong for verdict in verdicts if verdict.wrong]
    assert len(wrong) == 1
    assert "does not describe a network of this kind" in wrong[0]


class Trap:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("sprung",)


@pytest.mark.parametrize("suffix", [".pt", ".bin", ".safetensors"])
def test_code_in_weights_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / f"x{suffix}"
    path.write_bytes(pickle.dumps({"weight": Trap()}))
    with pytest.raises(InbetweenError):
        read(path)
    with pytest.raises(InbetweenError):
        shapes(path)
    assert not Path("sprung").exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes")
def test_pipes_are_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "x.pt"
    os.mkfifo(path)
    for reader in (read, network_config):
        with pytest.raises(InbetweenError, match="is a pipe"):
            reader(path)


@pytest.mark.parametrize("name", ["../../x.safetensors", "/x.safetensors", "a/x.safetensors", "..", "x.pkl", "x\0.bin"])
def test_an_index_leads_nowhere_else(tmp_path: Path, name: str) -> None:
    path = tmp_path / "model.safetensors.index.json"
    path.write_text(json.dumps({"weight_map": {"weight": name}}))
    with pytest.raises(InbetweenError, match="does not give plain names"):
        shapes(path)
