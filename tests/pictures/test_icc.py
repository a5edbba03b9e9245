"""Colour profiles and CMYK."""

from __future__ import annotations

import itertools
import struct
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageChops

from support.containers import chunk, png_of, png_profile, saved, tiff_of, written
from support.icc import (
    ADOBE,
    P3,
    SRGB,
    decoded,
    encoded,
    formula_curve,
    gamma_curve,
    matrix_profile,
    profile,
    table_curve,
    table_profile,
)
from support.pictures import noise
from support.reading import read
from support.reports import Heard, Note

DEPTHS = (np.uint8, np.uint16)


CURVES = {
    "gamma": (gamma_curve(563 / 256), lambda code: code ** (563 / 256)),
    "linear": (struct.pack(">4s4xI", b"curv", 0), lambda code: code),
    "table": (table_curve(np.linspace(0, 1, 1024) ** 1.8), lambda code: code**1.8),
    "formula 0": (formula_curve(0, 1.8), lambda code: code**1.8),
    "formula 1": (formula_curve(1, 2, 1.25, -0.25), lambda code: np.clip(1.25 * code - 0.25, 0, 1) ** 2),
    "formula 3": (formula_curve(3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045), decoded),
    "formula 2": (formula_curve(2, 2, 0.9, -0.18, 0), lambda code: np.clip(0.9 * code - 0.18, 0, 1) ** 2),
    "formula 4": (
        formula_curve(4, 2, 0.9, 0.05, 0.5, 0.1, 0.05, 0),
        lambda code: np.where(code >= 0.1, (0.9 * code + 0.05) ** 2 + 0.05, 0.5 * code),
    ),
}


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize("matrix", [ADOBE, P3], ids=["adobe", "p3"])
def test_profiles_of_matrix_and_curves(tmp_path: Path, matrix: np.ndarray, curve: str, channels: int) -> None:
    tag, to_light = CURVES[curve]
    data = matrix_profile(matrix, tag, name="A Wide  Space")
    eight = noise(48, 64, channels)
    eight[:16, :, :3] //= 5
    light = to_light(eight[..., :3] / 255) @ (np.linalg.inv(SRGB) @ matrix).T
    expected = encoded(light)
    results = []
    for array, name in ((eight, "8.png"), (eight.astype(np.uint16) * 257, "16.png")):
        notes = Heard()
        path = written(tmp_path / name, png_of(array, png_profile(data)))
        picture = read(path, notes)
        assert picture.dtype == array.dtype
        assert np.array_equal(picture[..., 3:], array[..., 3:])
        text = f"{name}: colours brought from A Wide Space to sRGB"
        assert notes.notes == [Note("icc", text, facts={"file": str(path), "profile": "A Wide Space", "exact": True})]
        results.append(picture[..., :3] / np.iinfo(array.dtype).max)
    # Pillow's 8-bit tables are less exact in deep shadows, where linear light is all but constant.
    assert np.abs(results[0] - expected).max() < (3 if curve == "linear" else 1.6) / 255
    assert np.abs(results[1] - expected).max() < 0.25 / 255
    assert np.abs(results[0] - eight[..., :3] / 255).max() > 5 / 255


def test_profile_in_every_format(tmp_path: Path) -> None:
    flat = np.full((16, 16, 3), (200, 120, 40), np.uint8)
    data = matrix_profile(ADOBE, gamma_curve(563 / 256))
    expected = 255 * encoded((flat[0, 0] / 255) ** (563 / 256) @ (np.linalg.inv(SRGB) @ ADOBE).T)
    for name, words in (
        ("a.png", {}),
        ("a.jpg", {"quality": 100, "subsampling": 0}),
        ("a.webp", {"lossless": True}),
        ("a.tif", {}),
    ):
        picture = read(saved(tmp_path / name, Image.fromarray(flat), icc_profile=data, **words))
        assert np.abs(picture - expected).max() < 2.5, name


