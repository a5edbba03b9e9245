"""`match`, `motion` and `conditions`: people look at what the tool thinks, change it, and hand it back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from conftest import Command, load, save, scene
from PIL import Image

from inbetween.conditions.heatmaps import heatmap_pictures
from inbetween.conditions.match_sheet import match_sheet
from inbetween.errors import UsageError
from inbetween.motion.document import read_motion
from inbetween.motion.drags import parse_drag
from inbetween.motion.tracks import places_at
from inbetween.types import NO_MATCHES, Motion

SIZE = (144, 192)


def drawn(t: float, size: tuple[int, int] = SIZE) -> np.ndarray:
    """The scene with boxes that move with its disc: something with lines."""
    picture = np.ascontiguousarray(scene(t, size))
    for i in range(14):
        x, y = (round(16 * place) for place in (12 + 26 * (i % 7) + 12 * t, 20 + 66 * (i // 7) + 4 * t))
        colour = np.random.default_rng(i).integers(0, 255, 3).tolist()
        cv2.rectangle(picture, (x, y), (x + 18 * 16, y + 40 * 16), colour, -1, cv2.LINE_AA, 4)
    return picture


@pytest.fixture
def pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two keys in the current folder, and no weights."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("INBETWEEN_WEIGHTS", str(tmp_path / "no-weights"))
    save(tmp_path / "a.png", drawn(0))
    save(tmp_path / "b.png", drawn(1))
    return ["a.png", "b.png"]


@pytest.fixture
def call(inside: Command, pair: list[str]) -> Command:
    return inside


def left(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


# ------------------------------------------------------------------ match


def test_matches_are_drawn(call, pair, tmp_path: Path) -> None:
    ran = call("match", *pair, "-o", "m.png")
    assert (ran.code, ran.out) == (0, "m.png\n")
    assert left(tmp_path) == {"a.png", "b.png", "m.png"}
    sheet = load(tmp_path / "m.png")
    assert sheet.dtype == np.uint8
    assert 600 < max(sheet.shape) <= 1600
    ran = call("match", *pair, "-o", "m.png", "--overwrite", "--json")
    facts = json.loads(ran.out)
    assert facts["size"] == [*SIZE]
    assert facts["points"] > 30
    assert facts["lines"] > 10
    assert facts["matcher"] == "sift"
    assert not facts["notes"]


@pytest.mark.parametrize(("size", "upright"), [((90, 160), True), ((160, 90), False), ((100, 100), False)])
def test_the_keys_lie_where_there_is_room(size: tuple[int, int], upright: bool) -> None:
    key = np.zeros((*size, 3), np.uint8)
    sheet = cv2.imdecode(np.frombuffer(match_sheet(key, key, NO_MATCHES), np.uint8), cv2.IMREAD_COLOR)
    assert (sheet.shape[0] > 1.9 * 4 * size[0]) is upright
    assert (sheet.shape[1] > 1.9 * 4 * size[1]) is not upright


@pytest.mark.parametrize("size", [(1, 1), (2, 3000), (3000, 2)])
def test_keys_of_any_shape_are_drawn(size: tuple[int, int]) -> None:
    key = np.full((*size, 4), 200, np.uint16)
    sheet = cv2.imdecode(np.frombuffer(match_sheet(key, key, NO_MATCHES), np.uint8), cv2.IMREAD_COLOR)
    assert max(sheet.shape) <= 1700


def test_a_mark_is_where_its_point_is() -> None:
    key = np.zeros((100, 100, 3), np.uint8)
    places = np.array([[[20, 70]], [[70, 70]]], np.float32)
    found = replace(NO_MATCHES, points_a=places[0], points_b=places[1], point_scores=np.ones(1, np.float32))
    sheet = cv2.imdecode(np.frombuffer(match_sheet(key, key, found), np.uint8), cv2.IMREAD_COLOR)
    # Four times as large, beside each other, below a line of text; 0.5 is the pixel's centre.
    for x in (6 + 20.5 * 4, 12 + 400 + 70.5 * 4):
        assert sheet[round(26 + 70.5 * 4), round(x)].max() == 255


# ------------------------------------------------------------------ motion


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
    from test_poses import tiny_networks

    detector, pose = tiny_networks(tmp_path)
    (tmp_path / "w").mkdir()
    detector.rename(tmp_path / "w" / "yolox_l.onnx")
    pose.rename(tmp_path / "w" / "dw-ll_ucoco_384.onnx")
    ran = call("motion", *pair, "-o", "m.json", "--weights", "w")
    assert ran.code == 0, ran.err
    assert "no poses" not in ran.err


# ------------------------------------------------------------------ conditions


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


# ------------------------------------------------------------------ odd keys


def test_one_key_black(call, pair, tmp_path: Path) -> None:
    save(tmp_path / "black.png", np.zeros((*SIZE, 3), np.uint8))
    ran = call("match", "a.png", "black.png", "-o", "m.png")
    assert ran.code == 0
    assert "only 0 points and 0 lines" in ran.err
    ran = call("motion", "a.png", "black.png", "-o", "m.json")
    assert ran.code == 0
    assert "only 0 points" in ran.err
    assert "nothing moves in the file" in ran.err
    assert read_motion(tmp_path / "m.json").tracks == ()


def test_equal_keys_stand_still(call, tmp_path: Path) -> None:
    assert call("motion", "a.png", "a.png", "-o", "m.json").code == 0
    tracks = read_motion(tmp_path / "m.json").tracks
    assert len(tracks) > 40
    assert max(np.abs(track.places[1] - track.places[0]).max() for track in tracks) < 0.1
    assert call("match", "a.png", "a.png", "-o", "m.png").code == 0


@pytest.mark.parametrize("kind", ["grey", "rgba", "deep", "deep-rgba"])
def test_keys_of_every_kind(call, tmp_path: Path, kind: str) -> None:
    for name, t in (("one.png", 0), ("two.png", 1)):
        key = drawn(t)
        if kind == "grey":
            Image.fromarray(key).convert("L").save(tmp_path / name)
            continue
        if "rgba" in kind:
            key = np.dstack([key, np.full(SIZE, 200, np.uint8)])
        save(tmp_path / name, key.astype(np.uint16) * 257 if "deep" in kind else key)
    for command, out in (("match", "m.png"), ("motion", "m.json"), ("conditions", "m.gif")):
        more = ["-n", "1"] if command == "conditions" else []
        ran = call(command, "one.png", "two.png", "-o", out, *more)
        assert ran.code == 0, ran.err
        assert "were found in both pictures" not in ran.err
    shifts = [track.places[1] - track.places[0] for track in read_motion(tmp_path / "m.json").tracks]
    assert np.median(np.concatenate(shifts), axis=0) == pytest.approx((12, 4), abs=0.6)


@pytest.mark.parametrize(("command", "out"), [("match", "m.png"), ("motion", "m.json"), ("conditions", "m.gif")])
def test_keys_of_unlike_size(call, tmp_path: Path, command: str, out: str) -> None:
    save(tmp_path / "small.png", drawn(1)[:100])
    ran = call(command, "a.png", "small.png", "-o", out)
    assert ran.code == 1
    assert "--fit crop" in ran.problem[1]
    more = ["-n", "1"] if command == "conditions" else []
    assert call(command, "a.png", "small.png", "-o", out, "--fit", "pad", *more).code == 0
    assert read_motion(tmp_path / out).size == SIZE if command == "motion" else True


# ------------------------------------------------------------------ what is refused

REFUSED = [
    ("match", ["a.png", "b.png"], 2, "no output is named"),
    ("match", ["a.png", "-o", "m.png"], 2, "two pictures are needed, not 1"),
    ("match", ["a.png", "", "-o", "m.png"], 2, "key 2 has no name"),
    ("match", ["a.png", "b.png", "-o", "m.jpg"], 2, "does not end in .png"),
    ("match", ["a.png", "gone.png", "-o", "m.png"], 1, "gone.png"),
    ("match", ["a.png", "b.png", "-o", "no/m.png"], 1, "there is no folder"),
    ("match", ["a.png", "b.png", "-o", "a.png", "--overwrite"], 1, "is an input and an output"),
    ("match", ["a.png", "b.png", "-o", "m.png", "--matcher", "sifft"], 2, "no matcher called `sifft`"),
    ("match", ["a.png", "b.png", "-o", "m.png", "--matcher", "none"], 2, "no matcher called `none`"),
    ("match", ["a.png", "b.png", "-o", "m.png", "--fit", "melt"], 2, "--fit called `melt`"),
    ("motion", ["a.png", "b.png", "-o", "m.png"], 2, "does not end in .json"),
    ("motion", ["a.png", "b.png", "-o", "m.json", "--drag", "20"], 2, "is no point"),
    ("motion", ["a.png", "b.png", "-o", "m.json", "--drag", "2: 1,2"], 2, "is for gap 2"),
    ("motion", ["a.png", "b.png", "-o", "m.json", "--pace", "ease-around"], 2, "ease-around"),
    ("motion", ["a.png", "b.png", "-o", "m.json", "--path", "zigzag"], 2, "--path called `zigzag`"),
    ("motion", ["a.png", "b.png", "-o", "m.json", "--drag-timing", "x"], 2, "--drag-timing called `x`"),
    ("motion", ["a.png", "b.png", "-o", "m.json", "--points", "best"], 2, "--points called `best`"),
    ("motion", ["a.png", "b.png", "-o", "m.json", "--points", "random", "--top", "0"], 2, "--top needs"),
    ("motion", ["a.png", "b.png", "-o", "m.json", "--top", "3"], 2, "--top is for"),
    ("motion", ["a.png", "b.png", "-o", "m.json", "--poses", "all"], 2, "--poses called `all`"),
    ("motion", ["a.png", "b.png", "-o", "m.json", "--matcher", "none"], 2, "nothing to write"),
    ("conditions", ["a.png", "b.png"], 2, "no output is named"),
    ("conditions", ["a.png", "b.png", "-o", "m.png"], 2, "is one picture"),
    ("conditions", ["a.png", "b.png", "-o", "m.xyz"], 2, ".xyz"),
    ("conditions", ["a.png", "b.png", "-o", "m", "--kind", "edges"], 2, "--kind called `edges`"),
    ("conditions", ["a.png", "b.png", "-o", "m", "--thickness", "1000"], 2, "--thickness 1000"),
    ("conditions", ["a.png", "b.png", "-o", "m", "--size", "big"], 2, "`big` is no size"),
    ("conditions", ["a.png", "b.png", "-o", "m", "-n", "-1"], 2, "-n must be"),
    ("conditions", ["a.png", "b.png", "-o", "m", "-n", "90000", "--size", "20000x20000"], 1, "of memory"),
    ("conditions", ["a.png", "b.png", "-o", "m", "--motion", "gone.json"], 1, "gone.json"),
]


@pytest.mark.parametrize(("command", "words", "code", "text"), REFUSED)
def test_words_are_refused(call, tmp_path: Path, command: str, words: list[str], code: int, text: str) -> None:
    ran = call(command, *words)
    assert ran.code == code, ran.err
    assert text in ran.problem[0]
    assert left(tmp_path) == {"a.png", "b.png"}


@pytest.mark.parametrize(("command", "out"), [("match", "m.png"), ("motion", "m.json"), ("conditions", "m.gif")])
def test_an_output_stays_unless_it_may_go(call, pair, tmp_path: Path, command: str, out: str) -> None:
    (tmp_path / out).write_bytes(b"mine")
    more = ["-n", "1", "--size", "256x192"] if command == "conditions" else []
    assert "exists" in call(command, *pair, "-o", out, *more).problem[0]
    assert (tmp_path / out).read_bytes() == b"mine"
    ran = call(command, *pair, "-o", out, "--overwrite", "--quiet", *more)
    assert (ran.code, ran.err) == (0, "")
    assert (tmp_path / out).read_bytes() != b"mine"


def test_weights_that_are_missing_are_named(call, pair) -> None:
    ran = call("match", *pair, "-o", "m.png", "--matcher", "gluestick", "--weights", "w")
    assert ran.code == 1
    assert "in w: " in ran.problem[0]
    assert "--weights FOLDER" in ran.problem[1]


@pytest.mark.parametrize("name", ["match", "motion", "conditions"])
def test_help_has_groups_and_examples(call, name: str) -> None:
    ran = call(name, "--help")
    assert ran.code == 0
    for part in ("\nMotion:\n", "--matcher NAME", "--overwrite", f"inbetween {name} start.png end.png -o "):
        assert part in ran.out


def test_an_unknown_drag_timing_is_refused_by_the_python_function_too() -> None:
    with pytest.raises(UsageError):
        parse_drag("1,1", SIZE, timing="slow")


@pytest.mark.skipif(os.name != "posix", reason="SIGINT of another process")
def test_ctrl_c_leaves_nothing(pair, tmp_path: Path) -> None:
    import signal

    words = ["conditions", *pair, "-o", "c", "-n", "400", "--progress", "json"]
    with subprocess.Popen([sys.executable, "-m", "inbetween", *words], stderr=subprocess.PIPE, text=True) as ran:
        assert ran.stderr is not None
        for line in ran.stderr:
            if '"conditions"' in line or '"write"' in line:
                ran.send_signal(signal.SIGINT)
                break
        begin = time.monotonic()
        rest = ran.stderr.read()
    assert ran.returncode == 130, rest
    assert time.monotonic() - begin < 20
    assert "stopped before the output was whole" in rest
    assert left(tmp_path) == {"a.png", "b.png"}
