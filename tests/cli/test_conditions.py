"""`inbetween conditions`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from inbetween.conditions.heatmaps import heatmap_pictures
from inbetween.motion.drags import parse_drag
from inbetween.types import Motion
from support.boxes import SIZE
from support.pictures import load, save


def test_conditions_have_fcvgs_size_and_times(call, pair, tmp_path: Path) -> None:
    ran = call("conditions", *pair, "-o", "c", "--json")
    facts = json.loads(ran.out)
    assert (facts["frames"], facts["size"], facts["kind"]) == (25, [576, 1024], "lines")
    assert facts["lines"] > 10
    assert "points" not in facts
    made = [load(path) for path in sorted((tmp_path / "c").iterdir())]
    assert len(made) == 25
    assert np.array_equal(made[0], made[1])
    assert np.array_equal(made[-1], made[-2])
    assert not np.array_equal(made[1], made[12])
    assert call("conditions", *pair, "-o", "e", "--even").code == 0
    assert not np.array_equal(load(tmp_path / "e" / "00001.png"), made[0])


def test_a_spot_goes_where_it_is_dragged(call, pair, tmp_path: Path) -> None:
    words = ["--kind", "heatmaps", "--matcher", "none", "--drag", "40,72 150,72"]
    ran = call("conditions", *pair, "-o", "h", "-n", "3", "--size", "192x144", *words)
    assert ran.code == 0, ran.err
    for i, x in enumerate(np.linspace(40, 150, 5)):
        spots = load(tmp_path / "h" / f"{i:05d}.png").astype(float)
        assert (spots[..., 0].sum(0) @ np.arange(192)) / spots[..., 0].sum() == pytest.approx(x, abs=1)


def test_heatmaps_follow_the_pictures_size() -> None:
    _, track = parse_drag("47.5,72 150,72", SIZE)
    made = heatmap_pictures(Motion((track,), SIZE), [0, 1], (288, 384))
    peak = np.unravel_index(made[0, ..., 0].argmax(), (288, 384))
    assert peak == pytest.approx((144.5, 95.5), abs=1)


@pytest.mark.parametrize("out", ["c.gif", "c.mp4", "c_%03d.png"])
def test_conditions_go_anywhere_a_film_goes(call, pair, tmp_path: Path, out: str) -> None:
    ran = call("conditions", *pair, "-o", out, "-n", "1", "--size", "320x192", "--thickness", "3")
    assert (ran.code, ran.out) == (0, f"{out}\n"), ran.err


def test_nothing_to_draw_is_an_error(call, tmp_path: Path) -> None:
    for name in ("black.png", "also.png"):
        save(tmp_path / name, np.zeros((*SIZE, 3), np.uint8))
    ran = call("conditions", "black.png", "also.png", "-o", "c.gif")
    assert ran.code == 1
    assert "nothing to draw" in ran.problem[0]
    assert not (tmp_path / "c.gif").exists()
    ran = call("conditions", "black.png", "also.png", "-o", "c.gif", "--drag", "1,1 50,50")
    assert "--kind heatmaps" in ran.problem[1]


def test_drags_that_are_not_drawn_are_said(call, pair) -> None:
    words = [*pair, "-n", "1", "--drag", "9,9 50,50", "--size", "256x192"]
    assert "drags are points" in call("conditions", *words, "-o", "c").err
    ran = call("conditions", *words, "-o", "d", "--kind", "heatmaps")
    assert "drags are points" not in ran.err
    assert "3 pictures of heatmaps, 256x192; 1 drag, " in ran.err


def test_a_given_motion_of_points_is_drawn_black_and_said(call, pair, tmp_path: Path) -> None:
    assert call("motion", *pair, "-o", "m.json", "--matcher", "none", "--drag", "9,9 50,50").code == 0
    ran = call("conditions", *pair, "-o", "c", "-n", "1", "--motion", "m.json")
    assert ran.code == 0
    assert "all pictures are black" in ran.err
    (tmp_path / "m.json").write_text('{"inbetween-motion": 1, "size": {"width": 192, "height": 144}, "tracks": []}')
    ran = call("conditions", *pair, "-o", "d", "-n", "1", "--motion", "m.json")
    assert (ran.code, (tmp_path / "d").exists()) == (1, False)
