"""SuperPoint and GlueStick: their weights, strictly; wireframes; and matches on pictures of every kind."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from goldens.seeded import fill
from inbetween.errors import InbetweenError
from inbetween.matching import gluestick_matcher
from inbetween.matching.gluestick import GlueStick, Nodes
from inbetween.matching.line_ends import paired_ends
from inbetween.matching.superpoint import SuperPoint
from inbetween.types import Matches
from inbetween.weights import store
from support.pictures import scene

State = dict[str, torch.Tensor]
PROJECTIONS = [
    f"gnn.layers.{i}.update.attn.{name}" for i in range(18) for name in ("proj.0", "proj.1", "proj.2", "merge")
]
PUBLISHED = {
    "bin_score": (),
    "line_bin_score": (),
    "kenc.encoder.0.weight": (32, 3, 1),
    "lenc.encoder.0.weight": (32, 5, 1),
    "lenc.encoder.9.weight": (256, 128, 1),
    "kenc.encoder.10.running_var": (256,),
    "kenc.encoder.12.bias": (256,),
    **{f"{name}.weight": (256, 256, 1) for name in PROJECTIONS},
    **{f"gnn.layers.{i}.update.mlp.0.weight": (512, 512, 1) for i in range(18)},
    **{f"gnn.layers.{i}.update.mlp.1.num_batches_tracked": () for i in range(18)},
    **{f"gnn.line_layers.{i}.mlp.0.weight": (512, 768, 1) for i in range(9)},
    **{f"gnn.line_layers.{i}.mlp.3.weight": (256, 512, 1) for i in range(9)},
    "final_proj.weight": (256, 256, 1),
    "final_line_proj.bias": (256,),
}
"""Some names of the published file with their shapes."""


LIVELY = {
    ".bias": 0.1,
    "convPb.weight": 100.0,
    "mlp.3.weight": 0.03,
    "encoder.12.weight": 0.03,
    "final_proj.weight": 80.0,
    "final_line_proj.weight": 80.0,
}
"""Factors by which names that end so make random weights find points and matches."""


def random_state(network: torch.nn.Module, seed: int) -> State:
    fill(network, seed)
    state = network.state_dict()
    for name, tensor in state.items():
        for suffix, factor in LIVELY.items():
            if name.endswith(suffix):
                tensor.mul_(factor)
    return state


@pytest.fixture(scope="module")
def states() -> tuple[State, State]:
    return random_state(SuperPoint(), 1), random_state(GlueStick(), 2)


@pytest.fixture(scope="module")
def folder(states: tuple[State, State], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both files as they were published."""
    folder = tmp_path_factory.mktemp("weights")
    torch.save(states[0], folder / "superpoint_v1.pth", _use_new_zipfile_serialization=False)
    prefixed = {f"matcher.module.{name}": tensor for name, tensor in states[1].items()}
    torch.save(
        {"epoch": 3, "model": {"extractor.conv": torch.ones(1), **prefixed}}, folder / "checkpoint_GlueStick_MD.tar"
    )
    return folder


