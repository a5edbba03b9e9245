"""FCVG's weights."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from inbetween.diffusion import svd
from inbetween.engines.fcvg.network import controlnext_shapes
from inbetween.errors import InbetweenError
from inbetween.types import Picture
from support import tiny_svd
from support.fcvg import fcvg_gap, levels_apart, made_by_fcvg

UNET_LIST = "c14d8bdc7ccb5028e3177af66e0a61a7c8ffa1becf22f4f182330025b05bf724"
CONTROLNEXT_LIST = "e176ca4ca0c706f39e96ee505218d355cba1156c2fb682ff15fdd3d6ad908ba8"


def digest(shapes: dict[str, tuple[int, ...]]) -> str:
    lines = [f"{name} {'x'.join(map(str, shape))}\n" for name, shape in sorted(shapes.items())]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def test_full_size_networks_have_the_published_tensors() -> None:
    unet = svd.unet_shapes(tiny_svd.FULL["unet"])
    assert (len(unet), sum(torch.Size(shape).numel() for shape in unet.values())) == (1428, 1_524_623_082)
    assert digest(unet) == UNET_LIST
    assert (len(controlnext_shapes()), digest(controlnext_shapes())) == (52, CONTROLNEXT_LIST)
    for shapes, numbers in ((svd.vae_shapes, 97_742_847), (svd.image_encoder_shapes, 632_076_800)):
        config = tiny_svd.FULL[shapes.__name__.removesuffix("_shapes")]
        assert sum(torch.Size(shape).numel() for shape in shapes(config).values()) == numbers


def linked(store: Path, folder: Path) -> None:
    """The same files in another folder, where some can be replaced."""
    for path in store.rglob("*"):
        target = folder / path.relative_to(store)
        if path.is_dir():
            target.mkdir()
        else:
            target.symlink_to(path)


@pytest.mark.parametrize(
    ("file", "change", "said"),
    [
        ("fcvg/unet", lambda t: t | {"stray": torch.ones(3)}, "1 unknown (stray)"),
        ("fcvg/unet", lambda t: {k: v[:1] for k, v in t.items()}, "of another shape"),
        ("fcvg/unet", lambda t: {}, "no tensor at all"),
        ("fcvg/controlnext", lambda t: dict(list(t.items())[1:]), "1 missing ("),
        ("svd-xt-1.1/vae/diffusion_pytorch_model.fp16", lambda t: dict(list(t.items())[2:]), "2 missing ("),
        ("svd-xt-1.1/unet/diffusion_pytorch_model.fp16", lambda t: t | {"a": torch.ones(1)}, "1 unknown (a)"),
    ],
)
def test_files_that_do_not_fit_are_refused_by_name(
    store: Path, tmp_path: Path, file: str, change: Any, said: str
) -> None:
    linked(store, tmp_path)
    wrong = tmp_path / f"{file}.safetensors"
    tensors = change(load_file(wrong))
    wrong.unlink()
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, wrong)
    with pytest.raises(InbetweenError) as caught:
        made_by_fcvg(tmp_path, fcvg_gap())
    assert said in caught.value.message
    assert str(wrong) in caught.value.message


def test_pickles_are_read_too(store: Path, usual: list[Picture], tmp_path: Path) -> None:
    linked(store, tmp_path)
    for name in ("unet", "controlnext"):
        old = tmp_path / "fcvg" / f"{name}.safetensors"
        torch.save(load_file(old), old.with_suffix(".bin"))
        old.unlink()
    assert levels_apart(usual, made_by_fcvg(tmp_path, fcvg_gap())) == 0


def test_a_config_that_is_none(store: Path, tmp_path: Path) -> None:
    linked(store, tmp_path)
    config = tmp_path / "svd-xt-1.1" / "unet" / "config.json"
    config.unlink()
    config.write_text("[", "utf-8")
    with pytest.raises(InbetweenError, match=r"config\.json is not a config"):
        made_by_fcvg(tmp_path, fcvg_gap())
