"""What `run` makes, in segments."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inbetween import engines
from inbetween.engines.loading import load_makers
from inbetween.errors import Interrupted
from inbetween.interpolation import make
from inbetween.plan import plan
from inbetween.request import RunRequest
from inbetween.sidecars import finish, save_sheet
from inbetween.types import Gap, Picture, Report, Settings
from support.folders import hidden
from support.pictures import save, scene
from support.reports import Heard
from support.segments import SIZE, pixels

# ------------------------------------------------------------------ what `run` makes


@pytest.mark.parametrize("engine", [name for name in engines.NAMES if engines.get(name).lengths is None])
def test_a_long_gap_may_be_made_in_parts(engine: str) -> None:
    keys = [scene(number, SIZE) for number in range(4)]
    options = engines.get(engine).Options()

    def made(times: tuple[float, ...]) -> list[Picture]:
        gap = Gap(keys[1], keys[2], times, before=(keys[0], -1.0), after=(keys[3], 2.0))
        return list(load_makers(engine, options, Settings())["engine"]([gap], Report()))

    times = tuple(number / 17 for number in range(1, 17))
    whole = made(times)
    assert all(np.array_equal(a, b) for a, b in zip(whole, made(times[:8]) + made(times[8:]), strict=True))


@pytest.mark.parametrize(
    ("count", "words", "total", "suffix"),
    [
        (2, {"frames": 800}, 802, ".mp4"),
        (3, {"frames": 299, "ping_pong": True}, 1200, ".mp4"),
        (2, {"frames": 600}, 602, ".gif"),
    ],
    ids=["one long gap", "there and back", "animation"],
)
def test_what_run_makes_goes_on(tmp_path: Path, count: int, words: dict[str, Any], total: int, suffix: str) -> None:
    keys = [str(save(tmp_path / f"{number}.png", scene(number, SIZE))) for number in range(count)]

    def made(name: str, report: Report) -> tuple[bytes, bytes]:
        out, sheet = tmp_path / (name + suffix), tmp_path / "sheet.png"
        planned = plan(RunRequest(keys=tuple(keys), out=str(out), **words))
        film = make(planned, report, beside=True)
        assert film.output.count == total
        sheet.unlink(missing_ok=True)
        save_sheet(sheet, planned.sink, total, planned.timeline.rate, Report())
        finish(planned.sink)
        return out.read_bytes(), sheet.read_bytes()

    whole = made("whole", Report())
    # In the third segment or later, so that the first one is finished.
    with pytest.raises(Interrupted):
        made("o", Heard(("write", max(total * 4 // 5, 550))))
    notes = Heard()
    again = made("o", notes)
    assert "resumed" in notes.texts
    assert again == whole
    assert not hidden(tmp_path)


# ------------------------------------------------------------------ by the real command


@pytest.mark.parametrize("engine", ["flow", "blend"])
def test_a_long_gap_is_made_in_segments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: str) -> None:
    """Their pictures are those of the gap made at once."""
    from inbetween import produce

    keys = tuple(str(save(tmp_path / f"{number}.png", scene(number / 2, SIZE))) for number in range(3))
    films = []
    for least in (100, 9):
        monkeypatch.setattr(produce, "LEAST", least)
        asked = Heard()
        out = tmp_path / f"{least}.mkv"
        with pytest.raises(Interrupted) as stopped:
            make(
                plan(RunRequest(keys=keys, out=str(out), frames=29, preset="archive", engine=engine)),
                Heard(("write", 40)),
            )
        assert bool(stopped.value.kept) == (least == 9)
        make(plan(RunRequest(keys=keys, out=str(out), frames=29, preset="archive", engine=engine)), asked)
        assert ("resumed" in asked.texts) == (least == 9)
        films.append(pixels(out, Fraction(25)))
    assert len(films[0]) == len(films[1]) == 61
    assert all(np.array_equal(a, b) for a, b in zip(*films, strict=True))
