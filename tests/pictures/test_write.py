"""Pictures written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from inbetween import pictures
from inbetween.errors import UnknownName
from support.containers import written
from support.pictures import noise
from support.reading import read
from support.reports import Heard

DEPTHS = (np.uint8, np.uint16)


@pytest.mark.parametrize("suffix", [".png", ".PNG", ".tif", ".tiff"])
@pytest.mark.parametrize("dtype", DEPTHS)
@pytest.mark.parametrize("channels", [3, 4])
def test_png_and_tiff_keep_every_value(tmp_path: Path, channels: int, dtype: Any, suffix: str) -> None:
    for size in ((1, 1), (37, 53), (300, 400)):
        picture = noise(*size, channels, dtype)
        data = pictures.encode(picture, suffix)
        assert data == pictures.encode(picture.copy(), suffix)
        path = written(tmp_path / f"a{suffix}", data)
        notes = Heard()
        assert np.array_equal(read(path, notes), picture)
        assert notes.codes == []
        # And so say others.
        by_opencv = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
        if dtype == np.uint16 or suffix.lower() == ".png":
            assert np.array_equal(by_opencv[..., [2, 1, 0, 3][:channels]], picture)
        with Image.open(path) as image:
            if dtype == np.uint8:
                assert np.array_equal(np.asarray(image), picture)
            if "tif" in suffix:
                assert image.tag_v2.get(338) == ((2,) if channels == 4 else None)
            else:
                assert image.info["srgb"] == 0


@pytest.mark.parametrize(("channels", "dtype"), [(3, np.uint8), (4, np.uint16)])
def test_a_large_png_is_packed_in_parts(channels: int, dtype: Any) -> None:
    """More than is filtered at a time; other decoders must find no seam."""
    picture = noise(1100, 1700, channels, dtype)
    data = pictures.encode(picture, ".png")
    assert data.count(b"IDAT") > 1
    found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(found[..., [2, 1, 0, 3][:channels]], picture)


def test_a_view_of_a_picture_is_written_as_it_looks(tmp_path: Path) -> None:
    view = noise(30, 40, 4, np.uint16)[::-1, 5:25, :3]
    for suffix in (".png", ".tif"):
        assert np.array_equal(read(written(tmp_path / f"a{suffix}", pictures.encode(view, suffix))), view)


@pytest.mark.parametrize("suffix", [".jpg", ".jpeg"])
def test_jpeg_is_good_and_without_chroma_subsampling(tmp_path: Path, suffix: str) -> None:
    smooth = cv2.resize(noise(6, 8, 4), (64, 48), interpolation=cv2.INTER_CUBIC)
    for picture in (smooth[..., :3], smooth, smooth.astype(np.uint16) * 257):
        path = written(tmp_path / f"a{suffix}", pictures.encode(picture, suffix))
        expected = pictures.to_8_bit(pictures.flattened(picture))
        assert np.abs(read(path).astype(int) - expected).mean() < 2
        with Image.open(path) as image:
            # One sampling factor for all three components.
            assert {layer[1:3] for layer in image.layer} == {(1, 1)}


def test_other_suffixes_are_refused() -> None:
    assert pictures.WRITABLE == (".png", ".tif", ".tiff", ".jpg", ".jpeg")
    with pytest.raises(UnknownName, match=r"\.jpge"):
        pictures.encode(noise(2, 2, 3), ".jpge")
