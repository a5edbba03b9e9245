"""Reports that pass on to others."""

from __future__ import annotations

import json

import numpy as np
import pytest

from inbetween.report import AsDetail, Collect, Forward, Once
from support.reports import Heard, Note


@pytest.mark.parametrize("kind", [Forward, AsDetail, Collect, Once])
def test_everything_is_passed_on(kind: type[Forward]) -> None:
    heard = Heard()
    report = kind(heard)
    report.progress("stage", 1, 2)
    report.note("code", "text", number=3)
    report.preview(1, lambda: np.ones((1, 2, 2, 3), np.uint8))
    assert heard.steps == [("stage", 1, 2)]
    assert heard.notes == [Note("code", "text", kind is AsDetail, {"number": 3})]
    assert len(heard.previews) == 1


def test_what_was_noted_once_is_recalled_from_a_journal() -> None:
    """With its facts, as a detail where it was one, and not twice."""
    first, heard = Once(Heard()), Heard()
    first.note("a", "text", number=3)
    first.note("b", "text", detail=True)
    second = Once(heard)
    second.note("a", "text", number=3)
    second.recall(json.loads(json.dumps(first.remember())))
    assert heard.notes == [Note("a", "text", False, {"number": 3}), Note("b", "text", True, {})]
    assert json.dumps(second.remember()) == json.dumps(first.remember())
