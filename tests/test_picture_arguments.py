"""What is given to Python functions as a picture is converted where that is plain, and else refused in words."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from io import BytesIO
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

import inbetween
from inbetween.picture_arguments import array
from inbetween.python_arguments import LONGEST, shown
from inbetween.types import Report
from support.pictures import scene

A = np.ascontiguousarray(scene(0)[:12, :16])
GREY = A[..., 0]
DEEP = A.astype(np.uint16) * 257
CLEAR = np.dstack([A, np.full(GREY.shape, 90, np.uint8)])


def of(key: object) -> np.ndarray:
    return array(key, "key 1", Report())


@pytest.mark.parametrize(
    ("key", "wanted"),
    [
        (A, A),
        (CLEAR, CLEAR),
        (DEEP, DEEP),
        (DEEP.astype(">u2"), DEEP),
        (A[::-1, ::-1], A[::-1, ::-1]),
        (GREY, np.dstack([GREY] * 3)),
        (GREY[..., None], np.dstack([GREY] * 3)),
        (CLEAR[..., [0, 3]], np.dstack([GREY, GREY, GREY, CLEAR[..., 3]])),
        (GREY > 90, np.dstack([(GREY > 90) * np.uint8(255)] * 3)),
        (np.ma.masked_array(A), A),
        (A.tolist(), A),
        (tuple(map(tuple, GREY.tolist())), np.dstack([GREY] * 3)),
        (torch.from_numpy(A), A),
        (torch.from_numpy(A).permute(2, 0, 1), A),
        (torch.from_numpy(DEEP).permute(2, 0, 1), DEEP),
        (torch.from_numpy(CLEAR).permute(2, 0, 1), CLEAR),
        (torch.from_numpy(GREY.copy())[None], np.dstack([GREY] * 3)),
        (torch.from_numpy(GREY.copy()), np.dstack([GREY] * 3)),
        (Image.fromarray(A), A),
        (Image.fromarray(CLEAR), CLEAR),
        (Image.fromarray(np.ascontiguousarray(GREY)), np.dstack([GREY] * 3)),
    ],
)
def test_what_can_be_meant_in_one_way_is_converted(key: object, wanted: np.ndarray) -> None:
    found = of(key)
    assert found.dtype == wanted.dtype
    assert found.dtype.isnative
    assert np.array_equal(found, wanted)


def test_what_numpy_can_read_is_an_array() -> None:
    class Other:
        def __array__(self, dtype: object = None, copy: object = None) -> np.ndarray:
            return A

    class Elsewhere:
        def __array__(self, dtype: object = None, copy: object = None) -> np.ndarray:
            raise KeyError("on another device")

    assert np.array_equal(of(Other()), A)
    with pytest.raises(inbetween.UsageError, match="Elsewhere: KeyError") as wrong:
        of(Elsewhere())
    assert "array of numpy" in wrong.value.hint


def _itself() -> list[Any]:
    found: list[Any] = []
    found.append(found)
    return found


def _deep() -> list[Any]:
    found: list[Any] = [1]
    for _ in range(3000):
        found = [found]
    return found


REFUSED: list[tuple[Callable[[], object], str]] = [
    (lambda: None, "give a file's name"),
    (lambda: 3, "give a file's name"),
    (lambda: True, "give a file's name"),
    (lambda: object(), "give a file's name"),
    (lambda: np.ndarray, "give a file's name"),
    (lambda: b"\x89PNG", "PIL.Image.open(io.BytesIO(data))"),
    (lambda: BytesIO(b"\x89PNG"), "PIL.Image.open(file)"),
    (lambda: iter([A]), "[*keys]"),
    (lambda: A / 255, "(picture * 255).round().astype('uint8')"),
    (lambda: A / 127.5 - 1, "(picture + 1) * 127.5"),
    (lambda: A.astype(np.float32), "picture.clip(0, 255)"),
    (lambda: np.where(A > 90, np.nan, 1), "nan_to_num"),
    (lambda: np.where(A > 90, np.inf, 1), "nan_to_num"),
    (lambda: A.astype(np.int64), "astype('uint8')"),
    (lambda: A.astype(np.int8), "astype('uint8')"),
    (lambda: A.astype(complex), "uint8 or uint16"),
    (lambda: A.astype(object), "uint8 or uint16"),
    (lambda: A.astype(str), "uint8 or uint16"),
    (lambda: np.zeros((2, 2), "datetime64[s]"), "uint8 or uint16"),
    (lambda: np.zeros((4, 4), [("r", "u1"), ("g", "u1")]), "uint8 or uint16"),
    (lambda: np.ma.masked_equal(A, A[0, 0, 0]), "filled(0)"),
    (lambda: A[:0], "(H, W, 3 or 4)"),
    (lambda: A[0, 0], "(H, W, 3 or 4)"),
    (lambda: np.uint8(3), "(H, W, 3 or 4)"),
    (lambda: np.stack([A, A]), "(H, W, 3 or 4)"),
    (lambda: A.transpose(2, 0, 1), "transpose(1, 2, 0)"),
    (lambda: np.zeros((9, 9, 5), np.uint8), "RGB or RGBA"),
    (lambda: torch.from_numpy(A / 255), "(picture * 255).round().to(torch.uint8)"),
    (lambda: torch.zeros((3, 5, 5), dtype=torch.bfloat16), "to(torch.uint8)"),
    (lambda: torch.zeros((3, 5, 4), dtype=torch.uint8), "channels may be first or last"),
    (lambda: torch.zeros((5, 5, 3), dtype=torch.uint8, device="meta"), "on the CPU"),
    (lambda: torch.zeros((5, 5), dtype=torch.uint8).to_sparse(), "on the CPU"),
    (lambda: [], "give a file's name"),
    (lambda: [[1, 2], [3]], "same lengths"),
    (lambda: [[1, 256]], "whole numbers from 0 to 255"),
    (lambda: [[-1, 2]], "whole numbers from 0 to 255"),
    (lambda: [[0.5, 1]], "whole numbers from 0 to 255"),
    (lambda: [[None, 1]], "whole numbers from 0 to 255"),
    (lambda: [["1", "2"]], "whole numbers from 0 to 255"),
    (lambda: [[True, False]], "whole numbers from 0 to 255"),
    (lambda: [[10**400, 1]], "whole numbers from 0 to 255"),
    (_itself, ""),
    (_deep, ""),
]


@pytest.mark.parametrize("number", range(len(REFUSED)))
def test_all_else_is_refused_with_what_to_write_instead(number: int) -> None:
    make, hint = REFUSED[number]
    with pytest.raises(inbetween.UsageError, match=r"^key 1 is not a picture: ") as wrong:
        of(make())
    assert hint in wrong.value.hint
    assert "\n" not in wrong.value.message
    assert len(wrong.value.message) < 300


@given(
    arrays.arrays(
        st.one_of(arrays.scalar_dtypes(), st.just(np.dtype(object)), arrays.unicode_string_dtypes()),
        arrays.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=5),
    )
)
def test_any_array_is_a_picture_or_refused(given: np.ndarray) -> None:
    try:
        found = of(given)
    except inbetween.UsageError:
        return
    assert found.ndim == 3
    assert found.shape[:2] == given.shape[:2]
    assert found.shape[2] in (3, 4)
    assert found.dtype in (np.uint8, np.uint16)


_ANYTHING = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=9),
        st.characters(categories=["Cs"]),
        st.binary(max_size=3),
        st.fractions(),
        st.decimals(),
        st.complex_numbers(),
        st.sampled_from([10**400, Fraction(10**400), Decimal("1e999"), np.True_, np.array([3, 4])]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.tuples(inner, inner), st.dictionaries(st.text(), inner)),
    max_leaves=5,
)
_NAMES = [
    "start",
    "end",
    "frames",
    "fps",
    "duration",
    "at",
    "easing",
    "loop",
    "ping_pong",
    "size",
    "fit",
    "keyframes",
    "if_unrelated",
    "force",
    "drag",
    "motion",
    "seed",
    "device",
    "threads",
    "weights",
    "memory",
    "max_vram",
    "commercial_only",
    "engine",
    "report",
    "progress",
    "quality",
    "sampling",
]


@given(st.sampled_from(_NAMES), _ANYTHING)
def test_no_argument_leaks_another_error(name: str, value: object) -> None:
    problem = inbetween.InbetweenError("", "")
    try:
        inbetween.interpolate(**{"start": A, "end": A, name: value}).close()
    except inbetween.InbetweenError as wrong:
        problem = wrong
    assert len(problem.message) < 500


@given(st.sampled_from(["factor", "speed", "since", "input_fps", "cuts", "protect", "overwrite", "clip"]), _ANYTHING)
def test_no_argument_of_slow_motion_leaks_another_error(name: str, value: object) -> None:
    with pytest.raises(inbetween.InbetweenError):
        inbetween.slowmo(**{"clip": "/there is none.mp4", "out": "/nowhere/o.mp4", "factor": 2, name: value})


@pytest.mark.parametrize("value", [True, False, 1.5, 2.0, "3", -1, None, [3], 10**30, float("nan"), np.True_, 3 + 0j])
def test_frames_are_a_whole_number(value: object) -> None:
    if value is None:
        assert sum(1 for _ in inbetween.interpolate(A, A)) == 25
        return
    with pytest.raises(inbetween.UsageError, match="frames") as wrong:
        inbetween.interpolate(A, A, value)  # type: ignore[arg-type]
    assert "frames" in wrong.value.message
    assert wrong.value.hint


@pytest.mark.parametrize("three", [3, np.int64(3), np.uint8(3), np.array(3), torch.tensor(3)], ids=str)
def test_whole_numbers_of_all_libraries_are_accepted(three: Any) -> None:
    assert sum(1 for _ in inbetween.interpolate(A, A, three, seed=three, fps=Decimal("12.5"))) == 5


@pytest.mark.parametrize("name", ["report", "progress", "overwrite"])
def test_what_hears_of_the_work_has_to_be_able_to(name: str) -> None:
    arguments: dict[str, Any] = {name: "x"}
    with pytest.raises(inbetween.UsageError, match=f"`{name}` cannot be 'x'"):
        inbetween.slowmo("c.mp4", "o.mp4", factor=2, **arguments)


def test_many_keys_may_be_one_array() -> None:
    batch = np.stack([A, scene(1)[:12, :16], A])
    wanted = list(inbetween.interpolate([*batch], frames=1))
    for keys in (batch, torch.from_numpy(batch), torch.from_numpy(batch).permute(0, 3, 1, 2)):
        made = inbetween.interpolate(keys, frames=1)
        assert all(np.array_equal(a, b) for a, b in zip(made, wanted, strict=True))


def test_lists_of_numbers_are_one_key_or_many() -> None:
    wanted = list(inbetween.interpolate(A, A[::-1], 1))
    one, other = A.tolist(), A[::-1].tolist()
    for made in (inbetween.interpolate(one, other, 1), inbetween.interpolate([one, other], frames=1)):
        assert all(np.array_equal(a, b) for a, b in zip(made, wanted, strict=True))
    with pytest.raises(inbetween.UsageError, match="given as a list and as `end`"):
        inbetween.interpolate([A, A], A)
    with pytest.raises(inbetween.UsageError, match="not 1") as wrong:
        inbetween.interpolate(iter([A, A]))  # type: ignore[arg-type]
    assert "[*keys]" in wrong.value.hint


@pytest.mark.parametrize("engine", ["flow", "blend"])
@pytest.mark.parametrize("keyframes", ["own", "generated"])
def test_results_share_no_memory_with_arguments_or_each_other(engine: str, keyframes: str) -> None:
    tensor = torch.from_numpy(scene(1)[:12, :16].copy())
    keys = [A.copy(), tensor, A.copy()]
    held = [keys[0], tensor.numpy(), keys[2]]
    before = [one.copy() for one in held]
    made = list(inbetween.interpolate(keys, frames=1, engine=engine, keyframes=keyframes, loop=True))
    for number, frame in enumerate(made):
        assert frame.flags.writeable
        assert not any(np.shares_memory(frame, one) for one in [*held, *made[:number]])
        frame[:] = 7
    assert all(np.array_equal(one, was) for one, was in zip(held, before, strict=True))


@given(_ANYTHING)
def test_any_value_is_shown_in_one_short_line(value: object) -> None:
    assert len(shown(value)) <= LONGEST
    assert "\n" not in shown(value)


@pytest.mark.parametrize("name", ["frames", "fps", "duration", "size", "seed", "max_vram", "quality"])
def test_numbers_of_more_digits_than_python_writes_are_refused(name: str) -> None:
    arguments: dict[str, Any] = {name: (10**5000, 3) if name == "size" else 10**5000}
    with pytest.raises(inbetween.UsageError, match=name):
        inbetween.interpolate(A, A, **arguments)


def test_a_value_whose_text_fails_is_shown_by_its_class() -> None:
    class Broken:
        def __repr__(self) -> str:
            raise RuntimeError

    assert "Broken" in shown(Broken())


def test_arrays_need_no_torch() -> None:
    script = (
        "import sys, numpy, inbetween\n"
        "a = numpy.zeros((9, 9), numpy.uint8)\n"
        "assert len(list(inbetween.interpolate(a, a.tolist(), 1))) == 3\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
