"""Weights that are removed."""

from __future__ import annotations

from inbetween.types import Report
from inbetween.weights import install
from support.tiny_hub import PULLED, published, there
from support.tiny_weights import NAMES


def test_remove_takes_what_is_ours(models, home) -> None:
    assert models("pull", "tiny").code == 0
    (home / "tiny" / "notes.txt").write_text("mine")
    refused = models("remove", "tiny")
    assert "--yes" in refused.problem[1]
    assert there(home) == PULLED | {"tiny/notes.txt"}
    ran = models("remove", "tiny", "--yes")
    assert ran.code == 0, ran.err
    assert there(home) == {"tiny/notes.txt"}
    assert not (home / "tiny" / "net").exists()
    assert "no files of tiny" in models("remove", "tiny", "--yes").problem[0]


def test_a_file_in_the_folders_place_is_said(models, tmp_path) -> None:
    (tmp_path / "file").write_text("a")
    problem, hint = models("pull", "tiny", "--weights", tmp_path / "file").problem
    assert "cannot be written" in problem
    assert "--weights" in hint


def test_remove_leaves_what_a_link_leads_to(tiny, home, tmp_path) -> None:
    given = published(tmp_path / "given", *NAMES)
    home.mkdir()
    (home / "tiny").symlink_to(given)
    install.remove("tiny", home, Report())
    assert not (home / "tiny").exists()
    assert there(given) == set(NAMES)
