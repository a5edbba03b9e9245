"""Matchers by name, and those that learned."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from inbetween.errors import InbetweenError, UnknownName
from inbetween.matching import matchers
from inbetween.types import Settings
from support.views import BLACK, painted, seen


def test_an_unknown_matcher() -> None:
    with pytest.raises(UnknownName) as caught:
        matchers.get("shift")
    assert "sift" in caught.value.hint


@pytest.mark.parametrize("name", ["disk", "aliked", "loftr", "gluestick"])
def test_no_weights_no_download(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    def refused(*_: object, **__: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "hub"))
    with pytest.raises(InbetweenError) as caught:
        matchers.get(name)(BLACK, BLACK, tmp_path, Settings())
    assert str(tmp_path) in caught.value.message
    assert "https://" in caught.value.hint


def test_the_default_needs_no_torch() -> None:
    import subprocess

    script = (
        "import sys, numpy as np\nfrom inbetween.matching import matchers\nfrom inbetween.types import Settings\n"
        "black = np.zeros((64, 64, 3), np.uint8)\nmatchers.get(matchers.DEFAULT)(black, black, None, Settings())\n"
        "assert not {'torch', 'kornia', 'transformers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.parametrize(
    "name", ["disk", pytest.param("aliked", marks=pytest.mark.slow), pytest.param("loftr", marks=pytest.mark.slow)]
)
def test_published_files_are_read(name: str, tmp_path: Path) -> None:
    """Untrained networks, kept under the published names: they load and run; a file that does not fit is refused."""
    import torch
    from kornia.feature import ALIKED, DISK, LightGlue, LoFTR

    torch.manual_seed(0)
    if name == "loftr":
        torch.save({"state_dict": LoFTR(None).state_dict()}, tmp_path / "loftr_outdoor.ckpt")
    else:
        own = DISK() if name == "disk" else ALIKED("aliked-n16")
        file, kept = ("depth-save.pth", {"extractor": own.state_dict()})
        if name == "aliked":
            file, kept = "aliked-n16.pth", own.state_dict()
        torch.save(kept, tmp_path / file)
        published = {
            f"{parts[2]}.{parts[1]}.{'.'.join(parts[3:])}" if (parts := key.split("."))[0] == "transformers" else key: x
            for key, x in LightGlue(None, input_dim=128).state_dict().items()
            if key != "confidence_thresholds"
        }
        torch.save(published, tmp_path / f"{name}_lightglue.pth")
    start = seen(painted(48, 64))
    found = matchers.get(name)(start, start, tmp_path, Settings())
    assert found.points_a.shape == found.points_b.shape
    assert len(found.lines_a) == len(found.line_scores)
    other = tmp_path / "other"
    other.mkdir()
    for path in tmp_path.glob("*.*"):
        torch.save({"weight": torch.zeros(3)}, other / path.name)
    with pytest.raises(InbetweenError, match="does not fit"):
        matchers.get(name)(start, start, other, Settings())
