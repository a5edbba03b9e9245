"""Weights that are verified."""

from __future__ import annotations

import hashlib

from inbetween.engines.shapes import tensor_shapes
from inbetween.types import Report
from inbetween.weights import check, install, store
from support.tiny_hub import COMMIT, HALF, published
from support.tiny_weights import NAMES


def test_verify_finds_a_flipped_byte(models, home) -> None:
    assert models("pull", "tiny").code == 0
    assert all(line.startswith("ok ") for line in models("verify", "tiny").out.splitlines())
    path = home / "tiny" / NAMES[2]
    content = bytearray(path.read_bytes())
    content[-100] ^= 1
    path.write_bytes(content)
    ran = models("verify")
    assert ran.code == 1
    assert [line.split()[0] for line in ran.out.splitlines()] == ["ok", "WRONG"]
    assert "SHA-256" in ran.out.splitlines()[1]
    assert "1 of 2 files" in ran.problem[0]
    assert "inbetween models remove tiny" in ran.problem[1]


def test_verify_knows_the_cache_of_the_hub(tiny, home, tmp_path, monkeypatch) -> None:
    """Whose files are links to others that are called by their hash."""
    snapshot = published(tmp_path / "hf/hub/models--someone--tiny/snapshots" / COMMIT, NAMES[0])
    blob = snapshot.parent.parent / "blobs" / hashlib.sha256(HALF).hexdigest()
    blob.parent.mkdir()
    blob.write_bytes(HALF)
    (snapshot / NAMES[2]).symlink_to(blob)
    assert store.parts("tiny", home)["net"] == snapshot / NAMES[2]
    assert [verdict.checked for verdict in check.verify("tiny", home, Report(), tensor_shapes("tiny"))] == [
        ("JSON",),
        ("SHA-256", "names and shapes"),
    ]
    assert install.removable("tiny", home) == []
    blob.write_bytes(HALF[:-1] + b"?")
    assert "SHA-256" in list(check.verify("tiny", home, Report(), tensor_shapes("tiny")))[1].wrong
