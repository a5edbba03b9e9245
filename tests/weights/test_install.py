"""Weights that are installed."""

from __future__ import annotations

import re

import pytest

from inbetween.engines.shapes import tensor_shapes
from inbetween.errors import InbetweenError
from inbetween.types import Report
from inbetween.weights import install
from support.tiny_hub import HALF, published, there
from support.tiny_weights import NAMES


@pytest.mark.parametrize("nested", [False, True])
def test_install_takes_a_folder_as_it_is_published(models, home, tmp_path, nested) -> None:
    given = published(tmp_path / "given" / ("inner" if nested else ""), *NAMES)
    ran = models("install", "tiny", tmp_path / "given")
    assert (ran.code, ran.out) == (0, f"{home / 'tiny'}\n"), ran.err
    assert there(home) == {f"tiny/{NAMES[0]}", f"tiny/{NAMES[1]}", "tiny/SHA256SUMS"}
    assert there(given) == set(NAMES)
    assert models("verify", "tiny").code == 0


def test_install_takes_files_one_by_one(models, home, tmp_path) -> None:
    published(tmp_path / "given", "some.safetensors", "other.safetensors")
    first = models("install", "hand", tmp_path / "given/some.safetensors")
    assert first.code == 0
    assert "still missing: other" in first.err
    last = models("install", "hand", tmp_path / "given/other.safetensors", "--move")
    assert "still missing" not in last.err
    assert there(tmp_path / "given") == {"some.safetensors"}
    assert len(models("path", "hand").out.splitlines()) == 2


def test_install_is_whole_or_not_at_all(tiny, home, tmp_path) -> None:
    given = published(tmp_path / "given", "some.safetensors", "other.safetensors")
    (given / "other.safetensors").write_bytes(HALF[:1000])
    for move in (False, True):
        with pytest.raises(InbetweenError, match="damaged"):
            install.install(
                "hand", install.given("hand", given, home), home, Report(), tensor_shapes("hand"), move=move
            )
        assert not there(home)
        assert len(there(given)) == 2


def test_install_refuses_what_its_config_does_not_describe(tiny, home, tmp_path) -> None:
    given = published(tmp_path / "given", *NAMES[:2])
    (given / NAMES[0]).write_text('{"width": 7}')
    with pytest.raises(InbetweenError, match="of another shape"):
        install.install("tiny", install.given("tiny", given, home), home, Report(), tensor_shapes("tiny"))
    (given / NAMES[0]).write_text('{"depth": 7}')
    with pytest.raises(InbetweenError, match="does not describe a network of this kind"):
        install.install("tiny", install.given("tiny", given, home), home, Report(), tensor_shapes("tiny"))
    (given / NAMES[0]).write_text("[]")
    with pytest.raises(InbetweenError, match="is not a config"):
        install.install("tiny", install.given("tiny", given, home), home, Report(), tensor_shapes("tiny"))
    assert not there(home)


def test_some_tensors_are_enough_where_they_replace_others(tiny, home, tmp_path) -> None:
    from safetensors.numpy import load, save

    published(home / "tiny", *NAMES[:1])
    given = published(tmp_path / "given", "some.safetensors", "other.safetensors")
    tensors = load(HALF)
    (given / "some.safetensors").write_bytes(save({"bias": tensors["bias"]}))
    install.install("hand", install.given("hand", given, home), home, Report(), tensor_shapes("hand"))
    (given / "some.safetensors").write_bytes(save({"bias": tensors["bias"], "strange": tensors["bias"]}))
    with pytest.raises(InbetweenError, match=r"1 unknown \(strange\)"):
        install.install("hand", install.given("hand", given, home), home, Report(), tensor_shapes("hand"))


@pytest.mark.parametrize(
    ("name", "path", "what"),
    [
        ("tiny", "none", "does not exist"),
        ("tiny", "empty", "has no net/config.json; net/model.safetensors or net/model.fp16.safetensors"),
        ("tiny", "note.txt", "is not a file of Tiny"),
        ("hand", "model.safetensors", "is not a file of Hand"),
        ("superpoint", "note.txt", "is not a file of SuperPoint"),
    ],
)
def test_what_cannot_be_installed(tiny, home, tmp_path, name, path, what) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "note.txt").write_text("a")
    (tmp_path / "model.safetensors").write_bytes(HALF)
    with pytest.raises(InbetweenError, match=re.escape(what)) as problem:
        install.given(name, tmp_path / path, home)
    assert problem.value.hint


def test_a_link_is_copied_even_where_files_are_moved(tiny, home, tmp_path) -> None:
    """Or what it leads to would be looked for from another folder."""
    given = published(tmp_path / "given", "some.safetensors", "other.safetensors")
    (given / "some.safetensors").rename(tmp_path / "blob")
    (given / "some.safetensors").symlink_to("../blob")
    install.install("hand", install.given("hand", given, home), home, Report(), tensor_shapes("hand"), move=True)
    assert not (home / "hand/some.safetensors").is_symlink()
    assert (home / "hand/some.safetensors").read_bytes() == HALF
    assert (tmp_path / "blob").read_bytes() == HALF
    assert not there(given)


def test_files_that_lie_in_their_place_are_checked_there(tiny, home) -> None:
    own = published(home / "hand", "some.safetensors", "other.safetensors")
    for move in (False, True):
        install.install("hand", install.given("hand", own, home), home, Report(), tensor_shapes("hand"), move=move)
        assert there(home) == {"hand/some.safetensors", "hand/other.safetensors", "hand/SHA256SUMS"}