@pytest.mark.parametrize(
    "tag",
    [table_curve(0.02 + 0.98 * np.linspace(0, 1, 1024) ** 2), formula_curve(2, 2, 0.95, 0.04, 0.02)],
    ids=["table", "formula"],
)
def test_black_point_compensation_at_16_bits(tmp_path: Path, tag: bytes) -> None:
    # The profile's black is 2 % grey light; it must become 0, and white stay white.
    ramp = np.arange(0, 256, 5, dtype=np.uint8).reshape(1, -1, 1).repeat(3, axis=2)
    data = png_profile(matrix_profile(SRGB, tag))
    eight = read(written(tmp_path / "8.png", png_of(ramp, data)))
    sixteen = read(written(tmp_path / "16.png", png_of(ramp.astype(np.uint16) * 257, data)))
    assert sixteen[0, 0].max() <= 64
    assert sixteen[0, -1].min() >= 65535 - 64
    assert np.abs(eight - sixteen / 257).max() <= 1.5


@pytest.mark.parametrize("dtype", DEPTHS)
def test_srgb_profiles_change_nothing(tmp_path: Path, dtype: Any) -> None:
    array = noise(8, 8, 3, dtype)
    named = matrix_profile(SRGB, CURVES["formula 3"][0], name="Monitor 7")
    tables = matrix_profile(SRGB, table_curve(decoded(np.linspace(0, 1, 4096))), name="sRGB IEC61966-2.1")
    for data in (named, tables):
        notes = Heard()
        assert np.array_equal(read(written(tmp_path / "a.png", png_of(array, png_profile(data))), notes), array)
        assert notes.codes == []
    # The name alone is not believed.
    liar = png_profile(matrix_profile(P3, CURVES["formula 3"][0], name="sRGB"))
    assert not np.array_equal(read(written(tmp_path / "a.png", png_of(array, liar))), array)


