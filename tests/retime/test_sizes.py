"""Films of another size."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from inbetween.errors import InbetweenError, UsageError
from inbetween.pictures import fit
from inbetween.types import Report
from inbetween.video.clip import Clip
from inbetween.video.probe import probe
from support.films import shown
from support.pictures import load, moving
from support.reports import Heard
from support.slow import slow


def test_a_film_of_another_size(clip: Clip, tmp_path: Path) -> None:
    path, notes = clip(moving(3)), Heard()
    slow(path, tmp_path / "out", notes, factor="2", size="48x36")
    found = [load(file) for file in sorted((tmp_path / "out").iterdir())]
    for number, picture in enumerate(shown(path)):
        assert np.array_equal(found[2 * number], fit(picture, (36, 48), "stretch"))
    assert notes.texts["resized"].endswith("from 96x72 to 48x36")
    with pytest.raises(InbetweenError, match="is 96x72, the film is 48x48"):
        slow(path, tmp_path / "o.mp4", factor="2", size="48x48")
    slow(path, tmp_path / "crop", factor="2", size="48x48", fit="crop")
    assert np.array_equal(load(tmp_path / "crop" / "00000.png"), fit(moving(1)[0], (48, 48), "crop"))
    with pytest.raises(UsageError, match="--fit needs another size"):
        slow(path, tmp_path / "o.mp4", factor="2", fit="crop")


def test_another_size_has_square_pixels(clip: Clip, tmp_path: Path) -> None:
    path = clip(moving(2), aspect=Fraction(4, 3))
    slow(path, tmp_path / "out.mkv", codec="ffv1", factor="2", size="64x36")
    assert probe(str(tmp_path / "out.mkv"), Report()).aspect == 1
    wide = fit(moving(1)[0], (72, 128), "stretch")
    assert np.array_equal(shown(tmp_path / "out.mkv")[0], fit(wide, (36, 64), "stretch"))
