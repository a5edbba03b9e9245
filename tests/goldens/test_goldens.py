"""Every recorded case against the check of its family and kind."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from goldens.cases import Case, found, roots
from goldens.registry import CHECKS

PENDING = {
    ("amt", "*"),
    ("dynamicrafter", "*"),
    ("film", "*"),
    ("flavr", "*"),
    ("framer", "controlnet"),
    ("framer", "pipeline"),
    ("framer", "tracking"),
    ("framer", "unet"),
    ("ldmvfi", "*"),
    ("ltx", "*"),
    ("rife", "*"),
    ("samplers", "*"),
    ("wan", "*"),
}
"""(family, kind) of what the code does not have yet; a family's `*` stands for its kinds that have no check."""


@pytest.mark.parametrize("case", [case for root in roots() for case in found(root)], ids=lambda case: case.name)
def test_recorded_case(case: Case, record_property: Callable[[str, object], None]) -> None:
    record_property("golden", f"{case.family}/{case.kind}")
    check = CHECKS.get((case.family, case.kind))
    if check is None and {(case.family, case.kind), (case.family, "*")} & PENDING:
        pytest.skip(f"pending: {case.family}/{case.kind}")
    assert check is not None, f"no check of {case.family}/{case.kind}, and it is not among what is pending"
    check(case.words, case.arrays())


def test_what_is_pending_has_no_check() -> None:
    assert not PENDING & CHECKS.keys()


def test_cases_are_found_at_any_depth(tmp_path: Path) -> None:
    for place, words in {"one/named": {"kind": "a"}, "one/b/unnamed": {}, "two/deep/down/c": {"kind": "d"}}.items():
        folder = tmp_path / place
        folder.mkdir(parents=True)
        (folder / "case.json").write_text(json.dumps(words), "utf-8")
        np.savez(folder / "any.npz", x=np.arange(3))
    cases = found(tmp_path)
    assert [(case.family, case.kind) for case in cases] == [("one", "b"), ("one", "a"), ("two", "d")]
    assert [list(case.arrays()["x"]) for case in cases] == [[0, 1, 2]] * 3


def test_several_folders_may_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        folder.mkdir()
    monkeypatch.setenv("INBETWEEN_GOLDENS", os.pathsep.join(map(str, folders)))
    assert roots() == folders


@pytest.mark.parametrize(
    ("name", "message"), [("goldens", "needs whole paths"), ("", "needs whole paths"), ("none", "does not exist")]
)
def test_folders_that_cannot_be_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, message: str
) -> None:
    folder = str(tmp_path / name) if name == "none" else name
    monkeypatch.setenv("INBETWEEN_GOLDENS", os.pathsep.join([str(tmp_path), folder]))
    with pytest.raises(pytest.UsageError, match=message):
        roots()
