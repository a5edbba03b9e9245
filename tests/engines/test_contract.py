"""What every engine keeps."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from inbetween import engines
from inbetween.types import Gap
from support.engines import AT_ONCE, MIDDLE, make
from support.pictures import psnr, scene, sixteen, with_alpha


@pytest.mark.parametrize("name", AT_ONCE)
@pytest.mark.parametrize("change", [lambda p: p, sixteen, with_alpha], ids=["8-bit", "16-bit", "alpha"])
def test_contract(name: str, change) -> None:
    """Right count, size and kind; keys untouched; the same bytes again and at any number of threads."""
    start, end = change(scene(0)), change(scene(1))
    before = start.copy(), end.copy()
    gaps = [Gap(start, end, MIDDLE), Gap(end, start, (0.5,))]
    made = make(name, *gaps)
    assert [p.shape for p in made] == [start.shape] * 4
    assert {p.dtype for p in made} == {start.dtype}
    for again in (make(name, *gaps), make(name, *gaps, threads=2)):
        assert all(np.array_equal(a, b) for a, b in zip(made, again, strict=True))
    assert np.array_equal(start, before[0])
    assert np.array_equal(end, before[1])


@pytest.mark.parametrize("name", engines.NAMES)
def test_record_is_complete(name: str) -> None:
    engine = engines.get(name)
    assert engine.name == name
    assert engine.licence
    assert all(field.metadata["help"] for field in dataclasses.fields(engine.Options))


@pytest.mark.parametrize("name", AT_ONCE)
def test_times_0_and_1_are_nearly_the_keys(name: str) -> None:
    start, end = make(name, Gap(scene(0), scene(1), (0.0, 1.0)))
    assert psnr(start, scene(0)) > 38
    assert psnr(end, scene(1)) > 38


@pytest.mark.parametrize("name", AT_ONCE)
def test_equal_keys_stay_as_they_are(name: str) -> None:
    for picture in make(name, Gap(scene(0), scene(0), MIDDLE)):
        assert np.abs(picture.astype(int) - scene(0)).max() <= 1


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (11, 11), (8, 400), (40, 12), (97, 63)])
@pytest.mark.parametrize("name", AT_ONCE)
def test_any_size_is_made(name: str, size: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    start, end = (rng.integers(0, 256, (*size, 3), np.uint8) for _ in range(2))
    assert [p.shape for p in make(name, Gap(start, end, MIDDLE))] == [(*size, 3)] * 3
