"""Names of inputs as users write them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbetween.errors import InbetweenError, UsageError
from inbetween.file_names import all_of, by_number, local, with_percent


@given(st.lists(st.integers(0, 10**6), unique=True))
def test_names_are_in_the_order_of_their_numbers(numbers: list[int]) -> None:
    names = sorted((f"shot2_f{number}.png" for number in numbers), key=by_number)
    assert names == [f"shot2_f{number}.png" for number in sorted(numbers)]


@given(st.integers(2, 99), st.from_regex(r"[a-z_.]{0,8}", fullmatch=True))
def test_hashes_are_the_places_of_digits(count: int, rest: str) -> None:
    assert with_percent(f"{rest}{'#' * count}.png") == f"{rest}%0{count}d.png"


@pytest.mark.parametrize("name", ["a#1.png", "f_%05d_##.png", "plain.png"])
def test_other_names_are_left_alone(name: str) -> None:
    assert with_percent(name) == name


@given(st.text())
def test_addresses_are_paths_or_refused(text: str) -> None:
    for name in (text, f"file://{text}", f"https://{text}"):
        try:
            local(name)
        except UsageError as refused:
            assert "://" in refused.message  # noqa: PT017


def test_an_address_of_this_machine_is_a_path(tmp_path: Path) -> None:
    path = tmp_path / "a picture.png"
    assert local(path.as_uri()) == str(path)
    assert local("C:\\a.png") == "C:\\a.png"
    for name in ("http://a.org/b.png", "rtsp://a/b", "file://server/a.png", "file://"):
        with pytest.raises(UsageError):
            local(name)


def test_patterns_are_expanded_here_and_not_by_a_shell(tmp_path: Path) -> None:
    for number in (1, 2, 10):
        (tmp_path / f"k_{number}.png").touch()
    wanted = [str(tmp_path / f"k_{number}.png") for number in (1, 2, 10)]
    for name in ("", "k_*.png", "k_%d.png", "k_####.png"):
        assert all_of([str(tmp_path / name)]) == wanted
    with pytest.raises(InbetweenError, match="no pictures"):
        all_of([str(tmp_path / "*.tif")])
