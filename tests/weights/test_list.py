"""What is said of weights."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path

import pytest

from inbetween import engines
from inbetween.engines.shapes import tensor_shapes
from inbetween.errors import UnknownName
from inbetween.weights import check, store
from inbetween.weights.table import WEIGHTS
from support.tiny_hub import published
from support.tiny_weights import NAMES, PAGE


def test_list_says_what_is_here_and_what_may_be_sold(models, home) -> None:
    published(home / "tiny", NAMES[0])
    ran = models()
    assert ran.code == 0
    rows = {line.split()[0]: line.split() for line in ran.out.splitlines() if line.strip()}
    assert rows["tiny"][1:] == ["unknown", "yes", "part", "MIT"]
    assert rows["hand"][1:] == ["unknown", "unknown", "no", "none", "stated"]
    assert rows["svd-xt-1.1"][1] == "fcvg"
    found = json.loads(models("list", "--commercial", "--json").out)["weights"]
    listed = {weights["name"]: weights for weights in found}
    assert {weights["commercial"] for weights in listed.values()} == {True}
    assert listed["tiny"]["installed"] == "part"


def test_show_says_everything(models, home) -> None:
    before = models("show", "tiny").out
    for said in (PAGE, "MIT", *NAMES, "SHA-256 unknown", "inbetween models pull tiny", "not here"):
        assert said in before
    assert f"inbetween models install hand PATH --weights {home}" in models("show", "hand", "--weights", home).out
    published(home / "tiny", *NAMES)
    after = models("show", "tiny").out
    assert str(home / "tiny" / NAMES[1]) in after
    assert "models pull" not in after


def test_path_fails_with_the_command_that_helps(models, home) -> None:
    problem, hint = models("path", "tiny").problem
    assert "config.json" in problem
    assert "licence: MIT" in problem
    assert "inbetween models pull tiny" in hint


@pytest.mark.parametrize("word", ["show", "pull", "verify", "path", "remove"])
def test_an_unknown_name_offers_the_nearest(models, word) -> None:
    ran = models(word, "tinny")
    assert ran.code == 2
    assert ran.problem == ("there is no set of weights called `tinny`", "did you mean `tiny`?")


def test_the_table_says_no_more_than_is_known() -> None:
    for name, weights in WEIGHTS.items():
        assert weights.licence
        assert weights.page.startswith("https://")
        for part in weights.parts.values():
            *_, key = part.config.split(":")
            assert not part.config or key in WEIGHTS[part.config.split(":")[0] if ":" in part.config else name].parts
            for one in part.files:
                for file in store.files_of(one, Path(one.name)).values():
                    assert file.sha256 is None or check.HASH.fullmatch(file.sha256)
    with pytest.raises(UnknownName):
        store.get("nothing")


def test_engines_know_the_shapes_of_what_they_need() -> None:
    known = {place: function for engine in map(engines.get, engines.NAMES) for place, function in engine.shapes.items()}
    for place, function in known.items():
        name, _, part = place.partition(":")
        assert part in WEIGHTS[name].parts
        assert callable(tensor_shapes(name)[part])
        module, _, called = function.partition(":")
        assert callable(getattr(import_module(module), called))
    configured = {f"{name}:{key}" for name, one in WEIGHTS.items() for key, part in one.parts.items() if part.config}
    assert configured <= known.keys()
