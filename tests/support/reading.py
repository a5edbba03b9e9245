"""Pictures read, with what must hold of each."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from inbetween import pictures
from inbetween.errors import InbetweenError
from inbetween.types import Report
from support.containers import saved, sixteen_bit_png, tiff_of
from support.pictures import noise


def refused(path: Path, force: bool = False) -> InbetweenError:
    """The error that both `header` and `read` end with; checked to be one line each, with the file's name."""
    with pytest.raises(InbetweenError) as of_header:
        pictures.header(path, force)
    with pytest.raises(InbetweenError) as of_read:
        pictures.read(path, force=force)
    error = of_read.value
    assert (error.message, error.hint) == (of_header.value.message, of_header.value.hint)
    assert path.name in error.message
    assert "\n" not in error.message + error.hint
    assert error.hint
    return error


def read(path: Path, report: Report | None = None) -> np.ndarray:
    """`pictures.read`, checked against `pictures.header`."""
    header = pictures.header(path)
    picture = pictures.read(path, report)
    assert picture.shape == (*header.size, header.channels)
    assert picture.dtype == np.dtype(f"uint{header.bits}")
    assert picture.flags.c_contiguous
    return picture


def every_kind(folder: Path) -> dict[str, bytes]:
    picture = Image.fromarray(noise(40, 50, 3))
    kinds = {
        "a.png": {},
        "b.jpg": {},
        "c.jpg": {"progressive": True},
        "d.webp": {},
        "e.webp": {"lossless": True},
        "f.tif": {},
        "g.tif": {"compression": "tiff_lzw"},
        "h.tif": {"compression": "tiff_deflate"},
        "i.bmp": {},
    }
    files = {name: saved(folder / name, picture, **words).read_bytes() for name, words in kinds.items()}
    deep = noise(40, 50, 3, np.uint16)
    return files | {
        "j.png": sixteen_bit_png(deep),
        "k.tif": tiff_of(deep),
        "l.tif": pictures.encode(deep, ".tif"),
        "m.tif": cv2.imencode(".tif", deep)[1].tobytes(),
    }