def textured(seed: int = 0, shift: int = 0) -> np.ndarray:
    """A picture with many straight edges."""
    random = np.random.default_rng(seed)
    picture = np.full((160, 208, 3), 90, np.uint8)
    for _ in range(14):
        x, y = random.integers(0, 170), random.integers(0, 120)
        w, h = random.integers(25, 60), random.integers(25, 60)
        colour = random.integers(0, 256, 3).tolist()
        cv2.rectangle(picture, (int(x) + shift, int(y)), (int(x + w) + shift, int(y + h)), colour, -1)
    noise = random.normal(0, 2, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def test_parameters_are_the_published_ones() -> None:
    with torch.device("meta"):
        eye, matcher = SuperPoint(), GlueStick()
    assert sum(p.numel() for p in eye.parameters()) == 1_300_865
    assert sum(p.numel() for p in matcher.parameters()) == 16_934_210
    layers = [f"conv{block}{half}" for block in "1234PD" for half in "ab"]
    assert eye.state_dict().keys() == {f"{layer}.{kind}" for layer in layers for kind in ("weight", "bias")}
    assert tuple(eye.convPb.weight.shape) == (65, 256, 1, 1)
    own = {name: tuple(tensor.shape) for name, tensor in matcher.state_dict().items()}
    assert len(own) == 453
    assert own.items() >= PUBLISHED.items()
    buffers = dict(matcher.named_buffers())
    assert len(buffers) == 105
    assert all(re.fullmatch(r".*\.(running_mean|running_var|num_batches_tracked)", name) for name in buffers)


def same(network: torch.nn.Module, state: Mapping[str, torch.Tensor]) -> bool:
    own = network.state_dict()
    return own.keys() == state.keys() and all(torch.equal(own[name], state[name]) for name in own)


def test_published_files_are_read(folder: Path, states: tuple[State, State]) -> None:
    eye, matcher = gluestick_matcher.load(folder)
    assert same(eye, states[0])
    assert same(matcher, states[1])
    assert not eye.training
    assert not matcher.training


def test_safetensors_come_first(states: tuple[State, State], tmp_path: Path) -> None:
    (tmp_path / "superpoint_v1.pth").write_bytes(b"never opened")
    save_file(states[0], tmp_path / "superpoint_v1.safetensors")
    save_file(states[1], tmp_path / "checkpoint_GlueStick_MD.safetensors")
    eye, matcher = gluestick_matcher.load(tmp_path)
    assert same(eye, states[0])
    assert same(matcher, states[1])


def refused(folder: Path) -> tuple[str, str]:
    with pytest.raises(InbetweenError) as caught:
        gluestick_matcher.load(folder)
    assert "\n" not in caught.value.message + caught.value.hint
    return caught.value.message, caught.value.hint


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda s: s | {"conv1a.bias": torch.ones(3)}, "1 of another shape (conv1a.bias (3,) for (64,))"),
        (lambda s: s | {"extra": torch.ones(3)}, "1 unknown (extra)"),
        (lambda s: {k: v for k, v in s.items() if k != "convDb.bias"}, "1 missing (convDb.bias)"),
        (lambda s: {"net." + k: v for k, v in s.items()}, "24 missing (conv1a.weight, conv1a.bias, conv1b.weight, …)"),
        (lambda s: s | {"conv1a.bias": "text"}, "conv1a.bias None"),
        (lambda s: {}, "24 missing"),
        (lambda s: {**s, 7: torch.ones(1)}, "1 unknown (7)"),
        (lambda s: list(s.values()), "no weights by name"),
    ],
)
def test_weights_that_do_not_fit_are_refused_by_name(
    change: Callable[[State], object], words: str, states: tuple[State, State], folder: Path, tmp_path: Path
) -> None:
    torch.save(change(states[0]), tmp_path / "superpoint_v1.pth")
    (tmp_path / "checkpoint_GlueStick_MD.tar").symlink_to(folder / "checkpoint_GlueStick_MD.tar")
    message, _ = refused(tmp_path)
    assert "superpoint_v1.pth" in message
    assert words in message


@pytest.mark.parametrize("model", ["none", {"matcher.bin_score": torch.ones(2)}, {"bin_score": torch.tensor(1.0)}])
def test_another_checkpoint_is_refused(model: object, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "superpoint_v1.pth").symlink_to(folder / "superpoint_v1.pth")
    torch.save({"model": model}, tmp_path / "checkpoint_GlueStick_MD.tar")
    message, _ = refused(tmp_path)
    assert "does not fit GlueStick" in message
    assert "missing" in message


@pytest.mark.parametrize(
    "junk", [b"", b"<html>not found</html>", b"PK\x03\x04 cut short", b"\x80\x02", b"\0" * 8 + b"{", bytes(range(256))]
)
def test_what_is_no_weights_is_refused(junk: bytes, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "superpoint_v1.pth").write_bytes(junk)
    (tmp_path / "checkpoint_GlueStick_MD.tar").symlink_to(folder / "checkpoint_GlueStick_MD.tar")
    assert "superpoint_v1.pth is not a file of weights, or is damaged" in refused(tmp_path)[0]


@pytest.mark.parametrize("new_format", [True, False])
def test_a_pickle_that_needs_more_is_not_run(
    new_format: bool, folder: Path, states: tuple[State, State], tmp_path: Path
) -> None:
    (tmp_path / "superpoint_v1.pth").symlink_to(folder / "superpoint_v1.pth")
    path = tmp_path / "checkpoint_GlueStick_MD.tar"
    kept = {"model": states[1], "conf": argparse.Namespace(a=1)}
    torch.save(kept, path, _use_new_zipfile_serialization=new_format)
    message, hint = refused(tmp_path)
    assert "more than weights" in message
    assert "checkpoint_GlueStick_MD.safetensors" in hint


def test_missing_weights_say_where_they_come_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INBETWEEN_WEIGHTS", str(tmp_path))
    with pytest.raises(InbetweenError) as caught:
        store.found("superpoint")
    assert "superpoint_v1.pth" in caught.value.message
    assert str(tmp_path) in caught.value.message
    assert "noncommercial" in caught.value.message
    assert "--weights FOLDER" in caught.value.hint
    assert store.WEIGHTS["superpoint"].page in caught.value.hint