@pytest.mark.parametrize("dtype", DEPTHS)
def test_grey_profiles(tmp_path: Path, dtype: Any) -> None:
    top = int(np.iinfo(dtype).max)
    ramp = (np.arange(256) * (top // 255)).astype(dtype).reshape(1, -1, 1)
    both = np.concatenate([ramp, ramp[:, ::-1]], axis=2)
    steep = profile(b"GRAY", {b"kTRC": gamma_curve(3)})
    lightness = profile(b"GRAY", {b"kTRC": gamma_curve(1)}, pcs=b"Lab ")
    codes = np.arange(256) / 255
    lab = np.where(codes > 0.08, ((codes + 0.16) / 1.16) ** 3, codes / 9.033)
    for data, light in ((steep, codes**3), (lightness, lab)):
        for array in (ramp, both):
            notes = Heard()
            picture = read(written(tmp_path / "a.png", png_of(array, png_profile(data))), notes)
            assert notes.codes == ["icc"]
            assert np.abs(picture[0, :, 0] / top - encoded(light)).max() <= 0.51 / top
            assert np.ptp(picture[..., :3], axis=2).max() == 0
            assert np.array_equal(picture[..., 3:], array[..., 1:])
    same = png_profile(profile(b"GRAY", {b"kTRC": CURVES["formula 3"][0]}))
    notes = Heard()
    assert np.array_equal(read(written(tmp_path / "a.png", png_of(ramp, same)), notes), ramp.repeat(3, axis=2))
    assert notes.codes == []


def test_profiles_of_tables_at_16_bits_say_that_they_are_less_exact(tmp_path: Path) -> None:
    grid = [(int(np.mean(corner) * 255), 128, 128) for corner in itertools.product((0, 1), repeat=3)]
    data = png_profile(table_profile(b"RGB ", grid))
    eight = noise(16, 16, 3)
    notes = Heard()
    shallow = read(written(tmp_path / "8.png", png_of(eight, data)), notes)
    deep = read(written(tmp_path / "16.png", png_of(eight.astype(np.uint16) * 257, data)), notes)
    assert np.array_equal(deep, shallow.astype(np.uint16) * 257)
    assert np.ptp(shallow.astype(int), axis=2).max() <= 1
    assert [note.facts["exact"] for note in notes.notes] == [True, False]
    assert "at 8 bits" in notes.notes[1].text


@pytest.mark.parametrize("dtype", DEPTHS)
def test_profiles_that_cannot_be_used_are_ignored_and_noted(tmp_path: Path, dtype: Any) -> None:
    array = noise(4, 4, 3, dtype)
    whole = matrix_profile(ADOBE, gamma_curve(2.2))
    chunks = {
        "is broken": png_profile(b"nonsense" * 40),
        "broken": png_profile(whole[:150]),
        "is broken;": chunk(b"iCCP", b"x\0\0not deflated"),
        "is for GRAY": png_profile(profile(b"GRAY", {b"kTRC": gamma_curve(2)})),
        "is for CMYK": png_profile(table_profile(b"CMYK", [(0, 128, 128)] * 16)),
    }
    for reason, data in chunks.items():
        notes = Heard()
        assert np.array_equal(read(written(tmp_path / "a.png", png_of(array, data)), notes), array)
        assert notes.codes == ["icc-ignored"]
        assert reason in notes.notes[0].text
    bad_curve = {b"rTRC": b"junk" * 4, b"gTRC": formula_curve(1, 2, 0, 1), b"bTRC": formula_curve(0, -3)}
    for name, curve in bad_curve.items():
        notes = Heard()
        grey = profile(b"GRAY", {b"kTRC": curve}, name=name.decode())
        read(written(tmp_path / "a.png", png_of(array[..., :1], png_profile(grey))), notes)
        assert notes.codes == ["icc-ignored"]


@pytest.mark.parametrize(
    "curve",
    [
        formula_curve(4, 40, 10_000, 0, 0, 0.5, 0, 0),
        formula_curve(4, 9.4, 10_000, 0, 0, 0.5, 0, 0),
        formula_curve(0, -3),
    ],
    ids=["beyond float32", "near its end", "infinite"],
)
def test_profiles_of_absurd_numbers_give_no_warnings(tmp_path: Path, curve: bytes) -> None:
    path = written(tmp_path / "a.png", png_of(noise(4, 4, 3, np.uint16), png_profile(matrix_profile(ADOBE, curve))))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read(path)


def red_ink(size: tuple[int, int] = (16, 16)) -> Image.Image:
    return Image.new("CMYK", size, (0, 255, 255, 0))


def test_cmyk_without_a_profile(tmp_path: Path) -> None:
    inks = Image.frombytes("CMYK", (9, 7), noise(7, 9, 4).tobytes())
    notes = Heard()
    path = saved(tmp_path / "a.tif", inks)
    assert np.array_equal(read(path, notes), np.asarray(inks.convert("RGB")))
    assert notes.codes == ["cmyk"]
    deep = np.asarray(inks).astype(np.uint16) * 257
    assert np.array_equal(read(written(tmp_path / "b.tif", tiff_of(deep, photometric=5))), read(path))
    # As Adobe writes it, inverted.
    adobe = saved(tmp_path / "a.jpg", red_ink(), quality=100)
    assert read(adobe)[3, 3].tolist() == [255, 0, 0]
    # Without Adobe's mark it is not inverted. Pillow inverts in writing: two negatives make a plain file.
    data = saved(tmp_path / "b.jpg", ImageChops.invert(red_ink()), quality=100).read_bytes()
    mark = data.index(b"\xff\xee")
    length = 2 + struct.unpack(">H", data[mark + 2 : mark + 4])[0]
    plain = written(tmp_path / "c.jpg", data[:mark] + data[mark + length :])
    assert read(plain)[3, 3].tolist() == [255, 0, 0]


def test_cmyk_by_its_profile(tmp_path: Path) -> None:
    # Any single colour is a grey of 2/3 lightness, black ink is black.
    grid = [
        (0 if k else round(255 * (1 - (c + m + y) / 3)), 128, 128) for c, m, y, k in itertools.product((0, 1), repeat=4)
    ]
    data = table_profile(b"CMYK", grid)
    inks = Image.new("CMYK", (32, 8))
    for x, ink in enumerate([(0, 0, 0, 0), (255, 0, 0, 0), (0, 255, 255, 0), (0, 0, 0, 255)]):
        inks.paste(ink, (8 * x, 0, 8 * x + 8, 8))
    # L* of 100, 66.7, 33.3 and 0 as sRGB.
    expected = np.array([255, 162, 78, 0])
    for name, words in (("a.tif", {}), ("a.jpg", {"quality": 100})):
        notes = Heard()
        picture = read(saved(tmp_path / name, inks, icc_profile=data, **words), notes)
        assert np.abs(picture[4, 4::8].astype(int) - expected[:, None]).max() <= 2
        assert notes.codes == ["icc"]
