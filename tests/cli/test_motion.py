"""`inbetween motion`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from inbetween.motion.document import read_motion
from inbetween.motion.drags import parse_drag
from inbetween.motion.tracks import places_at
from support.boxes import SIZE
from support.pictures import load
from support.tiny_pose import tiny_networks


def test_motion_and_back(call, pair, tmp_path: Path) -> None:
    ran = call("motion", *pair, "-o", "m.json", "--drag", "20,30 60,40", "--pace", "ease-in-out", "--json")
    facts = json.loads(ran.out)
    motion = read_motion(tmp_path / "m.json")
    kinds = [track.kind for track in motion.tracks]
    assert motion.size == SIZE
    assert (facts["drags"], facts["points"], facts["lines"]) == (1, kinds.count("point") - 1, kinds.count("line"))
    assert (motion.tracks[0].source, motion.tracks[0].path) == ("drag", "spline")
    assert {(track.path, track.pace) for track in motion.tracks[1:]} == {("straight", "ease-in-out")}
    shifts = [track.places[1] - track.places[0] for track in motion.tracks if track.source == "match"]
    assert np.median(np.concatenate(shifts), axis=0) == pytest.approx((12, 4), abs=0.6)
    for folder, words in (("own", ["--motion", "m.json"]), ("anew", ["--drag", "20,30 60,40"])):
        ran = call("conditions", *pair, "-n", "2", "-o", folder, "--size", "192x144", *words)
        assert ran.code == 0, ran.err
    for name in ("00000.png", "00003.png"):
        assert np.array_equal(load(tmp_path / "own" / name), load(tmp_path / "anew" / name))
    assert call("run", *pair, "-n", "1", "-o", "film.mp4", "--motion", "m.json").code == 0


def test_drags_alone_are_written(call, pair, tmp_path: Path) -> None:
    words = ["--matcher", "none", "--drag", "10%,50% 20,30 100,30", "--drag", "5,5"]
    ran = call("motion", *pair, "-o", "m.json", *words, "--path", "arc", "--drag-timing", "length")
    assert ran.code == 0
    assert "no poses" not in ran.err
    motion = read_motion(tmp_path / "m.json")
    assert len(motion.tracks) == 2
    _, track = parse_drag("10%,50% 20,30 100,30", SIZE, timing="length")
    assert np.array_equal(motion.tracks[0].times, track.times)
    assert np.array_equal(motion.tracks[0].places, track.places)
    assert motion.tracks[0].path == "arc"
    assert np.array_equal(places_at(motion.tracks[1], 1), [[5, 5]])


@pytest.mark.parametrize("method", ["random", "max_dist", "max_score", "max_score_even"])
def test_some_of_the_points(call, pair, tmp_path: Path, method: str) -> None:
    counts = []
    for seed in (1, 1, -2):
        words = ["--points", method, "--top", "4", "--seed", seed, "--overwrite"]
        assert call("motion", *pair, "-o", "m.json", *words).code == 0
        tracks = read_motion(tmp_path / "m.json").tracks
        assert sum(track.kind == "line" for track in tracks) > 10
        counts.append([track.places.tolist() for track in tracks if track.kind == "point"])
    assert 1 <= len(counts[0]) <= 4
    assert counts[0] == counts[1]
    assert (counts[0] == counts[2]) is (method != "random")


def test_without_weights_there_are_no_poses(call, pair) -> None:
    ran = call("motion", *pair, "-o", "m.json")
    assert ran.code == 0
    assert "note: no poses: " in ran.err
    assert "no poses" not in call("motion", *pair, "-o", "n.json", "--poses", "none").err


def test_people_are_written_where_the_networks_are(call, pair, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    detector, pose = tiny_networks(tmp_path)
    (tmp_path / "w").mkdir()
    detector.rename(tmp_path / "w" / "yolox_l.onnx")
    pose.rename(tmp_path / "w" / "dw-ll_ucoco_384.onnx")
    ran = call("motion", *pair, "-o", "m.json", "--weights", "w")
    assert ran.code == 0, ran.err
    assert "no poses" not in ran.err