def test_weights_are_looked_for_in_the_usual_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, place in (("INBETWEEN_CACHE", "a"), ("INBETWEEN_WEIGHTS", "b")):
        monkeypatch.setenv(variable, str(tmp_path / place))
        assert store.find("gluestick") is None
        (tmp_path / place).mkdir()
        (tmp_path / place / "checkpoint_GlueStick_MD.tar").touch()
        assert store.find("gluestick") == tmp_path / place / "checkpoint_GlueStick_MD.tar"


def sane(matches: Matches, size: tuple[int, int]) -> None:
    points, lines = len(matches.points_a), len(matches.lines_a)
    assert matches.points_a.shape == matches.points_b.shape == (points, 2)
    assert matches.lines_a.shape == matches.lines_b.shape == (lines, 2, 2)
    assert matches.point_scores.shape == (points,)
    assert matches.line_scores.shape == (lines,)
    for places in (matches.points_a, matches.points_b, matches.lines_a, matches.lines_b):
        assert places.dtype == np.float32
        assert (places > -2).all()
        assert (places < np.array(size[::-1]) + 1).all()
    for scores in (matches.point_scores, matches.line_scores):
        assert ((scores > 0.2) & (scores <= 1.0001)).all()


def test_a_picture_matches_itself_and_twice_the_same(folder: Path) -> None:
    first, second = (gluestick_matcher.match(textured(), textured(), folder) for _ in range(2))
    sane(first, (160, 208))
    assert len(first.points_a) > 20
    assert len(first.lines_a) > 8
    np.testing.assert_array_equal(first.points_a, first.points_b)
    np.testing.assert_array_equal(first.lines_a, first.lines_b)
    for name, value in vars(first).items():
        np.testing.assert_array_equal(value, getattr(second, name))


def test_no_line_of_a_match_ends_crosswise(folder: Path) -> None:
    # Lines are detected with the brighter side on one hand, so those of a negative run the other way.
    matches = gluestick_matcher.match(textured(), 255 - textured(), folder)
    sane(matches, (160, 208))
    assert len(matches.lines_a) > 2
    np.testing.assert_array_equal(paired_ends(matches.lines_a, matches.lines_b), matches.lines_b)


def test_a_large_picture_is_matched_in_its_own_pixels(folder: Path) -> None:
    big = np.concatenate([textured(i)[:100] for i in range(6)], axis=1)
    matches = gluestick_matcher.match(big, big, folder)
    sane(matches, big.shape[:2])
    assert matches.points_a[:, 0].max() > 1024


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((64, 96, 3), np.uint8),
        np.full((64, 96, 4), 255, np.uint8),
        np.full((7, 3000, 3), 9, np.uint8),
        np.zeros((1, 1, 3), np.uint16),
        textured()[:16, :17],
        scene(0).astype(np.uint16) * 257,
    ],
    ids=["black", "white", "slim", "one pixel", "smallest", "16 bits"],
)
def test_pictures_of_every_kind(picture: np.ndarray, folder: Path) -> None:
    sane(gluestick_matcher.match(picture, picture, folder), picture.shape[:2])


def nodes(count: int, lines: int, seed: int = 0) -> Nodes:
    random = torch.Generator().manual_seed(seed)
    places = torch.rand(count, 2, generator=random) * torch.tensor([100.0, 60.0])
    descriptors = torch.nn.functional.normalize(torch.randn(256, count, generator=random), dim=0)
    ends = torch.arange(2 * lines).view(lines, 2)
    return Nodes(places, torch.rand(count, generator=random), descriptors, ends, torch.rand(lines), (60, 100))


@pytest.mark.parametrize(
    "counts", [((0, 0), (9, 2)), ((9, 2), (0, 0)), ((0, 0), (0, 0)), ((9, 0), (7, 3)), ((9, 2), (7, 0))]
)
def test_one_side_without_points_or_lines(counts: tuple[tuple[int, int], tuple[int, int]]) -> None:
    with torch.inference_mode():
        points, lines = GlueStick(2).eval()(nodes(*counts[0]), nodes(*counts[1]))
    for found, which in ((points, 0), (lines, 1)):
        n, m = counts[0][which], counts[1][which]
        assert [tuple(x.shape) for x in (*found.partners, *found.scores)] == [(n,), (m,)] * 2
        assert found.log.shape == (n + 1, m + 1)
        if 0 in (n, m):
            assert all((x == -1).all() for x in found.partners)
            assert all((x == 0).all() for x in found.scores)
